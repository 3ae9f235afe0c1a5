//! The rules of finance. The same books, the same messages and the same times always give the same
//! answers: there is no clock here, no database, and no bus.

use std::collections::BTreeMap;

use chassis::plant::{Bug, planted};
use contracts::finance::{OrderSettled, RefundDue};
use contracts::fulfilment::{Delivered, Returned, Shipped};
use contracts::intake::OrderPlaced;
use contracts::inventory::StockReceived;
use contracts::{Cents, Currency, ItemUnits, OrderId, ShipmentId, Timestamp, Uuid};

use crate::invoice::PAYMENT_DAYS;
use crate::invoice::{Numbering, number_wanted};
use crate::journal::{self, Journal, Occasion};
use crate::payment::{OddReport, Payment};
use crate::sale::{DepositState, File, Parcel, PaymentKey, Sale, SaleLine, Stage, State};
use crate::{Inbound, Outbound};

/// As much of the books as a batch of messages touches, and what it adds to them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) files: BTreeMap<OrderId, File>,
    pub(crate) payments: BTreeMap<PaymentKey, Payment>,
    pub(crate) odd_reports: BTreeMap<Uuid, OddReport>,
    pub(crate) numbering: Numbering,
    /// The closing accounts of orders, and when they were drawn up.
    pub(crate) settlements: Vec<(Timestamp, OrderSettled)>,
    pub(crate) journal: Journal,
}

impl Books {
    /// Enters one message into the books. Returns what finance has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::OrderPlaced(it) => self.open(now, it),
            Inbound::CreditApproved(it) => self.agree(it.order, it.payment_days),
            Inbound::HoldReleased(it) => self.agree(it.order, it.payment_days),
            Inbound::Shipped(it) => self.ship(now, &it),
            Inbound::Delivered(it) => self.deliver(now, &it),
            Inbound::Returned(it) => self.take_back(now, &it),
            Inbound::OrderCancelled(it) => self.end(now, it.order, State::Cancelled),
            Inbound::OrderExpired(it) => self.end(now, it.order, State::Expired),
            Inbound::OrderCompleted(it) => self.end(now, it.order, State::Completing),
            Inbound::StockReceived(it) => self.receive(now, &it),
            Inbound::PaymentReported(it) => self.report(now, &it),
            Inbound::PaymentNoted(it) => self.note(now, it),
            Inbound::NumberWanted(it) => self.number(now, &it),
            Inbound::NumberGiven(it) => self.invoice(now, &it),
        }
    }

    fn open(&mut self, now: Timestamp, placed: OrderPlaced) -> Vec<Outbound> {
        let order = placed.order;
        let file = self.files.entry(order).or_default();
        if file.sale.is_some() {
            return vec![]; // An order is placed once.
        }
        file.sale = Some(Sale::of(placed));
        let mut waiting: Vec<_> =
            file.deposits.iter().filter(|(_, it)| it.state == DepositState::Waiting).collect();
        waiting.sort_by_key(|(_, it)| it.noted_at);
        let waiting: Vec<PaymentKey> = waiting.into_iter().map(|(key, _)| key.clone()).collect();
        waiting.iter().flat_map(|it| self.book(now, order, it)).collect()
    }

    /// Notes within how many days credit has the order's invoices paid.
    fn agree(&mut self, order: OrderId, days: i32) -> Vec<Outbound> {
        if let Some(File { sale: Some(sale), .. }) = self.files.get_mut(&order) {
            sale.payment_days = days;
        }
        vec![] // Else nobody placed such an order.
    }

    fn ship(&mut self, now: Timestamp, it: &Shipped) -> Vec<Outbound> {
        self.issue(now, it.order, it.shipment, &it.units);
        vec![]
    }

    /// Issues goods for an order, unless that was done for this shipment.
    fn issue(&mut self, now: Timestamp, order: OrderId, shipment: ShipmentId, units: &[ItemUnits]) {
        let Some(File { sale: Some(sale), parcels, .. }) = self.files.get_mut(&order) else {
            return; // Nobody placed such an order.
        };
        if parcels.contains_key(&shipment) {
            return; // A shipment leaves once.
        }
        let cost = sale.cost_of(units);
        let nothing = Cents::ZERO;
        let stage = Stage::Dispatched;
        parcels.insert(shipment, Parcel { stage, cost, net: nothing, tax: nothing, paid: nothing });
        let occasion = about(order, sale.currency, shipment.0, now);
        self.journal.enter(occasion, journal::goods_issued(cost));
    }

    fn deliver(&mut self, now: Timestamp, it: &Delivered) -> Vec<Outbound> {
        let Delivered { order, shipment, .. } = *it;
        self.issue(now, order, shipment, &it.units); // What arrives has left, told or not.
        let Some(File { sale: Some(sale), parcels, .. }) = self.files.get_mut(&order) else {
            return vec![]; // Nobody placed such an order.
        };
        let is_first = !parcels.values().any(Parcel::is_delivered);
        let Some(parcel @ Parcel { stage: Stage::Dispatched, .. }) = parcels.get_mut(&shipment)
        else {
            return vec![]; // It was delivered before, or has come back.
        };
        let (net, tax) = sale.deliver(&it.units);
        let freight = if is_first { sale.freight } else { Cents::ZERO };
        (parcel.net, parcel.tax) = (net + freight, tax);
        parcel.stage = Stage::Delivered;
        let occasion = about(order, sale.currency, shipment.0, now);
        self.journal.enter(occasion, journal::revenue_earned(parcel.net, parcel.tax));
        self.journal.enter(occasion, journal::cost_incurred(parcel.cost));
        vec![number_wanted(order, shipment, now).into()]
    }

    fn take_back(&mut self, now: Timestamp, it: &Returned) -> Vec<Outbound> {
        let Some(File { sale: Some(sale), parcels, .. }) = self.files.get_mut(&it.order) else {
            return vec![]; // Nobody placed such an order.
        };
        let Some(parcel @ Parcel { stage: Stage::Dispatched, .. }) = parcels.get_mut(&it.shipment)
        else {
            // It never left, is back already, or was delivered: that takes a credit note.
            return vec![];
        };
        parcel.stage = Stage::Returned;
        let occasion = about(it.order, sale.currency, it.shipment.0, now);
        self.journal.enter(occasion, journal::refused_goods_back(parcel.cost));
        vec![]
    }

    /// Ends an order. Money in hand that nothing needs any more goes back.
    fn end(&mut self, now: Timestamp, order: OrderId, state: State) -> Vec<Outbound> {
        let Some(File { sale: Some(sale @ Sale { state: State::Open, .. }), .. }) =
            self.files.get_mut(&order)
        else {
            return vec![]; // Nobody placed such an order, or it ended before.
        };
        sale.state = state;
        let mut said: Vec<Outbound> =
            self.close(now, order).map(Outbound::from).into_iter().collect();
        said.extend(self.refund(now, order, order.0).map(Outbound::from));
        said
    }

    /// Draws up the closing account of an order that is completed, as soon as all that was delivered
    /// is invoiced: its completion may be heard before the numbers of its last invoices are.
    pub(crate) fn close(&mut self, now: Timestamp, order: OrderId) -> Option<OrderSettled> {
        let file = self.files.get_mut(&order)?;
        let waits = file.parcels.values().any(|it| it.stage == Stage::Delivered);
        let sale = file.sale.as_mut().filter(|it| it.state == State::Completing && !waits)?;
        sale.state = State::Completed;
        let settled = file.settle(order)?;
        self.settlements.push((now, settled.clone()));
        Some(settled)
    }

    /// Gives back what is in hand and not needed, because of an order's end or a late payment.
    pub(crate) fn refund(
        &mut self,
        now: Timestamp,
        order: OrderId,
        cause: Uuid,
    ) -> Option<RefundDue> {
        let file = self.files.get_mut(&order)?;
        let amount = file.unneeded();
        if amount == Cents::ZERO {
            return None;
        }
        if !planted(Bug::RefundTwice) {
            file.draw(amount);
        }
        let Sale { customer, currency, .. } = file.sale.as_ref()?;
        let (customer, currency) = (customer.clone(), *currency);
        self.journal.enter(about(order, currency, cause, now), journal::deposit_returned(amount));
        Some(RefundDue { order, customer, amount, currency })
    }

    fn receive(&mut self, now: Timestamp, it: &StockReceived) -> Vec<Outbound> {
        let Some(cost) = it.unit_cost.0.checked_mul(it.quantity) else {
            tracing::warn!(document = it.document, "a receipt of {} is beyond all value", it.sku);
            return vec![];
        };
        // A document is unique in its warehouse and item. Stock is valued in the books' currency.
        let name = format!("receipt.{}.{}.{}", it.warehouse, it.sku, it.document);
        let cause = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let occasion = Occasion { cause, order: None, currency: Currency::CNY, at: now };
        self.journal.enter(occasion, journal::goods_received(Cents(cost)));
        vec![]
    }
}

/// The occasion of an entry about an order.
pub(crate) fn about(order: OrderId, currency: Currency, cause: Uuid, at: Timestamp) -> Occasion {
    Occasion { cause, order: Some(order), currency, at }
}

impl Sale {
    fn of(placed: OrderPlaced) -> Self {
        let lines = placed.lines.into_iter().map(|it| SaleLine {
            line: it.line,
            quantity: it.quantity,
            net: it.net,
            tax: it.tax,
            unit_cost: it.unit_cost,
            delivered: 0,
        });
        Self {
            customer: placed.customer,
            terms: placed.terms,
            currency: placed.currency,
            total: placed.total,
            freight: placed.freight,
            state: State::Open,
            captured: false,
            payment_days: PAYMENT_DAYS,
            lines: lines.collect(),
        }
    }
}

impl File {
    /// The closing account of the order.
    fn settle(&self, order: OrderId) -> Option<OrderSettled> {
        let sale = self.sale.as_ref()?;
        let sum = |of: fn(&Parcel) -> Cents| -> Cents {
            self.parcels.values().filter(|it| matches!(it.stage, Stage::Invoiced(_))).map(of).sum()
        };
        let (invoiced, paid, cost) = (sum(Parcel::gross), sum(|it| it.paid), sum(|it| it.cost));
        Some(OrderSettled {
            order,
            customer: sale.customer.clone(),
            currency: sale.currency,
            ordered: sale.total,
            invoiced,
            paid,
            open: invoiced - paid,
            cost,
            margin: sum(|it| it.net) - cost,
        })
    }
}
