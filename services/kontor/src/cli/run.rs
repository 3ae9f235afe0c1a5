use std::path::PathBuf;
use std::time::Duration;

use chassis::Telemetry;
use clap::Args;
use gateway::Gateway;
use tokio::signal::unix::{SignalKind, signal};

use super::say;
use crate::{Configuration, house, provision};

/// Starts services, all or the named ones, where servers exist already.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor run credit finance --config kontor.toml")]
pub(super) struct Run {
    /// Which services; all, if none is named.
    services: Vec<String>,
    /// A configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Run {
    pub(super) async fn carry_out(self) -> anyhow::Result<()> {
        let configuration = Configuration::read(self.config.as_deref())?;
        let telemetry = Telemetry::start(&configuration.telemetry)?;
        let gateway = Gateway::new(configuration.gateway.clone());
        let house =
            house(gateway, configuration.notification.clone(), configuration.webhook.clone());
        let known = self.services.iter().map(|it| anyhow::Ok(house.desk(it)?.name()));
        let mut names = known.collect::<anyhow::Result<Vec<&'static str>>>()?;
        if names.is_empty() {
            names = house.names().collect();
        }
        provision::check_durability(configuration.nats.monitor.as_deref()).await?;
        let accounts = configuration.accounts(names)?;
        let mut running = house.start(accounts, configuration.partitions)?;
        let health = running.serve_health(configuration.health, Some(&telemetry)).await?;
        say(&format!("health at http://{health}"));
        tokio::select! {
            ready = running.ready() => {
                ready?;
                say("ready");
                finish(None).await?;
            }
            ended = finish(None) => ended?,
        }
        running.close().await?;
        telemetry.close();
        Ok(())
    }
}

/// Waits for Ctrl-C, for whoever else wants an end, or for the end of a trial of so many seconds.
pub(super) async fn finish(seconds: Option<u64>) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let trial = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
        () = trial => {}
    }
    Ok(())
}
