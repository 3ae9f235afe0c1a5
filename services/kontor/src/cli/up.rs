use std::net::SocketAddr;
use std::path::PathBuf;

use chassis::{Telemetry, clock};
use clap::{Args, value_parser};
use jiff::tz::TimeZone;

use super::run::finish;
use super::{say, welcome};
use crate::crew;
use crate::demo::{self, Play, Troubles, World};
use crate::{Configuration, Options, Suite, seed};

/// What is logged beside a demo, whose own lines are enough: what is wrong. That letters wait for a
/// mail server is not, nor that a machine is busy.
const CALM: &str = "warn,sqlx::pool=error,notification::postman=error";

/// Starts everything on this machine: NATS, Postgres, every service, and a demo shop.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor up --demo --pace 60 --speed 100")]
pub(super) struct Up {
    /// Also play storefronts, payers, warehouses, carriers and a clerk, so that orders move.
    #[arg(long)]
    demo: bool,
    /// How many orders the demo's storefronts place, a minute.
    #[arg(long, default_value_t = 30, value_parser = value_parser!(u32).range(1..=6_000))]
    pace: u32,
    /// How much goes wrong in the demo: unpaid orders, held credit, short picks, refused parcels.
    #[arg(long, value_enum, default_value_t)]
    troubles: Troubles,
    /// The demo's chance: the same number, the same orders and the same troubles.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many times as fast as the real time the suite's runs: expiries, due dates, every stamp.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=1_000))]
    speed: u32,
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
            CALM.clone_into(&mut configuration.telemetry.log);
        }
        let telemetry = Telemetry::start(&configuration.telemetry)?;
        let options = Options {
            home: self.home.clone(),
            durable: true,
            configuration,
            outsiders: if self.demo { demo::outsiders() } else { seed::OUTSIDERS.to_vec() },
            speed: self.speed,
        };
        let suite = Suite::start(options, Some(&telemetry), &say).await?;
        let crew = crew::signs_on(&suite).await?;
        let world = self.open(&suite).await?;
        welcome::show(&suite, &crew, self.demo.then_some(self.pace))?;
        finish(self.seconds).await?;
        say("stopping");
        if let Some(world) = world {
            world.close().await;
        }
        suite.close().await?;
        telemetry.close();
        say("stopped");
        Ok(())
    }

    /// Fills the shop, and sets the demo going.
    async fn open(&self, suite: &Suite) -> anyhow::Result<Option<World>> {
        say("filling the shop");
        let (client, today) = (suite.client().await?, clock::now().to_zoned(TimeZone::UTC).date());
        seed::shop(&client, today).await?;
        if !self.demo {
            return Ok(None);
        }
        demo::furnish(&client, today).await?;
        let play = Play { pace: self.pace, troubles: self.troubles, seed: self.seed };
        demo::play(suite, play).await.map(Some)
    }
}

/// The address, or one with a free port beside it.
fn free(address: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}
