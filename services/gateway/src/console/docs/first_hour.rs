//! The first hour: from a key to an order that was placed, followed and picked.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::Language;

use super::super::frame::{Frame, page};
use super::super::language::Reader;
use super::texts::{Texts, texts};

/// A client that works, as it is tested: what it is called, and its text.
struct Client {
    name: &'static str,
    text: &'static str,
}

macro_rules! client {
    ($name:literal) => {
        Client {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/", $name)),
        }
    };
}

const STOREFRONTS: [Client; 2] = [client!("storefront.py"), client!("storefront.mjs")];
const WAREHOUSES: [Client; 2] = [client!("warehouse.py"), client!("warehouse.mjs")];

/// An order, as a file.
const ORDER: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/docs/first_hour/order.json"));

#[derive(Template)]
#[template(path = "docs/first_hour/english.html")]
struct EnglishPage {
    frame: Frame,
    d: &'static Texts,
}

#[derive(Template)]
#[template(path = "docs/first_hour/chinese.html")]
struct ChinesePage {
    frame: Frame,
    d: &'static Texts,
}

pub(super) async fn show(reader: Reader) -> Response {
    let language = reader.language;
    let (frame, d) = (Frame::of(reader, "docs"), texts(language));
    match language {
        Language::English => page(StatusCode::OK, &EnglishPage { frame, d }),
        Language::Chinese => page(StatusCode::OK, &ChinesePage { frame, d }),
    }
}
