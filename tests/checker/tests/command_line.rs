//! The command line, beside a database of one service made from its own migrations.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};
use std::str::FromStr;

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// What a service's tables are made by: its own, beside those of the log.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../shared/chassis/migrations/0000_log.sql"),
    include_str!("../../../services/webhook/migrations/0001_webhooks.sql"),
];

#[tokio::test]
async fn it_ends_with_what_it_found() {
    #[expect(clippy::disallowed_methods, reason = "the tests' servers are told of this way")]
    let server = std::env::var("KONTOR_TEST_POSTGRES").expect("run beside a Postgres");
    let name = format!("checker_{}", std::process::id());
    let server = PgConnectOptions::from_str(&server).expect("an address");
    let mut admin = server.connect().await.expect("the server");
    let make = AssertSqlSafe(format!("create database {name}"));
    admin.execute(make).await.expect("a database");
    let database = server.clone().database(&name);
    let mut db = database.connect().await.expect("the database");
    for migration in MIGRATIONS {
        db.execute(migration).await.expect("a migration");
    }
    db.execute(
        "insert into deployment (partitions) values (4);
         insert into delivery (strand, delivery_id, endpoint_id, number, event, body, written_at,
                               state, next_attempt_at)
         values ('s', gen_random_uuid(), 'e', 1, 'order.status', '{}', now(), 'waiting', now())",
    )
    .await
    .expect("a delivery");
    let webhook = format!("webhook={}", database.to_url_lossy());

    let (code, said) = checker(&["check", "--database", &webhook]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("holds        numbers     what an endpoint is told"), "{said}");
    assert!(said.contains("not checked") && said.contains("no database of intake"), "{said}");

    db.execute("update delivery set number = 2").await.expect("a gap");
    let (code, said) = checker(&["check", "--database", &webhook]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("- s to e: 1 deliveries up to 2"), "{said}");
    let (code, said) = checker(&["check", "--json", "--database", &webhook]);
    let json: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &json["violated"]), (Some(1), &serde_json::json!(["V12 numbers"])));

    let (code, said) = checker(&["hash", "--database", &webhook]);
    let json: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(code, Some(0));
    assert!(json["webhook"]["delivery"].is_string() && json["webhook"]["page"].is_null(), "{said}");

    db.close().await.expect("closed");
    let drop = AssertSqlSafe(format!("drop database {name}"));
    admin.execute(drop).await.expect("dropped");
}

#[test]
fn it_says_what_it_cannot_look_at() {
    let (code, said) = checker(&["check", "/nowhere"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("/nowhere/run.json"), "{said}");
    let (code, said) = checker(&["check", "--database", "intake"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("expected SERVICE=URL"), "{said}");
    let (code, said) = checker(&["check"]);
    assert_eq!(code, Some(2), "{said}");
}

/// Runs it: how it ended, and what it said.
fn checker(arguments: &[&str]) -> (Option<i32>, String) {
    let binary = env!("CARGO_BIN_EXE_checker");
    let Output { status, stdout, stderr } =
        Command::new(binary).args(arguments).output().expect("it starts");
    let said = if stdout.is_empty() { stderr } else { stdout };
    (status.code(), String::from_utf8_lossy(&said).into_owned())
}
