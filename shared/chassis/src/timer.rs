use std::collections::BTreeSet;

use anyhow::Context;
use contracts::{Kind, Timestamp, Uuid};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;

use crate::desk::Sealed;
use crate::{Envelope, Partition};

/// How many timers one transaction takes at most.
pub(crate) const AT_ONCE: usize = 512;

/// When a worker has to look at its timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Somebody else may have set one.
    Unknown,
    At(Timestamp),
    Never,
}

impl Due {
    pub(crate) fn of(next: Option<Timestamp>) -> Self {
        next.map_or(Self::Never, Self::At)
    }

    pub(crate) fn is_due(self, now: Timestamp) -> bool {
        self.at(now).is_some_and(|it| it <= now)
    }

    pub(crate) fn at(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Unknown => Some(now),
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }

    pub(crate) fn or_sooner(self, other: Option<Timestamp>) -> Self {
        match (self, other) {
            (Self::Unknown, _) => Self::Unknown,
            (due, None) => due,
            (Self::Never, Some(at)) => Self::At(at),
            (Self::At(due), Some(at)) => Self::At(due.min(at)),
        }
    }
}

/// Timers that are due, and when the next one is.
pub struct Rung {
    pub(crate) envelopes: Vec<Envelope>,
    pub(crate) next: Option<Timestamp>,
}

/// Takes the timers that are due.
pub(crate) async fn ring(
    db: &mut PgConnection,
    partition: Partition,
    now: Timestamp,
) -> anyhow::Result<Rung> {
    let rows: Vec<(Vec<u8>, SqlTimestamp, Uuid)> = sqlx::query_as(
        "with due as (
             select id from timer where partition = $1 and due <= $2
              order by due, id limit $3
         )
         delete from timer using due where timer.id = due.id
         returning timer.envelope, timer.due, timer.id",
    )
    .bind(partition.column())
    .bind(now.to_sqlx())
    .bind(i64::try_from(AT_ONCE).unwrap_or(i64::MAX))
    .fetch_all(&mut *db)
    .await?;
    let next = next(db, partition).await?;
    let mut rows: Vec<_> = rows.into_iter().map(|(it, due, id)| (due.to_jiff(), id, it)).collect();
    rows.sort_by_key(|(due, id, _)| (*due, *id)); // `returning` keeps no order.
    let read = |(_, _, body): (Timestamp, Uuid, Vec<u8>)| serde_json::from_slice(&body);
    let envelopes = rows.into_iter().map(read).collect::<Result<_, _>>();
    Ok(Rung { envelopes: envelopes.context("a timer is an envelope")?, next })
}

/// When the next timer is due.
pub(crate) async fn next(
    db: &mut PgConnection,
    partition: Partition,
) -> sqlx::Result<Option<Timestamp>> {
    let next: Option<SqlTimestamp> =
        sqlx::query_scalar("select due from timer where partition = $1 order by due, id limit 1")
            .bind(partition.column())
            .fetch_optional(db)
            .await?;
    Ok(next.map(SqlTimestamp::to_jiff))
}

/// Timers that were set.
#[derive(Default)]
pub struct Set {
    /// The soonest of this partition.
    pub(crate) soonest: Option<Timestamp>,
    /// Other partitions that have one now.
    pub(crate) others: BTreeSet<u32>,
}

/// A timer, and where it rings.
pub(crate) struct Placed<'a> {
    pub(crate) partition: u32,
    pub(crate) due: Timestamp,
    pub(crate) envelope: &'a Envelope,
}

/// Finds the timers among what is said, and the partition of each.
pub(crate) fn place(own: Partition, said: &[Sealed]) -> anyhow::Result<(Vec<Placed<'_>>, Set)> {
    let (mut placed, mut set) = (Vec::new(), Set::default());
    for timer in said.iter().filter(|it| it.contract.kind == Kind::Timer) {
        let partition = Partition::about(&timer.envelope.key, own.of);
        let due = timer.due.context("a timer has a time")?;
        if partition == own {
            set.soonest = Some(set.soonest.map_or(due, |it| it.min(due)));
        } else {
            set.others.insert(partition.number);
        }
        placed.push(Placed { partition: partition.number, due, envelope: &timer.envelope });
    }
    Ok((placed, set))
}

/// Sets timers, each in the partition of its key.
pub(crate) async fn set(
    db: &mut PgConnection,
    own: Partition,
    said: &[Sealed],
) -> anyhow::Result<Set> {
    let (placed, set) = place(own, said)?;
    if placed.is_empty() {
        return Ok(set);
    }
    let bodies: Vec<Vec<u8>> =
        placed.iter().map(|it| serde_json::to_vec(it.envelope)).collect::<Result<_, _>>()?;
    sqlx::query(
        "insert into timer (id, partition, due, envelope)
         select * from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::bytea[])",
    )
    .bind(placed.iter().map(|it| it.envelope.id.0).collect::<Vec<Uuid>>())
    .bind(placed.iter().map(|it| it.partition.cast_signed()).collect::<Vec<i32>>())
    .bind(placed.iter().map(|it| it.due.to_sqlx()).collect::<Vec<SqlTimestamp>>())
    .bind(bodies)
    .execute(db)
    .await?;
    Ok(set)
}
