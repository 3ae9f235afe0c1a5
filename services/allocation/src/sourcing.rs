//! The course of an order's sourcing: planned when it is placed, again when stock refuses, anew
//! when units lose their source; and what it reads on the way: warehouses, rules, figures of stock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::allocation::{
    RulesetRefused, RulesetSaved, SaveRuleset, SetNode, SourcingFailed, SourcingPlanned,
};
use contracts::fulfilment::Picked;
use contracts::intake::{OrderPlaced, SourcingRequested};
use contracts::inventory::{ClaimRefused, StockLevel};
use contracts::{LineUnits, OrderId, Sku, Terms, WarehouseId};
use jiff::Timestamp;
use serde_json::Value;

use crate::decision::{Decision, Inputs, Outcome, decide};
use crate::node::Node;
use crate::order::Order;
use crate::ruleset::{Ruleset, check};
use crate::{Inbound, Outbound};

/// As much of the books as a batch of messages touches.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// The name of the ruleset by which orders are sourced.
    pub(crate) rules_of: String,
    /// The rules in force.
    pub(crate) ruleset: Arc<Ruleset>,
    /// The latest version of each ruleset that the batch saves, in force or not.
    pub(crate) versions: BTreeMap<String, i32>,
    /// All warehouses, by name.
    pub(crate) nodes: Vec<Node>,
    pub(crate) levels: BTreeMap<Sku, Level>,
    pub(crate) orders: BTreeMap<OrderId, Sourcing>,
    /// How many lines each warehouse has to pick more or less than before the batch.
    pub(crate) backlog: BTreeMap<WarehouseId, i64>,
    pub(crate) decisions: Vec<Decided>,
    /// What the batch saved, as it was written by the merchant.
    pub(crate) rulesets: Vec<(Ruleset, Value)>,
    /// The new versions of warehouses.
    pub(crate) set: Vec<Node>,
}

/// What was last heard of an item's stock. It is a hint: inventory decides who gets what.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Level {
    /// Counts up with what inventory says; 0 if it said nothing yet.
    pub(crate) number: i64,
    pub(crate) warehouses: BTreeMap<WarehouseId, i64>,
    /// A refusal told of fresher figures than the level of that number.
    pub(crate) amended: bool,
    pub(crate) changed: bool,
}

/// How far the sourcing of an order has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sourcing {
    pub(crate) attempt: i32,
    pub(crate) round: i32,
    /// The order ended; it is planned no more.
    pub(crate) ended: bool,
    /// Nothing stands in the way of firm claims any more.
    pub(crate) firm: bool,
    /// Lines that a warehouse was chosen for and has not picked: its backlog.
    pub(crate) open: Vec<(u16, WarehouseId)>,
    /// What is being sourced; there only if a message of the batch may need it.
    pub(crate) case: Option<Case>,
    pub(crate) changed: bool,
}

/// What an attempt is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) order: Order,
    pub(crate) wanted: Vec<(u16, i64)>,
    pub(crate) not_from: Vec<WarehouseId>,
}

/// A decision to be kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decided {
    pub(crate) order: OrderId,
    pub(crate) attempt: i32,
    pub(crate) round: i32,
    pub(crate) at: Timestamp,
    pub(crate) ruleset: String,
    pub(crate) rule: String,
    pub(crate) record: Vec<u8>,
}

impl Books {
    /// Enters one message into the books. Returns what allocation has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::OrderPlaced(it) => self.place(now, it),
            Inbound::SourcingRequested(it) => self.request(now, it),
            Inbound::ClaimRefused(it) => self.refuse(now, &it),
            Inbound::PromotionRequested(it) => self.firm(it.order),
            Inbound::OrderCancelled(it) => self.end(it.order),
            Inbound::OrderExpired(it) => self.end(it.order),
            Inbound::Picked(it) => self.pick(&it),
            Inbound::StockLevel(it) => self.level(it),
            Inbound::SaveRuleset(it) => self.save(now, it),
            Inbound::SetNode(it) => self.set(it),
        }
    }

    /// The orders whose row is to be written.
    pub(crate) fn changed_orders(&self) -> impl Iterator<Item = (&OrderId, &Sourcing)> {
        self.orders.iter().filter(|it| it.1.changed)
    }

    /// What the warehouses have to pick more or less, where it is more or less.
    pub(crate) fn changed_backlog(&self) -> impl Iterator<Item = (&WarehouseId, i64)> {
        self.backlog.iter().map(|(warehouse, it)| (warehouse, *it)).filter(|it| it.1 != 0)
    }

    /// The items whose row is to be written.
    pub(crate) fn changed_levels(&self) -> impl Iterator<Item = (&Sku, &Level)> {
        self.levels.iter().filter(|it| it.1.changed)
    }

    fn place(&mut self, now: Timestamp, placed: OrderPlaced) -> Vec<Outbound> {
        let (id, order) = (placed.order, Order::from(placed));
        if self.orders.contains_key(&id) {
            return vec![]; // An order is placed once.
        }
        let wanted = order.lines.iter().map(|it| (it.number, it.quantity)).collect();
        let case = Case { order, wanted, not_from: vec![] };
        let sourcing = Sourcing { attempt: 1, round: 1, case: Some(case), ..Sourcing::default() };
        self.orders.insert(id, sourcing);
        self.plan(now, id)
    }

    fn request(&mut self, now: Timestamp, request: SourcingRequested) -> Vec<Outbound> {
        let Some(sourcing) = self.orders.get_mut(&request.order) else {
            return vec![]; // Never placed, as far as we know: there is nothing to plan with.
        };
        if sourcing.ended || request.attempt <= sourcing.attempt {
            return vec![]; // It ended meanwhile, or was planned by a later request.
        }
        let Some(case) = &mut sourcing.case else { return vec![] };
        let wanted: Vec<_> = request.lines.iter().map(|it| (it.line, it.quantity)).collect();
        if case.order.demands(&wanted).is_empty() {
            return vec![]; // None of it is of this order.
        }
        (case.wanted, case.not_from) = (wanted, request.not_from);
        (sourcing.attempt, sourcing.round) = (request.attempt, 1);
        self.plan(now, request.order)
    }

    fn refuse(&mut self, now: Timestamp, refused: &ClaimRefused) -> Vec<Outbound> {
        for figure in &refused.available {
            // Fresher than what we knew; the next level that inventory tells takes its place.
            let level = self.levels.entry(figure.sku.clone()).or_default();
            level.warehouses.insert(figure.warehouse.clone(), figure.quantity);
            (level.amended, level.changed) = (true, true);
        }
        let Some(sourcing) = self.orders.get_mut(&refused.order) else {
            return vec![]; // Not an order of ours.
        };
        let current = (sourcing.attempt, sourcing.round) == (refused.attempt, refused.round);
        if sourcing.ended || !current {
            return vec![]; // It ended meanwhile, or answers a plan that was superseded.
        }
        sourcing.round += 1;
        self.plan(now, refused.order)
    }

    fn firm(&mut self, id: OrderId) -> Vec<Outbound> {
        if let Some(sourcing) = self.orders.get_mut(&id) {
            sourcing.changed |= !sourcing.firm;
            sourcing.firm = true;
        }
        vec![]
    }

    fn end(&mut self, id: OrderId) -> Vec<Outbound> {
        if let Some(sourcing) = self.orders.get_mut(&id) {
            (sourcing.ended, sourcing.changed) = (true, true);
            for (_, warehouse) in std::mem::take(&mut sourcing.open) {
                self.count(warehouse, -1);
            }
        }
        vec![]
    }

    fn pick(&mut self, picked: &Picked) -> Vec<Outbound> {
        let Some(sourcing) = self.orders.get_mut(&picked.order) else {
            return vec![]; // Not an order of ours.
        };
        let lines: BTreeSet<u16> =
            picked.picked.iter().chain(&picked.short).map(|it| it.line).collect();
        let open = &mut sourcing.open;
        let mut done = Vec::new();
        for line in lines {
            // Stock may have been claimed along the second best plan: then the line was counted
            // for another warehouse.
            let here = open.iter().position(|it| it.0 == line && it.1 == picked.warehouse);
            if let Some(at) = here.or_else(|| open.iter().position(|it| it.0 == line)) {
                done.push(open.swap_remove(at).1);
            }
        }
        sourcing.changed |= !done.is_empty();
        for warehouse in done {
            self.count(warehouse, -1);
        }
        vec![]
    }

    fn level(&mut self, told: StockLevel) -> Vec<Outbound> {
        let level = self.levels.entry(told.sku).or_default();
        if told.number > level.number {
            let figures = told.warehouses.into_iter().map(|it| (it.warehouse, it.sellable));
            let (number, warehouses) = (told.number, figures.collect());
            *level = Level { number, warehouses, amended: false, changed: true };
        }
        vec![]
    }

    fn save(&mut self, now: Timestamp, told: SaveRuleset) -> Vec<Outbound> {
        let SaveRuleset { ruleset: name, rules, by } = told;
        let nodes = self.nodes.iter().map(|it| it.is.warehouse.clone()).collect();
        let mut ruleset = match check(&name, &rules, Some(&nodes)) {
            Ok(ruleset) => ruleset,
            Err(problems) => return vec![RulesetRefused { ruleset: name, problems }.into()],
        };
        let version = self.versions.entry(name.clone()).or_default();
        *version += 1;
        ruleset.version = *version;
        if name == self.rules_of && ruleset.effective.contains(now) {
            self.ruleset = Arc::new(ruleset.clone());
        }
        self.rulesets.push((ruleset, rules));
        vec![RulesetSaved { ruleset: name, version: *version, by }.into()]
    }

    fn set(&mut self, node: SetNode) -> Vec<Outbound> {
        let at = self.nodes.binary_search_by(|it| it.is.warehouse.cmp(&node.warehouse));
        match at {
            Ok(at) if self.nodes[at].is == node => return vec![], // It is so already.
            Ok(at) => {
                let known = &self.nodes[at];
                self.nodes[at] = Node::new(node, known.version + 1, known.backlog);
                self.set.push(self.nodes[at].clone());
            }
            Err(at) => {
                self.nodes.insert(at, Node::new(node, 1, 0));
                self.set.push(self.nodes[at].clone());
            }
        }
        vec![]
    }

    /// Decides where the order's goods are to come from, as it stands.
    fn plan(&mut self, now: Timestamp, id: OrderId) -> Vec<Outbound> {
        let Some(sourcing) = self.orders.get_mut(&id) else { return vec![] };
        let Some(case) = sourcing.case.take() else { return vec![] };
        sourcing.changed = true;
        let (attempt, round, firm) = (sourcing.attempt, sourcing.round, sourcing.firm);
        let ruleset = Arc::clone(&self.ruleset);
        let mut inputs = Inputs {
            at: now,
            attempt,
            round,
            ruleset: ruleset.label(),
            order: case.order,
            wanted: case.wanted,
            not_from: case.not_from,
            nodes: self.nodes.iter().map(Node::state).collect(),
            stock: vec![],
        };
        inputs.stock = self.stock(&inputs);
        let mut decision = decide(&inputs, &ruleset, &self.nodes);
        self.reopen(id, &inputs.wanted, &decision.outcome);
        self.decisions.push(Decided {
            order: id,
            attempt,
            round,
            at: now,
            ruleset: inputs.ruleset.clone(),
            rule: decision.rule.clone(),
            record: std::mem::take(&mut decision.record),
        });
        let said = say(&inputs, decision, firm);
        let Inputs { order, wanted, not_from, .. } = inputs;
        if let Some(sourcing) = self.orders.get_mut(&id) {
            sourcing.case = Some(Case { order, wanted, not_from });
        }
        vec![said]
    }

    /// What each warehouse was last known to have of what is wanted.
    fn stock(&self, inputs: &Inputs) -> Vec<(Sku, Vec<i64>)> {
        let figures = |sku: &Sku| -> Vec<i64> {
            let level = self.levels.get(sku);
            let figure = |it: &Node| level.and_then(|level| level.warehouses.get(&it.is.warehouse));
            self.nodes.iter().map(|it| figure(it).copied().unwrap_or_default()).collect()
        };
        let demands = inputs.order.demands(&inputs.wanted);
        demands.iter().map(|it| (it.sku.clone(), figures(it.sku))).collect()
    }

    /// Counts the lines for the warehouses of the best plan, and no more for those of an earlier one.
    fn reopen(&mut self, id: OrderId, wanted: &[(u16, i64)], outcome: &Outcome) {
        let Some(sourcing) = self.orders.get_mut(&id) else { return };
        let mut changes = Vec::new();
        sourcing.open.retain(|(line, warehouse)| {
            let again = wanted.iter().any(|it| it.0 == *line);
            if again {
                changes.push((warehouse.clone(), -1));
            }
            !again
        });
        if let Outcome::Planned { plans, .. } = outcome
            && let Some(plan) = plans.first()
        {
            for part in &plan.parts {
                for units in &part.units {
                    sourcing.open.push((units.line, part.warehouse.clone()));
                    changes.push((part.warehouse.clone(), 1));
                }
            }
        }
        for (warehouse, by) in changes {
            self.count(warehouse, by);
        }
    }

    fn count(&mut self, warehouse: WarehouseId, lines: i64) {
        let at = self.nodes.binary_search_by(|it| it.is.warehouse.cmp(&warehouse));
        if let Ok(at) = at {
            self.nodes[at].backlog += lines;
        }
        *self.backlog.entry(warehouse).or_default() += lines;
    }
}

fn say(inputs: &Inputs, decision: Decision, firm: bool) -> Outbound {
    let Inputs { attempt, round, order, wanted, .. } = inputs;
    let Decision { outcome, rule, because, .. } = decision;
    let findings = Some(decision.findings);
    match outcome {
        Outcome::Planned { plans, otherwise, eligible } => SourcingPlanned {
            order: order.id,
            attempt: *attempt,
            round: *round,
            wanted: order.items(wanted),
            plans,
            otherwise,
            eligible,
            lease: order.terms == Terms::Prepaid && !firm,
            ship_complete: decision.ship_complete,
            priority: decision.priority,
            estimate: decision.estimate,
            team: decision.team,
            rule,
            ruleset: inputs.ruleset.clone(),
            because,
            findings,
        }
        .into(),
        Outcome::Failed => {
            let units = |&(line, quantity): &(u16, i64)| LineUnits { line, quantity };
            let lines = wanted.iter().map(units).collect();
            let (order, attempt) = (order.id, *attempt);
            SourcingFailed { order, attempt, lines, rule, because, findings }.into()
        }
    }
}
