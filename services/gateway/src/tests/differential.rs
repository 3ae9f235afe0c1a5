//! The gateway over Postgres and in memory: the same rows are there. It says nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contracts::MessageSet;
use contracts::intake::OrderCarriedOver;
use testbench::{Trial, lives};

use super::handler::gateway;
use super::importing::carried;
use super::story::{EVERYTHING, PLAIN, order, story};
use crate::{Gateway, Inbound, memory};

/// What only HTTP writes, or nobody: a twin of the worker has none of it.
const EXCEPT: &[&str] = &[
    "access_key", // Keys of machines are made and changed by people.
    "person",     // So are those who sign in,
    "session",    // their sessions,
    "access_log", // and the log of who changed what of these.
    "saved_view", // How somebody likes to see a table.
];

const ORDERS: &[&str] = &["a", "b", "c", "d", "e", "f"];

struct Life {
    trial: Trial<Gateway>,
    /// What is still to befall each order.
    ahead: BTreeMap<&'static str, VecDeque<String>>,
}

#[tokio::test]
async fn postgres_and_memory_are_the_same_gateway() {
    let (mut lines, mut heard) = (every_line(), BTreeSet::new());
    lines
        .extend(["level KB-87 0 1", "level KB-87 9 -3", "status a 99 released"].map(str::to_owned));
    for seed in 0..lives() {
        let trial = Trial::of(gateway(), seed, EXCEPT).await;
        let mut life = Life { trial, ahead: BTreeMap::new() };
        for _ in 0..30 {
            life.step(&lines, &mut heard).await;
        }
        life.trial.compare().await;
    }
    // A life in which something is never heard of compares nothing of it.
    let all: BTreeSet<&str> = Inbound::CONTRACTS.iter().map(|it| it.subject).collect();
    assert_eq!(heard, all);
}

/// All that the stories tell, once, with `O` in the place of the order.
fn every_line() -> Vec<String> {
    let lines = EVERYTHING.split([';', '\n']).chain(PLAIN.split([';', '\n']));
    lines.map(str::trim).filter(|it| !it.is_empty()).map(unnamed).collect()
}

/// `level KB-87 1 240` is about an item, and stays.
fn unnamed(line: &str) -> String {
    let words = line.split(' ').enumerate();
    let words = words.map(|(nth, it)| if nth == 1 && it.len() == 1 { "O" } else { it });
    words.collect::<Vec<_>>().join(" ")
}

impl Life {
    async fn step(&mut self, lines: &[String], heard: &mut BTreeSet<&'static str>) {
        let minutes = self.trial.dice.i64(0..200);
        self.trial.pass(jiff::SignedDuration::from_mins(minutes));
        let many = self.trial.any(&[0, 1, 2, 4, 9]);
        let messages: Vec<Inbound> = (0..many).map(|_| self.message(lines)).collect();
        heard.extend(messages.iter().map(|it| it.contract().subject));
        self.trial.batch(messages).await;
        let wrong = self.trial.twins.memory.look::<Gateway, _>(memory::audit);
        assert_eq!(wrong, [""; 0]);
    }

    fn message(&mut self, lines: &[String]) -> Inbound {
        let name = self.trial.any(ORDERS);
        match self.trial.dice.u32(..100) {
            0..25 => {
                let line = &lines[self.trial.dice.usize(..lines.len())];
                self.read(name, &line.clone())
            }
            25..28 => OrderCarriedOver { order: order(name), ..carried() }.into(),
            _ => self.next(name, lines),
        }
    }

    /// What comes next to some order: the story of one of those that the stories tell of.
    fn next(&mut self, name: &'static str, lines: &[String]) -> Inbound {
        let whose = self.trial.any(&["a", "b", "c", "d", ""]);
        let told = if whose.is_empty() { PLAIN } else { EVERYTHING };
        let whose = if whose.is_empty() { "a" } else { whose };
        let of_this = told.split([';', '\n']).map(str::trim);
        let of_this = of_this.filter(|it| it.split(' ').nth(1) == Some(whose)).map(unnamed);
        let ahead = self.ahead.entry(name).or_insert_with(|| of_this.collect());
        let at_will = &lines[self.trial.dice.usize(..lines.len())];
        let line = ahead.pop_front().unwrap_or_else(|| at_will.clone());
        self.read(name, &line)
    }

    /// A line, about this order, at some time: a line's time is its place in the story.
    fn read(&mut self, name: &str, line: &str) -> Inbound {
        let line = line.replacen(" O", &format!(" {name}"), 1);
        let before = "lapse z;".repeat(self.trial.dice.usize(..30));
        story(&format!("{before}{line}")).pop().unwrap()
    }
}
