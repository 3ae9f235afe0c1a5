//! What a batch touches: no rule reads or writes more of the books than this.

use std::collections::BTreeSet;

use chassis::Batch;
use contracts::{InvoiceId, OrderId};

use crate::Inbound;
use crate::invoice::day;
use crate::sale::PaymentKey;

/// Of which orders, payments and numbers a batch needs what.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    pub(crate) sales: BTreeSet<OrderId>,
    pub(crate) parcels: BTreeSet<OrderId>,
    pub(crate) deposits: BTreeSet<OrderId>,
    pub(crate) payments: BTreeSet<PaymentKey>,
    /// The series in which numbers of this year are wanted, and for which invoices.
    pub(crate) series: BTreeSet<String>,
    pub(crate) year: i16,
    pub(crate) invoices: BTreeSet<InvoiceId>,
}

impl Needs {
    pub(crate) fn of(batch: &Batch<Inbound>) -> Self {
        let mut needs = Self { year: day(batch.now()).year(), ..Self::default() };
        for message in batch.messages() {
            match message {
                // It has no parcels, but money may wait for it.
                Inbound::OrderPlaced(it) => needs.order(it.order, false, true),
                Inbound::CreditApproved(it) => needs.order(it.order, false, false),
                Inbound::HoldReleased(it) => needs.order(it.order, false, false),
                // Goods move; money does not.
                Inbound::Shipped(it) => needs.order(it.order, true, false),
                Inbound::Delivered(it) => needs.order(it.order, true, false),
                Inbound::Returned(it) => needs.order(it.order, true, false),
                Inbound::OrderCancelled(it) => needs.order(it.order, true, true),
                Inbound::OrderExpired(it) => needs.order(it.order, true, true),
                Inbound::OrderCompleted(it) => needs.order(it.order, true, true),
                Inbound::PaymentNoted(it) => needs.order(it.order, true, true),
                Inbound::NumberGiven(it) => needs.order(it.order, true, true),
                // About no order of this partition.
                Inbound::StockReceived(_) => {}
                Inbound::PaymentReported(it) => {
                    needs.payments.insert((it.provider.clone(), it.payment.clone()));
                }
                Inbound::NumberWanted(it) => {
                    needs.series.insert(it.series.clone());
                    needs.invoices.insert(it.invoice);
                }
            }
        }
        needs
    }

    fn order(&mut self, order: OrderId, parcels: bool, deposits: bool) {
        self.sales.insert(order);
        if parcels {
            self.parcels.insert(order);
        }
        if deposits {
            self.deposits.insert(order);
        }
    }
}
