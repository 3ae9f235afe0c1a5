//! Claims: units on a shelf that are kept for a line of an order, until they leave or are given up.

use std::collections::{BTreeMap, BTreeSet};

use chassis::plant::{Bug, planted};
use contracts::allocation::{Otherwise, Plan, SourcingPlanned};
use contracts::inventory::{self, Available, ClaimRefused, ClaimsReleased, StockClaimed};
use contracts::{ItemUnits, OrderId, Sku, WarehouseId};
use jiff::Timestamp;

use crate::Outbound;
use crate::books::{Books, Cause, Claim, Demand, Kind, Shelf, Standing};

/// Units by shelf and line.
pub(crate) type Parts = BTreeMap<Shelf, BTreeMap<u16, i64>>;

/// Units by line and item.
pub(crate) type Wanted = BTreeMap<(u16, Sku), i64>;

impl Demand {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            attempt: 0,
            round: 0,
            standing: Standing::Open,
            token: 0,
            lease_until: None,
            arrived_at: now,
            skus: BTreeSet::new(),
            changed: true,
        }
    }

    /// Its place among all that wait: lower goes first. Each hour of waiting weighs 50, for all
    /// alike, so that time of arrival and priority settle it once.
    pub(crate) fn rank(&self, priority: i64) -> i64 {
        const AN_HOUR: i64 = 3_600_000;
        const MOST: i64 = 1_000_000_000;
        self.arrived_at.as_millisecond() * 50 - priority.clamp(-MOST, MOST) * AN_HOUR
    }
}

impl Books {
    /// What is known of the order; a blank page, if nothing is.
    pub(crate) fn demand(&mut self, order: OrderId) -> &mut Demand {
        let now = self.now;
        self.demands.entry(order).or_insert_with(|| Demand::new(now))
    }

    /// Claims along the best plan that fits.
    pub(crate) fn source(&mut self, it: &SourcingPlanned) -> Vec<Outbound> {
        let demand = self.demand(it.order);
        if demand.standing == Standing::Ended {
            return vec![]; // The order ended while it was planned.
        }
        if (it.attempt, it.round) <= (demand.attempt, demand.round) {
            return vec![]; // Acted on before, or superseded by a later plan.
        }
        (demand.attempt, demand.round, demand.changed) = (it.attempt, it.round, true);
        let (standing, rank) = (demand.standing, demand.rank(it.priority));
        let mut said = self.tell(it.order);

        let wanted = sum(&it.wanted);
        let fitting = it.plans.iter().map(parts).find(|it| serves(it, &wanted) && self.fits(it));
        let (parts, lacking) = match (fitting, it.otherwise) {
            (Some(parts), _) => (parts, Wanted::new()),
            (None, Otherwise::Backorder) => self.gather(wanted, &it.eligible),
            (None, Otherwise::Refuse) => {
                said.push(self.refusal(it).into());
                return said;
            }
        };
        let demand = self.demand(it.order);
        demand.skus.extend(it.wanted.iter().map(|it| it.sku.clone()));
        let soft = match standing {
            Standing::Held => true,
            Standing::Promoted => false,
            Standing::Open | Standing::Ended => it.lease,
        };
        let lease = soft.then(|| self.lend(it.order));
        let lease_until = lease.as_ref().map(|it| it.at);
        let rule = format!("plan {}.{}", it.attempt, it.round);
        let claims = self.keep(parts, soft, rank, &Cause::order(it.order, rule));
        let backordered = self.wait(it, lacking, rank, lease_until);
        let (order, attempt) = (it.order, it.attempt);
        said.push(StockClaimed { order, attempt, claims, backordered, lease_until }.into());
        said.extend(lease.map(Outbound::from));
        said
    }

    /// Whether every shelf has what the parts take from it, over all lines.
    pub(crate) fn fits(&self, parts: &Parts) -> bool {
        #[cfg(test)]
        if self.unguarded {
            return true;
        }
        planted(Bug::Oversold)
            || parts.iter().all(|(place, it)| it.values().sum::<i64>() <= self.sellable(place))
    }

    /// Takes what there is, in the order of the warehouses. Returns it, and what is lacking.
    fn gather(&self, mut wanted: Wanted, eligible: &[WarehouseId]) -> (Parts, Wanted) {
        let mut parts = Parts::new();
        for ((line, sku), lacking) in &mut wanted {
            for warehouse in eligible {
                let place = Shelf::of(sku, warehouse);
                let taken: i64 = parts.get(&place).map_or(0, |it| it.values().sum());
                let units = (self.sellable(&place) - taken).min(*lacking);
                if units > 0 {
                    *lacking -= units;
                    *parts.entry(place).or_default().entry(*line).or_default() += units;
                }
            }
        }
        wanted.retain(|_, lacking| *lacking > 0);
        (parts, wanted)
    }

    /// What there is of all that the plan might have taken.
    fn refusal(&self, it: &SourcingPlanned) -> ClaimRefused {
        let planned = it.plans.iter().flat_map(|plan| parts(plan).into_keys());
        let mut shelves: BTreeSet<Shelf> = planned.collect();
        for unit in &it.wanted {
            shelves.extend(it.eligible.iter().map(|warehouse| Shelf::of(&unit.sku, warehouse)));
        }
        let available = shelves.into_iter().map(|place| {
            let quantity = self.sellable(&place);
            Available { sku: place.sku, warehouse: place.warehouse, quantity }
        });
        let available = available.collect();
        ClaimRefused { order: it.order, attempt: it.attempt, round: it.round, available }
    }

    /// Claims units that are known to be there. One move a shelf.
    fn keep(
        &mut self,
        parts: Parts,
        soft: bool,
        rank: i64,
        cause: &Cause,
    ) -> Vec<inventory::Claim> {
        let kind = if soft { Kind::Hold } else { Kind::Allocate };
        let order = OrderId(cause.id);
        let mut kept = Vec::new();
        for (place, lines) in parts {
            self.post(&place, kind, kind.delta(lines.values().sum()), cause.clone());
            for (line, quantity) in lines {
                self.claim(order, &place, line, rank).add(quantity, soft);
                kept.push(said(&place, line, quantity));
            }
        }
        kept.sort();
        kept
    }

    /// The claim of a line on a shelf, which is about to change.
    pub(crate) fn claim(
        &mut self,
        order: OrderId,
        place: &Shelf,
        line: u16,
        rank: i64,
    ) -> &mut Claim {
        let claims = self.items.entry(place.sku.clone()).or_default().claims.entry(order);
        let claim = claims.or_default().entry((line, place.warehouse.clone())).or_default();
        (claim.rank, claim.changed) = (rank, true);
        claim
    }

    /// What an order keeps, by a figure of its claims.
    pub(crate) fn kept(&self, order: OrderId, figure: fn(&Claim) -> i64) -> Vec<inventory::Claim> {
        let mut kept = Vec::new();
        let skus = self.demands.get(&order).into_iter().flat_map(|it| &it.skus);
        for sku in skus {
            let claims = self.items.get(sku).and_then(|it| it.claims.get(&order));
            for ((line, warehouse), claim) in claims.into_iter().flatten() {
                let quantity = figure(claim);
                if quantity > 0 {
                    kept.push(said(&Shelf::of(sku, warehouse), *line, quantity));
                }
            }
        }
        kept.sort();
        kept
    }

    /// Changes all claims of an order, and returns how many units of each that were.
    pub(crate) fn lift(
        &mut self,
        order: OrderId,
        change: fn(&mut Claim) -> i64,
    ) -> Vec<inventory::Claim> {
        let mut lifted = Vec::new();
        let Some(demand) = self.demands.get(&order) else { return lifted };
        for sku in &demand.skus {
            let claims = self.items.get_mut(sku).and_then(|it| it.claims.get_mut(&order));
            for ((line, warehouse), claim) in claims.into_iter().flatten() {
                let quantity = change(claim);
                if quantity > 0 {
                    claim.changed = true;
                    lifted.push(said(&Shelf::of(sku, warehouse), *line, quantity));
                }
            }
        }
        lifted.sort();
        lifted
    }

    /// The same, and the ledger follows, one move a shelf.
    pub(crate) fn shift(
        &mut self,
        kind: Kind,
        cause: &Cause,
        change: fn(&mut Claim) -> i64,
    ) -> Vec<inventory::Claim> {
        let shifted = self.lift(OrderId(cause.id), change);
        for (place, lines) in shelved(&shifted) {
            self.post(&place, kind, kind.delta(lines.values().sum()), cause.clone());
        }
        shifted
    }

    /// The order is over: it keeps nothing, and waits for nothing.
    pub(crate) fn end(&mut self, order: OrderId) -> Vec<Outbound> {
        let demand = self.demand(order);
        if demand.standing == Standing::Ended {
            return vec![]; // Ended before.
        }
        (demand.standing, demand.lease_until, demand.changed) = (Standing::Ended, None, true);
        let mut claims = self.shift(Kind::HoldRelease, &Cause::order(order, "free"), |it| {
            std::mem::take(&mut it.soft)
        });
        if !planted(Bug::ClaimKept) {
            claims.extend(self.shift(Kind::Deallocate, &Cause::order(order, "end"), |it| {
                std::mem::take(&mut it.firm)
            }));
        }
        // Nobody wants to hear any more what was given and taken meanwhile.
        self.lift(order, |it| {
            let forgotten = it.lapsed + it.fresh + it.taken;
            (it.lapsed, it.fresh, it.taken) = (0, 0, 0);
            forgotten
        });
        let waited = !self.wait_no_more(order).is_empty();
        self.demand(order).skus.clear();
        if claims.is_empty() && !waited {
            return vec![]; // It had nothing.
        }
        claims.sort();
        vec![ClaimsReleased { order, claims }.into()]
    }
}

/// Takes so many units off a claim, if it has them: firm ones first.
pub(crate) fn take(claim: &mut Claim, units: i64) -> (i64, i64) {
    let firm = units.min(claim.firm);
    let soft = (units - firm).min(claim.soft);
    claim.firm -= firm;
    claim.soft -= soft;
    claim.changed = true;
    (firm, soft)
}

/// Gathers by shelf what is listed by line.
pub(crate) fn shelved(claims: &[inventory::Claim]) -> Parts {
    let mut parts = Parts::new();
    for it in claims {
        let place = Shelf::of(&it.sku, &it.warehouse);
        *parts.entry(place).or_default().entry(it.line).or_default() += it.quantity;
    }
    parts
}

pub(crate) fn said(place: &Shelf, line: u16, quantity: i64) -> inventory::Claim {
    let Shelf { sku, warehouse } = place.clone();
    inventory::Claim { line, sku, warehouse, quantity }
}

/// The parts of a plan, by shelf.
fn parts(plan: &Plan) -> Parts {
    let mut parts = Parts::new();
    for part in &plan.parts {
        for it in part.units.iter().filter(|it| it.quantity > 0) {
            let lines = parts.entry(Shelf::of(&it.sku, &part.warehouse)).or_default();
            *lines.entry(it.line).or_default() += it.quantity;
        }
    }
    parts
}

/// Whether a plan brings just what is wanted.
fn serves(parts: &Parts, wanted: &Wanted) -> bool {
    let mut brought = Wanted::new();
    for (place, lines) in parts {
        for (line, quantity) in lines {
            *brought.entry((*line, place.sku.clone())).or_default() += quantity;
        }
    }
    brought == *wanted
}

/// Units that are named twice are wanted twice.
pub(crate) fn sum(units: &[ItemUnits]) -> Wanted {
    let mut sum = Wanted::new();
    for it in units.iter().filter(|it| it.quantity > 0) {
        *sum.entry((it.line, it.sku.clone())).or_default() += it.quantity;
    }
    sum
}
