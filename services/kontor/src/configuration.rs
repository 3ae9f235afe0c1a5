//! What can be set: in a file (TOML), and over it by the environment. An unknown key is an error.
//!
//! The environment names a key by its path: `KONTOR__NATS__URL`, `KONTOR__SERVICES__CREDIT__DATABASE`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, ensure};
use chassis::{Account, TelemetrySettings};
use gateway::GatewaySettings;
use notification::NotificationSettings;
use serde::Deserialize;
use serde_json::Value;
use webhook::WebhookSettings;

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Into how many partitions the work is divided. Fixed once a database was set up. Default: 2.
    pub partitions: u32,
    pub nats: NatsSettings,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: 127.0.0.1, any free port.
    pub health: SocketAddr,
    pub telemetry: TelemetrySettings,
    /// Each service's own access to its servers, by its name.
    pub services: BTreeMap<String, ServiceSettings>,
    pub gateway: GatewaySettings,
    pub notification: NotificationSettings,
    pub webhook: WebhookSettings,
}

/// Where NATS is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NatsSettings {
    /// Default: `nats://127.0.0.1:4222`.
    pub url: String,
    /// Where the server tells of itself (`http://host:8222`), to check that it writes streams to disk
    /// before it acknowledges. Default: not checked, and a warning.
    pub monitor: Option<String>,
    /// How many servers keep each public stream. Default: 1; 3 in a cluster.
    pub replicas: usize,
    /// Who provisions: the one who may manage streams. Default: nobody.
    pub admin_user: Option<String>,
    /// Their password. Default: empty.
    pub admin_password: String,
}

/// One service's access to its servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// `postgres://user:password@host:port/database`
    pub database: String,
    /// Who it is to NATS. Default: nobody, for a server that lets everyone in.
    #[serde(default)]
    pub nats_user: Option<String>,
    #[serde(default)]
    pub nats_password: String,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            partitions: 2,
            nats: NatsSettings::default(),
            health: SocketAddr::from(([127, 0, 0, 1], 0)),
            telemetry: TelemetrySettings::default(),
            services: BTreeMap::new(),
            gateway: GatewaySettings::default(),
            notification: NotificationSettings::default(),
            webhook: WebhookSettings::default(),
        }
    }
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            monitor: None,
            replicas: 1,
            admin_user: None,
            admin_password: String::new(),
        }
    }
}

impl Configuration {
    /// Reads the file, if one is named, and the environment over it.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::read_over(None, file)
    }

    /// The same, over what is known before: of a running `kontor up`.
    pub(crate) fn read_over(known: Option<&Value>, file: Option<&Path>) -> anyhow::Result<Self> {
        let mut sources = config::Config::builder();
        if let Some(known) = known {
            sources = sources.add_source(config::Config::try_from(known)?);
        }
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let environment = config::Environment::with_prefix("KONTOR")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true);
        let read = sources.add_source(environment).build()?.try_deserialize();
        read.context("the configuration does not read")
    }

    /// The accounts of these services.
    pub fn accounts(
        &self,
        names: impl IntoIterator<Item = &'static str>,
    ) -> anyhow::Result<BTreeMap<String, Account>> {
        let mut accounts = BTreeMap::new();
        let mut missing = Vec::new();
        for name in names {
            let Some(settings) = self.services.get(name) else {
                missing.push(format!("services.{name}.database"));
                continue;
            };
            let account = settings.account(&self.nats.url);
            accounts.insert(name.to_owned(), account.context(format!("services.{name}"))?);
        }
        ensure!(missing.is_empty(), "these settings are missing: {}", missing.join(", "));
        Ok(accounts)
    }
}

impl ServiceSettings {
    fn account(&self, nats: &str) -> anyhow::Result<Account> {
        let user = self.nats_user.clone().map(|it| (it, self.nats_password.clone()));
        let database = self.database.parse().context("database is no address of Postgres")?;
        Ok(Account { database, nats: nats.to_owned(), nats_user: user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Configuration, config::ConfigError> {
        let file = config::File::from_str(text, config::FileFormat::Toml);
        config::Config::builder().add_source(file).build()?.try_deserialize()
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = read("[nats]\nurll = 'nats://x'").unwrap_err().to_string();
        assert!(error.contains("urll"), "{error}");
        let error = read("partitons = 3").unwrap_err().to_string();
        assert!(error.contains("partitons"), "{error}");
    }

    /// The file that explains every setting shows the defaults, and knows no key too many.
    #[test]
    fn the_sample_holds_the_defaults_and_every_line_of_it_is_accepted() {
        let sample = include_str!("../../../deploy/kontor.toml");
        let shown = read(sample).unwrap();
        assert_eq!(format!("{shown:?}"), format!("{:?}", Configuration::default()));
        let setting = |it: &str| it.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
        let told = |it: &'static str| it.strip_prefix('#').filter(|it| setting(it)).unwrap_or(it);
        let all: Vec<&str> = sample.lines().map(told).collect();
        let set = read(&all.join("\n")).unwrap();
        let names = crate::house::plain().names().collect::<Vec<_>>();
        assert!(set.accounts(names).is_ok());
        assert!(set.nats.monitor.is_some() && set.notification.smtp.is_some());
        assert!(set.telemetry.otlp.is_some() && set.nats.admin_user.is_some());
    }

    #[test]
    fn what_is_deployed_is_accepted() {
        let set = read(include_str!("../../../k8s/base/kontor.toml")).unwrap();
        assert_eq!((set.health.port(), set.gateway.listen.port()), (9090, 8080));
    }

    #[test]
    fn what_is_missing_is_named_all_at_once() {
        let error = read("").unwrap().accounts(["credit", "intake"]).unwrap_err().to_string();
        let expected =
            "these settings are missing: services.credit.database, services.intake.database";
        assert_eq!(error, expected);
    }
}
