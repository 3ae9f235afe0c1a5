//! Reading a ruleset, and finding everything that is wrong with it.

mod action;
mod condition;

use std::collections::{BTreeMap, BTreeSet};

use contracts::intake::Problem;
use contracts::{Timestamp, WarehouseId};
use serde_json::Value;

use crate::ruleset::reader::{At, Problems};
use crate::ruleset::{Action, Condition, Rule, Ruleset, Unfillable, Weights, Window};

/// The most rules that a ruleset may have.
const MOST_RULES: usize = 200;

/// The most that a weight, a priority or a preference may be.
pub(super) const MOST: i64 = 1_000_000;

const UNFILLABLE: &[&str] = &[
    "next_rule",
    "fallback_any",
    "backorder",
    "produce",
    "purchase",
    "dropship",
    "cancel_remainder",
    "manual",
];

/// Reads a ruleset, or says all that is wrong with it. Warehouses must be among these, if they are
/// given: a ruleset that was saved once stays readable when warehouses go.
pub(crate) fn check(
    name: &str,
    rules: &Value,
    nodes: Option<&BTreeSet<WarehouseId>>,
) -> Result<Ruleset, Vec<Problem>> {
    let mut check = Check { nodes, ..Check::default() };
    let ruleset = check.ruleset(name, &At::root(rules));
    if check.problems.0.is_empty() { Ok(ruleset) } else { Err(check.problems.0) }
}

/// Whether a ruleset may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    let has_other = name.contains(|it: char| it == '/' || it.is_control());
    (1..=64).contains(&name.len()) && !has_other
}

/// An instant of our era, as precise as Postgres keeps it: what is in force must not depend on whether
/// the ruleset was read back.
fn instant(text: &str) -> Option<Timestamp> {
    const YEAR_ONE: Timestamp = Timestamp::constant(-62_135_596_800, 0);
    let at: Timestamp = text.parse().ok()?;
    Timestamp::from_microsecond(at.as_microsecond()).ok().filter(|it| *it >= YEAR_ONE)
}

/// What is known while a ruleset is read.
#[derive(Debug, Default)]
struct Check<'n> {
    problems: Problems,
    nodes: Option<&'n BTreeSet<WarehouseId>>,
    parameters: BTreeMap<String, i64>,
    regions: BTreeMap<String, Vec<String>>,
}

/// A rule and its place; what could not be read of it is filled in so that nothing follows from it.
struct Draft<'v> {
    at: At<'v>,
    rule: Rule,
}

impl Check<'_> {
    fn ruleset(&mut self, name: &str, at: &At<'_>) -> Ruleset {
        const KEYS: &[&str] =
            &["ruleset", "version", "effective", "parameters", "regions", "weights", "rules"];
        self.problems.object(at, KEYS);
        if !is_name(name) {
            self.problems.add(
                "ruleset.name",
                at,
                "a ruleset called by 1 to 64 bytes without a slash or a control character",
            );
        }
        if let Some(named) = at.key("ruleset").filter(|it| it.value.as_str() != Some(name)) {
            self.problems.add("ruleset.name", &named, name);
        }
        if let Some(version) = at.key("version") {
            self.problems.number(&version, 0, i64::MAX); // Noted by people; the house counts itself.
        }
        let effective = at.key("effective").map(|it| self.window(&it)).unwrap_or_default();
        if let Some(parameters) = at.key("parameters") {
            self.parameters(&parameters);
        }
        if let Some(regions) = at.key("regions") {
            self.regions(&regions);
        }
        let weights = at.key("weights").map(|it| self.weights(&it)).unwrap_or_default();
        let rules = self.rules(at);
        Ruleset { name: name.to_owned(), version: 0, effective, weights, rules }
    }

    fn window(&mut self, at: &At<'_>) -> Window {
        self.problems.object(at, &["from", "to"]);
        let mut end = |name| {
            let end = at.key(name).filter(|it| !it.value.is_null())?;
            let read = end.value.as_str().and_then(instant);
            if read.is_none() {
                self.problems.add("type", &end, "an instant: 2025-01-01T00:00:00Z");
            }
            read
        };
        let window = Window { from: end("from"), to: end("to") };
        if window.from.zip(window.to).is_some_and(|(from, to)| from >= to) {
            self.problems.add("range", at, "an end after its beginning");
        }
        window
    }

    fn parameters(&mut self, at: &At<'_>) {
        let names = at.value.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
        let Some(names) = names else { return self.problems.add("type", at, "an object") };
        for name in names {
            let number = at.key(&name).and_then(|it| self.problems.number(&it, -MOST, MOST));
            self.parameters.insert(name, number.unwrap_or_default());
        }
    }

    fn regions(&mut self, at: &At<'_>) {
        let names = at.value.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
        let Some(names) = names else { return self.problems.add("type", at, "an object") };
        for name in names {
            let provinces = at.key(&name).map(|it| self.problems.list(&it)).unwrap_or_default();
            let provinces = provinces.iter().filter_map(|it| self.problems.text(it)).collect();
            self.regions.insert(name, provinces);
        }
    }

    fn weights(&mut self, at: &At<'_>) -> Weights {
        let Weights { distance, freight, split, backlog, scarcity } = Weights::default();
        self.problems.object(at, &["distance", "freight", "split", "backlog", "scarcity"]);
        let mut weight = |name, default| {
            let given = at.key(name).and_then(|it| self.problems.number(&it, 0, MOST));
            given.unwrap_or(default)
        };
        Weights {
            distance: weight("distance", distance),
            freight: weight("freight", freight),
            split: weight("split", split),
            backlog: weight("backlog", backlog),
            scarcity: weight("scarcity", scarcity),
        }
    }

    fn rules(&mut self, at: &At<'_>) -> Vec<Rule> {
        let Some(list) = self.problems.need(at, "rules", "a list of rules") else {
            return vec![];
        };
        let rules = self.problems.list(&list);
        if rules.len() > MOST_RULES {
            self.problems.add("range", &list, format!("{MOST_RULES} rules at most"));
            return vec![];
        }
        let mut drafts: Vec<Draft<'_>> =
            rules.into_iter().map(|at| Draft { rule: self.rule(&at), at }).collect();
        drafts.sort_by(|a, b| (a.rule.priority, &a.rule.id).cmp(&(b.rule.priority, &b.rule.id)));
        self.twins(&drafts);
        self.contradictions(&drafts);
        self.reach(&list, &drafts);
        drafts.into_iter().map(|it| it.rule).collect()
    }

    fn rule(&mut self, at: &At<'_>) -> Rule {
        self.problems.object(at, &["id", "priority", "stop", "when", "then", "unfillable"]);
        let problems = &mut self.problems;
        let id = problems.need(at, "id", "a name of its own").and_then(|it| problems.text(&it));
        let priority = problems.need(at, "priority", "a whole number, the lowest first");
        let priority = priority.and_then(|it| problems.number(&it, 0, MOST));
        let stop = problems.need(at, "stop", "true or false").and_then(|it| problems.flag(&it));
        let unfillable = problems.need(at, "unfillable", &UNFILLABLE.join(", "));
        let unfillable = unfillable.and_then(|it| problems.word(&it, UNFILLABLE));
        let when = self.problems.need(at, "when", "a condition").map(|it| self.condition(&it, 0));
        let then = self.problems.need(at, "then", "a list of actions");
        let then = then.map(|it| self.problems.list(&it)).unwrap_or_default();
        Rule {
            id: id.unwrap_or_default(),
            priority: priority.unwrap_or_default(),
            stop: stop.unwrap_or_default(),
            when: when.unwrap_or_else(|| Condition::Any(vec![])),
            then: then.iter().filter_map(|it| self.action(it)).collect(),
            unfillable: unfillable.unwrap_or(Unfillable::Manual),
        }
    }

    fn twins(&mut self, drafts: &[Draft<'_>]) {
        let mut seen = BTreeSet::new();
        for Draft { at, rule } in drafts {
            if !rule.id.is_empty() && !seen.insert(&rule.id) {
                let id = at.key("id").unwrap_or_else(|| at.clone());
                self.problems.add("duplicate", &id, "a name that no other rule has");
            }
        }
    }

    /// Rules of equal priority have an order only by name, so they must not disagree.
    fn contradictions(&mut self, drafts: &[Draft<'_>]) {
        for (nth, Draft { at, rule }) in drafts.iter().enumerate() {
            let equals = drafts[..nth].iter().rev();
            let mut equals = equals.take_while(|it| it.rule.priority == rule.priority);
            if let Some(other) = equals.find(|it| disagree(&it.rule, rule)) {
                let priority = at.key("priority").unwrap_or_else(|| at.clone());
                let expected =
                    format!("another priority than {}, which it contradicts", other.rule.id);
                self.problems.add("contradiction", &priority, expected);
            }
        }
    }

    /// What stands behind a rule that always holds and stops is never looked at, unless that rule
    /// passes on what it cannot fill. Somewhere there must be such a rule.
    fn reach(&mut self, list: &At<'_>, drafts: &[Draft<'_>]) {
        let ends = |it: &Draft<'_>| {
            let Rule { stop, when, unfillable, .. } = &it.rule;
            *stop && when.is_unconditional() && *unfillable != Unfillable::NextRule
        };
        let Some(end) = drafts.iter().position(ends) else {
            let expected = "a last rule that always holds, stops, and is not unfillable: next_rule";
            return self.problems.add("default.missing", list, expected);
        };
        for Draft { at, .. } in &drafts[end + 1..] {
            let expected = format!("a place before {}, which always ends", drafts[end].rule.id);
            self.problems.add("unreachable", &at.key("id").unwrap_or_else(|| at.clone()), expected);
        }
    }
}

fn disagree(a: &Rule, b: &Rule) -> bool {
    a.then.iter().any(|a| b.then.iter().any(|b| contradict(a, b) || contradict(b, a)))
}

fn contradict(a: &Action, b: &Action) -> bool {
    match (a, b) {
        (Action::Exclude(a), Action::Prefer(b, _) | Action::Require(b)) => a == b,
        // Two of a kind, of which there can be one.
        (Action::Require(_), Action::Require(_))
        | (Action::Restrict(_), Action::Restrict(_))
        | (Action::Team { .. }, Action::Team { .. })
        | (Action::Priority(_), Action::Priority(_))
        | (Action::ShipComplete(_), Action::ShipComplete(_))
        | (Action::MaxSplits(_), Action::MaxSplits(_))
        | (Action::Route(_), Action::Route(_)) => a != b,
        _ => false, // They are about different things.
    }
}
