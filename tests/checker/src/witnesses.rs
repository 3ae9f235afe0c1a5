//! What those outside saw: the files that a run leaves in its directory, one JSON object a line. Any
//! of them may be missing; then what needs it is not checked.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::hashes::Hashes;
use crate::report::Missing;

/// A file's lines, or that it is missing.
pub(crate) type Lines<T> = Result<Vec<T>, Missing>;

/// What those outside saw.
pub(crate) struct Witnesses {
    /// What clients tried, and what they were answered.
    pub(crate) journal: Lines<Attempt>,
    /// What warehouses were told, and what they reported.
    pub(crate) picks: Lines<Pick>,
    /// The statuses that followers saw, each in its order.
    pub(crate) statuses: Lines<Seen>,
    pub(crate) mails: Lines<Mail>,
    pub(crate) webhooks: Lines<Call>,
    /// The business tables before and after all was heard again.
    pub(crate) hashes: Result<Hashed, Missing>,
    /// When a server lost what it had acknowledged, in nanoseconds since 1970, in their order. Those
    /// outside said it again where they saw no effect: not of what had ended.
    pub(crate) streams_lost_at: Vec<i64>,
}

/// What a client tried.
#[derive(Debug, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) client: String,
    /// `place`, `submit`, `http_place`, `cancel`, `garbage`, `poison`.
    pub(crate) op: String,
    #[serde(default)]
    pub(crate) channel: String,
    #[serde(default)]
    pub(crate) external_id: String,
    /// The SHA-256 of what was sent.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// `accepted`, `duplicate`, `conflict`, `rejected`, `cancelled`, `refused`, `unknown`.
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) order: Option<Uuid>,
    /// The trace in which it was sent: 32 hexadecimal digits.
    #[serde(default)]
    pub(crate) trace: Option<String>,
}

/// What a warehouse was told, or reported.
#[derive(Debug, Deserialize)]
pub(crate) struct Pick {
    pub(crate) warehouse: String,
    pub(crate) order: Uuid,
    pub(crate) shipment: Uuid,
    /// Told: the id of the message, and `requested` or `cancelled`.
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) what: Option<String>,
    /// Reported: `started`, `shipped` …, and whether it was known to have arrived.
    #[serde(default)]
    pub(crate) report: Option<String>,
    #[serde(default)]
    pub(crate) acked: bool,
}

/// A status that a follower saw.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) client: String,
    pub(crate) channel: String,
    pub(crate) external_id: String,
    pub(crate) number: i64,
    pub(crate) status: String,
    /// When the stream took it in, in nanoseconds since 1970; nothing, where no stream told it.
    #[serde(default)]
    pub(crate) stood: i64,
}

/// A mail that came in.
#[derive(Debug, Deserialize)]
pub(crate) struct Mail {
    /// Its `Message-ID`.
    pub(crate) id: String,
    /// SHA-256 of all that a reader sees of it.
    pub(crate) says: String,
    pub(crate) to_hash: String,
}

/// A webhook that came in.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) endpoint: String,
    pub(crate) answered: u16,
}

/// The business tables twice.
#[derive(Debug, Deserialize)]
pub(crate) struct Hashed {
    pub(crate) before: Hashes,
    pub(crate) after: Hashes,
}

/// What a run says of itself.
#[derive(Debug, Deserialize)]
struct Run {
    databases: BTreeMap<String, String>,
    /// Not left out if there were none: a run that says it in other words would be found fault with.
    streams_lost_at: Vec<i64>,
}

impl Witnesses {
    /// Nobody was there.
    pub(crate) fn none() -> Self {
        let missing = |file: &str| Missing(format!("no {file}"));
        Self {
            journal: Err(missing("journal.jsonl")),
            picks: Err(missing("picks.jsonl")),
            statuses: Err(missing("status.jsonl")),
            mails: Err(missing("mails.jsonl")),
            webhooks: Err(missing("webhooks.jsonl")),
            hashes: Err(missing("hashes.json")),
            streams_lost_at: vec![],
        }
    }

    pub(crate) fn streams_were_lost(&self) -> bool {
        !self.streams_lost_at.is_empty()
    }

    /// Reads what is in this directory.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<Self> {
        let hashes = match text(&dir.join("hashes.json"))? {
            Ok(text) => Ok(serde_json::from_str(&text).context("hashes.json")?),
            Err(missing) => Err(missing),
        };
        let mut streams_lost_at = match text(&dir.join("run.json"))? {
            Ok(text) => serde_json::from_str::<Run>(&text).context("run.json")?.streams_lost_at,
            Err(_) => vec![],
        };
        streams_lost_at.sort_unstable();
        Ok(Self {
            streams_lost_at,
            journal: lines(dir, "journal.jsonl")?,
            picks: lines(dir, "picks.jsonl")?,
            statuses: lines(dir, "status.jsonl")?,
            mails: lines(dir, "mails.jsonl")?,
            webhooks: lines(dir, "webhooks.jsonl")?,
            hashes,
        })
    }
}

/// Where the databases of a run are.
pub(crate) fn databases(dir: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let path = dir.join("run.json");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let run: Run = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    ensure!(!run.databases.is_empty(), "{}: `databases` names none", path.display());
    Ok(run.databases)
}

fn text(path: &Path) -> anyhow::Result<Result<String, Missing>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Ok(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Err(Missing(format!("no {name}")))),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// The lines of a file. The last one may be cut off, if its writer was killed.
fn lines<T: DeserializeOwned>(dir: &Path, name: &str) -> anyhow::Result<Lines<T>> {
    let text = match text(&dir.join(name))? {
        Ok(text) => text,
        Err(missing) => return Ok(Err(missing)),
    };
    let mut read = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(it) => read.push(it),
            Err(_) if !line.ends_with('\n') => {}
            Err(error) => return Err(error).with_context(|| format!("{name}, line {number}")),
        }
    }
    Ok(Ok(read))
}

#[cfg(test)]
mod tests {
    use super::{Mail, Witnesses, lines};

    #[test]
    fn what_is_missing_is_missing_and_what_is_cut_off_is_left_out() -> anyhow::Result<()> {
        let dir = std::env::temp_dir().join(format!("checker-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let line = r#"{"at":"2026-11-22T08:00:00Z","id":"<a@b>","says":"d","to_hash":"c"}"#;
        std::fs::write(dir.join("mails.jsonl"), format!("{line}\n\n{line}\n{}", &line[..20]))?;
        std::fs::write(dir.join("picks.jsonl"), "{}\n")?;

        let mails: Vec<Mail> = lines(&dir, "mails.jsonl")?.unwrap_or_default();
        let wrong = Witnesses::read(&dir).err().map(|it| format!("{it:#}")).unwrap_or_default();
        std::fs::remove_file(dir.join("picks.jsonl"))?;
        let seen = Witnesses::read(&dir)?;
        std::fs::remove_dir_all(&dir)?;
        assert_eq!(mails.len(), 2);
        assert!(wrong.starts_with("picks.jsonl, line 1"), "{wrong}");
        assert!(seen.mails.is_ok() && seen.journal.is_err());
        Ok(())
    }
}
