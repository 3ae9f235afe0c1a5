//! Payments. What a provider reports is taken down where its key belongs; the order's own partition
//! learns of it by a note, and books the money.

use chassis::plant::{Bug, planted};
use contracts::finance::{
    PaymentCaptured, PaymentNoted, PaymentReport, PaymentReported, PaymentStatus,
};
use contracts::{Cents, Currency, OrderId, PaymentId, ProviderId, Terms, Timestamp, Uuid};
use serde::Deserialize;

use crate::Outbound;
use crate::books::{Books, about};
use crate::invoice::{day, received_for};
use crate::journal;
use crate::sale::{Deposit, DepositState, Drawn, File, PaymentKey, State};

/// No single payment is larger than this (a hundred thousand million yuan). It keeps the sums of
/// what strangers tell us far from what a number can hold.
const LARGEST: Cents = Cents(10_000_000_000_000);

/// The years in which money can have a value date.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2199;

/// What counts of a payment: what was reported of it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) order: OrderId,
    pub(crate) amount: Cents,
    pub(crate) currency: Currency,
    pub(crate) status: PaymentStatus,
}

/// A report that was not followed. A person has to look at it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OddReport {
    pub(crate) payment: PaymentKey,
    pub(crate) oddity: Oddity,
    /// As it came.
    pub(crate) report: String,
    pub(crate) heard_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// Another report of the same payment counts.
    Differs,
    /// An amount or a date that cannot be.
    Implausible,
    /// Not a report.
    Unreadable,
}

impl Oddity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Implausible => "implausible",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Books {
    /// Takes down what a provider reports, and leaves a note for the order if money came.
    pub(crate) fn report(&mut self, now: Timestamp, it: &PaymentReported) -> Vec<Outbound> {
        let Ok(report) = PaymentReport::deserialize(&it.body) else {
            return self.set_aside(now, it, Oddity::Unreadable);
        };
        let plausible_date = report.value_date.is_none_or(|it| YEARS.contains(&it.year()));
        if report.amount <= Cents::ZERO || report.amount > LARGEST || !plausible_date {
            return self.set_aside(now, it, Oddity::Implausible);
        }
        let PaymentReport { order, amount, currency, status, .. } = report;
        let new = Payment { order, amount, currency, status };
        let key = (it.provider.clone(), it.payment.clone());
        match self.payments.get(&key) {
            Some(_) if planted(Bug::PaymentTwice) => {}
            Some(known) if *known == new => return vec![], // The same again.
            // It failed first, and then went through.
            Some(known) if *known == (Payment { status: PaymentStatus::Failed, ..new }) => {}
            Some(_) => return self.set_aside(now, it, Oddity::Differs),
            None => {}
        }
        self.payments.insert(key, new);
        let (provider, payment) = (it.provider.clone(), it.payment.clone());
        match status {
            PaymentStatus::Failed => vec![],
            PaymentStatus::Captured => {
                vec![PaymentNoted { order, provider, payment, report, at: now }.into()]
            }
        }
    }

    fn set_aside(&mut self, now: Timestamp, it: &PaymentReported, oddity: Oddity) -> Vec<Outbound> {
        let payment = (it.provider.clone(), it.payment.clone());
        let report = it.body.to_string();
        let name = format!("{}.{}.{}.{report}", it.provider, it.payment, oddity.name());
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let odd = OddReport { payment, oddity, report, heard_at: now };
        self.odd_reports.entry(id).or_insert(odd);
        vec![]
    }

    /// Puts a payment on the order's file, and books it if we know the order.
    pub(crate) fn note(&mut self, now: Timestamp, noted: PaymentNoted) -> Vec<Outbound> {
        let PaymentNoted { order, provider, payment, report, .. } = noted;
        let file = self.files.entry(order).or_default();
        let key = (provider, payment);
        if file.deposits.contains_key(&key) && !planted(Bug::PaymentTwice) {
            return vec![]; // Noted before.
        }
        let deposit = Deposit {
            amount: report.amount,
            currency: report.currency,
            state: DepositState::Waiting,
            unapplied: Cents::ZERO,
            value_date: report.value_date.unwrap_or_else(|| day(now)),
            noted_at: now,
        };
        file.deposits.insert(key.clone(), deposit);
        self.book(now, order, &key)
    }

    /// Books money that is on the order's file: it pays what is owed, the oldest invoice first, and
    /// the rest stays in hand, or goes back if the order has ended.
    pub(crate) fn book(
        &mut self,
        now: Timestamp,
        order: OrderId,
        key: &PaymentKey,
    ) -> Vec<Outbound> {
        let Some(file) = self.files.get_mut(&order) else {
            return vec![]; // Unreachable: the money is on the order's file.
        };
        let open = file.open_invoices();
        let (Some(sale), Some(deposit)) = (&file.sale, file.deposits.get_mut(key)) else {
            return vec![]; // It waits for its order.
        };
        if deposit.currency != sale.currency {
            deposit.state = DepositState::Foreign;
            return vec![];
        }
        let mut said = Vec::new();
        let mut left = deposit.amount;
        for shipment in open {
            let Some(parcel) = file.parcels.get_mut(&shipment) else { continue };
            let amount = left.min(parcel.open());
            if amount > Cents::ZERO {
                parcel.paid += amount;
                left -= amount;
                let drawn = Drawn { payment: key.clone(), amount, value_date: deposit.value_date };
                said.push(received_for(order, sale, shipment, drawn).into());
            }
        }
        deposit.state = DepositState::Booked;
        deposit.unapplied = left;
        let cause = cause_of(key);
        let occasion = about(order, sale.currency, cause, now);
        self.journal.enter(occasion, journal::payment_received(deposit.amount - left));
        self.journal.enter(occasion, journal::deposit_captured(left));
        if sale.state == State::Open {
            said.extend(file.capture(order, key).map(Outbound::from));
        } else {
            said.extend(self.refund(now, order, cause).map(Outbound::from));
        }
        said
    }
}

impl File {
    /// Says once that a prepaid order is paid in full, when it is.
    fn capture(&mut self, order: OrderId, latest: &PaymentKey) -> Option<PaymentCaptured> {
        let amount = self.paid();
        let sale = self.sale.as_mut()?;
        if sale.terms != Terms::Prepaid || sale.captured || amount < sale.total {
            return None;
        }
        sale.captured = true;
        let ((provider, payment), currency) = (latest.clone(), sale.currency);
        let customer = sale.customer.clone();
        Some(PaymentCaptured { order, customer, provider, payment, amount, currency })
    }
}

/// What a payment is called as the cause of an entry. No name of a provider has a full stop in it.
fn cause_of((provider, payment): &(ProviderId, PaymentId)) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("payment.{provider}.{payment}").as_bytes())
}
