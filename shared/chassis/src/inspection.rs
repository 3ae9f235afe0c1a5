//! What a service's books tell of how it stands, for whoever looks from outside: nothing is changed,
//! and nobody is waited for.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::{Account, Desk, Heard, LOG};

/// How a service stands, by its books.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Steps of the schema that were not taken yet, in their order.
    pub missing: Vec<String>,
    /// Steps that were taken, and are others now: the service will not start.
    pub changed: Vec<String>,
    /// Into how many partitions the work was divided when the database was set up; nothing before.
    pub partitions: Option<u32>,
    /// Where each partition is that was ever owned, or is owned.
    pub places: BTreeMap<u32, Place>,
    /// How many inputs are parked.
    pub parked: i64,
}

/// Where a partition of a service is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Whether a replica holds its lock.
    pub owned: bool,
    /// For each service listened to, the last page taken, as it is written down: it may be further in
    /// memory, for a moment.
    pub heard: Heard,
    /// The last page said; 0 before the first.
    pub said: i64,
    /// The last page whose public messages were published; 0 before the first.
    pub published: i64,
}

const IS_SET_UP: &str = "select to_regclass('migration') is not null";

/// Locks of two numbers: the first is a hash, kept without its sign.
const OWNED: &str = "
    select objid::bigint
      from pg_locks
     where locktype = 'advisory' and granted and objsubid = 2
       and database = (select oid from pg_database where datname = current_database())
       and classid::bigint = hashtext('kontor partition')::bigint & 4294967295";

/// Looks into the books of a service. An error is one of the database: it is not there, or does not
/// let us in.
pub async fn inspect(account: &Account, desk: &dyn Desk) -> sqlx::Result<Inspection> {
    let mut db = account.database.clone().connect().await?;
    let mut found = Inspection::default();
    if sqlx::query_scalar(IS_SET_UP).fetch_one(&mut db).await? {
        let taken: Vec<(String, String)> =
            sqlx::query_as("select name, sql from migration").fetch_all(&mut db).await?;
        let taken: BTreeMap<String, String> = taken.into_iter().collect();
        for step in LOG.iter().chain(desk.migrations()) {
            match taken.get(step.name) {
                None => found.missing.push(step.name.to_owned()),
                Some(sql) if sql != step.sql => found.changed.push(step.name.to_owned()),
                Some(_) => {}
            }
        }
    } else {
        let all = LOG.iter().chain(desk.migrations());
        found.missing = all.map(|it| it.name.to_owned()).collect();
    }
    if !LOG.iter().any(|it| found.missing.iter().any(|missing| missing == it.name)) {
        look(&mut db, &mut found).await?;
    }
    db.close().await?;
    Ok(found)
}

/// Reads the tables of the log.
async fn look(db: &mut PgConnection, found: &mut Inspection) -> sqlx::Result<()> {
    let partitions: Option<i32> =
        sqlx::query_scalar("select partitions from deployment").fetch_optional(&mut *db).await?;
    found.partitions = partitions.map(i32::cast_unsigned);
    found.parked = sqlx::query_scalar("select count(*) from parked").fetch_one(&mut *db).await?;
    let owned: Vec<i64> = sqlx::query_scalar(OWNED).fetch_all(&mut *db).await?;
    let owned: BTreeSet<u32> = owned.into_iter().filter_map(|it| it.try_into().ok()).collect();
    for partition in owned {
        found.places.entry(partition).or_default().owned = true;
    }
    let heard: Vec<(i32, Json<Heard>)> =
        sqlx::query_as("select partition, heard from position").fetch_all(&mut *db).await?;
    for (partition, Json(heard)) in heard {
        found.places.entry(partition.cast_unsigned()).or_default().heard = heard;
    }
    let published: Vec<(i32, i64)> =
        sqlx::query_as("select partition, number from outlet").fetch_all(&mut *db).await?;
    for (partition, number) in published {
        found.places.entry(partition.cast_unsigned()).or_default().published = number;
    }
    for (partition, place) in &mut found.places {
        let last = "select max(number) from page where partition = $1";
        let said: Option<i64> =
            sqlx::query_scalar(last).bind(partition.cast_signed()).fetch_one(&mut *db).await?;
        place.said = said.unwrap_or_default();
    }
    Ok(())
}
