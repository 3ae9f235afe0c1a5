//! The catalogue of messages: who says what to whom, as it is generated from the contracts.

mod fields;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::Language;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::frame::{Frame, page};
use super::super::language::Reader;
use super::missing;
use super::prose::{Piece, pieces};
use super::texts::{Texts, texts};
use crate::documents;
use fields::Field;

/// The generated document.
#[derive(Deserialize)]
struct Catalogue {
    messages: BTreeMap<String, Message>,
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    schemas: Map<String, Value>,
}

/// A message, as the document has it.
#[derive(Deserialize)]
struct Message {
    kind: String,
    of: String,
    heard_by: Vec<String>,
    about: Option<String>,
    public: Option<Public>,
    answers: Vec<String>,
    schema: Value,
    /// What the outside sends, where that is not the message itself.
    body: Option<Value>,
    example: Value,
}

/// Where the outside says or reads it.
#[derive(Deserialize)]
struct Public {
    subject: String,
    stream: String,
}

/// Nothing but the committed document is read: a test has it parsed.
static CATALOGUE: LazyLock<Option<Catalogue>> =
    LazyLock::new(|| serde_json::from_str(documents::MESSAGES).ok());

/// A line of the list.
struct Row<'a> {
    subject: &'a str,
    kind: &'static str,
    said_by: &'a str,
    heard_by: String,
    public: &'a str,
    about: Vec<Piece>,
}

#[derive(Template)]
#[template(path = "docs/messages.html")]
struct ListPage<'a> {
    frame: Frame,
    d: &'static Texts,
    groups: Vec<(&'static str, Vec<Row<'a>>)>,
}

#[derive(Template)]
#[template(path = "docs/message.html")]
struct MessagePage<'a> {
    frame: Frame,
    d: &'static Texts,
    row: Row<'a>,
    stream: &'a str,
    answers: &'a [String],
    is_report: bool,
    fields: Vec<Field>,
    example: String,
}

impl Message {
    fn row<'a>(&'a self, subject: &'a str, language: Language) -> Row<'a> {
        let d = texts(language);
        let mut heard_by: Vec<&str> = self.heard_by.iter().map(String::as_str).collect();
        let said_by = match &*self.kind {
            "report" => d.outside,
            "command" | "question" => d.whoever_asks,
            _ => &self.of,
        };
        match &*self.kind {
            "public" => heard_by.push(d.outside),
            "reply" => heard_by.push(d.whoever_asks),
            "question" => heard_by.push(&self.of),
            _ => {}
        }
        Row {
            subject,
            kind: kind(d, &self.kind),
            said_by,
            heard_by: heard_by.join(", "),
            public: self.public.as_ref().map_or("", |it| &it.subject),
            about: pieces(self.about.as_deref().unwrap_or_default()),
        }
    }
}

fn kind(d: &'static Texts, kind: &str) -> &'static str {
    match kind {
        "public" => d.kind_public,
        "command" => d.kind_command,
        "reply" => d.kind_reply,
        "timer" => d.kind_timer,
        "report" => d.kind_report,
        "question" => d.kind_question,
        _ => d.kind_event,
    }
}

pub(super) async fn list(reader: Reader) -> Response {
    let (d, language) = (texts(reader.language), reader.language);
    let Some(catalogue) = &*CATALOGUE else { return missing(reader, d.no_such_message) };
    let (outer, inner): (Vec<_>, Vec<_>) =
        catalogue.messages.iter().partition(|it| it.1.public.is_some());
    let rows = |all: Vec<(&'static String, &'static Message)>| {
        all.into_iter().map(|(subject, it)| it.row(subject, language)).collect()
    };
    let groups = vec![(d.public_events, rows(outer)), (d.inner_events, rows(inner))];
    page(StatusCode::OK, &ListPage { frame: Frame::of(reader, "docs"), d, groups })
}

pub(super) async fn show(Path(subject): Path<String>, reader: Reader) -> Response {
    let (d, language) = (texts(reader.language), reader.language);
    let found = CATALOGUE.as_ref().and_then(|it| Some((it, it.messages.get_key_value(&subject)?)));
    let Some((catalogue, (subject, it))) = found else {
        return missing(reader, d.no_such_message);
    };
    // Of a report, what the outside sends counts: the rest is put beside it in the house.
    let (schema, example) = match &it.body {
        Some(body) => (body, &it.example["body"]),
        None => (&it.schema, &it.example),
    };
    let shown = MessagePage {
        frame: Frame::of(reader, "docs"),
        d,
        row: it.row(subject, language),
        stream: it.public.as_ref().map_or("", |it| &it.stream),
        answers: &it.answers,
        is_report: it.body.is_some(),
        fields: fields::of(&catalogue.components.schemas, schema),
        example: serde_json::to_string_pretty(example).unwrap_or_default(),
    };
    page(StatusCode::OK, &shown)
}
