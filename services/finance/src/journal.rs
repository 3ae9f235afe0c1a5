//! The journal: what is posted by which rule of the business. Every rule is a function from the
//! amounts of an event to the lines of an entry; the table in the README shows them all.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Cents, Currency, OrderId, Timestamp, Uuid};

/// The accounts that the rules post to. Their names are data, beside the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Account {
    /// Money that a payment platform has taken for us and not paid out.
    Clearing,
    /// What customers owe us by invoice.
    Receivable,
    /// What customers owe us for what they have, and no invoice says so yet.
    Unbilled,
    Merchandise,
    Quarantine,
    /// Goods on their way to a customer.
    Dispatched,
    /// Goods that a supplier has not invoiced.
    NotInvoiced,
    /// What customers paid ahead.
    Deposits,
    OutputVat,
    /// Tax on what is delivered and not invoiced.
    PendingVat,
    /// What goes back to customers.
    Refunds,
    Revenue,
    CostOfSales,
}

impl Account {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 13] = [
        Self::Clearing,
        Self::Receivable,
        Self::Unbilled,
        Self::Merchandise,
        Self::Quarantine,
        Self::Dispatched,
        Self::NotInvoiced,
        Self::Deposits,
        Self::OutputVat,
        Self::PendingVat,
        Self::Refunds,
        Self::Revenue,
        Self::CostOfSales,
    ];

    /// Its code in the chart of accounts.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Clearing => "1012",
            Self::Receivable => "1122",
            Self::Unbilled => "1122.9",
            Self::Merchandise => "1405",
            Self::Quarantine => "1405.Q",
            Self::Dispatched => "1406",
            Self::NotInvoiced => "2202.G",
            Self::Deposits => "2204",
            Self::OutputVat => "2221.O",
            Self::PendingVat => "2221.P",
            Self::Refunds => "2241",
            Self::Revenue => "6001",
            Self::CostOfSales => "6401",
        }
    }
}

/// A business event that is posted. The gaps belong to events that nobody tells us of yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    E1,
    E3,
    E4,
    E5,
    E6,
    E7,
    E8,
    E12,
    E15,
    E18,
}

impl Rule {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::E1 => "E1",
            Self::E3 => "E3",
            Self::E4 => "E4",
            Self::E5 => "E5",
            Self::E6 => "E6",
            Self::E7 => "E7",
            Self::E8 => "E8",
            Self::E12 => "E12",
            Self::E15 => "E15",
            Self::E18 => "E18",
        }
    }
}

/// One line of an entry: an amount on one side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) account: Account,
    pub(crate) debit: Cents,
    pub(crate) credit: Cents,
}

/// What a rule makes of an event: lines whose debits equal their credits, or none at all if there
/// is nothing to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booking {
    pub(crate) rule: Rule,
    pub(crate) lines: Vec<Line>,
}

/// E1: a customer paid ahead, or more than was owed.
pub(crate) fn deposit_captured(amount: Cents) -> Booking {
    booking(Rule::E1, &[(Account::Clearing, amount)], &[(Account::Deposits, amount)])
}

/// E3: goods left for a customer; they stay ours until they are delivered.
pub(crate) fn goods_issued(cost: Cents) -> Booking {
    booking(Rule::E3, &[(Account::Dispatched, cost)], &[(Account::Merchandise, cost)])
}

/// E4: control passed to the customer: revenue, with its tax pending until the invoice.
pub(crate) fn revenue_earned(net: Cents, tax: Cents) -> Booking {
    booking(
        Rule::E4,
        &[(Account::Unbilled, net + tax)],
        &[(Account::Revenue, net), (Account::PendingVat, tax)],
    )
}

/// E5: control passed to the customer: what the goods cost.
pub(crate) fn cost_incurred(cost: Cents) -> Booking {
    booking(Rule::E5, &[(Account::CostOfSales, cost)], &[(Account::Dispatched, cost)])
}

/// E6: the invoice is issued: the debt and the tax are due.
pub(crate) fn invoice_issued(net: Cents, tax: Cents) -> Booking {
    booking(
        Rule::E6,
        &[(Account::Receivable, net + tax), (Account::PendingVat, tax)],
        &[(Account::Unbilled, net + tax), (Account::OutputVat, tax)],
    )
}

/// E7: money that we had already pays an invoice.
pub(crate) fn deposit_applied(amount: Cents) -> Booking {
    booking(Rule::E7, &[(Account::Deposits, amount)], &[(Account::Receivable, amount)])
}

/// E8: a customer paid what was owed.
pub(crate) fn payment_received(amount: Cents) -> Booking {
    booking(Rule::E8, &[(Account::Clearing, amount)], &[(Account::Receivable, amount)])
}

/// E12: what was paid ahead will not be needed, and goes back.
pub(crate) fn deposit_returned(amount: Cents) -> Booking {
    booking(Rule::E12, &[(Account::Deposits, amount)], &[(Account::Refunds, amount)])
}

/// E15: what a customer refused is back, and is looked at before it is sold again.
pub(crate) fn refused_goods_back(cost: Cents) -> Booking {
    booking(Rule::E15, &[(Account::Quarantine, cost)], &[(Account::Dispatched, cost)])
}

/// E18, its first half: goods came in; the supplier's invoice is another matter.
pub(crate) fn goods_received(cost: Cents) -> Booking {
    booking(Rule::E18, &[(Account::Merchandise, cost)], &[(Account::NotInvoiced, cost)])
}

/// Amounts of nothing make no line, and a negative amount stands on the other side.
fn booking(rule: Rule, debits: &[(Account, Cents)], credits: &[(Account, Cents)]) -> Booking {
    let debits = debits.iter().map(|&(account, amount)| (account, amount));
    let credits = credits.iter().map(|&(account, amount)| (account, -amount));
    let lines = debits.chain(credits).filter(|it| it.1 != Cents::ZERO);
    let line = |(account, amount): (Account, Cents)| Line {
        account,
        debit: amount.max(Cents::ZERO),
        credit: (-amount).max(Cents::ZERO),
    };
    Booking { rule, lines: lines.map(line).collect() }
}

/// What is posted, and because of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occasion {
    /// The thing of the business that the entry is about: a shipment, an invoice, a payment.
    pub(crate) cause: Uuid,
    pub(crate) order: Option<OrderId>,
    pub(crate) currency: Currency,
    pub(crate) at: Timestamp,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) occasion: Occasion,
    pub(crate) rule: Rule,
    pub(crate) lines: Vec<Line>,
    /// The trace in which it was decided. It says nothing about the business.
    pub(crate) trace: Option<Uuid>,
}

/// What was debited and credited to each account, a currency.
pub(crate) type Sums = BTreeMap<(Currency, Account), (Cents, Cents)>;

/// Adds up the lines of some entries.
pub(crate) fn sums<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Sums {
    let mut sums = Sums::new();
    for entry in entries {
        for line in &entry.lines {
            let sum = sums.entry((entry.occasion.currency, line.account)).or_default();
            sum.0 += line.debit;
            sum.1 += line.credit;
        }
    }
    sums
}

/// What was entered, in order. Nothing is changed or taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Journal {
    entries: Vec<Entry>,
    posted: BTreeSet<(Uuid, Rule)>,
    traced: usize,
}

impl Journal {
    /// Enters a booking, unless there is nothing in it, or this rule was applied to this cause
    /// before.
    pub(crate) fn enter(&mut self, occasion: Occasion, booking: Booking) {
        let Booking { rule, lines } = booking;
        if !lines.is_empty() && self.posted.insert((occasion.cause, rule)) {
            self.entries.push(Entry { occasion, rule, lines, trace: None });
        }
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Notes in what trace the entries were made that are new since this was last done.
    pub(crate) fn note_trace(&mut self, current: impl FnOnce() -> Option<Uuid>) {
        if self.traced < self.entries.len() {
            let trace = current();
            for entry in &mut self.entries[self.traced..] {
                entry.trace = trace;
            }
            self.traced = self.entries.len();
        }
    }
}
