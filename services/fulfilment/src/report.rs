//! Reports on a pick: what they mean, what they imply, and when they change nothing.

use chassis::plant::{Bug, planted};
use contracts::fulfilment::{
    Delivered, DeliveryRefused, Packed, PickStarted, Picked, Returned, Shipped, WarehouseReport,
    WarehouseReported,
};
use contracts::{ItemUnits, LineUnits, Timestamp, WarehouseId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Outbound;
use crate::dispatch::Dispatch;
use crate::parcel::CarrierSaid;
use crate::shipment::{Shipment, State, Units, add, shipment_id};

/// A report, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    /// Who reports; nobody in particular if it is the carrier, who was found by the parcel.
    pub(crate) warehouse: Option<WarehouseId>,
    pub(crate) pick: i32,
    pub(crate) what: What,
    pub(crate) body: WarehouseReport,
    /// When it is decided.
    pub(crate) now: Timestamp,
}

/// What can be reported of a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Started,
    /// These units were picked.
    Picked,
    /// These were not there; the rest was picked.
    Short,
    Packed,
    Shipped,
    Delivered,
    Refused,
    Returned,
    /// It is left alone, as it was asked for.
    Unreleased,
}

/// Why a report changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// There is no such order here.
    UnknownOrder,
    /// The order has no such pick.
    UnknownPick,
    /// It is another warehouse's pick.
    ForeignWarehouse,
    /// Nobody knows what that means.
    UnknownReport,
    /// The body is not what it should be.
    Unreadable,
    /// It was so before.
    Repeated,
    /// It cannot be so, after what was reported before; or nobody asked for it.
    Contradictory,
    /// More units than were to be picked, or others.
    MoreThanAsked,
    /// Others than were picked.
    OtherUnits,
}

impl What {
    const ALL: [Self; 9] = [
        Self::Started,
        Self::Picked,
        Self::Short,
        Self::Packed,
        Self::Shipped,
        Self::Delivered,
        Self::Refused,
        Self::Returned,
        Self::Unreleased,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Picked => "picked",
            Self::Short => "short",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Returned => "returned",
            Self::Unreleased => "unreleased",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What carriers report; of the way to the door they know nothing that matters here.
    pub(crate) fn of_carrier(name: &str) -> Option<Self> {
        Self::named(name).filter(|it| matches!(it, Self::Delivered | Self::Refused))
    }

    /// Where the shipment is then.
    fn goal(self) -> State {
        match self {
            Self::Started => State::Picking,
            Self::Picked | Self::Short => State::Picked,
            Self::Packed => State::Packed,
            Self::Shipped => State::Shipped,
            Self::Delivered => State::Delivered,
            Self::Refused => State::Refused,
            Self::Returned => State::Returned,
            Self::Unreleased => State::Withdrawn,
        }
    }
}

impl Refusal {
    /// A stable word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown_order",
            Self::UnknownPick => "unknown_pick",
            Self::ForeignWarehouse => "foreign_warehouse",
            Self::UnknownReport => "unknown_report",
            Self::Unreadable => "unreadable",
            Self::Repeated => "repeated",
            Self::Contradictory => "contradictory",
            Self::MoreThanAsked => "more_than_asked",
            Self::OtherUnits => "other_units",
        }
    }
}

impl Report {
    pub(crate) fn of_warehouse(now: Timestamp, it: &WarehouseReported) -> Result<Self, Refusal> {
        let what = What::named(&it.what).ok_or(Refusal::UnknownReport)?;
        let body: WarehouseReport = body(&it.body).ok_or(Refusal::Unreadable)?;
        let (warehouse, pick) = (Some(it.warehouse.clone()), body.pick.unwrap_or(1));
        Ok(Self { warehouse, pick, what, body, now })
    }

    pub(crate) fn of_carrier(
        now: Timestamp,
        pick: i32,
        said: &CarrierSaid,
    ) -> Result<Self, Refusal> {
        let what = What::of_carrier(&said.what).ok_or(Refusal::UnknownReport)?;
        let (at, reason) = (said.report.at.or(Some(said.heard_at)), said.report.reason.clone());
        let body = WarehouseReport { at, reason, ..WarehouseReport::default() };
        Ok(Self { warehouse: None, pick, what, body, now })
    }
}

/// Reads a body. One without content says what the subject says, and no more.
pub(crate) fn body<B: DeserializeOwned + Default>(body: &Value) -> Option<B> {
    if body.is_null() { Some(B::default()) } else { B::deserialize(body).ok() }
}

/// What a step has to tell beside where the shipment is.
struct Account<'a> {
    asked: &'a Units,
    short: &'a Units,
    at: Timestamp,
    reason: &'a str,
}

impl Dispatch {
    /// Enters a report. Steps that were skipped are told too, in their order. A report that cannot
    /// be true changes nothing.
    pub(crate) fn report(&mut self, report: &Report) -> Result<Vec<Outbound>, Refusal> {
        let mut shipment = self.shipments.get(&report.pick).ok_or(Refusal::UnknownPick)?.clone();
        if report.warehouse.as_ref().is_some_and(|it| *it != shipment.warehouse) {
            return Err(Refusal::ForeignWarehouse);
        }
        let (from, goal) = (shipment.state, report.what.goal());
        let again = planted(Bug::ReportTwice) && from.is_past(goal);
        let Some(way) = from.way_to(goal).or_else(|| again.then(|| vec![goal])) else {
            let was_so = from.is_past(goal);
            return Err(if was_so { Refusal::Repeated } else { Refusal::Contradictory });
        };
        let asked = shipment.units.clone();
        let short = count(&mut shipment, &way, report)?;

        let body = &report.body;
        shipment.changed = true;
        shipment.carrier = body.carrier.clone().or(shipment.carrier);
        shipment.tracking_no = body.tracking_no.clone().or(shipment.tracking_no);
        let at = body.at.unwrap_or(report.now);
        let account = Account { asked: &asked, short: &short, at, reason: &body.reason };

        let mut said = Vec::new();
        if from == State::Withdrawing && goal != State::Withdrawn {
            said.extend(self.keep(&shipment.warehouse));
        }
        for step in way {
            shipment.state = step;
            said.extend(self.tell(report.pick, &shipment, &account));
        }
        if shipment.units.is_empty() {
            shipment.state = State::Empty;
        }
        let left = shipment.clone();
        self.shipments.insert(report.pick, shipment);
        if left.state == State::Withdrawn {
            said.extend(self.left_alone(&left.warehouse, &left.units));
        }
        // What came short or was left alone may be claimed already.
        said.extend(self.release(report.now));
        self.forget_recipient();
        Ok(said)
    }

    fn tell(&self, pick: i32, shipment: &Shipment, account: &Account<'_>) -> Option<Outbound> {
        let (order, customer) = (self.order, self.placed.customer.clone());
        let (id, warehouse) = (shipment_id(order, pick), shipment.warehouse.clone());
        let units: Vec<ItemUnits> = self.items(&shipment.units);
        let said = match shipment.state {
            State::Picking => {
                let units = self.items(account.asked);
                PickStarted { order, shipment: id, warehouse, units }.into()
            }
            State::Picked => {
                let short = self.items(account.short);
                Picked { order, shipment: id, warehouse, picked: units, short }.into()
            }
            State::Packed => Packed { order, shipment: id, warehouse, units }.into(),
            State::Shipped => Shipped {
                order,
                customer,
                shipment: id,
                warehouse,
                units,
                carrier: shipment.carrier.clone(),
                tracking_no: shipment.tracking_no.clone(),
                shipped_at: account.at,
            }
            .into(),
            State::Delivered => {
                let currency = self.placed.currency;
                let delivered_at = account.at;
                Delivered { order, customer, currency, shipment: id, units, delivered_at }.into()
            }
            State::Refused => {
                let reason = account.reason.to_owned();
                DeliveryRefused { order, customer, shipment: id, units, reason }.into()
            }
            State::Returned => Returned { order, customer, shipment: id, warehouse, units }.into(),
            // Told of the whole order, when all its picks are left alone; or by what came short.
            State::Open | State::Withdrawing | State::Withdrawn | State::Empty => return None,
        };
        Some(said)
    }
}

/// Puts what was picked into the shipment, if the report says or implies it. Returns what is short.
fn count(shipment: &mut Shipment, way: &[State], report: &Report) -> Result<Units, Refusal> {
    let lines = report.body.lines.as_deref();
    if !way.contains(&State::Picked) {
        // Before the pick nothing is counted; after it, nothing may have changed.
        let same = lines.is_none_or(|it| sum(it) == shipment.units);
        let picked = shipment.state.is_past(State::Picked);
        return if same || !picked { Ok(Units::new()) } else { Err(Refusal::OtherUnits) };
    }
    let asked = shipment.units.clone();
    let named = lines.map_or_else(|| asked.clone(), sum);
    let fits = |(line, units): (&u16, &i64)| asked.get(line).is_some_and(|it| units <= it);
    let counted = lines.into_iter().flatten().all(|it| it.quantity >= 0);
    if !counted || !named.iter().all(fits) {
        return Err(Refusal::MoreThanAsked);
    }
    let rest = less(&asked, &named);
    let (picked, short) = if report.what == What::Short { (rest, named) } else { (named, rest) };
    if picked.is_empty() && report.what.goal() != State::Picked {
        return Err(Refusal::OtherUnits); // Nothing cannot be packed.
    }
    shipment.units = picked;
    Ok(short)
}

/// What the lines come to; a line may be named twice.
fn sum(lines: &[LineUnits]) -> Units {
    let mut units = Units::new();
    for it in lines.iter().filter(|it| it.quantity > 0) {
        add(&mut units, &Units::from([(it.line, it.quantity)]));
    }
    units
}

fn less(all: &Units, some: &Units) -> Units {
    let left = |(line, units): (&u16, &i64)| {
        let left = units - some.get(line).copied().unwrap_or_default();
        (left > 0).then_some((*line, left))
    };
    all.iter().filter_map(left).collect()
}

#[cfg(test)]
mod tests {
    use contracts::fulfilment::{CARRIER_REPORTS, WAREHOUSE_REPORTS};

    use super::What;

    #[test]
    fn what_is_declared_to_the_outside_is_what_is_understood() {
        assert_eq!(What::ALL.map(What::name), WAREHOUSE_REPORTS);
        let of_carriers = WAREHOUSE_REPORTS.into_iter().filter(|it| What::of_carrier(it).is_some());
        assert_eq!(of_carriers.collect::<Vec<_>>(), CARRIER_REPORTS);
    }
}
