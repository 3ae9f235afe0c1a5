//! What a batch changed: the rows to write, wherever the views are kept.

use std::collections::{BTreeMap, BTreeSet};

use contracts::OrderId;

use crate::timeline::{Entry, Kept};
use crate::views::{View, Views};

/// Rows of the states of orders.
pub(crate) type States<'a> = Vec<(OrderId, &'a View)>;

/// The states of the orders that the batch told something new of: those that are new, and those that
/// changed.
pub(crate) fn states(views: &Views) -> (States<'_>, States<'_>) {
    let told: BTreeSet<OrderId> = views.timeline.iter().map(|it| it.order).collect();
    let placed = views.placed.iter().map(|it| it.order);
    let new: BTreeSet<OrderId> = placed.chain(views.carried.iter().map(|it| it.order)).collect();
    let told = views.orders.iter().filter(|(order, _)| told.contains(order));
    told.map(|(order, view)| (*order, view)).partition(|(order, _)| new.contains(order))
}

/// What the batch heard of each order, as one row: the number of its last entry, and the entries as
/// JSON.
pub(crate) fn parts(entries: &[Entry]) -> serde_json::Result<BTreeMap<OrderId, (i64, String)>> {
    let mut parts = BTreeMap::<OrderId, (i64, Vec<Kept<'_>>)>::new();
    for entry in entries {
        let (last, part) = parts.entry(entry.order).or_default();
        *last = entry.number;
        part.push(Kept::of(entry)?);
    }
    let texts = parts
        .into_iter()
        .map(|(order, (last, part))| serde_json::to_string(&part).map(|it| (order, (last, it))));
    texts.collect()
}
