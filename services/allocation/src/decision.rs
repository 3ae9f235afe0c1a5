//! Where an order's goods are to come from, and why. The same inputs, rules and warehouses give the
//! same decision and the same record, byte for byte.

use contracts::allocation::{NodeKind, Otherwise, Plan};
use contracts::{Place, Sku, Timestamp, WarehouseId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::because::{Against, reason};
use crate::node::{Eliminated, Node, Site, Survey};
use crate::order::{Demand, Order};
use crate::place::capital;
use crate::plan::{Change, Search, Set};
use crate::record;
use crate::ruleset::{Evaluation, Ruleset, Subject, Unfillable, Wish};

/// How often stock may refuse what was planned. After that, what no plan serves is decided upon.
pub(crate) const ROUNDS: i32 = 3;

/// All that a decision follows from, beside the rules and the warehouses in the versions that are
/// named here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inputs {
    pub(crate) at: Timestamp,
    pub(crate) attempt: i32,
    pub(crate) round: i32,
    /// `cn-default/42`.
    pub(crate) ruleset: String,
    pub(crate) order: Order,
    /// Lines, and how much of each.
    pub(crate) wanted: Vec<(u16, i64)>,
    /// Not from there: it just failed to deliver.
    pub(crate) not_from: Vec<WarehouseId>,
    /// All warehouses by name, in which version, and how many lines they had not picked.
    pub(crate) nodes: Vec<(WarehouseId, i32, i64)>,
    /// What each of them was known to have, in the same order.
    pub(crate) stock: Vec<(Sku, Vec<i64>)>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) rule: String,
    pub(crate) team: Option<String>,
    pub(crate) priority: i64,
    pub(crate) ship_complete: bool,
    pub(crate) because: String,
    /// The same as codes and figures.
    pub(crate) findings: Value,
    /// When the last of it is expected at the customer's, if the best plan is claimed.
    pub(crate) estimate: Option<Timestamp>,
    /// The record as it is kept.
    pub(crate) record: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Planned { plans: Vec<Plan>, otherwise: Otherwise, eligible: Vec<WarehouseId> },
    Failed,
}

/// The warehouses as a decision sees them: who may serve the order at what cost, and who may not.
pub(crate) struct View<'v> {
    pub(crate) search: Search<'v>,
    pub(crate) eliminated: &'v [Eliminated<'v>],
    /// The best sets of warehouses, best first.
    pub(crate) best: Vec<Set>,
    /// What the second best lacks.
    pub(crate) change: Option<Change>,
    /// By what each warehouse would cost if it served everything, the cheapest first.
    pub(crate) ranking: Vec<(i128, usize)>,
}

/// Decides. `nodes` are those of the inputs, in their order and versions.
pub(crate) fn decide(inputs: &Inputs, ruleset: &Ruleset, nodes: &[Node]) -> Decision {
    let order = &inputs.order;
    let demands = order.demands(&inputs.wanted);
    let subject = Subject { order, same_city: kinds_in(nodes, &order.ship_to) };
    let mut evaluation = Evaluation::new(ruleset, &subject);
    let held = evaluation.proceed();
    // Rules that say nothing leave the order waiting for supply.
    let mut last_resort = (!held).then_some(Unfillable::Backorder);
    loop {
        let (sites, eliminated) = survey(inputs, ruleset, nodes, &demands, &evaluation.wish);
        let search = Search::new(&sites, &demands, &ruleset.weights, evaluation.wish.splits());
        let view = View::new(search, &eliminated);
        let unfillable = last_resort
            .or_else(|| evaluation.rule.map(|it| it.unfillable))
            .unwrap_or(Unfillable::Backorder);
        let fits = !view.best.is_empty() && inputs.round <= ROUNDS;
        let passes_on = matches!(unfillable, Unfillable::NextRule | Unfillable::FallbackAny);
        if fits || !passes_on {
            return conclude(inputs, &evaluation, &view, unfillable, fits);
        }
        if unfillable == Unfillable::FallbackAny {
            evaluation.lift();
            last_resort = Some(Unfillable::Backorder);
        } else {
            evaluation.give_up();
            let passed = evaluation.proceed();
            last_resort = (!passed).then_some(Unfillable::Backorder);
        }
    }
}

fn conclude(
    inputs: &Inputs,
    evaluation: &Evaluation<'_>,
    view: &View<'_>,
    unfillable: Unfillable,
    fits: bool,
) -> Decision {
    let sites = view.search.sites;
    // Stock does not refuse to let an order wait; if it does, there is an end to asking all the same.
    // Where it just failed is the last place to wait for, and a better one than none.
    let failed =
        view.eliminated.iter().filter(|it| it.1 == Against::JustFailed).map(|it| it.0.clone());
    let ranked = view.ranking.iter().map(|it| sites[it.1].warehouse.clone());
    let eligible: Vec<WarehouseId> = ranked.chain(failed).collect();
    let waits = unfillable.waits() && !eligible.is_empty() && inputs.round <= ROUNDS + 1;
    let outcome = if fits || waits {
        Outcome::Planned {
            plans: view.best.iter().map(|it| view.search.plan(it)).collect(),
            otherwise: if waits { Otherwise::Backorder } else { Otherwise::Refuse },
            eligible,
        }
    } else {
        Outcome::Failed
    };
    let rule = evaluation.rule.map_or("none", |it| it.id.as_str());
    let reason = reason(inputs, evaluation, view, &outcome);
    let because = reason.in_english(view.eliminated);
    let told = (&outcome, &reason, &*because);
    let record = record::write(inputs, evaluation, view, unfillable, told);
    let wish = &evaluation.wish;
    Decision {
        outcome,
        rule: rule.to_owned(),
        team: wish.team.map(str::to_owned),
        priority: wish.priority.unwrap_or_else(|| inputs.order.priority()),
        ship_complete: wish.ship_complete,
        because,
        findings: record::told(&reason, view.eliminated),
        estimate: fits.then(|| estimate(inputs.at, view)).flatten(),
        record,
    }
}

/// When the last parcel of the best plan is expected at the customer's: whichever takes longest.
fn estimate(at: Timestamp, view: &View<'_>) -> Option<Timestamp> {
    let best = view.best.first()?;
    let hours = best.sites.iter().map(|it| view.search.sites[*it].hours()).max()?;
    at.checked_add(SignedDuration::from_hours(hours)).ok()
}

/// The kinds of active warehouses in the city that an order goes to.
fn kinds_in(nodes: &[Node], place: &Place) -> Vec<NodeKind> {
    let mut kinds = Vec::new();
    for node in nodes.iter().map(|it| &it.is) {
        let here = node.active && node.city == place.city && node.province == place.province;
        if here && !kinds.contains(&node.kind) {
            kinds.push(node.kind);
        }
    }
    kinds
}

fn survey<'n>(
    inputs: &Inputs,
    ruleset: &Ruleset,
    nodes: &'n [Node],
    demands: &[Demand<'_>],
    wish: &Wish<'_>,
) -> (Vec<Site<'n>>, Vec<Eliminated<'n>>) {
    let to = &inputs.order.ship_to;
    let (at, not_from, weights) = (capital(&to.province), &inputs.not_from[..], &ruleset.weights);
    let survey = Survey { to, at, demands, not_from, wish, weights };
    let shelf = |demand: &Demand<'_>| inputs.stock.iter().find(|it| it.0 == *demand.sku);
    let shelves: Vec<&[i64]> =
        demands.iter().map(|it| shelf(it).map_or(&[][..], |it| &it.1)).collect();
    let (mut sites, mut eliminated) = (Vec::with_capacity(nodes.len()), Vec::new());
    for (nth, (node, (_, _, backlog))) in nodes.iter().zip(&inputs.nodes).enumerate() {
        // An item that was never heard of, or a warehouse that has none of it.
        let stock = shelves.iter().map(|it| it.get(nth).map_or(0, |it| *it.max(&0))).collect();
        match survey.site(node, *backlog, stock) {
            Ok(site) => sites.push(site),
            Err(reason) => eliminated.push(reason),
        }
    }
    (sites, eliminated)
}

impl<'v> View<'v> {
    fn new(search: Search<'v>, eliminated: &'v [Eliminated<'v>]) -> Self {
        let best = search.best();
        let change = match &best[..] {
            [best, second, ..] => search.change(best, second),
            _ => None, // There was no choice.
        };
        let mut ranking: Vec<(i128, usize)> =
            (0..search.sites.len()).map(|it| (search.alone(it), it)).collect();
        ranking.sort_unstable();
        Self { search, eliminated, best, change, ranking }
    }
}
