//! What a batch touches, found out before anything is loaded.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Batch;
use contracts::{CustomerId, OrderId, Sku, Status};

use crate::Inbound;
use crate::books::{Name, SharedKey};
use crate::order::Order;
use crate::placement::idempotency_key;
use crate::submission::{customer_of, items_of, po_number_of};

/// What of the books a batch touches: so much is loaded.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) orders: BTreeSet<OrderId>,
    pub(crate) names: BTreeSet<Name>,
    pub(crate) keys: BTreeSet<SharedKey>,
    pub(crate) items: BTreeSet<Sku>,
    pub(crate) customers: BTreeSet<CustomerId>,
    /// How many orders may be placed.
    pub(crate) placements: i64,
    /// Orders that may be confirmed: credit agreed, or stock is claimed, or firm.
    agreed: BTreeSet<OrderId>,
    claimed: BTreeSet<OrderId>,
}

impl Wanted {
    pub(crate) fn of(batch: &Batch<Inbound>) -> Self {
        let mut wanted = Self::default();
        batch.messages().for_each(|it| wanted.note(it));
        wanted
    }

    /// The orders of which it matters who gets them: the batch may confirm them.
    pub(crate) fn entries(&self, orders: &BTreeMap<OrderId, Order>) -> Vec<OrderId> {
        let either = self.agreed.union(&self.claimed);
        either.filter(|it| orders.get(it).is_some_and(|it| self.may_confirm(it))).copied().collect()
    }

    fn may_confirm(&self, order: &Order) -> bool {
        let (id, course) = (&order.facts.order, &order.course);
        order.process != Status::Confirmed
            && !order.is_over()
            && (course.approved || self.agreed.contains(id))
            && (!course.sourcing || self.claimed.contains(id))
    }

    fn note(&mut self, message: &Inbound) {
        match message {
            Inbound::PlaceOrder(it) => {
                self.handed(&it.order, (it.channel.clone(), it.external_id.clone()));
                let key = it.idempotency_key.as_deref();
                self.keys.extend(idempotency_key(&it.channel, &it.external_id, key));
            }
            Inbound::OrderSubmitted(it) => {
                self.handed(&it.body, (it.channel.clone(), it.external_id.clone()));
            }
            Inbound::CarryOver(it) => {
                self.names.insert((it.channel.clone(), it.external_id.clone()));
            }
            // They are written as they come.
            Inbound::ListItem(_) | Inbound::RegisterCustomer(_) => {}
            Inbound::CreditApproved(it) => self.agreed(it.order),
            Inbound::HoldReleased(it) => self.agreed(it.order),
            Inbound::StockClaimed(it) => self.claimed(it.order),
            Inbound::ClaimsPromoted(it) => self.claimed(it.order),
            Inbound::PromotionRefused(it) => self.claimed(it.order),
            Inbound::CancelOrder(it) => self.order(it.order),
            Inbound::CreditHeld(it) => self.order(it.order),
            Inbound::HoldRefused(it) => self.order(it.order),
            Inbound::HoldOverdue(it) => self.order(it.order),
            Inbound::BackorderFilled(it) => self.order(it.order),
            Inbound::ClaimsWithdrawn(it) => self.order(it.order),
            Inbound::LeaseExpired(it) => self.order(it.order),
            Inbound::PaymentCaptured(it) => self.order(it.order),
            Inbound::PaymentOverdue(it) => self.order(it.order),
            Inbound::PickRequested(it) => self.order(it.order),
            Inbound::PickStarted(it) => self.order(it.order),
            Inbound::Picked(it) => self.order(it.order),
            Inbound::Packed(it) => self.order(it.order),
            Inbound::Shipped(it) => self.order(it.order),
            Inbound::Delivered(it) => self.order(it.order),
            Inbound::DeliveryRefused(it) => self.order(it.order),
            Inbound::Returned(it) => self.order(it.order),
            Inbound::InvoiceIssued(it) => self.order(it.order),
            Inbound::ReleaseWithdrawn(it) => self.order(it.order),
            Inbound::WithdrawalRefused(it) => self.order(it.order),
            Inbound::GivenUp(it) => self.order(it.order),
        }
    }

    fn order(&mut self, order: OrderId) {
        self.orders.insert(order);
    }

    fn agreed(&mut self, order: OrderId) {
        self.orders.insert(order);
        self.agreed.insert(order);
    }

    fn claimed(&mut self, order: OrderId) {
        self.orders.insert(order);
        self.claimed.insert(order);
    }

    fn handed(&mut self, body: &serde_json::Value, name: Name) {
        self.names.insert(name);
        self.placements += 1;
        self.items.extend(items_of(body));
        let Some(customer) = customer_of(body) else { return };
        let po_number = po_number_of(body).map(|it| SharedKey::PoNumber(customer.clone(), it));
        self.keys.extend(po_number);
        self.customers.insert(customer);
    }
}
