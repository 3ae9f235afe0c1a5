//! Stock by item and warehouse, and the movements of one item.

use axum::response::Response;
use contracts::Language;
use contracts::inventory::StockView;
use futures::{StreamExt, TryStreamExt, stream};

use super::cell::{Cell, Column, Line, Table};
use super::{Format, answer};
use crate::console::words;
use crate::http::Api;
use crate::http::problem::Problem;
use crate::order::ItemLevel;
use crate::store;

const STOCK: Table = Table {
    name: "stock",
    counted: ("rows", |t| t.by_warehouse),
    columns: &[
        Column("sku", |t| t.sku, 20),
        Column("warehouse", |t| t.warehouse, 12),
        Column("sellable", |t| t.sellable, 12),
        Column("at", |t| t.heard_at_utc, 20),
    ],
};

const MOVEMENTS: Table = Table {
    name: "movements",
    counted: ("movements", |t| t.moves),
    columns: &[
        Column("sku", |t| t.sku, 20),
        Column("warehouse", |t| t.warehouse, 12),
        Column("number", |t| t.nth, 8),
        Column("at", |t| t.when_utc, 20),
        Column("kind", |t| t.kind, 16),
        Column("good", |t| t.good, 10),
        Column("quarantine", |t| t.quarantine, 10),
        Column("damaged", |t| t.damaged, 10),
        Column("reserved", |t| t.reserved, 10),
        Column("allocated", |t| t.allocated, 10),
        Column("document", |t| t.document, 24),
        Column("order", |t| t.order, 38),
    ],
};

/// What can be sold of each item whose name begins so, a row a warehouse.
pub(crate) async fn stock(
    api: &Api,
    language: Language,
    format: Format,
    begins: Option<String>,
) -> Result<Response, Problem> {
    let levels = store::stream_levels(&api.db, begins);
    let rows = levels.map_ok(|it| stream::iter(level_lines(&it).into_iter().map(Ok))).try_flatten();
    answer(api, language, format, STOCK, rows).await
}

fn level_lines(it: &ItemLevel) -> Vec<Line> {
    let mut warehouses: Vec<(String, i64)> =
        it.warehouses.iter().map(|it| (it.warehouse.to_string(), it.sellable)).collect();
    warehouses.sort();
    let line = |(warehouse, sellable): (String, i64)| Line {
        cells: vec![
            Cell::text(&it.sku),
            Cell::text(warehouse),
            Cell::Number(sellable),
            Cell::At(it.at),
        ],
        units: sellable,
        amount: None,
    };
    warehouses.into_iter().map(line).collect()
}

/// The movements of an item that inventory tells of. Their units are those of usable goods.
pub(crate) async fn movements(
    api: &Api,
    language: Language,
    format: Format,
    warehouses: Vec<StockView>,
) -> Result<Response, Problem> {
    let lines: Vec<Line> = warehouses.iter().flat_map(|it| move_lines(language, it)).collect();
    answer(api, language, format, MOVEMENTS, stream::iter(lines).map(Ok)).await
}

fn move_lines(language: Language, it: &StockView) -> Vec<Line> {
    let (sku, warehouse) = (it.sku.to_string(), it.warehouse.to_string());
    let line = |it: &contracts::inventory::StockMove| {
        let kind = words::movement(language, &it.kind).unwrap_or(&it.kind).to_owned();
        let mut cells = vec![
            Cell::text(&sku),
            Cell::text(&warehouse),
            Cell::Number(it.number),
            Cell::At(it.at),
            Cell::Word(it.kind.clone(), kind, None),
        ];
        let changes = [it.good, it.quarantine, it.damaged, it.reserved, it.allocated];
        cells.extend(changes.map(Cell::Number));
        cells.push(Cell::text(it.document.clone().unwrap_or_default()));
        cells.push(Cell::text(it.order.map(|it| it.to_string()).unwrap_or_default()));
        Line { cells, units: it.good, amount: None }
    };
    it.moves.iter().map(line).collect()
}
