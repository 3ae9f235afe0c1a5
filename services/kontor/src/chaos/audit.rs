//! The long audit: a program of its own, which shares no line with the house (`tests/checker`), looks
//! at what a run left. It lies beside this program, where Cargo builds both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::check::{Violation, violation};

/// The program.
pub(super) struct Auditor {
    program: PathBuf,
}

/// What each business table holds, as a number: by service and table.
pub(super) type Hashes = BTreeMap<String, BTreeMap<String, String>>;

/// What it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Audit {
    /// Invariants that hold: `V1`.
    pub(super) held: Vec<String>,
    /// Those that were not looked at, and why.
    pub(super) not_checked: Vec<String>,
    /// What is wrong, and with which invariant.
    pub(super) wrong: Vec<Violation>,
    /// What it remarks besides.
    pub(super) notes: Vec<String>,
}

/// As the program prints it.
#[derive(Deserialize)]
struct Printed {
    invariants: Vec<Invariant>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct Invariant {
    id: String,
    verdict: String,
    checks: Vec<Checked>,
}

#[derive(Deserialize)]
struct Checked {
    name: String,
    promise: String,
    verdict: String,
    wrong: u64,
    examples: Vec<String>,
    #[serde(default)]
    missing: Option<String>,
}

impl Auditor {
    /// Finds it, or tells how to make it.
    pub(super) fn find() -> anyhow::Result<Self> {
        let program =
            std::env::current_exe().context("where is kontor?")?.with_file_name("checker");
        ensure!(
            program.exists(),
            "there is no {}: `cargo build -p checker` makes it, with the profile of this program",
            program.display()
        );
        Ok(Self { program })
    }

    /// Looks whether every promise was kept, by the records of a run whose house is at rest.
    pub(super) async fn looks(&self, records: &Path) -> anyhow::Result<Audit> {
        Ok(Audit::of(serde_json::from_str(&self.says("check", &["--json"], records).await?)?))
    }

    /// What the tables hold now.
    pub(super) async fn hashes(&self, records: &Path) -> anyhow::Result<Hashes> {
        Ok(serde_json::from_str(&self.says("hash", &[], records).await?)?)
    }

    async fn says(&self, what: &str, how: &[&str], records: &Path) -> anyhow::Result<String> {
        let mut command = tokio::process::Command::new(&self.program);
        let ended = command.arg(what).args(how).arg(records).kill_on_drop(true).output().await;
        let ended = ended.with_context(|| self.program.display().to_string())?;
        let complains = String::from_utf8_lossy(&ended.stderr).into_owned();
        // 1: something is violated. It says what.
        ensure!(
            matches!(ended.status.code(), Some(0 | 1)),
            "the checker could not look: {complains}"
        );
        Ok(String::from_utf8(ended.stdout)?)
    }
}

impl Audit {
    fn of(printed: Printed) -> Self {
        let mut audit = Self { notes: printed.notes, ..Self::default() };
        for Invariant { id, verdict, checks } in printed.invariants {
            if verdict == "holds" {
                audit.held.push(id.clone());
            }
            for check in checks {
                let name = format!("{id} {}", check.name);
                match check.verdict.as_str() {
                    "violated" => audit.wrong.extend(check.tells(&name)),
                    "not_checked" => {
                        let why = check.missing.as_deref().unwrap_or("nothing to look at");
                        audit.not_checked.push(format!("{name} ({why})"));
                    }
                    _ => {}
                }
            }
        }
        audit
    }
}

impl Checked {
    fn tells(&self, name: &str) -> Vec<Violation> {
        let promise = format!("{name}: {}", self.promise);
        let more = self.wrong.saturating_sub(self.examples.len() as u64);
        let more = (more > 0).then(|| format!("{more} more"));
        self.examples.iter().cloned().chain(more).map(|it| violation(&promise, it)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_checker_prints_is_understood() {
        let check = |name: &str, verdict: &str, wrong: u64, examples: &[&str]| {
            serde_json::json!({ "invariant": "V6", "name": name, "promise": "so it is",
                "looked": 4, "wrong": wrong, "examples": examples, "verdict": verdict })
        };
        let printed = serde_json::json!({ "violated": ["V6 I3"], "notes": ["it was at work"],
            "invariants": [
                { "id": "V5", "about": "", "verdict": "holds", "checks": [
                    check("ends", "holds", 0, &[]) ] },
                { "id": "V6", "about": "", "verdict": "violated", "checks": [
                    check("I3", "violated", 2, &["TEA in north: 1 and 2"]),
                    check("I4", "not_checked", 0, &[]) ] },
            ] });
        let audit = Audit::of(serde_json::from_value(printed).unwrap());
        let wrong = |found| violation("V6 I3: so it is", found);
        assert_eq!(
            audit,
            Audit {
                held: vec!["V5".to_owned()],
                not_checked: vec!["V6 I4 (nothing to look at)".to_owned()],
                wrong: vec![wrong("TEA in north: 1 and 2"), wrong("1 more")],
                notes: vec!["it was at work".to_owned()],
            }
        );
    }
}
