//! What must hold of the tables after every batch, computed from the rows.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{OrderId, Sku, WarehouseId};

use super::Tables;
use crate::decision::decide;
use crate::node::Node;
use crate::record::{ENGINE, Stored};
use crate::ruleset::{DEFAULT_NAME, Ruleset, Window};
use crate::sourcing::{Decided, Sourcing};

/// All that is wrong, a sentence each: every order, every item, every warehouse; and every decision,
/// made again.
pub fn audit(tables: &Tables) -> Vec<String> {
    let orders = tables.sourcings.keys().chain(tables.decisions.keys()).copied().collect();
    let mut wrong = audit_of(tables, &orders);
    let open = tables.sourcings.values().flat_map(|it| &it.open);
    let mut counted = BTreeMap::<&WarehouseId, i64>::new();
    open.for_each(|it| *counted.entry(&it.1).or_default() += 1);
    let warehouses: BTreeSet<&WarehouseId> =
        tables.nodes.keys().chain(tables.backlog.keys()).chain(counted.keys().copied()).collect();
    for warehouse in warehouses {
        let lines = counted.get(warehouse).copied().unwrap_or_default();
        backlog(tables, warehouse, lines, &mut wrong);
    }
    let skus: BTreeSet<&Sku> = tables.levels.keys().chain(tables.seen.levels.keys()).collect();
    for sku in skus {
        level(tables, sku, &mut wrong);
    }
    versions(tables, &mut wrong);
    for it in tables.decisions.values().flat_map(BTreeMap::values) {
        again(tables, it, &mut wrong);
    }
    wrong
}

/// What is wrong about these orders: how far they have come, and what was decided about them.
/// Decisions are not made again.
pub fn audit_of(tables: &Tables, orders: &BTreeSet<OrderId>) -> Vec<String> {
    let mut wrong = Vec::new();
    for order in orders {
        match tables.sourcings.get(order) {
            Some(it) => course(tables, *order, it, &mut wrong),
            None => wrong.push(format!("{order} was decided about, and never placed")),
        }
        decisions(tables, *order, &mut wrong);
    }
    wrong
}

/// What is wrong about whatever the last batch changed. Costs as much as that batch, however large
/// the tables are: open lines are counted as the orders' rows come and go.
pub fn audit_last(tables: &Tables) -> Vec<String> {
    let last = &tables.last;
    let mut wrong = audit_of(tables, &last.orders);
    for warehouse in &last.warehouses {
        let lines = tables.seen.open.get(warehouse).copied().unwrap_or_default();
        backlog(tables, warehouse, lines, &mut wrong);
    }
    for sku in &last.skus {
        level(tables, sku, &mut wrong);
    }
    wrong
}

fn course(tables: &Tables, order: OrderId, it: &Sourcing, wrong: &mut Vec<String>) {
    let (attempt, round) = (it.attempt, it.round);
    let rows = tables.decisions.get(&order);
    let last = rows.and_then(|it| it.last_key_value()).map(|it| *it.0);
    ensure(last == Some((attempt, round)), wrong, "the last decision is another", || {
        format!("{order} has come to {attempt}/{round}, and was decided about in {last:?}")
    });
    ensure(!it.ended || it.open.is_empty(), wrong, "an order that ended has open lines", || {
        format!("{order}: {:?}", it.open)
    });
    let unknown = it.open.iter().find(|it| !tables.nodes.contains_key(&it.1));
    ensure(unknown.is_none(), wrong, "a warehouse is chosen that nobody knows", || {
        format!("{order}: {unknown:?}")
    });
}

fn decisions(tables: &Tables, order: OrderId, wrong: &mut Vec<String>) {
    let from = (order, i32::MIN, i32::MIN)..=(order, i32::MAX, i32::MAX);
    for (_, attempt, round) in tables.seen.again.range(from) {
        wrong.push(format!("decided twice: {order} {attempt}/{round}"));
    }
    let mut before = (0, 0);
    for (&(attempt, round), it) in tables.decisions.get(&order).into_iter().flatten() {
        let follows = if attempt == before.0 { round == before.1 + 1 } else { round == 1 };
        ensure(follows && (before.0 > 0 || attempt == 1), wrong, "a round is missing", || {
            format!("{order} {attempt}/{round}, after {}/{}", before.0, before.1)
        });
        before = (attempt, round);
        let known = in_force(tables, &it.ruleset).is_some_and(|found| found.1.contains(it.at));
        ensure(known, wrong, "not by rules that were in force", || {
            format!("{order} {attempt}/{round} by {} at {}", it.ruleset, it.at)
        });
    }
}

/// The ruleset that a decision names, and when it may be in force.
fn in_force<'t>(tables: &'t Tables, label: &str) -> Option<(&'t Ruleset, Window)> {
    let (name, version) = label.rsplit_once('/')?;
    let version: i32 = version.parse().ok()?;
    if (name, version) == (DEFAULT_NAME, 0) {
        return Some((&tables.built_in, Window::default()));
    }
    let saved = tables.rulesets.get(name)?.get(&version)?;
    Some((&saved.means, saved.effective))
}

fn backlog(tables: &Tables, warehouse: &WarehouseId, lines: i64, wrong: &mut Vec<String>) {
    let counter = tables.backlog(warehouse);
    ensure(counter == lines, wrong, "the backlog is miscounted", || {
        format!("{warehouse} has {lines} lines open, and its counters say {counter}")
    });
}

/// A level is the latest that was heard, in whatever order they came.
fn level(tables: &Tables, sku: &Sku, wrong: &mut Vec<String>) {
    let highest = tables.seen.levels.get(sku).copied().unwrap_or_default().max(0);
    let number = tables.level_number(sku);
    ensure(number == highest, wrong, "a level is not the latest", || {
        format!("{sku} has {number}, and {highest} was heard")
    });
}

/// Versions of rulesets and warehouses count 1, 2, 3 …
fn versions(tables: &Tables, wrong: &mut Vec<String>) {
    let rulesets = tables.rulesets.iter().map(|it| (it.0.as_str(), it.1.keys().collect()));
    let nodes = tables.nodes.iter().map(|it| (it.0.as_str(), it.1.keys().collect()));
    for (name, versions) in rulesets.chain(nodes) {
        let versions: Vec<&i32> = versions;
        let counted = versions.iter().zip(1..).all(|(it, nth)| **it == nth);
        ensure(counted, wrong, "a version is missing", || format!("{name}: {versions:?}"));
    }
}

/// A decision comes out the same when it is made again, byte for byte, from what its record names.
fn again(tables: &Tables, it: &Decided, wrong: &mut Vec<String>) {
    let told = || format!("{} {}/{}", it.order, it.attempt, it.round);
    let Ok(Stored { engine: ENGINE, inputs }) = serde_json::from_slice(&it.record) else {
        return wrong.push(format!("a record cannot be read: {}", told()));
    };
    let named = (inputs.order.id, inputs.attempt, inputs.round, inputs.at, &inputs.ruleset);
    let is_its = named == (it.order, it.attempt, it.round, it.at, &it.ruleset);
    ensure(is_its, wrong, "a record of another decision", told);
    let nodes: Option<Vec<Node>> = inputs
        .nodes
        .iter()
        .map(|(name, version, _)| tables.nodes.get(name)?.get(version).cloned())
        .collect();
    let Some((nodes, (ruleset, _))) = nodes.zip(in_force(tables, &it.ruleset)) else {
        return wrong.push(format!("a version was seen that was never stored: {}", told()));
    };
    let same = decide(&inputs, ruleset, &nodes).record == it.record;
    ensure(same, wrong, "decided otherwise when decided again", told);
}

fn ensure(holds: bool, wrong: &mut Vec<String>, what: &str, told: impl FnOnce() -> String) {
    if !holds {
        wrong.push(format!("{what}: {}", told()));
    }
}
