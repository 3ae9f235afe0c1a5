//! What a batch changed in the books: so much is written down.

use std::collections::{BTreeMap, BTreeSet};

use contracts::OrderId;

use crate::books::{Books, Holder, Name, Reference, SharedKey};
use crate::order::Order;

/// The books as they were before the batch, to tell what changed.
pub(crate) struct Before {
    orders: BTreeMap<OrderId, Order>,
    references: BTreeMap<Name, Reference>,
}

/// What changed, apart from what is only ever added: what was placed, carried over, listed and
/// registered.
pub(crate) struct Changes<'a> {
    /// Orders that were there before.
    pub(crate) orders: Vec<&'a Order>,
    /// Names under which something was refused.
    pub(crate) refused: Vec<(&'a Name, &'a Reference)>,
    /// Keys that an order took.
    pub(crate) taken: Vec<(&'a SharedKey, &'a Holder)>,
}

impl Before {
    pub(crate) fn of(books: &Books) -> Self {
        Self { orders: books.orders.clone(), references: books.references.clone() }
    }

    pub(crate) fn changes<'a>(&self, books: &'a Books) -> Changes<'a> {
        let stands_otherwise =
            |it: &&Order| self.orders.get(&it.facts.order).is_some_and(|was| was != *it);
        let refused = |name: &Name| self.references.get(name).map(|it| &it.refused);
        let refused_more = |it: &(&Name, &Reference)| {
            refused(it.0).map_or(!it.1.refused.is_empty(), |was| *was != it.1.refused)
        };
        // Only what was placed by this batch took keys.
        let placed: BTreeSet<OrderId> = books.placed.iter().map(|it| it.order).collect();
        let held = books.keys.iter().filter_map(|(key, it)| Some((key, it.by.as_ref()?)));
        Changes {
            orders: books.orders.values().filter(stands_otherwise).collect(),
            refused: books.references.iter().filter(refused_more).collect(),
            taken: held.filter(|it| placed.contains(&it.1.order)).collect(),
        }
    }
}
