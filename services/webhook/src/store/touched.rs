//! What a batch touches: no rule reads or writes more of the books than this.

use std::collections::BTreeSet;

use chassis::Batch;
use contracts::{ChannelId, EndpointId, ExternalId, OrderId};
use jiff::Timestamp;

use crate::Inbound;
use crate::books::{Books, strand};

#[derive(Default)]
pub(crate) struct Touched {
    pub(crate) orders: BTreeSet<OrderId>,
    /// Those whose endpoints are called.
    pub(crate) channels: BTreeSet<ChannelId>,
    pub(crate) endpoints: BTreeSet<EndpointId>,
    pub(crate) strands: BTreeSet<String>,
    pub(crate) replays: BTreeSet<(EndpointId, Timestamp)>,
    /// Whether it is about deliveries that were written earlier.
    recorded: bool,
}

impl Touched {
    pub(crate) fn by(batch: &Batch<Inbound>) -> Self {
        let mut touched = Self::default();
        for message in batch.messages() {
            touched.add(message);
        }
        touched
    }

    fn add(&mut self, message: &Inbound) {
        match message {
            Inbound::OrderPlaced(it) => self.add_order(&it.channel, &it.external_id),
            Inbound::OrderStatus(it) => self.add_order(&it.channel, &it.external_id),
            Inbound::Shipped(it) => drop(self.orders.insert(it.order)),
            Inbound::Delivered(it) => drop(self.orders.insert(it.order)),
            Inbound::InvoiceIssued(it) => drop(self.orders.insert(it.order)),
            Inbound::SetEndpoint(it) => drop(self.endpoints.insert(it.endpoint.clone())),
            Inbound::RotateSecret(it) => drop(self.endpoints.insert(it.endpoint.clone())),
            Inbound::TestEndpoint(it) => {
                self.endpoints.insert(it.endpoint.clone());
                self.strands.insert(it.endpoint.to_string());
            }
            Inbound::Replay(it) => {
                self.endpoints.insert(it.endpoint.clone());
                self.replays.insert((it.endpoint.clone(), it.since));
            }
            Inbound::RecordCall(it) => {
                self.strands.insert(it.strand.clone());
                self.recorded = true;
            }
            Inbound::ReplayStrand(it) => {
                self.strands.insert(it.strand.clone());
                self.recorded = true;
            }
            Inbound::DisableEndpoint(it) => drop(self.endpoints.insert(it.endpoint.clone())),
        }
    }

    /// The orders were read: what they are called tells where they are delivered.
    pub(crate) fn know(&mut self, books: &Books) {
        for order in books.orders.values() {
            self.add_order(&order.channel, &order.external_id);
        }
    }

    /// Whether the deliveries of its strands are needed: where nobody wants to be called they are not.
    pub(crate) fn needs_deliveries(&self, books: &Books) -> bool {
        let nobody = books.endpoints.is_empty() && !self.channels.is_empty();
        !self.strands.is_empty() && (self.recorded || !nobody)
    }

    fn add_order(&mut self, channel: &ChannelId, external_id: &ExternalId) {
        self.channels.insert(channel.clone());
        self.strands.insert(strand(channel, external_id));
    }
}
