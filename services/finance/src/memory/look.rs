//! What the simulation asks the books, to compare with what others know.

use std::collections::BTreeMap;

use contracts::finance::{JournalEntry, OrderSettled, Posting};
use contracts::{Cents, Currency, InvoiceId, OrderId, ShipmentId};

use super::Tables;
use crate::journal::{Account, Entry, Line, sums};
use crate::sale::{File, Parcel, Stage, invoice_of};

/// An invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    pub invoice: InvoiceId,
    pub shipment: ShipmentId,
    /// `2026-000001`
    pub number: String,
    pub net: Cents,
    pub tax: Cents,
    /// What was applied to it.
    pub paid: Cents,
}

/// The money of one order, in its own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub currency: Currency,
    /// What was ordered.
    pub total: Cents,
    /// What came in and was booked, whatever became of it.
    pub paid: Cents,
    /// What of it neither paid an invoice nor went back.
    pub in_hand: Cents,
    /// What goes back to the customer.
    pub refunded: Cents,
    /// Net of what was delivered, with the freight.
    pub revenue: Cents,
    /// Gross of all invoices.
    pub invoiced: Cents,
    /// What of that is unpaid.
    pub open: Cents,
}

impl Tables {
    /// Every order that finance has something on file about, money for unknown orders included.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.files.keys().copied()
    }

    /// The invoices of an order, by shipment.
    pub fn invoices(&self, order: OrderId) -> Vec<Bill> {
        let parcels = self.files.get(&order).into_iter().flat_map(|it| &it.parcels);
        parcels.filter_map(|(shipment, it)| bill(*shipment, it)).collect()
    }

    /// The money of an order that was placed.
    pub fn money(&self, order: OrderId) -> Option<Money> {
        let file = self.files.get(&order)?;
        let sale = file.sale.as_ref()?;
        let accounts = self.accounts_of(order);
        let credit = |of| -accounts.get(&(sale.currency, of)).copied().unwrap_or_default();
        let bills = self.invoices(order);
        Some(Money {
            currency: sale.currency,
            total: sale.total,
            paid: file.paid(),
            in_hand: in_hand(file),
            refunded: credit(Account::Refunds),
            revenue: credit(Account::Revenue),
            invoiced: bills.iter().map(|it| it.net + it.tax).sum(),
            open: file.parcels.values().map(Parcel::open).sum(),
        })
    }

    /// The closing account of an order that was completed.
    pub fn settlement(&self, order: OrderId) -> Option<&OrderSettled> {
        self.settlements.get(&order).map(|it| &it.1)
    }

    /// What was debited and credited to each account, by its code, out of the sums that are kept.
    pub fn balances(&self, currency: Currency) -> BTreeMap<&'static str, (Cents, Cents)> {
        let mut balances: BTreeMap<&str, (Cents, Cents)> = BTreeMap::new();
        for ((_, of, account), (debit, credit)) in &self.ledger.balance {
            if *of == currency {
                let sum = balances.entry(account.code()).or_default();
                sum.0 += *debit;
                sum.1 += *credit;
            }
        }
        balances
    }

    /// The entries about an order, the earliest first.
    pub fn books_of(&self, order: OrderId) -> Vec<JournalEntry> {
        self.ledger.about(order).map(|it| journal_entry(&it.entry)).collect()
    }

    /// Debits less credits of each account because of an order, out of the journal.
    pub(super) fn accounts_of(&self, order: OrderId) -> BTreeMap<(Currency, Account), Cents> {
        let entries = self.ledger.about(order).map(|it| &it.entry);
        less(entries)
    }
}

fn less<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<(Currency, Account), Cents> {
    sums(entries).into_iter().map(|(key, (debit, credit))| (key, debit - credit)).collect()
}

fn journal_entry(it: &Entry) -> JournalEntry {
    let posting = |it: &Line| Posting {
        account: it.account.code().to_owned(),
        debit: it.debit,
        credit: it.credit,
    };
    JournalEntry {
        rule: it.rule.name().to_owned(),
        currency: it.occasion.currency,
        posted_at: it.occasion.at,
        postings: it.lines.iter().map(posting).collect(),
    }
}

pub(super) fn in_hand(file: &File) -> Cents {
    file.deposits.values().map(|it| it.unapplied).sum()
}

fn bill(shipment: ShipmentId, it: &Parcel) -> Option<Bill> {
    let Stage::Invoiced(invoice) = &it.stage else { return None };
    Some(Bill {
        invoice: invoice_of(shipment),
        shipment,
        number: invoice.number.clone(),
        net: it.net,
        tax: it.tax,
        paid: it.paid,
    })
}
