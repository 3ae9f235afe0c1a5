//! The views in memory, for the simulation and the bench: what the worker writes, over maps, with the
//! keys of the schema. What may not be fails here as it does there.

mod audit;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chassis::plant::{Bug, planted};
use chassis::{Batch, Decided, InMemory, Partition};
use contracts::inventory::StockLevel;
use contracts::{Cents, OrderId, Silence, Sku, Status};
use serde_json::Value;

pub use self::audit::{audit, audit_last, audit_of};
use crate::store::{Head, parts, states, touched};
use crate::views::{ShortPick, View, Views};
use crate::{Gateway, Inbound};

/// The tables that the gateway's worker writes. What only HTTP writes is not among them.
#[derive(Debug, Default)]
pub struct Tables {
    heads: BTreeMap<OrderId, (Partition, Head)>,
    states: BTreeMap<OrderId, View>,
    /// The entries, as JSON, by the number of the last of them.
    timeline: BTreeMap<OrderId, BTreeMap<i64, String>>,
    shorts: BTreeMap<(OrderId, i32), ShortPick>,
    levels: BTreeMap<Sku, StockLevel>,
    /// The orders that the last batch told something of.
    touched: BTreeSet<OrderId>,
}

/// What a batch changes.
#[derive(Debug)]
pub struct Change {
    partition: Partition,
    views: Views,
}

/// An order, as whoever asks the gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub status: Status,
    /// Of intake's last status.
    pub status_number: i64,
    pub version: i64,
    pub total: Cents,
    /// Numbers and gross amounts of the invoices, in the order in which they were issued.
    pub invoices: Vec<(String, Cents)>,
    /// What was paid of the invoices.
    pub paid: Cents,
    /// What was paid ahead, if anything.
    pub prepaid: Option<Cents>,
    /// What goes back to the customer.
    pub refund: Option<Cents>,
}

impl InMemory for Gateway {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Silence>, Change) {
        let known = |order| Some((order, tables.states.get(&order)?.clone()));
        let orders = touched(&batch).into_iter().filter_map(known).collect();
        let (views, partition) = (Views { orders, ..Views::default() }, batch.partition());
        let (decided, views) = crate::decide(batch, views);
        (decided, Change { partition, views })
    }

    fn keep(tables: &mut Tables, Change { partition, views }: Change) {
        tables.touched = views.timeline.iter().map(|it| it.order).collect();
        tables.add_heads(partition, &views);
        tables.save_states(&views);
        tables.add_timeline(&views);
        for short in views.shorts {
            tables.shorts.entry((short.order, short.pick)).or_insert(short);
        }
        for (sku, level) in views.levels {
            let known = tables.levels.get(&sku).map_or(i64::MIN, |it| it.number);
            if known < level.number || planted(Bug::OlderLevel) {
                tables.levels.insert(sku, level);
            }
        }
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
        tables.rows()
    }
}

impl Tables {
    /// Every order that was placed, or carried over.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.heads.keys().copied()
    }

    pub fn order(&self, order: OrderId) -> Option<Seen> {
        let (head, view) = (&self.heads.get(&order)?.1, self.states.get(&order)?);
        let money = &view.summary.money;
        Some(Seen {
            status: view.status,
            status_number: view.status_number,
            version: view.version,
            total: head.total,
            invoices: money.invoices.iter().map(|it| (it.number.clone(), it.gross)).collect(),
            paid: money.payments.iter().map(|it| it.amount).sum(),
            prepaid: money.prepaid,
            refund: money.refund,
        })
    }

    /// How many entries the timeline of an order has.
    pub fn timeline_length(&self, order: OrderId) -> usize {
        let parts = self.timeline.get(&order).into_iter().flat_map(BTreeMap::values);
        parts.map(|it| audit::entries(it)).sum()
    }

    /// The number of an item's level, and what can be sold of it.
    pub fn level(&self, sku: &Sku) -> Option<(i64, i64)> {
        self.levels.get(sku).map(|it| (it.number, it.sellable))
    }

    fn add_heads(&mut self, partition: Partition, views: &Views) {
        for head in written(Head::all_of(views)) {
            for text in [&head.order_no, &head.customer, &head.entered_by] {
                check(text);
            }
            let again = self.heads.insert(head.order, (partition, head));
            assert!(again.is_none(), "order_head_pkey: {again:?} is placed again");
        }
    }

    fn save_states(&mut self, views: &Views) {
        let (added, changed) = states(views);
        for (order, view) in added {
            check(&view.reason);
            let again = self.states.insert(order, view.clone());
            assert!(again.is_none(), "order_state_pkey: {order} is new again");
        }
        for (order, view) in changed {
            check(&view.reason);
            let Some(known) = self.states.get_mut(&order) else { continue };
            let (old, new) = (known.version, view.version);
            assert!(old < new, "the version of {order} went from {old} to {new}");
            known.clone_from(view);
        }
    }

    fn add_timeline(&mut self, views: &Views) {
        for (order, (number, entries)) in written(parts(&views.timeline)) {
            let again = self.timeline.entry(order).or_default().insert(number, entries);
            assert!(again.is_none(), "timeline_part_pkey: {order} has two parts up to {number}");
        }
    }
}

/// What is written as JSON.
fn written<T>(json: serde_json::Result<T>) -> T {
    match json {
        Ok(it) => it,
        Err(error) => unreachable!("plain values always serialise: {error}"),
    }
}

/// Postgres keeps no zero byte in a text.
fn check(text: &str) {
    assert!(!text.contains('\0'), "a zero byte in {text:?}");
}
