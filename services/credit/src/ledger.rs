//! The rules of credit control. The same ledger, the same messages and the same times always give
//! the same answers: there is no clock here, no database, and no bus.

use std::collections::{BTreeMap, BTreeSet};

use chassis::plant::{Bug, planted};
use contracts::credit::{
    AuthorisationVoided, BlockCustomer, CreditApproved, CreditDecision, CreditHeld, Exposure,
    HoldRefused, HoldReleased, RefuseHold, ReleaseHold, ReleaseRefusal, ReleaseRefused,
    SetCreditLimit, Verdict,
};
use contracts::intake::OrderPlaced;
use contracts::{Cents, Currency, CustomerId, OrderId, Terms, Timestamp};
use jiff::civil::Date;
use jiff::tz::Offset;
use uuid::Uuid;

use crate::account::{Account, Book};
use crate::commitment::{Commitment, Entry, Kind, Share, State, plus};
use crate::item::Item;
use crate::{Inbound, Outbound, score};

/// As much of the books as a batch of messages touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ledger {
    pub(crate) accounts: BTreeMap<CustomerId, Account>,
    /// How each customer stands in each currency, as of today.
    pub(crate) books: BTreeMap<CustomerId, BTreeMap<Currency, Book>>,
    pub(crate) commitments: BTreeMap<OrderId, Commitment>,
    pub(crate) items: BTreeMap<Uuid, Item>,
    /// What each cause has moved.
    pub(crate) counted: BTreeMap<Cause, Exposure>,
    pub(crate) fresh: Fresh,
}

/// What moved amounts of an order, and in which way. It does so once.
pub(crate) type Cause = (OrderId, Kind, Uuid);

/// What has to be written down.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fresh {
    pub(crate) entries: Vec<Entry>,
    pub(crate) decisions: Vec<(OrderId, CreditDecision)>,
    pub(crate) agreements: BTreeMap<CustomerId, SetCreditLimit>,
    pub(crate) blocks: BTreeMap<CustomerId, BlockCustomer>,
    pub(crate) books: BTreeSet<(CustomerId, Currency)>,
    pub(crate) commitments: BTreeSet<OrderId>,
    pub(crate) items: BTreeSet<Uuid>,
}

/// The day on which something is decided.
pub(crate) fn day(now: Timestamp) -> Date {
    Offset::UTC.to_datetime(now).date()
}

impl Ledger {
    /// Enters one message into the books. Returns what credit has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::OrderPlaced(it) => return self.place(now, it),
            Inbound::OrderCancelled(it) => return self.end(now, it.order, End::Cancelled),
            Inbound::OrderExpired(it) => return self.end(now, it.order, End::Expired),
            Inbound::OrderCompleted(it) => return self.end(now, it.order, End::Completed),
            Inbound::ReleaseHold(it) => return vec![self.release(now, it)],
            Inbound::RefuseHold(it) => return vec![self.refuse(now, it)],
            Inbound::Delivered(it) => self.deliver(now, &it),
            Inbound::Returned(it) => self.give_back(now, &it),
            Inbound::InvoiceIssued(it) => self.bill(now, &it),
            Inbound::PaymentReceived(it) => self.settle(now, &it),
            Inbound::SetCreditLimit(it) => self.agree(it),
            Inbound::BlockCustomer(it) => self.block(it),
            Inbound::RecordHistory(it) => self.remember(now, &it),
        }
        vec![]
    }

    fn place(&mut self, now: Timestamp, placed: OrderPlaced) -> Vec<Outbound> {
        if self.commitments.contains_key(&placed.order) {
            return vec![]; // Decided before.
        }
        let decision = self.judge(day(now), &placed);
        let approved = decision.verdict == Verdict::Approve;
        let OrderPlaced { order, customer, currency, total, entered_by, .. } = placed;
        let on_account = placed.terms == Terms::OnAccount;
        let tier = score::releasing_tier(decision.verdict);
        let amount = if on_account { total.max(Cents::ZERO) } else { Cents::ZERO };
        let commitment = Commitment {
            customer: customer.clone(),
            currency,
            state: if approved { State::Approved } else { State::Held { tier, entered_by } },
            amount,
            freight: if on_account { placed.freight } else { Cents::ZERO },
            lines: if on_account { placed.lines.iter().map(Share::of).collect() } else { vec![] },
            stages: Exposure::default(),
        };
        self.commitments.insert(order, commitment);
        self.fresh.commitments.insert(order);
        self.fresh.decisions.push((order, decision.clone()));
        if approved {
            let change = Exposure { authorised: amount, ..Exposure::default() };
            self.post(now, (order, Kind::Authorise, order.0), change);
            let payment_days = self.payment_days(&customer);
            vec![
                CreditApproved { order, customer, authorised: amount, payment_days, decision }
                    .into(),
            ]
        } else {
            let change = Exposure { pending: amount, ..Exposure::default() };
            self.post(now, (order, Kind::Hold, order.0), change);
            vec![CreditHeld { order, customer, amount: total, decision }.into()]
        }
    }

    fn release(&mut self, now: Timestamp, told: ReleaseHold) -> Outbound {
        let ReleaseHold { order, by, tier, reason } = told;
        let refused = |because| ReleaseRefused { order, because }.into();
        let Some(commitment) = self.commitments.get_mut(&order) else {
            return refused(ReleaseRefusal::NotHeld);
        };
        match &commitment.state {
            State::Held { entered_by, .. } if *entered_by == by => {
                return refused(ReleaseRefusal::FourEyes);
            }
            State::Held { tier: needed, .. } if tier < *needed => {
                return refused(ReleaseRefusal::TierTooLow { needed: *needed });
            }
            State::Held { .. } => {}
            State::Approved | State::Refused | State::Ended => {
                return refused(ReleaseRefusal::NotHeld);
            }
        }
        commitment.state = State::Approved;
        let (customer, authorised) = (commitment.customer.clone(), commitment.stages.pending);
        let change = Exposure { pending: -authorised, authorised, ..Exposure::default() };
        self.fresh.commitments.insert(order);
        let remark = Some(format!("{by}: {reason}"));
        self.enter(now, (order, Kind::Authorise, order.0), change, remark);
        let payment_days = self.payment_days(&customer);
        HoldReleased { order, customer, authorised, payment_days, by, reason }.into()
    }

    fn refuse(&mut self, now: Timestamp, told: RefuseHold) -> Outbound {
        let RefuseHold { order, by, reason } = told;
        let held = self.commitments.get_mut(&order);
        let Some(commitment) = held.filter(|it| matches!(it.state, State::Held { .. })) else {
            return ReleaseRefused { order, because: ReleaseRefusal::NotHeld }.into();
        };
        commitment.state = State::Refused;
        let customer = commitment.customer.clone();
        let change = Exposure { pending: -commitment.stages.pending, ..Exposure::default() };
        self.fresh.commitments.insert(order);
        let remark = Some(format!("{by}: {reason}"));
        self.enter(now, (order, Kind::Release, named(order, "refused")), change, remark);
        HoldRefused { order, customer, by, reason }.into()
    }

    /// Frees what the order no longer needs. What was delivered before a cancellation will be
    /// invoiced; once an order is complete, everything was.
    fn end(&mut self, now: Timestamp, order: OrderId, how: End) -> Vec<Outbound> {
        let Some(commitment) = self.commitments.get_mut(&order) else {
            return vec![]; // No such order was placed.
        };
        if commitment.state == State::Ended {
            return vec![]; // It ended before; nothing is authorised for it any more.
        }
        commitment.state = State::Ended;
        let (had, customer) = (commitment.stages, commitment.customer.clone());
        let (kind, name, delivered) = match how {
            End::Cancelled => (Kind::Release, "cancelled", Cents::ZERO),
            End::Expired => (Kind::Expire, "expired", Cents::ZERO),
            End::Completed => (Kind::Release, "completed", had.delivered_unbilled),
        };
        let change = Exposure {
            pending: -had.pending,
            authorised: -had.authorised.times(if planted(Bug::CreditFreedTwice) { 2 } else { 1 }),
            delivered_unbilled: -delivered,
            ..Exposure::default()
        };
        self.fresh.commitments.insert(order);
        self.post(now, (order, kind, named(order, name)), change);
        if had.authorised == Cents::ZERO {
            return vec![];
        }
        vec![AuthorisationVoided { order, customer, amount: had.authorised }.into()]
    }

    /// Writes an entry, if anything moves, and brings what it sums up to up to date.
    pub(crate) fn post(&mut self, at: Timestamp, cause: Cause, change: Exposure) {
        self.enter(at, cause, change, None);
    }

    /// The same, with who decided it and why.
    fn enter(&mut self, at: Timestamp, cause: Cause, change: Exposure, remark: Option<String>) {
        let Some(commitment) = self.commitments.get_mut(&cause.0) else {
            return; // Every rule has looked at the commitment first.
        };
        if change == Exposure::default() {
            return;
        }
        commitment.stages = plus(commitment.stages, &change);
        let (customer, currency) = (commitment.customer.clone(), commitment.currency);
        let book = self.book(&customer, currency);
        book.exposure = plus(book.exposure, &change);
        self.fresh.commitments.insert(cause.0);
        self.counted.insert(cause, change);
        let (order, kind, cause) = cause;
        self.fresh.entries.push(Entry { order, kind, cause, at, change, remark });
    }
}

/// How an order can end.
#[derive(Debug, Clone, Copy)]
enum End {
    Cancelled,
    Expired,
    Completed,
}

/// What happens to an order once has a name of the order's own.
fn named(order: OrderId, name: &str) -> Uuid {
    Uuid::new_v5(&order.0, name.as_bytes())
}
