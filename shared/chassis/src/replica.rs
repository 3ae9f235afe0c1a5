//! One replica of one service: connected, migrated, sharing the partitions with the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use contracts::Uuid;
use futures::StreamExt;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::clock::{self, Stopwatch};
use crate::front::Front;
use crate::log::PutBack;
use crate::owner::{Surroundings, own};
use crate::switchboard::Switchboard;
use crate::task::{Helpers, spawn};
use crate::{
    Client, Desk, Duty, Migration, Office, Partition, answer, migrate, reader, streams, unreadable,
};

/// How often a replica says that it is there, and looks for partitions that nobody owns.
const BEAT: Duration = Duration::from_millis(500);

/// How long a partition that was refused must be owned in peace until the service counts as ready
/// again, in milliseconds.
const PEACE: u64 = 5_000;

/// How long a silent replica counts as there, in milliseconds.
const PRESENT: u64 = 2_000;

/// How long the database may take to say that it is there: a connection to a machine that has vanished
/// never says that it ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long answers to commands are kept: no client repeats a command later than that.
const KEEP_ANSWERS: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

/// Where one service finds its servers, and who it is there.
#[derive(Debug, Clone)]
pub struct Account {
    pub database: PgConnectOptions,
    pub nats: String,
    pub nats_user: Option<(String, String)>,
}

/// What a service tells of itself.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub service: &'static str,
    /// Whether it can do its work: connected, migrated, and its partitions owned by someone.
    pub ready: bool,
    pub connected: bool,
    pub owned: usize,
    pub replicas: usize,
}

/// What all services of a process share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) partitions: u32,
    pub(crate) switchboard: Switchboard,
    pub(crate) closing: watch::Receiver<bool>,
}

/// Runs one replica until `closing` says so. Returns when all that it began is committed and said.
pub(crate) async fn run(
    desk: Arc<dyn Desk>,
    account: Account,
    common: Common,
    standing: watch::Sender<Standing>,
) -> anyhow::Result<()> {
    let Common { partitions, switchboard, closing } = common;
    let name = desk.name();
    standing.send_modify(|it| it.service = name);
    let db = database(&account, desk.migrations(), partitions)
        .await
        .with_context(|| format!("{name} and its database"))?;
    let (connected, reconnected) = watch::channel(0);
    let nats =
        connect(name, &account, connected).await.with_context(|| format!("{name} and NATS"))?;
    let public: Vec<_> =
        desk.hears().iter().chain(desk.says()).filter(|it| it.door.is_some()).copied().collect();
    streams::check(&async_nats::jetstream::new(nats.clone()), &public, partitions).await?;

    let client = Client::new(nats.clone(), partitions).beside(switchboard.clone());
    let mut helpers = Helpers::default();
    let reading = reader::serve(nats.clone(), db.clone(), name);
    helpers.spawn(format!("{name} answers asks"), logged(name, reading));
    let front =
        Front { desk: desk.clone(), db: db.clone(), nats: nats.clone(), client: client.clone() };
    helpers.spawn(format!("{name} answers"), logged(name, front.serve()));
    helpers.spawn(format!("{name} forgets answers"), forget(db.clone()));
    let office = |committed| Office {
        db: db.clone(),
        client: client.clone(),
        nats: nats.clone(),
        committed,
        closing: closing.clone(),
    };
    let (duties, committed): (Vec<_>, Vec<_>) =
        desk.duties().into_iter().map(|it| attend(name, it, office)).unzip();

    let committed = committed.into();
    let around = Surroundings { desk, db, nats, committed, reconnected, switchboard };
    let manager = Manager {
        around,
        account,
        partitions,
        standing,
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, instance().as_bytes()),
        owned: BTreeMap::new(),
        refused: BTreeMap::new(),
    };
    let result = manager.run(closing).await;
    for duty in duties {
        tokio::time::timeout(Duration::from_secs(5), duty).await.map(drop).ok();
    }
    drop(helpers);
    result
}

/// What tells this replica from every other: where it runs, and when it began.
fn instance() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{host} {} {:?}", std::process::id(), clock::now())
}

async fn logged(name: &'static str, task: impl Future<Output = anyhow::Result<()>>) {
    if let Err(error) = task.await {
        tracing::error!(%error, service = name, "{name}: {error:#}");
    }
}

async fn forget(db: PgPool) {
    loop {
        tokio::time::sleep(Duration::from_hours(1)).await;
        let before = clock::now() - KEEP_ANSWERS;
        while answer::forget(&db, before).await.is_ok_and(|it| it > 0) {}
    }
}

/// Sees to a duty until it is done. Returns what wakes it.
fn attend(
    service: &'static str,
    duty: Duty,
    office: impl Fn(Arc<Notify>) -> Office,
) -> (JoinHandle<()>, Arc<Notify>) {
    let committed = Arc::new(Notify::new());
    let office = office(committed.clone());
    let task = spawn(format!("{service}: {}", duty.name), async move {
        while let Err(error) = (duty.run)(office.clone()).await {
            let name = duty.name;
            warn!(%error, service, "{name} begins again: {error:#}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    (task, committed)
}

/// Connects to the database of a service and brings its schema up to date.
async fn database(
    account: &Account,
    migrations: &'static [Migration],
    partitions: u32,
) -> anyhow::Result<PgPool> {
    // More than one replica may begin at once.
    let mut db = account.database.clone().connect().await?;
    sqlx::query("select pg_advisory_lock(hashtext('kontor migrations'))").execute(&mut db).await?;
    migrate(&mut db, migrations).await?;
    sqlx::query("insert into deployment (partitions) values ($1) on conflict do nothing")
        .bind(partitions.cast_signed())
        .execute(&mut db)
        .await?;
    let stored: i32 =
        sqlx::query_scalar("select partitions from deployment").fetch_one(&mut db).await?;
    ensure!(
        stored == partitions.cast_signed(),
        "partitions is {partitions}, but this database was set up with {stored}"
    );
    db.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(partitions + 8)
        // While the database begins, the pool looks for it at intervals of up to a fifth of this.
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false) // A round trip a transaction; a broken one is tried again.
        .connect_with(account.database.clone());
    Ok(pool.await?)
}

async fn connect(
    name: &str,
    account: &Account,
    connected: watch::Sender<u64>,
) -> anyhow::Result<async_nats::Client> {
    let service = name.to_owned();
    let mut options = async_nats::ConnectOptions::new()
        .name(format!("kontor {name}"))
        .retry_on_initial_connect()
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            Duration::from_millis(if attempt < 2 { 20 } else { 200 })
        })
        .ping_interval(Duration::from_secs(5))
        .custom_inbox_prefix(format!("_INBOX_{name}"))
        .event_callback(move |event| {
            match &event {
                async_nats::Event::Connected => connected.send_modify(|it| *it += 1),
                async_nats::Event::ServerError(error) => {
                    // A missing permission comes this way, long after what it forbade.
                    tracing::error!(%error, service, "NATS refuses {service}: {error}");
                }
                async_nats::Event::Disconnected
                | async_nats::Event::LameDuckMode
                | async_nats::Event::Draining
                | async_nats::Event::Closed
                | async_nats::Event::SlowConsumer(_)
                | async_nats::Event::ClientError(_) => {
                    tracing::debug!(service, "NATS: {event}");
                }
            }
            async {}
        });
    if let Some((user, password)) = &account.nats_user {
        options = options.user_and_password(user.clone(), password.clone());
    }
    Ok(options.connect(&account.nats).await?)
}

/// Shares the partitions with the other replicas: each owns as many as any other, give or take one.
struct Manager {
    around: Surroundings,
    account: Account,
    partitions: u32,
    standing: watch::Sender<Standing>,
    id: Uuid,
    owned: BTreeMap<u32, Owned>,
    /// Partitions in which a speaker's restored database was met, and for how long not again.
    refused: BTreeMap<u32, Stopwatch>,
}

struct Owned {
    close: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Manager {
    async fn run(mut self, mut closing: watch::Receiver<bool>) -> anyhow::Result<()> {
        let name = self.around.desk.name();
        let mut beats = self.around.nats.subscribe(format!("beat.{name}")).await?;
        let mut present: BTreeMap<Uuid, u64> = BTreeMap::new();
        let (watch, mut locks) = (Stopwatch::start(), None);
        while !*closing.borrow() {
            let now = watch.millis();
            present.retain(|_, at| *at + PRESENT > now);
            present.insert(self.id, now);
            if let Err(error) = self.share(&mut locks, present.len()).await {
                warn!(%error, service = name, "{name} lost its locks: {error:#}");
                locks = None;
                self.close().await; // Someone else may take the partitions now.
            }
            let beat = self.id.as_bytes().to_vec().into();
            self.around.nats.publish(format!("beat.{name}"), beat).await.ok();
            let pause = tokio::time::sleep(BEAT);
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    _ = closing.changed() => break,
                    beat = beats.next() => match beat {
                        // Empty: someone let a partition go.
                        Some(beat) if beat.payload.is_empty() => break,
                        // Whatever is no replica's would be given a share, and do nothing with it.
                        Some(beat) => match Uuid::from_slice(&beat.payload) {
                            Ok(id) => drop(present.insert(id, watch.millis())),
                            Err(_) => unreadable(name, "beat"),
                        },
                        None => break,
                    }
                }
            }
        }
        self.close().await;
        if let Some(locks) = locks {
            patiently(PgConnection::close(locks)).await.ok();
        }
        let beat = format!("beat.{name}");
        self.around.nats.publish(beat, vec![].into()).await.ok();
        self.around.nats.flush().await.ok();
        Ok(())
    }

    /// Takes partitions that nobody owns, up to a fair share, and lets go what is beyond it. The
    /// locks are for peace: what keeps a partition's books right is its position.
    async fn share(
        &mut self,
        locks: &mut Option<PgConnection>,
        replicas: usize,
    ) -> anyhow::Result<()> {
        let fair = (self.partitions as usize).div_ceil(replicas);
        if locks.is_none() {
            *locks = Some(patiently(self.account.database.clone().connect()).await?);
        }
        let Some(db) = locks else { return Ok(()) };
        patiently(db.ping()).await?;
        let ended: Vec<u32> =
            self.owned.iter().filter(|it| it.1.task.is_finished()).map(|it| *it.0).collect();
        let beyond: Vec<u32> = self.owned.keys().copied().skip(fair).collect();
        for partition in ended.into_iter().chain(beyond) {
            self.let_go(partition).await;
            patiently(unlock(db, partition)).await?;
            let beat = format!("beat.{}", self.around.desk.name());
            self.around.nats.publish(beat, vec![].into()).await.ok();
        }
        for partition in 0..self.partitions {
            if self.owned.len() < fair
                && !self.owned.contains_key(&partition)
                && patiently(lock(db, partition)).await?
            {
                self.take(partition);
            }
        }
        self.refused.retain(|_, since| since.millis() < PEACE);
        let name = self.around.desk.name();
        let connected =
            self.around.nats.connection_state() == async_nats::connection::State::Connected;
        self.standing.send_replace(Standing {
            service: name,
            // With more replicas than partitions one may have nothing to own.
            ready: connected
                && self.refused.is_empty()
                && (!self.owned.is_empty() || replicas > self.partitions as usize),
            connected,
            owned: self.owned.len(),
            replicas,
        });
        Ok(())
    }

    fn take(&mut self, partition: u32) {
        let (close, closing) = watch::channel(false);
        let name = self.around.desk.name();
        let whole = Partition { number: partition, of: self.partitions };
        let task = spawn(format!("{name} {partition}"), own(self.around.clone(), whole, closing));
        self.owned.insert(partition, Owned { close, task });
    }

    async fn let_go(&mut self, partition: u32) {
        let Some(Owned { close, task }) = self.owned.remove(&partition) else { return };
        close.send_replace(true);
        let name = self.around.desk.name();
        match task.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                if error.is::<PutBack>() {
                    self.refused.insert(partition, Stopwatch::start());
                }
                warn!(%error, service = name, partition, "{name} lost partition {partition}: {error:#}");
            }
            Err(error) => {
                tracing::error!(%error, service = name, partition, "{name} {partition}: {error}");
            }
        }
    }

    async fn close(&mut self) {
        for owned in self.owned.values() {
            owned.close.send_replace(true); // All at once, then wait for each.
        }
        let all: Vec<u32> = self.owned.keys().copied().collect();
        for partition in all {
            self.let_go(partition).await;
        }
        info!(service = self.around.desk.name(), "{} has closed", self.around.desk.name());
    }
}

async fn patiently<T>(asked: impl Future<Output = sqlx::Result<T>>) -> anyhow::Result<T> {
    let answered = tokio::time::timeout(PATIENCE, asked).await;
    Ok(answered.context("the database does not answer")??)
}

async fn lock(db: &mut PgConnection, partition: u32) -> sqlx::Result<bool> {
    sqlx::query_scalar("select pg_try_advisory_lock(hashtext('kontor partition'), $1)")
        .bind(partition.cast_signed())
        .fetch_one(db)
        .await
}

async fn unlock(db: &mut PgConnection, partition: u32) -> sqlx::Result<bool> {
    sqlx::query_scalar("select pg_advisory_unlock(hashtext('kontor partition'), $1)")
        .bind(partition.cast_signed())
        .fetch_one(db)
        .await
}
