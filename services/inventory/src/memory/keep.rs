//! Writing what changed, with all that the schema checks.

use std::fmt::Debug;

use contracts::{OrderId, Sku, WarehouseId};

use super::{Change, Posted, Tables, Touched};
use crate::books::{Backorder, Books, Claim, Delta, Level, Move, Shelf};
use crate::store::changed::{self, Claims, Place};

pub(super) fn keep(tables: &mut Tables, change: Change) {
    let Change { opened, mut books, told } = change;
    tables.last = Touched::default();
    for sku in opened {
        tables.latches.entry(sku).or_default();
    }
    save_demands(tables, &books);
    save_items(tables, &books);
    save_levels(tables, &books);
    save_claims(tables, &books);
    save_backorders(tables, &books);
    for document in std::mem::take(&mut books.booked) {
        let Some(figures) = books.documents.get(&document) else { continue };
        let new = tables.documents.insert(document.clone(), *figures).is_none();
        check(new, "document_pkey", &document);
    }
    if books.bell.changed {
        tables.bells.insert(books.partition, books.bell.due);
    }
    for it in books.moves {
        add_move(tables, it);
    }
    for it in told {
        let stock = tables.stock.entry(it.sku.clone()).or_default();
        stock.told = it.warehouses.into_iter().map(|it| (it.warehouse, it.sellable)).collect();
        stock.times_told += 1;
        tables.last.skus.insert(it.sku);
    }
}

/// What the schema forbids is a fault of whoever decided it.
fn check(holds: bool, constraint: &str, row: &dyn Debug) {
    assert!(holds, "the schema forbids it ({constraint}): {row:?}");
}

fn save_demands(tables: &mut Tables, books: &Books) {
    for (order, it) in changed::demands(books) {
        check(it.token >= 0, "demand_token_check", it);
        let mut row = it.clone();
        row.changed = false;
        if let Some(before) = tables.demands.get(order) {
            row.arrived_at = before.arrived_at; // It stays as it was first written.
        }
        tables.demands.insert(*order, row);
        tables.last.orders.insert(*order);
    }
}

fn save_items(tables: &mut Tables, books: &Books) {
    for (sku, it) in changed::items(books) {
        check(it.number >= 0, "item_number_check", it);
        check(it.backordered >= 0, "item_backordered_check", it);
        if let Some(row) = tables.latches.get_mut(sku) {
            (row.number, row.backordered) = (it.number, it.backordered);
        }
        tables.last.skus.insert(sku.clone());
    }
}

fn save_levels(tables: &mut Tables, books: &Books) {
    let (stored, new) = changed::levels(books);
    for (sku, warehouse, it) in new {
        let before = save_level(tables, (sku, warehouse), it);
        check(before.is_none(), "stock_level_pkey", &(sku, warehouse));
    }
    for (sku, warehouse, it) in stored {
        let before = save_level(tables, (sku, warehouse), it);
        check(before.is_some(), "a level was changed that is not there", &(sku, warehouse));
    }
}

fn save_level(tables: &mut Tables, at: (&Sku, &WarehouseId), it: &Level) -> Option<Level> {
    let figures = [it.good, it.quarantine, it.damaged, it.reserved, it.allocated, it.protected];
    check(figures.iter().all(|it| *it >= 0), "never_negative", &(at, it));
    check(it.reserved + it.allocated <= it.good, "never_oversold", &(at, it));
    let (sku, warehouse) = at;
    let place = Shelf::of(sku, warehouse);
    for (partition, marked) in &mut tables.untold {
        if it.untold != Some(*partition) {
            marked.remove(&place);
        }
    }
    if let Some(partition) = it.untold {
        tables.untold.entry(partition).or_default().insert(place);
    }
    tables.last.skus.insert(sku.clone());
    let levels = &mut tables.stock.entry(sku.clone()).or_default().levels;
    levels.insert(warehouse.clone(), Level { stored: true, changed: false, ..it.clone() })
}

fn add_move(tables: &mut Tables, it: Move) {
    check(it.number > 0, "stock_move_number_check", &it);
    let causes = tables.posted.entry(it.cause.id).or_default();
    let once = causes.insert((it.cause.rule.clone(), it.place.clone()));
    check(once, "posted_once", &it);
    if let Some(order) = it.cause.order {
        let kept = tables.kept.entry(order).or_default();
        let (reserved, allocated) = kept.entry(it.place.clone()).or_default();
        *reserved += it.delta.reserved;
        *allocated += it.delta.allocated;
        if (*reserved, *allocated) == (0, 0) {
            kept.remove(&it.place);
        }
        tables.last.orders.insert(order);
    }
    let (place, number) = (it.place.clone(), it.number);
    let stock = tables.stock.entry(place.sku.clone()).or_default();
    let ledger = stock.ledgers.entry(place.warehouse.clone()).or_default();
    ledger.sum = plus(ledger.sum, it.delta);
    let again = ledger.moves.insert(number, Posted { it, after: ledger.sum });
    check(again.is_none(), "stock_move_pkey", &again);
    tables.last.moves.push((place, number));
}

pub(super) fn plus(sum: Delta, delta: Delta) -> Delta {
    Delta {
        good: sum.good + delta.good,
        quarantine: sum.quarantine + delta.quarantine,
        damaged: sum.damaged + delta.damaged,
        reserved: sum.reserved + delta.reserved,
        allocated: sum.allocated + delta.allocated,
    }
}

fn save_claims(tables: &mut Tables, books: &Books) {
    let Claims { added, kept, dropped } = changed::claims(books);
    for (place, it) in added {
        let before = save_claim(tables, place, it);
        check(before.is_none(), "claim_pkey", &place);
    }
    for (place, it) in kept {
        let before = save_claim(tables, place, it);
        check(before.is_some(), "a claim was changed that is not there", &place);
    }
    for Place { order, sku, line, warehouse } in dropped {
        let key = (sku.clone(), line, warehouse.clone());
        if let Some(claims) = tables.claims.get_mut(&order) {
            claims.remove(&key);
            if claims.is_empty() {
                tables.claims.remove(&order);
            }
        }
        let stock = tables.stock.entry(sku.clone()).or_default();
        stock.claimed.remove(&(warehouse.clone(), order, line));
        touch(tables, order, sku);
    }
}

fn save_claim(tables: &mut Tables, place: Place<'_>, it: &Claim) -> Option<Claim> {
    let figures = [it.soft, it.firm, it.lapsed, it.fresh, it.taken];
    check(figures.iter().all(|it| *it >= 0), "claim_check", &(place, it));
    let Place { order, sku, line, warehouse } = place;
    let stock = tables.stock.entry(sku.clone()).or_default();
    stock.claimed.insert((warehouse.clone(), order, line));
    touch(tables, order, sku);
    let row = Claim { stored: true, changed: false, ..it.clone() };
    tables.claims.entry(order).or_default().insert((sku.clone(), line, warehouse.clone()), row)
}

fn save_backorders(tables: &mut Tables, books: &Books) {
    let (kept, dropped) = changed::backorders(books);
    for (order, sku, line, it) in kept {
        let row = Backorder { changed: false, ..it.clone() };
        let rows = tables.backorders.entry(order).or_default();
        let before = rows.insert((sku.clone(), line), row);
        let waiting = &mut tables.stock.entry(sku.clone()).or_default().waiting;
        if let Some(before) = before {
            waiting.remove(&(before.rank, order, line));
        }
        waiting.insert((it.rank, order, line));
        touch(tables, order, sku);
    }
    for (order, sku, line, _) in dropped {
        let Some(rows) = tables.backorders.get_mut(&order) else { continue };
        let before = rows.remove(&(sku.clone(), line));
        if rows.is_empty() {
            tables.backorders.remove(&order);
        }
        if let Some(before) = before {
            let waiting = &mut tables.stock.entry(sku.clone()).or_default().waiting;
            waiting.remove(&(before.rank, order, line));
        }
        touch(tables, order, sku);
    }
}

fn touch(tables: &mut Tables, order: OrderId, sku: &Sku) {
    tables.last.skus.insert(sku.clone());
    tables.last.orders.insert(order);
}
