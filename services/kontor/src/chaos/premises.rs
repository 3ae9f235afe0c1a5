//! The house that is tried: servers of its own, every service in two replicas, each a process of its
//! own, and a line between each of them and each server.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::{self, Stopwatch};
use chassis::{Account, Client};
use contracts::{OrderId, Status};
use jiff::tz::TimeZone;
use reqwest::Url;
use serde_json::{Value, json};
use servers::Progress;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::outside::{Receivers, SHOP};
use super::plan::REPLICAS;
use super::proxy::Line;
use crate::ledgers::Ledgers;
use crate::process::{Launch, Replica, configure};
use crate::{Configuration, Options, Suite, house, seed};

/// Into how many partitions the work is divided: more than a replica has.
pub(super) const PARTITIONS: u32 = 4;

/// The role with which whoever checks reads all databases.
const AUDITOR: &str = "auditor";

/// How long it may take until sourcing knows the stock.
const FILLING: Duration = Duration::from_mins(1);

const SHELVES: &str = "
    select coalesce(sum((select count(*) from json_object_keys(warehouses::json))), 0)::bigint
      from level";

/// The house.
pub(super) struct Premises {
    pub(super) suite: Suite,
    /// By their name: `credit/0`.
    processes: BTreeMap<String, Process>,
    binary: PathBuf,
    logs: PathBuf,
    /// Read-only addresses, by service.
    pub(super) databases: BTreeMap<String, String>,
    pub(super) gateways: Vec<SocketAddr>,
    /// When NATS lost all its streams, in nanoseconds since 1970.
    pub(super) streams_lost_at: Vec<i128>,
}

/// A process, running or not.
pub(super) struct Process {
    service: &'static str,
    configuration: PathBuf,
    pub(super) running: Option<Replica>,
    pub(super) nats: Line,
    pub(super) postgres: Line,
    /// How often it was started.
    begun: u32,
}

impl Premises {
    /// Starts the servers and every process, and fills the shop.
    pub(super) async fn open(
        home: &Path,
        logs: &Path,
        receivers: &Receivers,
        progress: Progress<'_>,
    ) -> anyhow::Result<Self> {
        let configuration = Configuration { partitions: PARTITIONS, ..Configuration::default() };
        let options = Options {
            home: home.to_owned(),
            durable: true, // Or Postgres forgets at a crash what it committed.
            configuration,
            outsiders: seed::OUTSIDERS.to_vec(),
            speed: 1,
        };
        let suite = Suite::servers(options, progress).await?;
        progress("starting every service twice");
        let mut it = Self {
            suite,
            processes: BTreeMap::new(),
            binary: std::env::current_exe().context("where is kontor?")?,
            logs: logs.to_owned(),
            databases: BTreeMap::new(),
            gateways: vec![],
            streams_lost_at: vec![],
        };
        it.be_impatient().await?;
        for replica in REPLICAS {
            for service in house::plain().names() {
                it.settle(service, replica, receivers).await?;
            }
        }
        let names: Vec<String> = it.processes.keys().cloned().collect();
        // The schemas first, by one replica of each: then nobody waits for nobody.
        for name in &names {
            it.launch(name, None)?;
        }
        for name in &names {
            it.ready(name).await?;
        }
        it.let_read().await?;
        Ok(it)
    }

    /// Fills the shop.
    pub(super) async fn fill(&self) -> anyhow::Result<()> {
        let client = self.client().await?;
        let today = clock::now().to_zoned(TimeZone::UTC).date();
        let watch = Stopwatch::start();
        let fill = async || {
            seed::shop(&client, today).await?;
            SHOP.fill(&client).await
        };
        // On a busy machine nobody may answer in time. What was said once is not said again.
        while let Err(error) = fill().await {
            ensure!(watch.elapsed() < FILLING, "the shop cannot be filled: {error:#}");
        }
        self.is_known().await
    }

    /// Waits until sourcing knows every shelf: an order that came before would wait for goods.
    async fn is_known(&self) -> anyhow::Result<()> {
        let wanted = (seed::ITEMS.len() * seed::WAREHOUSES.len()) as u64 + 3 * SHOP.items;
        let ledgers = self.ledgers()?;
        let watch = Stopwatch::start();
        loop {
            let known: Vec<(i64,)> = ledgers.rows("allocation", SHELVES).await?;
            let known = known.first().map_or(0, |it| it.0.unsigned_abs());
            if known == wanted {
                return Ok(());
            }
            let late = watch.elapsed() > FILLING;
            ensure!(!late, "sourcing knows {known} of {wanted} shelves");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every database, to be read.
    pub(super) fn ledgers(&self) -> anyhow::Result<Ledgers> {
        let databases = self.databases.iter();
        let databases = databases.map(|(name, url)| anyhow::Ok((name.clone(), url.parse()?)));
        Ok(Ledgers::open(databases.collect::<anyhow::Result<Vec<_>>>()?))
    }

    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        self.suite.client().await
    }

    /// Makes the lines of a process, and writes down where they lead.
    async fn settle(
        &mut self,
        service: &'static str,
        replica: &str,
        receivers: &Receivers,
    ) -> anyhow::Result<()> {
        let server = Url::parse(&self.suite.nats.url())?.port().context("NATS has a port")?;
        let nats = Line::open(server).await?;
        let account = self.suite.accounts.get(service).context("an account")?;
        let postgres = Line::open(account.database.get_port()).await?;
        let database = account.database.clone().port(postgres.port());
        let account = Account { database, ..account.clone() };
        let gateway = self.suite.free_port(&format!("gateway-{replica}"))?;
        let mut settings = settings(&self.suite, receivers)?;
        if service == "gateway" {
            let listen = SocketAddr::from(([127, 0, 0, 1], gateway));
            writeln!(settings, "[gateway]\nlisten = \"{listen}\"")?;
            self.gateways.push(listen);
        }
        let configuration = self.logs.join(format!("{service}-{replica}.toml"));
        let accounts = BTreeMap::from([(service.to_owned(), account)]);
        let url = format!("nats://127.0.0.1:{}", nats.port());
        configure(&configuration, PARTITIONS, &url, &accounts, &settings)?;
        let process = Process { service, configuration, running: None, nats, postgres, begun: 0 };
        self.processes.insert(format!("{service}/{replica}"), process);
        Ok(())
    }

    /// Starts a process, which is not running; it dies at a point (`credit:decided:7`) if one is
    /// named.
    pub(super) fn launch(&mut self, name: &str, fault: Option<&str>) -> anyhow::Result<()> {
        let (binary, logs) = (self.binary.clone(), self.logs.clone());
        let process = self.process(name)?;
        process.begun += 1;
        let log = logs.join(format!("{}.{}.log", name.replace('/', "-"), process.begun));
        let services = [process.service];
        let configuration = process.configuration.clone();
        let configuration = configuration.as_path();
        let launch = Launch { binary: &binary, configuration, services: &services, log, fault };
        process.running = Some(launch.start()?);
        Ok(())
    }

    /// Waits until a process can work.
    pub(super) async fn ready(&mut self, name: &str) -> anyhow::Result<()> {
        let running = self.process(name)?.running.as_mut().context("it runs")?;
        running.ready().await.with_context(|| name.to_owned())
    }

    pub(super) fn process(&mut self, name: &str) -> anyhow::Result<&mut Process> {
        let known = self.processes.get_mut(name);
        known.with_context(|| format!("there is no process {name}: they are named credit/0"))
    }

    /// Waits until every process can work again. One that ended of itself is an error: whoever can do
    /// its work alone does not end.
    pub(super) async fn revive(&mut self) -> anyhow::Result<()> {
        for (name, process) in &mut self.processes {
            let running =
                process.running.as_mut().with_context(|| format!("{name} does not run"))?;
            running.ready().await.with_context(|| name.clone())?;
            ensure!(!running.has_ended()?, "{name} ended of itself, see its log");
        }
        Ok(())
    }

    /// What both replicas of a service have counted, of the sets of labels with this one.
    pub(super) async fn counted(&self, service: &str, name: &str, of: &str) -> anyhow::Result<u64> {
        let mut sum = 0;
        for process in self.processes.values().filter(|it| it.service == service) {
            let running = process.running.as_ref().context("it runs")?;
            let counted = running.counted(name).await.with_context(|| service.to_owned())?;
            sum += counted.iter().filter(|it| it.0.contains(of)).map(|it| it.1).sum::<u64>();
        }
        Ok(sum)
    }

    /// Panics that stand in any log so far, each with its process.
    pub(super) fn panics(&self) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.logs)? {
            let path = entry?.path();
            if path.extension().is_none_or(|it| it != "log") {
                continue;
            }
            let log = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
            let name = path.file_name().unwrap_or_default().display().to_string();
            let lines = log.lines().filter(|it| it.contains("panicked at"));
            found.extend(lines.map(|it| format!("{name}: {it}")));
        }
        Ok(found)
    }

    /// Whoever sleeps within a transaction holds its rows until Postgres loses patience: here, soon.
    async fn be_impatient(&self) -> anyhow::Result<()> {
        let mut db = PgConnection::connect_with(&self.suite.postgres.superuser()).await?;
        for service in self.suite.accounts.keys() {
            let sql =
                format!("alter role {service} set idle_in_transaction_session_timeout = '3s'");
            db.execute(AssertSqlSafe(sql)).await?;
        }
        Ok(db.close().await?)
    }

    /// Makes a role that reads every database and changes none.
    async fn let_read(&mut self) -> anyhow::Result<()> {
        let password = servers::secret()?;
        let names: Vec<String> = self.suite.accounts.keys().cloned().collect();
        self.suite.postgres.create_reader(AUDITOR, &password, &names).await?;
        for name in names {
            let url = self.suite.postgres.url(&name, AUDITOR, &password);
            self.databases.insert(name, url);
        }
        Ok(())
    }

    /// Asks the gateway for something only an operator may.
    pub(super) async fn operates(
        &self,
        key: Option<&str>,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let operator = self.suite.operator().context("there is no operator")?;
        let gateway = self.gateways.first().context("there is no gateway")?;
        let request = reqwest::Client::new().post(format!("http://{gateway}{path}"));
        let response = request.bearer_auth(key.unwrap_or(operator)).json(body).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("{path}: {text}"))
    }

    /// Where the gateway shows an order to be: the number and the name of its status.
    pub(super) async fn shows(&self, order: OrderId) -> anyhow::Result<(i64, Status)> {
        let operator = self.suite.operator().context("there is no operator")?;
        let gateway = self.gateways.first().context("there is no gateway")?;
        let request = reqwest::Client::new().get(format!("http://{gateway}/v1/orders/{order}"));
        let response = request.bearer_auth(operator).send().await?.error_for_status()?;
        let shown: Value = response.json().await?;
        let number = shown["status_number"].as_i64().context("a status has a number")?;
        Ok((number, serde_json::from_value(shown["status"].clone())?))
    }

    /// Makes a key for the storefront of a channel.
    pub(super) async fn key(&self, channel: &str) -> anyhow::Result<String> {
        let body = json!({ "name": channel, "roles": ["storefront"], "channel": channel });
        let made = self.operates(None, "/v1/keys", &body).await?;
        Ok(made["key"].as_str().context("no key")?.to_owned())
    }

    /// Ends every process and the servers.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        let mut stopping = Vec::new();
        for (name, process) in &mut self.processes {
            if let Some(running) = process.running.take() {
                let name = name.clone();
                stopping.push(async move { running.stop().await.context(name) });
            }
        }
        let stopped = futures::future::join_all(stopping).await;
        let closed = self.suite.close().await;
        stopped.into_iter().collect::<anyhow::Result<()>>().and(closed)
    }
}

/// What every process is told beside where its servers are.
fn settings(suite: &Suite, receivers: &Receivers) -> anyhow::Result<String> {
    let operator = suite.operator().context("there is no operator")?;
    let (hash, mail, hook) = (crate::fingerprint(operator), receivers.mail, receivers.hook);
    Ok(format!(
        "[gateway.access]\nops_key_hash = {hash:?}\nrequests = 100000\nburst = 100000\n\
         [webhook]\nallow = [\"{hook}\"]\n\
         [notification.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
        mail.port()
    ))
}
