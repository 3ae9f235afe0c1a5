//! Reading what a batch touches: the same rows as from Postgres.

use chassis::Batch;
use contracts::{OrderId, Sku};

use super::Tables;
use crate::Inbound;
use crate::books::{Backorder, Books, Item, Shelf};
use crate::store::wanted::{LEVELS_AT_ONCE, WAITING_AT_ONCE, Wanted, mark_more};

pub(super) fn load(tables: &Tables, wanted: &Wanted, batch: &Batch<Inbound>) -> Books {
    let partition = batch.partition().number.cast_signed();
    let mut books = Books { partition, now: batch.now(), ..Books::default() };
    for order in &wanted.orders {
        if let Some(demand) = tables.demands.get(order) {
            books.demands.insert(*order, demand.clone());
        }
    }
    for shipment in &wanted.shipments {
        let rules = tables.posted.get(shipment).into_iter().flatten();
        books.posted.extend(rules.map(|(rule, _)| (*shipment, rule.to_string())));
    }
    let mut skus = wanted.skus(&books);
    if wanted.levels {
        let mut marked: Vec<&Sku> =
            tables.untold.get(&partition).into_iter().flatten().map(|it| &it.sku).collect();
        marked.dedup();
        marked.truncate(LEVELS_AT_ONCE);
        books.bell.more = marked.len() == LEVELS_AT_ONCE;
        skus.extend(marked.into_iter().cloned());
    }
    for sku in skus {
        if let Some(item) = item(tables, wanted, &sku) {
            books.bell.due = tables.bells.get(&partition).copied().flatten();
            books.items.insert(sku, item);
        }
    }
    for document in &wanted.documents {
        if let Some(figures) = tables.documents.get(document) {
            books.documents.insert(document.clone(), *figures);
        }
    }
    load_backorders(tables, wanted, &mut books);
    load_claims(tables, wanted, &mut books);
    books
}

/// An item that is known, or that this batch opens.
fn item(tables: &Tables, wanted: &Wanted, sku: &Sku) -> Option<Item> {
    let mut item = match tables.latches.get(sku) {
        Some(it) => Item { number: it.number, backordered: it.backordered, ..Item::default() },
        None if wanted.new.contains(sku) => Item::default(),
        None => return None,
    };
    if let Some(stock) = tables.stock.get(sku) {
        item.levels.clone_from(&stock.levels);
    }
    Some(item)
}

fn load_backorders(tables: &Tables, wanted: &Wanted, books: &mut Books) {
    let (orders, shelves) = wanted.waiting(books);
    for order in orders {
        for ((sku, line), row) in tables.backorders.get(&order).into_iter().flatten() {
            read_backorder(books, order, sku, *line, row);
        }
    }
    for Shelf { sku, warehouse } in shelves {
        let Some(stock) = tables.stock.get(&sku) else { continue };
        let rows = stock.waiting.iter().filter_map(|(_, order, line)| {
            let row = tables.backorders.get(order)?.get(&(sku.clone(), *line))?;
            Some((*order, *line, row))
        });
        let now = books.now;
        let ready = rows.filter(|(_, _, row)| {
            row.eligible.contains(&warehouse) && row.lease_until.is_none_or(|it| it > now)
        });
        for (order, line, row) in ready.take(WAITING_AT_ONCE) {
            read_backorder(books, order, &sku, line, row);
        }
    }
    mark_more(books);
}

fn read_backorder(books: &mut Books, order: OrderId, sku: &Sku, line: u16, row: &Backorder) {
    // Without one, it is of an order whose parcel alone matters here.
    if let Some(item) = books.items.get_mut(sku) {
        item.backorders.entry(order).or_default().insert(line, row.clone());
    }
}

fn load_claims(tables: &Tables, wanted: &Wanted, books: &mut Books) {
    let (orders, counted) = wanted.keeping(books);
    for order in orders {
        for ((sku, line, warehouse), claim) in tables.claims.get(&order).into_iter().flatten() {
            if let Some(item) = books.items.get_mut(sku) {
                let claims = item.claims.entry(order).or_default();
                claims.insert((*line, warehouse.clone()), claim.clone());
            }
        }
    }
    for Shelf { sku, warehouse } in counted {
        let (Some(stock), Some(item)) = (tables.stock.get(sku), books.items.get_mut(sku)) else {
            continue; // Nobody knows it.
        };
        let from = (warehouse.clone(), OrderId(contracts::Uuid::nil()), 0);
        for (_, order, line) in stock.claimed.range(from..).take_while(|it| it.0 == *warehouse) {
            let key = (sku.clone(), *line, warehouse.clone());
            if let Some(claim) = tables.claims.get(order).and_then(|it| it.get(&key)) {
                let claims = item.claims.entry(*order).or_default();
                claims.insert((*line, warehouse.clone()), claim.clone());
            }
        }
    }
}
