//! Credit's tables in memory, for the simulation. The rules are the same; what is loaded and saved is
//! what `store` loads and saves, and a test holds the two together.

mod audit;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::credit::{CreditDecision, Exposure};
use contracts::{Cents, Currency, CustomerId, OrderId, Timestamp};
use jiff::civil::Date;
use uuid::Uuid;

use crate::account::{Account, Agreement, Book};
use crate::commitment::{Commitment, Entry, State};
use crate::item::{Figures, Item, Window};
use crate::ledger::{Cause, Ledger, day};
use crate::touch::{causes, concerned, item, names, order};
use crate::{Credit, Inbound, Outbound};

pub use audit::{audit, audit_of};

/// The tables of credit, of all partitions.
#[derive(Debug, Default)]
pub struct Tables {
    pub(crate) accounts: BTreeMap<CustomerId, AccountRow>,
    pub(crate) books: BTreeMap<CustomerId, BTreeMap<Currency, BookRow>>,
    pub(crate) commitments: BTreeMap<OrderId, Commitment>,
    /// Of each order, each with its number among those of all orders.
    pub(crate) entries: BTreeMap<OrderId, Vec<(u64, Entry)>>,
    pub(crate) items: BTreeMap<Uuid, Item>,
    pub(crate) decisions: BTreeMap<OrderId, DecisionRow>,
    /// The index of the items.
    items_of: BTreeMap<(CustomerId, Currency), BTreeSet<Uuid>>,
    /// The orders of each book, for the audit.
    orders_of: BTreeMap<(CustomerId, Currency), BTreeSet<OrderId>>,
    /// How many entries were written.
    written: u64,
    touched: BTreeSet<OrderId>,
}

#[derive(Debug)]
pub(crate) struct AccountRow {
    pub(crate) account: Account,
    limit_by: Option<String>,
    blocked_by: Option<String>,
    blocked_because: Option<String>,
    pub(crate) changed_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct BookRow {
    pub(crate) book: Book,
    pub(crate) figured_on: Date,
    changed_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct DecisionRow {
    pub(crate) at: Timestamp,
    pub(crate) body: CreditDecision,
}

/// What a batch changes.
pub struct Change {
    now: Timestamp,
    /// Customers whose accounts are opened, if they are not.
    opened: BTreeSet<CustomerId>,
    /// The books after the batch: what of them is fresh is kept.
    ledger: Ledger,
}

/// The credit of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub order: OrderId,
    pub customer: CustomerId,
    pub currency: Currency,
    /// `held`, `approved`, `refused` or `ended`.
    pub state: &'static str,
    /// What the order asks of the customer's credit: its total, or nothing if it is prepaid.
    pub amount: Cents,
    /// The sums of its entries.
    pub stages: Exposure,
}

/// One move of amounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// `HOLD`, `AUTHORISE`, and so on.
    pub kind: &'static str,
    /// The shipment, the invoice, a payment, or a name of the order's own.
    pub cause: Uuid,
    /// What each stage gains.
    pub change: Exposure,
}

impl Tables {
    /// Every order that credit has heard of.
    pub fn orders(&self) -> impl Iterator<Item = Standing> {
        self.commitments.iter().map(|(order, it)| standing(*order, it))
    }

    pub fn order(&self, order: OrderId) -> Option<Standing> {
        self.commitments.get(&order).map(|it| standing(order, it))
    }

    /// What moved an order's amounts, in the order in which it did.
    pub fn moves(&self, order: OrderId) -> impl Iterator<Item = Move> {
        let entries = self.entries.get(&order).into_iter().flatten();
        entries.map(|(_, it)| Move { kind: it.kind.name(), cause: it.cause, change: it.change })
    }

    /// How a customer stands in a currency.
    pub fn exposure(&self, customer: &CustomerId, currency: Currency) -> Exposure {
        let row = self.books.get(customer).and_then(|it| it.get(&currency));
        row.map(|it| it.book.exposure).unwrap_or_default()
    }

    /// What a customer may owe; nothing, if that was never agreed.
    pub fn limit(&self, customer: &CustomerId) -> Option<(Cents, Currency)> {
        let agreement = self.accounts.get(customer)?.account.agreement?;
        Some((agreement.limit, agreement.currency))
    }

    /// Why the order was decided as it was.
    pub fn decision(&self, order: OrderId) -> Option<&CreditDecision> {
        self.decisions.get(&order).map(|it| &it.body)
    }

    /// The orders that the last commit wrote.
    pub fn touched(&self) -> &BTreeSet<OrderId> {
        &self.touched
    }

    /// What `store::load` reads.
    fn load(&self, batch: &Batch<Inbound>, opened: &BTreeSet<CustomerId>) -> Ledger {
        let mut ledger = Ledger::default();
        for id in batch.messages().filter_map(order) {
            ledger.commitments.extend(self.commitments.get(&id).map(|it| (id, it.clone())));
        }
        for id in batch.messages().filter_map(item) {
            ledger.items.extend(self.items.get(&id).map(|it| (id, it.clone())));
        }
        for cause in batch.messages().flat_map(causes) {
            ledger.counted.extend(self.counted(&cause).map(|it| (cause, it)));
        }
        let concerned: BTreeSet<CustomerId> =
            batch.messages().filter_map(|it| concerned(it, &ledger)).cloned().collect();
        let today = day(batch.now());
        for customer in concerned {
            let row = self.accounts.get(&customer);
            let fresh = || opened.contains(&customer).then(Account::default);
            let account = row.map(|it| it.account).or_else(fresh);
            ledger.accounts.extend(account.map(|it| (customer.clone(), it)));
            self.load_books(&customer, today, &mut ledger);
        }
        ledger
    }

    fn counted(&self, (order, kind, cause): &Cause) -> Option<Exposure> {
        let mut entries = self.entries.get(order)?.iter();
        let entry = entries.find(|(_, it)| it.kind == *kind && it.cause == *cause)?;
        Some(entry.1.change)
    }

    /// How a customer stands, the figures as of today.
    fn load_books(&self, customer: &CustomerId, today: Date, ledger: &mut Ledger) {
        let mut old = vec![];
        let Some(rows) = self.books.get(customer) else { return };
        let books = ledger.books.entry(customer.clone()).or_default();
        for (currency, row) in rows {
            books.insert(*currency, row.book);
            if row.figured_on != today {
                old.push(*currency);
            }
        }
        for currency in old {
            let figures = self.sum_up(customer, currency, &Window::of(today));
            ledger.book(customer, currency).figures = figures; // And to be saved.
        }
    }

    /// What the items tell of how a customer pays.
    pub(crate) fn sum_up(
        &self,
        customer: &CustomerId,
        currency: Currency,
        window: &Window,
    ) -> Figures {
        let items = self.items_of.get(&(customer.clone(), currency)).into_iter().flatten();
        let mut sum = Figures::default();
        for item in items.filter_map(|it| self.items.get(it)) {
            sum.change(Figures::default(), item.figures(window));
        }
        sum
    }
}

fn standing(order: OrderId, it: &Commitment) -> Standing {
    Standing {
        order,
        customer: it.customer.clone(),
        currency: it.currency,
        state: it.state.name(),
        amount: it.amount,
        stages: it.stages,
    }
}

impl InMemory for Credit {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let (now, opened) = (batch.now(), batch.messages().filter_map(names).cloned().collect());
        let mut ledger = tables.load(&batch, &opened);
        let decided = batch.decide(|now, message| ledger.decide(now, message));
        (decided, Change { now, opened, ledger })
    }

    fn keep(tables: &mut Tables, Change { now, opened, ledger }: Change) {
        tables.open(opened, now);
        tables.keep(now, ledger);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<serde_json::Value>> {
        rows::all(tables)
    }
}

/// What `store::save` writes. What the schema enforces, it enforces here too: what Postgres would
/// refuse ends the simulation.
impl Tables {
    pub(crate) fn open(&mut self, customers: BTreeSet<CustomerId>, now: Timestamp) {
        for customer in customers {
            self.accounts.entry(customer).or_insert_with(|| AccountRow {
                account: Account::default(),
                limit_by: None,
                blocked_by: None,
                blocked_because: None,
                changed_at: now,
            });
        }
    }

    pub(crate) fn keep(&mut self, now: Timestamp, ledger: Ledger) {
        self.touched.clear();
        let Ledger { books, mut commitments, mut items, fresh, .. } = ledger;
        for it in fresh.agreements.into_values() {
            let Some(row) = self.accounts.get_mut(&it.customer) else { continue };
            assert!(it.limit >= Cents::ZERO && it.payment_days >= 0, "the schema forbids {it:?}");
            let (limit, currency) = (it.limit, it.currency);
            let (until, payment_days) = (it.until, it.payment_days);
            row.account.agreement = Some(Agreement { limit, currency, until, payment_days });
            row.limit_by = Some(text(it.by.0));
            row.changed_at = now;
        }
        for it in fresh.blocks.into_values() {
            let Some(row) = self.accounts.get_mut(&it.customer) else { continue };
            row.account.blocked = it.blocked;
            row.blocked_by = Some(text(it.by.0));
            row.blocked_because = Some(text(it.reason));
            row.changed_at = now;
        }
        for (customer, currency) in fresh.books {
            let Some(book) = books.get(&customer).and_then(|it| it.get(&currency)) else {
                continue;
            };
            assert!(is_whole(&book.exposure), "{customer} stands at {:?}", book.exposure);
            let row = BookRow { book: *book, figured_on: day(now), changed_at: now };
            self.books.entry(customer).or_default().insert(currency, row);
        }
        for order in fresh.commitments {
            self.write(order, commitments.remove(&order));
        }
        for id in fresh.items {
            self.put(id, items.remove(&id));
        }
        for it in fresh.entries {
            self.enter(it);
        }
        for (order, body) in fresh.decisions {
            let row = DecisionRow { at: now, body };
            let before = self.decisions.insert(order, row);
            assert!(before.is_none(), "order {order} is decided about twice");
        }
    }

    fn write(&mut self, order: OrderId, it: Option<Commitment>) {
        let Some(it) = it else { return };
        assert!(is_whole(&it.stages) && it.amount >= Cents::ZERO, "order {order} is {it:?}");
        if let State::Held { entered_by, .. } = &it.state {
            text(entered_by.0.clone());
        }
        self.touched.insert(order);
        if let Some(row) = self.commitments.get_mut(&order) {
            (row.state, row.freight, row.lines, row.stages) =
                (it.state, it.freight, it.lines, it.stages);
            return;
        }
        self.orders_of.entry((it.customer.clone(), it.currency)).or_default().insert(order);
        self.commitments.insert(order, it);
    }

    fn put(&mut self, id: Uuid, it: Option<Item>) {
        let Some(it) = it else { return };
        assert!(it.amount >= Cents::ZERO && it.that_day >= Cents::ZERO, "item {id} is {it:?}");
        if let Some(row) = self.items.get_mut(&id) {
            (row.due, row.amount, row.paid) = (it.due, it.amount, it.paid);
            (row.paid_on, row.that_day) = (it.paid_on, it.that_day);
            return;
        }
        self.items_of.entry((it.customer.clone(), it.currency)).or_default().insert(id);
        self.items.insert(id, it);
    }

    fn enter(&mut self, mut it: Entry) {
        let cause = (it.order, it.kind, it.cause);
        assert!(self.counted(&cause).is_none(), "{cause:?} is counted twice");
        it.remark = it.remark.map(text);
        self.written += 1;
        self.entries.entry(it.order).or_default().push((self.written, it));
    }
}

fn is_whole(it: &Exposure) -> bool {
    let stages = [it.pending, it.authorised, it.delivered_unbilled, it.billed_open, it.prepaid];
    stages.into_iter().all(|it| it >= Cents::ZERO)
}

fn text(it: String) -> String {
    assert!(!it.contains('\0'), "Postgres keeps no zero byte: {it:?}");
    it
}
