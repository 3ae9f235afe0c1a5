//! What a batch changed in the books: which rows are added, written anew or dropped.

use contracts::{OrderId, Sku, WarehouseId};

use crate::books::{Backorder, Books, Claim, Demand, Item, Level};

/// Where a claim stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) order: OrderId,
    pub(crate) sku: &'a Sku,
    pub(crate) line: u16,
    pub(crate) warehouse: &'a WarehouseId,
}

/// Claims that changed.
#[derive(Debug, Default)]
pub(crate) struct Claims<'a> {
    pub(crate) added: Vec<(Place<'a>, &'a Claim)>,
    pub(crate) kept: Vec<(Place<'a>, &'a Claim)>,
    pub(crate) dropped: Vec<Place<'a>>,
}

type LevelRow<'a> = (&'a Sku, &'a WarehouseId, &'a Level);
type BackorderRow<'a> = (OrderId, &'a Sku, u16, &'a Backorder);

pub(crate) fn demands(books: &Books) -> Vec<(&OrderId, &Demand)> {
    books.demands.iter().filter(|(_, it)| it.changed).collect()
}

pub(crate) fn items(books: &Books) -> Vec<(&Sku, &Item)> {
    books.items.iter().filter(|(_, it)| it.changed).collect()
}

/// Levels that have a row already, and those that need one.
pub(crate) fn levels(books: &Books) -> (Vec<LevelRow<'_>>, Vec<LevelRow<'_>>) {
    let all = books.items.iter().flat_map(|(sku, item)| {
        item.levels.iter().map(move |(warehouse, level)| (sku, warehouse, level))
    });
    all.filter(|it| it.2.changed).partition(|it| it.2.stored)
}

pub(crate) fn claims(books: &Books) -> Claims<'_> {
    let mut found = Claims::default();
    for (sku, item) in &books.items {
        for (order, claims) in &item.claims {
            for ((line, warehouse), claim) in claims.iter().filter(|(_, it)| it.changed) {
                let place = Place { order: *order, sku, line: *line, warehouse };
                match (claim.stored, claim.is_empty()) {
                    (true, true) => found.dropped.push(place),
                    (true, false) => found.kept.push((place, claim)),
                    (false, false) => found.added.push((place, claim)),
                    (false, true) => {} // It came and went within the batch.
                }
            }
        }
    }
    found
}

/// Backorders that wait, and those that do not any more.
pub(crate) fn backorders(books: &Books) -> (Vec<BackorderRow<'_>>, Vec<BackorderRow<'_>>) {
    let all = books.items.iter().flat_map(|(sku, item)| {
        item.backorders.iter().flat_map(move |(order, rows)| {
            rows.iter().map(move |(line, it)| (*order, sku, *line, it))
        })
    });
    all.filter(|it| it.3.changed).partition(|it| it.3.quantity > 0)
}
