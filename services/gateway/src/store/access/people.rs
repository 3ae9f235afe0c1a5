//! People, and who of them is signed in.

use contracts::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{By, Rights};
use crate::access::Hashed;
use crate::store::time;

const ALL: &str = "
    select name, password, roles, channel, warehouse, tier, disabled, made_at
      from person
     where ($1::text is null or name = $1) and ($2::text is null or name > $2)
     order by name
     limit $3";

// A password that is not given stays as it is. Whoever is changed signs in again.
const PUT: &str = "
    with put as (
        insert into person (name, password, roles, channel, warehouse, tier, disabled, made_at)
        select $1, $2, $3, $4, $5, $6, $7, $8
         where not exists (select from access_key where name = $1)
           and ($2 <> '' or exists (select from person where name = $1))
            on conflict (name) do update
           set password = case when $2 = '' then person.password else $2 end,
               roles = $3, channel = $4, warehouse = $5, tier = $6, disabled = $7
     returning name, xmax = 0 as is_new),
    gone as (delete from session where person = $1)
    insert into access_log (at, who, what, about, detail)
    select $8, $9, case when is_new then 'person.made' else 'person.changed' end, name, $10
      from put";

// Whoever changes their password stays signed in where they did so, and nowhere else.
const PASSWORD: &str = "
    with changed as (update person set password = $2 where name = $1 returning name),
    gone as (delete from session where person = $1 and token <> $4)
    insert into access_log (at, who, what, about, detail)
    select $3, name, 'person.password', name, '' from changed";

const SIGN_IN: &str = "
    insert into session (token, person, made_at, used_at, ends_at) values ($1, $2, $3, $3, $4)";

const SIGN_OUT: &str = "delete from session where token = $1";

// What nobody can use any more is put away when somebody signs in.
const SWEEP: &str = "delete from session where ends_at < $1 or used_at < $2";

const SIGNED_IN: &str = "
    select name, password, roles, channel, warehouse, tier, disabled, person.made_at, used_at,
           ends_at
      from session join person on person.name = session.person
     where token = $1";

const USED: &str = "update session set used_at = $2 where token = $1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[ALL, PUT, PASSWORD, SIGN_IN, SIGN_OUT, SWEEP, SIGNED_IN, USED];

/// A person as they are kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PersonRow {
    pub(crate) name: String,
    /// argon2id; empty where it is to stay as it is.
    pub(crate) password: String,
    pub(crate) rights: Rights,
    pub(crate) tier: u8,
    pub(crate) disabled: bool,
    pub(crate) made_at: Timestamp,
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionRow {
    pub(crate) person: PersonRow,
    pub(crate) used_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

/// The person of this name.
pub(crate) async fn person(db: &PgPool, name: &str) -> sqlx::Result<Option<PersonRow>> {
    let none: Option<&str> = None;
    let query = sqlx::query(ALL).bind(name).bind(none).bind(1_i64);
    query.fetch_optional(db).await?.as_ref().map(read).transpose()
}

/// People, by their names, after this one.
pub(crate) async fn all(
    db: &PgPool,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<PersonRow>> {
    let none: Option<&str> = None;
    let query = sqlx::query(ALL).bind(none).bind(after).bind(limit);
    query.fetch_all(db).await?.iter().map(read).collect()
}

/// Makes a person known, or changes what they may do; they are signed out. Tells whether that was
/// possible: the name is not a key's, and somebody new has a password.
pub(crate) async fn put(db: &PgPool, person: &PersonRow, by: &By<'_>) -> sqlx::Result<bool> {
    let words = person.rights.words();
    let password = if person.password.is_empty() { "" } else { ", with a password" };
    let disabled = if person.disabled { ", disabled" } else { "" };
    let detail = format!("{words}, tier {}{disabled}{password}", person.tier);
    let done = sqlx::query(PUT)
        .bind(&person.name)
        .bind(&person.password)
        .bind(person.rights.roles())
        .bind(person.rights.channel())
        .bind(person.rights.warehouse())
        .bind(i16::from(person.tier))
        .bind(person.disabled)
        .bind(by.at.to_sqlx())
        .bind(by.who)
        .bind(detail)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a person another password; they stay signed in here alone.
pub(crate) async fn set_password(
    db: &PgPool,
    password: &str,
    here: &Hashed,
    by: &By<'_>,
) -> sqlx::Result<bool> {
    let query = sqlx::query(PASSWORD).bind(by.who).bind(password).bind(by.at.to_sqlx());
    Ok(query.bind(&here.0).execute(db).await?.rows_affected() == 1)
}

/// Signs somebody in until then, and puts away the sessions that nobody used since `idle`.
pub(crate) async fn sign_in(
    db: &PgPool,
    token: &Hashed,
    by: &By<'_>,
    until: Timestamp,
    idle: Timestamp,
) -> sqlx::Result<()> {
    let (now, until) = (by.at.to_sqlx(), until.to_sqlx());
    sqlx::query(SWEEP).bind(now).bind(idle.to_sqlx()).execute(db).await?;
    let query = sqlx::query(SIGN_IN).bind(&token.0).bind(by.who).bind(now).bind(until);
    query.execute(db).await.map(drop)
}

pub(crate) async fn sign_out(db: &PgPool, token: &Hashed) -> sqlx::Result<()> {
    sqlx::query(SIGN_OUT).bind(&token.0).execute(db).await.map(drop)
}

/// Whose token this is.
pub(crate) async fn signed_in(db: &PgPool, token: &Hashed) -> sqlx::Result<Option<SessionRow>> {
    let row = sqlx::query(SIGNED_IN).bind(&token.0).fetch_optional(db).await?;
    let session = |row: &PgRow| {
        let (used_at, ends_at) = (time(row, "used_at")?, time(row, "ends_at")?);
        Ok(SessionRow { person: read(row)?, used_at, ends_at })
    };
    row.as_ref().map(session).transpose()
}

/// Notes when a session was used last.
pub(crate) async fn used(db: &PgPool, token: &Hashed, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query(USED).bind(&token.0).bind(at.to_sqlx()).execute(db).await.map(drop)
}

fn read(row: &PgRow) -> sqlx::Result<PersonRow> {
    let tier: i16 = row.try_get("tier")?;
    Ok(PersonRow {
        name: row.try_get("name")?,
        password: row.try_get("password")?,
        rights: Rights::read(row)?,
        tier: u8::try_from(tier).unwrap_or(1),
        disabled: row.try_get("disabled")?,
        made_at: time(row, "made_at")?,
    })
}
