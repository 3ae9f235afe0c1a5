//! Work lists: orders for which somebody has to look, and how many there are.

use contracts::{OrderId, Timestamp};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::views::ShortPick;

/// What makes an order wait for supply, or for a person. `$1` are the statuses of orders that are not
/// over, so that only those are looked at; `$2` is now.
macro_rules! waits {
    () => {
        "status = any($1)
       and (status = 'backordered'
            or summary -> 'sourcing' ->> 'state' in ('backordered', 'failed', 'short', 'lapsed')
            or (summary ->> 'cancelling')::boolean
            or (summary -> 'sourcing' ->> 'estimate')::timestamptz < $2)"
    };
}

/// Whether what was short still has to come from somewhere.
macro_rules! lacks {
    () => {
        "status = any($1) and summary -> 'sourcing' ->> 'state' is distinct from 'claimed'"
    };
}

const SAVE_SHORTS: &str = "
    insert into short_pick (order_id, pick, warehouse, units, at)
    select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::timestamptz[])
        on conflict do nothing";

const REVIEWS: &str = concat!(
    "
    select order_id from order_state
     where ",
    waits!(),
    "
     order by status_at, order_id
     limit $3"
);

const SHORTS: &str = concat!(
    "
    select order_id, pick, warehouse, units, at, coalesce(",
    lacks!(),
    ", false) as lacks
      from short_pick join order_state using (order_id)
     order by lacks desc, case when ",
    lacks!(),
    " then at end, at desc, order_id, pick
     limit $2"
);

const COUNTS: &str = concat!(
    "
    select (select count(*) from order_state where status = 'credit_hold'),
           (select count(*) from short_pick join order_state using (order_id) where ",
    lacks!(),
    "),
           (select count(*) from order_state where ",
    waits!(),
    ")"
);

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[SAVE_SHORTS, REVIEWS, SHORTS, COUNTS];

/// How many wait on each list that the views know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) holds: i64,
    pub(crate) shorts: i64,
    pub(crate) reviews: i64,
}

pub(super) async fn save_shorts(db: &mut PgConnection, shorts: &[ShortPick]) -> sqlx::Result<()> {
    sqlx::query(SAVE_SHORTS)
        .bind(shorts.iter().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(shorts.iter().map(|it| it.pick).collect::<Vec<i32>>())
        .bind(shorts.iter().map(|it| it.warehouse.as_str()).collect::<Vec<&str>>())
        .bind(shorts.iter().map(|it| it.units).collect::<Vec<i64>>())
        .bind(shorts.iter().map(|it| it.at.to_sqlx()).collect::<Vec<SqlTimestamp>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Orders that wait for supply or for a person, those first that are longest where they are. `open`
/// are the statuses of orders that are not over.
pub(crate) async fn reviews(
    db: &PgPool,
    open: &[&str],
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(REVIEWS).bind(open).bind(now.to_sqlx()).bind(limit).fetch_all(db).await
}

/// Short picks, and whether what was short still has to come from somewhere: those first, the oldest
/// before the others, then the rest, the latest first.
pub(crate) async fn shorts(
    db: &PgPool,
    open: &[&str],
    limit: i64,
) -> sqlx::Result<Vec<(ShortPick, bool)>> {
    type Row = (Uuid, i32, String, i64, SqlTimestamp, bool);
    let rows: Vec<Row> = sqlx::query_as(SHORTS).bind(open).bind(limit).fetch_all(db).await?;
    let short = |(order, pick, warehouse, units, at, lacks): Row| {
        (ShortPick { order: OrderId(order), pick, warehouse, units, at: at.to_jiff() }, lacks)
    };
    Ok(rows.into_iter().map(short).collect())
}

/// How many wait on each list.
pub(crate) async fn waiting(db: &PgPool, open: &[&str], now: Timestamp) -> sqlx::Result<Waiting> {
    let counted: (i64, i64, i64) =
        sqlx::query_as(COUNTS).bind(open).bind(now.to_sqlx()).fetch_one(db).await?;
    let (holds, shorts, reviews) = counted;
    Ok(Waiting { holds, shorts, reviews })
}
