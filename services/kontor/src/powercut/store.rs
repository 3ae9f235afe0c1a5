//! Rows as services write them: a position that is moved on, and a page, in one transaction.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};

const TABLES: &str = "
    create table position (partition integer primary key, version bigint not null);
    create table page (partition integer not null, number bigint not null, body bytea not null,
                       primary key (partition, number))";

/// Makes the tables, with so many partitions.
pub(super) async fn set_up(at: &PgConnectOptions, partitions: u32) -> anyhow::Result<()> {
    let mut db = PgConnection::connect_with(at).await?;
    db.execute(TABLES).await?;
    sqlx::query("insert into position select nth, 0 from generate_series(0, $1 - 1) as nth")
        .bind(i32::try_from(partitions)?)
        .execute(&mut db)
        .await?;
    Ok(db.close().await?)
}

/// Writes the page of this number, after the one before it. Whether it was its turn.
pub(super) async fn write(
    db: &mut PgConnection,
    partition: i32,
    number: i64,
    body: &[u8],
) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let moved = sqlx::query(
        "update position set version = version + 1 where partition = $1 and version = $2 - 1",
    )
    .bind(partition)
    .bind(number)
    .execute(&mut *tx)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("insert into page (partition, number, body) values ($1, $2, $3)")
        .bind(partition)
        .bind(number)
        .bind(body)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// The position of a partition; 0 if it is gone, with all of the table perhaps: a server that writes
/// nothing down may lose that, too.
pub(super) async fn position(db: &mut PgConnection, partition: i32) -> anyhow::Result<i64> {
    let version = sqlx::query_scalar("select version from position where partition = $1");
    let version = version.bind(partition).fetch_optional(db).await;
    Ok(unless_gone(version)?.flatten().unwrap_or_default())
}

/// Nothing, if the table is gone (SQLSTATE 42P01).
fn unless_gone<T>(read: sqlx::Result<T>) -> sqlx::Result<Option<T>> {
    match read {
        Err(sqlx::Error::Database(it)) if it.code().as_deref() == Some("42P01") => Ok(None),
        read => read.map(Some),
    }
}

/// The pages of a partition from this number on, in order.
pub(super) async fn pages(
    db: &mut PgConnection,
    partition: i32,
    from: i64,
) -> anyhow::Result<Vec<(i64, Vec<u8>)>> {
    let pages = sqlx::query_as(
        "select number, body from page where partition = $1 and number >= $2 order by number",
    );
    let pages = pages.bind(partition).bind(from).fetch_all(db).await;
    Ok(unless_gone(pages)?.unwrap_or_default())
}
