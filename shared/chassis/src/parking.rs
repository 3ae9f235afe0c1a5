//! Inputs that cannot be decided are set aside with their cause, and everything later about the same
//! thing behind them, so that its order is kept; the partition goes on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use contracts::{Key, Timestamp, Uuid};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use crate::answer::{Commands, Outcome};
use crate::plant::{Bug, planted};
use crate::{Envelope, MessageId, Partition};

/// The keys of a partition that have something parked.
#[derive(Debug, Default)]
pub(crate) struct Parking(BTreeSet<Key>);

/// A batch, with what cannot be decided taken out.
pub(crate) struct Sorted<'a> {
    pub(crate) ready: Vec<&'a Envelope>,
    pub(crate) parked: Vec<(&'a Envelope, String)>,
    pub(crate) refused: Vec<(MessageId, Outcome)>,
    /// The keys of what is parked now.
    pub(crate) keys: BTreeSet<Key>,
}

/// One parked input, as it is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParkedInput {
    pub id: Uuid,
    pub partition: u32,
    pub key: Key,
    pub subject: String,
    pub cause: String,
    pub parked_at: Timestamp,
    pub envelope: Envelope,
}

impl Parking {
    pub(crate) fn of(keys: BTreeSet<Key>) -> Self {
        Self(keys)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes out what is poisonous, and what stands behind something that is parked. A command is
    /// not parked: somebody waits for it, and can give it again.
    pub(crate) fn sort<'a>(
        &self,
        inputs: Vec<&'a Envelope>,
        replays: &BTreeSet<Key>,
        commands: &Commands,
        poison: &BTreeMap<MessageId, String>,
    ) -> Sorted<'a> {
        let mut blocked: BTreeSet<&Key> = self.0.difference(replays).collect();
        if planted(Bug::SuccessorNotParked) {
            blocked.clear();
        }
        let mut sorted =
            Sorted { ready: vec![], parked: vec![], refused: vec![], keys: BTreeSet::new() };
        for input in inputs {
            let behind = || format!("something about {} was parked before it", input.key);
            match (poison.get(&input.id), commands.contains_key(&input.id)) {
                (Some(cause), true) => {
                    sorted.refused.push((input.id, Outcome::Refused { cause: cause.clone() }));
                }
                (Some(cause), false) => {
                    blocked.insert(&input.key);
                    sorted.keys.insert(input.key.clone());
                    sorted.parked.push((input, cause.clone()));
                }
                (None, true) if blocked.contains(&input.key) => {
                    sorted.refused.push((input.id, Outcome::Parked { cause: behind() }));
                }
                (None, false) if blocked.contains(&input.key) => {
                    sorted.keys.insert(input.key.clone());
                    sorted.parked.push((input, behind()));
                }
                (None, _) => sorted.ready.push(input),
            }
        }
        sorted
    }

    /// The transaction is committed: these are parked no more, and those are.
    pub(crate) fn commit(&mut self, replays: &BTreeSet<Key>, parked: BTreeSet<Key>) {
        self.0.retain(|it| !replays.contains(it));
        self.0.extend(parked);
    }
}

/// The keys of a partition that have something parked.
pub(crate) async fn keys(db: &PgPool, partition: Partition) -> sqlx::Result<BTreeSet<Key>> {
    let keys: Vec<String> =
        sqlx::query_scalar("select distinct key from parked where partition = $1")
            .bind(partition.column())
            .fetch_all(db)
            .await?;
    Ok(keys.into_iter().map(Key).collect())
}

/// Takes out of the books what is to be replayed, in the order in which it was parked.
pub(crate) async fn take(
    db: &mut PgConnection,
    partition: Partition,
    keys: &BTreeSet<Key>,
) -> anyhow::Result<Vec<Envelope>> {
    if keys.is_empty() {
        return Ok(vec![]);
    }
    let mut rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "delete from parked where partition = $1 and key = any($2) returning ordinal, envelope",
    )
    .bind(partition.column())
    .bind(keys.iter().map(|it| text(&it.0)).collect::<Vec<String>>())
    .fetch_all(db)
    .await?;
    rows.sort_unstable_by_key(|it| it.0);
    let read = |(_, body): (i64, Vec<u8>)| serde_json::from_slice(&body);
    rows.into_iter().map(read).collect::<Result<_, _>>().context("what is parked is an envelope")
}

pub(crate) async fn put(
    db: &mut PgConnection,
    partition: Partition,
    now: Timestamp,
    parked: &[(&Envelope, String)],
) -> anyhow::Result<()> {
    if parked.is_empty() {
        return Ok(());
    }
    let bodies: Vec<Vec<u8>> =
        parked.iter().map(|it| serde_json::to_vec(it.0)).collect::<Result<_, _>>()?;
    sqlx::query(
        "insert into parked (id, partition, key, subject, cause, parked_at, envelope)
         select id, $1, key, subject, cause, $2, envelope
           from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[])
                with ordinality as new (id, key, subject, cause, envelope, place)
          order by place
             on conflict do nothing",
    )
    .bind(partition.column())
    .bind(now.to_sqlx())
    .bind(parked.iter().map(|it| it.0.id.0).collect::<Vec<Uuid>>())
    .bind(parked.iter().map(|it| text(&it.0.key.0)).collect::<Vec<String>>())
    .bind(parked.iter().map(|it| text(&it.0.subject)).collect::<Vec<String>>())
    .bind(parked.iter().map(|it| text(&it.1)).collect::<Vec<String>>())
    .bind(bodies)
    .execute(db)
    .await?;
    Ok(())
}

/// The text as Postgres takes it. It takes no zero byte, and what strangers send may hold one: what
/// cannot be parked would be tried for ever.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// What is parked, the oldest first.
pub(crate) async fn list(db: &PgPool, limit: i64) -> anyhow::Result<Vec<ParkedInput>> {
    type Row = (Uuid, i32, String, String, String, SqlTimestamp, Vec<u8>);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, partition, key, subject, cause, parked_at, envelope
           from parked order by ordinal limit $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?;
    let read = |(id, partition, key, subject, cause, parked_at, body): Row| {
        Ok(ParkedInput {
            id,
            partition: partition.cast_unsigned(),
            key: Key(key),
            subject,
            cause,
            parked_at: parked_at.to_jiff(),
            envelope: serde_json::from_slice(&body)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Puts one parked input away for good; what stands behind it can be replayed then. Returns whether
/// there was one.
pub(crate) async fn discard(
    db: &PgPool,
    id: Uuid,
    now: Timestamp,
    reason: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "with gone as (delete from parked where id = $1 returning *)
         insert into discarded (id, key, subject, cause, discarded_at, reason, envelope)
         select id, key, subject, cause, $2, $3, envelope from gone",
    )
    .bind(id)
    .bind(now.to_sqlx())
    .bind(reason)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The subject of the command, keyed by what is parked, that has it decided again.
pub(crate) const REPLAY: &str = "parked.replay";
