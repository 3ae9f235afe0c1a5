//! Kontor as processes of their own, to be stopped, killed, and told to die; on servers that live on.

pub mod books;
pub mod course;
pub mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::clock::{self, Stopwatch};
use contracts::credit::{RecordHistory, SetCreditLimit};
use contracts::intake::RegisterCustomer;
use contracts::{Actor, Cents, Command as Told, Currency, CustomerId, Language, Tier};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kontor::{Configuration, Options, Suite, house, seed};
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions, PgPool};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::shop::{self, PARTITIONS};

/// How long anything may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(50);

/// Waits until this process dies, however that happens: its end of the pipe is then closed. Ends the
/// replica, unless the number means another process by now.
const LEASH: &str = r#"read -r _; grep -qsF -- "$2" "/proc/$1/cmdline" && kill -9 "$1""#;

/// Servers with a shop on them, and nobody at work.
pub struct Site {
    pub suite: Suite,
    home: PathBuf,
    books: BTreeMap<String, PgPool>,
    begun: AtomicUsize,
}

/// A process that runs services. It is killed when this is dropped.
pub struct Replica {
    child: Child,
    _leash: Child,
    log: PathBuf,
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
        let mut command = Command::new(binary()?);
        command.arg("run").arg("--config").arg(self.configuration());
        command.env_remove("KONTOR_ABORT_AT");
        if let Some(fault) = fault {
            command.env("KONTOR_ABORT_AT", fault);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let child = command.kill_on_drop(true).spawn().context("starting kontor")?;
        let process = child.id().context("kontor ended at once")?.to_string();
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH, "kontor-leash"]).arg(process).arg(self.configuration());
        leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let leash = leash.process_group(0).kill_on_drop(true).spawn()?;
        Ok(Replica { child, _leash: leash, log })
    }

    fn configuration(&self) -> PathBuf {
        self.home.join("kontor.toml")
    }

    /// Writes down where everything is, for the processes.
    fn configure(&self, otlp: Option<&str>) -> anyhow::Result<()> {
        let nats = self.suite.nats.url();
        let mut text = format!("partitions = {PARTITIONS}\n[nats]\nurl = {nats:?}\n");
        if let Some(otlp) = otlp {
            writeln!(text, "[telemetry]\notlp = {otlp:?}")?;
        }
        let operator = self.suite.operator().context("there is no operator")?;
        let hash = kontor::fingerprint(operator);
        writeln!(text, "[gateway.access]\nops_key_hash = {hash:?}")?;
        for (name, account) in &self.suite.accounts {
            let database = account.database.to_url_lossy();
            writeln!(text, "[services.{name}]\ndatabase = \"{database}\"")?;
            if let Some((user, password)) = &account.nats_user {
                writeln!(text, "nats_user = {user:?}\nnats_password = {password:?}")?;
            }
        }
        Ok(fs::write(self.configuration(), text)?)
    }

    /// The books of a service, to be read. Not as the service: it does not scan whole tables.
    pub fn books(&self, service: &str) -> anyhow::Result<PgPool> {
        let books = self.books.get(service);
        books.cloned().with_context(|| format!("there is no {service}"))
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
        self.suite.client().await?.tell(id, &command).await.context(name)?;
        Ok(())
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

impl Replica {
    /// Waits until it says that it can work.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let watch = Stopwatch::start();
        while !self.says("… ready")? {
            if let Some(status) = self.child.try_wait()? {
                bail!("kontor ended ({status}), and said last:\n{}", self.last_words()?);
            }
            ensure!(watch.elapsed() < PATIENCE, "kontor is not ready:\n{}", self.last_words()?);
            tokio::time::sleep(TICK).await;
        }
        Ok(())
    }

    /// Whether this stands in its log.
    pub fn says(&self, words: &str) -> anyhow::Result<bool> {
        Ok(self.log()?.contains(words))
    }

    /// All that it logged.
    pub fn log(&self) -> anyhow::Result<String> {
        let log = fs::read_to_string(&self.log)?;
        ensure!(!log.contains('\x1b'), "colours where nobody sees them:\n{log}");
        Ok(log)
    }

    /// Where its gateway listens.
    pub fn gateway(&self) -> anyhow::Result<String> {
        let log = self.log()?;
        let address = log.split("the API is at ").nth(1).context("there is no gateway")?;
        Ok(address.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// The status with which its health answers.
    pub async fn answers(&self, path: &str) -> anyhow::Result<u16> {
        Ok(self.health(path).await?.status().as_u16())
    }

    /// What a counter has counted, for each set of labels as they are written.
    pub async fn counted(&self, counter: &str) -> anyhow::Result<Vec<(String, u64)>> {
        let metrics = self.health("/metrics").await?.text().await?;
        let lines = metrics.lines().filter_map(|it| it.strip_prefix(counter)?.rsplit_once(' '));
        let read = |(labels, count): (&str, &str)| Some((labels.to_owned(), count.parse().ok()?));
        Ok(lines.filter_map(read).collect())
    }

    async fn health(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let log = self.log()?;
        let health = log.split("health at ").nth(1).and_then(|it| it.split_whitespace().next());
        let health = health.context("there is no health")?;
        Ok(reqwest::get(format!("{health}{path}")).await?)
    }

    fn last_words(&self) -> anyhow::Result<String> {
        let log = self.log()?;
        let lines: Vec<&str> = log.lines().rev().take(12).collect();
        Ok(lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        Ok(ended.context("kontor is to end")??)
    }

    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM").await?;
        let status = self.ended().await?;
        ensure!(status.success(), "kontor ended badly ({status}):\n{}", self.last_words()?);
        Ok(())
    }

    /// Kills it.
    pub async fn kill9(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Stops its clock: it does nothing, and lets nothing go.
    pub async fn freeze(&self) -> anyhow::Result<()> {
        self.signal("STOP").await
    }

    /// Has it go on as if nothing had been.
    pub async fn thaw(&self) -> anyhow::Result<()> {
        self.signal("CONT").await
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let process = self.child.id().context("the process has ended")?.to_string();
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(process).status().await?;
        ensure!(sent.success(), "no {signal} could be sent");
        Ok(())
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
