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
    try_join_all(all.into_iter().map(|it| it.fill(orders.div_ceil(TOGETHER)))).await?;
    Ok(orders * 1_000 / watch.millis().max(1))
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

    async fn fill(mut self, transactions: u64) -> anyhow::Result<()> {
        let transactions = i64::try_from(transactions)?;
        for nth in 0..transactions {
            let mut tx = self.db.begin().await?;
            for (table, blocks) in &self.tables {
                let block = |nth: i64| format!("({},0)", nth * blocks / transactions);
                let copy = format!(
                    "insert into copy_of_{table} overriding system value
                     select * from {table} where ctid >= $1::tid and ctid < $2::tid"
                );
                let copy = sqlx::query(AssertSqlSafe(copy)).bind(block(nth)).bind(block(nth + 1));
                copy.execute(&mut *tx).await?;
            }
            tx.commit().await?;
        }
        Ok(self.db.close().await?)
    }
}
