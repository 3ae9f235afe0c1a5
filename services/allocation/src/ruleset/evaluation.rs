//! Going through the rules with an order.

use contracts::WarehouseId;
use contracts::allocation::NodeKind;
use serde::Serialize;

use crate::ruleset::clause::{Outcome, Subject};
use crate::ruleset::{Action, Condition, Rule, Ruleset};

/// How many parcels an order may be split into, unless a rule says otherwise.
const MAX_SPLITS: usize = 3;

/// A walk through the rules. It halts at the first rule that holds and stops, and can go on.
pub(crate) struct Evaluation<'r> {
    subject: &'r Subject<'r>,
    rest: std::slice::Iter<'r, Rule>,
    /// The rule that decides: the last one that held.
    pub(crate) rule: Option<&'r Rule>,
    pub(crate) wish: Wish<'r>,
    pub(crate) trail: Vec<Trail<'r>>,
}

/// What the rules that held wish for, each wish with its rule.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Wish<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) prefer: Vec<(&'r WarehouseId, i64, &'r str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) exclude: Vec<(&'r WarehouseId, &'r str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) restrict: Vec<(NodeKind, &'r str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) require: Vec<(&'r WarehouseId, &'r str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) max_splits: Vec<(usize, &'r str)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ship_complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<&'r str>,
}

/// A rule that was looked at, whether it held, and how each of its clauses came out.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Trail<'r>(pub(crate) &'r str, pub(crate) bool, pub(crate) Vec<Outcome<'r>>);

impl<'r> Evaluation<'r> {
    pub(crate) fn new(ruleset: &'r Ruleset, subject: &'r Subject<'r>) -> Self {
        let (rest, wish) = (ruleset.rules.iter(), Wish::default());
        let trail = Vec::with_capacity(ruleset.rules.len());
        Self { subject, rest, rule: None, wish, trail }
    }

    /// Goes on to the next rule that holds and stops, or to the end. Tells whether any rule held.
    pub(crate) fn proceed(&mut self) -> bool {
        let mut any = false;
        for rule in self.rest.by_ref() {
            let mut clauses = Vec::new();
            let held = rule.when.holds(self.subject, &mut clauses);
            self.trail.push(Trail(&rule.id, held, clauses));
            if held {
                self.wish.grant(rule);
                self.rule = Some(rule);
                any = true;
            }
            if held && rule.stop {
                break;
            }
        }
        any
    }

    /// Drops what the deciding rule wishes of warehouses. Whom it named stays in charge.
    pub(crate) fn give_up(&mut self) {
        let Some(Rule { id, .. }) = self.rule else { return };
        self.lift();
        self.wish.prefer.retain(|it| it.2 != id);
        self.wish.exclude.retain(|it| it.1 != id);
    }

    /// Drops what the deciding rule restricts the order to. What it excludes stays excluded.
    pub(crate) fn lift(&mut self) {
        let Some(Rule { id, .. }) = self.rule else { return };
        self.wish.restrict.retain(|it| it.1 != id);
        self.wish.require.retain(|it| it.1 != id);
        self.wish.max_splits.retain(|it| it.1 != id);
    }
}

impl<'r> Wish<'r> {
    /// How many parcels there may be: the least that any rule allows.
    pub(crate) fn splits(&self) -> usize {
        self.max_splits.iter().map(|it| it.0).min().unwrap_or(MAX_SPLITS)
    }

    /// How many points a warehouse is preferred by, over all rules.
    pub(crate) fn preference(&self, warehouse: &WarehouseId) -> i64 {
        self.prefer.iter().filter(|it| it.0 == warehouse).map(|it| it.1).sum()
    }

    fn grant(&mut self, rule: &'r Rule) {
        for action in &rule.then {
            match action {
                Action::Prefer(node, weight) => self.prefer.push((node, *weight, &rule.id)),
                Action::Exclude(node) => self.exclude.push((node, &rule.id)),
                Action::Restrict(kind) => self.restrict.push((*kind, &rule.id)),
                Action::Require(node) => self.require.push((node, &rule.id)),
                Action::MaxSplits(most) => self.max_splits.push((*most, &rule.id)),
                Action::Team { team, role } => {
                    (self.team, self.role) = (Some(team.as_str()), role.as_deref());
                }
                Action::Priority(priority) => self.priority = Some(*priority),
                Action::ShipComplete(complete) => self.ship_complete = *complete,
                Action::Route(flow) => self.flow = Some(flow),
                Action::Flag(flag) => self.flags.push(flag),
                Action::ScoreAll => {} // Which is what happens anyway.
            }
        }
    }
}

impl Condition {
    /// Whether it holds. Every clause is looked at, so that all outcomes are known.
    fn holds<'r>(&'r self, subject: &Subject<'r>, outcomes: &mut Vec<Outcome<'r>>) -> bool {
        match self {
            Self::Always => true,
            Self::All(all) => {
                let missed = all.iter().filter(|it| !it.holds(subject, outcomes)).count();
                missed == 0
            }
            Self::Any(any) => {
                let held = any.iter().filter(|it| it.holds(subject, outcomes)).count();
                held > 0
            }
            Self::Not(it) => !it.holds(subject, outcomes),
            Self::Clause(clause) => {
                let outcome = clause.outcome(subject);
                let held = outcome.1;
                outcomes.push(outcome);
                held
            }
        }
    }

    /// Whether it holds for every order there could be, as far as its shape tells.
    pub(crate) fn is_unconditional(&self) -> bool {
        match self {
            Self::Always => true,
            Self::All(all) => all.iter().all(Self::is_unconditional),
            Self::Any(any) => any.iter().any(Self::is_unconditional),
            Self::Not(_) | Self::Clause(_) => false,
        }
    }
}
