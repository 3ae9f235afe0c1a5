//! Keys of machines.

use contracts::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{By, Rights, names, optional};
use crate::access::{Action, Hashed};
use crate::store::{some_time, time};

macro_rules! columns {
    () => {
        "id, name, roles, channel, warehouse, actions, secret, old_secret, old_until, made_at,
         expires_at, revoked_at, used_at"
    };
}

const KEY: &str = concat!("select ", columns!(), " from access_key where id = $1");

const ALL: &str = concat!(
    "select ",
    columns!(),
    " from access_key where $1::text is null or name > $1 order by name limit $2"
);

const MAKE: &str = "
    with made as (
        insert into access_key (id, name, roles, channel, warehouse, actions, secret, made_at,
               expires_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9
         where not exists (select from person where name = $2)
            on conflict (name) do nothing
     returning id)
    insert into access_log (at, who, what, about, detail)
    select $8, $10, 'key.made', id, $11 from made";

const ROTATE: &str = "
    with rotated as (
        update access_key
           set old_secret = secret, old_until = $3, secret = $2
         where id = $1 and revoked_at is null
     returning id)
    insert into access_log (at, who, what, about, detail)
    select $4, $5, 'key.rotated', id, $6 from rotated";

const REVOKE: &str = "
    with revoked as (
        update access_key set revoked_at = $2
         where id = $1 and revoked_at is null
     returning id)
    insert into access_log (at, who, what, about, detail)
    select $2, $3, 'key.revoked', id, '' from revoked";

const USED: &str = "update access_key set used_at = $2 where id = $1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[KEY, ALL, MAKE, ROTATE, REVOKE, USED];

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) rights: Rights,
    /// What it is narrowed to.
    pub(crate) only: Option<Vec<Action>>,
    pub(crate) secret: Hashed,
    /// The secret before, and until when it is valid.
    pub(crate) old: Option<(Hashed, Timestamp)>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) used_at: Option<Timestamp>,
}

/// The key of this id.
pub(crate) async fn key(db: &PgPool, id: &str) -> sqlx::Result<Option<KeyRow>> {
    let row = sqlx::query(KEY).bind(id).fetch_optional(db).await?;
    row.as_ref().map(read).transpose()
}

/// Keys, by their names, after this one.
pub(crate) async fn all(db: &PgPool, after: Option<&str>, limit: i64) -> sqlx::Result<Vec<KeyRow>> {
    sqlx::query(ALL).bind(after).bind(limit).fetch_all(db).await?.iter().map(read).collect()
}

/// Keeps a new key. Tells whether its name was free.
pub(crate) async fn make(db: &PgPool, key: &KeyRow, by: &By<'_>) -> sqlx::Result<bool> {
    let only = key.only.as_deref().map(names);
    let narrowed = only.as_ref().map(|it| format!(", only {}", it.join(", "))).unwrap_or_default();
    let until = key.expires_at.map(|it| format!(", until {it}")).unwrap_or_default();
    let detail = format!("{}: {}{narrowed}{until}", key.name, key.rights.words());
    let done = sqlx::query(MAKE)
        .bind(&key.id)
        .bind(&key.name)
        .bind(key.rights.roles())
        .bind(key.rights.channel())
        .bind(key.rights.warehouse())
        .bind(only)
        .bind(&key.secret.0)
        .bind(by.at.to_sqlx())
        .bind(optional(key.expires_at))
        .bind(by.who)
        .bind(detail)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the key another secret; the one that it has stays valid until then. Tells whether there is
/// such a key, not revoked.
pub(crate) async fn rotate(
    db: &PgPool,
    id: &str,
    secret: &Hashed,
    until: Timestamp,
    by: &By<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(ROTATE)
        .bind(id)
        .bind(&secret.0)
        .bind(until.to_sqlx())
        .bind(by.at.to_sqlx())
        .bind(by.who)
        .bind(format!("the old one until {until}"))
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the key for good. Tells whether there is such a key, not revoked.
pub(crate) async fn revoke(db: &PgPool, id: &str, by: &By<'_>) -> sqlx::Result<bool> {
    let query = sqlx::query(REVOKE).bind(id).bind(by.at.to_sqlx()).bind(by.who);
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Notes when the key was used last.
pub(crate) async fn used(db: &PgPool, id: &str, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query(USED).bind(id).bind(at.to_sqlx()).execute(db).await.map(drop)
}

fn read(row: &PgRow) -> sqlx::Result<KeyRow> {
    let only: Option<Vec<String>> = row.try_get("actions")?;
    let old: Option<Vec<u8>> = row.try_get("old_secret")?;
    Ok(KeyRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        rights: Rights::read(row)?,
        // What this version does not know it does not allow.
        only: only.map(|it| it.iter().filter_map(|it| it.parse().ok()).collect()),
        secret: Hashed(row.try_get("secret")?),
        old: old.map(Hashed).zip(some_time(row, "old_until")?),
        made_at: time(row, "made_at")?,
        expires_at: some_time(row, "expires_at")?,
        revoked_at: some_time(row, "revoked_at")?,
        used_at: some_time(row, "used_at")?,
    })
}
