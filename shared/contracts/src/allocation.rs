//! What allocation says, and what it can be told. Allocation proposes where an order's goods come
//! from, ranked, and explains why; inventory disposes.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Actor, ItemUnits, LineUnits, OrderId, Silence, WarehouseId, message, message_set};

/// Where the units of an order may come from, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcingPlanned {
    pub order: OrderId,
    /// Which request it answers; a later one supersedes it.
    pub attempt: i32,
    /// 1, 2, 3: how often it was planned within the attempt. After the third refusal a fourth may
    /// come, which is content to wait for supply.
    pub round: i32,
    /// What is to be claimed, over all lines.
    pub wanted: Vec<ItemUnits>,
    /// Each serves all that is wanted; the first that fits is claimed, whole. Not empty only if
    /// some network of warehouses seemed to have enough.
    pub plans: Vec<Plan>,
    /// What to do if none fits.
    pub otherwise: Otherwise,
    /// Warehouses that may serve a backorder, best first.
    pub eligible: Vec<WarehouseId>,
    /// Claim softly, with an end: the order is not paid yet.
    pub lease: bool,
    /// Ship nothing until all of it can be shipped.
    pub ship_complete: bool,
    /// Higher is sooner, all else being equal; it grows by 50 for each hour of waiting.
    pub priority: i64,
    /// When the last of it is expected at the customer's, if the first of the plans is claimed and
    /// nothing else holds the order up. Missing where no plan serves it: nobody knows when supply
    /// comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Timestamp>,
    /// The sales team in charge, if a rule named one.
    pub team: Option<String>,
    /// Which rule decided, of which ruleset: `R10-east-large`, `cn-default/42`.
    pub rule: String,
    pub ruleset: String,
    /// One sentence for people: why there.
    pub because: String,
    /// Why, as codes and figures, for whoever tells it in another language: the `reason` of the record,
    /// and who was `eliminated` if that is why. Missing in what was said before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Value>,
}
message!(SourcingPlanned, "allocation.planned.v1", keyed by order);

/// One way to serve an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Lower is better.
    pub cost: i64,
    pub parts: Vec<PlanPart>,
}

/// What one warehouse contributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanPart {
    pub warehouse: WarehouseId,
    pub units: Vec<ItemUnits>,
}

/// What to do where no plan fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// Say what is lacking, so that it can be planned again.
    Refuse,
    /// Claim what is there, in the order of `eligible`, and put the rest on backorder.
    Backorder,
}

/// Nothing can serve these units, now or at a known date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcingFailed {
    pub order: OrderId,
    pub attempt: i32,
    pub lines: Vec<LineUnits>,
    pub rule: String,
    /// One sentence for people: why not.
    pub because: String,
    /// Why, as codes and figures, for whoever tells it in another language: the `reason` of the record,
    /// and who was `eliminated` if that is why. Missing in what was said before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Value>,
}
message!(SourcingFailed, "allocation.failed.v1", keyed by order);

/// Put a ruleset into force. It is checked first; nothing changes if it is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaveRuleset {
    /// Its name: `cn-default`.
    pub ruleset: String,
    /// As the service's README describes it.
    pub rules: Value,
    pub by: Actor,
}
message!(SaveRuleset, "allocation.save-ruleset.v1", keyed by ruleset,
    answered by SaveRulesetAnswer);

message_set! {
    /// What comes of [`SaveRuleset`].
    pub enum SaveRulesetAnswer { RulesetSaved, RulesetRefused }
}

/// A ruleset is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RulesetSaved {
    pub ruleset: String,
    /// Counts up by one with each save.
    pub version: i32,
    pub by: Actor,
}
message!(RulesetSaved, "allocation.ruleset-saved.v1", keyed by ruleset);

/// The ruleset is not in force, for all of these reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RulesetRefused {
    pub ruleset: String,
    pub problems: Vec<crate::intake::Problem>,
}
message!(RulesetRefused, "allocation.ruleset-refused.v1", keyed by ruleset, in reply);

/// Make a warehouse known to sourcing, or change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetNode {
    pub warehouse: WarehouseId,
    pub name: String,
    pub kind: NodeKind,
    pub province: String,
    pub city: String,
    /// Provinces that it serves; all, if none is named.
    pub serves: Vec<String>,
    /// Order lines it can pick an hour, for its backlog in hours.
    pub lines_per_hour: i64,
    pub active: bool,
}
message!(SetNode, "allocation.set-node.v1", keyed by warehouse, answered by Silence);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Serves a region.
    Regional,
    /// Near its customers, for the same city.
    Forward,
    /// A plant's own store.
    Plant,
}

/// Why does this order come from there?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhySource {
    pub order: OrderId,
}
message!(WhySource, "allocation.why.v1", keyed by order, asked for Vec<SourcingRecord>);

/// A decision about sourcing as it was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcingRecord {
    pub order: OrderId,
    pub attempt: i32,
    pub round: i32,
    pub at: Timestamp,
    pub ruleset: String,
    pub rule: String,
    /// Clause outcomes, candidates with the parts of their scores, who was ruled out and why, the
    /// chosen plan and the runner-up. As the service's README describes it.
    pub record: Value,
}
