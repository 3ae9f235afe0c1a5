use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chassis::Migration;
use contracts::{Timestamp, Uuid};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{
    AssertSqlSafe, Column, Connection, Either, Executor, PgConnection, PgPool, Statement, TypeInfo,
};

/// A database for this test alone, cloned from a template that has the schema already. It is named
/// after the test, so that it can be looked at when the test has failed.
pub(crate) async fn fresh(
    service: &str,
    migrations: &'static [Migration],
) -> anyhow::Result<PgPool> {
    let server = server()?;
    let mut admin = PgConnection::connect_with(&server.clone().database("postgres")).await?;
    let template = template(&mut admin, &server, service, migrations).await?;
    let name = format!("test_{}", digest(&[&template, &test(), &ordinal().to_string()]));
    run(&mut admin, format!("drop database if exists {name} with (force)")).await?;
    run(&mut admin, format!("create database {name} template {template}")).await?;
    run(&mut admin, format!("comment on database {name} is '{}'", test())).await?;
    admin.close().await?;
    Ok(PgPoolOptions::new().max_connections(4).connect_with(server.database(&name)).await?)
}

/// Builds the template once for each set of migrations, whoever comes first.
async fn template(
    admin: &mut PgConnection,
    server: &PgConnectOptions,
    service: &str,
    migrations: &'static [Migration],
) -> anyhow::Result<String> {
    let schema: Vec<&str> = chassis::LOG.iter().chain(migrations).map(|it| it.sql).collect();
    let name = format!("template_{service}_{}", digest(&schema));
    sqlx::query("select pg_advisory_lock(hashtext($1))").bind(&name).execute(&mut *admin).await?;
    let built: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut *admin)
            .await?;
    if !built {
        let half = format!("{name}_half");
        run(admin, format!("drop database if exists {half} with (force)")).await?;
        run(admin, format!("create database {half}")).await?;
        let mut db = PgConnection::connect_with(&server.clone().database(&half)).await?;
        chassis::migrate(&mut db, migrations).await?;
        db.close().await?;
        run(admin, format!("alter database {half} rename to {name}")).await?;
    }
    sqlx::query("select pg_advisory_unlock(hashtext($1))").bind(&name).execute(admin).await?;
    Ok(name)
}

/// Prepares each statement and tells its parameters and columns, one line each.
pub(crate) async fn signatures(db: &PgPool, statements: &[&'static str]) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for sql in statements {
        let statement = db.acquire().await?.prepare(sqlx::SqlStr::from_static(sql)).await?;
        let takes = match statement.parameters() {
            Some(Either::Left(types)) => types.iter().map(|it| it.name().to_lowercase()).collect(),
            Some(Either::Right(_)) | None => Vec::new(),
        };
        let gives: Vec<String> = statement
            .columns()
            .iter()
            .map(|it| format!("{} {}", it.name(), it.type_info().name().to_lowercase()))
            .collect();
        let gives = if gives.is_empty() { "nothing".to_owned() } else { gives.join(", ") };
        lines.push(format!("({}) -> {gives}\n", takes.join(", ")));
    }
    Ok(lines.concat())
}

/// The tables of a service: all but those of the log.
pub(crate) async fn tables(db: &PgPool) -> anyhow::Result<BTreeSet<String>> {
    let all: Vec<String> =
        sqlx::query_scalar("select tablename from pg_tables where schemaname = 'public'")
            .fetch_all(db)
            .await?;
    let of_the_log = |it: &String| {
        let made = format!("create table {it} ");
        it == "migration" || chassis::LOG.iter().any(|log| log.sql.contains(&made))
    };
    Ok(all.into_iter().filter(|it| !of_the_log(it)).collect())
}

/// The rows of a table as JSON, sorted, without some of the columns.
pub(crate) async fn rows(
    db: &PgPool,
    table: &str,
    without: &[&str],
) -> anyhow::Result<Vec<String>> {
    let sql = format!("select to_jsonb(it) from {table} it");
    let rows: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(db).await?;
    let mut rows: Vec<String> = rows.into_iter().map(|it| normal(it, without)).collect();
    rows.sort();
    Ok(rows)
}

/// A row as a line that can be compared: times in one spelling, objects in one order, no nulls.
pub(crate) fn normal(row: Value, without: &[&str]) -> String {
    let Value::Object(columns) = row else { return row.to_string() };
    let kept = columns
        .into_iter()
        .filter(|(name, value)| !without.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| (name, one_spelling(value)))
        .collect::<BTreeMap<String, Value>>();
    serde_json::to_string(&kept).unwrap_or_default()
}

fn one_spelling(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => Value::String(at.to_string()),
            Err(_) => Value::String(text),
        },
        Value::Array(all) => Value::Array(all.into_iter().map(one_spelling).collect()),
        Value::Object(all) => {
            let mut all: Vec<_> = all.into_iter().collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(all.into_iter().map(|(name, it)| (name, one_spelling(it))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

async fn run(db: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    db.execute(AssertSqlSafe(sql)).await.map(drop)
}

#[expect(clippy::disallowed_methods, reason = "tests are told here where Postgres is")]
fn server() -> anyhow::Result<PgConnectOptions> {
    let url = std::env::var("KONTOR_TEST_POSTGRES")?;
    Ok(PgConnectOptions::from_str(&url)?)
}

/// The name of the test that runs on this thread.
fn test() -> String {
    std::thread::current().name().unwrap_or("main").to_owned()
}

/// Counts the databases of this test.
fn ordinal() -> u32 {
    thread_local!(static COUNT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    COUNT.replace(COUNT.get() + 1)
}

fn digest(parts: &[&str]) -> String {
    let digest = Uuid::new_v5(&Uuid::nil(), parts.join("\0").as_bytes()).simple().to_string();
    digest[..16].to_owned()
}
