//! The books in Postgres: a schema of the service's own, and the tables of the log beside it.

use std::collections::BTreeSet;

use anyhow::ensure;
use contracts::{Key, Timestamp};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::pool::PoolConnection;
use sqlx::types::Json;
use sqlx::{Acquire, PgConnection, PgPool};

use super::{Store, Transaction};
use crate::answer::{self, Answers, Commands};
use crate::desk::{Failure, Sealed};
use crate::log::{Heard, Position};
use crate::parking;
use crate::plant::{Bug, planted};
use crate::timer::{self, Rung, Set};
use crate::worker::Fenced;
use crate::{Desk, Envelope, Partition};

/// The books of one partition, in the database of its service.
pub struct Postgres {
    db: PgPool,
    /// Kept from transaction to transaction: a pool would hand out another one each time, whose
    /// caches are cold, and ask each whether it lives.
    connection: Option<PoolConnection<sqlx::Postgres>>,
    partition: Partition,
}

type Row = (i64, Json<Heard>, SqlTimestamp, i64);

impl Postgres {
    pub(crate) fn new(db: PgPool, partition: Partition) -> Self {
        Self { db, connection: None, partition }
    }
}

impl Store for Postgres {
    type Transaction<'a> = Open<'a>;

    async fn open(&mut self) -> anyhow::Result<(Position, BTreeSet<Key>)> {
        sqlx::query(
            "insert into position (partition, version, heard, at)
             values ($1, 0, '{}', 'epoch')
                 on conflict do nothing",
        )
        .bind(self.partition.column())
        .execute(&self.db)
        .await?;
        let (version, Json(heard), at, said): Row = sqlx::query_as(
            "select version, heard, at,
                    coalesce((select max(number) from page where page.partition = $1), 0)
               from position
              where position.partition = $1",
        )
        .bind(self.partition.column())
        .fetch_one(&self.db)
        .await?;
        let parked = parking::keys(&self.db, self.partition).await?;
        Ok((Position { version, heard, said, at: at.to_jiff() }, parked))
    }

    async fn begin(&mut self) -> anyhow::Result<Open<'_>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.db.acquire().await?),
        };
        Ok(Open { tx: connection.begin().await?, partition: self.partition })
    }

    async fn save(&mut self, next: &Position) -> anyhow::Result<()> {
        let mut db = self.db.acquire().await?; // One statement is a transaction by itself.
        advance(&mut db, self.partition, next).await
    }

    async fn next_due(&mut self) -> anyhow::Result<Option<Timestamp>> {
        let mut db = self.db.acquire().await?;
        Ok(timer::next(&mut db, self.partition).await?)
    }

    fn give_up(&mut self) {
        self.connection = None;
    }
}

/// An open transaction.
pub struct Open<'a> {
    tx: sqlx::Transaction<'a, sqlx::Postgres>,
    partition: Partition,
}

impl Transaction for Open<'_> {
    async fn advance(&mut self, next: &Position) -> anyhow::Result<()> {
        advance(&mut self.tx, self.partition, next).await
    }

    async fn answers(&mut self, commands: &Commands) -> anyhow::Result<Answers> {
        answer::given(&mut self.tx, self.partition, commands).await
    }

    async fn unpark(&mut self, keys: &BTreeSet<Key>) -> anyhow::Result<Vec<Envelope>> {
        parking::take(&mut self.tx, self.partition, keys).await
    }

    async fn park(&mut self, now: Timestamp, parked: &[(&Envelope, String)]) -> anyhow::Result<()> {
        parking::put(&mut self.tx, self.partition, now, parked).await
    }

    async fn ring(&mut self, now: Timestamp) -> anyhow::Result<Rung> {
        timer::ring(&mut self.tx, self.partition, now).await
    }

    async fn set_timers(&mut self, said: &[Sealed]) -> anyhow::Result<Set> {
        timer::set(&mut self.tx, self.partition, said).await
    }

    async fn work(
        &mut self,
        desk: &dyn Desk,
        now: Timestamp,
        partition: Partition,
        inputs: &[&Envelope],
    ) -> Result<Vec<Sealed>, Failure> {
        desk.work(&mut self.tx, now, partition, inputs).await
    }

    async fn keep_page(&mut self, number: i64, packed: &[u8]) -> anyhow::Result<()> {
        sqlx::query("insert into page (partition, number, body) values ($1, $2, $3)")
            .bind(self.partition.column())
            .bind(number)
            .bind(packed)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn keep_answers(&mut self, now: Timestamp, answers: &Answers) -> anyhow::Result<()> {
        answer::keep(&mut self.tx, self.partition, now, answers).await
    }

    async fn commit(self) -> anyhow::Result<()> {
        Ok(self.tx.commit().await?)
    }
}

async fn advance(
    db: &mut PgConnection,
    partition: Partition,
    next: &Position,
) -> anyhow::Result<()> {
    let moved = sqlx::query(
        "update position set version = $2, heard = $3, at = $4
          where partition = $1 and version = $2 - 1",
    )
    .bind(partition.column())
    .bind(next.version)
    .bind(Json(&next.heard))
    .bind(next.at.to_sqlx())
    .execute(db)
    .await?;
    let alone = moved.rows_affected() == 1 || planted(Bug::NoFence);
    ensure!(alone, Fenced(partition.number));
    Ok(())
}
