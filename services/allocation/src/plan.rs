//! Finding the cheapest ways to serve an order. A plan costs
//!
//! ```text
//! for each of its warehouses   distance + backlog + scarcity + base freight      (fixed)
//!                            + freight by weight and distance                    (by the unit)
//!                            − preference, by the share of the units from there  (by the unit)
//! for each further parcel    + split
//! ```
//!
//! What is not fixed is linear in the units, and each item has its own shelf. So for a given set of
//! warehouses the best plan fills up each item where a unit of it is cheapest, and the best of all
//! plans is found by looking at the sets. Costs are compared exactly, as multiples of a thousandth
//! of a point divided by the number of units; points are what they are rounded to when told.

use contracts::ItemUnits;
use contracts::allocation::{Plan, PlanPart};

use crate::node::Site;
use crate::order::Demand;
use crate::ruleset::Weights;

/// How many plans are told, best first.
const PLANS: usize = 3;

/// Sets of up to so many warehouses, out of so many, are all looked at.
const EXACT_SPLITS: usize = 3;
const EXACT_SITES: usize = 12;

/// The most warehouses in a plan, however it was found.
const MOST_SPLITS: usize = 12;

/// The warehouses, and what is wanted of them.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub(crate) sites: &'a [Site<'a>],
    pub(crate) demands: &'a [Demand<'a>],
    pub(crate) weights: &'a Weights,
    units: i128,
    max_splits: usize,
}

/// A set of warehouses that can serve all that is wanted, and what that costs at best. They order
/// by cost, then by number of warehouses, then by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Set {
    pub(crate) cost: i128,
    number: usize,
    pub(crate) sites: Vec<usize>,
}

/// What it would take for the second best plan to be the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// Of this warehouse.
    pub(crate) site: usize,
    /// So many points cheaper if below zero, else dearer. One point nearer to zero is not enough.
    pub(crate) points: i64,
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        sites: &'a [Site<'a>],
        demands: &'a [Demand<'a>],
        weights: &'a Weights,
        max_splits: usize,
    ) -> Self {
        let units = demands.iter().map(|it| i128::from(it.quantity)).sum::<i128>().max(1);
        Self { sites, demands, weights, units, max_splits: max_splits.min(MOST_SPLITS) }
    }

    /// The best sets of warehouses that serve all that is wanted.
    pub(crate) fn best(&self) -> Vec<Set> {
        let stocked = |it: &usize| self.sites[*it].has(self.demands) > 0;
        let all: Vec<usize> = (0..self.sites.len()).filter(stocked).collect();
        if self.demands.is_empty() || !self.cover(&all) {
            return vec![];
        }
        let mut best = Vec::with_capacity(PLANS + 1);
        let number_of_all = all.len();
        let shortlist = self.shortlist(all);
        for number in 1..=self.max_splits.min(EXACT_SPLITS) {
            self.look_at_sets(&shortlist, number, &mut vec![], &mut best);
        }
        let beyond =
            shortlist.len() < number_of_all || (best.is_empty() && self.max_splits > EXACT_SPLITS);
        if beyond
            && let Some(set) = self.greedy()
            && !best.contains(&set)
        {
            keep(&mut best, set);
        }
        best
    }

    /// The warehouses whose sets are looked at: all, or those that have most and cost least.
    fn shortlist(&self, mut all: Vec<usize>) -> Vec<usize> {
        if all.len() > EXACT_SITES {
            all.sort_by_key(|&at| (-self.sites[at].has(self.demands), self.sites[at].fixed, at));
            all.truncate(EXACT_SITES);
            all.sort_unstable();
        }
        all
    }

    /// Looks at all sets of this number, in the order of their names.
    fn look_at_sets(
        &self,
        from: &[usize],
        number: usize,
        set: &mut Vec<usize>,
        best: &mut Vec<Set>,
    ) {
        if number == 0 {
            // Sets come by number and name, so that one of equal cost is not better.
            let full = best.len() == PLANS;
            if full && best.last().is_some_and(|it| self.least(set) >= it.cost) {
                return;
            }
            if let Some(cost) = self.cost(set, |_, _, _| {}) {
                keep(best, Set { cost, number: set.len(), sites: set.clone() });
            }
            return;
        }
        for (nth, &site) in from.iter().enumerate() {
            set.push(site);
            self.look_at_sets(&from[nth + 1..], number - 1, set, best);
            set.pop();
        }
    }

    /// What a set costs at the very least, whatever each of it sends.
    fn least(&self, set: &[usize]) -> i128 {
        let preference = set.iter().map(|it| self.sites[*it].preference).max().unwrap_or_default();
        self.fixed(set) - i128::from(preference) * self.point()
    }

    fn fixed(&self, set: &[usize]) -> i128 {
        let sites: i128 = set.iter().map(|it| i128::from(self.sites[*it].fixed)).sum();
        let parcels = i128::try_from(set.len()).unwrap_or_default();
        (sites + i128::from(self.weights.split) * (parcels - 1)) * self.point()
    }

    /// A point, in the units in which costs are compared.
    fn point(&self) -> i128 {
        1000 * self.units
    }

    /// What a unit of an item costs from there, the fixed part aside.
    fn rate(&self, site: usize, demand: &Demand<'_>) -> i128 {
        let Site { per_kg, preference, .. } = &self.sites[site];
        let freight = i128::from(self.weights.freight)
            * i128::from(demand.weight_g)
            * i128::from(*per_kg)
            * self.units;
        freight - 1000 * i128::from(*preference)
    }

    /// What the set costs at best, and what each of it sends then. Nothing if it has too little, or
    /// if some of it is not needed: then a smaller set does the same for less.
    fn cost(&self, set: &[usize], mut send: impl FnMut(usize, usize, i64)) -> Option<i128> {
        let mut cost = self.fixed(set);
        let mut used = [false; MOST_SPLITS];
        for (nth, demand) in self.demands.iter().enumerate() {
            let mut order = [(0_i128, 0_usize); MOST_SPLITS];
            let order = &mut order[..set.len()];
            for (slot, (position, &site)) in order.iter_mut().zip(set.iter().enumerate()) {
                *slot = (self.rate(site, demand), position);
            }
            order.sort_unstable();
            let mut rest = demand.quantity;
            for &mut (rate, position) in order {
                let taken = self.sites[set[position]].stock[nth].min(rest);
                if taken > 0 {
                    rest -= taken;
                    cost += rate * i128::from(taken);
                    used[position] = true;
                    send(position, nth, taken);
                }
            }
            if rest > 0 {
                return None;
            }
        }
        used[..set.len()].iter().all(|it| *it).then_some(cost)
    }

    /// Whether these have enough of everything together.
    fn cover(&self, set: &[usize]) -> bool {
        self.demands.iter().enumerate().all(|(nth, demand)| {
            let has = set.iter().map(|it| self.sites[*it].stock[nth]);
            has.fold(0_i64, i64::saturating_add) >= demand.quantity
        })
    }

    /// Takes whoever has most of what is still lacking, and leaves out again whoever was not needed.
    fn greedy(&self) -> Option<Set> {
        let mut rest: Vec<i64> = self.demands.iter().map(|it| it.quantity).collect();
        let mut set: Vec<usize> = Vec::new();
        while rest.iter().any(|it| *it > 0) && set.len() < self.max_splits {
            let gain = |at: usize| -> i64 {
                rest.iter().zip(&self.sites[at].stock).map(|(rest, has)| rest.min(has)).sum()
            };
            let next = (0..self.sites.len())
                .filter(|it| !set.contains(it))
                .min_by_key(|&at| (-gain(at), self.sites[at].fixed, at))?;
            for (rest, has) in rest.iter_mut().zip(&self.sites[next].stock) {
                *rest -= (*rest).min(*has);
            }
            set.push(next);
        }
        set.sort_unstable();
        let mut needed = set.clone();
        for site in set {
            let without: Vec<usize> = needed.iter().copied().filter(|it| *it != site).collect();
            if self.cover(&without) {
                needed = without;
            }
        }
        let cost = self.cost(&needed, |_, _, _| {})?;
        Some(Set { cost, number: needed.len(), sites: needed })
    }

    /// The cost as it is told: in points, to the nearest.
    pub(crate) fn points(&self, cost: i128) -> i64 {
        let rounded = (cost + self.point() / 2).div_euclid(self.point());
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }

    /// What it would cost if this one served everything, had it enough.
    pub(crate) fn alone(&self, site: usize) -> i128 {
        let units = self.demands.iter().map(|it| self.rate(site, it) * i128::from(it.quantity));
        self.fixed(&[site]) + units.sum::<i128>()
    }

    /// The plan in full: which warehouse sends how much for which line.
    pub(crate) fn plan(&self, set: &Set) -> Plan {
        let mut parts: Vec<PlanPart> = set
            .sites
            .iter()
            .map(|it| PlanPart { warehouse: self.sites[*it].warehouse.clone(), units: vec![] })
            .collect();
        let mut left: Vec<Vec<(u16, i64)>> =
            self.demands.iter().map(|it| it.lines.iter().rev().copied().collect()).collect();
        self.cost(&set.sites, |position, nth, mut taken| {
            let (sku, lines) = (self.demands[nth].sku, &mut left[nth]);
            while taken > 0
                && let Some((line, wanted)) = lines.pop()
            {
                let quantity = taken.min(wanted);
                taken -= quantity;
                if wanted > quantity {
                    lines.push((line, wanted - quantity));
                }
                parts[position].units.push(ItemUnits { line, sku: sku.clone(), quantity });
            }
        });
        for part in &mut parts {
            part.units.sort_unstable();
        }
        Plan { cost: self.points(set.cost), parts }
    }

    /// The smallest change of one warehouse's cost that makes the second best set the best. A
    /// warehouse's fixed cost changes all sets that have it by the same, and no other; so a warehouse
    /// that only one of the two has decides between them.
    pub(crate) fn change(&self, best: &Set, second: &Set) -> Option<Change> {
        let gap = second.cost - best.cost;
        let (whole, rest) = (gap / self.point(), gap % self.point());
        let wins_ties = (second.number, &second.sites) < (best.number, &best.sites);
        let points = i64::try_from(whole).ok()? + i64::from(rest > 0 || !wins_ties);
        let only = |a: &Set, b: &Set| a.sites.iter().copied().find(|it| !b.sites.contains(it));
        only(second, best)
            .map(|site| Change { site, points: -points })
            .or_else(|| only(best, second).map(|site| Change { site, points }))
    }
}

fn keep(best: &mut Vec<Set>, set: Set) {
    let at = best.partition_point(|it| *it <= set);
    best.insert(at, set);
    best.truncate(PLANS);
}
