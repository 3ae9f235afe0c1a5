//! Reading what a rule wants to be done.

use contracts::WarehouseId;

use crate::ruleset::Action;
use crate::ruleset::check::{Check, MOST};
use crate::ruleset::reader::At;

/// The actions, and what each of them takes.
const ACTIONS: [(&str, &[&str]); 12] = [
    ("prefer_node", &["action", "node", "weight"]),
    ("exclude_node", &["action", "node"]),
    ("restrict_nodes", &["action", "type"]),
    ("require_node", &["action", "node"]),
    ("assign_owner", &["action", "team", "role"]),
    ("assign_team", &["action", "team"]),
    ("set_priority", &["action", "value"]),
    ("set_flag", &["action", "flag"]),
    ("ship_policy", &["action", "value"]),
    ("max_splits", &["action", "value"]),
    ("route", &["action", "flow"]),
    ("score_all", &["action"]),
];

impl Check<'_> {
    pub(super) fn action(&mut self, at: &At<'_>) -> Option<Action> {
        let name = self.problems.need(at, "action", "an action");
        if !at.value.is_object() {
            self.problems.add("type", at, "an object with an action");
        }
        let name = name?;
        let Some((word, keys)) = ACTIONS.into_iter().find(|it| name.value.as_str() == Some(it.0))
        else {
            let known = ACTIONS.map(|it| it.0).join(", ");
            self.problems.add("unknown.action", &name, known);
            return None;
        };
        self.problems.object(at, keys);
        Some(match word {
            "prefer_node" => {
                let weight = self.problems.need(at, "weight", "points");
                let weight = weight.and_then(|it| self.problems.number(&it, 1, MOST));
                Action::Prefer(self.node(at)?, weight?)
            }
            "exclude_node" => Action::Exclude(self.node(at)?),
            "require_node" => Action::Require(self.node(at)?),
            "restrict_nodes" => {
                const KINDS: &[&str] = &["regional", "forward", "plant"];
                let kind = self.problems.need(at, "type", &KINDS.join(", "))?;
                Action::Restrict(self.problems.word(&kind, KINDS)?)
            }
            "assign_owner" | "assign_team" => {
                let team = self.problems.need(at, "team", "a team");
                let team = team.and_then(|it| self.problems.text(&it));
                let role = at.key("role").map(|it| self.problems.text(&it));
                Action::Team { team: team?, role: role.flatten() }
            }
            "set_priority" => Action::Priority(self.count(at, 0, MOST)?),
            "max_splits" => {
                let most = self.count(at, 1, 12)?;
                Action::MaxSplits(usize::try_from(most).unwrap_or(1))
            }
            "ship_policy" => self.policy(at)?,
            "set_flag" => Action::Flag(self.name(at, "flag")?),
            "route" => Action::Route(self.name(at, "flow")?),
            _ => Action::ScoreAll,
        })
    }

    fn node(&mut self, at: &At<'_>) -> Option<WarehouseId> {
        let at = self.problems.need(at, "node", "a warehouse")?;
        let name = self.problems.text(&at)?;
        let node = WarehouseId::new(name).ok();
        let known = node.as_ref().filter(|it| self.nodes.is_none_or(|all| all.contains(*it)));
        if known.is_none() {
            let all = self.nodes.map(|it| it.iter().map(WarehouseId::as_str).collect::<Vec<_>>());
            self.problems.add("unknown.node", &at, all.unwrap_or_default().join(", "));
            return None;
        }
        node
    }

    fn count(&mut self, at: &At<'_>, from: i64, to: i64) -> Option<i64> {
        let value = self.problems.need(at, "value", "a whole number")?;
        self.problems.number(&value, from, to)
    }

    fn name(&mut self, at: &At<'_>, key: &str) -> Option<String> {
        let name = self.problems.need(at, key, "a name")?;
        self.problems.text(&name)
    }

    fn policy(&mut self, at: &At<'_>) -> Option<Action> {
        let value = self.problems.need(at, "value", "complete, as_available")?;
        match value.value.as_str() {
            Some("complete") => Some(Action::ShipComplete(true)),
            Some("as_available") => Some(Action::ShipComplete(false)),
            Some(_) | None => {
                self.problems.add("type", &value, "complete, as_available");
                None
            }
        }
    }
}
