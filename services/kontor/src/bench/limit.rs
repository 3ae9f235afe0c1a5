//! What the machine could do at most: the rows that the orders left behind, written once more with no
//! rule, no message and no reading, by every service at the same time. Each row counts once, as it is
//! in the end, though many were written several times.

use std::collections::BTreeMap;

use anyhow::Context;
use chassis::Account;
use chassis::clock::Stopwatch;
use futures::future::try_join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// How many orders one transaction writes the rows of.
const TOGETHER: u64 = 128;

const TABLES: &str = "
    select relname::text, pg_relation_size(oid) / current_setting('block_size')::bigint
      from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_relation_size(oid) > 0";

/// A service's tables, and copies of them that are empty.
struct Copies {
    db: PgConnection,
    /// Name and blocks.
    tables: Vec<(String, i64)>,
}

/// Writes the rows of these orders once more. Returns orders a second.
pub(super) async fn rate(accounts: &BTreeMap<String, Account>, orders: u64) -> anyhow::Result<u64> {
    let mut all = Vec::new();
    for account in accounts.values() {
        all.push(Copies::make(account).await?);
    }
    let watch = Stopwatch::start();
    let fill = all.iter_mut().map(|it| it.fill(orders.div_ceil(TOGETHER)));
    try_join_all(fill).await?;
    let took = watch.millis().max(1);
    for copies in all {
        copies.remove().await?;
    }
    Ok(orders * 1_000 / took)
}

/// What the rows of one table cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// `<service>.<table>`
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// How many indexes they are in.
    pub(super) indexes: u64,
    /// How long it takes to write them, nothing else at work.
    pub(super) micros: u64,
}

const SIZE: &str = "
    select (select count(*) from pg_index where indrelid = it.oid),
           pg_relation_size(it.oid)
      from pg_class it where oid = $1::text::regclass";

/// Writes the rows of these orders once more, one table after the other: which cost most?
pub(super) async fn tables(
    accounts: &BTreeMap<String, Account>,
    orders: u64,
) -> anyhow::Result<Vec<Table>> {
    let mut all = Vec::new();
    for (service, account) in accounts {
        let mut copies = Copies::make(account).await?;
        for table in std::mem::take(&mut copies.tables) {
            let (watch, name) = (Stopwatch::start(), format!("{service}.{}", table.0));
            copies.tables.push(table.clone());
            // In few transactions: what beginning and ending them costs is no cost of rows.
            let rows = copies.fill(orders.div_ceil(TOGETHER * 64)).await?;
            let micros = u64::try_from(watch.elapsed().as_micros())?;
            let (indexes, bytes): (i64, i64) =
                sqlx::query_as(SIZE).bind(&table.0).fetch_one(&mut copies.db).await?;
            let (indexes, bytes) = (indexes.unsigned_abs(), bytes.unsigned_abs());
            all.push(Table { name, rows, bytes, indexes, micros });
            copies.tables.clear();
        }
        copies.db.close().await?;
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.micros));
    Ok(all)
}

impl Copies {
    async fn make(account: &Account) -> anyhow::Result<Self> {
        let mut db = PgConnection::connect_with(&account.database).await?;
        let tables: Vec<(String, i64)> = sqlx::query_as(TABLES).fetch_all(&mut db).await?;
        for (table, _) in &tables {
            let copy = format!("create table copy_of_{table} (like {table} including all)");
            sqlx::query(AssertSqlSafe(copy)).execute(&mut db).await.context("a copy")?;
        }
        Ok(Self { db, tables })
    }

    /// Returns how many rows it wrote.
    async fn fill(&mut self, transactions: u64) -> anyhow::Result<u64> {
        let transactions = i64::try_from(transactions)?;
        let mut rows = 0;
        for nth in 0..transactions {
            let mut tx = self.db.begin().await?;
            for (table, blocks) in &self.tables {
                let block = |nth: i64| format!("({},0)", nth * blocks / transactions);
                let copy = format!(
                    "insert into copy_of_{table} overriding system value
                     select * from {table} where ctid >= $1::tid and ctid < $2::tid"
                );
                let copy = sqlx::query(AssertSqlSafe(copy)).bind(block(nth)).bind(block(nth + 1));
                rows += copy.execute(&mut *tx).await?.rows_affected();
            }
            tx.commit().await?;
        }
        Ok(rows)
    }

    async fn remove(mut self) -> anyhow::Result<()> {
        for (table, _) in &self.tables {
            let drop = AssertSqlSafe(format!("drop table copy_of_{table}"));
            sqlx::query(drop).execute(&mut self.db).await.context("a copy")?;
        }
        Ok(self.db.close().await?)
    }
}
