use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use chassis::{Telemetry, clock};
use clap::Args;
use jiff::tz::TimeZone;

use super::run::finish;
use super::say;
use crate::crew::{self, Member};
use crate::demo::{self, Pace};
use crate::{Configuration, Options, Suite, seed};

/// Starts everything on this machine: NATS, Postgres, every service, and a demo shop.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor up --demo --pace 60")]
pub(super) struct Up {
    /// Also play a storefront, a payer and the warehouses, so that orders move.
    #[arg(long)]
    demo: bool,
    /// How many orders the demo's storefronts place, a minute.
    #[arg(long, default_value_t = 30)]
    pace: u32,
    /// Where all data is kept.
    #[arg(long, default_value = ".kontor")]
    home: PathBuf,
    /// Where the gateway listens; on any free port, if this one is taken.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// Stop after so many seconds: for a trial.
    #[arg(long)]
    seconds: Option<u64>,
}

impl Up {
    pub(super) async fn carry_out(self) -> anyhow::Result<()> {
        let mut configuration = Configuration::read(self.config.as_deref())?;
        configuration.gateway.listen = free(self.listen);
        if self.demo && self.config.is_none() {
            "warn".clone_into(&mut configuration.telemetry.log); // The demo's own lines are enough.
        }
        let telemetry = Telemetry::start(&configuration.telemetry)?;
        let options = Options {
            home: self.home,
            durable: true,
            configuration,
            outsiders: seed::OUTSIDERS.to_vec(),
        };
        let suite = Suite::start(options, Some(&telemetry), &say).await?;
        say("filling the demo shop");
        let today = clock::now().to_zoned(TimeZone::UTC).date();
        seed::shop(&suite.client().await?, today).await?;
        show(&suite, &crew::signs_on(&suite).await?)?;
        let pace = Pace { a_minute: self.pace };
        let demo = if self.demo { Some(demo::play(&suite, pace).await?) } else { None };
        finish(self.seconds).await?;
        say("stopping");
        drop(demo);
        suite.close().await?;
        telemetry.close();
        Ok(())
    }
}

/// The address, or one with a free port beside it.
fn free(address: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}

/// Prints where to look.
fn show(suite: &Suite, crew: &[Member]) -> anyhow::Result<()> {
    let mut out = io::stdout();
    let gateway = suite.gateway().unwrap_or_default();
    let health = suite.health().unwrap_or_default();
    writeln!(out, "\nKontor is up.\n")?;
    writeln!(out, "  console   {gateway}/")?;
    for Member { name, role, password } in crew {
        writeln!(out, "            {name:<12} {password}   {role}")?;
    }
    writeln!(out, "  the API   {gateway}/openapi.json")?;
    if let Some(operator) = suite.operator() {
        writeln!(out, "            Authorization: Bearer {operator}")?;
    }
    writeln!(out, "  health    {health}/readyz   {health}/metrics")?;
    writeln!(out, "  NATS      {}", suite.nats.url())?;
    for outsider in &suite.outsiders {
        writeln!(out, "            {:<20} {}", outsider.user(), outsider.password)?;
    }
    writeln!(out, "\nCtrl-C stops it; it goes on with its data at the next start.\n")?;
    Ok(out.flush()?)
}
