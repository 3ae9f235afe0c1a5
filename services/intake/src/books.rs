//! As much of intake's books as a batch of messages touches. The same books, the same messages and
//! the same times always give the same answers: there is no clock here, no database, and no bus.

use std::collections::BTreeMap;

use chassis::Partition;
use contracts::intake::{CancelOrder, CancelRefusal, CancelRefused};
use contracts::{Actor, ChannelId, CustomerId, ExternalId, OrderId, OrderLine, Status, Timestamp};

use crate::carrying::Carried;
use crate::catalogue::Catalogue;
use crate::order::{Order, Turn};
use crate::vault::Entry;
use crate::{Inbound, Outbound};

/// How a channel calls an order.
pub(crate) type Name = (ChannelId, ExternalId);

/// What intake knows, as far as it matters now.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) partition: Partition,
    /// The number that the next order gets.
    pub(crate) next_no: i64,
    pub(crate) orders: BTreeMap<OrderId, Order>,
    /// Who gets them, as far as that may be wanted.
    pub(crate) vault: BTreeMap<OrderId, Entry>,
    pub(crate) references: BTreeMap<Name, Reference>,
    pub(crate) keys: BTreeMap<SharedKey, Held>,
    /// Orders of other partitions that hold one of the keys.
    pub(crate) elsewhere: BTreeMap<OrderId, Known>,
    pub(crate) catalogue: Catalogue,
    /// What was placed by this batch.
    pub(crate) placed: Vec<Placement>,
    /// What it took over from another system.
    pub(crate) carried: Vec<Carried>,
}

/// What became of what was handed in under one name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reference {
    /// The order, and the digest of its content.
    pub(crate) order: Option<(OrderId, Digest)>,
    /// How many refusals were told before there was an order.
    pub(crate) told: i64,
    /// The digests of what was refused on the stream, so that none is refused twice.
    pub(crate) refused: Vec<Digest>,
}

pub(crate) type Digest = [u8; 32];

/// A key under which an order may be known in every partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SharedKey {
    /// What the channel's transport calls the request.
    Idempotency(ChannelId, String),
    /// What the customer calls the order.
    PoNumber(CustomerId, String),
}

/// Who holds a key: nobody, as long as there is no order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Held {
    pub(crate) by: Option<Holder>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Holder {
    pub(crate) order: OrderId,
    pub(crate) digest: Digest,
    pub(crate) since: Timestamp,
}

/// What is told of an order that was placed before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) order_no: String,
    pub(crate) external_id: ExternalId,
    pub(crate) status: Status,
}

/// An order as it was placed, for good.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    pub(crate) order: OrderId,
    pub(crate) digest: Digest,
    pub(crate) placed_at: Timestamp,
    pub(crate) lines: Vec<OrderLine>,
}

impl SharedKey {
    /// What it is, whose, and how it reads.
    pub(crate) fn columns(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Idempotency(channel, key) => ("idempotency_key", channel.as_str(), key),
            Self::PoNumber(customer, key) => ("po_number", customer.as_str(), key),
        }
    }
}

impl Books {
    /// Enters one message into the books. Returns what intake has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::PlaceOrder(it) => self.place(now, &it),
            Inbound::OrderSubmitted(it) => self.submitted(now, &it),
            Inbound::CancelOrder(it) => self.cancel(now, &it),
            Inbound::CarryOver(it) => self.carry_over(now, &it),
            Inbound::ListItem(it) => {
                self.catalogue.list(&it);
                vec![]
            }
            Inbound::RegisterCustomer(it) => {
                self.catalogue.register(it);
                vec![]
            }
            Inbound::CreditApproved(it) => {
                self.turn(now, it.order, |turn| turn.credit_approved(&it))
            }
            Inbound::CreditHeld(it) => self.turn(now, it.order, |turn| turn.credit_held(&it)),
            Inbound::HoldReleased(it) => self.turn(now, it.order, |turn| turn.hold_released(&it)),
            Inbound::HoldRefused(it) => self.turn(now, it.order, |turn| turn.hold_refused(&it)),
            Inbound::HoldOverdue(it) => self.turn(now, it.order, |turn| turn.hold_overdue(&it)),
            Inbound::StockClaimed(it) => self.turn(now, it.order, |turn| turn.stock_claimed(&it)),
            Inbound::BackorderFilled(it) => {
                self.turn(now, it.order, |turn| turn.backorder_filled(&it))
            }
            Inbound::ClaimsWithdrawn(it) => {
                self.turn(now, it.order, |turn| turn.claims_withdrawn(&it))
            }
            Inbound::LeaseExpired(it) => self.turn(now, it.order, |turn| turn.lease_expired(&it)),
            Inbound::ClaimsPromoted(it) => {
                self.turn(now, it.order, |turn| turn.claims_promoted(&it))
            }
            Inbound::PromotionRefused(it) => {
                self.turn(now, it.order, |turn| turn.promotion_refused(&it))
            }
            Inbound::PaymentCaptured(it) => {
                self.turn(now, it.order, |turn| turn.payment_captured(&it))
            }
            Inbound::PaymentOverdue(it) => {
                self.turn(now, it.order, |turn| turn.payment_overdue(&it))
            }
            Inbound::PickRequested(it) => self.turn(now, it.order, |turn| turn.pick_requested(&it)),
            Inbound::PickStarted(it) => self.turn(now, it.order, |turn| turn.pick_started(&it)),
            Inbound::Picked(it) => self.turn(now, it.order, |turn| turn.picked(&it)),
            Inbound::Packed(it) => self.turn(now, it.order, |turn| turn.packed(&it)),
            Inbound::Shipped(it) => self.turn(now, it.order, |turn| turn.shipped(&it)),
            Inbound::Delivered(it) => self.turn(now, it.order, |turn| turn.delivered(&it)),
            Inbound::DeliveryRefused(it) => {
                self.turn(now, it.order, |turn| turn.delivery_refused(&it))
            }
            Inbound::Returned(it) => self.turn(now, it.order, |turn| turn.returned(&it)),
            Inbound::InvoiceIssued(it) => self.turn(now, it.order, |turn| turn.invoice_issued(&it)),
            Inbound::ReleaseWithdrawn(it) => {
                self.turn(now, it.order, |turn| turn.release_withdrawn(&it))
            }
            Inbound::WithdrawalRefused(it) => {
                self.turn(now, it.order, |turn| turn.withdrawal_refused(&it))
            }
            Inbound::GivenUp(it) => self.turn(now, it.order, |turn| turn.given_up(&it)),
        }
    }

    /// Tells an order what happened. Nothing happens to an order that is not there, or is over.
    fn turn(
        &mut self,
        now: Timestamp,
        order: OrderId,
        happen: impl FnOnce(&mut Turn<'_>),
    ) -> Vec<Outbound> {
        match self.orders.get_mut(&order) {
            Some(it) if !it.is_over() => take_turn(now, it, self.vault.get(&order), happen),
            Some(_) | None => vec![],
        }
    }

    fn cancel(&mut self, now: Timestamp, told: &CancelOrder) -> Vec<Outbound> {
        let asks = |it: &&mut Order| told.channel.as_ref().is_none_or(|by| *by == it.facts.channel);
        let Some(it) = self.orders.get_mut(&told.order).filter(asks) else {
            let (status, because) = (None, CancelRefusal::Unknown);
            return vec![CancelRefused { order: told.order, status, because }.into()];
        };
        take_turn(now, it, None, |turn| turn.cancel_order(told))
    }
}

fn take_turn(
    now: Timestamp,
    order: &mut Order,
    entry: Option<&Entry>,
    happen: impl FnOnce(&mut Turn<'_>),
) -> Vec<Outbound> {
    let mut turn = Turn { now, by: Actor::house(), order, entry, said: vec![] };
    happen(&mut turn);
    turn.said
}
