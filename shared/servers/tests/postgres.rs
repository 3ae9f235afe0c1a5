//! A real Postgres: found or fetched, started, stopped and killed.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use servers::{Home, Postgres, PostgresOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

/// An empty home, and a server in it.
async fn start(name: &str, durable: bool) -> anyhow::Result<Postgres> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    drop(fs::remove_dir_all(root.join(name)));
    let shared = Home::open(&root.join("shared"), &|_| ())?;
    let binaries = servers::postgres_binaries(&shared, &|_| ()).await?;
    let home = Home::open(&root.join(name), &|_| ())?;
    Postgres::start(&binaries, &home, PostgresOptions { durable, port: None }).await
}

async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    Ok(PgConnection::connect_with(&PgConnectOptions::from_str(url)?).await?)
}

#[tokio::test]
async fn a_role_has_its_own_database_and_no_other() -> anyhow::Result<()> {
    let mut postgres = start("roles", false).await?;
    for _ in 0..2 {
        postgres.create_role_and_database("credit", "it's / secret").await?;
    }
    postgres.create_role_and_database("in-take", "other").await?;
    let mut db = connect(&postgres.url("credit", "credit", "it's / secret")).await?;
    db.execute("create table account (id int)").await?;
    let scans: String = sqlx::query_scalar("show enable_seqscan").fetch_one(&mut db).await?;
    assert_eq!(scans, "off");
    connect(&postgres.url("in-take", "in-take", "other")).await?;
    let other = connect(&postgres.url("in-take", "credit", "it's / secret")).await;
    assert!(other.unwrap_err().to_string().contains("permission denied"));
    let wrong = connect(&postgres.url("credit", "credit", "other")).await;
    assert!(wrong.unwrap_err().to_string().contains("password authentication failed"));
    postgres.stop().await
}

#[tokio::test]
async fn what_was_committed_survives() -> anyhow::Result<()> {
    let mut postgres = start("survives", true).await?;
    let mut db = PgConnection::connect_with(&postgres.superuser()).await?;
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let set = format!("select current_setting('{setting}')");
        let set: String = sqlx::query_scalar(sqlx::AssertSqlSafe(set)).fetch_one(&mut db).await?;
        assert_eq!((setting, set.as_str()), (setting, "on"));
    }
    db.execute("create table kept (number int)").await?;
    db.execute("insert into kept values (1)").await?;
    postgres.stop().await?;
    assert!(PgConnection::connect_with(&postgres.superuser()).await.is_err(), "it is down");
    postgres.restart().await?;
    let mut db = PgConnection::connect_with(&postgres.superuser()).await?;
    db.execute("insert into kept values (2)").await?;
    postgres.kill9().await?;
    postgres.restart().await?;
    let mut db = PgConnection::connect_with(&postgres.superuser()).await?;
    let kept: i64 = sqlx::query_scalar("select sum(number) from kept").fetch_one(&mut db).await?;
    assert_eq!(kept, 3);
    postgres.stop().await
}
