//! What must hold of the books, computed from scratch over their rows. Each sentence is a violation.

use std::collections::BTreeMap;

use contracts::webhook::HookEvent;
use contracts::{DeliveryId, EndpointId};
use serde_json::Value;

use super::{Tables, Written};
use crate::delivery::{DeliveryState, delivery_id};

/// All of it: every strand, and that no delivery is in two of them.
pub fn audit(tables: &Tables) -> Vec<String> {
    let mut wrong: Vec<String> = tables.strands().flat_map(|it| audit_of(tables, it)).collect();
    let mut strands: BTreeMap<DeliveryId, &str> = BTreeMap::new();
    for (strand, deliveries) in &tables.deliveries {
        for id in deliveries.keys() {
            if let Some(other) = strands.insert(*id, strand) {
                wrong.push(format!("delivery {id} is in the strands {other} and {strand}"));
            }
        }
    }
    for (strand, id, attempt) in tables.calls.keys() {
        let delivery = tables.deliveries.get(strand).and_then(|it| it.get(id));
        if delivery.is_none_or(|it| *attempt > it.delivery.attempts) {
            wrong.push(format!("call {attempt} of {id} in {strand}, which has {delivery:?}"));
        }
    }
    wrong
}

/// What is wrong with the strands that the last batch wrote to. Costs as much as those strands,
/// however large the tables are.
pub fn audit_last(tables: &Tables) -> Vec<String> {
    tables.touched.iter().flat_map(|it| audit_of(tables, it)).collect()
}

/// What can be wrong with a strand: after each step, with those that it was about. To each endpoint,
/// each event is delivered once, under one id, in its place.
pub fn audit_of(tables: &Tables, strand: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut events: BTreeMap<(&EndpointId, HookEvent, String), DeliveryId> = BTreeMap::new();
    let mut numbers: BTreeMap<&EndpointId, Vec<i32>> = BTreeMap::new();
    for (id, written) in tables.deliveries.get(strand).into_iter().flatten() {
        let it = &written.delivery;
        let what = what(written);
        if delivery_id(&it.endpoint, it.event, &what) != *id {
            wrong.push(format!("delivery {id} of {strand} is not named after its event: {what}"));
        }
        if let Some(other) = events.insert((&it.endpoint, it.event, what), *id) {
            wrong.push(format!("{other} and {id} of {strand} tell the same: {}", written.body));
        }
        numbers.entry(&it.endpoint).or_default().push(it.number);
        if let Some(fault) = calls(tables, *id, written) {
            wrong.push(format!("delivery {id} of {strand} {fault}"));
        }
    }
    for (endpoint, mut numbers) in numbers {
        numbers.sort_unstable();
        let last = i32::try_from(numbers.len()).unwrap_or(i32::MAX);
        if !numbers.iter().copied().eq(1..=last) {
            wrong.push(format!("strand {strand} has the numbers {numbers:?} to {endpoint}"));
        }
    }
    wrong
}

/// It was called as often as it says, and what is delivered was taken.
fn calls(tables: &Tables, id: DeliveryId, written: &Written) -> Option<String> {
    let it = &written.delivery;
    if !tables.endpoints.contains_key(&it.endpoint) {
        return Some(format!("goes to {}, which was never set", it.endpoint));
    }
    let key = |attempt| (it.strand.clone(), id, attempt);
    let calls = tables.calls.range(key(i32::MIN)..=key(i32::MAX));
    let calls: Vec<(i32, Option<i32>)> = calls
        .map(|((_, _, attempt), (_, call))| (*attempt, crate::store::call_columns(&call.outcome).0))
        .collect();
    let taken = calls.iter().any(|it| it.1.is_some_and(|it| (200..300).contains(&it)));
    let last = calls.last().map_or(0, |it| it.0);
    let delivered = it.state == DeliveryState::Delivered;
    let sound = last == it.attempts && (taken || !delivered) && it.earlier <= it.attempts;
    (!sound).then(|| format!("is {it:?}, and its calls were {calls:?}"))
}

/// What distinguishes an event from others of its kind, out of what is told of it.
fn what(written: &Written) -> String {
    let body: Value = serde_json::from_str(&written.body).unwrap_or_default();
    let data = |name: &str| match body.get("data").and_then(|it| it.get(name)) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    match written.delivery.event {
        HookEvent::OrderStatus => {
            format!("{} {} {}", data("channel"), data("external_id"), data("number"))
        }
        HookEvent::OrderShipped | HookEvent::OrderDelivered => data("shipment"),
        HookEvent::OrderInvoiced => data("invoice"),
        HookEvent::Test => data("test"),
    }
}
