//! The books in memory, for the simulation and the bench: the same rules over maps, with the keys and
//! checks of the schema. What may not be fails here as it does there.

mod audit;
mod look;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::finance::OrderSettled;
use contracts::{Cents, Currency, InvoiceId, OrderId, ShipmentId, Timestamp, Uuid};
use serde_json::Value;

pub use self::audit::{audit, audit_at_rest, audit_last, audit_of};
pub use self::look::{Bill, Money};
use crate::books::Books;
use crate::invoice::{Number, Numbering};
use crate::journal::{Account, Entry, Rule, sums};
use crate::payment::{OddReport, Payment};
use crate::sale::{Deposit, DepositState, File, Parcel, PaymentKey, Sale};
use crate::store::{Change, Needs};
use crate::{Finance, Inbound, Outbound};

/// The tables of finance.
#[derive(Debug, Default)]
pub struct Tables {
    files: BTreeMap<OrderId, File>,
    settlements: BTreeMap<OrderId, (Timestamp, OrderSettled)>,
    payments: BTreeMap<PaymentKey, Payment>,
    odd_reports: BTreeMap<Uuid, OddReport>,
    series: BTreeMap<(String, i16), Series>,
    numbers: BTreeMap<InvoiceId, Number>,
    ledger: Ledger,
    /// The orders that the last batch changed something of.
    touched: BTreeSet<OrderId>,
}

/// The numbers of one series and year.
#[derive(Debug, Default)]
struct Series {
    last: i64,
    given: BTreeMap<i64, InvoiceId>,
}

/// The journal, and its sums.
#[derive(Debug, Default)]
struct Ledger {
    entries: Vec<Posted>,
    once: BTreeSet<(Uuid, Rule)>,
    /// Where in the journal the entries about an order are.
    of_order: BTreeMap<OrderId, Vec<usize>>,
    balance: BTreeMap<(u32, Currency, Account), (Cents, Cents)>,
}

/// An entry, and the partition that posted it. Its place in the journal is its name.
#[derive(Debug)]
struct Posted {
    partition: u32,
    entry: Entry,
}

impl InMemory for Finance {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let before = tables.load(&Needs::of(&batch));
        crate::decide(batch, &before)
    }

    fn keep(tables: &mut Tables, change: Change) {
        tables.save(change);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
        tables.rows()
    }
}

impl Tables {
    /// Reads what a batch touches, as the store does.
    fn load(&self, needs: &Needs) -> Books {
        let mut files: BTreeMap<OrderId, File> = BTreeMap::new();
        for order in &needs.sales {
            let Some(file) = self.files.get(order) else { continue };
            let mut read = File { sale: file.sale.clone(), ..File::default() };
            if needs.parcels.contains(order) {
                read.parcels.clone_from(&file.parcels);
            }
            if needs.deposits.contains(order) {
                read.deposits.clone_from(&file.deposits);
            }
            files.insert(*order, read);
        }
        let payment = |it: &PaymentKey| Some((it.clone(), *self.payments.get(it)?));
        let payments = needs.payments.iter().filter_map(payment).collect();
        let numbering = self.numbering(needs);
        Books { files, payments, numbering, ..Books::default() }
    }

    fn numbering(&self, needs: &Needs) -> Numbering {
        let last = needs.series.iter().map(|it| {
            let key = (it.clone(), needs.year);
            let last = self.series.get(&key).map_or(0, |it| it.last);
            (key, last)
        });
        let given = |it: &InvoiceId| Some((*it, self.numbers.get(it)?.clone()));
        Numbering { last: last.collect(), given: needs.invoices.iter().filter_map(given).collect() }
    }

    /// Writes down what a batch changed, in the order in which the store does.
    fn save(&mut self, change: Change) {
        self.touched.clear();
        let posted = change.entries.iter().filter_map(|it| it.occasion.order);
        self.touched.extend(posted.chain(change.numbering.given.values().map(|it| it.order)));
        for (order, sale) in change.sales {
            self.save_sale(order, sale);
        }
        for (order, shipment, parcel) in change.parcels {
            self.save_parcel(order, shipment, parcel);
        }
        for (order, key, deposit) in change.deposits {
            self.save_deposit(order, key, deposit);
        }
        for (at, settled) in change.settlements {
            let again = self.settlements.insert(settled.order, (at, settled));
            assert!(again.is_none(), "settlement_pkey: {again:?} is settled again");
        }
        for (key, payment) in change.payments {
            let kept = self.payments.entry(key).or_insert(payment);
            kept.status = payment.status; // Nothing else about it ever changes.
        }
        for (id, odd) in change.odd_reports {
            self.odd_reports.entry(id).or_insert(odd);
        }
        self.save_numbers(change.numbering);
        self.ledger.post(change.partition.number, change.entries);
    }

    fn save_sale(&mut self, order: OrderId, sale: Sale) {
        self.touched.insert(order);
        let kept = &mut self.files.entry(order).or_default().sale;
        if let Some(kept) = kept {
            kept.state = sale.state;
            kept.captured = sale.captured;
            kept.payment_days = sale.payment_days;
            kept.lines = sale.lines;
        } else {
            *kept = Some(sale);
        }
    }

    fn save_parcel(&mut self, order: OrderId, shipment: ShipmentId, parcel: Parcel) {
        let Parcel { paid, .. } = parcel;
        assert!(paid >= Cents::ZERO, "parcel_paid_cents_check: {order} {shipment} {paid}");
        assert!(paid <= parcel.gross(), "never_overpaid: {order} {shipment} {paid}");
        self.touched.insert(order);
        let parcels = &mut self.files.entry(order).or_default().parcels;
        let cost = parcels.get(&shipment).map_or(parcel.cost, |it| it.cost);
        parcels.insert(shipment, Parcel { cost, ..parcel });
    }

    fn save_deposit(&mut self, order: OrderId, key: PaymentKey, deposit: Deposit) {
        let Deposit { amount, unapplied, state, .. } = deposit;
        let named = || format!("{order} {key:?}: {deposit:?}");
        assert!(amount > Cents::ZERO, "deposit_amount_cents_check: {}", named());
        let in_bounds = Cents::ZERO <= unapplied && unapplied <= amount;
        assert!(in_bounds, "deposit_unapplied_cents_check: {}", named());
        let in_hand = state == DepositState::Booked || unapplied == Cents::ZERO;
        assert!(in_hand, "deposit_check: {}", named());
        self.touched.insert(order);
        let deposits = &mut self.files.entry(order).or_default().deposits;
        let kept = deposits.entry(key).or_insert(deposit);
        (kept.state, kept.unapplied) = (state, unapplied);
    }

    fn save_numbers(&mut self, numbering: Numbering) {
        let Numbering { last, given } = numbering;
        for (key, last) in last {
            let series = self.series.entry(key).or_default(); // Opened when it was read.
            if !given.is_empty() {
                series.last = last;
            }
        }
        for (invoice, number) in given {
            let series = self.series.entry((number.series.clone(), number.year)).or_default();
            let twice = series.given.insert(number.nth, invoice);
            assert!(twice.is_none() && number.nth > 0, "given_once: {number:?} for {invoice}");
            let again = self.numbers.insert(invoice, number);
            assert!(again.is_none(), "invoice_number_pkey: {invoice} had {again:?}");
        }
    }
}

impl Ledger {
    /// Posts entries. One that was posted before stays as it is.
    fn post(&mut self, partition: u32, entries: Vec<Entry>) {
        let mut fresh = Vec::new();
        for entry in entries {
            if self.once.insert((entry.occasion.cause, entry.rule)) {
                assert!(is_sound(&entry), "entry_balances: {entry:?}");
                fresh.push(Posted { partition, entry });
            }
        }
        for ((currency, account), (debit, credit)) in sums(fresh.iter().map(|it| &it.entry)) {
            let sum = self.balance.entry((partition, currency, account)).or_default();
            sum.0 += debit;
            sum.1 += credit;
        }
        for posted in fresh {
            if let Some(order) = posted.entry.occasion.order {
                self.of_order.entry(order).or_default().push(self.entries.len());
            }
            self.entries.push(posted);
        }
    }

    fn about(&self, order: OrderId) -> impl Iterator<Item = &Posted> {
        let places = self.of_order.get(&order).into_iter().flatten();
        places.filter_map(|it| self.entries.get(*it))
    }
}

/// Two lines or more, each with an amount on one side, and the debits equal the credits.
fn is_sound(entry: &Entry) -> bool {
    let one_sided = entry.lines.iter().all(|it| {
        (it.debit == Cents::ZERO) != (it.credit == Cents::ZERO)
            && it.debit.min(it.credit) >= Cents::ZERO
    });
    let debits: Cents = entry.lines.iter().map(|it| it.debit).sum();
    let credits: Cents = entry.lines.iter().map(|it| it.credit).sum();
    one_sided && entry.lines.len() >= 2 && debits == credits
}
