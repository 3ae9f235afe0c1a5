//! What must hold of the books, computed from scratch over their rows. Each sentence is a violation.

use std::collections::{BTreeMap, BTreeSet};

use contracts::finance::PaymentStatus;
use contracts::{Cents, Currency, OrderId, ShipmentId, Terms};

use super::look::in_hand;
use super::{Posted, Tables, is_sound};
use crate::journal::{Account, Rule, sums};
use crate::payment::Payment;
use crate::sale::{DepositState, File, Parcel, Sale, Stage, State, invoice_of};

/// All of it: every order, the sums of the journal, the series of numbers.
pub fn audit(tables: &Tables) -> Vec<String> {
    let orders: BTreeSet<OrderId> =
        tables.orders().chain(tables.ledger.of_order.keys().copied()).collect();
    let mut wrong = audit_of(tables, orders);
    for posted in &tables.ledger.entries {
        if !is_sound(&posted.entry) {
            wrong.push(format!("an entry does not balance: {:?}", posted.entry));
        }
    }
    wrong.extend(sums_differ(tables));
    wrong.extend(numbers_without_invoice(tables));
    wrong
}

/// What is wrong with the orders that the last batch changed something of. Costs as much as the batch,
/// however large the tables are.
pub fn audit_last(tables: &Tables) -> Vec<String> {
    audit_of(tables, tables.touched.iter().copied())
}

/// What can be wrong about these orders, and about the series of numbers: after each step, of those
/// orders that it was about.
pub fn audit_of(tables: &Tables, orders: impl IntoIterator<Item = OrderId>) -> Vec<String> {
    let mut wrong = Vec::new();
    for order in orders {
        let nothing = File::default();
        let file = tables.files.get(&order).unwrap_or(&nothing);
        let found = Audited { tables, order, file }.audit();
        wrong.extend(found.into_iter().map(|it| format!("order {order}: {it}")));
    }
    for ((name, year), series) in &tables.series {
        let count = i64::try_from(series.given.len()).unwrap_or(i64::MAX);
        let (first, last) = (series.given.keys().next(), series.given.keys().next_back());
        let gapless =
            if count == 0 { series.last == 0 } else { first == Some(&1) && last == Some(&count) };
        if !gapless || series.last != count {
            wrong.push(format!(
                "series {name} {year} is at {}, and has {count} numbers from {first:?} to {last:?}",
                series.last
            ));
        }
    }
    wrong
}

/// What must hold besides once no note is on its way: every payment has reached its order, and every
/// parcel that was delivered is invoiced.
pub fn audit_at_rest(tables: &Tables) -> Vec<String> {
    let mut wrong = audit(tables);
    for (key, payment) in &tables.payments {
        let noted =
            tables.files.get(&payment.order).is_some_and(|it| it.deposits.contains_key(key));
        if payment.status == PaymentStatus::Captured && !noted {
            wrong
                .push(format!("payment {} {} never reached order {}", key.0, key.1, payment.order));
        }
    }
    for (order, file) in &tables.files {
        for (shipment, _) in file.parcels.iter().filter(|it| it.1.stage == Stage::Delivered) {
            wrong.push(format!("order {order}: parcel {shipment} was never invoiced"));
        }
    }
    wrong
}

/// Accounts of a partition whose kept sums are not those of its postings.
fn sums_differ(tables: &Tables) -> Vec<String> {
    let mut of_partition: BTreeMap<u32, Vec<&Posted>> = BTreeMap::new();
    for posted in &tables.ledger.entries {
        of_partition.entry(posted.partition).or_default().push(posted);
    }
    let mut posted: BTreeMap<(u32, Currency, Account), (Cents, Cents)> = BTreeMap::new();
    for (partition, entries) in of_partition {
        let sums = sums(entries.into_iter().map(|it| &it.entry));
        posted.extend(sums.into_iter().map(|((currency, of), it)| ((partition, currency, of), it)));
    }
    let kept = &tables.ledger.balance;
    let keys: BTreeSet<_> = kept.keys().chain(posted.keys()).collect();
    let mut wrong = Vec::new();
    for key in keys {
        let (kept, posted) = (kept.get(key), posted.get(key));
        if kept != posted {
            wrong.push(format!("{key:?} is kept as {kept:?}, and its postings are {posted:?}"));
        }
    }
    wrong
}

/// Numbers that were given to nothing that was delivered.
fn numbers_without_invoice(tables: &Tables) -> Vec<String> {
    let mut delivered = BTreeSet::new();
    for (order, file) in &tables.files {
        let parcels = file.parcels.iter().filter(|it| it.1.is_delivered());
        delivered.extend(parcels.map(|(shipment, _)| (invoice_of(*shipment), *order)));
    }
    let lost = tables.numbers.iter().filter(|(id, it)| !delivered.contains(&(**id, it.order)));
    lost.map(|(id, it)| {
        format!("number {it} was given to invoice {id} of order {}, which has none", it.order)
    })
    .collect()
}

/// One order, and all that is known of it.
struct Audited<'a> {
    tables: &'a Tables,
    order: OrderId,
    file: &'a File,
}

impl Audited<'_> {
    fn audit(&self) -> Vec<String> {
        let mut wrong = self.deposits();
        let Some(sale) = &self.file.sale else {
            if !self.file.parcels.is_empty()
                || self.tables.ledger.about(self.order).next().is_some()
            {
                wrong.push("something was booked, and nobody placed it".to_owned());
            }
            return wrong;
        };
        wrong.extend(self.accounts(sale));
        wrong.extend(self.file.parcels.iter().flat_map(|it| self.parcel(*it.0, it.1)));
        wrong.extend(self.settlement(sale));
        let due = sale.terms == Terms::Prepaid && self.file.paid() >= sale.total;
        let paid_ahead =
            due && self.file.deposits.values().any(|it| it.state == DepositState::Booked);
        if (sale.captured && !due) || (paid_ahead && sale.state == State::Open && !sale.captured) {
            wrong.push(format!(
                "captured is {}, with {} of {} paid",
                sale.captured,
                self.file.paid(),
                sale.total
            ));
        }
        if sale.lines.iter().any(|it| it.delivered < 0 || it.delivered > it.quantity.max(0)) {
            wrong.push(format!("more was billed than sold: {:?}", sale.lines));
        }
        wrong
    }

    /// The journal says what the file says.
    fn accounts(&self, sale: &Sale) -> Vec<String> {
        let mut accounts = self.tables.accounts_of(self.order);
        let expected = expected(self.file);
        let mut wrong = Vec::new();
        for (account, expected) in expected {
            let posted = accounts.remove(&(sale.currency, account)).unwrap_or_default();
            if posted != expected {
                wrong.push(format!(
                    "{} holds {posted} by the journal, and {expected} by the file",
                    account.code()
                ));
            }
        }
        for ((currency, account), amount) in accounts {
            wrong.push(format!("the journal has {amount} {currency} in {}", account.code()));
        }
        wrong
    }

    /// One invoice a parcel, with the number that was given to it.
    fn parcel(&self, shipment: ShipmentId, parcel: &Parcel) -> Vec<String> {
        let mut wrong = Vec::new();
        if parcel.paid < Cents::ZERO || parcel.paid > parcel.gross() {
            wrong.push(format!("parcel {shipment}: paid {} of {}", parcel.paid, parcel.gross()));
        }
        let given = self.tables.numbers.get(&invoice_of(shipment));
        match &parcel.stage {
            Stage::Invoiced(invoice) => {
                let own =
                    given.filter(|it| it.order == self.order && it.to_string() == invoice.number);
                if own.is_none() || invoice.due_on < invoice.issued_on {
                    wrong.push(format!(
                        "parcel {shipment}: invoice {invoice:?}, and its number is {given:?}"
                    ));
                }
            }
            Stage::Delivered if parcel.paid == Cents::ZERO => {}
            Stage::Dispatched | Stage::Returned
                if parcel.gross() == Cents::ZERO && given.is_none() => {}
            stage @ (Stage::Delivered | Stage::Dispatched | Stage::Returned) => {
                wrong.push(format!(
                    "parcel {shipment} is {stage:?}, with the number {given:?}, and {parcel:?}"
                ));
            }
        }
        wrong
    }

    /// Money is that of a payment that was reported, and waits for its order, or does not.
    fn deposits(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let currency = self.file.sale.as_ref().map(|it| it.currency);
        for (key, it) in &self.file.deposits {
            let reported = Payment {
                order: self.order,
                amount: it.amount,
                currency: it.currency,
                status: PaymentStatus::Captured,
            };
            let known = self.tables.payments.get(key);
            if known != Some(&reported) {
                wrong.push(format!(
                    "{} of payment {} {} is here, and reported was {known:?}",
                    it.amount, key.0, key.1
                ));
            }
            let state = match currency {
                None => DepositState::Waiting,
                Some(currency) if currency == it.currency => DepositState::Booked,
                Some(_) => DepositState::Foreign,
            };
            if it.state != state || it.unapplied < Cents::ZERO || it.unapplied > it.amount {
                wrong.push(format!(
                    "payment {} {}: {it:?} of an order in {currency:?}",
                    key.0, key.1
                ));
            }
        }
        let ended = self.file.sale.as_ref().is_some_and(|it| it.state != State::Open);
        if ended && self.file.unneeded() > Cents::ZERO {
            wrong.push(format!(
                "it has ended, and keeps {} that nothing needs",
                self.file.unneeded()
            ));
        }
        wrong
    }

    /// The closing account is there once the order is completed, and says what was invoiced and paid
    /// by the journal when it was drawn up. What was posted in the same moment may be in it or not.
    fn settlement(&self, sale: &Sale) -> Vec<String> {
        let Some((at, it)) = self.tables.settlements.get(&self.order) else {
            let waits = self.file.parcels.values().any(|it| it.stage == Stage::Delivered);
            return match sale.state {
                State::Completed => vec!["it is completed, and was never settled".to_owned()],
                State::Completing if !waits => {
                    vec!["its closing account waits for nothing".to_owned()]
                }
                State::Completing | State::Open | State::Cancelled | State::Expired => vec![],
            };
        };
        let until = |rules: &[Rule], latest: bool| -> Cents {
            let entries = self.tables.ledger.about(self.order).map(|it| &it.entry);
            let entries = entries.filter(|it| rules.contains(&it.rule));
            let entries =
                entries.filter(|it| it.occasion.at < *at || (latest && it.occasion.at == *at));
            let lines = entries.flat_map(|it| &it.lines);
            let receivable = lines.filter(|it| it.account == Account::Receivable);
            receivable.map(|it| it.debit + it.credit).sum()
        };
        let within =
            |amount, rules: &[Rule]| until(rules, false) <= amount && amount <= until(rules, true);
        let sound = sale.state == State::Completed
            && it.ordered == sale.total
            && it.open == it.invoiced - it.paid
            && within(it.invoiced, &[Rule::E6])
            && within(it.paid, &[Rule::E7, Rule::E8]);
        if sound {
            vec![]
        } else {
            vec![format!("{:?}, and its closing account is {it:?}", sale.state)]
        }
    }
}

/// What each account holds because of an order, debits less credits, by what is on file: the rules of
/// the README, summed up.
fn expected(file: &File) -> [(Account, Cents); 12] {
    let parcels = |which: fn(&Parcel) -> bool, of: fn(&Parcel) -> Cents| -> Cents {
        file.parcels.values().filter(|it| which(it)).map(of).sum()
    };
    let cost = |it: &Parcel| it.cost;
    let invoiced: fn(&Parcel) -> bool = |it| matches!(it.stage, Stage::Invoiced(_));
    let delivered: fn(&Parcel) -> bool = |it| it.stage == Stage::Delivered;
    let refunded = file.paid() - in_hand(file) - parcels(|_| true, |it| it.paid);
    [
        (Account::Clearing, file.paid()),
        (Account::Deposits, -in_hand(file)),
        (Account::Refunds, -refunded),
        (Account::Receivable, parcels(invoiced, Parcel::open)),
        (Account::Unbilled, parcels(delivered, Parcel::gross)),
        (Account::PendingVat, -parcels(delivered, |it| it.tax)),
        (Account::OutputVat, -parcels(invoiced, |it| it.tax)),
        (Account::Revenue, -parcels(Parcel::is_delivered, |it| it.net)),
        (Account::Merchandise, -parcels(|_| true, cost)),
        (Account::Dispatched, parcels(|it| it.stage == Stage::Dispatched, cost)),
        (Account::Quarantine, parcels(|it| it.stage == Stage::Returned, cost)),
        (Account::CostOfSales, parcels(Parcel::is_delivered, cost)),
    ]
}
