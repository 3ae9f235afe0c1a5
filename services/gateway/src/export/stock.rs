//! Stock by item and warehouse, and the movements of one item.

use axum::response::Response;
use contracts::Language;
use contracts::inventory::{MovesOf, StockMove, StockView};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};

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
    let levels = levels.map_err(Problem::from);
    let rows = levels.map_ok(|it| told(level_lines(&it))).try_flatten();
    answer(api, language, format, STOCK, rows).await
}

/// One after the other.
fn told(lines: Vec<Line>) -> impl Stream<Item = Result<Line, Problem>> + Send {
    stream::iter(lines.into_iter().map(Ok))
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

/// All movements of an item in these warehouses, the latest first. Their units are those of usable goods.
pub(crate) async fn movements(
    api: &Api,
    language: Language,
    format: Format,
    shelves: Vec<StockView>,
) -> Result<Response, Problem> {
    answer(api, language, format, MOVEMENTS, walk(api.clone(), language, shelves)).await
}

/// A row for each movement on these shelves, in one type: a handler's future has no room for more.
fn walk(
    api: Api,
    language: Language,
    shelves: Vec<StockView>,
) -> BoxStream<'static, Result<Line, Problem>> {
    let pages = stream::iter(shelves).flat_map(move |it| pages(api.clone(), language, it));
    pages.map_ok(told).try_flatten().boxed()
}

/// How many movements are asked for at a time: as many as inventory tells.
const PAGE: i64 = 1_000;

/// The movements on a shelf, page by page: first those that came with how it stands. Movements are
/// numbered and never change, so all that were there before those are of that moment, too.
fn pages(
    api: Api,
    language: Language,
    it: StockView,
) -> BoxStream<'static, Result<Vec<Line>, Problem>> {
    let StockView { sku, warehouse, moves, .. } = it;
    let names = [sku.to_string(), warehouse.to_string()];
    let walk = stream::try_unfold((Some(moves), 0), move |(told, before)| {
        let (api, sku, warehouse) = (api.clone(), sku.clone(), warehouse.clone());
        async move {
            let page = match told {
                Some(told) => told,
                None if before <= 1 => vec![],
                None => {
                    let before = Some(before);
                    api.house.ask(MovesOf { sku, warehouse, before, limit: PAGE }).await?
                }
            };
            let last = page.last().map(|it| it.number);
            Ok::<_, Problem>(last.map(|last| (page, (None, last))))
        }
    });
    walk.map_ok(move |page| page.iter().map(|it| move_line(language, &names, it)).collect()).boxed()
}

fn move_line(language: Language, names: &[String; 2], it: &StockMove) -> Line {
    let kind = words::movement(language, &it.kind).unwrap_or(&it.kind).to_owned();
    let mut cells: Vec<Cell> = names.iter().map(Cell::text).collect();
    cells.extend([
        Cell::Number(it.number),
        Cell::At(it.at),
        Cell::Word(it.kind.clone(), kind, None),
    ]);
    let changes = [it.good, it.quarantine, it.damaged, it.reserved, it.allocated];
    cells.extend(changes.map(Cell::Number));
    cells.push(Cell::text(it.document.clone().unwrap_or_default()));
    cells.push(Cell::text(it.order.map(|it| it.to_string()).unwrap_or_default()));
    Line { cells, units: it.good, amount: None }
}
