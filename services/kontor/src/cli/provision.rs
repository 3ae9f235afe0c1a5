use std::path::PathBuf;

use clap::Args;

use crate::clients::Outsider;
use crate::{Configuration, house, provision};

/// Makes the public streams on a NATS server, and what its clients read from.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor provision --config kontor.toml --clients clients")]
pub(super) struct Provision {
    #[command(flatten)]
    pub(super) of: Deployment,
}

/// A deployment: its settings, and who may connect to it.
#[derive(Debug, Args)]
pub(super) struct Deployment {
    /// A configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// Who connects from outside, one a line: `channel-web`, a space, the password.
    #[arg(long)]
    clients: Option<PathBuf>,
}

impl Provision {
    pub(super) async fn carry_out(self) -> anyhow::Result<()> {
        let (configuration, clients) = self.of.read()?;
        let nats = &configuration.nats;
        let user = nats.admin_user.as_deref().map(|it| (it, nats.admin_password.as_str()));
        let admin = provision::admin(&nats.url, user).await?;
        let partitions = configuration.partitions;
        provision::provision(&admin, &house::plain(), &clients, partitions, nats.replicas).await
    }
}

impl Deployment {
    pub(super) fn read(&self) -> anyhow::Result<(Configuration, Vec<Outsider>)> {
        let clients = self.clients.as_deref().map(Outsider::read_all).transpose()?;
        Ok((Configuration::read(self.config.as_deref())?, clients.unwrap_or_default()))
    }
}
