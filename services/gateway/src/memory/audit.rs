//! What must hold of the views, computed from scratch over their rows. Each sentence is a violation.
//! That versions only grow is seen to whenever one is written.

use std::collections::BTreeSet;

use contracts::OrderId;
use serde_json::value::RawValue;

use super::Tables;

/// All of it: every order and every level.
pub fn audit(tables: &Tables) -> Vec<String> {
    let parts = tables.timeline.keys().copied();
    let shorts = tables.shorts.keys().map(|it| it.0);
    let rows = tables.orders().chain(tables.states.keys().copied()).chain(parts).chain(shorts);
    let mut wrong = audit_of(tables, rows.collect::<BTreeSet<_>>());
    for (sku, level) in &tables.levels {
        let sum: i64 = level.warehouses.iter().map(|it| it.sellable).sum();
        if level.number <= 0 || sum != level.sellable {
            wrong.push(format!("level {} of {sku}: {level:?}", level.number));
        }
    }
    wrong
}

/// What is wrong with the orders that the last batch told something of. Costs as much as the batch,
/// however large the tables are.
pub fn audit_last(tables: &Tables) -> Vec<String> {
    audit_of(tables, tables.touched.iter().copied())
}

/// What can be wrong about these orders: after each step, of those that it was about.
pub fn audit_of(tables: &Tables, orders: impl IntoIterator<Item = OrderId>) -> Vec<String> {
    let wrong = |order| {
        let found = audit_order(tables, order);
        found.into_iter().map(move |it| format!("order {order}: {it}"))
    };
    orders.into_iter().flat_map(wrong).collect()
}

/// It has one head and one state; its timeline is 1, 2, 3 … up to its version.
fn audit_order(tables: &Tables, order: OrderId) -> Vec<String> {
    let (head, state) = (tables.heads.get(&order), tables.states.get(&order));
    let (Some(_), Some(state)) = (head, state) else {
        return vec![format!("half of it: {head:?}, {state:?}")];
    };
    let mut wrong = Vec::new();
    let mut told = 0;
    for (last, part) in tables.timeline.get(&order).into_iter().flatten() {
        let count = i64::try_from(entries(part)).unwrap_or(i64::MAX);
        if count == 0 || told + count != *last {
            wrong.push(format!("{count} entries up to {last} follow {told}"));
        }
        told = *last;
    }
    if told != state.version || told == 0 {
        wrong.push(format!("version {}, and its timeline ends with {told}", state.version));
    }
    let numbers: BTreeSet<i32> = state.summary.shipments.iter().map(|it| it.pick).collect();
    if numbers.len() != state.summary.shipments.len() {
        wrong.push(format!("two shipments of one pick: {:?}", state.summary.shipments));
    }
    wrong
}

/// How many entries a part has.
pub(super) fn entries(part: &str) -> usize {
    serde_json::from_str::<Vec<&RawValue>>(part).map_or(0, |it| it.len())
}
