//! What happens to the books because of a message.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use contracts::intake::{OrderPlaced, Problem};
use contracts::webhook::{
    DisableEndpoint, EndpointDisabled, EndpointRefused, EndpointSet, RecordCall, Replay,
    ReplayBegun, ReplayStrand, RotateSecret, SecretRotated, SetEndpoint, TestEndpoint, TestWritten,
};
use contracts::{ChannelId, DeliveryId, EndpointId, ExternalId, OrderId};
use jiff::Timestamp;

use crate::body::Happening;
use crate::delivery::{Consequence, Delivery, DeliveryState, delivery_id};
use crate::endpoint::{Endpoint, EndpointState, problem};
use crate::{Inbound, Outbound};

/// How many strands one command replays at most.
pub(crate) const REPLAYED_AT_ONCE: usize = 5000;

/// As much of the books as a batch of messages touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    /// Addresses that are called though they are not public.
    pub(crate) allow: Vec<SocketAddr>,
    pub(crate) orders: BTreeMap<OrderId, Order>,
    /// The orders that this batch made known.
    pub(crate) placed: BTreeSet<OrderId>,
    pub(crate) endpoints: BTreeMap<EndpointId, Endpoint>,
    /// The endpoints that this batch changed.
    pub(crate) set: BTreeSet<EndpointId>,
    pub(crate) deliveries: BTreeMap<DeliveryId, Delivery>,
    /// The last number in each strand, to each endpoint.
    pub(crate) last: BTreeMap<(EndpointId, String), i32>,
    /// What the deliveries say that this batch wrote.
    pub(crate) written: BTreeMap<DeliveryId, String>,
    /// The deliveries, written earlier, that this batch changed.
    pub(crate) changed: BTreeSet<DeliveryId>,
    /// The calls that this batch was told of, and the endpoint of each.
    pub(crate) calls: Vec<(EndpointId, RecordCall)>,
    /// How many deliveries there are to be replayed, by strand, for each endpoint and time asked.
    pub(crate) strands: BTreeMap<(EndpointId, Timestamp), BTreeMap<String, i64>>,
}

/// Whose order it is, and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) number: String,
    pub(crate) channel: ChannelId,
    pub(crate) external_id: ExternalId,
}

impl Books {
    /// Enters one message into the books. Returns what webhook has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::OrderPlaced(it) => self.know(it),
            Inbound::OrderStatus(it) => {
                self.tell(now, &it.channel, &it.external_id, &Happening::status(&it));
                vec![]
            }
            Inbound::Shipped(it) => {
                self.tell_order(now, it.order, |order| Happening::shipped(order, &it))
            }
            Inbound::Delivered(it) => {
                self.tell_order(now, it.order, |order| Happening::delivered(order, &it))
            }
            Inbound::InvoiceIssued(it) => {
                self.tell_order(now, it.order, |order| Happening::invoiced(order, now, &it))
            }
            Inbound::SetEndpoint(it) => self.set(it),
            Inbound::RotateSecret(it) => self.rotate(now, it),
            Inbound::TestEndpoint(it) => self.test(now, it),
            Inbound::Replay(it) => self.replay(now, it),
            Inbound::RecordCall(it) => self.record(now, it),
            Inbound::ReplayStrand(it) => self.replay_strand(now, &it),
            Inbound::DisableEndpoint(it) => self.disable(now, it),
        }
    }

    /// Takes in a delivery that was written earlier.
    pub(crate) fn read(&mut self, id: DeliveryId, it: Delivery) {
        let last = self.last.entry((it.endpoint.clone(), it.strand.clone())).or_default();
        *last = it.number.max(*last);
        self.deliveries.insert(id, it);
    }

    // ---- What is told --------------------------------------------------------------------------

    fn know(&mut self, placed: OrderPlaced) -> Vec<Outbound> {
        let OrderPlaced { order, order_no: number, channel, external_id, .. } = placed;
        if let Entry::Vacant(it) = self.orders.entry(order) {
            it.insert(Order { number, channel, external_id });
            self.placed.insert(order);
        }
        vec![]
    }

    fn tell_order(
        &mut self,
        now: Timestamp,
        order: OrderId,
        put: impl FnOnce(&Order) -> Happening,
    ) -> Vec<Outbound> {
        // Placed before we began to listen: nobody knows whose it is.
        if let Some(order) = self.orders.get(&order) {
            let happening = put(order);
            let Order { channel, external_id, .. } = order.clone();
            self.tell(now, &channel, &external_id, &happening);
        }
        vec![]
    }

    /// Writes one delivery for each endpoint of the channel that wants it, once for each event.
    fn tell(&mut self, now: Timestamp, channel: &ChannelId, id: &ExternalId, it: &Happening) {
        let strand = strand(channel, id);
        let wanting: Vec<EndpointId> = self
            .endpoints
            .iter()
            .filter(|(_, to)| to.channel == *channel && to.wants(it.event))
            .filter(|(_, to)| to.state != EndpointState::Off)
            .map(|(id, _)| id.clone())
            .collect();
        for endpoint in wanting {
            self.write(now, endpoint, strand.clone(), it);
        }
    }

    /// Writes a delivery; one to an endpoint that is disabled only to be replayed.
    fn write(
        &mut self,
        now: Timestamp,
        endpoint: EndpointId,
        strand: String,
        it: &Happening,
    ) -> DeliveryId {
        let id = delivery_id(&endpoint, it.event, &it.what);
        if self.deliveries.contains_key(&id) {
            return id; // Written before.
        }
        let last = self.last.entry((endpoint.clone(), strand.clone())).or_default();
        *last += 1;
        let to = self.endpoints.get(&endpoint).map(|it| &it.state);
        let waiting = DeliveryState::Waiting { next_attempt_at: now };
        let active = to == Some(&EndpointState::Active);
        let delivery = Delivery {
            endpoint,
            strand,
            number: *last,
            event: it.event,
            written_at: now,
            attempts: 0,
            earlier: 0,
            state: if active { waiting } else { DeliveryState::GivenUp },
        };
        self.deliveries.insert(id, delivery);
        self.written.insert(id, it.body.clone());
        id
    }

    // ---- Endpoints -----------------------------------------------------------------------------

    fn set(&mut self, it: SetEndpoint) -> Vec<Outbound> {
        let (endpoint, channel) = (it.endpoint.clone(), it.channel.clone());
        match Endpoint::after(it, self.endpoints.get(&endpoint), &self.allow) {
            Err(problems) => refused(endpoint, problems),
            Ok(after) => {
                let signs_with = after.secret.mark();
                self.endpoints.insert(endpoint.clone(), after);
                self.set.insert(endpoint.clone());
                vec![EndpointSet { endpoint, channel, signs_with }.into()]
            }
        }
    }

    fn rotate(&mut self, now: Timestamp, it: RotateSecret) -> Vec<Outbound> {
        let id = it.endpoint.clone();
        let Some(endpoint) = self.endpoints.get_mut(&id) else { return unknown(id) };
        match endpoint.rotate(now, it) {
            Err(problems) => refused(id, problems),
            Ok(old_until) => {
                let signs_with = endpoint.secret.mark();
                self.set.insert(id.clone());
                vec![SecretRotated { endpoint: id, old_until, signs_with }.into()]
            }
        }
    }

    fn disable(&mut self, now: Timestamp, it: DisableEndpoint) -> Vec<Outbound> {
        let DisableEndpoint { endpoint: id, reason, because, .. } = it;
        let Some(endpoint) = self.endpoints.get_mut(&id) else { return vec![] };
        if endpoint.state != EndpointState::Active {
            return vec![]; // Several deliveries may come to that at once.
        }
        endpoint.state = EndpointState::Disabled(reason.clone(), because.clone());
        let channel = endpoint.channel.clone();
        self.set.insert(id.clone());
        vec![EndpointDisabled { endpoint: id, channel, reason, because, at: now }.into()]
    }

    fn test(&mut self, now: Timestamp, it: TestEndpoint) -> Vec<Outbound> {
        let TestEndpoint { endpoint, test } = it;
        if let Err(why) = self.active(&endpoint) {
            return why;
        }
        let happening = Happening::test(now, endpoint.as_str(), &test.to_string());
        let strand = endpoint.to_string(); // In the partition of the endpoint.
        let delivery = self.write(now, endpoint.clone(), strand, &happening);
        vec![TestWritten { endpoint, delivery }.into()]
    }

    /// That the endpoint is called, or the refusal.
    fn active(&self, id: &EndpointId) -> Result<(), Vec<Outbound>> {
        let state = self.endpoints.get(id).map(|it| &it.state);
        let found = match state {
            None => return Err(unknown(id.clone())),
            Some(EndpointState::Active) => return Ok(()),
            Some(EndpointState::Off) => "off",
            Some(EndpointState::Disabled(..)) => "disabled",
        };
        let expected = "an endpoint that is active; SetEndpoint makes it so";
        Err(refused(id.clone(), vec![problem("inactive", "/endpoint", found, expected)]))
    }

    // ---- Deliveries ----------------------------------------------------------------------------

    fn record(&mut self, now: Timestamp, it: RecordCall) -> Vec<Outbound> {
        let id = it.delivery;
        let Some(delivery) = self.deliveries.get_mut(&id) else {
            return vec![]; // Nobody but our own courier gives this command: not a delivery of ours.
        };
        let Some(consequence) = delivery.called(now, id, it.attempt, &it.outcome) else {
            return vec![]; // Told twice.
        };
        let endpoint = delivery.endpoint.clone();
        self.calls.push((endpoint.clone(), it));
        self.touch(id);
        match consequence {
            Consequence::None => vec![],
            Consequence::Disable(reason, because) => {
                vec![DisableEndpoint { endpoint, reason, because: Some(because), due: now }.into()]
            }
        }
    }

    /// Leaves a note for each order: its own worker sends its deliveries again.
    fn replay(&mut self, now: Timestamp, it: Replay) -> Vec<Outbound> {
        let Replay { endpoint, since } = it;
        if let Err(why) = self.active(&endpoint) {
            return why;
        }
        let strands = self.strands.get(&(endpoint.clone(), since)).cloned().unwrap_or_default();
        if strands.len() > REPLAYED_AT_ONCE {
            let expected = format!("a later time: at most {REPLAYED_AT_ONCE} orders at once");
            let fault = problem("replay.size", "/since", &since.to_string(), &expected);
            return refused(endpoint, vec![fault]);
        }
        let deliveries = strands.values().sum();
        let note =
            |strand| ReplayStrand { endpoint: endpoint.clone(), strand, since, due: now }.into();
        let mut said: Vec<Outbound> = strands.into_keys().map(note).collect();
        said.push(ReplayBegun { endpoint, deliveries }.into());
        said
    }

    fn replay_strand(&mut self, now: Timestamp, it: &ReplayStrand) -> Vec<Outbound> {
        let of_it = |(_, delivery): &(&DeliveryId, &mut Delivery)| {
            delivery.endpoint == it.endpoint
                && delivery.strand == it.strand
                && delivery.written_at >= it.since
        };
        let found = self.deliveries.iter_mut().filter(of_it);
        let again: Vec<DeliveryId> =
            found.filter_map(|(id, delivery)| delivery.replay(now).then_some(*id)).collect();
        for id in again {
            self.touch(id);
        }
        vec![]
    }

    fn touch(&mut self, id: DeliveryId) {
        if !self.written.contains_key(&id) {
            self.changed.insert(id);
        }
    }
}

/// The name of what is delivered one after the other. It falls into the partition of the order.
pub(crate) fn strand(channel: &ChannelId, external_id: &ExternalId) -> String {
    format!("{channel}{external_id}")
}

fn unknown(endpoint: EndpointId) -> Vec<Outbound> {
    let fault = problem("unknown", "/endpoint", endpoint.as_str(), "an endpoint that was set");
    refused(endpoint, vec![fault])
}

fn refused(endpoint: EndpointId, problems: Vec<Problem>) -> Vec<Outbound> {
    vec![EndpointRefused { endpoint, problems }.into()]
}
