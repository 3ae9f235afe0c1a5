//! The merchant's rules of sourcing, and what they say about an order. Evaluation is total: it never
//! fails, and whatever cannot be told of an order makes a clause false.

mod check;
mod clause;
mod evaluation;
mod expression;
mod reader;

use contracts::allocation::NodeKind;
use contracts::{Timestamp, WarehouseId};
use serde::{Deserialize, Serialize};

pub(crate) use crate::ruleset::check::{check, is_name};
pub(crate) use crate::ruleset::clause::{Clause, Subject};
pub(crate) use crate::ruleset::evaluation::{Evaluation, Trail, Wish};

/// The ruleset that is in force until the merchant saves one: version 0.
const BUILT_IN: &str = include_str!("../rules/cn-default.json");

/// Its name.
pub(crate) const DEFAULT_NAME: &str = "cn-default";

/// Rules that were checked, in the order in which they are evaluated.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ruleset {
    pub(crate) name: String,
    /// 0 is built in; each save counts one further.
    pub(crate) version: i32,
    pub(crate) effective: Window,
    pub(crate) weights: Weights,
    pub(crate) rules: Vec<Rule>,
}

/// From when to when a ruleset may be in force; the end is not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

/// What the parts of a cost weigh, in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weights {
    /// A kilometre.
    pub(crate) distance: i64,
    /// A cent of freight.
    pub(crate) freight: i64,
    /// Each parcel after the first.
    pub(crate) split: i64,
    /// An hour of work that waits in the warehouse.
    pub(crate) backlog: i64,
    /// A tenth of the warehouse's stock of what is scarcest there.
    pub(crate) scarcity: i64,
}

impl Ruleset {
    /// The rules that hold where the merchant has saved none.
    pub(crate) fn built_in() -> Self {
        let rules = serde_json::from_str(BUILT_IN).unwrap_or_default();
        check(DEFAULT_NAME, &rules, None).unwrap_or_default() // A test holds it free of faults.
    }

    /// Its name and version: `cn-default/42`.
    pub(crate) fn label(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

impl Window {
    pub(crate) fn contains(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|it| it <= now) && self.to.is_none_or(|it| now < it)
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { distance: 1, freight: 1, split: 800, backlog: 50, scarcity: 100 }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Lower is evaluated first; then by id.
    pub(crate) priority: i64,
    /// Whether evaluation ends where this rule holds.
    pub(crate) stop: bool,
    pub(crate) when: Condition,
    pub(crate) then: Vec<Action>,
    pub(crate) unfillable: Unfillable,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Always,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Clause(Box<Clause>),
}

/// What a rule wants to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Prefer(WarehouseId, i64),
    Exclude(WarehouseId),
    Restrict(NodeKind),
    Require(WarehouseId),
    Team { team: String, role: Option<String> },
    Priority(i64),
    Flag(String),
    ShipComplete(bool),
    MaxSplits(usize),
    Route(String),
    ScoreAll,
}

/// What becomes of units that no plan serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unfillable {
    /// The rule's wishes for warehouses are dropped, and evaluation goes on after it.
    NextRule,
    /// Its restrictions are dropped; what is still lacking then waits for supply.
    FallbackAny,
    /// They wait for supply.
    Backorder,
    /// They wait for supply, which production is to bring about.
    Produce,
    /// They wait for supply, which is to be bought.
    Purchase,
    /// They wait for supply, which somebody else is to ship.
    Dropship,
    /// They are not delivered.
    CancelRemainder,
    /// They wait for supply, and for a person.
    Manual,
}

impl Unfillable {
    /// Whether the units stay on order until there is supply.
    pub(crate) fn waits(self) -> bool {
        match self {
            Self::Backorder | Self::Produce | Self::Purchase | Self::Dropship | Self::Manual => {
                true
            }
            Self::NextRule | Self::FallbackAny | Self::CancelRemainder => false,
        }
    }
}
