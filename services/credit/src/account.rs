//! What we agreed on with a customer, and how they stand.

use contracts::credit::{BlockCustomer, CreditDecision, Exposure, RecordHistory, SetCreditLimit};
use contracts::intake::OrderPlaced;
use contracts::{Cents, Currency, CustomerId, Timestamp};
use jiff::civil::Date;
use uuid::Uuid;

use crate::item::{Figures, Item};
use crate::ledger::Ledger;
use crate::score::{self, Case, Stop};

/// The most of one limit or one item of somebody's past: so that a typing error does not make a
/// customer's sums overflow.
pub(crate) const MOST: Cents = Cents(1_000_000_000_000_000);

/// What we agreed on with a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Account {
    /// None for a customer of whom we know nothing.
    pub(crate) agreement: Option<Agreement>,
    pub(crate) blocked: bool,
}

/// What a customer may owe us.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Agreement {
    pub(crate) limit: Cents,
    pub(crate) currency: Currency,
    /// The last day on which the limit holds.
    pub(crate) until: Option<Date>,
    /// Within how many days invoices are to be paid.
    pub(crate) payment_days: i32,
}

/// Within how many days whoever has no agreement pays.
const PAYMENT_DAYS: i32 = 30;

/// How a customer stands in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Book {
    /// The sums of the entries of the customer's orders.
    pub(crate) exposure: Exposure,
    /// The sums of what the customer's items tell, as of today.
    pub(crate) figures: Figures,
}

/// How an item of a customer's past is called here.
pub(crate) fn history(customer: &CustomerId, document: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("history {customer} {document}").as_bytes())
}

impl Ledger {
    /// Judges an order by what the books say of its customer.
    pub(crate) fn judge(&self, today: Date, placed: &OrderPlaced) -> CreditDecision {
        let OrderPlaced { customer, currency, .. } = placed;
        let account = self.accounts.get(customer).copied().unwrap_or_default();
        let agreement = account.agreement.filter(|it| it.currency == *currency);
        let book = self.books.get(customer).and_then(|it| it.get(currency));
        let book = book.copied().unwrap_or_default();
        score::judge(&Case {
            terms: placed.terms,
            total: placed.total.max(Cents::ZERO),
            limit: agreement.map_or(Cents::ZERO, |it| it.limit),
            exposure: book.exposure,
            figures: book.figures,
            stop: self.stop(today, customer, *currency, &account),
        })
    }

    /// Within how many days a customer pays.
    pub(crate) fn payment_days(&self, customer: &CustomerId) -> i32 {
        let agreement = self.accounts.get(customer).and_then(|it| it.agreement);
        agreement.map_or(PAYMENT_DAYS, |it| it.payment_days)
    }

    /// What stops any order of this customer. The gravest comes first.
    fn stop(
        &self,
        today: Date,
        customer: &CustomerId,
        currency: Currency,
        account: &Account,
    ) -> Option<Stop> {
        if account.blocked {
            return Some(Stop::Blocked);
        }
        let books = self.books.get(customer).into_iter().flatten();
        let mut overdue = books.filter(|it| it.1.figures.overdue > Cents::ZERO);
        if let Some((first, _)) = overdue.next() {
            let elsewhere = *first != currency || overdue.next().is_some();
            return Some(Stop::Overdue { elsewhere });
        }
        let agreement = account.agreement?;
        if agreement.until.is_some_and(|it| it < today) {
            return Some(Stop::LimitExpired);
        }
        (agreement.currency != currency).then_some(Stop::Currency)
    }

    /// A customer's book in a currency, which is about to change.
    pub(crate) fn book(&mut self, customer: &CustomerId, currency: Currency) -> &mut Book {
        self.fresh.books.insert((customer.clone(), currency));
        self.books.entry(customer.clone()).or_default().entry(currency).or_default()
    }

    /// Agrees on a limit. The latest word counts.
    pub(crate) fn agree(&mut self, mut told: SetCreditLimit) {
        told.limit = told.limit.clamp(Cents::ZERO, MOST);
        told.payment_days = told.payment_days.max(0);
        let SetCreditLimit { limit, currency, until, payment_days, .. } = told;
        let agreement = Agreement { limit, currency, until, payment_days };
        self.accounts.entry(told.customer.clone()).or_default().agreement = Some(agreement);
        self.fresh.agreements.insert(told.customer.clone(), told);
    }

    /// Blocks a customer, or lets them order again.
    pub(crate) fn block(&mut self, told: BlockCustomer) {
        self.accounts.entry(told.customer.clone()).or_default().blocked = told.blocked;
        self.fresh.blocks.insert(told.customer.clone(), told);
    }

    /// Brings in what was due before, in the currency that we agreed on. It tells how the customer
    /// pays, and what is overdue; it is no order's debt, and does not count against the limit.
    pub(crate) fn remember(&mut self, now: Timestamp, told: &RecordHistory) {
        let RecordHistory { customer, document, due, amount, paid } = told;
        let id = history(customer, document);
        let agreement = self.accounts.get(customer).and_then(|it| it.agreement);
        let agreed = agreement.map_or(Currency::CNY, |it| it.currency);
        let item = Item {
            customer: customer.clone(),
            currency: self.items.get(&id).map_or(agreed, |it| it.currency),
            brought: true,
            due: *due,
            amount: (*amount).clamp(Cents::ZERO, MOST),
            paid: (*paid).clamp(Cents::ZERO, MOST),
            paid_on: None, // It was paid before today.
            that_day: Cents::ZERO,
        };
        self.put(now, id, item);
    }
}
