//! What was found: for each check how much was looked at, and what was wrong.

use std::fmt::{self, Debug, Display};

use serde::Serialize;

/// How many examples of what is wrong are told.
const EXAMPLES: usize = 10;

/// The invariants, and what each is about.
const INVARIANTS: [(&str, &str); 17] = [
    ("V1", "what was accepted is there, once"),
    ("V2", "one name and content, one order"),
    ("V3", "the log has no gaps, and all is heard"),
    ("V4", "what was said took effect, once"),
    ("V5", "each order has ended, or waits for a reason"),
    ("V6", "stock"),
    ("V7", "credit"),
    ("V8", "the journal, and the twelve equations"),
    ("V9", "invoices are what was delivered"),
    ("V10", "each pick has one effect"),
    ("V11", "the gateway shows what the owners have"),
    ("V12", "each notification has one effect"),
    ("V13", "followers see 1, 2, 3 …"),
    ("V14", "orders go the published ways"),
    ("V15", "no transaction and no lock is left behind"),
    ("V16", "each order has one trace"),
    ("V17", "hearing all again changes nothing"),
];

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Holds,
    Violated,
    /// Something was missing, or there was nothing to look at.
    NotChecked,
}

/// One promise, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// `V6`.
    pub invariant: &'static str,
    /// `I3`.
    pub name: &'static str,
    /// In a sentence.
    pub promise: &'static str,
    /// How many things were looked at.
    pub looked: u64,
    /// How many of them are wrong.
    pub wrong: u64,
    /// Some of those, each with what was found on both sides.
    pub examples: Vec<String>,
    /// What was missing, if it could not be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// What a check needs and does not have: `no journal.jsonl`.
#[derive(Debug, Clone)]
pub(crate) struct Missing(pub(crate) String);

/// All checks that were made, or could not be.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub checks: Vec<Check>,
    /// What a reader should know beside: the house was at work meanwhile.
    pub notes: Vec<String>,
}

impl Check {
    pub(crate) fn new(invariant: &'static str, name: &'static str, promise: &'static str) -> Self {
        let (looked, wrong, examples, missing) = (0, 0, vec![], None);
        Self { invariant, name, promise, looked, wrong, examples, missing }
    }

    /// Something is wrong.
    pub(crate) fn wrong(&mut self, what: impl Display) {
        self.wrong += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what.to_string());
        }
    }

    /// These two are to be the same. Looks at one thing.
    #[expect(clippy::needless_pass_by_value, reason = "what is compared is made for it")]
    pub(crate) fn same<T: PartialEq + Debug>(&mut self, what: impl Display, one: T, other: T) {
        self.holds(one == other, || format!("{what}: {one:?} and {other:?}"));
    }

    /// This is to be so. Looks at one thing.
    pub(crate) fn holds(&mut self, so: bool, else_wrong: impl FnOnce() -> String) {
        self.looked += 1;
        if !so {
            self.wrong(else_wrong());
        }
    }

    /// What it came to. What looked at nothing does not hold.
    pub fn verdict(&self) -> Verdict {
        if self.wrong > 0 {
            Verdict::Violated
        } else if self.missing.is_some() || self.looked == 0 {
            Verdict::NotChecked
        } else {
            Verdict::Holds
        }
    }

    /// Why it was not checked.
    fn why(&self) -> &str {
        self.missing.as_deref().unwrap_or("there is nothing to look at")
    }
}

impl Report {
    /// Makes a check, unless something that it needs is missing.
    pub(crate) fn check(
        &mut self,
        (invariant, name, promise): (&'static str, &'static str, &'static str),
        look: impl FnOnce(&mut Check) -> Result<(), Missing>,
    ) {
        let mut check = Check::new(invariant, name, promise);
        if let Err(Missing(what)) = look(&mut check) {
            check.missing = Some(what);
        }
        self.checks.push(check);
    }

    /// Adds what another look at the same checks came to.
    pub(crate) fn merge(&mut self, other: Self) {
        for check in other.checks {
            let name = (check.invariant, check.name);
            match self.checks.iter_mut().find(|it| (it.invariant, it.name) == name) {
                Some(known) => {
                    known.looked += check.looked;
                    known.wrong += check.wrong;
                    let room = EXAMPLES.saturating_sub(known.examples.len());
                    known.examples.extend(check.examples.into_iter().take(room));
                }
                None => self.checks.push(check),
            }
        }
    }

    /// The checks that found something wrong: `V6 I3`.
    pub fn violated(&self) -> Vec<String> {
        let wrong = self.checks.iter().filter(|it| it.verdict() == Verdict::Violated);
        wrong.map(|it| format!("{} {}", it.invariant, it.name)).collect()
    }

    /// What an invariant came to: violated if one of its checks is, not checked if all are not.
    pub fn verdict(&self, invariant: &str) -> Verdict {
        let of: Vec<Verdict> = self.of(invariant).map(Check::verdict).collect();
        if of.contains(&Verdict::Violated) {
            Verdict::Violated
        } else if of.contains(&Verdict::Holds) {
            Verdict::Holds
        } else {
            Verdict::NotChecked
        }
    }

    /// The same in a form for programs.
    pub fn to_json(&self) -> serde_json::Value {
        let one = |(id, about): &(&str, &str)| {
            let checks = self.of(id).map(|it| {
                let mut json = serde_json::to_value(it).unwrap_or_default();
                json["verdict"] = serde_json::to_value(it.verdict()).unwrap_or_default();
                if it.verdict() == Verdict::NotChecked {
                    json["missing"] = it.why().into();
                }
                json
            });
            serde_json::json!({
                "id": id, "about": about, "verdict": self.verdict(id),
                "checks": checks.collect::<Vec<_>>(),
            })
        };
        serde_json::json!({
            "violated": self.violated(),
            "notes": self.notes,
            "invariants": INVARIANTS.iter().map(one).collect::<Vec<_>>(),
        })
    }

    fn of(&self, invariant: &str) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |it| it.invariant == invariant)
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Violated => "VIOLATED",
            Self::NotChecked => "not checked",
        })
    }
}

impl Display for Report {
    /// A table for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, about) in INVARIANTS {
            writeln!(f, "{id:<4} {:<12} {about}", self.verdict(id))?;
            for check in self.of(id) {
                let verdict = check.verdict();
                let (name, promise) = (check.name, check.promise);
                write!(f, "       {verdict:<12} {name:<11} {promise}")?;
                match verdict {
                    Verdict::NotChecked => writeln!(f, " ({})", check.why())?,
                    Verdict::Holds => writeln!(f, " ({} looked at)", check.looked)?,
                    Verdict::Violated => {
                        writeln!(f, " ({} wrong, {} looked at)", check.wrong, check.looked)?;
                    }
                }
                for example in &check.examples {
                    writeln!(f, "           - {example}")?;
                }
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}
