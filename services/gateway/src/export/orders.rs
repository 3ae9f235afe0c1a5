//! Orders as the process table shows them, and those whose credit waits for a person.

use axum::response::Response;
use contracts::{Language, Status};
use futures::TryStreamExt;

use super::cell::{Cell, Column, Line, Table};
use super::{Format, answer};
use crate::access::Scope;
use crate::console::row::warehouses;
use crate::console::words;
use crate::http::Api;
use crate::http::problem::Problem;
use crate::order::{LineView, OrderView, status_named};
use crate::store::{self, Filter, Sort};

const ORDERS: Table = Table {
    name: "orders",
    counted: ("orders", |t| t.orders),
    columns: &[
        Column("order_no", |t| t.order_no, 16),
        Column("status", |t| t.status, 18),
        Column("customer", |t| t.customer, 14),
        Column("product", |t| t.product, 32),
        Column("quantity", |t| t.quantity, 10),
        Column("placed_at", |t| t.placed_at_utc, 20),
        Column("estimated_at", |t| t.estimated_at_utc, 20),
        Column("completed_at", |t| t.completed_at_utc, 20),
        Column("channel", |t| t.channel, 14),
        Column("external_id", |t| t.external_id, 18),
        Column("remark", |t| t.remark, 20),
        Column("warehouses", |t| t.warehouse, 12),
        Column("priority", |t| t.priority, 10),
        Column("urgent", |t| t.urgent, 8),
        Column("terms", |t| t.terms, 12),
        Column("currency", |t| t.currency, 9),
        Column("total", |t| t.total, 14),
        Column("total_minor", |t| t.total_minor, 16),
        Column("estimated", |t| t.estimated_day, 14),
        Column("completed", |t| t.completed_day, 14),
        Column("stated", |t| t.stated, 14),
        Column("source", |t| t.source, 14),
        Column("note", |t| t.note, 24),
        Column("step", |t| t.step, 14),
        Column("flags", |t| t.flags, 28),
    ],
};

const HOLDS: Table = Table {
    name: "credit-holds",
    counted: ("orders", |t| t.orders),
    columns: &[
        Column("order_no", |t| t.order_no, 16),
        Column("status", |t| t.status, 18),
        Column("held_since", |t| t.held_since_utc, 20),
        Column("customer", |t| t.customer, 14),
        Column("product", |t| t.product, 32),
        Column("quantity", |t| t.quantity, 10),
        Column("class", |t| t.class, 10),
        Column("stop", |t| t.stop, 20),
        Column("currency", |t| t.currency, 9),
        Column("amount", |t| t.held_amount, 14),
        Column("amount_minor", |t| t.amount_minor, 16),
    ],
};

/// The orders that the filter lets through.
pub(crate) async fn orders(
    (api, scope): (&Api, &Scope),
    language: Language,
    format: Format,
    (filter, sort): (Filter, Sort),
) -> Result<Response, Problem> {
    let rows = store::stream(&api.db, scope, filter, sort, most(api));
    let rows = rows.map_ok(|(order, lines)| order_line(language, &order, &lines));
    answer(api, language, format, ORDERS, rows.map_err(Problem::from)).await
}

/// The orders whose credit is held, those first that are held longest: as the page shows them.
pub(crate) async fn holds(
    (api, scope): (&Api, &Scope),
    language: Language,
    format: Format,
) -> Result<Response, Problem> {
    let filter = Filter { status: Some(vec![Status::CreditHold.name()]), ..Filter::default() };
    let rows = store::stream(&api.db, scope, filter, Sort::Waiting, most(api));
    let rows = rows.map_ok(|(order, lines)| hold_line(language, &order, &lines));
    answer(api, language, format, HOLDS, rows.map_err(Problem::from)).await
}

/// One row more than a file may have tells that there are too many.
fn most(api: &Api) -> i64 {
    i64::try_from(api.settings.export_rows).unwrap_or(i64::MAX).saturating_add(1)
}

fn units(lines: &[LineView]) -> i64 {
    lines.iter().fold(0, |sum, it| sum.saturating_add(it.quantity))
}

fn product(lines: &[LineView]) -> Cell {
    Cell::text(lines.iter().map(|it| &*it.name).collect::<Vec<_>>().join("; "))
}

fn status(language: Language, it: &OrderView) -> Cell {
    let words = words::status(language, status_named(&it.status)).to_owned();
    Cell::Word(it.status.clone(), words, Some(it.colour))
}

/// A code, and the words for it if there are any.
fn word(code: &str, words: Option<&'static str>) -> Cell {
    if code.is_empty() {
        return Cell::Empty;
    }
    Cell::Word(code.to_owned(), words.unwrap_or(code).to_owned(), None)
}

fn order_line(language: Language, it: &OrderView, lines: &[LineView]) -> Line {
    let t = crate::console::texts::texts(language);
    let units = units(lines);
    let terms = if it.terms == "prepaid" { t.prepaid } else { t.on_account };
    let urgent = if it.urgent { word("urgent", Some(t.urgent)) } else { Cell::Empty };
    let mut cells = vec![
        Cell::text(&it.order_no),
        status(language, it),
        Cell::text(&it.customer),
        product(lines),
        Cell::Number(units),
        Cell::At(it.placed_at),
        Cell::some_time(it.summary.sourcing.as_ref().and_then(|it| it.estimate)),
        Cell::some_time(it.completed_at),
        Cell::text(&it.channel),
        Cell::text(&it.external_id),
        word(&it.reason, words::reason(language, &it.reason)),
        Cell::text(warehouses(it)),
        it.priority.map_or(Cell::Empty, Cell::Number),
        urgent,
        word(&it.terms, Some(terms)),
    ];
    let Some(carried) = &it.summary.carried_over else {
        cells.extend([
            Cell::text(&it.currency),
            Cell::Money(it.currency.clone(), it.total),
            Cell::Number(it.total),
        ]);
        cells.resize(ORDERS.columns.len(), Cell::Empty);
        return Line { cells, units, amount: Some((it.currency.clone(), it.total)) };
    };
    // Of an order that another system kept no money is known.
    let flags = carried.flags.iter().map(|it| words::flag(language, *it)).collect::<Vec<_>>();
    cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]);
    cells
        .extend([carried.estimated, carried.completed].map(|it| it.map_or(Cell::Empty, Cell::Day)));
    let texts = [&carried.stated, &carried.source, &carried.remark, &carried.step];
    cells.extend(texts.map(Cell::text));
    cells.push(Cell::text(flags.join("; ")));
    Line { cells, units, amount: None }
}

fn hold_line(language: Language, it: &OrderView, lines: &[LineView]) -> Line {
    let units = units(lines);
    let credit = it.summary.credit.as_ref();
    let stop = credit.and_then(|it| it.stop.as_deref()).unwrap_or_default();
    let amount = credit.map_or(it.total, |it| it.amount.0);
    let cells = vec![
        Cell::text(&it.order_no),
        status(language, it),
        Cell::At(it.status_at),
        Cell::text(&it.customer),
        product(lines),
        Cell::Number(units),
        Cell::text(credit.map(|it| it.class.clone()).unwrap_or_default()),
        word(stop, words::reason(language, stop)),
        Cell::text(&it.currency),
        Cell::Money(it.currency.clone(), amount),
        Cell::Number(amount),
    ];
    Line { cells, units, amount: Some((it.currency.clone(), amount)) }
}
