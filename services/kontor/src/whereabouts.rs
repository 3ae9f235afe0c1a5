//! Where a running `kontor up` has everything, written down for the command line.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use chassis::Account;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use servers::Home;
use sqlx::ConnectOptions;

use crate::Configuration;

/// Its name below `run/` of the home. It holds passwords, and only its owner can read it.
pub const FILE: &str = "up.json";

/// Where everything is that one process has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// The process. When it is gone, so is all of this.
    pub process: u32,
    /// `http://127.0.0.1:8080`
    pub gateway: String,
    /// `http://127.0.0.1:9090`
    pub health: String,
    /// The key of the gateway's operator, if it is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What would stand in a configuration file: [`Configuration`], as far as it is not the default.
    pub configuration: Value,
}

impl Whereabouts {
    /// What this process has started: NATS with its admin's password, the services' accounts, where
    /// the gateway and health are bound.
    pub(crate) fn of(
        configuration: &Configuration,
        (nats, admin_password): (&str, &str),
        accounts: &BTreeMap<String, Account>,
        (gateway, health): (SocketAddr, SocketAddr),
    ) -> Self {
        let service = |(name, it): (&String, &Account)| {
            let (user, password) = it.nats_user.clone().unwrap_or_default();
            let settings = json!({
                "database": it.database.to_url_lossy().to_string(),
                "nats_user": user,
                "nats_password": password,
            });
            (name.clone(), settings)
        };
        let services: Map<String, Value> = accounts.iter().map(service).collect();
        Self {
            process: std::process::id(),
            gateway: format!("http://{gateway}"),
            health: format!("http://{health}"),
            key: None,
            configuration: json!({
                "partitions": configuration.partitions,
                "nats": { "url": nats, "admin_user": "admin", "admin_password": admin_password },
                "services": services,
            }),
        }
    }

    /// The same, with the operator's key.
    pub(crate) fn opened_by(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn to_text(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// What runs with this home (`.kontor`), if its process lives.
    pub fn find(home: &Path) -> anyhow::Result<Option<Self>> {
        let file = Home::locate(home)?.join("run").join(FILE);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        let found: Self =
            serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        let lives = Path::new("/proc").join(found.process.to_string()).exists();
        Ok(lives.then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(process: u32) -> (std::path::PathBuf, Whereabouts) {
        let name = format!("kontor-whereabouts-{}-{process}", std::process::id());
        let home = Home::open(&std::env::temp_dir().join(name), &|_| ()).unwrap();
        let database = "postgres://credit:s%40cret@127.0.0.1:5432/credit".parse().unwrap();
        let nats_user = Some(("credit".to_owned(), "pass".to_owned()));
        let account = Account { database, nats: "nats://x".to_owned(), nats_user };
        let accounts = BTreeMap::from([("credit".to_owned(), account)]);
        let address = SocketAddr::from(([127, 0, 0, 1], 81));
        let configuration = Configuration { partitions: 3, ..Configuration::default() };
        let nats = ("nats://127.0.0.1:4000", "secret");
        let of = Whereabouts::of(&configuration, nats, &accounts, (address, address));
        let it = Whereabouts { process, ..of };
        home.keep(FILE, &it.to_text().unwrap()).unwrap();
        (home.path().to_owned(), it)
    }

    #[test]
    fn what_was_written_is_found_and_is_a_configuration() {
        let (home, written) = written(std::process::id());
        let found = Whereabouts::find(&home).unwrap();
        assert_eq!(found, Some(written.clone()));
        let read = Configuration::read_over(Some(&written.configuration), None).unwrap();
        assert_eq!((read.partitions, read.nats.url.as_str()), (3, "nats://127.0.0.1:4000"));
        let accounts = read.accounts(["credit"]).unwrap();
        let database = accounts["credit"].database.to_url_lossy();
        assert_eq!(database.password(), Some("s%40cret"), "{database}");
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let (home, _) = written(u32::MAX);
        let mode = fs::metadata(home.join("run").join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Whereabouts::find(&home).unwrap(), None, "a process that is gone");
        fs::remove_dir_all(home).unwrap();
    }
}
