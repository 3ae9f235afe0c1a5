use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chassis::simulation::Faults;
use intake::machine::AFTER;
use serde_json::{Value, json};

use super::people::turn;
use super::{Story, Tally, Violation};

/// What came of all stories.
#[derive(Debug, Default)]
pub struct Report {
    pub stories: u64,
    pub steps: u64,
    /// How many were played twice, and came out the same.
    pub repeated: u64,
    pub counts: BTreeMap<String, u64>,
    pub violations: Vec<Violation>,
    pub shrunk: Option<Story>,
    pub took: Duration,
    pub threads: u64,
}

impl Report {
    pub(super) fn add(&mut self, played: Result<Tally, Violation>) {
        self.stories += 1;
        match played {
            Ok(tally) => {
                self.steps += tally.steps;
                for (what, times) in tally.counts {
                    *self.counts.entry(what).or_default() += times;
                }
            }
            Err(violation) => self.violations.push(violation),
        }
    }

    /// The same story again: it has to come out the same.
    pub(super) fn repeat(
        &mut self,
        story: Story,
        first: &Result<Tally, Violation>,
        again: &Result<Tally, Violation>,
    ) {
        self.repeated += 1;
        let trace =
            |it: &Result<Tally, Violation>| it.as_ref().map(|it| it.trace).map_err(|it| it.step);
        if trace(first) != trace(again) {
            let what = "played again, it goes another way".to_owned();
            self.violations.push(Violation { seed: story.seed, step: 0, what });
        }
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.stories += other.stories;
        self.steps += other.steps;
        self.repeated += other.repeated;
        for (what, times) in other.counts {
            *self.counts.entry(what).or_default() += times;
        }
        self.violations.extend(other.violations);
        self
    }

    /// Kinds of faults, and turns of an order, that never happened in these stories.
    pub fn unreached(&self) -> Vec<String> {
        let turns = AFTER
            .iter()
            .flat_map(|(before, next)| next.iter().map(move |shown| turn(*before, *shown)));
        let faults = Faults::KINDS.iter().map(|it| it.0.to_owned());
        faults.chain(turns).filter(|it| !self.counts.contains_key(it)).collect()
    }

    /// Steps a minute on each thread.
    pub fn pace(&self) -> u128 {
        let work = self.took.as_millis().max(1) * u128::from(self.threads.max(1));
        u128::from(self.steps) * 60_000 / work
    }

    pub fn json(&self) -> Value {
        let violations = self.violations.iter();
        let violations: Vec<Value> = violations
            .map(|it| json!({ "seed": it.seed, "step": it.step, "what": it.what }))
            .collect();
        json!({
            "stories": self.stories,
            "steps": self.steps,
            "steps_a_minute_and_thread": u64::try_from(self.pace()).unwrap_or(u64::MAX),
            "repeated": self.repeated,
            "seconds": self.took.as_secs(),
            "counts": self.counts,
            "unreached": self.unreached(),
            "violations": violations,
            "shrunk": self.shrunk.as_ref().map(|it| format!("{it:?}")),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stories, steps, repeated, took, threads, .. } = self;
        let orders = self.counts.get("orders").copied().unwrap_or_default();
        writeln!(f, "{stories} stories of {orders} orders, {steps} steps in {} s", took.as_secs())?;
        writeln!(f, "{} steps a minute on each of {threads} threads", self.pace())?;
        writeln!(f, "{repeated} stories were played again, and came out the same")?;
        for (what, times) in &self.counts {
            writeln!(f, "{times:>12}  {what}")?;
        }
        let unreached = self.unreached();
        if !unreached.is_empty() {
            writeln!(f, "never happened: {}", unreached.join(", "))?;
        }
        for it in self.violations.iter().take(10) {
            writeln!(f, "seed {}, step {}: {}", it.seed, it.step, it.what)?;
        }
        if let Some(it) = &self.shrunk {
            writeln!(f, "the least that still goes wrong: {it:?}")?;
        }
        write!(f, "{} violations", self.violations.len())
    }
}
