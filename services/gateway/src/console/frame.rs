//! What every page has around it, and how a page is answered.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::clock;
use contracts::Language;

use super::assets;
use super::format::Moment;
use super::language::Reader;
use super::texts::{Texts, texts};
use super::words;
use crate::access::policy::authorize;
use crate::access::{Action, Kind, Principal, Resource};
use crate::http::problem::Problem;

/// What every page has around it.
pub(crate) struct Frame {
    pub(crate) t: &'static Texts,
    pub(crate) language: Language,
    /// Which part of the console it is: `orders`, `holds`, `stock`.
    pub(crate) part: &'static str,
    /// The path and query of the page.
    pub(crate) here: String,
    pub(crate) version: &'static str,
    /// What is to be followed: `order.version`, parted by commas.
    pub(crate) watch: String,
    /// The suite's time and its speed, if it is another one than the machine's.
    pub(crate) time: Option<(Moment, u32)>,
    /// Whose page it is; nobody's before they have signed in.
    pub(crate) me: Option<Me>,
}

/// Whose page it is, and where they may go.
#[expect(clippy::struct_excessive_bools, reason = "one for each part of the house")]
pub(crate) struct Me {
    pub(crate) name: String,
    /// Keys do not sign out, and have no password.
    pub(crate) is_person: bool,
    pub(crate) orders: bool,
    pub(crate) holds: bool,
    pub(crate) work: bool,
    pub(crate) parked: bool,
    pub(crate) stock: bool,
    pub(crate) webhooks: bool,
}

impl Me {
    fn of(who: &Principal) -> Self {
        let may = |action| authorize(who, action, &Resource::Some).is_ok();
        Self {
            name: who.name.clone(),
            is_person: who.kind == Kind::Person,
            orders: may(Action::ListOrders),
            holds: may(Action::ReadHolds),
            work: may(Action::ReadWork),
            parked: may(Action::TendParked),
            stock: may(Action::ReadStock),
            webhooks: may(Action::ManageWebhooks),
        }
    }
}

impl Frame {
    pub(crate) fn of(reader: Reader, part: &'static str) -> Self {
        let Reader { language, here, who } = reader;
        let (t, version) = (texts(language), assets::version());
        let time = clock::is_own().then(|| (clock::now().into(), clock::speed()));
        let me = who.as_deref().map(Me::of);
        Self { t, language, part, here, version, watch: String::new(), time, me }
    }

    /// The language that is not shown, and how it calls itself.
    pub(crate) fn other(&self) -> (&'static str, &'static str) {
        match self.language {
            Language::Chinese => (Language::English.tag(), "English"),
            Language::English => (Language::Chinese.tag(), "中文"),
        }
    }
}

/// Answers with a page.
pub(crate) fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page cannot be written: {error}");
            Problem::internal().into_response()
        }
    }
}

/// A page that says what is wrong.
#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage {
    frame: Frame,
    status: u16,
    said: Said,
}

/// What is wrong, in the reader's language as far as there are words for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) is_good: bool,
    pub(crate) title: String,
    pub(crate) detail: String,
}

impl Said {
    pub(crate) fn wrong(language: Language, problem: &Problem) -> Self {
        let (title, detail) = problem.words();
        let title = words::problem(language, problem.code()).unwrap_or(title).to_owned();
        let faults = problem.faults().iter();
        let faults = faults.map(|it| format!("{}: {:?}, {}", it.pointer, it.found, it.expected));
        let faults = faults.collect::<Vec<_>>().join("; ");
        let detail = if faults.is_empty() { detail.to_owned() } else { faults };
        Self { is_good: false, title, detail }
    }

    pub(crate) fn done(title: &str) -> Self {
        Self { is_good: true, title: title.to_owned(), detail: String::new() }
    }
}

/// Answers with a page that says what is wrong.
pub(crate) fn wrong(frame: Frame, problem: &Problem) -> Response {
    let said = Said::wrong(frame.language, problem);
    let status = problem.status();
    page(status, &ProblemPage { frame, status: status.as_u16(), said })
}
