//! What the tables of the business hold, as a number each: the same rows, the same number, in
//! whatever order they stand.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::books::connect;

/// The tables of the log, of the deployment and of who may do what: hearing pages again may and does
/// change them. All others are the business's.
const NOT_BUSINESS: [&str; 13] = [
    // The log.
    "deployment",
    "migration",
    "position",
    "page",
    "outlet",
    "timer",
    "answer",
    "parked",
    "discarded",
    // Who gets in, at the gateway.
    "access_key",
    "person",
    "session",
    "access_log",
];

/// By service and table: rows, and the sums of two hashes of each row.
pub type Hashes = BTreeMap<String, BTreeMap<String, String>>;

/// What each business table of a database holds: `<rows> <hash>-<hash>`, by the table's name. Reads
/// one moment.
pub async fn hash_tables(url: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let name = PgConnectOptions::from_str(url).context("the address of a database")?;
    let name = name.get_database().unwrap_or("database").to_owned();
    let mut db = connect(&name, url).await?;
    db.execute("begin isolation level repeatable read read only").await?;
    let hashes = hash_all(&mut db).await.with_context(|| format!("the tables of {name}"))?;
    db.close().await?;
    Ok(hashes)
}

/// The same for each of these databases, by their services.
pub async fn hash_databases(urls: &BTreeMap<String, String>) -> anyhow::Result<Hashes> {
    let mut hashes = Hashes::new();
    for (service, url) in urls {
        hashes.insert(service.clone(), hash_tables(url).await?);
    }
    Ok(hashes)
}

/// The business tables that this connection sees.
pub async fn hash_all(db: &mut PgConnection) -> anyhow::Result<BTreeMap<String, String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select tablename::text from pg_tables
          where schemaname = 'public' and tablename <> all($1) order by tablename",
    )
    .bind(NOT_BUSINESS.map(str::to_owned).to_vec())
    .fetch_all(&mut *db)
    .await?;
    let mut hashes = BTreeMap::new();
    for table in tables {
        // A name from the catalogue, in quotation marks.
        let sql = format!(
            "select format('%s %s-%s', count(*),
                           coalesce(sum(hashtextextended(it::text, 1)::numeric), 0),
                           coalesce(sum(hashtextextended(it::text, 2)::numeric), 0))
               from \"{}\" as it",
            table.replace('"', "\"\"")
        );
        let hash: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *db).await?;
        hashes.insert(table, hash);
    }
    Ok(hashes)
}
