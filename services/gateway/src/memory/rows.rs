use std::collections::BTreeMap;

use contracts::OrderId;
use serde_json::{Value, json};

use super::Tables;
use crate::store::Head;
use crate::views::View;

impl Tables {
    /// The rows of each table, as Postgres shows them.
    pub(super) fn rows(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let heads = self.heads.values().map(|(partition, it)| head_row(partition.number, it));
        let parts = self.timeline.iter().flat_map(|(order, parts)| {
            parts.iter().map(move |(number, entries)| {
                json!({ "order_id": order, "number": number, "entries": read(entries) })
            })
        });
        let shorts = self.shorts.values().map(|it| {
            json!({
                "order_id": it.order, "pick": it.pick, "warehouse": it.warehouse,
                "units": it.units, "at": it.at,
            })
        });
        let levels = self.levels.values().map(|it| {
            json!({
                "sku": it.sku, "number": it.number, "sellable": it.sellable,
                "warehouses": it.warehouses, "at": it.at,
            })
        });
        BTreeMap::from([
            ("order_head", heads.collect()),
            ("order_state", self.states.iter().map(|(order, it)| state_row(*order, it)).collect()),
            ("timeline_part", parts.collect()),
            ("short_pick", shorts.collect()),
            ("stock_level", levels.collect()),
        ])
    }
}

fn head_row(partition: u32, it: &Head) -> Value {
    json!({
        "order_id": it.order, "partition": partition, "order_no": it.order_no,
        "channel": it.channel, "external_id": it.external_id, "customer": it.customer,
        "tier": it.tier, "kind": it.kind, "urgent": it.urgent, "terms": it.terms,
        "currency": it.currency, "net_cents": it.net, "tax_cents": it.tax,
        "freight_cents": it.freight, "total_cents": it.total, "entered_by": it.entered_by,
        "placed_at": it.placed_at, "lines": read(&it.lines),
    })
}

fn state_row(order: OrderId, it: &View) -> Value {
    json!({
        "order_id": order, "status": it.status.name(), "status_number": it.status_number,
        "status_at": it.status_at, "reason": it.reason, "version": it.version,
        "priority": it.priority, "changed_at": it.changed_at, "confirmed_at": it.times.confirmed,
        "released_at": it.times.released, "shipped_at": it.times.shipped,
        "delivered_at": it.times.delivered, "completed_at": it.times.completed,
        "summary": it.summary,
    })
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}
