//! Stock: what can be sold of every item, and how one item stands in each warehouse.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use contracts::Sku;
use contracts::inventory::StockView;
use serde::Deserialize;

use super::format::{Moment, number};
use super::frame::{Frame, page, wrong};
use super::language::Reader;
use super::moves::{Move, moved};
use crate::access::{Action, May, Scope, act};
use crate::http::Api;
use crate::http::extract::Named;
use crate::http::problem::Problem;
use crate::http::stock::get_stock;
use crate::order::ItemLevel;
use crate::store;

/// How many items a page has.
const ITEMS: usize = 100;

/// How many movements are shown of an item in a warehouse.
const MOVES: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asking {
    /// How the item's name begins.
    q: String,
    after: String,
}

struct Item {
    sku: String,
    sellable: String,
    is_out: bool,
    /// Warehouse and units.
    warehouses: Vec<(String, String)>,
    at: Moment,
}

#[derive(Template)]
#[template(path = "console/stock.html")]
struct StockPage {
    frame: Frame,
    q: String,
    items: Vec<Item>,
    next: Option<String>,
    export: String,
}

pub(super) async fn list(
    State(api): State<Api>,
    may: May<act::ReadStock>,
    reader: Reader,
    query: Result<Query<Asking>, QueryRejection>,
) -> Response {
    let frame = Frame::of(reader, "stock");
    let Ok(Query(Asking { q, after })) = query else {
        return wrong(frame, &Problem::malformed("q and after: expected texts"));
    };
    if q.contains('\0') || after.contains('\0') {
        return wrong(frame, &Problem::malformed("no text has a zero byte"));
    }
    let q = q.trim().to_owned();
    let some = |it: &String| Some(it.clone()).filter(|it| !it.is_empty());
    let (begins, from) = (some(&q), some(&after));
    let limit = i64::try_from(ITEMS + 1).unwrap_or(i64::MAX);
    let levels = store::levels(&api.db, begins.as_deref(), from.as_deref(), limit).await;
    let mut levels = match levels {
        Ok(levels) => levels,
        Err(error) => return wrong(frame, &error.into()),
    };
    let has_more = levels.len() > ITEMS;
    levels.truncate(ITEMS);
    let next = levels.last().filter(|_| has_more).map(|it| {
        let query = serde_urlencoded::to_string([("q", &q), ("after", &it.sku)]);
        format!("/stock?{}", query.unwrap_or_default())
    });
    let items = levels.into_iter().map(|it| item(it, may.scope())).collect();
    let query = serde_urlencoded::to_string([("q", &q)]).unwrap_or_default();
    let exports = may.would(Action::ExportStock);
    let export = if exports { format!("/export/stock?{query}&") } else { String::new() };
    page(StatusCode::OK, &StockPage { frame, q, items, next, export })
}

fn item(mut it: ItemLevel, scope: &Scope) -> Item {
    match scope {
        Scope::All => {}
        Scope::Channel(_) => it.warehouses.clear(),
        Scope::Warehouse(own) => {
            it.warehouses.retain(|it| it.warehouse == *own);
            it.sellable = it.warehouses.iter().map(|it| it.sellable).sum();
        }
    }
    let mut warehouses: Vec<(String, String)> =
        it.warehouses.iter().map(|it| (it.warehouse.to_string(), number(it.sellable))).collect();
    warehouses.sort();
    Item {
        sku: it.sku,
        sellable: number(it.sellable),
        is_out: it.sellable <= 0,
        warehouses,
        at: it.at.into(),
    }
}

/// An item in a warehouse.
struct Shelf {
    warehouse: String,
    good: String,
    quarantine: String,
    damaged: String,
    reserved: String,
    allocated: String,
    backordered: String,
    moves: Vec<Move>,
}

#[derive(Template)]
#[template(path = "console/item.html")]
struct ItemPage {
    frame: Frame,
    sku: String,
    /// What storefronts were told: units, and when.
    told: Option<(String, Moment)>,
    shelves: Vec<Shelf>,
    /// Whether its movements may be taken along as a file.
    exports: bool,
}

pub(super) async fn show(
    State(api): State<Api>,
    may: May<act::ReadStock>,
    reader: Reader,
    named: Result<Named<Sku>, Problem>,
) -> Response {
    let frame = Frame::of(reader, "stock");
    let sku = match named {
        Ok(Named(sku)) => sku,
        Err(problem) => return wrong(frame, &problem),
    };
    let exports = may.would(Action::ExportStock);
    match get_stock(State(api), may, Named(sku.clone())).await {
        Ok(axum::Json(stock)) => {
            let told = stock.level.map(|it| (number(it.sellable), it.at.into()));
            let shelves = stock.warehouses.iter().map(|it| shelf(&frame, it)).collect();
            let sku = sku.to_string();
            page(StatusCode::OK, &ItemPage { frame, sku, told, shelves, exports })
        }
        Err(problem) => wrong(frame, &problem),
    }
}

fn shelf(frame: &Frame, it: &StockView) -> Shelf {
    Shelf {
        warehouse: it.warehouse.to_string(),
        good: number(it.good),
        quarantine: number(it.quarantine),
        damaged: number(it.damaged),
        reserved: number(it.reserved),
        allocated: number(it.allocated),
        backordered: number(it.backordered),
        moves: it.moves.iter().take(MOVES).map(|it| moved(frame.language, it)).collect(),
    }
}
