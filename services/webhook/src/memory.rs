//! The books in memory, for the simulation and the bench: the same rules over maps, with the keys and
//! checks of the schema. What may not be fails here as it does there.

mod audit;
mod due;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::webhook::RecordCall;
use contracts::{DeliveryId, EndpointId, OrderId};
use jiff::Timestamp;
use serde_json::Value;

pub use self::audit::{audit, audit_last, audit_of};
pub use self::due::Waiting;
use crate::books::{Books, Order, REPLAYED_AT_ONCE, strand};
use crate::delivery::{Delivery, DeliveryState};
use crate::endpoint::{Endpoint, EndpointState};
use crate::store::Touched;
use crate::{Inbound, Outbound, Webhook};

/// The tables of webhook.
#[derive(Debug, Default)]
pub struct Tables {
    orders: BTreeMap<OrderId, Order>,
    endpoints: BTreeMap<EndpointId, Endpoint>,
    /// By their strand.
    deliveries: BTreeMap<String, BTreeMap<DeliveryId, Written>>,
    /// By endpoint and strand, in their order.
    numbers: BTreeMap<(EndpointId, String), BTreeMap<i32, DeliveryId>>,
    calls: BTreeMap<(String, DeliveryId, i32), (EndpointId, RecordCall)>,
    /// The strands of which the last batch wrote or changed a delivery.
    touched: BTreeSet<String>,
}

/// A delivery, and what it says.
#[derive(Debug)]
struct Written {
    delivery: Delivery,
    body: String,
}

/// What a batch changes: the books as they are after it.
#[derive(Debug)]
pub struct Change(Books);

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub delivery: DeliveryId,
    pub endpoint: EndpointId,
    /// `order.status`
    pub event: &'static str,
    /// 1, 2, 3 … in the strand, to this endpoint.
    pub number: i32,
    pub attempts: i32,
    /// `waiting`, `delivered` or `given_up`.
    pub state: &'static str,
    pub body: String,
}

impl InMemory for Webhook {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let books = tables.load(&batch);
        let (decided, books) = self.decide_over(books, batch);
        (decided, Change(books))
    }

    fn keep(tables: &mut Tables, Change(books): Change) {
        tables.save(books);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
        tables.rows()
    }
}

impl Tables {
    /// The orders that it knows.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.orders.keys().copied()
    }

    /// Where the events of an order are delivered one after the other.
    pub fn strand_of(&self, order: OrderId) -> Option<String> {
        self.orders.get(&order).map(|it| strand(&it.channel, &it.external_id))
    }

    /// Every strand in which something is delivered.
    pub fn strands(&self) -> impl Iterator<Item = &str> {
        self.deliveries.keys().map(String::as_str)
    }

    /// The deliveries of a strand, by endpoint, in their order.
    pub fn deliveries(&self, strand: &str) -> Vec<Told> {
        let deliveries = self.deliveries.get(strand).into_iter().flatten();
        let mut told: Vec<Told> = deliveries.map(|(id, it)| it.told(*id)).collect();
        told.sort_by(|one, other| {
            (&one.endpoint, one.number).cmp(&(&other.endpoint, other.number))
        });
        told
    }

    /// Reads what a batch touches, as the store does.
    fn load(&self, batch: &Batch<Inbound>) -> Books {
        let mut touched = Touched::by(batch);
        let mut books = Books::default();
        let known = |it: &OrderId| Some((*it, self.orders.get(it)?.clone()));
        books.orders = touched.orders.iter().filter_map(known).collect();
        touched.know(&books);
        let wanted = |(id, it): &(&EndpointId, &Endpoint)| {
            touched.channels.contains(&it.channel) || touched.endpoints.contains(*id)
        };
        let endpoints = self.endpoints.iter().filter(wanted);
        books.endpoints = endpoints.map(|(id, it)| (id.clone(), it.clone())).collect();
        if touched.needs_deliveries(&books) {
            let strands = touched.strands.iter().filter_map(|it| self.deliveries.get(it));
            for (id, it) in strands.flatten() {
                books.read(*id, it.delivery.clone());
            }
        }
        for (endpoint, since) in touched.replays {
            let found = self.to_replay(&endpoint, since);
            books.strands.insert((endpoint, since), found);
        }
        books
    }

    /// How many deliveries to an endpoint there are to be replayed, by strand.
    fn to_replay(&self, endpoint: &EndpointId, since: Timestamp) -> BTreeMap<String, i64> {
        let since = micros(since);
        let own = self.numbers.range((endpoint.clone(), String::new())..);
        let own = own.take_while(|it| it.0.0 == *endpoint);
        let counted = own.filter_map(|((_, strand), ids)| {
            let deliveries = self.deliveries.get(strand)?;
            let found = ids.values().filter_map(|it| deliveries.get(it)).filter(|it| {
                let waits = matches!(it.delivery.state, DeliveryState::Waiting { .. });
                it.delivery.written_at >= since && !waits
            });
            let count = i64::try_from(found.count()).unwrap_or(i64::MAX);
            (count > 0).then(|| (strand.clone(), count))
        });
        counted.take(REPLAYED_AT_ONCE + 1).collect()
    }

    /// Writes down what a batch changed, in the order in which the store does.
    fn save(&mut self, mut books: Books) {
        let touched = books.written.keys().chain(&books.changed);
        let touched = touched.filter_map(|it| books.deliveries.get(it));
        self.touched = touched.map(|it| it.strand.clone()).collect();
        for id in &books.placed {
            if let Some(it) = books.orders.get(id) {
                self.orders.entry(*id).or_insert_with(|| it.clone());
            }
        }
        for id in &books.set {
            if let Some(it) = books.endpoints.get(id) {
                self.set(id, it);
            }
        }
        for (id, body) in std::mem::take(&mut books.written) {
            if let Some(delivery) = books.deliveries.get(&id) {
                self.write(id, delivery.clone(), body);
            }
        }
        for id in &books.changed {
            let Some(it) = books.deliveries.get(id) else { continue };
            let strand = self.deliveries.get_mut(&it.strand);
            let Some(known) = strand.and_then(|of| of.get_mut(id)) else { continue };
            check("delivery_check", 0 <= it.earlier && it.earlier <= it.attempts, it);
            let kept = &mut known.delivery;
            (kept.state, kept.attempts, kept.earlier) = (it.state, it.attempts, it.earlier);
        }
        for (endpoint, mut call) in books.calls {
            call.at = micros(call.at);
            let key = (call.strand.clone(), call.delivery, call.attempt);
            let again = self.calls.insert(key, (endpoint, call));
            check("call_pkey", again.is_none(), &again);
        }
    }

    fn set(&mut self, id: &EndpointId, it: &Endpoint) {
        check("endpoint_events_check", !it.events.is_empty(), id);
        let channel = self.endpoints.get(id).unwrap_or(it).channel.clone(); // It never changes.
        self.endpoints.insert(id.clone(), Endpoint { channel, ..it.clone() });
    }

    fn write(&mut self, id: DeliveryId, delivery: Delivery, body: String) {
        let Delivery { endpoint, strand, number, .. } = &delivery;
        let numbers = self.numbers.entry((endpoint.clone(), strand.clone())).or_default();
        let twice = numbers.insert(*number, id);
        check("delivery_endpoint_id_strand_number_key", twice.is_none(), &delivery);
        let strand = self.deliveries.entry(strand.clone()).or_default();
        let again = strand.insert(id, Written { delivery, body });
        check("delivery_pkey", again.is_none(), &again);
    }
}

impl Written {
    fn told(&self, delivery: DeliveryId) -> Told {
        let it = &self.delivery;
        Told {
            delivery,
            endpoint: it.endpoint.clone(),
            event: it.event.name(),
            number: it.number,
            attempts: it.attempts,
            state: crate::store::delivery_columns(it.state).0,
            body: self.body.clone(),
        }
    }
}

/// Postgres keeps times in whole microseconds.
fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn check(constraint: &str, holds: bool, found: &impl std::fmt::Debug) {
    assert!(holds, "{constraint}: {found:?}");
}
