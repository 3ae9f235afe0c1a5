//! Where the views are kept.

pub(crate) mod access;
mod change;
mod channels;
mod head;
mod read;
mod rows;
mod saved;
mod stream;
mod work;

use std::collections::BTreeSet;

use chassis::{Batch, Partition};
use contracts::{OrderId, Status};
use jiff_sqlx::{Timestamp, ToSqlx};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

pub(crate) use change::{parts, states};
pub(crate) use channels::channels;
pub(crate) use head::{Head, terms};
pub(crate) use stream::{stream, stream_levels};

pub(crate) use read::{
    Filter, Place, Sort, heard, is_awake, is_foreign, level_of, levels, lines_of, list, named,
    order_of, orders_of, timeline_of, versions_of,
};

pub(crate) use saved::{SavedView, forget_view, save_view, views_of};
pub(crate) use work::{Waiting, reviews, shorts, waiting};

use crate::Inbound;
use crate::summary::Summary;
use crate::timeline::Entry;
use crate::views::{Times, View, Views, about};

/// States as columns.
macro_rules! states {
    () => {
        "unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[],
                  $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[],
                  $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
                  $14::text[])
        as new (order_id, status, status_number, status_at, reason, version, priority, changed_at,
                confirmed_at, released_at, shipped_at, delivered_at, completed_at, summary)"
    };
}

const LOAD: &str = "
    select order_id, status, status_number, status_at, reason, version, priority, changed_at,
           confirmed_at, released_at, shipped_at, delivered_at, completed_at, summary
      from order_state
     where order_id = any($1::uuid[])";

// An order's rows are written by its own partition alone, which knows whether they are there: to ask
// the index first, as an upsert does, costs a third of the statement.
const ADD_STATES: &str = concat!(
    "
    insert into order_state (order_id, status, status_number, status_at, reason, version, priority,
           changed_at, confirmed_at, released_at, shipped_at, delivered_at, completed_at, summary)
    select order_id, status, status_number, status_at, reason, version, priority, changed_at,
           confirmed_at, released_at, shipped_at, delivered_at, completed_at, summary::json
      from ",
    states!()
);

const SAVE_STATES: &str = concat!(
    "
    update order_state
       set status = new.status, status_number = new.status_number, status_at = new.status_at,
           reason = new.reason, version = new.version, priority = new.priority,
           changed_at = new.changed_at, confirmed_at = new.confirmed_at,
           released_at = new.released_at, shipped_at = new.shipped_at,
           delivered_at = new.delivered_at, completed_at = new.completed_at,
           summary = new.summary::json
      from ",
    states!(),
    "
     where order_state.order_id = new.order_id"
);

const ADD_TIMELINE: &str = "
    insert into timeline_part (order_id, number, entries)
    select order_id, number, entries::json
      from unnest($1::uuid[], $2::bigint[], $3::text[]) as new (order_id, number, entries)";

// Shared by all partitions, yet nothing is read before it is written: one statement opens, locks
// and compares each row, and all partitions do so in the same order.
const SAVE_LEVELS: &str = "
    insert into stock_level (sku, number, sellable, warehouses, at)
    select sku, number, sellable, warehouses::json, at
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[])
        as new (sku, number, sellable, warehouses, at)
     order by sku
        on conflict (sku) do update
       set number = excluded.number, sellable = excluded.sellable,
           warehouses = excluded.warehouses, at = excluded.at
     where stock_level.number < excluded.number";

#[cfg(test)]
pub(crate) fn statements() -> Vec<&'static str> {
    let mut all = vec![LOAD, head::SAVE_HEADS, ADD_STATES, SAVE_STATES, ADD_TIMELINE, SAVE_LEVELS];
    all.extend(read::STATEMENTS);
    all.extend(access::statements());
    all.extend(saved::STATEMENTS);
    all.extend(work::STATEMENTS);
    all.extend(stream::STATEMENTS);
    all.extend(channels::STATEMENTS);
    all
}

/// The orders that a batch is about.
pub(crate) fn touched(batch: &Batch<Inbound>) -> BTreeSet<OrderId> {
    batch.messages().filter_map(about).collect()
}

/// Reads the orders that the batch is about.
pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> anyhow::Result<Views> {
    let orders = touched(batch);
    if orders.is_empty() {
        return Ok(Views::default());
    }
    let orders: Vec<Uuid> = orders.into_iter().map(Uuid::from).collect();
    let rows = sqlx::query(LOAD).bind(orders).fetch_all(db).await?;
    let view = |row: &PgRow| anyhow::Ok((OrderId(row.try_get("order_id")?), view(row)?));
    Ok(Views { orders: rows.iter().map(view).collect::<Result<_, _>>()?, ..Views::default() })
}

/// Writes down what the batch added and changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    partition: Partition,
    views: &Views,
) -> anyhow::Result<()> {
    let heads = Head::all_of(views)?;
    if !heads.is_empty() {
        head::save(db, partition, &heads).await?;
    }
    if !views.timeline.is_empty() {
        save_states(db, views).await?;
        add_timeline(db, &views.timeline).await?;
    }
    if !views.shorts.is_empty() {
        work::save_shorts(db, &views.shorts).await?;
    }
    if !views.levels.is_empty() {
        save_levels(db, views).await?;
    }
    Ok(())
}

/// Writes the orders that the batch told something new of.
async fn save_states(db: &mut PgConnection, views: &Views) -> anyhow::Result<()> {
    let (added, changed) = states(views);
    write_states(db, ADD_STATES, &added).await?;
    write_states(db, SAVE_STATES, &changed).await
}

async fn write_states(
    db: &mut PgConnection,
    statement: &'static str,
    states: &[(OrderId, &View)],
) -> anyhow::Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let all = || states.iter().map(|it| it.1);
    let number = |of: fn(&View) -> i64| all().map(of).collect::<Vec<i64>>();
    let time = |of: fn(&View) -> contracts::Timestamp| {
        all().map(|it| of(it).to_sqlx()).collect::<Vec<Timestamp>>()
    };
    let first = |of: fn(&Times) -> Option<contracts::Timestamp>| {
        all().map(|it| of(&it.times).map(ToSqlx::to_sqlx)).collect::<Vec<Option<Timestamp>>>()
    };
    let summary = |it: &View| serde_json::to_string(&it.summary);
    sqlx::query(statement)
        .bind(states.iter().map(|it| it.0.0).collect::<Vec<Uuid>>())
        .bind(all().map(|it| it.status.name()).collect::<Vec<&str>>())
        .bind(number(|it| it.status_number))
        .bind(time(|it| it.status_at))
        .bind(all().map(|it| it.reason.as_str()).collect::<Vec<&str>>())
        .bind(number(|it| it.version))
        .bind(all().map(|it| it.priority).collect::<Vec<Option<i64>>>())
        .bind(time(|it| it.changed_at))
        .bind(first(|it| it.confirmed))
        .bind(first(|it| it.released))
        .bind(first(|it| it.shipped))
        .bind(first(|it| it.delivered))
        .bind(first(|it| it.completed))
        .bind(all().map(summary).collect::<Result<Vec<String>, _>>()?)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes what the batch heard of each order as one row.
async fn add_timeline(db: &mut PgConnection, entries: &[Entry]) -> anyhow::Result<()> {
    let parts = parts(entries)?;
    sqlx::query(ADD_TIMELINE)
        .bind(parts.keys().map(|it| it.0).collect::<Vec<Uuid>>())
        .bind(parts.values().map(|it| it.0).collect::<Vec<i64>>())
        .bind(parts.values().map(|it| it.1.as_str()).collect::<Vec<&str>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn save_levels(db: &mut PgConnection, views: &Views) -> anyhow::Result<()> {
    let all = || views.levels.values();
    let warehouses = all().map(|it| serde_json::to_string(&it.warehouses));
    sqlx::query(SAVE_LEVELS)
        .bind(all().map(|it| it.sku.as_str()).collect::<Vec<&str>>())
        .bind(all().map(|it| it.number).collect::<Vec<i64>>())
        .bind(all().map(|it| it.sellable).collect::<Vec<i64>>())
        .bind(warehouses.collect::<Result<Vec<String>, _>>()?)
        .bind(all().map(|it| it.at.to_sqlx()).collect::<Vec<Timestamp>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Reads what of an order changes.
fn view(row: &PgRow) -> anyhow::Result<View> {
    let name: &str = row.try_get("status")?;
    let Json(summary): Json<Summary> = row.try_get("summary")?;
    Ok(View {
        status: Status::named(name)
            .ok_or_else(|| anyhow::anyhow!("{name} is no status that this version knows"))?,
        status_number: row.try_get("status_number")?,
        status_at: time(row, "status_at")?,
        reason: row.try_get("reason")?,
        version: row.try_get("version")?,
        priority: row.try_get("priority")?,
        changed_at: time(row, "changed_at")?,
        times: Times {
            confirmed: some_time(row, "confirmed_at")?,
            released: some_time(row, "released_at")?,
            shipped: some_time(row, "shipped_at")?,
            delivered: some_time(row, "delivered_at")?,
            completed: some_time(row, "completed_at")?,
        },
        summary,
    })
}

fn time(row: &PgRow, column: &str) -> sqlx::Result<contracts::Timestamp> {
    Ok(row.try_get::<Timestamp, _>(column)?.to_jiff())
}

fn some_time(row: &PgRow, column: &str) -> sqlx::Result<Option<contracts::Timestamp>> {
    Ok(row.try_get::<Option<Timestamp>, _>(column)?.map(Timestamp::to_jiff))
}
