use serde::Serialize;
use serde_json::json;

use crate::cli::End;
use crate::cli::paper::{self, Colour};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the words of the JSON")]
pub(super) struct Check {
    /// What: `nats`, `streams`, `schema`.
    pub(super) check: &'static str,
    pub(super) state: State,
    /// How it is.
    pub(super) found: String,
    /// What to do, if it is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Ok,
    Wrong,
    /// It could not be looked at.
    Open,
}

impl Check {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Ok, found: found.into(), remedy: None }
    }

    pub(super) fn wrong(
        check: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { check, state: State::Wrong, found: found.into(), remedy }
    }

    pub(super) fn open(check: &'static str, why: impl Into<String>) -> Self {
        Self { check, state: State::Open, found: why.into(), remedy: None }
    }

    /// Well, if there are no faults; else wrong for all of them.
    pub(super) fn of(check: &'static str, well: &str, faults: &[String], remedy: &str) -> Self {
        if faults.is_empty() {
            Self::ok(check, well)
        } else {
            Self::wrong(check, faults.join("; "), remedy)
        }
    }
}

/// Tells what was found.
pub(super) fn show(checks: &[Check], as_json: bool) -> anyhow::Result<End> {
    let healthy = checks.iter().all(|it| it.state == State::Ok);
    if as_json {
        paper::json(&json!({ "healthy": healthy, "checks": checks }))?;
    } else {
        for it in checks {
            let (word, colour) = match it.state {
                State::Ok => ("ok", Colour::Green),
                State::Wrong => ("WRONG", Colour::Red),
                State::Open => ("open", Colour::Yellow),
            };
            let word = paper::paint(Some(colour), &format!("{word:<5}"));
            paper::line(&format!("{word}  {:<13}  {}", it.check, paper::plain(&it.found)))?;
            if let Some(remedy) = &it.remedy {
                paper::line(&format!("{:22}→ {remedy}", ""))?;
            }
        }
    }
    Ok(if healthy { End::Fine } else { End::Wrong })
}
