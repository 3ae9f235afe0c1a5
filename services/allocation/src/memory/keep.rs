//! Writing what changed, with all that the schema checks.

use std::collections::btree_map::Entry;
use std::fmt::Debug;

use contracts::{OrderId, Timestamp};

use super::{Change, Saved, Tables, Touched};
use crate::node::Node;
use crate::ruleset::Ruleset;
use crate::sourcing::{Decided, Level, Sourcing};
use crate::store::read_ruleset;

pub(super) fn keep(tables: &mut Tables, change: Change) {
    let Change { partition, now, books, told } = change;
    tables.last = Touched::default();
    for (sku, number) in told {
        let highest = tables.seen.levels.entry(sku.clone()).or_default();
        *highest = number.max(*highest);
        tables.last.skus.insert(sku);
    }
    for (order, it) in books.changed_orders() {
        save_sourcing(tables, *order, it);
    }
    for (warehouse, lines) in books.changed_backlog() {
        let row = tables.backlog.entry(warehouse.clone()).or_default();
        *row.entry(partition.number).or_default() += lines;
        tables.last.warehouses.insert(warehouse.clone());
    }
    for (sku, it) in books.changed_levels() {
        check(it.number >= 0, "level_number_check", it);
        save_level(tables.levels.entry(sku.clone()).or_insert_with(|| stored(it)), it);
        tables.last.skus.insert(sku.clone());
    }
    books.rulesets.into_iter().for_each(|it| save_ruleset(tables, it, now));
    books.set.into_iter().for_each(|it| save_node(tables, it));
    books.decisions.into_iter().for_each(|it| save_decision(tables, it));
}

/// What the schema forbids is a fault of whoever decided it.
fn check(holds: bool, constraint: &str, row: &dyn Debug) {
    assert!(holds, "the schema forbids it ({constraint}): {row:?}");
}

fn save_sourcing(tables: &mut Tables, order: OrderId, it: &Sourcing) {
    check(it.attempt > 0, "sourcing_attempt_check", it);
    check(it.round > 0, "sourcing_round_check", it);
    let row = Sourcing { case: None, changed: false, open: it.open.clone(), ..*it };
    let before = tables.sourcings.insert(order, row);
    let before = before.into_iter().flat_map(|it| it.open).map(|it| (it.1, -1));
    for (warehouse, by) in before.chain(it.open.iter().map(|it| (it.1.clone(), 1))) {
        *tables.seen.open.entry(warehouse.clone()).or_default() += by;
        tables.last.warehouses.insert(warehouse);
    }
    tables.last.orders.insert(order);
}

/// A later figure replaces the row, and so does a refusal's of the same number.
fn save_level(row: &mut Level, it: &Level) {
    if row.number < it.number || (row.number == it.number && it.amended) {
        *row = stored(it);
    }
}

fn stored(it: &Level) -> Level {
    Level { number: it.number, warehouses: it.warehouses.clone(), ..Level::default() }
}

#[expect(clippy::panic, reason = "rules that do not hold any more are a fault that was found")]
fn save_ruleset(
    tables: &mut Tables,
    (ruleset, rules): (Ruleset, serde_json::Value),
    now: Timestamp,
) {
    let Ruleset { name, version, effective, .. } = ruleset;
    check(version > 0, "ruleset_version_check", &(&name, version));
    let orderly = effective.from.zip(effective.to).is_none_or(|(from, to)| to > from);
    check(orderly, "ruleset_check", &effective);
    let rules = rules.to_string();
    let means = match read_ruleset(&name, version, &rules) {
        Ok(it) => it.into(),
        Err(why) => panic!("{why}"),
    };
    let row = Saved { rules, effective, at: now, means };
    let before = tables.rulesets.entry(name).or_default().insert(version, row);
    check(before.is_none(), "ruleset_pkey", &before);
}

fn save_node(tables: &mut Tables, it: Node) {
    check(it.version > 0, "node_version_check", &it);
    let versions = tables.nodes.entry(it.is.warehouse.clone()).or_default();
    let before = versions.insert(it.version, it);
    check(before.is_none(), "node_pkey", &before);
}

/// What was decided before stays.
fn save_decision(tables: &mut Tables, it: Decided) {
    let (order, key) = (it.order, (it.attempt, it.round));
    let rows = tables.decisions.entry(order).or_default();
    if let Entry::Vacant(row) = rows.entry(key) {
        row.insert(it);
    } else {
        tables.seen.again.insert((order, it.attempt, it.round));
    }
    tables.last.orders.insert(order);
}
