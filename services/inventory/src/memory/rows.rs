//! The rows as Postgres shows them, to compare the two.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Tables;

pub(super) fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
    BTreeMap::from([
        ("item", items(tables)),
        ("stock_level", levels(tables)),
        ("stock_move", moves(tables)),
        ("demand", demands(tables)),
        ("claim", claims(tables)),
        ("backorder", backorders(tables)),
        ("document", documents(tables)),
        ("level_timer", bells(tables)),
    ])
}

fn items(tables: &Tables) -> Vec<Value> {
    let row = |(sku, it): (&_, &super::Latch)| json!({ "sku": sku, "number": it.number, "backordered": it.backordered });
    tables.latches.iter().map(row).collect()
}

fn levels(tables: &Tables) -> Vec<Value> {
    let all = tables.stock.iter().flat_map(|(sku, it)| it.levels.iter().map(move |it| (sku, it)));
    all.map(|(sku, (warehouse, it))| {
        json!({
            "sku": sku, "warehouse_id": warehouse, "good": it.good, "quarantine": it.quarantine,
            "damaged": it.damaged, "reserved": it.reserved, "allocated": it.allocated,
            "protected": it.protected, "ledger_pos": it.position, "untold": it.untold,
        })
    })
    .collect()
}

fn moves(tables: &Tables) -> Vec<Value> {
    let ledgers = tables.stock.values().flat_map(|it| it.ledgers.values());
    let all = ledgers.flat_map(|it| it.moves.values().map(|it| &it.it));
    all.map(|it| {
        json!({
            "sku": it.place.sku, "warehouse_id": it.place.warehouse, "number": it.number,
            "kind": it.kind.name(), "good": it.delta.good, "quarantine": it.delta.quarantine,
            "damaged": it.delta.damaged, "reserved": it.delta.reserved,
            "allocated": it.delta.allocated, "order_id": it.cause.order,
            "document": it.cause.document, "at": it.at, "cause": it.cause.id,
            "rule": it.cause.rule,
        })
    })
    .collect()
}

fn demands(tables: &Tables) -> Vec<Value> {
    let all = tables.demands.iter();
    all.map(|(order, it)| {
        json!({
            "order_id": order, "attempt": it.attempt, "round": it.round,
            "standing": it.standing.name(), "token": it.token, "lease_until": it.lease_until,
            "arrived_at": it.arrived_at, "skus": it.skus,
        })
    })
    .collect()
}

fn claims(tables: &Tables) -> Vec<Value> {
    let all = tables.claims.iter().flat_map(|(order, rows)| rows.iter().map(move |it| (order, it)));
    all.map(|(order, ((sku, line, warehouse), it))| {
        json!({
            "order_id": order, "sku": sku, "line": line, "warehouse_id": warehouse,
            "soft": it.soft, "firm": it.firm, "lapsed": it.lapsed, "fresh": it.fresh,
            "taken": it.taken, "rank": it.rank,
        })
    })
    .collect()
}

fn backorders(tables: &Tables) -> Vec<Value> {
    let all =
        tables.backorders.iter().flat_map(|(order, rows)| rows.iter().map(move |it| (order, it)));
    all.map(|(order, ((sku, line), it))| {
        json!({
            "order_id": order, "sku": sku, "line": line, "quantity": it.quantity,
            "eligible": it.eligible, "rank": it.rank, "lease_until": it.lease_until,
        })
    })
    .collect()
}

fn documents(tables: &Tables) -> Vec<Value> {
    let all = tables.documents.iter();
    all.map(|(it, figures)| {
        json!({
            "sku": it.place.sku, "warehouse_id": it.place.warehouse, "kind": it.kind,
            "document": it.name, "good": figures.good, "reserved": figures.reserved,
            "allocated": figures.allocated,
        })
    })
    .collect()
}

fn bells(tables: &Tables) -> Vec<Value> {
    let all = tables.bells.iter();
    all.map(|(partition, due)| json!({ "partition": partition, "due": due })).collect()
}
