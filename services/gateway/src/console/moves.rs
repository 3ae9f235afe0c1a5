//! The movements of an item in a warehouse, page by page back to the first.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use contracts::Language;
use contracts::inventory::StockMove;

use super::format::{Moment, number};
use super::frame::{Frame, page, wrong};
use super::language::Reader;
use super::words;
use crate::access::{Action, May, act};
use crate::http::Api;
use crate::http::movements::{self, MovesQuery};
use crate::http::problem::Problem;

/// How many movements a page has.
const MOVES: u16 = 100;

/// A movement: its number, kind, changes, document and time.
pub(super) struct Move {
    pub(super) number: i64,
    pub(super) kind: String,
    /// Good, quarantine, damaged, reserved, allocated.
    pub(super) changes: [String; 5],
    pub(super) document: String,
    pub(super) order: Option<String>,
    pub(super) at: Moment,
}

pub(super) fn moved(language: Language, it: &StockMove) -> Move {
    let change = |by: i64| match by {
        0 => String::new(),
        1.. => format!("+{}", number(by)),
        _ => number(by),
    };
    Move {
        number: it.number,
        kind: words::movement(language, &it.kind).unwrap_or(&it.kind).to_owned(),
        changes: [it.good, it.quarantine, it.damaged, it.reserved, it.allocated].map(change),
        document: it.document.clone().unwrap_or_default(),
        order: it.order.map(|it| it.to_string()),
        at: it.at.into(),
    }
}

#[derive(Template)]
#[template(path = "console/shelf.html")]
struct ShelfPage {
    frame: Frame,
    sku: String,
    warehouse: String,
    moves: Vec<Move>,
    /// Whether these are not the latest.
    is_older: bool,
    next: Option<i64>,
    /// Whether all of them may be taken along as a file.
    exports: bool,
}

pub(super) async fn show(
    State(api): State<Api>,
    may: May<act::ReadMoves>,
    reader: Reader,
    Path(of): Path<(String, String)>,
    query: Result<Query<MovesQuery>, QueryRejection>,
) -> Response {
    let frame = Frame::of(reader, "stock");
    let read = async {
        let Query(asked) = query.map_err(|it| Problem::malformed(it.body_text()))?;
        let asked = MovesQuery { limit: Some(MOVES), ..asked };
        let of = movements::named(of)?;
        let found = movements::page(&api, &may, of.clone(), &asked).await?;
        Ok((of, asked.after.is_some(), found))
    };
    match read.await {
        Ok(((sku, warehouse), is_older, found)) => {
            let moves = found.movements.iter().map(|it| moved(frame.language, it)).collect();
            let (sku, warehouse, next) = (sku.to_string(), warehouse.to_string(), found.next);
            let exports = may.would(Action::ExportStock);
            let shelf = ShelfPage { frame, sku, warehouse, moves, is_older, next, exports };
            page(StatusCode::OK, &shelf)
        }
        Err(problem) => wrong(frame, &problem),
    }
}
