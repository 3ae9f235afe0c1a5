use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use rustix::process::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::process::Command;

use crate::daemon::Daemon;
use crate::wheel::run;
use crate::{Disk, Home};

const SUPERUSER: &str = "postgres";

const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=400",
    "max_wal_size=4GB", // Few checkpoints: after each, every page is written to the log once more.
    "checkpoint_timeout=15min",
    "jit=off", // Our statements are short; compiling them takes longer than they do.
    "timezone=UTC",
    "log_timezone=UTC",
];
const DURABLE: [&str; 3] = ["shared_buffers=512MB", "fsync=on", "synchronous_commit=on"];
const FORGETFUL: [&str; 4] =
    ["shared_buffers=256MB", "fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// What it takes to give a service its database, the names filled in by Postgres itself.
///
/// A plan that was made while a table was empty may scan it for every batch when it has long grown:
/// services do not scan unless they must.
const PROVISION: &str = r"
    select statement from (values
        (not exists (select from pg_roles where rolname = $1),
         format('create role %I', $1)),
        (true, format('alter role %I login password %L', $1, $2)),
        (true, format('alter role %I set enable_seqscan = off', $1)),
        (true, format('alter role %I set idle_in_transaction_session_timeout = ''30s''', $1)),
        (not exists (select from pg_database where datname = $1),
         format('create database %I owner %1$I', $1)),
        (true, format('revoke all on database %I from public', $1))
    ) as step (needed, statement) where needed";

/// What it takes to let somebody read, the names filled in by Postgres itself.
const READER: &str = r"
    select statement from (values
        (not exists (select from pg_roles where rolname = $1),
         format('create role %I', $1)),
        (true, format('alter role %I login password %L', $1, $2)),
        (true, format('alter role %I set default_transaction_read_only = on', $1)),
        (true, format('grant pg_read_all_data to %I', $1))
    ) as step (needed, statement) where needed
    union all
    select format('grant connect on database %I to %I', name, $1) from unnest($3::text[]) as name";

#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// What is committed survives the power going off. Tests do without, for speed.
    pub durable: bool,
    /// The port; otherwise the one of last time, or a free one.
    pub port: Option<u16>,
}

/// A Postgres. It is killed when this is dropped; see [`Postgres::stop`].
#[derive(Debug)]
pub struct Postgres {
    daemon: Daemon,
    home: Home,
    binaries: PathBuf,
    options: PostgresOptions,
    port: u16,
    password: String,
}

impl Postgres {
    /// Starts a server, and waits until it answers. An empty home gets a fresh cluster.
    pub async fn start(
        binaries: &Path,
        home: &Home,
        options: PostgresOptions,
    ) -> anyhow::Result<Self> {
        let data = home.path().join("postgres");
        let daemon = Daemon::claim(home, "postgres", &data, Signal::INT).await?;
        let port = options.port.map_or_else(|| home.port("postgres"), Ok)?;
        let password = home.secret("postgres")?;
        let (home, binaries) = (home.clone(), binaries.to_owned());
        let mut postgres = Self { daemon, home, binaries, options, port, password };
        if !data.exists() {
            postgres.initialise().await.context("making a database cluster")?;
        }
        postgres.launch().await?;
        Ok(postgres)
    }

    /// The address of a database, for this user.
    pub fn url(&self, database: &str, user: &str, password: &str) -> String {
        let [database, user, password] = [database, user, password].map(escape);
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// How to connect as the one who may do anything.
    pub fn superuser(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(SUPERUSER)
            .password(&self.password)
            .database("postgres")
    }

    /// Makes sure that there is a role of this name and password, with a database of the same name
    /// which is its own, and nobody else's.
    pub async fn create_role_and_database(&self, name: &str, password: &str) -> anyhow::Result<()> {
        let mut db = PgConnection::connect_with(&self.superuser()).await?;
        let steps: Vec<String> =
            sqlx::query_scalar(PROVISION).bind(name).bind(password).fetch_all(&mut db).await?;
        for step in steps {
            db.execute(AssertSqlSafe(step)).await?;
        }
        Ok(db.close().await?)
    }

    /// Makes sure that there is a role of this name and password that reads these databases, whatever
    /// is in them, and changes nothing.
    pub async fn create_reader(
        &self,
        name: &str,
        password: &str,
        databases: &[String],
    ) -> anyhow::Result<()> {
        let mut db = PgConnection::connect_with(&self.superuser()).await?;
        let steps: Vec<String> = sqlx::query_scalar(READER)
            .bind(name)
            .bind(password)
            .bind(databases)
            .fetch_all(&mut db)
            .await?;
        for step in steps {
            db.execute(AssertSqlSafe(step)).await?;
        }
        Ok(db.close().await?)
    }

    /// Stops the server: connections are cut, and all is written down. Call it when all is done:
    /// then nothing is to be recovered next time.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.daemon.stop().await
    }

    /// Kills the server, as a fault would.
    pub async fn kill9(&mut self) -> anyhow::Result<()> {
        self.daemon.kill9().await
    }

    /// Puts the server's data onto a disk of its own, whose power can be cut. The server is stopped
    /// meanwhile. Drop the disk after the server.
    pub async fn onto_disk(&mut self) -> anyhow::Result<Disk> {
        self.stop().await?;
        let disk = Disk::under(&self.home.data("postgres")?).await?;
        self.launch().await?;
        Ok(disk)
    }

    /// Cuts the power of the server and of its disk: what it wrote, and did not have written down, is
    /// lost. It is down then; see `restart`.
    pub async fn cut_power(&mut self, disk: &mut Disk) -> anyhow::Result<()> {
        self.daemon.cut_power(disk).await
    }

    /// Starts the server again at the same address, stopping it first if it runs.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        self.launch().await
    }

    /// Makes a cluster where everyone needs a password. It is there when it is complete.
    async fn initialise(&self) -> anyhow::Result<()> {
        let half = self.home.path().join("postgres.half");
        if half.exists() {
            fs::remove_dir_all(&half)?;
        }
        self.home.data("postgres.half")?;
        let mut initdb = self.command("initdb");
        initdb.arg("--pgdata").arg(&half).args(["--username", SUPERUSER]);
        initdb.args(["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]);
        initdb.arg("--pwfile").arg(self.home.run("postgres.secret"));
        if !self.options.durable {
            initdb.arg("--no-sync");
        }
        run(&mut initdb).await?;
        Ok(fs::rename(&half, self.home.path().join("postgres"))?)
    }

    async fn launch(&mut self) -> anyhow::Result<()> {
        let data = self.home.data("postgres")?;
        let compression = self.wal_compression().await;
        let durability: &[&str] = if self.options.durable { &DURABLE } else { &FORGETFUL };
        let port = format!("port={}", self.port);
        let settings = SETTINGS.iter().chain(durability).copied().chain([compression, &port]);
        let mut command = self.command("postgres");
        command.arg("-D").arg(&data).args(settings.flat_map(|it| ["-c", it]));
        let superuser = self.superuser();
        let mut tries = 0;
        loop {
            self.daemon.launch(&mut command)?;
            match self.daemon.ready(|| answers(superuser.clone())).await {
                // The children of a server that was killed need a moment to notice.
                Err(error) if tries < 100 && error.to_string().contains("shared memory block") => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                result => return result,
            }
        }
    }

    /// The better compression, where this Postgres was built with it.
    async fn wal_compression(&self) -> &'static str {
        let mut ask = self.command("postgres");
        ask.arg("-D").arg(self.home.path().join("postgres"));
        ask.args(["-C", "wal_compression", "-c", "wal_compression=lz4"]);
        if run(&mut ask).await.is_ok() { "wal_compression=lz4" } else { "wal_compression=on" }
    }

    fn command(&self, name: &str) -> Command {
        self.home.command(&self.binaries.join(name))
    }
}

async fn answers(superuser: PgConnectOptions) -> anyhow::Result<()> {
    Ok(PgConnection::connect_with(&superuser).await?.close().await?)
}

/// Escapes what would mean something else in a URL.
fn escape(text: &str) -> String {
    let escape = |it: u8| match it {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(it).to_string(),
        _ => format!("%{it:02X}"),
    };
    text.bytes().map(escape).collect()
}
