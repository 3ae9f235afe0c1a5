//! An order, as far as fulfilment has to know it: what was ordered, what is claimed for it, and who
//! receives it.

use std::collections::BTreeMap;

use contracts::allocation::{SourcingFailed, SourcingPlanned};
use contracts::fulfilment::{GivenUp, ShipmentView};
use contracts::intake::{ConsigneeNamed, OrderPlaced};
use contracts::inventory::Claim;
use contracts::{
    Consignee, Currency, CustomerId, ItemUnits, LineUnits, OrderId, Place, Sku, WarehouseId,
};
use serde::{Deserialize, Serialize};

use crate::shipment::{Shipment, Units, add, shipment_id};

/// An order on its way out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dispatch {
    pub(crate) order: OrderId,
    pub(crate) placed: Placed,
    pub(crate) course: Course,
    pub(crate) standing: Standing,
    /// From the confirmation until nothing is left to be picked.
    pub(crate) recipient: Option<Recipient>,
    /// By their pick: 1, 2, 3 …
    pub(crate) shipments: BTreeMap<i32, Shipment>,
    /// Whether it differs from what is stored, its shipments aside.
    pub(crate) kept: Kept,
}

/// What was ordered, by whom. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) order_no: String,
    pub(crate) customer: CustomerId,
    pub(crate) currency: Currency,
    pub(crate) urgent: bool,
    pub(crate) lines: BTreeMap<u16, Line>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    pub(crate) name: String,
    pub(crate) quantity: i64,
}

/// What changes with sourcing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) priority: i64,
    /// Nothing leaves before all of it can.
    pub(crate) ship_complete: bool,
    /// Claimed and not released, by warehouse and line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) waiting: BTreeMap<WarehouseId, Units>,
    /// Units for which there is no source, now or at a known date: nobody waits for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) failed: Units,
    /// What warehouses left alone since the order was asked back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) given_back: Units,
}

/// Who receives the goods. Personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recipient {
    pub(crate) consignee: Consignee,
    pub(crate) place: Place,
}

/// Where the order is, as far as its release goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Not confirmed: nothing is released.
    Placed,
    /// Whatever is claimed is released.
    Confirmed,
    /// Asked back: nothing is released until every warehouse has answered.
    Withdrawing,
    /// Every warehouse left it alone; that it is cancelled is about to be heard.
    Withdrawn,
    /// Cancelled or expired.
    Ended,
}

/// How a row of the books stands to what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    New,
    Same,
    Changed,
}

impl Course {
    const ALL: [Self; 5] =
        [Self::Placed, Self::Confirmed, Self::Withdrawing, Self::Withdrawn, Self::Ended];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Confirmed => "confirmed",
            Self::Withdrawing => "withdrawing",
            Self::Withdrawn => "withdrawn",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl Dispatch {
    pub(crate) fn new(it: OrderPlaced) -> Self {
        let lines = it
            .lines
            .into_iter()
            .map(|it| (it.line, Line { sku: it.sku, name: it.name, quantity: it.quantity }));
        let placed = Placed {
            order_no: it.order_no,
            customer: it.customer,
            currency: it.currency,
            urgent: it.urgent,
            lines: lines.collect(),
        };
        Self {
            order: it.order,
            placed,
            course: Course::Placed,
            standing: Standing::default(),
            recipient: None,
            shipments: BTreeMap::new(),
            kept: Kept::New,
        }
    }

    pub(crate) fn plan(&mut self, plan: &SourcingPlanned) {
        self.standing.priority = plan.priority;
        self.standing.ship_complete = plan.ship_complete;
        self.touch();
    }

    /// These claims are new.
    pub(crate) fn claim(&mut self, claims: &[Claim]) {
        for it in claims.iter().filter(|it| it.quantity > 0) {
            let waiting = self.standing.waiting.entry(it.warehouse.clone()).or_default();
            add(waiting, &Units::from([(it.line, it.quantity)]));
        }
        self.touch();
    }

    /// These claims are all there are: they replace what waits, but for what is released already
    /// and has not left.
    pub(crate) fn promote(&mut self, claims: &[Claim]) {
        self.standing.waiting.clear();
        self.claim(claims);
        let released = self.shipments.values().filter(|it| it.state.is_claimed());
        for it in released {
            take(&mut self.standing.waiting, &it.warehouse, &it.units);
        }
    }

    /// These claims are gone. A warehouse that was told to pick them will find them short.
    pub(crate) fn lose(&mut self, claims: &[Claim]) {
        for it in claims.iter().filter(|it| it.quantity > 0) {
            let units = Units::from([(it.line, it.quantity)]);
            take(&mut self.standing.waiting, &it.warehouse, &units);
        }
        self.touch();
    }

    /// The leases are over. Orders that are confirmed have none.
    pub(crate) fn lapse(&mut self) {
        if self.course == Course::Placed {
            self.standing.waiting.clear();
            self.touch();
        }
    }

    /// Nothing serves these units. Those that no warehouse was told to pick are given up: the rest does
    /// not wait for them, and they are not picked if they turn up. A count may have taken the others
    /// in the moment in which their warehouse was told: it says whether they are there.
    pub(crate) fn fail(&mut self, it: &SourcingFailed) -> GivenUp {
        let mut room = self.room();
        let (mut lines, mut in_hand) = (Vec::new(), Vec::new());
        for LineUnits { line, quantity } in it.lines.iter().copied().filter(|it| it.quantity > 0) {
            let room = room.entry(line).or_default();
            let given_up = quantity.min(*room);
            *room -= given_up;
            lines.push(LineUnits { line, quantity: given_up });
            in_hand.push(LineUnits { line, quantity: quantity - given_up });
        }
        lines.retain(|it| it.quantity > 0);
        in_hand.retain(|it| it.quantity > 0);
        for LineUnits { line, quantity } in lines.iter().copied() {
            add(&mut self.standing.failed, &Units::from([(line, quantity)]));
        }
        self.touch();
        let (order, because) = (self.order, it.because.clone());
        GivenUp { order, attempt: it.attempt, lines, in_hand, because }
    }

    pub(crate) fn name(&mut self, it: &ConsigneeNamed) {
        let recipient = Recipient { consignee: it.consignee.clone(), place: it.place.clone() };
        self.recipient = Some(recipient);
        self.touch();
    }

    pub(crate) fn confirm(&mut self) {
        // Said once, before anything else can happen to the order.
        if self.course == Course::Placed {
            self.course = Course::Confirmed;
            self.touch();
        }
    }

    /// These units by their items.
    pub(crate) fn items(&self, units: &Units) -> Vec<ItemUnits> {
        self.placed.items(units)
    }

    /// A shipment of the order, as whoever asks is shown it.
    pub(crate) fn view(&self, pick: i32, it: &Shipment) -> ShipmentView {
        ShipmentView {
            shipment: shipment_id(self.order, pick),
            pick,
            warehouse: it.warehouse.clone(),
            state: it.state.name().to_owned(),
            units: self.items(&it.units),
            carrier: it.carrier.clone(),
            tracking_no: it.tracking_no.clone(),
        }
    }

    pub(crate) fn touch(&mut self) {
        if self.kept == Kept::Same {
            self.kept = Kept::Changed;
        }
    }
}

impl Placed {
    /// These units by their items.
    pub(crate) fn items(&self, units: &Units) -> Vec<ItemUnits> {
        let item = |(line, quantity): (&u16, &i64)| {
            let sku = self.lines.get(line)?.sku.clone();
            Some(ItemUnits { line: *line, sku, quantity: *quantity })
        };
        units.iter().filter_map(item).collect()
    }
}

/// Takes units away from what waits in a warehouse, as far as they are there.
fn take(waiting: &mut BTreeMap<WarehouseId, Units>, from: &WarehouseId, units: &Units) {
    let Some(there) = waiting.get_mut(from) else { return };
    for (line, units) in units {
        if let Some(there) = there.get_mut(line) {
            *there -= (*units).min(*there);
        }
    }
    there.retain(|_, units| *units > 0);
    waiting.retain(|_, units| !units.is_empty());
}
