//! The rules of letters: which are written, when they are tried again, and when that ends.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{Delivered, Shipped};
use contracts::intake::{CancelReason, OrderPlaced};
use contracts::notification::{
    Attempt, LetterFailed, LetterKind, LetterSent, LetterWritten, RecordAttempt,
};
use contracts::{CarrierId, Cents, Currency, ItemUnits, LetterId, OrderId, TrackingNo, Uuid};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Inbound, Outbound};

/// How long to wait after each attempt that came to nothing. After the last it is given up: then
/// nearly three days have passed, and most of what the letter says is stale.
pub(crate) const PAUSES: [SignedDuration; 8] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(8),
    SignedDuration::from_hours(12),
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(24),
];

/// Why a letter is not sent of whose order no mail address is known.
pub(crate) const NO_ADDRESS: &str = "no address";

/// As much of the books as a batch of messages touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    /// The orders that we can write about, and whether a mail address is known.
    pub(crate) known: BTreeMap<OrderId, bool>,
    /// The orders that this batch made known.
    pub(crate) placed: BTreeMap<OrderId, Order>,
    pub(crate) letters: BTreeMap<LetterId, Letter>,
    /// What the letters say that this batch wrote.
    pub(crate) written: BTreeMap<LetterId, Facts>,
    /// The letters, written earlier, that this batch changed.
    pub(crate) changed: BTreeSet<LetterId>,
}

/// What letters say of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) number: String,
    pub(crate) currency: Currency,
    pub(crate) total: Cents,
    pub(crate) freight: Cents,
    pub(crate) lines: Vec<Line>,
    /// Whether intake knows a mail address.
    pub(crate) has_email: bool,
}

/// A line of an order, as a letter shows it. Kept as an array, for there are many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u16, String, i64, Cents)", into = "(u16, String, i64, Cents)")]
pub(crate) struct Line {
    pub(crate) nth: u16,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) gross: Cents,
}

/// A letter, without what it says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Letter {
    pub(crate) order: OrderId,
    pub(crate) kind: LetterKind,
    pub(crate) attempts: i32,
    pub(crate) state: State,
}

/// What became of a letter. It is sent or failed for good.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Waits for the postman, and why it was not sent the last time.
    Queued {
        next_attempt_at: Timestamp,
        reason: Option<String>,
    },
    Sent,
    Failed {
        reason: String,
    },
}

/// What a letter says, besides what is known of its order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub(crate) enum Facts {
    Confirmed,
    Shipped {
        units: Vec<ItemUnits>,
        carrier: Option<CarrierId>,
        tracking_no: Option<TrackingNo>,
        shipped_at: Timestamp,
    },
    Delivered {
        units: Vec<ItemUnits>,
        delivered_at: Timestamp,
    },
    Cancelled {
        because: CancelReason,
    },
    /// Not paid in time, or its goods were gone when it was.
    Lapsed,
    Invoiced(Bill),
}

/// An invoice, as a letter tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bill {
    pub(crate) number: String,
    pub(crate) currency: Currency,
    pub(crate) net: Cents,
    pub(crate) tax: Cents,
    pub(crate) gross: Cents,
    pub(crate) prepaid: Cents,
    pub(crate) issued_on: Date,
    pub(crate) due_on: Date,
}

impl Books {
    /// Enters one message into the books. Returns what notification has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::OrderPlaced(it) => self.know(it),
            Inbound::OrderConfirmed(it) => self.write(now, it.order, None, Facts::Confirmed),
            Inbound::Shipped(it) => self.ship(now, it),
            Inbound::Delivered(it) => self.deliver(now, it),
            Inbound::OrderCancelled(it) => {
                self.write(now, it.order, None, Facts::Cancelled { because: it.because })
            }
            // An order ends once: this letter and the one above are the same to `letter_id`.
            Inbound::OrderExpired(it) => self.write(now, it.order, None, Facts::Lapsed),
            Inbound::InvoiceIssued(it) => self.bill(now, it),
            Inbound::RecordAttempt(it) => self.record(now, it),
        }
    }

    fn know(&mut self, placed: OrderPlaced) -> Vec<Outbound> {
        let OrderPlaced { order, order_no, currency, total, freight, lines, .. } = placed;
        let has_email = placed.has_email;
        if let Entry::Vacant(new) = self.known.entry(order) {
            new.insert(has_email);
            let lines = lines.into_iter().map(|it| {
                let gross = it.gross();
                Line { nth: it.line, name: it.name, quantity: it.quantity, gross }
            });
            let lines = lines.collect();
            let number = order_no;
            let it = Order { number, currency, total, freight, lines, has_email };
            self.placed.insert(order, it);
        }
        vec![]
    }

    fn ship(&mut self, now: Timestamp, shipped: Shipped) -> Vec<Outbound> {
        let Shipped { order, shipment, units, carrier, tracking_no, shipped_at, .. } = shipped;
        let facts = Facts::Shipped { units, carrier, tracking_no, shipped_at };
        self.write(now, order, Some(shipment.0), facts)
    }

    fn deliver(&mut self, now: Timestamp, delivered: Delivered) -> Vec<Outbound> {
        let Delivered { order, shipment, units, delivered_at, .. } = delivered;
        self.write(now, order, Some(shipment.0), Facts::Delivered { units, delivered_at })
    }

    fn bill(&mut self, now: Timestamp, issued: InvoiceIssued) -> Vec<Outbound> {
        let InvoiceIssued { order, invoice, number, currency, net, tax, .. } = issued;
        let InvoiceIssued { gross, prepaid, issued_on, due_on, .. } = issued;
        let bill = Bill { number, currency, net, tax, gross, prepaid, issued_on, due_on };
        self.write(now, order, Some(invoice.0), Facts::Invoiced(bill))
    }

    /// Writes a letter, once for each order, kind and cause. Where it has nowhere to go, the postman
    /// is not troubled with it.
    fn write(
        &mut self,
        now: Timestamp,
        order: OrderId,
        cause: Option<Uuid>,
        facts: Facts,
    ) -> Vec<Outbound> {
        let Some(&has_email) = self.known.get(&order) else {
            return vec![]; // Placed before we began to listen: there is nothing to call it by.
        };
        let kind = facts.kind();
        let letter = letter_id(order, kind, cause);
        if self.letters.contains_key(&letter) {
            return vec![]; // Written before.
        }
        let state = State::Queued { next_attempt_at: now, reason: None };
        let mut new = Letter { order, kind, attempts: 0, state };
        let mut said = vec![LetterWritten { letter, order, kind }.into()];
        if !has_email {
            said.extend(new.fail(letter, NO_ADDRESS.to_owned()));
        }
        self.letters.insert(letter, new);
        self.written.insert(letter, facts);
        said
    }

    fn record(&mut self, now: Timestamp, told: RecordAttempt) -> Vec<Outbound> {
        let RecordAttempt { letter: id, attempt, outcome, .. } = told;
        let Some(letter) = self.letters.get_mut(&id) else {
            return vec![]; // Nobody but our own postman gives this command: not a letter of ours.
        };
        let State::Queued { .. } = letter.state else {
            return vec![]; // Told late, or twice. It was sent or failed for good.
        };
        let (order, kind) = (letter.order, letter.kind);
        let said = match outcome {
            // However late: whoever has the letter must not get it again.
            Attempt::Sent { language } => {
                letter.state = State::Sent;
                vec![LetterSent { letter: id, order, kind, language }.into()]
            }
            Attempt::Deferred { .. } | Attempt::Refused { .. } if attempt <= letter.attempts => {
                return vec![]; // Counted before.
            }
            Attempt::Deferred { reason } => match pause_after(attempt) {
                Some(pause) => {
                    let next_attempt_at = now + pause;
                    letter.state = State::Queued { next_attempt_at, reason: Some(reason) };
                    vec![]
                }
                None => letter.fail(id, format!("given up after {attempt} attempts: {reason}")),
            },
            Attempt::Refused { reason } => letter.fail(id, reason),
        };
        letter.attempts = attempt.max(letter.attempts);
        if !self.written.contains_key(&id) {
            self.changed.insert(id);
        }
        said
    }
}

impl Letter {
    fn fail(&mut self, letter: LetterId, reason: String) -> Vec<Outbound> {
        self.state = State::Failed { reason: reason.clone() };
        vec![LetterFailed { letter, order: self.order, kind: self.kind, reason }.into()]
    }
}

impl Facts {
    pub(crate) fn kind(&self) -> LetterKind {
        match self {
            Self::Confirmed => LetterKind::Confirmed,
            Self::Shipped { .. } => LetterKind::Shipped,
            Self::Delivered { .. } => LetterKind::Delivered,
            Self::Cancelled { .. } | Self::Lapsed => LetterKind::Cancelled,
            Self::Invoiced(_) => LetterKind::Invoiced,
        }
    }
}

/// The letter's name for ever. What happens once to an order has no cause of its own; a shipment
/// and an invoice have theirs.
pub(crate) fn letter_id(order: OrderId, kind: LetterKind, cause: Option<Uuid>) -> LetterId {
    let cause = cause.map_or_else(String::new, |it| it.to_string());
    LetterId(Uuid::new_v5(&order.0, format!("{} {cause}", kind.name()).as_bytes()))
}

/// How long to wait after this attempt; nothing, if it was the last.
fn pause_after(attempt: i32) -> Option<SignedDuration> {
    let nth = usize::try_from(attempt.checked_sub(1)?).ok()?;
    PAUSES.get(nth).copied()
}

impl From<(u16, String, i64, Cents)> for Line {
    fn from((nth, name, quantity, gross): (u16, String, i64, Cents)) -> Self {
        Self { nth, name, quantity, gross }
    }
}

impl From<Line> for (u16, String, i64, Cents) {
    fn from(it: Line) -> Self {
        (it.nth, it.name, it.quantity, it.gross)
    }
}
