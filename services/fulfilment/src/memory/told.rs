//! What everyone was told of the shipments: an account of its own, to hold the rows against.

use std::collections::BTreeMap;

use contracts::{ItemUnits, OrderId, ShipmentId};

use super::Tables;
use crate::Outbound;
use crate::shipment::{STEPS, State, Units, add, shipment_id};

/// One thing that was said of a shipment.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) order: OrderId,
    shipment: ShipmentId,
    state: State,
    units: Units,
    short: Units,
}

/// What was said of one shipment.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) requested: Units,
    /// Once it is picked: what was there, and what was not.
    pub(crate) picked: Option<(Units, Units)>,
    pub(crate) packed: Option<Units>,
    pub(crate) shipped: Option<Units>,
    /// Where it was when it was last spoken of.
    pub(crate) state: State,
}

impl Told {
    pub(crate) fn by(said: &Outbound) -> Option<Self> {
        let mut short = Units::new();
        let (order, shipment, state, units) = match said {
            Outbound::PickRequested(it) => {
                let units = it.lines.iter().map(|it| (it.line, it.quantity)).collect();
                (it.order, it.shipment, State::Open, units)
            }
            Outbound::PickWithdrawn(it) => {
                (it.order, it.shipment, State::Withdrawing, Units::new())
            }
            Outbound::PickStarted(it) => (it.order, it.shipment, State::Picking, sum(&it.units)),
            Outbound::Picked(it) => {
                short = sum(&it.short);
                (it.order, it.shipment, State::Picked, sum(&it.picked))
            }
            Outbound::Packed(it) => (it.order, it.shipment, State::Packed, sum(&it.units)),
            Outbound::Shipped(it) => (it.order, it.shipment, State::Shipped, sum(&it.units)),
            Outbound::Delivered(it) => (it.order, it.shipment, State::Delivered, sum(&it.units)),
            Outbound::DeliveryRefused(it) => {
                (it.order, it.shipment, State::Refused, sum(&it.units))
            }
            Outbound::Returned(it) => (it.order, it.shipment, State::Returned, sum(&it.units)),
            Outbound::ReleaseWithdrawn(_)
            | Outbound::WithdrawalRefused(_)
            | Outbound::GivenUp(_)
            | Outbound::ParcelNoted(_) => return None,
        };
        Some(Self { order, shipment, state, units, short })
    }
}

/// Enters it, or what is wrong with it.
pub(super) fn enter(tables: &mut Tables, it: Told) {
    let accounts = tables.told.entry(it.order).or_default();
    let pick = if it.state == State::Open {
        accounts.last_key_value().map_or(1, |(last, _)| last + 1)
    } else {
        let is = |pick: &i32| shipment_id(it.order, *pick) == it.shipment;
        accounts.keys().copied().find(is).unwrap_or_default()
    };
    let mut wrong = |what: &str| tables.faults.push(format!("{what}: {it:?}"));
    if it.state == State::Open {
        if shipment_id(it.order, pick) != it.shipment {
            wrong("a pick was requested twice, or out of turn");
            return;
        }
        accounts.insert(pick, Account::of(it.units));
        return;
    }
    let Some(account) = accounts.get_mut(&pick) else {
        wrong("said of a shipment that was never requested");
        return;
    };
    if !STEPS.iter().any(|(from, _, to)| *from == account.state && *to == it.state) {
        wrong("said out of turn");
    }
    account.state = it.state;
    if let Some(wrong_units) = account.carry(&it) {
        wrong(wrong_units);
    }
}

impl Account {
    fn of(requested: Units) -> Self {
        Self { requested, picked: None, packed: None, shipped: None, state: State::Open }
    }

    /// Compares units with what was there before. Returns what is wrong.
    fn carry(&mut self, it: &Told) -> Option<&'static str> {
        let there = self.there().clone();
        match it.state {
            State::Picked => {
                let mut all = it.units.clone();
                add(&mut all, &it.short);
                self.picked = Some((it.units.clone(), it.short.clone()));
                (all != there).then_some("picked and short are not what was requested")
            }
            State::Packed => {
                self.packed = Some(it.units.clone());
                (it.units != there).then_some("packed is not what was picked")
            }
            State::Shipped => {
                self.shipped = Some(it.units.clone());
                (it.units != there).then_some("shipped is not what was packed")
            }
            State::Picking | State::Delivered | State::Refused | State::Returned => {
                (it.units != there).then_some("other units than were there")
            }
            State::Open | State::Withdrawing | State::Withdrawn | State::Empty => None,
        }
    }

    /// The units that are left of it.
    pub(super) fn there(&self) -> &Units {
        let picked = self.picked.as_ref().map(|(picked, _)| picked);
        self.shipped.as_ref().or(self.packed.as_ref()).or(picked).unwrap_or(&self.requested)
    }
}

fn sum(units: &[ItemUnits]) -> Units {
    let mut sum = BTreeMap::new();
    for it in units {
        *sum.entry(it.line).or_default() += it.quantity;
    }
    sum
}
