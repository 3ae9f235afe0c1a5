//! Everything on one machine: finds or fetches NATS and Postgres, starts them with their data in one
//! directory, makes what they must hold, and starts every service in this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use chassis::{Account, Client, House, Running, Telemetry};
use gateway::Gateway;
use servers::{Home, Nats, NatsOptions, Postgres, PostgresOptions, Progress};

use crate::clients::Outsider;
use crate::timekeeper::Timekeeper;
use crate::whereabouts::{self, Whereabouts};
use crate::{Configuration, house, permissions, provision};

/// How everything is started on one machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where all data is kept.
    pub home: PathBuf,
    /// Whether what was acknowledged survives a power cut. Tests may do without.
    pub durable: bool,
    pub configuration: Configuration,
    /// Who connects from outside: kind and name.
    pub outsiders: Vec<(&'static str, &'static str)>,
    /// How many times as fast as the machine's time the suite's time runs. 1, unless in a trial.
    pub speed: u32,
}

/// Everything, running on this machine.
pub struct Suite {
    pub nats: Nats,
    pub postgres: Postgres,
    /// Those who may connect from outside, with their passwords.
    pub outsiders: Vec<Outsider>,
    pub accounts: BTreeMap<String, Account>,
    configuration: Configuration,
    admin_password: String,
    /// The gateway's operator, unless somebody configured another one.
    operator: Option<String>,
    home: Home,
    time: Timekeeper,
    services: Option<Services>,
}

/// The services of this process.
struct Services {
    running: Running,
    gateway: Option<SocketAddr>,
    health: SocketAddr,
}

impl Suite {
    /// Starts everything, and waits until it can work.
    pub async fn start(
        options: Options,
        telemetry: Option<&Telemetry>,
        progress: Progress<'_>,
    ) -> anyhow::Result<Self> {
        let mut suite = Self::servers(options, progress).await?;
        suite.start_services(telemetry).await?;
        Ok(suite)
    }

    /// Starts the servers and makes what they must hold, without the services.
    pub async fn servers(options: Options, progress: Progress<'_>) -> anyhow::Result<Self> {
        let Options { home, durable, mut configuration, outsiders, speed } = options;
        let home = Home::open(&home, progress)?;
        let operator = operator(&home, &mut configuration)?;
        let house = house::plain();

        let binaries = servers::postgres_binaries(&home, progress).await?;
        progress("starting Postgres");
        let postgres =
            Postgres::start(&binaries, &home, PostgresOptions { durable, port: None }).await?;
        let binary = servers::nats_binary(&home, progress).await?;
        progress("starting NATS");
        let admin_password = home.secret("nats-admin")?;
        let named = |(kind, name): (&'static str, &'static str)| -> anyhow::Result<Outsider> {
            let password = home.secret(&format!("nats-{kind}-{name}"))?;
            Ok(Outsider { kind, name: name.to_owned(), password })
        };
        let outsiders: Vec<Outsider> =
            outsiders.into_iter().map(named).collect::<anyhow::Result<_>>()?;
        let mut users = Vec::new();
        for desk in house.desks() {
            let password = home.secret(&format!("nats-{}", desk.name()))?;
            users.push(permissions::service(desk, &password));
        }
        users.extend(outsiders.iter().map(|it| permissions::outsider(&house, it)));
        let authorization = Some(permissions::authorization(&users, &admin_password));
        let nats = Nats::start(&binary, &home, NatsOptions { authorization, durable, port: None });
        let nats = nats.await?;
        let time = Timekeeper::start(&home, speed)?; // Nobody else works here: the servers are ours.

        progress("making databases and streams");
        let mut accounts = BTreeMap::new();
        for user in &users[..house.names().count()] {
            let password = home.secret(&format!("postgres-{}", user.user))?;
            postgres.create_role_and_database(&user.user, &password).await?;
            let database = postgres.url(&user.user, &user.user, &password).parse()?;
            let nats_user = Some((user.user.clone(), user.password.clone()));
            let account = Account { database, nats: nats.url(), nats_user };
            accounts.insert(user.user.clone(), account);
        }
        let mut suite = Self {
            nats,
            postgres,
            outsiders,
            accounts,
            configuration,
            admin_password,
            operator,
            home,
            time,
            services: None,
        };
        suite.provision(&house).await?;
        Ok(suite)
    }

    /// Makes the streams, as after a NATS server lost all that it held.
    pub async fn provision(&mut self, house: &House) -> anyhow::Result<()> {
        let admin = self.admin().await?;
        let Configuration { partitions, nats, .. } = &self.configuration;
        provision::provision(&admin, house, &self.outsiders, *partitions, nats.replicas).await
    }

    /// Starts every service in this process, and waits until each can work.
    pub async fn start_services(&mut self, telemetry: Option<&Telemetry>) -> anyhow::Result<()> {
        let configuration = &self.configuration;
        let gateway = Gateway::new(configuration.gateway.clone());
        let mut bound = gateway.address();
        let house =
            house(gateway, configuration.notification.clone(), configuration.webhook.clone());
        let mut running = house.start(self.accounts.clone(), configuration.partitions)?;
        running.ready().await?;
        let health = running.serve_health(configuration.health, telemetry).await?;
        let gateway =
            *bound.wait_for(Option::is_some).await.context("the gateway listens nowhere")?;
        self.services = Some(Services { running, gateway, health });
        let gateway = gateway.context("the gateway listens nowhere")?;
        self.home.keep(whereabouts::FILE, &self.whereabouts((gateway, health)).to_text()?)
    }

    /// Where everything is, for the command line.
    fn whereabouts(&self, bound: (SocketAddr, SocketAddr)) -> Whereabouts {
        Whereabouts::of(
            &self.configuration,
            (&self.nats.url(), &self.admin_password),
            &self.accounts,
            bound,
        )
        .opened_by(self.operator.clone())
    }

    /// Has every service of this process finish what it began.
    pub async fn stop_services(&mut self) -> anyhow::Result<()> {
        let forgotten = self.home.forget(whereabouts::FILE);
        match self.services.take() {
            Some(services) => services.running.close().await.and(forgotten),
            None => forgotten,
        }
    }

    /// Where the gateway listens: `http://127.0.0.1:8080`.
    pub fn gateway(&self) -> Option<String> {
        let address = self.services.as_ref()?.gateway?;
        Some(format!("http://{address}"))
    }

    /// The key of the gateway's operator, unless somebody configured another one.
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    /// The password that was made for this person of the demo shop: short enough to be typed.
    pub fn password_of(&self, person: &str) -> anyhow::Result<String> {
        let secret = self.home.secret(&format!("person-{person}"))?;
        Ok(secret.chars().take(16).collect())
    }

    /// Where health and metrics are: `http://127.0.0.1:9090`.
    pub fn health(&self) -> Option<String> {
        Some(format!("http://{}", self.services.as_ref()?.health))
    }

    /// A port for somebody beside the servers; the same one every time, as long as it is free.
    pub fn free_port(&self, name: &str) -> anyhow::Result<u16> {
        self.home.port(name)
    }

    /// A connection to NATS that may do everything.
    pub async fn admin(&self) -> anyhow::Result<async_nats::Client> {
        provision::admin(&self.nats.url(), Some(("admin", &self.admin_password))).await
    }

    /// A client that may tell every service everything.
    pub async fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(self.admin().await?, self.configuration.partitions))
    }

    /// A connection to NATS as somebody outside: `channel`, `web`.
    pub async fn connect(&self, kind: &str, name: &str) -> anyhow::Result<async_nats::Client> {
        let known = |it: &&Outsider| it.kind == kind && it.name == name;
        let it = self.outsiders.iter().find(known);
        let it = it.with_context(|| format!("there is no {kind} {name}"))?;
        let options = async_nats::ConnectOptions::new()
            .name(it.user())
            .custom_inbox_prefix(format!("_INBOX_{}", it.user()))
            .user_and_password(it.user(), it.password.clone());
        Ok(options.connect(self.nats.url()).await?)
    }

    /// Stops everything, the services first.
    pub async fn close(mut self) -> anyhow::Result<()> {
        let services = self.stop_services().await;
        let nats = self.nats.stop().await;
        let postgres = self.postgres.stop().await;
        let time = self.time.close();
        services.and(nats).and(postgres).and(time)
    }
}

/// Makes the operator's key of this home, and has the gateway know it. Whoever configured another one
/// keeps it to themselves.
fn operator(home: &Home, configuration: &mut Configuration) -> anyhow::Result<Option<String>> {
    let known = &mut configuration.gateway.access.ops_key_hash;
    if !known.is_empty() {
        return Ok(None);
    }
    let key = format!("kontor_ops_{}", home.secret("operator")?);
    *known = gateway::fingerprint(&key);
    Ok(Some(key))
}
