//! What problems mean, and what there is to do: where their `type` leads.

mod all;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::Language;

use super::super::frame::{Frame, page};
use super::super::language::Reader;
use super::super::words;
use super::missing;
use super::texts::{Texts, texts};

/// A problem, each text in English and in Chinese.
struct Entry {
    /// The last part of its type.
    code: &'static str,
    /// With which status it is answered.
    status: &'static str,
    meaning: [&'static str; 2],
    remedy: [&'static str; 2],
}

/// A problem in the reader's language.
struct Explained {
    code: &'static str,
    status: &'static str,
    title: &'static str,
    meaning: &'static str,
    remedy: &'static str,
}

impl Entry {
    fn explained(&self, language: Language) -> Explained {
        let said = |[english, chinese]: [&'static str; 2]| match language {
            Language::English => english,
            Language::Chinese => chinese,
        };
        let Self { code, status, .. } = *self;
        let title = words::problem(language, code).unwrap_or(code);
        Explained { code, status, title, meaning: said(self.meaning), remedy: said(self.remedy) }
    }
}

/// Whether there is a page about problems of this code.
pub(crate) fn is_explained(code: &str) -> bool {
    all::ALL.iter().any(|it| it.code == code)
}

#[derive(Template)]
#[template(path = "docs/problems.html")]
struct ListPage {
    frame: Frame,
    d: &'static Texts,
    problems: Vec<Explained>,
}

#[derive(Template)]
#[template(path = "docs/problem.html")]
struct ProblemPage {
    frame: Frame,
    d: &'static Texts,
    it: Explained,
}

pub(super) async fn list(reader: Reader) -> Response {
    let language = reader.language;
    let problems = all::ALL.iter().map(|it| it.explained(language)).collect();
    let (frame, d) = (Frame::of(reader, "docs"), texts(language));
    page(StatusCode::OK, &ListPage { frame, d, problems })
}

pub(super) async fn show(Path(code): Path<String>, reader: Reader) -> Response {
    let d = texts(reader.language);
    let Some(entry) = all::ALL.iter().find(|it| it.code == code) else {
        return missing(reader, d.no_such_problem);
    };
    let it = entry.explained(reader.language);
    page(StatusCode::OK, &ProblemPage { frame: Frame::of(reader, "docs"), d, it })
}
