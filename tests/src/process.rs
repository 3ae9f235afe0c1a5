//! Kontor as processes of their own, to be stopped, killed, and told to die; on servers that live on.

pub mod books;
pub mod course;
pub mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock;
use contracts::credit::{RecordHistory, SetCreditLimit};
use contracts::intake::RegisterCustomer;
use contracts::{Actor, Cents, Command as Told, Currency, CustomerId, Language, Tier};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kontor::process::{self, Launch};
use kontor::{Configuration, Options, Suite, house, seed};
use sqlx::ConnectOptions;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

pub use kontor::process::Replica;

use crate::shop::{self, PARTITIONS};

/// How long anything may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Servers with a shop on them, and nobody at work.
pub struct Site {
    pub suite: Suite,
    home: PathBuf,
    books: BTreeMap<String, PgPool>,
    begun: AtomicUsize,
}

impl Site {
    /// Starts servers of its own and fills a shop.
    pub async fn open(name: &str) -> anyhow::Result<Self> {
        Self::open_with(name, Configuration::default()).await
    }

    /// The same, set up so.
    pub async fn open_with(name: &str, configuration: Configuration) -> anyhow::Result<Self> {
        Self::set_up(name, configuration, false).await
    }

    /// The same, on servers that write down what they acknowledge, as those of a real house do.
    pub async fn open_durable(name: &str) -> anyhow::Result<Self> {
        Self::set_up(name, Configuration::default(), true).await
    }

    async fn set_up(
        name: &str,
        configuration: Configuration,
        durable: bool,
    ) -> anyhow::Result<Self> {
        let home = shop::home(name)?;
        let options = Options {
            home: home.clone(),
            durable,
            configuration: Configuration { partitions: PARTITIONS, ..configuration },
            outsiders: seed::OUTSIDERS.to_vec(),
            speed: 1,
        };
        let otlp = options.configuration.telemetry.otlp.clone();
        let suite = Suite::servers(options, &|_| {}).await?;
        let open = |service: &String| {
            let books = suite.postgres.superuser().database(service);
            let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(books);
            (service.clone(), pool)
        };
        let books = suite.accounts.keys().map(open).collect();
        let site = Self { suite, home, books, begun: AtomicUsize::new(0) };
        site.configure(otlp.as_deref())?;
        let replica = site.start().await?;
        site.fill().await.context("filling the shop")?;
        replica.stop().await?;
        Ok(site)
    }

    /// Starts every service in one process, and waits until it can work.
    pub async fn start(&self) -> anyhow::Result<Replica> {
        let mut replica = self.launch(None)?;
        replica.ready().await?;
        Ok(replica)
    }

    /// Starts every service in one process, which dies at a point (`inventory:before-commit:7`) if
    /// one is named.
    pub fn launch(&self, fault: Option<&str>) -> anyhow::Result<Replica> {
        let nth = self.begun.fetch_add(1, Ordering::Relaxed);
        let log = self.home.join(format!("kontor-{nth}.log"));
        let (binary, configuration) = (binary()?, self.configuration());
        Launch { binary: &binary, configuration: &configuration, services: &[], log, fault }.start()
    }

    fn configuration(&self) -> PathBuf {
        self.home.join("kontor.toml")
    }

    /// Writes down where everything is, for the processes.
    fn configure(&self, otlp: Option<&str>) -> anyhow::Result<()> {
        let operator = self.suite.operator().context("there is no operator")?;
        let hash = kontor::fingerprint(operator);
        let mut settings = format!("[gateway.access]\nops_key_hash = {hash:?}\n");
        if let Some(otlp) = otlp {
            writeln!(settings, "[telemetry]\notlp = {otlp:?}")?;
        }
        let (nats, accounts) = (self.suite.nats.url(), &self.suite.accounts);
        process::configure(&self.configuration(), PARTITIONS, &nats, accounts, &settings)
    }

    /// The books of a service, to be read. Not as the service: it does not scan whole tables.
    pub fn books(&self, service: &str) -> anyhow::Result<PgPool> {
        let books = self.books.get(service);
        books.cloned().with_context(|| format!("there is no {service}"))
    }

    /// Where each service's database is, for whoever may read everything.
    pub fn databases(&self) -> BTreeMap<String, String> {
        let database = |service: &str| self.suite.postgres.superuser().database(service);
        let address = |it: &str| (it.to_owned(), database(it).to_url_lossy().to_string());
        self.services().map(address).collect()
    }

    /// The names of all services.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.suite.accounts.keys().map(String::as_str)
    }

    /// Fills the shop, and waits until sourcing knows what there is.
    async fn fill(&self) -> anyhow::Result<()> {
        seed::shop(&self.suite.client().await?, today()).await?;
        let allocation = self.books("allocation")?;
        let wanted = i64::try_from(seed::ITEMS.len() * seed::WAREHOUSES.len())?;
        eventually("sourcing knows every shelf", || async {
            let known: Option<i64> = sqlx::query_scalar(
                "select sum((select count(*) from json_object_keys(warehouses::json)))::bigint
                   from level",
            )
            .fetch_one(&allocation)
            .await?;
            ensure!(known == Some(wanted), "{known:?} of {wanted}");
            Ok(())
        })
        .await
    }

    /// Two customers who order on account: `…-K` may owe anything, `…-H` next to nothing.
    pub async fn customers(&self, prefix: &str) -> anyhow::Result<()> {
        for (name, limit) in [("K", 1_000_000_000_000), ("H", 1)] {
            let customer = CustomerId::new(format!("{prefix}-{name}"))?;
            self.tell(RegisterCustomer {
                customer: customer.clone(),
                name: format!("Customer {name}"),
                tier: Tier::Regular,
                on_account: true,
                language: Language::English,
            })
            .await?;
            self.tell(SetCreditLimit {
                customer: customer.clone(),
                limit: Cents(limit),
                currency: Currency::CNY,
                until: None,
                payment_days: 30,
                by: Actor("test".to_owned()),
            })
            .await?;
            self.tell(RecordHistory {
                customer,
                document: "opening".to_owned(),
                due: today().checked_sub(25.days())?,
                amount: Cents(30_000_000),
                paid: Cents(30_000_000),
            })
            .await?;
        }
        Ok(())
    }

    async fn tell<C: Told>(&self, command: C) -> anyhow::Result<()> {
        let name = format!("{} {}", C::SUBJECT, command.key());
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let client = self.suite.client().await?;
        kontor::seed::insist(&client, id, &command).await.context(name)
    }

    /// Stops the servers, and leaves nothing behind.
    pub async fn close(self) -> anyhow::Result<()> {
        self.suite.close().await?;
        Ok(fs::remove_dir_all(&self.home)?)
    }

    /// Makes the streams again, as whoever runs the house does when they are lost.
    pub async fn provision(&mut self) -> anyhow::Result<()> {
        self.suite.provision(&house::plain()).await
    }
}

/// The binary beside this test, as `cargo build -p kontor` made it.
pub fn binary() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let built = test.parent().and_then(Path::parent).map(|it| it.join("kontor"));
    let built = built.filter(|it| it.exists());
    built.context("there is no binary beside this test: cargo build -p kontor")
}

fn today() -> Date {
    clock::now().to_zoned(TimeZone::UTC).date()
}

/// Waits until something is so. If it never is, tells what it was instead.
pub async fn eventually<T, F>(what: &str, look: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    crate::eventually(PATIENCE, look).await.with_context(|| format!("waiting: {what}"))
}
