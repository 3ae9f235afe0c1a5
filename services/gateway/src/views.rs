//! The read model: what is shown of an order, and how each message changes it. The same views, the
//! same messages and the same times always give the same views.

use std::collections::BTreeMap;

use chassis::plant::{Bug, planted};
use contracts::intake::{OrderCarriedOver, OrderPlaced, OrderStatus};
use contracts::inventory::StockLevel;
use contracts::{MessageSet, OrderId, Sku, Status};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Inbound;
use crate::summary::{CarriedSummary, ShipmentState, Summary, units};
use crate::timeline::{Entry, Told, told};

/// How long an order may be held by credit before it is urgent.
const HOLD_SLA: SignedDuration = SignedDuration::from_hours(48);

/// As much of the read model as a batch of messages touches, and what the batch adds to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Views {
    pub(crate) orders: BTreeMap<OrderId, View>,
    /// New orders.
    pub(crate) placed: Vec<OrderPlaced>,
    /// New picks of which something was not there.
    pub(crate) shorts: Vec<ShortPick>,
    /// New orders that another system kept.
    pub(crate) carried: Vec<OrderCarriedOver>,
    /// New entries of timelines.
    pub(crate) timeline: Vec<Entry>,
    /// The highest level of each item.
    pub(crate) levels: BTreeMap<Sku, StockLevel>,
}

/// A pick of which something was not there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShortPick {
    pub(crate) order: OrderId,
    pub(crate) pick: i32,
    pub(crate) warehouse: String,
    pub(crate) units: i64,
    pub(crate) at: Timestamp,
}

/// What of an order changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    pub(crate) status: Status,
    /// Of intake's last status.
    pub(crate) status_number: i64,
    pub(crate) status_at: Timestamp,
    pub(crate) reason: String,
    /// How much was heard of the order.
    pub(crate) version: i64,
    pub(crate) priority: Option<i64>,
    pub(crate) changed_at: Timestamp,
    pub(crate) times: Times,
    pub(crate) summary: Summary,
}

/// When an order came there for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Times {
    pub(crate) confirmed: Option<Timestamp>,
    pub(crate) released: Option<Timestamp>,
    pub(crate) shipped: Option<Timestamp>,
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) completed: Option<Timestamp>,
}

impl Views {
    /// Enters one message.
    pub(crate) fn hear(&mut self, now: Timestamp, message: Inbound) {
        if let Inbound::StockLevel(level) = message {
            return self.level(level);
        }
        if let Inbound::OrderPlaced(placed) = &message {
            self.open(now, placed.order, Status::Checking, placed.placed_at);
        }
        if let Inbound::OrderCarriedOver(carried) = &message {
            self.open(now, carried.order, carried.carried.status, carried.at);
        }
        let Some(order) = about(&message) else { return };
        // Placed before it is heard of anywhere else, so an unknown one was parked, or is foreign.
        let Some(view) = self.orders.get_mut(&order) else { return };
        if !view.enter(&message) {
            return; // Late, or again.
        }
        view.version += 1;
        view.changed_at = now;
        if let Inbound::Picked(it) = &message
            && !it.short.is_empty()
        {
            let (pick, warehouse) = (view.summary.pick_of(it.shipment), it.warehouse.to_string());
            let (pick, units) = (pick.unwrap_or_default(), units(&it.short));
            self.shorts.push(ShortPick { order, pick, warehouse, units, at: now });
        }
        let Told { at, who, why, data } = told(&message, &view.summary);
        self.timeline.push(Entry {
            order,
            number: view.version,
            at: at.unwrap_or(now),
            subject: message.contract().subject,
            who,
            why,
            data,
        });
        if let Inbound::OrderPlaced(placed) = message {
            self.placed.push(placed);
        } else if let Inbound::OrderCarriedOver(carried) = message {
            self.carried.push(carried);
        }
    }

    /// A new order. How one that was placed stands intake says next, with its number.
    fn open(&mut self, now: Timestamp, order: OrderId, status: Status, since: Timestamp) {
        self.orders.entry(order).or_insert_with(|| View {
            status,
            status_number: 0,
            status_at: since,
            reason: String::new(),
            version: 0,
            priority: None,
            changed_at: now,
            times: Times::default(),
            summary: Summary::default(),
        });
    }

    fn level(&mut self, level: StockLevel) {
        let known = self.levels.get(&level.sku).map_or(0, |it| it.number);
        if level.number > known || planted(Bug::OlderLevel) {
            self.levels.insert(level.sku.clone(), level);
        }
    }
}

impl View {
    /// Enters one message. Tells whether it counts: what is late or comes again does not.
    fn enter(&mut self, message: &Inbound) -> bool {
        let summary = &mut self.summary;
        match message {
            Inbound::OrderPlaced(_) => self.version == 0, // Placed once.
            Inbound::OrderCarriedOver(it) => {
                summary.carried_over = Some(CarriedSummary::of(it));
                self.version == 0
            }
            Inbound::OrderStatus(it) => self.turn(it),
            Inbound::PaymentRequested(it) => summary.money.ask(it),
            Inbound::SourcingRequested(it) => summary.request_sourcing(it),
            Inbound::CreditApproved(it) => summary.approve(it),
            Inbound::CreditHeld(it) => summary.hold(it),
            Inbound::HoldReleased(it) => summary.release(it),
            Inbound::HoldRefused(it) => summary.refuse(it),
            Inbound::SourcingPlanned(it) => {
                let planned = summary.plan(it);
                if planned {
                    self.priority = Some(it.priority);
                }
                planned
            }
            Inbound::SourcingFailed(it) => summary.fail_sourcing(it),
            Inbound::StockClaimed(it) => summary.claim(it),
            Inbound::BackorderFilled(it) => summary.fill_backorder(it),
            Inbound::ClaimsPromoted(it) => summary.promote(it),
            Inbound::ClaimsReleased(_) => summary.release_claims(),
            Inbound::ClaimsWithdrawn(it) => summary.withdraw_claims(it),
            Inbound::LeaseExpired(_) => summary.let_lease_lapse(),
            Inbound::PickRequested(it) => summary.request_pick(it),
            Inbound::PickWithdrawn(it) => {
                summary.shipment_becomes(it.shipment, ShipmentState::Withdrawn)
            }
            Inbound::PickStarted(it) => {
                summary.shipment_becomes(it.shipment, ShipmentState::Started)
            }
            Inbound::Picked(it) => summary.pick(it),
            Inbound::Packed(it) => summary.shipment_becomes(it.shipment, ShipmentState::Packed),
            Inbound::Shipped(it) => summary.ship(it),
            Inbound::Delivered(it) => summary.deliver(it.shipment, it.delivered_at),
            Inbound::DeliveryRefused(it) => {
                summary.shipment_becomes(it.shipment, ShipmentState::Refused)
            }
            Inbound::Returned(it) => summary.shipment_becomes(it.shipment, ShipmentState::Returned),
            Inbound::PaymentCaptured(it) => summary.money.capture(it),
            Inbound::PaymentReceived(it) => summary.money.pay(it),
            Inbound::InvoiceIssued(it) => summary.money.invoice(it),
            Inbound::RefundDue(it) => summary.money.owe_back(it),
            Inbound::OrderSettled(it) => summary.money.settle(it),
            // Worth telling, and nothing to keep: the status says what comes of it.
            Inbound::CancellationRequested(_) => {
                summary.cancelling = true;
                true
            }
            Inbound::OrderCancelled(_) | Inbound::WithdrawalRefused(_) => {
                summary.cancelling = false;
                true
            }
            Inbound::LetterSent(_) | Inbound::LetterFailed(_) => true,
            Inbound::StockLevel(_) => false, // About an item, not about an order.
        }
    }

    fn turn(&mut self, it: &OrderStatus) -> bool {
        if it.number <= self.status_number {
            return false;
        }
        self.status = it.status;
        self.status_number = it.number;
        self.status_at = it.at;
        self.reason.clone_from(&it.reason);
        let times = &mut self.times;
        let first = match it.status {
            Status::Confirmed | Status::Backordered => &mut times.confirmed,
            Status::Released => &mut times.released,
            Status::PartiallyShipped | Status::Shipped => &mut times.shipped,
            Status::Delivered => &mut times.delivered,
            Status::Completed => &mut times.completed,
            Status::Checking
            | Status::CreditHold
            | Status::AwaitingPayment
            | Status::Picking
            | Status::Packed
            | Status::PartiallyDelivered
            | Status::Cancelled
            | Status::Expired
            | Status::Rejected => return true, // The timeline tells when.
        };
        first.get_or_insert(it.at);
        true
    }
}

/// Which order a message is about.
pub(crate) fn about(message: &Inbound) -> Option<OrderId> {
    Some(match message {
        Inbound::OrderPlaced(it) => it.order,
        Inbound::OrderCarriedOver(it) => it.order,
        // What was rejected never became an order, and what was wrong with it may be personal.
        Inbound::OrderStatus(it) => return it.order,
        Inbound::OrderCancelled(it) => it.order,
        Inbound::CancellationRequested(it) => it.order,
        Inbound::PaymentRequested(it) => it.order,
        Inbound::SourcingRequested(it) => it.order,
        Inbound::CreditApproved(it) => it.order,
        Inbound::CreditHeld(it) => it.order,
        Inbound::HoldReleased(it) => it.order,
        Inbound::HoldRefused(it) => it.order,
        Inbound::SourcingPlanned(it) => it.order,
        Inbound::SourcingFailed(it) => it.order,
        Inbound::StockClaimed(it) => it.order,
        Inbound::BackorderFilled(it) => it.order,
        Inbound::ClaimsPromoted(it) => it.order,
        Inbound::ClaimsReleased(it) => it.order,
        Inbound::ClaimsWithdrawn(it) => it.order,
        Inbound::LeaseExpired(it) => it.order,
        Inbound::PickRequested(it) => it.order,
        Inbound::PickWithdrawn(it) => it.order,
        Inbound::WithdrawalRefused(it) => it.order,
        Inbound::PickStarted(it) => it.order,
        Inbound::Picked(it) => it.order,
        Inbound::Packed(it) => it.order,
        Inbound::Shipped(it) => it.order,
        Inbound::Delivered(it) => it.order,
        Inbound::DeliveryRefused(it) => it.order,
        Inbound::Returned(it) => it.order,
        Inbound::PaymentCaptured(it) => it.order,
        Inbound::PaymentReceived(it) => it.order,
        Inbound::InvoiceIssued(it) => it.order,
        Inbound::RefundDue(it) => it.order,
        Inbound::OrderSettled(it) => it.order,
        Inbound::LetterSent(it) => it.order,
        Inbound::LetterFailed(it) => it.order,
        Inbound::StockLevel(_) => return None,
    })
}

/// How an order is marked on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Colour {
    /// 紧急: urgent and not over, later than was estimated, or held by credit for more than 48 hours.
    Red,
    /// 已完成
    Green,
    /// 进行中
    Yellow,
    /// It ended without being carried out.
    Grey,
}

/// How an order is marked, by the first rule that fits.
pub(crate) fn colour(
    status: Status,
    urgent: bool,
    since: Timestamp,
    is_late: bool,
    now: Timestamp,
) -> Colour {
    let is_done = status == Status::Completed;
    let is_over = is_done || status.is_final();
    let is_held_long = status == Status::CreditHold && now.duration_since(since) > HOLD_SLA;
    if urgent && !is_over || is_late || is_held_long {
        Colour::Red
    } else if is_done {
        Colour::Green
    } else if is_over {
        Colour::Grey
    } else {
        Colour::Yellow
    }
}

/// Whether an order is later than was estimated.
pub(crate) fn is_late(status: Status, due: Option<Timestamp>, now: Timestamp) -> bool {
    let is_over = status == Status::Completed || status.is_final();
    !is_over && due.is_some_and(|it| it < now)
}

/// Where an order is in the course of trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// 已成交
    Won,
    /// 售后
    AfterSales,
    Lost,
}

pub(crate) fn stage(status: Status) -> Stage {
    if status == Status::Completed {
        Stage::AfterSales
    } else if status.is_final() {
        Stage::Lost
    } else {
        Stage::Won
    }
}
