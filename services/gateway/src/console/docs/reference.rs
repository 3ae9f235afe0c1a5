//! The two documents, rendered: `OpenAPI` for HTTP, `AsyncAPI` for NATS.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::frame::{Frame, page};
use super::super::language::Reader;
use crate::documents;

/// The renderer writes its styles into the page, and sends what it searches to a worker that it makes
/// itself. No page but these two may.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src blob:; \
    style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// Redoc, compressed. `assets/vendor/README.md` tells where it is from.
const RENDERER: &[u8] = include_bytes!("../../../assets/vendor/redoc.js.gz");

#[derive(Template)]
#[template(path = "docs/reference.html")]
struct ReferencePage {
    frame: Frame,
    title: &'static str,
    document: &'static str,
}

pub(super) async fn http(reader: Reader) -> Response {
    rendered(reader, "HTTP (OpenAPI)", "/openapi.json")
}

pub(super) async fn messages(reader: Reader) -> Response {
    rendered(reader, "NATS (AsyncAPI)", "/asyncapi.json")
}

fn rendered(reader: Reader, title: &'static str, document: &'static str) -> Response {
    let frame = Frame::of(reader, "docs");
    let mut response = page(StatusCode::OK, &ReferencePage { frame, title, document });
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

pub(super) async fn asyncapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], documents::ASYNCAPI)
}

/// The renderer: a browser keeps it, and asks whether it is still the same.
pub(super) async fn renderer(headers: HeaderMap) -> Response {
    static TAG: LazyLock<String> = LazyLock::new(|| super::super::assets::tag(RENDERER));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    let said = [(header::CACHE_CONTROL, "no-cache"), (header::ETAG, &**TAG)];
    if known.is_some_and(|it| it.split(',').any(|it| it.trim() == *TAG)) {
        return (StatusCode::NOT_MODIFIED, said).into_response();
    }
    let kind = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_ENCODING, "gzip"),
    ];
    (said, kind, RENDERER).into_response()
}
