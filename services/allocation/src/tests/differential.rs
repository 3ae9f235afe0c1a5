//! Allocation over Postgres and over its tables in memory: the same is said, and the same rows are
//! there, whatever comes.

use std::collections::BTreeSet;

use contracts::allocation::SaveRuleset;
use contracts::inventory::ClaimRefused;
use contracts::{Actor, OrderId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testbench::{Trial, lives};

use super::{available, node, order, place, read};
use crate::memory::{Tables, audit, audit_last};
use crate::{Allocation, Inbound, Outbound};

const WAREHOUSES: [&str; 5] = ["A", "B", "C", "D", "E"];

const PLACES: [(&str, &str); 5] =
    [("上海", "上海"), ("江苏", "苏州"), ("广东", "广州"), ("四川", "成都"), ("Bayern", "München")];

/// Orders are called by small letters.
const ORDERS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

struct Life {
    trial: Trial<Allocation>,
    /// Orders are placed under an id that was placed before, too: the house never does that.
    odd: bool,
    placed: BTreeSet<&'static str>,
    /// What is to answer the plans that were said.
    answers: Vec<Inbound>,
    levels: [i64; 3],
}

/// Random lives: orders, shelves, pickers and merchants of both partitions, what is late, repeated,
/// out of order or means nothing. Every third of them.
async fn live(part: u64) {
    let mut said = BTreeSet::new();
    for seed in (part..lives()).step_by(3) {
        let trial = Trial::of(Allocation::default(), seed, &[]).await;
        let (odd, placed) = (seed % 5 == 4, BTreeSet::new());
        let mut life = Life { trial, odd, placed, answers: vec![], levels: [0; 3] };
        for _ in 0..30 {
            life.step(&mut said).await;
            life.look(|it| assert_eq!(audit_last(it), [""; 0], "life {seed}"));
        }
        life.look(|it| assert_eq!(audit(it), [""; 0], "life {seed}"));
        life.trial.compare().await;
    }
    // Lives that never get anywhere would compare nothing.
    let all = ["failed", "later attempt", "later round", "plans", "saved", "waits"];
    assert!(lives() < 60 || all.iter().all(|it| said.contains(it)), "only {said:?}");
}

#[tokio::test]
async fn memory_is_as_postgres_is() {
    live(0).await;
}

#[tokio::test]
async fn memory_is_as_postgres_is_in_other_lives() {
    live(1).await;
}

#[tokio::test]
async fn memory_is_as_postgres_is_in_the_rest() {
    live(2).await;
}

impl Life {
    async fn step(&mut self, said: &mut BTreeSet<&'static str>) {
        let most = self.trial.any(&[1, 2_000, 600_000, 100_000_000]);
        let micros = self.trial.dice.i64(0..most * 1_000);
        self.trial.pass(SignedDuration::from_micros(micros));
        let many = self.trial.any(&[0, 1, 2, 6, 12]);
        let messages: Vec<Inbound> = (0..many).map(|_| self.message()).collect();
        for it in self.trial.batch(messages).await {
            said.insert(self.hear(&it));
        }
    }

    /// What comes of what was said; and what it was.
    fn hear(&mut self, said: &Outbound) -> &'static str {
        let it = match said {
            Outbound::SourcingPlanned(it) => it,
            Outbound::SourcingFailed(_) => return "failed",
            Outbound::RulesetSaved(_) | Outbound::RulesetRefused(_) => return "saved",
        };
        let parts = it.plans.iter().flat_map(|it| &it.parts);
        let figures = parts.flat_map(|it| it.units.iter().map(|units| (units, &it.warehouse)));
        let available = figures.map(|(units, warehouse)| contracts::inventory::Available {
            sku: units.sku.clone(),
            warehouse: warehouse.clone(),
            quantity: 0,
        });
        let available = available.collect();
        if self.trial.one_in(2) {
            let (order, attempt, round) = (it.order, it.attempt, it.round);
            self.answers.push(ClaimRefused { order, attempt, round, available }.into());
        }
        match (it.attempt, it.round) {
            (_, 2..) => "later round",
            (2.., _) => "later attempt",
            _ if it.plans.is_empty() => "waits",
            _ => "plans",
        }
    }

    fn message(&mut self) -> Inbound {
        match self.trial.dice.u32(..100) {
            0..25 => self.placed(),
            25..40 if !self.answers.is_empty() => {
                let nth = self.trial.dice.usize(..self.answers.len());
                self.answers.swap_remove(nth)
            }
            40..55 => self.level(),
            55..63 => self.warehouse(),
            63..68 => self.rules().into(),
            68..70 => self.refusal(),
            _ => self.later(),
        }
    }

    fn placed(&mut self) -> Inbound {
        let free: Vec<&str> = ORDERS.into_iter().filter(|it| !self.placed.contains(it)).collect();
        if free.is_empty() && !self.odd {
            return self.later();
        }
        let id = if self.odd { self.trial.any(&ORDERS) } else { self.trial.any(&free) };
        self.placed.insert(id);
        let (province, city) = self.trial.any(&PLACES);
        let mut more: Vec<String> = (0..self.trial.dice.usize(..4))
            .map(|_| format!("{}*{}", self.trial.any(&["S", "T", "U"]), self.trial.dice.i64(-1..9)))
            .collect();
        let words = ["urgent", "key", "fresh", "prepaid", "usd", "bulk", "total=9000000"];
        let words = words.into_iter().filter(|_| self.trial.one_in(3));
        more.extend(words.map(str::to_owned).collect::<Vec<_>>());
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let mut placed = place(id, province, city, &more);
        if self.trial.one_in(5) {
            placed.ship_to.city = "a\u{0}\"b".to_owned();
        }
        placed.into()
    }

    /// Later or earlier than what was told before, by chance.
    fn level(&mut self) -> Inbound {
        let item = self.trial.dice.usize(..3);
        self.levels[item] += 1;
        let number = self.levels[item] - self.trial.any(&[0, 0, 0, 1, 3]);
        let figures: String = WAREHOUSES
            .map(|at| format!(" {at}={}", self.trial.dice.i64(-1..12)))
            .into_iter()
            .filter(|_| self.trial.dice.bool())
            .collect();
        read(&format!("level {} {number}{figures}", ["S", "T", "U"][item]))
    }

    fn warehouse(&mut self) -> Inbound {
        let (province, city) = self.trial.any(&PLACES);
        let kind = self.trial.any(&["regional", "forward", "plant"]);
        let words = ["closed", "serves=上海,江苏", "rate=1", "rate=0", "rate=-7"];
        let more: Vec<&str> = words.into_iter().filter(|_| self.trial.one_in(7)).collect();
        let mut told = node(self.trial.any(&WAREHOUSES), kind, province, city, &more);
        if self.trial.one_in(9) {
            told.serves.push("a \"b\", {c}\\".to_owned());
            told.name = String::new();
        }
        told.into()
    }

    /// Rules that are fine, not in force now, or wrong.
    fn rules(&mut self) -> SaveRuleset {
        let at =
            |days: i64| (self.trial.twins.now + SignedDuration::from_hours(24 * days)).to_string();
        let windows = [
            Value::Null,
            json!({ "from": at(-1), "to": at(1) }),
            json!({ "from": at(1) }),
            json!({ "to": at(-1) }),
            json!({ "from": "2026-01-01T00:00:00.1234567Z" }),
        ];
        let nth = self.trial.dice.usize(..windows.len() + 3);
        let at = format!("WH-{}", self.trial.any(&WAREHOUSES));
        let acts = [
            json!({ "action": "require_node", "node": at }),
            json!({ "action": "prefer_node", "node": at, "weight": 900 }),
            json!({ "action": "max_splits", "value": 1 }),
        ];
        let act = acts[self.trial.dice.usize(..3)].clone();
        let unfillable = self.trial.any(&["backorder", "cancel_remainder", "fallback_any"]);
        let id = self.trial.any(&["R1", "R1", "R1", "R\u{0}1"]);
        let mut rules = json!({ "rules": [
            { "id": id, "priority": 1, "stop": true, "when": { "always": true },
              "then": [act], "unfillable": unfillable },
        ] });
        if let Some(window) = windows.get(nth).filter(|it| !it.is_null()) {
            rules["effective"] = window.clone();
        }
        let ruleset =
            self.trial.any(&["cn-default", "cn-default", "other", "a\u{0}b", ""]).to_owned();
        SaveRuleset { ruleset, rules, by: Actor::house() }
    }

    /// A refusal of anything, with figures of anything.
    fn refusal(&mut self) -> Inbound {
        let figure = |trial: &mut Trial<_>| {
            let (item, at) = (trial.any(&["S", "T", "V"]), trial.any(&["A", "B", "C", "X"]));
            available(&format!("{item}{at}={}", trial.dice.i64(-2..9)))
        };
        let (attempt, round) = (self.trial.any(&[0, 1, 1, 2]), self.trial.any(&[-1, 1, 1, 2, 5]));
        let available = (0..self.trial.dice.usize(..3)).map(|_| figure(&mut self.trial)).collect();
        ClaimRefused { order: self.any_order(), attempt, round, available }.into()
    }

    /// What comes after an order was placed; or before.
    fn later(&mut self) -> Inbound {
        let id = self.trial.any(&ORDERS);
        let (line, at) = (self.trial.any(&[1, 1, 2, 3, 9]), self.trial.any(&WAREHOUSES));
        let (attempt, units) = (self.trial.any(&[1, 2, 2, 3, 4, 7]), self.trial.any(&[0, 1, 1, 5]));
        let story = match self.trial.dice.u32(..16) {
            0..5 => format!("request {id} {attempt} {line}*{units}"),
            5 => format!("request {id} {attempt} {line}*{units},2*1 {at}"),
            6..12 => format!("picked {id} {at} {line}"),
            12 => format!("picked {id} {at} 1,2,3"),
            13 => format!("firm {id}"),
            14 => format!("cancel {id}"),
            _ => format!("expire {id}"),
        };
        read(&story)
    }

    fn any_order(&mut self) -> OrderId {
        order(self.trial.any(&ORDERS))
    }

    /// Looks at the tables, if the audit has a say: not in odd lives.
    fn look(&self, at: impl FnOnce(&Tables)) {
        if !self.odd {
            self.trial.twins.memory.look::<Allocation, _>(at);
        }
    }
}
