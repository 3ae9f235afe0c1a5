//! Runs a command beside a Postgres without fsync and tells it where the servers are: for tests.
//!
//! `cargo run -p servers --example with-servers -- cargo nextest run`

#![expect(clippy::print_stderr, reason = "whoever waits for tests wants to see what they wait for")]

use std::path::Path;
use std::process::ExitCode;

use servers::{Home, Postgres, PostgresOptions};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let progress = |line: &str| eprintln!("… {line}");
    let mut command = std::env::args_os().skip(1);
    let program = command.next().ok_or_else(|| anyhow::anyhow!("which command?"))?;
    #[expect(clippy::disallowed_methods, reason = "cargo tells it this way only")]
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let home = Home::open(&Path::new(&target).join("test-servers"), &progress)?;
    let nats = servers::nats_binary(&home, &progress).await?;
    let binaries = servers::postgres_binaries(&home, &progress).await?;
    // It writes nothing down in time: what a run that was killed left behind may not even start.
    let left = home.path().join("postgres");
    if left.exists() {
        std::fs::remove_dir_all(left)?;
    }
    let options = PostgresOptions { durable: false, port: None };
    let mut postgres = Postgres::start(&binaries, &home, options).await?;
    postgres.create_role_and_database("tests", "tests").await?;
    let password = home.secret("postgres")?;
    let status = tokio::process::Command::new(program)
        .args(command)
        .env("KONTOR_TEST_POSTGRES", postgres.url("postgres", "postgres", &password))
        .env("KONTOR_NATS_BIN", nats)
        .env("KONTOR_PG_BIN", &binaries)
        .status()
        .await?;
    postgres.stop().await?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
