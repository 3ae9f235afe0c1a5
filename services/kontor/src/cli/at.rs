//! Where the command line finds what it talks to: what is named, else the `kontor up` that runs in
//! this directory, else the defaults.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::http::Gateway;
use crate::Configuration;
use crate::whereabouts::Whereabouts;

/// Where the gateway listens, if nobody says otherwise.
const GATEWAY: &str = "http://127.0.0.1:8080";

/// How long a connection may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Where the gateway is.
#[derive(Debug, Clone, Args)]
pub(super) struct Door {
    /// Where the gateway is. Default: that of the `kontor up` of this directory, else
    /// `http://127.0.0.1:8080`.
    #[arg(long, global = true, env = "KONTOR_GATEWAY", value_name = "URL")]
    gateway: Option<String>,
    /// The key to ask with. Default: the operator's, of the `kontor up` of this directory. In a
    /// script, better in the environment: other users see the arguments of a process.
    #[arg(long, global = true, env = "KONTOR_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
}

/// Whose home to look in.
#[derive(Debug, Clone, Args)]
pub(super) struct Here {
    /// The home of a running `kontor up`.
    #[arg(long, global = true, default_value = ".kontor", value_name = "DIR")]
    pub(super) home: PathBuf,
}

/// Where servers and services are.
#[derive(Debug, Clone, Args)]
pub(super) struct Servers {
    /// A configuration file (TOML), as `kontor run` has it. Default: what the `kontor up` of this
    /// directory uses. The environment goes over both (`KONTOR__NATS__URL`).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Door {
    /// The gateway, and the key to ask with. A key is sent to nobody for whom it was not made: that
    /// of the `kontor up` of this directory only to its own gateway.
    pub(super) fn open(&self, here: &Here) -> anyhow::Result<Gateway> {
        let url = self.url(here)?;
        let key = if self.key.is_some() {
            self.key.clone()
        } else {
            let running = Whereabouts::find(&here.home)?.filter(|it| it.gateway == url);
            running.and_then(|it| it.key)
        };
        Gateway::at(url, key.as_deref())
    }

    /// Where the gateway is: named, running here, or by default.
    pub(super) fn url(&self, here: &Here) -> anyhow::Result<String> {
        if let Some(named) = &self.gateway {
            return Ok(named.trim_end_matches('/').to_owned());
        }
        let running = Whereabouts::find(&here.home)?;
        Ok(running.map_or_else(|| GATEWAY.to_owned(), |it| it.gateway))
    }
}

impl Servers {
    /// What is configured, and where that was read.
    pub(super) fn configuration(&self, here: &Here) -> anyhow::Result<(Configuration, String)> {
        if let Some(file) = &self.config {
            let read = Configuration::read(Some(file));
            return Ok((read?, file.display().to_string()));
        }
        match Whereabouts::find(&here.home)? {
            Some(up) => {
                let read = Configuration::read_over(Some(&up.configuration), None)?;
                Ok((read, format!("kontor up, process {}", up.process)))
            }
            None => Ok((Configuration::read(None)?, "the environment".to_owned())),
        }
    }
}

/// Connects to NATS as the one who may do everything, or as nobody, if nobody is configured.
pub(super) async fn admin(configuration: &Configuration) -> anyhow::Result<async_nats::Client> {
    let nats = &configuration.nats;
    let user = nats.admin_user.as_deref().map(|it| (it, nats.admin_password.as_str()));
    connect(&nats.url, user).await
}

/// Connects to NATS, now or not at all.
pub(super) async fn connect(
    url: &str,
    user: Option<(&str, &str)>,
) -> anyhow::Result<async_nats::Client> {
    let mut options = async_nats::ConnectOptions::new()
        .name("kontor command line")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE));
    if let Some((user, password)) = user {
        options = options
            .user_and_password(user.to_owned(), password.to_owned())
            .custom_inbox_prefix(format!("_INBOX_{user}"));
    }
    options.connect(url).await.with_context(|| format!("NATS at {url}"))
}
