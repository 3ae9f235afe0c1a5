//! The databases of the services: read at one moment each, and never written.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection, Executor, FromRow, PgConnection};

use crate::report::{Check, Missing, Report};

/// How long a database may take to answer that it is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to each service's database, in a transaction.
#[derive(Debug)]
pub struct Books(BTreeMap<String, PgConnection>);

/// A promise that one database keeps by itself.
pub(crate) struct Promise {
    /// Invariant, name and promise.
    pub(crate) about: (&'static str, &'static str, &'static str),
    pub(crate) service: &'static str,
    /// How many things are looked at: one number.
    pub(crate) looked: &'static str,
    /// What is wrong: a text each.
    pub(crate) wrong: &'static str,
}

impl Books {
    /// Opens these databases, by the names of their services. Each is seen as it is now, and cannot
    /// be written.
    pub async fn open(urls: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        ensure!(!urls.is_empty(), "no database is named: expected an address a service");
        let mut books = BTreeMap::new();
        for (service, url) in urls {
            let mut db = connect(service, url).await?;
            look_now(service, &mut db).await?;
            books.insert(service.clone(), db);
        }
        Ok(Self(books))
    }

    /// Sees the databases as they are now.
    pub(crate) async fn renew(&mut self) -> anyhow::Result<()> {
        for (service, db) in &mut self.0 {
            db.execute("rollback").await?;
            look_now(service, db).await?;
        }
        Ok(())
    }

    /// Books that somebody has opened, each in a transaction in which it does not change.
    pub fn of(books: BTreeMap<String, PgConnection>) -> Self {
        Self(books)
    }

    /// The connections, still in their transactions.
    pub fn into_connections(self) -> BTreeMap<String, PgConnection> {
        self.0
    }

    pub(crate) fn has(&self, service: &str) -> Result<(), Missing> {
        let missing = || Missing(format!("no database of {service}"));
        if self.0.contains_key(service) { Ok(()) } else { Err(missing()) }
    }

    pub(crate) fn services(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(crate) fn connection(&mut self, service: &str) -> anyhow::Result<&mut PgConnection> {
        self.0.get_mut(service).with_context(|| format!("no database of {service}"))
    }

    /// All that a service's database answers.
    pub(crate) async fn rows<T>(
        &mut self,
        service: &str,
        sql: &'static str,
    ) -> anyhow::Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let db = self.connection(service)?;
        let rows = sqlx::query_as(sql).fetch_all(db).await;
        rows.with_context(|| format!("{service} was asked {sql}"))
    }

    /// The same, each row by the names of its columns; or what is missing if there is no such
    /// database.
    pub(crate) async fn records_if<T>(
        &mut self,
        service: &str,
        sql: &'static str,
    ) -> anyhow::Result<Result<Vec<T>, Missing>>
    where
        T: DeserializeOwned,
    {
        if let Err(missing) = self.has(service) {
            return Ok(Err(missing));
        }
        let db = self.connection(service)?;
        let named = AssertSqlSafe(format!("select row_to_json(it)::text from ({sql}) as it"));
        let rows: Vec<String> = sqlx::query_scalar(named)
            .fetch_all(db)
            .await
            .with_context(|| format!("{service} was asked {sql}"))?;
        let read = |it: String| serde_json::from_str(&it).context(it);
        let records: anyhow::Result<_> = rows.into_iter().map(read).collect();
        records.map(Ok).with_context(|| format!("{service} answered {sql}"))
    }

    /// All rows, or what is missing if there is no such database.
    pub(crate) async fn rows_if<T>(
        &mut self,
        service: &str,
        sql: &'static str,
    ) -> anyhow::Result<Result<Vec<T>, Missing>>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        if let Err(missing) = self.has(service) {
            return Ok(Err(missing));
        }
        self.rows(service, sql).await.map(Ok)
    }

    /// Looks whether these promises are kept.
    pub(crate) async fn look(
        &mut self,
        report: &mut Report,
        promises: &[Promise],
    ) -> anyhow::Result<()> {
        for Promise { about: (invariant, name, promise), service, looked, wrong } in promises {
            let mut check = Check::new(invariant, name, promise);
            if let Err(Missing(what)) = self.has(service) {
                check.missing = Some(what);
            } else {
                let counted: Vec<(i64,)> = self.rows(service, looked).await?;
                check.looked = counted.first().map_or(0, |it| it.0.unsigned_abs());
                for (what,) in self.rows::<(String,)>(service, wrong).await? {
                    check.wrong(what);
                }
            }
            report.checks.push(check);
        }
        Ok(())
    }
}

/// Begins a transaction that sees this moment.
async fn look_now(service: &str, db: &mut PgConnection) -> anyhow::Result<()> {
    db.execute("begin isolation level repeatable read read only").await?;
    // The snapshot is taken by the first statement, not by `begin`.
    let look = db.execute("select 1 from position limit 1").await;
    look.with_context(|| format!("{service}'s database holds no service"))?;
    Ok(())
}

/// Connects to a service's database, under a name by which the connection is known.
pub(crate) async fn connect(service: &str, url: &str) -> anyhow::Result<PgConnection> {
    let options = PgConnectOptions::from_str(url)
        .with_context(|| format!("the address of {service}'s database"))?
        .application_name(CHECKER);
    let opened = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    opened
        .with_context(|| format!("{service}'s database does not answer"))?
        .with_context(|| format!("{service}'s database"))
}

/// What the checker calls its connections.
pub(crate) const CHECKER: &str = "checker";
