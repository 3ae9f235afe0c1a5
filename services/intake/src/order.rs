//! An order and its course: where its units are, what it waits for, what it shows, and how it ends.

use std::collections::{BTreeMap, BTreeSet};

use contracts::intake::{
    CancelReason, ConsigneeNamed, OrderCancelled, OrderConfirmed, OrderExpired, OrderPlaced,
    OrderStatus, SourcingReason, SourcingRequested,
};
use contracts::{
    Actor, Bucket, Buckets, Cents, ChannelId, Currency, CustomerId, ExternalId, ItemUnits,
    LineUnits, OrderId, ShipmentId, Status, Terms, Timestamp, WarehouseId, roll_up,
};
use serde::{Deserialize, Serialize};

use crate::Outbound;
use crate::machine::may_follow;
use crate::shelf::Shelf;
use crate::vault::Entry;

/// An order: what was agreed once, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) facts: Facts,
    /// The stored state: one of checking, credit hold, awaiting payment, confirmed, completed,
    /// cancelled, expired.
    pub(crate) process: Status,
    /// The state that was told last.
    pub(crate) shown: Status,
    /// How many states were told under the order's external id.
    pub(crate) number: i64,
    pub(crate) course: Course,
}

/// What never changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) order: OrderId,
    pub(crate) order_no: String,
    pub(crate) channel: ChannelId,
    pub(crate) external_id: ExternalId,
    pub(crate) customer: CustomerId,
    pub(crate) terms: Terms,
    pub(crate) currency: Currency,
    pub(crate) total: Cents,
}

/// What the order has been through. Only what differs from a fresh order's is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold or do not, in any combination")]
pub(crate) struct Course {
    /// The units of each line: line 1 first.
    pub(crate) lines: Vec<Buckets>,
    /// Where the reserved ones are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shelves: Vec<Shelf>,
    /// The last sourcing that was asked for.
    pub(crate) attempt: i32,
    /// It is not answered yet. At most one is asked for at a time: a later one would supersede it.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) sourcing: bool,
    /// Units that lost their source, and another was not asked for since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lack: Option<Lack>,
    /// Credit said yes.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) approved: bool,
    /// A person at credit had to look at it.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) reviewed: bool,
    /// A prepaid order is paid in full.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) paid: bool,
    /// Its claims may end by themselves, unless they are promoted.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) soft: bool,
    /// Promotion was asked for and is not answered.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) promoting: bool,
    /// Somebody wants it back, and the warehouse is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawing: Option<Withdrawing>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shipments: Vec<Shipment>,
}

/// Which units have no source any more, why, and where none may come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lack {
    pub(crate) because: SourcingReason,
    pub(crate) not_from: BTreeSet<WarehouseId>,
    /// By line.
    pub(crate) units: BTreeMap<u16, i64>,
}

/// Who wants the order back, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Withdrawing {
    pub(crate) by: Actor,
    pub(crate) remark: String,
}

/// How far a shipment has come. It only goes forward, so what is heard twice changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shipment {
    pub(crate) id: ShipmentId,
    pub(crate) stage: Stage,
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) invoiced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Released,
    Started,
    Picked,
    Packed,
    Shipped,
    Refused,
    Delivered,
    Returned,
}

/// One decision about one order. What it leads to is gathered here.
pub(crate) struct Turn<'a> {
    pub(crate) now: Timestamp,
    /// Who brought it about.
    pub(crate) by: Actor,
    pub(crate) order: &'a mut Order,
    /// Who gets it, if that may be wanted.
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) said: Vec<Outbound>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_not(it: &bool) -> bool {
    !it
}

impl Order {
    /// The order as it is placed: credit and sourcing are at work on it.
    pub(crate) fn placed(it: &OrderPlaced, number: i64) -> Self {
        let facts = Facts {
            order: it.order,
            order_no: it.order_no.clone(),
            channel: it.channel.clone(),
            external_id: it.external_id.clone(),
            customer: it.customer.clone(),
            terms: it.terms,
            currency: it.currency,
            total: it.total,
        };
        let lines = it.lines.iter().map(|it| Buckets::ordered(it.quantity)).collect();
        let course = Course { lines, attempt: 1, sourcing: true, ..Course::default() };
        Self { facts, process: Status::Checking, shown: Status::Checking, number, course }
    }

    /// What is told of it now.
    pub(crate) fn status(&self, at: Timestamp, by: Actor, reason: &str) -> OrderStatus {
        OrderStatus {
            channel: self.facts.channel.clone(),
            external_id: self.facts.external_id.clone(),
            number: self.number,
            status: self.shown,
            order: Some(self.facts.order),
            order_no: Some(self.facts.order_no.clone()),
            at,
            reason: reason.to_owned(),
            by,
            problems: vec![],
        }
    }

    /// What the order shows: what its units are doing, and picking from the moment that a warehouse
    /// begins, though nothing is picked yet.
    pub(crate) fn header(&self) -> Status {
        let shown = roll_up(self.process, &self.course.lines);
        if shown == Status::Released && self.is_begun() { Status::Picking } else { shown }
    }

    /// A warehouse is at it.
    pub(crate) fn is_begun(&self) -> bool {
        self.course.shipments.iter().any(|it| it.stage == Stage::Started)
    }

    /// Nothing that is heard changes it any more.
    pub(crate) fn is_over(&self) -> bool {
        self.process.is_final() || self.process == Status::Completed
    }

    /// How many units are in the bucket, over all lines.
    pub(crate) fn units(&self, bucket: Bucket) -> i64 {
        self.course.lines.iter().map(|it| it.units(bucket)).sum()
    }

    /// How many units of a line are in the bucket; none of a line that the order does not have.
    pub(crate) fn units_of(&self, line: u16, bucket: Bucket) -> i64 {
        let at = usize::from(line).checked_sub(1);
        at.and_then(|it| self.course.lines.get(it)).map_or(0, |it| it.units(bucket))
    }

    /// Moves as many of these units as there are. Returns which that were.
    pub(crate) fn shift(
        &mut self,
        from: Bucket,
        to: Bucket,
        units: impl IntoIterator<Item = LineUnits>,
    ) -> Vec<LineUnits> {
        let moved = units.into_iter().map(|LineUnits { line, quantity }| {
            // A line that the order does not have holds nothing that could be moved.
            let at = usize::from(line).checked_sub(1);
            let units = at.and_then(|it| self.course.lines.get_mut(it));
            let quantity = units.map_or(0, |it| it.shift_up_to(from, to, quantity));
            LineUnits { line, quantity }
        });
        moved.filter(|it| it.quantity > 0).collect()
    }

    /// All units in the bucket, by line.
    pub(crate) fn all(&self, bucket: Bucket) -> Vec<LineUnits> {
        let numbered = (1_u16..).zip(&self.course.lines);
        let units = numbered.map(|(line, it)| LineUnits { line, quantity: it.units(bucket) });
        units.filter(|it| it.quantity > 0).collect()
    }
}

impl Turn<'_> {
    pub(crate) fn say(&mut self, message: impl Into<Outbound>) {
        self.said.push(message.into());
    }

    /// Tells what the order shows, if it shows something else than before.
    pub(crate) fn tell(&mut self, reason: &str) {
        let shown = self.order.header();
        if shown == self.order.shown {
            return;
        }
        if !may_follow(Some(self.order.shown), shown) {
            let (order, before) = (self.order.facts.order, self.order.shown);
            tracing::error!(%order, %before, %shown, "order {order} was {before} and is {shown}");
        }
        self.order.shown = shown;
        self.order.number += 1;
        let status = self.order.status(self.now, self.by.clone(), reason);
        self.say(status);
    }

    /// Remembers that units lost their source, and asks for another.
    pub(crate) fn lack(
        &mut self,
        because: SourcingReason,
        not_from: impl IntoIterator<Item = WarehouseId>,
        units: &[LineUnits],
    ) {
        self.miss(because, not_from, units);
        self.seek();
    }

    /// Remembers that units have no source.
    pub(crate) fn miss(
        &mut self,
        because: SourcingReason,
        not_from: impl IntoIterator<Item = WarehouseId>,
        units: &[LineUnits],
    ) {
        let fresh = Lack { because, not_from: BTreeSet::new(), units: BTreeMap::new() };
        let mut lack = self.order.course.lack.take().unwrap_or(fresh);
        lack.because = because;
        lack.not_from.extend(not_from);
        for LineUnits { line, quantity } in units {
            *lack.units.entry(*line).or_default() += quantity;
        }
        self.order.course.lack = Some(lack);
    }

    /// Asks for another source for the units that lost theirs, if it is the time for that.
    pub(crate) fn seek(&mut self) {
        let process = self.order.process;
        let course = &mut self.order.course;
        let confirmed = process == Status::Confirmed;
        // While credit holds it, nothing is sourced. A promotion will tell first what is left.
        let wanted = confirmed
            || !course.promoting
                && (process == Status::Checking || process == Status::AwaitingPayment);
        if course.sourcing || !wanted {
            return;
        }
        let Some(Lack { because, not_from, units }) = course.lack.take() else { return };
        let unsourced = self.order.all(Bucket::Unsourced);
        let lines = unsourced.into_iter().filter_map(|LineUnits { line, quantity }| {
            let quantity = quantity.min(*units.get(&line)?);
            Some(LineUnits { line, quantity })
        });
        let lines: Vec<LineUnits> = lines.collect();
        if lines.is_empty() {
            return; // They were found again.
        }
        let (order, course) = (self.order.facts.order, &mut self.order.course);
        course.attempt += 1;
        course.sourcing = true;
        let (attempt, not_from) = (course.attempt, not_from.into_iter().collect());
        self.say(SourcingRequested { order, attempt, lines, not_from, because });
    }

    /// Nothing stands in the way any more: fulfilment may act.
    pub(crate) fn confirm(&mut self, reason: &str) {
        let Facts { order, customer, .. } = self.order.facts.clone();
        if let Some(Entry { consignee, place, .. }) = self.entry.cloned() {
            self.say(ConsigneeNamed { order, consignee, place });
        } else {
            tracing::error!(%order, "nobody knows who gets order {order}");
        }
        self.order.process = Status::Confirmed;
        self.say(OrderConfirmed { order, customer });
        self.tell(reason);
    }

    /// The order ends: what was kept for it is free.
    pub(crate) fn cancel(&mut self, because: CancelReason, remark: String) {
        let reason = match because {
            CancelReason::Asked => "asked",
            CancelReason::NoSupply => "no_supply",
            CancelReason::CreditRefused => "credit_refused",
            CancelReason::HoldOverdue => "hold_overdue",
            CancelReason::ReturnedUndelivered => "returned_undelivered",
        };
        let Facts { order, customer, .. } = self.order.facts.clone();
        self.end(Status::Cancelled);
        self.say(OrderCancelled { order, customer, because, by: self.by.clone(), remark });
        self.tell(reason);
    }

    /// The order ends, because it was not paid, or could not be served when it was.
    pub(crate) fn expire(&mut self, reason: &str) {
        let Facts { order, customer, .. } = self.order.facts.clone();
        self.end(Status::Expired);
        self.say(OrderExpired { order, customer });
        self.tell(reason);
    }

    /// Nothing of the order is wanted any more, wherever it is that it can be taken back from.
    fn end(&mut self, process: Status) {
        for bucket in Bucket::ALL.into_iter().filter(|it| it.next().contains(&Bucket::Cancelled)) {
            let units = self.order.all(bucket);
            self.order.shift(bucket, Bucket::Cancelled, units);
        }
        let Course { lines, attempt, shipments, .. } = std::mem::take(&mut self.order.course);
        // What it waited for does not matter any more.
        self.order.course = Course { lines, attempt, shipments, ..Course::default() };
        self.order.process = process;
    }
}

/// Units of a line, whatever they are units of.
pub(crate) fn items(units: &[ItemUnits]) -> impl Iterator<Item = LineUnits> {
    units.iter().map(|it| LineUnits { line: it.line, quantity: it.quantity })
}
