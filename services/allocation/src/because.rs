//! Why it was decided so, in words that the books and people share: a code and its figures for whoever
//! writes it in another language, and the sentence in English.

use std::fmt::{self, Display};

use contracts::WarehouseId;
use contracts::allocation::NodeKind;
use serde::Serialize;

use crate::decision::{Inputs, Outcome, ROUNDS, View};
use crate::node::kind_name;
use crate::plan::Set;
use crate::ruleset::{Evaluation, Wish};

/// Why a warehouse may not serve an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Against {
    Inactive,
    NoCapacity,
    /// It does not deliver to the province.
    OutOfReach {
        province: String,
    },
    Excluded {
        rule: String,
    },
    /// The rule wants this kind of warehouse.
    OtherKind {
        kind: NodeKind,
        rule: String,
    },
    /// The rule wants another one.
    NotRequired {
        rule: String,
    },
    /// For now, and it may still serve what waits: supply that comes there is new.
    JustFailed,
}

impl Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inactive => write!(f, "inactive"),
            Self::NoCapacity => write!(f, "capacity 0"),
            Self::OutOfReach { province } => write!(f, "does not serve {province}"),
            Self::Excluded { rule } => write!(f, "excluded by {rule}"),
            Self::OtherKind { kind, rule } => {
                write!(f, "not {}, as {rule} demands", kind_name(*kind))
            }
            Self::NotRequired { rule } => write!(f, "not the one that {rule} requires"),
            Self::JustFailed => write!(f, "just failed to deliver"),
        }
    }
}

/// Why it was decided so.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Reason {
    OneHasAll {
        node: WarehouseId,
        km: i64,
        #[serde(flatten)]
        beside: Beside,
    },
    /// One could serve it alone, for more.
    TogetherCheaper {
        nodes: Vec<WarehouseId>,
        #[serde(flatten)]
        beside: Beside,
    },
    OnlyTogether {
        nodes: Vec<WarehouseId>,
        #[serde(flatten)]
        beside: Beside,
    },
    /// It waits for supply. Stock refused so many plans before.
    Waits {
        refused: i32,
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<WarehouseId>,
    },
    NobodyIsKnown,
    /// Of each, `eliminated` says why.
    NobodyMay,
    /// Stock refused so many plans, and at last to let it wait.
    RefusedToWait {
        refused: i32,
    },
    /// The rule lets nothing wait; the ruleset does, if no rule decided.
    MayNotWait {
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
}

/// What else speaks for the best plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Beside {
    /// A rule, and which warehouse it prefers.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefers: Option<(String, WarehouseId)>,
    /// Who comes second, and how many points dearer that would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<(Vec<WarehouseId>, i64)>,
}

/// Why this came out.
pub(crate) fn reason(
    inputs: &Inputs,
    evaluation: &Evaluation<'_>,
    view: &View<'_>,
    outcome: &Outcome,
) -> Reason {
    let sites = view.search.sites;
    match (outcome, &view.best[..]) {
        (Outcome::Planned { .. }, [best, others @ ..]) => {
            best_of(&evaluation.wish, view, best, others)
        }
        (Outcome::Planned { .. }, []) => Reason::Waits {
            refused: inputs.round - 1,
            first: view.ranking.first().map(|it| sites[it.1].warehouse.clone()),
        },
        (Outcome::Failed, _) if sites.is_empty() && view.eliminated.is_empty() => {
            Reason::NobodyIsKnown
        }
        (Outcome::Failed, _) if sites.is_empty() => Reason::NobodyMay,
        (Outcome::Failed, _) if inputs.round > ROUNDS + 1 => {
            Reason::RefusedToWait { refused: inputs.round - 1 }
        }
        (Outcome::Failed, _) => {
            Reason::MayNotWait { rule: evaluation.rule.map(|it| it.id.clone()) }
        }
    }
}

fn best_of(wish: &Wish<'_>, view: &View<'_>, best: &Set, others: &[Set]) -> Reason {
    let sites = view.search.sites;
    let preferred = |warehouse| wish.prefer.iter().find(|it| it.0 == warehouse);
    let preferred = best.sites.iter().find_map(|it| preferred(sites[*it].warehouse));
    let points = |set: &Set| view.search.points(set.cost);
    let beside = Beside {
        prefers: preferred.map(|(warehouse, _, rule)| ((*rule).to_owned(), (*warehouse).clone())),
        second: others.first().map(|it| (nodes(view, it), points(it) - points(best))),
    };
    match best.sites[..] {
        [site] => {
            Reason::OneHasAll { node: sites[site].warehouse.clone(), km: sites[site].km, beside }
        }
        _ if others.iter().any(|it| it.sites.len() == 1) => {
            Reason::TogetherCheaper { nodes: nodes(view, best), beside }
        }
        _ => Reason::OnlyTogether { nodes: nodes(view, best), beside },
    }
}

/// The warehouses of a set.
pub(crate) fn nodes(view: &View<'_>, set: &Set) -> Vec<WarehouseId> {
    set.sites.iter().map(|it| view.search.sites[*it].warehouse.clone()).collect()
}

impl Reason {
    /// One sentence for people.
    pub(crate) fn in_english(&self, eliminated: &[(&WarehouseId, Against)]) -> String {
        match self {
            Self::OneHasAll { node, km, beside } => {
                format!("{node} has all of it, {km} km away{beside}.")
            }
            Self::TogetherCheaper { nodes, beside } => {
                format!("{} together cost less than any one alone{beside}.", listed(nodes))
            }
            Self::OnlyTogether { nodes, beside } => {
                format!(
                    "{} have all of it together, and none of them alone{beside}.",
                    listed(nodes)
                )
            }
            Self::Waits { refused, first } => {
                let start = match refused {
                    0 => "No".to_owned(),
                    _ => format!("Stock refused {} so far, and no", plans(*refused)),
                };
                let first = first.as_ref().map_or("nowhere", WarehouseId::as_str);
                format!(
                    "{start} permitted set of warehouses has all of it, so it waits for supply, \
                     first at {first}."
                )
            }
            Self::NobodyIsKnown => "No warehouse is known.".to_owned(),
            Self::NobodyMay => {
                let out = eliminated.iter().map(|(node, why)| format!("{node} is out: {why}"));
                let out: Vec<String> = out.collect();
                format!("No warehouse may serve the order: {}.", out.join("; "))
            }
            Self::RefusedToWait { refused } => {
                let refused = plans(*refused);
                format!("Stock refused {refused}, the last of which asked to wait for supply.")
            }
            Self::MayNotWait { rule } => {
                let rule = rule.as_deref().unwrap_or("the ruleset");
                format!(
                    "No permitted set of warehouses has all of it, and {rule} does not wait for \
                     supply."
                )
            }
        }
    }
}

impl Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((rule, warehouse)) = &self.prefers {
            write!(f, "; {rule} prefers {warehouse}")?;
        }
        if let Some((nodes, points)) = &self.second {
            write!(f, "; {} would cost {points} points more", listed(nodes))?;
        }
        Ok(())
    }
}

/// `WH-A, WH-B and WH-C`
pub(crate) fn listed(nodes: &[WarehouseId]) -> String {
    let names: Vec<&str> = nodes.iter().map(WarehouseId::as_str).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn plans(number: i32) -> String {
    if number == 1 { "a plan".to_owned() } else { format!("{number} plans") }
}
