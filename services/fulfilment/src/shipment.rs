//! A shipment, and the ways it can go.

use std::collections::BTreeMap;

use contracts::{CarrierId, OrderId, ShipmentId, TrackingNo, WarehouseId};
use uuid::Uuid;

/// So many units of each line.
pub(crate) type Units = BTreeMap<u16, i64>;

/// What leaves one warehouse for one order at one time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shipment {
    pub(crate) warehouse: WarehouseId,
    pub(crate) state: State,
    /// What was asked for; once it is picked, what was there.
    pub(crate) units: Units,
    pub(crate) carrier: Option<CarrierId>,
    pub(crate) tracking_no: Option<TrackingNo>,
    /// Whether it differs from what is stored.
    pub(crate) changed: bool,
}

/// Where a shipment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The warehouse was told to pick.
    Open,
    /// The warehouse was asked to leave it alone, and has not answered.
    Withdrawing,
    /// The warehouse left it alone.
    Withdrawn,
    Picking,
    /// Picked, and nothing was there.
    Empty,
    Picked,
    Packed,
    Shipped,
    Delivered,
    /// The customer did not take it; it is on its way back.
    Refused,
    /// Back in the warehouse.
    Returned,
}

/// Who moves a shipment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mover {
    /// Fulfilment itself.
    House,
    /// A warehouse or a carrier, by its report.
    Outside,
}

use Mover::{House, Outside};
use State::{
    Delivered, Empty, Open, Packed, Picked, Picking, Refused, Returned, Shipped, Withdrawing,
    Withdrawn,
};

/// Every step that a shipment can take. There is no way back along it.
pub(crate) const STEPS: &[(State, Mover, State)] = &[
    (Open, Outside, Picking),
    (Picking, Outside, Picked),
    (Picked, House, Empty),
    (Picked, Outside, Packed),
    (Packed, Outside, Shipped),
    (Shipped, Outside, Delivered),
    (Shipped, Outside, Refused),
    (Refused, Outside, Returned),
    (Open, House, Withdrawing),
    (Withdrawing, Outside, Withdrawn),
    (Withdrawing, Outside, Picking), // It had begun before it was asked.
];

impl State {
    pub(crate) const ALL: [Self; 11] = [
        Open,
        Withdrawing,
        Withdrawn,
        Picking,
        Empty,
        Picked,
        Packed,
        Shipped,
        Delivered,
        Refused,
        Returned,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Open => "open",
            Withdrawing => "withdrawing",
            Withdrawn => "withdrawn",
            Picking => "picking",
            Empty => "empty",
            Picked => "picked",
            Packed => "packed",
            Shipped => "shipped",
            Delivered => "delivered",
            Refused => "refused",
            Returned => "returned",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The steps from here to there that reports can imply; none if there is no such way.
    pub(crate) fn way_to(self, goal: Self) -> Option<Vec<Self>> {
        let steps = STEPS.iter().filter(|(from, mover, _)| *from == self && *mover == Outside);
        steps.map(|(_, _, next)| *next).find_map(|next| {
            let mut way = vec![next];
            if next != goal {
                way.extend(next.way_to(goal)?);
            }
            Some(way)
        })
    }

    /// Whether it is there, or may have come through there.
    pub(crate) fn is_past(self, milestone: Self) -> bool {
        let mut before = STEPS.iter().filter(|(_, _, to)| *to == self).map(|(from, _, _)| *from);
        self == milestone || before.any(|it| it.is_past(milestone))
    }

    /// Nothing happens to it any more.
    pub(crate) fn is_over(self) -> bool {
        !STEPS.iter().any(|(from, _, _)| *from == self)
    }

    /// Its goods were touched for the customer, and nobody put them back.
    pub(crate) fn has_begun(self) -> bool {
        matches!(self, Picking | Picked | Packed | Shipped | Delivered | Refused)
    }

    /// Its units are still claimed in the warehouse: none of them left.
    pub(crate) fn is_claimed(self) -> bool {
        matches!(self, Open | Withdrawing | Picking | Picked | Packed)
    }
}

/// Every pick of an order has an id that everyone could work out.
pub(crate) fn shipment_id(order: OrderId, pick: i32) -> ShipmentId {
    ShipmentId(Uuid::new_v5(&order.0, format!("shipment {pick}").as_bytes()))
}

/// Puts units to others.
pub(crate) fn add(to: &mut Units, more: &Units) {
    for (line, units) in more {
        let sum = to.entry(*line).or_default();
        *sum = sum.saturating_add(*units);
    }
}
