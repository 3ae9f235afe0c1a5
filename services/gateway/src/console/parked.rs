//! What services could not decide and set aside. They are asked, and they alone put it right: here
//! somebody says what is to be done, and why.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chassis::{ParkedInput, clock};
use contracts::{Key, Language};
use jiff::SignedDuration;
use serde::Deserialize;
use uuid::Uuid;

use super::format::{Moment, age};
use super::frame::{Frame, Said, page, wrong};
use super::language::Reader;
use super::words;
use crate::access::guard::is_from_here;
use crate::access::{May, act};
use crate::http::Api;
use crate::http::checked::{Checked, Faults};
use crate::http::deciding::Reason;
use crate::http::problem::Problem;
use crate::views::Colour;

/// How many are shown.
const SHOWN: usize = 200;

/// How long something may be set aside before it is red.
const SLA: SignedDuration = SignedDuration::from_hours(1);

/// How much of what was said is shown, in characters.
const BODY: usize = 4_000;

/// What all services set aside, and which of them did not answer.
pub(super) struct Aside {
    /// Which service, and what; the oldest first.
    pub(super) inputs: Vec<(&'static str, ParkedInput)>,
    pub(super) silent: Vec<&'static str>,
}

/// Asks every service.
pub(super) async fn ask_all(api: &Api) -> Aside {
    let names = words::SERVICES.iter().map(|it| it.0);
    let asked = names.map(async |name| (name, api.house.parked(name).await));
    let mut aside = Aside { inputs: Vec::new(), silent: Vec::new() };
    for (name, answer) in futures::future::join_all(asked).await {
        match answer {
            Ok(inputs) => aside.inputs.extend(inputs.into_iter().map(|it| (name, it))),
            Err(_) => aside.silent.push(name),
        }
    }
    aside.inputs.sort_by_key(|it| it.1.parked_at);
    aside
}

/// One input, as it is shown.
struct Item {
    service: &'static str,
    service_words: &'static str,
    id: String,
    what: String,
    subject: String,
    /// What it is about: an order's id, mostly.
    key: String,
    is_order: bool,
    cause: String,
    age: String,
    colour: &'static str,
    meaning: &'static str,
    since: Moment,
    body: String,
}

#[derive(Template)]
#[template(path = "console/parked.html")]
struct ParkedPage {
    frame: Frame,
    said: Option<Said>,
    items: Vec<Item>,
    has_more: bool,
    /// Services that did not answer.
    silent: String,
}

pub(super) async fn show(
    State(api): State<Api>,
    _: May<act::TendParked>,
    reader: Reader,
) -> Response {
    page_of(&api, reader, StatusCode::OK, None).await
}

async fn page_of(
    api: &Api,
    mut reader: Reader,
    status: StatusCode,
    said: Option<Said>,
) -> Response {
    "/parked".clone_into(&mut reader.here); // A form's own address shows nothing.
    let frame = Frame::of(reader, "parked");
    let language = frame.language;
    let aside = ask_all(api).await;
    let has_more = aside.inputs.len() > SHOWN;
    let shown = aside.inputs.into_iter().take(SHOWN);
    let items = shown.map(|(service, it)| item(language, service, it)).collect();
    let silent = aside.silent.iter().map(|it| words::service(language, it).unwrap_or(it));
    let silent = silent.collect::<Vec<_>>().join(", ");
    page(status, &ParkedPage { frame, said, items, has_more, silent })
}

fn item(language: Language, service: &'static str, it: ParkedInput) -> Item {
    let now = clock::now();
    let is_late = now.duration_since(it.parked_at) > SLA;
    let colour = if is_late { Colour::Red } else { Colour::Yellow };
    let mut parts = it.subject.split('.');
    let (from, what) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let text = serde_json::from_str::<serde_json::Value>(it.envelope.body.get());
    let text = text.and_then(|it| serde_json::to_string_pretty(&it)).unwrap_or_default();
    Item {
        service,
        service_words: words::service(language, service).unwrap_or(service),
        id: it.id.to_string(),
        what: words::what(language, from, what).unwrap_or(&it.subject).to_owned(),
        is_order: it.key.0.parse::<Uuid>().is_ok(),
        key: it.key.0,
        cause: it.cause,
        age: age(language, it.parked_at, now),
        colour: super::row::colour(colour),
        meaning: words::colour(language, colour),
        since: it.parked_at.into(),
        body: text.chars().take(BODY).collect(),
        subject: it.subject,
    }
}

/// What a form says: `id` names what is to be put away, `about` what is to be decided again.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    about: String,
    reason: String,
}

type Sent = Result<Form<Filled>, FormRejection>;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Replay,
    Discard,
}

pub(super) async fn replay(
    State(api): State<Api>,
    may: May<act::TendParked>,
    reader: Reader,
    (service, headers): (Path<String>, HeaderMap),
    form: Sent,
) -> Response {
    carry_out((api, may), reader, Deed::Replay, service, (headers, form)).await
}

pub(super) async fn discard(
    State(api): State<Api>,
    may: May<act::TendParked>,
    reader: Reader,
    (service, headers): (Path<String>, HeaderMap),
    form: Sent,
) -> Response {
    carry_out((api, may), reader, Deed::Discard, service, (headers, form)).await
}

async fn carry_out(
    (api, may): (Api, May<act::TendParked>),
    reader: Reader,
    deed: Deed,
    Path(service): Path<String>,
    sent: (HeaderMap, Sent),
) -> Response {
    let t = super::texts::texts(reader.language);
    let done = if deed == Deed::Replay { t.replayed } else { t.discarded };
    match tend((&api, &may), deed, &service, sent).await {
        Ok(()) => {
            api.live.counts.forget().await;
            page_of(&api, reader, StatusCode::OK, Some(Said::done(done))).await
        }
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            wrong(Frame::of(reader, "parked"), &problem)
        }
        Err(problem) => {
            let said = Said::wrong(reader.language, &problem);
            page_of(&api, reader, problem.status(), Some(said)).await
        }
    }
}

async fn tend(
    (api, may): (&Api, &May<act::TendParked>),
    deed: Deed,
    service: &str,
    (headers, form): (HeaderMap, Sent),
) -> Result<(), Problem> {
    if !is_from_here(&headers) {
        return Err(Problem::elsewhere());
    }
    if !words::SERVICES.iter().any(|it| it.0 == service) {
        return Err(Problem::not_found("There is no such service"));
    }
    let Form(form) = form.map_err(|it| Problem::malformed(it.body_text()))?;
    let (reason, mut faults) = (form.reason.trim().to_owned(), Faults::default());
    let by = &may.who().name;
    let body = Reason { reason };
    body.check(&mut faults);
    if deed == Deed::Replay {
        faults.text("/about", &form.about, 1..=200);
    }
    if !faults.0.is_empty() {
        return Err(Problem::invalid(faults.0));
    }
    // The service keeps the reason with what was put away; who, and why again, stands in the log.
    let reason = format!("{by}: {}", body.reason);
    tracing::info!(service, ?deed, about = %form.about, id = ?form.id, %reason, "parked: {deed:?}");
    match (deed, form.id) {
        (Deed::Replay, _) => api.house.replay(service, &Key(form.about)).await?,
        (Deed::Discard, Some(id)) => api.house.discard(service, id, &reason).await?,
        (Deed::Discard, None) => return Err(Problem::malformed("id: expected a UUID")),
    };
    Ok(())
}
