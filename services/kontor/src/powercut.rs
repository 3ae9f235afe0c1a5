//! The power goes off, again and again, while a server acknowledges writes: is all there that it
//! acknowledged? On servers of its own, each on a disk whose power can be cut ([`servers::Disk`]).

mod nats;
mod postgres;
mod report;
mod store;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use contracts::Uuid;
use servers::{Disk, Home, Progress};

pub use self::report::Report;

/// How many write at a time.
const WRITERS: u32 = 8;

/// For how long they write before the power goes off, in milliseconds.
const WRITING: std::ops::Range<u64> = 40..400;

/// What the power of is cut, and how often.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Powercut {
    /// The server.
    pub server: Server,
    /// How often.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub times: u32,
    /// Decides when the power goes off, and what is written.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Sets the server up so that it acknowledges what it has not written down: then something is
    /// lost, which shows that a loss is found.
    #[arg(long)]
    pub forgetful: bool,
    /// End with 0 where no disk can be mounted (that needs root and loop devices).
    #[arg(long)]
    pub skip_if_impossible: bool,
    /// Where the server keeps its data; it is removed afterwards.
    #[arg(long, default_value = ".kontor/powercut", value_name = "DIR")]
    pub home: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Server {
    /// Publishes into the streams for what the outside says.
    Nats,
    /// Transactions as services have them: a position moved on, a page written.
    Postgres,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    Done(Report),
    /// No disk can be mounted here, and why.
    Impossible(String),
}

/// Cuts the power as often as was asked for.
pub async fn run(powercut: &Powercut, progress: Progress<'_>) -> anyhow::Result<Outcome> {
    let home = Home::open(&powercut.home, progress)?;
    clear(home.path())?;
    let home = Home::open(&powercut.home, progress)?;
    if let Some(why) = Disk::why_not(home.path()).await {
        return Ok(Outcome::Impossible(why));
    }
    let report = match powercut.server {
        Server::Nats => nats::run(powercut, &home, progress).await,
        Server::Postgres => postgres::run(powercut, &home, progress).await,
    };
    clear(home.path())?;
    report.map(Outcome::Done)
}

/// Removes what an earlier run left in a home, but for the servers themselves.
fn clear(home: &Path) -> anyhow::Result<()> {
    for name in ["nats", "postgres", "run"] {
        let path = home.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

/// A number that is thrown for this matter: the same one for the same seed.
fn thrown(seed: u64, about: &str, range: std::ops::Range<u64>) -> u64 {
    let (_, low) =
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{seed}: {about}").as_bytes()).as_u64_pair();
    range.start + low % (range.end - range.start).max(1)
}

/// Waits until the power goes off in this round.
async fn a_while(seed: u64, round: u32) {
    let millis = thrown(seed, &format!("round {round}"), WRITING);
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// What one writer writes as its nth: some tens to some thousands of bytes.
fn body(seed: u64, writer: u32, nth: u64) -> Vec<u8> {
    let about = format!("writer {writer} writes {nth}; ");
    let length = thrown(seed, &about, 40..3_000);
    about.bytes().cycle().take(usize::try_from(length).unwrap_or_default()).collect()
}
