//! What came of a run: for people, and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Context;
use contracts::Timestamp;
use serde::Serialize;

use super::audit::Audit;
use super::check::{Rest, Violation};
use super::journal::{Attempt, Done, Op, Outcome};
use super::plan::Kind;
use crate::cli::parked::Shown;

/// What came of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Report {
    pub(super) seed: u64,
    /// Orders that were to be handed in, the probes not among them.
    pub(super) orders: u64,
    /// Orders that the books hold, the probes among them.
    pub(super) kept: u64,
    /// Milliseconds from the first order to the last answer.
    pub(super) selling_ms: u64,
    /// How often each outcome was seen: `place accepted`.
    pub(super) attempts: BTreeMap<String, u64>,
    /// By kind of fault.
    pub(super) faults: BTreeMap<Kind, Recoveries>,
    pub(super) recovery: Recoveries,
    /// Milliseconds from the last order to rest.
    pub(super) drain_ms: u64,
    /// How often somebody outside had to say something once more, because a stream was lost.
    pub(super) insisted: u64,
    /// What was parked, and what of it could never be decided: subject and cause.
    pub(super) parked: Vec<String>,
    pub(super) put_away: Vec<String>,
    /// How many pages were heard once more in the end.
    pub(super) said_again: u64,
    /// What the checker found, which is also among the violations.
    pub(super) audit: Audit,
    pub(super) violations: Vec<Violation>,
    /// How long each phase took, in milliseconds, in order.
    pub(super) phases: Vec<(&'static str, u64)>,
    /// Seconds that the whole run took.
    pub(super) seconds: u64,
    /// Where its records are.
    pub(super) records: String,
}

/// How long it took until the house did all of its work again, in milliseconds, in order.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Recoveries {
    pub(super) times: u64,
    pub(super) median_ms: u64,
    pub(super) p99_ms: u64,
    #[serde(skip)]
    each: Vec<u64>,
}

/// What came of several runs.
#[derive(Debug, Default)]
pub(super) struct Summary {
    runs: u64,
    orders: u64,
    kept: u64,
    violations: u64,
    seconds: u64,
    faults: BTreeMap<Kind, Recoveries>,
    recovery: Recoveries,
}

impl Summary {
    pub(super) fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.orders += report.orders;
        self.kept += report.kept;
        self.violations += report.violations.len() as u64;
        self.seconds += report.seconds;
        for (kind, it) in &report.faults {
            let of = self.faults.entry(*kind).or_default();
            it.each.iter().for_each(|millis| of.add(*millis));
        }
        report.recovery.each.iter().for_each(|millis| self.recovery.add(*millis));
    }

    /// Whether no run broke a promise.
    pub(super) fn is_well(&self) -> bool {
        self.violations == 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, orders, kept, violations, seconds, faults, recovery } = self;
        writeln!(
            f,
            "# All {runs} runs: {violations} promises were broken\n\n{orders} orders were handed in beside \
             {} faults, {kept} are in the books, with the probes; {seconds} s.\n",
            recovery.times
        )?;
        recoveries(f, faults, recovery)
    }
}

impl Recoveries {
    fn add(&mut self, millis: u64) {
        let at = self.each.partition_point(|it| *it <= millis);
        self.each.insert(at, millis);
        let nth =
            |part: usize| self.each.get((self.each.len() * part / 100).min(self.each.len() - 1));
        self.times = self.each.len() as u64;
        self.median_ms = nth(50).copied().unwrap_or_default();
        self.p99_ms = nth(99).copied().unwrap_or_default();
    }
}

impl Report {
    /// Adds what became of a fault.
    pub(super) fn recovered(&mut self, done: &Done) {
        match done.recovered_at {
            Some(at) => {
                let millis = (at.as_millisecond() - done.healed_at.as_millisecond()).max(0);
                let millis = u64::try_from(millis).unwrap_or_default();
                self.faults.entry(done.fault.kind).or_default().add(millis);
                self.recovery.add(millis);
            }
            None => self.violations.push(Violation {
                promise: "the house recovers from every fault".to_owned(),
                found: format!("{} of {} at {}", done.fault.kind, done.fault.target, done.at),
            }),
        }
    }

    pub(super) fn attempted(&mut self, attempts: &[Attempt], started: Timestamp) {
        for it in attempts {
            *self.attempts.entry(named(it.op, it.outcome)).or_default() += 1;
            let is_a_probe = it.external_id.starts_with("probe-");
            if it.outcome == Outcome::Accepted && !is_a_probe {
                let millis = it.at.as_millisecond() - started.as_millisecond();
                self.selling_ms = self.selling_ms.max(u64::try_from(millis).unwrap_or_default());
            }
        }
    }

    pub(super) fn rested(&mut self, rest: &Rest) {
        self.drain_ms = self.drain_ms.max(rest.millis);
        self.insisted += rest.insisted;
        self.left(rest);
    }

    /// Adds what was left to be done.
    pub(super) fn left(&mut self, rest: &Rest) {
        for left in rest.left.iter().take(20) {
            self.violations.push(Violation {
                promise: "every order comes to its end".to_owned(),
                found: left.clone(),
            });
        }
    }

    pub(super) fn parked(&mut self, parked: &[Shown], put_away: &[Shown]) {
        let tell =
            |it: &Shown| format!("{}: {} of {}: {}", it.service, it.subject, it.key, it.cause);
        self.parked.extend(parked.iter().map(tell));
        self.put_away.extend(put_away.iter().map(tell));
    }

    /// Writes `report.json` and `report.md` beside the records.
    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let json = serde_json::to_string_pretty(self)? + "\n";
        for (name, text) in [("report.json", json), ("report.md", self.to_string())] {
            let path = dir.join(name);
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

/// As both are written in the journal.
fn named(op: Op, outcome: Outcome) -> String {
    let word = |it: Result<serde_json::Value, serde_json::Error>| {
        it.ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
    };
    format!("{} {}", word(serde_json::to_value(op)), word(serde_json::to_value(outcome)))
}

/// In Markdown, which a terminal shows as well.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.violations.len() {
            0 => "nothing is wrong".to_owned(),
            wrong => format!("{wrong} promises were broken"),
        };
        writeln!(f, "# Chaos, seed {}: {verdict}\n", self.seed)?;
        let rate = self.orders * 1_000 / self.selling_ms.max(1);
        writeln!(
            f,
            "{} orders were handed in, {rate} a second, beside {} faults; {} are in the books, with the \
             probes. {} s after the last one all was done; the whole run took {} s.\n",
            self.orders,
            self.recovery.times,
            self.kept,
            seconds(self.drain_ms),
            self.seconds
        )?;
        recoveries(f, &self.faults, &self.recovery)?;
        let phases: Vec<String> =
            self.phases.iter().map(|it| format!("{} {} s", it.0, seconds(it.1))).collect();
        writeln!(f, "Phases: {}.\n", phases.join(", "))?;
        let counts: Vec<String> = self.attempts.iter().map(|(it, n)| format!("{n} {it}")).collect();
        writeln!(f, "Seen outside: {}.\n", counts.join(", "))?;
        if self.insisted > 0 {
            writeln!(
                f,
                "Streams were lost: {} times something was said once more.\n",
                self.insisted
            )?;
        }
        if !self.parked.is_empty() {
            let (parked, put_away) = (self.parked.len(), self.put_away.len());
            writeln!(
                f,
                "{parked} inputs were parked, {put_away} of them were put away for good:\n"
            )?;
            for it in self.put_away.iter().take(10) {
                writeln!(f, "- {it}")?;
            }
            writeln!(f)?;
        }
        writeln!(f, "{} pages were heard again from the first on.\n", self.said_again)?;
        let Audit { held, not_checked, notes, .. } = &self.audit;
        writeln!(f, "The checker: {} of 17 promises hold: {}.\n", held.len(), held.join(", "))?;
        for it in not_checked {
            writeln!(f, "- not checked: {it}")?;
        }
        for it in notes {
            writeln!(f, "- {it}")?;
        }
        writeln!(f)?;
        for it in self.violations.iter().take(40) {
            writeln!(f, "- **{}**, but {}", it.promise, it.found)?;
        }
        writeln!(f, "Records: {}", self.records)
    }
}

/// A table of how long it took after each kind of fault, and after all.
fn recoveries(
    f: &mut fmt::Formatter<'_>,
    faults: &BTreeMap<Kind, Recoveries>,
    all: &Recoveries,
) -> fmt::Result {
    writeln!(f, "| fault | times | recovered after, median | p99 |\n| --- | ---: | ---: | ---: |")?;
    let row = |name: &str, it: &Recoveries| {
        let (median, p99) = (seconds(it.median_ms), seconds(it.p99_ms));
        format!("| {name:<13} | {:>3} | {median:>6} s | {p99:>6} s |", it.times)
    };
    for (kind, it) in faults {
        writeln!(f, "{}", row(&kind.to_string(), it))?;
    }
    writeln!(f, "{}\n", row("all", all))
}

/// Milliseconds as seconds with one digit.
fn seconds(millis: u64) -> String {
    format!("{}.{}", millis / 1_000, millis % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recoveries_are_told_in_the_middle_and_at_worst() {
        let mut all = Recoveries::default();
        for millis in [900, 100, 500] {
            all.add(millis);
        }
        assert_eq!((all.times, all.median_ms, all.p99_ms), (3, 500, 900));
        let faults = BTreeMap::from([(Kind::Pause, all.clone())]);
        let report = Report { orders: 7, faults, recovery: all, ..Report::default() };
        let mut summary = Summary::default();
        summary.add(&report);
        summary.add(&report);
        let text = summary.to_string();
        assert!(summary.is_well() && text.contains("14 orders were handed in beside 6 faults"));
        assert!(text.contains("| pause         |   6 |    0.5 s |    0.9 s |"), "{text}");
    }

    #[test]
    fn what_is_wrong_comes_first() {
        let mut report = Report { seed: 7, ..Report::default() };
        assert!(report.to_string().starts_with("# Chaos, seed 7: nothing is wrong"));
        let left = vec!["W-1 is checking".to_owned()];
        report.rested(&Rest { millis: 1_234, insisted: 0, left });
        let text = report.to_string();
        assert!(text.starts_with("# Chaos, seed 7: 1 promises were broken"), "{text}");
        assert!(text.contains("every order comes to its end**, but W-1 is checking"), "{text}");
        assert!(text.contains("1.2 s after the last one"), "{text}");
    }
}
