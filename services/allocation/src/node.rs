//! Warehouses, and what each of them would cost an order.

use contracts::allocation::{NodeKind, SetNode};
use contracts::{Place, WarehouseId};

use crate::because::Against;
use crate::order::Demand;
use crate::place::{FREIGHT_BASE, Point, capital, distance, freight_per_kg};
use crate::ruleset::{Weights, Wish};

/// The most that the fixed part of a cost can be, so that sums of costs stay in bounds.
const MOST_POINTS: i64 = 1_000_000_000_000;

/// A warehouse as sourcing knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) is: SetNode,
    /// Counts up with each change; decisions name the version that they saw.
    pub(crate) version: i32,
    /// Order lines that it has been chosen for and has not picked.
    pub(crate) backlog: i64,
    point: Option<Point>,
}

/// A warehouse that may serve an order, and what that would cost, in points.
#[derive(Debug, PartialEq)]
pub(crate) struct Site<'n> {
    pub(crate) warehouse: &'n WarehouseId,
    pub(crate) km: i64,
    /// Hours until it has picked what it was chosen for so far.
    pub(crate) backlog_h: i64,
    /// How deep the order digs into its stock: tenths, of the item that is scarcest there.
    pub(crate) scarcity: i64,
    /// Counts by the share of the units that comes from here.
    pub(crate) preference: i64,
    /// Cents of freight for a kilogramme.
    pub(crate) per_kg: i64,
    /// What it costs to send anything at all: distance, backlog, scarcity, a parcel's base freight.
    pub(crate) fixed: i64,
    /// What it has of each item that is wanted.
    pub(crate) stock: Vec<i64>,
}

/// Hours to pick, pack and hand over what nothing stands before.
const HANDLING_H: i64 = 24;

/// How far a parcel goes on the road in a day, in kilometres.
const KM_A_DAY: i64 = 500;

/// A warehouse that may not serve the order, and why.
pub(crate) type Eliminated<'n> = (&'n WarehouseId, Against);

impl Node {
    pub(crate) fn new(is: SetNode, version: i32, backlog: i64) -> Self {
        let point = capital(&is.province);
        Self { is, version, backlog, point }
    }

    /// The same warehouse with so many lines to pick.
    pub(crate) fn but_with(&self, backlog: i64) -> Self {
        Self { backlog, ..self.clone() }
    }

    /// As a decision names it: which warehouse, in which version, with how much to pick.
    pub(crate) fn state(&self) -> (WarehouseId, i32, i64) {
        (self.is.warehouse.clone(), self.version, self.backlog)
    }
}

/// What the warehouses are looked at with.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    pub(crate) to: &'a Place,
    pub(crate) at: Option<Point>,
    pub(crate) demands: &'a [Demand<'a>],
    /// Not from there: it just failed to deliver.
    pub(crate) not_from: &'a [WarehouseId],
    pub(crate) wish: &'a Wish<'a>,
    pub(crate) weights: &'a Weights,
}

impl Survey<'_> {
    /// The warehouse with the parts of its cost, or why it is out of the question. `stock` is what
    /// it has of each item that is wanted, `backlog` what it had not picked yet.
    pub(crate) fn site<'n>(
        &self,
        node: &'n Node,
        backlog: i64,
        stock: Vec<i64>,
    ) -> Result<Site<'n>, Eliminated<'n>> {
        if let Some(reason) = self.against(&node.is) {
            return Err((&node.is.warehouse, reason));
        }
        let SetNode { warehouse, province, city, lines_per_hour, .. } = &node.is;
        let km = distance((province, city, node.point), self.to, self.at);
        let backlog_h = backlog.max(0) / lines_per_hour;
        let scarcity = self.demands.iter().zip(&stock).map(|(it, has)| scarcity(it.quantity, *has));
        let scarcity = scarcity.max().unwrap_or_default();
        let Weights { distance, freight, backlog, scarcity: scarce, .. } = self.weights;
        let fixed =
            [(distance, km), (backlog, backlog_h), (scarce, scarcity), (freight, FREIGHT_BASE)];
        let fixed = fixed.into_iter().fold(0_i64, |sum, (weight, size)| {
            sum.saturating_add(weight.saturating_mul(size)).min(MOST_POINTS)
        });
        let (preference, per_kg) = (self.wish.preference(warehouse), freight_per_kg(km));
        Ok(Site { warehouse, km, backlog_h, scarcity, preference, per_kg, fixed, stock })
    }

    /// Why a warehouse may not serve the order, whatever it has. That it just failed comes last, and
    /// is told only if nothing else is against it.
    fn against(&self, node: &SetNode) -> Option<Against> {
        let warehouse = &node.warehouse;
        if !node.active {
            return Some(Against::Inactive);
        }
        if node.lines_per_hour <= 0 {
            return Some(Against::NoCapacity);
        }
        if !node.serves.is_empty() && !node.serves.contains(&self.to.province) {
            return Some(Against::OutOfReach { province: self.to.province.clone() });
        }
        if let Some((_, rule)) = self.wish.exclude.iter().find(|it| it.0 == warehouse) {
            return Some(Against::Excluded { rule: (*rule).to_owned() });
        }
        if let Some((kind, rule)) = self.wish.restrict.iter().find(|it| it.0 != node.kind) {
            return Some(Against::OtherKind { kind: *kind, rule: (*rule).to_owned() });
        }
        let required = self.wish.require.iter().any(|it| it.0 == warehouse);
        if let Some((_, rule)) = self.wish.require.first().filter(|_| !required) {
            return Some(Against::NotRequired { rule: (*rule).to_owned() });
        }
        self.not_from.contains(warehouse).then_some(Against::JustFailed)
    }
}

impl Site<'_> {
    /// Hours until what is sent from here is expected at the customer's: what stands before it, a day
    /// in the warehouse, and a day on the road for each 500 km begun. Bounded, so that a backlog that
    /// is out of all measure is a late date and not an impossible one.
    pub(crate) fn hours(&self) -> i64 {
        const MOST: i64 = 24 * 365;
        let days = (self.km.max(1) - 1) / KM_A_DAY + 1;
        self.backlog_h.min(MOST) + HANDLING_H + days * 24
    }

    /// How many of the wanted units it has.
    pub(crate) fn has(&self, demands: &[Demand<'_>]) -> i64 {
        demands.iter().zip(&self.stock).map(|(it, has)| it.quantity.min(*has)).sum()
    }
}

/// Tenths of what there is that the order would take; all of it, if there is not enough.
fn scarcity(wanted: i64, has: i64) -> i64 {
    if wanted < has { wanted.saturating_mul(10) / has } else { 10 }
}

/// A kind of warehouse as rules and tables call it.
pub(crate) fn kind_name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Regional => "regional",
        NodeKind::Forward => "forward",
        NodeKind::Plant => "plant",
    }
}

/// The kind of this name.
pub(crate) fn kind_named(name: &str) -> Option<NodeKind> {
    [NodeKind::Regional, NodeKind::Forward, NodeKind::Plant]
        .into_iter()
        .find(|it| kind_name(*it) == name)
}
