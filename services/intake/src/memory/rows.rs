//! The rows as Postgres shows them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::{Lines, Tables};
use crate::order::{Facts, Order};

pub(super) fn all(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
    let placements = tables.placements.iter().map(|(order, it)| {
        let lines = match &it.lines {
            Lines::Placed(lines) => json!(lines),
            Lines::Carried(told) => json!([told]),
        };
        json!({
            "order_id": order, "channel": it.name.0, "external_id": it.name.1,
            "digest": bytes(&it.digest), "placed_at": it.at, "lines": lines,
        })
    });
    let vault = tables.vault.iter().map(|(order, it)| {
        json!({
            "order_id": order, "consignee": it.consignee, "place": it.place, "email": it.email,
            "language": it.language,
        })
    });
    let refusals = tables.refusals.iter().map(|((channel, external_id), it)| {
        json!({
            "channel": channel, "external_id": external_id, "told": it.told,
            "digests": bytes(&it.digests.concat()),
        })
    });
    let keys = tables.keys.iter().map(|(key, held)| {
        let (kind, owner, key) = key.columns();
        let by = held.by.as_ref();
        json!({
            "kind": kind, "owner": owner, "key": key, "order_id": by.map(|it| it.order),
            "digest": by.map(|it| bytes(&it.digest)), "since": by.map(|it| it.since),
        })
    });
    let counters = tables.counters.iter();
    let counters =
        counters.map(|(partition, last)| json!({ "partition": partition, "last": last }));
    [
        ("sales_order", tables.orders.values().map(order).collect()),
        ("placement", placements.collect()),
        ("vault", vault.collect()),
        ("refusal", refusals.collect()),
        ("shared_key", keys.collect()),
        ("counter", counters.collect()),
        ("item", items(tables)),
        ("customer", customers(tables)),
    ]
    .into()
}

fn order(it: &Order) -> Value {
    let Facts { order, order_no, channel, external_id, customer, terms, currency, total } =
        &it.facts;
    json!({
        "order_id": order, "order_no": order_no, "channel": channel, "external_id": external_id,
        "customer": customer, "terms": terms, "currency": currency, "total_cents": total,
        "process": it.process, "shown": it.shown, "number": it.number, "course": it.course,
    })
}

fn items(tables: &Tables) -> Vec<Value> {
    let items = tables.items.iter().map(|(sku, it)| {
        json!({
            "sku": sku, "name": it.name, "category": it.category,
            "unit_price_cents": it.unit_price, "currency": it.currency,
            "unit_cost_cents": it.unit_cost, "tax_rate": it.tax_rate, "weight_g": it.weight_g,
            "pack": it.pack, "max_quantity": it.max_quantity, "active": it.active,
        })
    });
    items.collect()
}

fn customers(tables: &Tables) -> Vec<Value> {
    let customers = tables.customers.iter().map(|(customer, it)| {
        json!({
            "customer": customer, "name": it.name, "tier": it.tier, "on_account": it.on_account,
            "language": it.language,
        })
    });
    customers.collect()
}

/// As Postgres writes bytes.
fn bytes(all: &[u8]) -> String {
    let mut text = "\\x".to_owned();
    for it in all {
        let _ = write!(text, "{it:02x}"); // A text takes everything.
    }
    text
}
