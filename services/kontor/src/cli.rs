//! The command line: what can be asked, one module a command.

mod at;
mod completions;
mod doctor;
mod http;
mod key;
mod order;
mod paper;
pub(crate) mod parked;
mod permissions;
mod person;
mod powercut;
mod provision;
mod run;
mod sim;
mod tail;
mod up;
mod welcome;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::{self, Bench};
use crate::chaos::{self, Chaos};
use crate::documents;
use crate::sim::Sim;

pub(crate) use paper::say;

const ENDS: &str = "\
Exit status:
  0  done; all is well
  1  refused, or something is wrong: standard error tells what
  2  called wrongly: an unknown option, a file that cannot be read

With --json a command writes one JSON document to standard output, `tail` one a line; a refusal is
written there too, as {\"problem\": …} (RFC 9457). The shapes only gain fields. Colours are for
terminals, and for nobody if NO_COLOR is set.";

/// Orders from a storefront to a warehouse and into the books: none lost, none doubled, none
/// oversold.
#[derive(Debug, Parser)]
#[command(name = "kontor", version, about, after_long_help = ENDS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::Up),
    Run(run::Run),
    Order(order::Order),
    Tail(tail::Tail),
    Parked(parked::Parked),
    Key(key::Key),
    Person(person::Person),
    Doctor(doctor::Doctor),
    Provision(provision::Provision),
    Permissions(permissions::Permissions),
    /// Measures how fast orders go from the storefront to the warehouse, on servers of its own.
    #[command(after_help = "Example:\n  kontor bench --orders 10000 --rounds 3")]
    Bench(Bench),
    /// Tries whether anything is lost: every service twice, on servers of its own, under faults.
    #[command(after_help = "Example:\n  kontor chaos --seed 7 --orders 3000 --faults 20")]
    Chaos(Chaos),
    /// Plays stories with every fault in simulated services, and looks for what must never happen.
    #[command(
        after_help = "Example:\n  kontor sim --seconds 60\n  kontor sim --seed 42 --seeds 1 --shrink"
    )]
    Sim(Sim),
    Powercut(powercut::Powercut),
    /// Writes the documents that are generated from the contracts.
    #[command(after_help = "Example:\n  kontor documents --check")]
    Documents {
        /// The repository.
        #[arg(default_value = ".")]
        repository: PathBuf,
        /// Write nothing; fail if a document is not what is generated.
        #[arg(long)]
        check: bool,
    },
    Completions(completions::Completions),
}

/// How a command ended that could be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All is well.
    Fine,
    /// It was refused, or something is wrong. It was told.
    Wrong,
}

/// The command was called wrongly.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misused(String);

/// Does what was asked, and tells how it ended.
pub async fn run(cli: Cli) -> ExitCode {
    match carry_out(cli.command).await {
        Ok(End::Fine) => ExitCode::SUCCESS,
        Ok(End::Wrong) => ExitCode::FAILURE,
        // Whoever reads has seen enough: `kontor order list | head -1`.
        Err(error) if is_hung_up(&error) => ExitCode::SUCCESS,
        Err(error) => {
            paper::complain(&error);
            if error.is::<Misused>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn carry_out(command: Command) -> anyhow::Result<End> {
    let done = match command {
        Command::Order(it) => return it.carry_out().await,
        Command::Tail(it) => return it.carry_out().await,
        Command::Sim(it) => return sim::carry_out(&it),
        Command::Parked(it) => return it.carry_out().await,
        Command::Key(it) => return it.carry_out().await,
        Command::Person(it) => return it.carry_out().await,
        Command::Doctor(it) => return it.carry_out().await,
        Command::Powercut(it) => return it.carry_out().await,
        Command::Up(it) => Box::pin(it.carry_out()).await,
        Command::Run(it) => it.carry_out().await,
        Command::Provision(it) => it.carry_out().await,
        Command::Permissions(it) => it.carry_out(),
        Command::Bench(it) => {
            let report = Box::pin(bench::run(it, &say)).await?;
            paper::line(&report.to_string())
        }
        Command::Chaos(it) => return try_out(it).await,
        Command::Documents { repository, check: true } => documents::check(&repository),
        Command::Documents { repository, check: false } => documents::write(&repository),
        Command::Completions(it) => it.carry_out(),
    };
    done.map(|()| End::Fine)
}

/// Whoever interrupts it wants an end, not a report: all that it started ends with it.
async fn try_out(chaos: Chaos) -> anyhow::Result<End> {
    let (report, is_well) = tokio::select! {
        tried = Box::pin(chaos::run(chaos, &say)) => tried?,
        ended = run::finish(None) => {
            ended?;
            anyhow::bail!("interrupted");
        }
    };
    paper::line(&report)?;
    Ok(if is_well { End::Fine } else { End::Wrong })
}

fn is_hung_up(error: &anyhow::Error) -> bool {
    let error = error.root_cause().downcast_ref::<io::Error>();
    error.is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    /// Every command that does something shows how it is called.
    #[test]
    fn every_help_has_an_example() {
        fn lacking(command: &clap::Command, path: &str, found: &mut Vec<String>) {
            let path = format!("{path} {}", command.get_name());
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            if command.has_subcommands() {
                command.get_subcommands().for_each(|it| lacking(it, &path, found));
            } else if !example.contains(&format!("Example:\n  {}", path.trim())) {
                found.push(path);
            }
        }
        let mut found = Vec::new();
        lacking(&Cli::command(), "", &mut found);
        assert_eq!(found, [""; 0]);
    }
}
