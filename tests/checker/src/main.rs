//! Looks whether a Kontor kept its promises, and says where it did not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use checker::{Report, check, check_databases, databases_of, hash_databases, watch};
use clap::{Args, Parser, Subcommand};

/// Looks whether a Kontor kept its promises. Reads, and writes nothing. Ends with 0 if all that could
/// be checked holds, with 1 if something is violated, with 2 if it could not look.
#[derive(Parser)]
#[command(name = "checker")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Checks a house at rest.
    Check {
        #[command(flatten)]
        place: Place,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Looks at the stock of a house at work, again and again.
    Watch {
        #[command(flatten)]
        place: Place,
        /// How long, in seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// How often, in milliseconds.
        #[arg(long, default_value_t = 200)]
        every: u64,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints a hash of each business table, as JSON.
    Hash {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
#[group(required = true)]
struct Place {
    /// What a run left: a directory with `run.json`.
    dir: Option<PathBuf>,
    /// A service and its database: `intake=postgres://auditor:…@host/intake`. Once a service.
    #[arg(long = "database", value_name = "SERVICE=URL", value_parser = database)]
    databases: Vec<(String, String)>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().what).await {
        Ok(code) => code,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "it is a command line")]
            {
                eprintln!("checker: {error:#}");
            }
            ExitCode::from(2)
        }
    }
}

async fn run(what: What) -> anyhow::Result<ExitCode> {
    match what {
        What::Check { place: Place { dir: Some(dir), databases }, json } => {
            if !databases.is_empty() {
                bail!("a directory and --database: expected one of them");
            }
            Ok(tell(&check(&dir).await?, json))
        }
        What::Check { place, json } => Ok(tell(&check_databases(&place.urls()?).await?, json)),
        What::Watch { place, seconds, every, json } => {
            let end = tokio::time::sleep(Duration::from_secs(seconds));
            let every = Duration::from_millis(every.max(1));
            Ok(tell(&watch(&place.urls()?, every, end).await, json))
        }
        What::Hash { place } => {
            let hashes = hash_databases(&place.urls()?).await?;
            print(&serde_json::to_string_pretty(&hashes)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Place {
    fn urls(self) -> anyhow::Result<BTreeMap<String, String>> {
        match self.dir {
            Some(dir) => databases_of(&dir),
            None => Ok(self.databases.into_iter().collect()),
        }
    }
}

fn database(text: &str) -> anyhow::Result<(String, String)> {
    let (service, url) = text.split_once('=').context("expected SERVICE=URL")?;
    Ok((service.to_owned(), url.to_owned()))
}

fn tell(report: &Report, json: bool) -> ExitCode {
    print(&if json { format!("{:#}", report.to_json()) } else { report.to_string() });
    if report.violated().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "it is a command line")]
fn print(text: &str) {
    println!("{}", text.trim_end());
}
