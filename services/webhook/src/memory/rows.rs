use std::collections::BTreeMap;

use contracts::webhook::RecordCall;
use contracts::{DeliveryId, EndpointId};
use serde_json::{Value, json};

use super::{Tables, Written};
use crate::endpoint::Endpoint;
use crate::store::{call_columns, delivery_columns, endpoint_columns};

impl Tables {
    /// The rows of each table, as Postgres shows them.
    pub(super) fn rows(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let orders = self.orders.iter().map(|(id, it)| {
            json!({
                "order_id": id, "order_no": it.number, "channel": it.channel,
                "external_id": it.external_id,
            })
        });
        let endpoints = self.endpoints.iter().map(|(id, it)| endpoint_row(id, it));
        let deliveries = self.deliveries.values().flatten();
        let deliveries = deliveries.map(|(id, it)| delivery_row(*id, it));
        let calls = self.calls.values().map(|(endpoint, it)| call_row(endpoint, it));
        BTreeMap::from([
            ("placed_order", orders.collect()),
            ("endpoint", endpoints.collect()),
            ("delivery", deliveries.collect()),
            ("call", calls.collect()),
        ])
    }
}

fn endpoint_row(id: &EndpointId, it: &Endpoint) -> Value {
    let (state, reason, because) = endpoint_columns(&it.state);
    let events: Vec<&str> = it.events.iter().map(|it| it.name()).collect();
    json!({
        "endpoint_id": id, "channel": it.channel, "url": it.url, "events": events,
        "state": state, "reason": reason, "because": because, "secret": it.secret,
        "old_secret": it.old_secret.as_ref().map(|it| &it.0),
        "old_secret_until": it.old_secret.as_ref().map(|it| it.1),
    })
}

fn delivery_row(id: DeliveryId, Written { delivery: it, body }: &Written) -> Value {
    let (state, next) = delivery_columns(it.state);
    json!({
        "strand": it.strand, "delivery_id": id, "endpoint_id": it.endpoint, "number": it.number,
        "event": it.event.name(), "body": body, "written_at": it.written_at, "state": state,
        "attempts": it.attempts, "earlier": it.earlier, "next_attempt_at": next,
    })
}

fn call_row(endpoint: &EndpointId, it: &RecordCall) -> Value {
    let (status, answer, fault) = call_columns(&it.outcome);
    json!({
        "strand": it.strand, "delivery_id": it.delivery, "attempt": it.attempt,
        "endpoint_id": endpoint, "at": it.at, "millis": it.millis, "status": status,
        "answer": answer, "fault": fault,
    })
}
