//! The books of the stock: as much of them as a batch of messages touches. The same books, the same
//! messages and the same times always give the same answers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use contracts::inventory::{BackordersDue, LevelsDue};
use contracts::{MessageSet, OrderId, Sku, WarehouseId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{Inbound, Outbound};

/// How long changes of levels are gathered before they are told.
const GATHER: SignedDuration = SignedDuration::from_secs(1);

/// As much of the books as a batch of messages touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    /// Whose books these are: marks of levels to tell bear this number.
    pub(crate) partition: i32,
    /// When the decision at hand is made.
    pub(crate) now: Timestamp,
    pub(crate) demands: BTreeMap<OrderId, Demand>,
    /// All items that may be touched; their latches are held.
    pub(crate) items: BTreeMap<Sku, Item>,
    /// What shipments have posted before: their ids, and by which rule.
    pub(crate) posted: BTreeSet<(Uuid, String)>,
    pub(crate) documents: BTreeMap<Document, Figures>,
    pub(crate) bell: Bell,
    /// New rows of the ledger.
    pub(crate) moves: Vec<Move>,
    /// Documents that are booked now.
    pub(crate) booked: Vec<Document>,
    /// Items of which stock became free by the decision at hand, while orders wait for it.
    pub(crate) freed: BTreeSet<Sku>,
    /// Items whose worker has a note about that already.
    pub(crate) noted: BTreeSet<Sku>,
    /// Plants the bug that the properties have to find: every claim seems to fit.
    #[cfg(test)]
    pub(crate) unguarded: bool,
}

/// When levels are going to be told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bell {
    pub(crate) due: Option<Timestamp>,
    pub(crate) changed: bool,
    /// It has to be set, unless it is: a level was marked by the decision at hand.
    pub(crate) wanted: bool,
    /// More items are marked than were loaded.
    pub(crate) more: bool,
}

/// An item in all its warehouses, and who keeps and wants units of it, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Item {
    /// Of the last level that was told.
    pub(crate) number: i64,
    /// The sum of all backorders, also of those that are not loaded.
    pub(crate) backordered: i64,
    pub(crate) levels: BTreeMap<WarehouseId, Level>,
    pub(crate) claims: BTreeMap<OrderId, BTreeMap<(u16, WarehouseId), Claim>>,
    pub(crate) backorders: BTreeMap<OrderId, BTreeMap<u16, Backorder>>,
    /// More orders wait than were loaded.
    pub(crate) more: bool,
    pub(crate) changed: bool,
}

/// A shelf's counters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Level {
    pub(crate) good: i64,
    pub(crate) quarantine: i64,
    pub(crate) damaged: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
    pub(crate) protected: i64,
    /// The number of the last move.
    pub(crate) position: i64,
    /// Who is going to tell of it, if it changed since it was told.
    pub(crate) untold: Option<i32>,
    /// Whether there is a row of it.
    pub(crate) stored: bool,
    pub(crate) changed: bool,
}

impl Level {
    pub(crate) fn sellable(&self) -> i64 {
        (self.good - self.reserved - self.allocated - self.protected).max(0)
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures { good: self.good, reserved: self.reserved, allocated: self.allocated }
    }
}

/// What one line of an order keeps on one shelf.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Claim {
    /// Until the order's lease ends.
    pub(crate) soft: i64,
    pub(crate) firm: i64,
    /// Given up when a lease ended; not claimed, only remembered.
    pub(crate) lapsed: i64,
    /// Given by other workers, and not told by the order's own.
    pub(crate) fresh: i64,
    /// Taken by other workers, and not told by the order's own.
    pub(crate) taken: i64,
    /// Lower goes first.
    pub(crate) rank: i64,
    /// Whether there is a row of it.
    pub(crate) stored: bool,
    pub(crate) changed: bool,
}

impl Claim {
    /// Keeps more units, softly or firmly.
    pub(crate) fn add(&mut self, units: i64, soft: bool) {
        *(if soft { &mut self.soft } else { &mut self.firm }) += units;
    }

    /// What counts as claimed.
    pub(crate) fn open(&self) -> i64 {
        self.soft + self.firm
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.soft + self.firm + self.lapsed + self.fresh + self.taken == 0
    }
}

/// Units of a line that wait for supply.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Backorder {
    pub(crate) quantity: i64,
    pub(crate) eligible: Vec<WarehouseId>,
    pub(crate) rank: i64,
    /// Nothing is claimed for it after this; for good, if there is none.
    pub(crate) lease_until: Option<Timestamp>,
    pub(crate) changed: bool,
}

/// What there is to know of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    pub(crate) attempt: i32,
    pub(crate) round: i32,
    pub(crate) standing: Standing,
    /// Of the last lease, or its end by promotion.
    pub(crate) token: i64,
    pub(crate) lease_until: Option<Timestamp>,
    pub(crate) arrived_at: Timestamp,
    /// The items of its claims and backorders, or more.
    pub(crate) skus: BTreeSet<Sku>,
    pub(crate) changed: bool,
}

/// How firm the claims of an order are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As its plan says: firm, or soft if it is to be paid first.
    Open,
    /// Soft, for a person looks at its credit.
    Held,
    /// Firm: nothing stands in its way.
    Promoted,
    /// It was cancelled or expired; it keeps nothing.
    Ended,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Open, Self::Held, Self::Promoted, Self::Ended];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
            Self::Promoted => "promoted",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// An item in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shelf {
    pub(crate) sku: Sku,
    pub(crate) warehouse: WarehouseId,
}

impl Shelf {
    pub(crate) fn of(sku: &Sku, warehouse: &WarehouseId) -> Self {
        Self { sku: sku.clone(), warehouse: warehouse.clone() }
    }
}

/// A receipt, a count or a report of damage by its natural key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Document {
    pub(crate) place: Shelf,
    /// `receive`, `count` or `damage`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
}

impl Document {
    /// The kinds of documents.
    pub(crate) fn kind(name: &str) -> Option<&'static str> {
        ["receive", "count", "damage"].into_iter().find(|it| *it == name)
    }
}

/// How a shelf stood when a document was booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) good: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Move {
    pub(crate) place: Shelf,
    pub(crate) number: i64,
    pub(crate) kind: Kind,
    pub(crate) delta: Delta,
    pub(crate) cause: Cause,
    pub(crate) at: Timestamp,
}

/// Why something moved: what brought it about, and by which rule. The two together post once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause {
    pub(crate) id: Uuid,
    pub(crate) rule: Cow<'static, str>,
    pub(crate) order: Option<OrderId>,
    pub(crate) document: Option<String>,
}

impl Cause {
    /// Something that happened to an order.
    pub(crate) fn order(order: OrderId, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { id: order.0, rule: rule.into(), order: Some(order), document: None }
    }
}

/// What a move changes, by how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) good: i64,
    pub(crate) quarantine: i64,
    pub(crate) damaged: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
}

/// The kinds of moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Receipt,
    CountAdjust,
    Damage,
    ReturnIn,
    Hold,
    HoldRelease,
    HoldExpire,
    Promote,
    Demote,
    Allocate,
    Deallocate,
    Ship,
    ShortPick,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Receipt => "RECEIPT",
            Self::CountAdjust => "COUNT_ADJUST",
            Self::Damage => "DAMAGE",
            Self::ReturnIn => "RETURN_IN",
            Self::Hold => "HOLD",
            Self::HoldRelease => "HOLD_RELEASE",
            Self::HoldExpire => "HOLD_EXPIRE",
            Self::Promote => "PROMOTE",
            Self::Demote => "DEMOTE",
            Self::Allocate => "ALLOCATE",
            Self::Deallocate => "DEALLOCATE",
            Self::Ship => "SHIP",
            Self::ShortPick => "SHORT_PICK",
        }
    }

    /// What a move of so many units changes: the table of movement types.
    pub(crate) fn delta(self, units: i64) -> Delta {
        let none = Delta::default();
        match self {
            Self::Receipt | Self::CountAdjust => Delta { good: units, ..none },
            Self::Damage => Delta { good: -units, damaged: units, ..none },
            Self::ReturnIn => Delta { quarantine: units, ..none },
            Self::Hold => Delta { reserved: units, ..none },
            Self::HoldRelease | Self::HoldExpire => Delta { reserved: -units, ..none },
            Self::Promote => Delta { reserved: -units, allocated: units, ..none },
            Self::Demote => Delta { reserved: units, allocated: -units, ..none },
            Self::Allocate => Delta { allocated: units, ..none },
            Self::Deallocate => Delta { allocated: -units, ..none },
            Self::Ship | Self::ShortPick => Delta { good: -units, allocated: -units, ..none },
        }
    }
}

impl Books {
    /// Enters one message into the books. Returns what inventory has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: &Inbound) -> Vec<Outbound> {
        self.now = now;
        let mut said = match message {
            Inbound::SourcingPlanned(it) => self.source(it),
            Inbound::OrderHeld(it) => self.hold(it.order),
            Inbound::PromotionRequested(it) => self.promote(it.order),
            Inbound::OrderCancelled(it) => self.end(it.order),
            Inbound::OrderExpired(it) => self.end(it.order),
            // What was claimed in place of goods that a picker found all the same is free.
            Inbound::OrderCompleted(it) => self.end(it.order),
            Inbound::Picked(it) => self.pick(it),
            Inbound::Shipped(it) => self.ship(it),
            Inbound::Returned(it) => self.take_back(it),
            Inbound::ReceiveStock(it) => self.receive_on_command(it),
            Inbound::CountStock(it) => self.count_on_command(it),
            Inbound::StockReported(it) => self.report(it),
            Inbound::LeaseEnds(it) => self.lapse(it),
            Inbound::LevelsDue(_) => self.tell_levels(),
            Inbound::BackorderServed(it) => self.tell(it.order),
            Inbound::ClaimsTaken(it) => self.tell(it.order),
            Inbound::BackordersDue(it) => self.serve_freed(&it.sku),
        };
        self.remind(message, &mut said);
        said
    }

    /// Sets the timers that follow from what was posted.
    fn remind(&mut self, message: &Inbound, said: &mut Vec<Outbound>) {
        for sku in std::mem::take(&mut self.freed) {
            let Some(item) = self.items.get(&sku) else { continue };
            let free = item.levels.values().any(|it| it.sellable() > 0);
            if free && item.backordered > 0 && self.noted.insert(sku.clone()) {
                said.push(BackordersDue { sku, at: self.now }.into());
            }
        }
        if std::mem::take(&mut self.bell.wanted) && self.bell.due.is_none() {
            let at = self.now + GATHER;
            (self.bell.due, self.bell.changed) = (Some(at), true);
            // What is decided here has a key of this partition.
            said.push(LevelsDue { key: message.key().0, at }.into());
        }
    }

    /// Writes one row of the ledger, and moves the shelf's counters with it.
    pub(crate) fn post(&mut self, place: &Shelf, kind: Kind, delta: Delta, cause: Cause) {
        let item = self.items.entry(place.sku.clone()).or_default();
        let level = item.levels.entry(place.warehouse.clone()).or_default();
        let before = level.sellable();
        level.good += delta.good;
        level.quarantine += delta.quarantine;
        level.damaged += delta.damaged;
        level.reserved += delta.reserved;
        level.allocated += delta.allocated;
        level.position += 1;
        level.changed = true;
        if level.sellable() != before && level.untold.is_none() {
            level.untold = Some(self.partition);
            self.bell.wanted = true;
        }
        if level.sellable() > before && item.backordered > 0 {
            self.freed.insert(place.sku.clone());
        }
        let (number, at) = (level.position, self.now);
        self.moves.push(Move { place: place.clone(), number, kind, delta, cause, at });
    }

    /// What can be sold from a shelf.
    pub(crate) fn sellable(&self, place: &Shelf) -> i64 {
        let level = self.items.get(&place.sku).and_then(|it| it.levels.get(&place.warehouse));
        level.map_or(0, Level::sellable)
    }
}
