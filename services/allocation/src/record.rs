//! The record of a decision: enough to explain it years later, and to decide it again.

use std::io::Write;

use contracts::WarehouseId;
use contracts::allocation::{Otherwise, Plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::because::{Against, Reason, listed, nodes};
use crate::decision::{Inputs, Outcome, View};
use crate::node::{Eliminated, Site};
use crate::ruleset::{Evaluation, Trail, Unfillable, Wish};

/// Counts up whenever the same inputs may lead to another record.
pub(crate) const ENGINE: i32 = 2;

/// What is read back of a record, to decide it again.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    pub(crate) engine: i32,
    pub(crate) inputs: Inputs,
}

#[derive(Serialize)]
struct Findings<'a> {
    rules: &'a [Trail<'a>],
    wish: &'a Wish<'a>,
    candidates: Vec<Candidate<'a>>,
    eliminated: Vec<Out<'a>>,
    plans: Vec<(i64, Vec<PartTold<'a>>)>,
    outcome: &'static str,
    unfillable: Unfillable,
    #[serde(skip_serializing_if = "Option::is_none")]
    otherwise: Option<Otherwise>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterfactual: Option<Counterfactual<'a>>,
    /// A code and its figures, from which `because` is made.
    reason: &'a Reason,
    because: &'a str,
}

/// A warehouse, and the lines and units that it sends.
type PartTold<'a> = (&'a WarehouseId, Vec<(u16, i64)>);

/// A warehouse that may not serve the order.
#[derive(Serialize)]
struct Out<'a> {
    node: &'a WarehouseId,
    #[serde(flatten)]
    against: &'a Against,
    why: String,
}

/// A warehouse that may serve the order.
#[derive(Serialize)]
struct Candidate<'a> {
    node: &'a WarehouseId,
    km: i64,
    backlog_h: i64,
    scarcity: i64,
    #[serde(skip_serializing_if = "is_zero")]
    preference: i64,
    /// Cents a kilogramme.
    freight_kg: i64,
    /// Points for sending anything at all.
    fixed: i64,
    /// Points for sending everything, if it had it.
    alone: i64,
    /// Units that it has of those wanted, and how many are wanted.
    has: (i64, i64),
}

/// What would have made the second best plan the best.
#[derive(Serialize)]
struct Counterfactual<'a> {
    node: &'a WarehouseId,
    /// So many points cheaper (below zero) or dearer.
    points: i64,
    /// As many hours of backlog would do, where that is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    backlog_h: Option<i64>,
    then: String,
}

/// Writes the record: `{"engine": …, "inputs": …, "sha256": …, "findings": …}`.
pub(crate) fn write(
    inputs: &Inputs,
    evaluation: &Evaluation<'_>,
    view: &View<'_>,
    unfillable: Unfillable,
    told: (&Outcome, &Reason, &str),
) -> Vec<u8> {
    let (outcome, reason, because) = told;
    let (plans, otherwise) = match outcome {
        Outcome::Planned { plans, otherwise, .. } => (&plans[..], Some(*otherwise)),
        Outcome::Failed => (&[][..], None),
    };
    let findings = Findings {
        rules: &evaluation.trail,
        wish: &evaluation.wish,
        candidates: candidates(view),
        eliminated: view.eliminated.iter().map(out).collect(),
        plans: plans.iter().map(in_short).collect(),
        outcome: if otherwise.is_some() { "planned" } else { "failed" },
        unfillable,
        otherwise,
        counterfactual: counterfactual(view),
        reason,
        because,
    };
    let mut record = Vec::with_capacity(2048);
    // Writing plain structs to memory does not fail.
    let _written = write!(record, "{{\"engine\":{ENGINE},\"inputs\":");
    let start = record.len();
    serde_json::to_writer(&mut record, inputs).unwrap_or_default();
    let digest = Sha256::digest(&record[start..]);
    record.extend(b",\"sha256\":\"");
    let hex = |it: u8| b"0123456789abcdef"[usize::from(it)];
    record.extend(digest.iter().flat_map(|it| [hex(it >> 4), hex(it & 15)]));
    record.extend(b"\",\"findings\":");
    serde_json::to_writer(&mut record, &findings).unwrap_or_default();
    record.push(b'}');
    record
}

/// As much of the findings as is told with the decision: why, and who was ruled out if that is why.
pub(crate) fn told(reason: &Reason, eliminated: &[Eliminated<'_>]) -> Value {
    match reason {
        Reason::NobodyMay => {
            let eliminated: Vec<Out<'_>> = eliminated.iter().map(out).collect();
            json!({ "reason": reason, "eliminated": eliminated })
        }
        Reason::OneHasAll { .. }
        | Reason::TogetherCheaper { .. }
        | Reason::OnlyTogether { .. }
        | Reason::Waits { .. }
        | Reason::NobodyIsKnown
        | Reason::RefusedToWait { .. }
        | Reason::MayNotWait { .. } => json!({ "reason": reason }),
    }
}

fn candidates<'a>(view: &'a View<'_>) -> Vec<Candidate<'a>> {
    let search = &view.search;
    let wanted = search.demands.iter().map(|it| it.quantity).sum();
    let candidate = |&(alone, site): &(i128, usize)| {
        let site: &Site<'_> = &search.sites[site];
        Candidate {
            node: site.warehouse,
            km: site.km,
            backlog_h: site.backlog_h,
            scarcity: site.scarcity,
            preference: site.preference,
            freight_kg: site.per_kg,
            fixed: site.fixed,
            alone: search.points(alone),
            has: (site.has(search.demands), wanted),
        }
    };
    view.ranking.iter().map(candidate).collect()
}

fn out<'a>((node, against): &'a Eliminated<'a>) -> Out<'a> {
    Out { node, against, why: against.to_string() }
}

fn in_short(plan: &Plan) -> (i64, Vec<PartTold<'_>>) {
    let units = plan.parts.iter().map(|part| {
        (&part.warehouse, part.units.iter().map(|it| (it.line, it.quantity)).collect())
    });
    (plan.cost, units.collect())
}

fn counterfactual<'a>(view: &'a View<'_>) -> Option<Counterfactual<'a>> {
    let change = view.change?;
    let site = &view.search.sites[change.site];
    let second = listed(&nodes(view, view.best.get(1)?));
    let (cheaper, points) = (change.points < 0, change.points.abs());
    let weight = view.search.weights.backlog;
    let hours = (weight > 0).then(|| (points + weight - 1) / weight);
    let backlog_h = hours.filter(|it| !cheaper || *it <= site.backlog_h);
    let backlog_h = backlog_h.map(|it| if cheaper { -it } else { it });
    let word = if cheaper { "cheaper" } else { "dearer" };
    let then =
        format!("{second} would be chosen if {} were {points} points {word}", site.warehouse);
    Some(Counterfactual { node: site.warehouse, points: change.points, backlog_h, then })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
