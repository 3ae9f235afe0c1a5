//! The documentation, offline: everything that it shows is in this binary.

mod first_hour;
mod messages;
mod problems;
mod prose;
mod reference;
mod texts;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::frame::{Frame, page, wrong};
use super::language::Reader;
use crate::http::Api;
use crate::http::problem::Problem;
pub(crate) use problems::is_explained;
use texts::{Texts, texts};

/// All pages of the documentation, and what they load.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/docs", get(contents))
        .route("/docs/events", get(messages::list))
        .route("/docs/events/{subject}", get(messages::show))
        .route("/docs/first-hour", get(first_hour::show))
        .route("/docs/http", get(reference::http))
        .route("/docs/messages", get(reference::messages))
        .route("/docs/assets/redoc.js", get(reference::renderer))
        .route("/asyncapi.json", get(reference::asyncapi))
        .route("/problems", get(problems::list))
        .route("/problems/{code}", get(problems::show))
}

#[derive(Template)]
#[template(path = "docs/contents.html")]
struct ContentsPage {
    frame: Frame,
    d: &'static Texts,
}

async fn contents(reader: Reader) -> Response {
    let d = texts(reader.language);
    page(StatusCode::OK, &ContentsPage { frame: Frame::of(reader, "docs"), d })
}

/// Answers that there is no such page.
fn missing(reader: Reader, what: &'static str) -> Response {
    wrong(Frame::of(reader, "docs"), &Problem::not_found(what))
}
