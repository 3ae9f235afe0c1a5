//! The rows as Postgres shows them, to compare the two.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::{Saved, Tables};
use crate::node::{Node, kind_name};
use crate::sourcing::{Decided, Level, Sourcing};
use crate::store::{pack, save};

pub(super) fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
    BTreeMap::from([
        ("ruleset", rulesets(tables)),
        ("node", nodes(tables)),
        ("backlog", backlog(tables)),
        ("level", levels(tables)),
        ("sourcing", sourcings(tables)),
        ("decision", decisions(tables)),
    ])
}

fn rulesets(tables: &Tables) -> Vec<Value> {
    let versions = |(name, all)| BTreeMap::iter(all).map(move |it| (name, it));
    let row = |(name, (version, it)): (&String, (&i32, &Saved))| {
        json!({
            "name": name, "version": version, "rules": it.rules, "saved_at": it.at,
            "effective_from": it.effective.from, "effective_to": it.effective.to,
        })
    };
    tables.rulesets.iter().flat_map(versions).map(row).collect()
}

fn nodes(tables: &Tables) -> Vec<Value> {
    let row = |Node { is, version, .. }: &Node| {
        json!({
            "warehouse_id": is.warehouse, "version": version, "name": is.name,
            "kind": kind_name(is.kind), "province": is.province, "city": is.city,
            "serves": is.serves, "lines_per_hour": is.lines_per_hour, "active": is.active,
        })
    };
    tables.nodes.values().flat_map(BTreeMap::values).map(row).collect()
}

fn backlog(tables: &Tables) -> Vec<Value> {
    let shares = |(warehouse, all)| BTreeMap::iter(all).map(move |it| (warehouse, it));
    let row = |(warehouse, (partition, lines))| json!({ "partition": partition, "warehouse_id": warehouse, "lines": lines });
    tables.backlog.iter().flat_map(shares).map(row).collect()
}

fn levels(tables: &Tables) -> Vec<Value> {
    let row = |(sku, it): (_, &Level)| {
        let warehouses = serde_json::to_string(&it.warehouses).unwrap_or_default();
        json!({ "sku": sku, "number": it.number, "warehouses": warehouses })
    };
    tables.levels.iter().map(row).collect()
}

fn sourcings(tables: &Tables) -> Vec<Value> {
    let row = |(order, it): (_, &Sourcing)| {
        json!({
            "order_id": order, "attempt": it.attempt, "round": it.round, "ended": it.ended,
            "firm": it.firm, "open": save::open(it),
        })
    };
    tables.sourcings.iter().map(row).collect()
}

fn decisions(tables: &Tables) -> Vec<Value> {
    let row = |it: &Decided| {
        json!({
            "order_id": it.order, "attempt": it.attempt, "round": it.round, "at": it.at,
            "ruleset": it.ruleset, "rule": it.rule, "record": hex(&pack(&it.record)),
        })
    };
    tables.decisions.values().flat_map(BTreeMap::values).map(row).collect()
}

/// Bytes as Postgres writes them.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for it in bytes {
        let _never = write!(text, "{it:02x}");
    }
    text
}
