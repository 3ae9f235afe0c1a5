//! The rows as Postgres shows them, to compare the two.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::Tables;

pub(super) fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
    BTreeMap::from([
        ("dispatch", dispatches(tables)),
        ("shipment", shipments(tables)),
        ("parcel", parcels(tables)),
        ("refused_report", refused(tables)),
    ])
}

fn dispatches(tables: &Tables) -> Vec<Value> {
    let all = tables.dispatches.iter();
    all.map(|(order, it)| {
        json!({
            "order_id": order, "placed": text(&it.dispatch.placed),
            "course": it.dispatch.course.name(), "picks": it.picks,
            "standing": text(&it.dispatch.standing),
            "consignee": it.dispatch.recipient.as_ref().map(text),
        })
    })
    .collect()
}

fn shipments(tables: &Tables) -> Vec<Value> {
    let all =
        tables.shipments.iter().flat_map(|(order, rows)| rows.iter().map(move |it| (order, it)));
    all.map(|(order, (pick, it))| {
        json!({
            "order_id": order, "pick": pick, "warehouse": it.warehouse, "state": it.state.name(),
            "units": text(&it.units), "carrier": it.carrier, "tracking_no": it.tracking_no,
        })
    })
    .collect()
}

fn parcels(tables: &Tables) -> Vec<Value> {
    let all = tables.parcels.iter();
    all.map(|((carrier, number), it)| {
        json!({
            "carrier": carrier, "tracking_no": number, "shipments": text(&it.shipments),
            "said": it.said.as_ref().map(text),
        })
    })
    .collect()
}

fn refused(tables: &Tables) -> Vec<Value> {
    let all = tables.refused.iter();
    all.map(|(key, it)| {
        json!({
            "about": key.about, "reporter": key.reporter, "pick": key.pick, "what": key.what,
            "reason": key.reason.name(), "times": it.times, "first_at": it.first_at,
            "last_at": it.last_at, "body": it.body,
        })
    })
    .collect()
}

/// JSON in a column of text.
fn text(it: &impl Serialize) -> String {
    serde_json::to_string(it).unwrap_or_default()
}
