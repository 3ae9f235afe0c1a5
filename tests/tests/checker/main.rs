//! The checker is checked: a house through which orders of all sorts went keeps every promise; and
//! whatever is damaged in its books, or in what those outside saw, is found, as that and as nothing
//! else.

mod books;
mod house;
mod outside;
mod witnesses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use checker::{Books, Report, Verdict};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use whole_house::process::Site;

use crate::outside::Outside;

/// Something that is put out of order, and what is to be found then: these checks, and no others.
struct Damage {
    what: &'static str,
    harm: Harm,
    found: &'static [&'static str],
}

enum Harm {
    /// In databases: service and statements.
    Books(&'static [(&'static str, &'static str)]),
    /// In the first page of a service that can be changed so.
    Page(&'static str, fn(&mut serde_json::Value) -> bool),
    /// In what those outside saw.
    Outside(fn(&mut Outside)),
}

/// What is not checked on the undamaged house, and why.
const NOT_CHECKED: [&str; 4] = [
    "V12 delivered", // The endpoint answers nobody.
    "V12 sent",      // There is no mail server.
    "V15 locks",     // Nobody is at work any more.
    "V4 parked",     // Nothing is.
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_damaged_is_found() -> anyhow::Result<()> {
    let site = Site::open("checker").await?;
    house::run(&site).await?;
    let mut bench = Bench::of(&site).await?;

    let report = bench.check(&Harm::Outside(|_| ())).await?;
    ensure!(report.violated().is_empty(), "an undamaged house is found fault with:\n{report}");
    let idle = report.checks.iter().filter(|it| it.verdict() == Verdict::NotChecked);
    let idle: BTreeSet<String> = idle.map(|it| format!("{} {}", it.invariant, it.name)).collect();
    assert_eq!(idle, NOT_CHECKED.map(str::to_owned).into(), "{report}");

    let mut missed = Vec::new();
    let mut seen = BTreeSet::new();
    for Damage { what, harm, found } in books::damages().chain(witnesses::DAMAGES) {
        let report = bench.check(harm).await.with_context(|| format!("the damage: {what}"))?;
        let violated: BTreeSet<String> = report.violated().into_iter().collect();
        if violated != found.iter().map(|it| (*it).to_owned()).collect() {
            missed.push(format!("{what}: found {violated:?}, not {found:?}\n{}", faults(&report)));
        }
        seen.extend(found.iter().map(|it| (*it).to_owned()));
    }
    std::fs::remove_dir_all(&bench.dir)?;
    drop(bench);
    ensure!(missed.is_empty(), "{} of the damages:\n{}", missed.len(), missed.join("\n"));
    left_behind(&site).await?;
    seen.extend(["V15 idle".to_owned(), "V15 locks".to_owned()]);
    can_all_fail(&report, &seen)?;

    watched(&site).await?;
    told_apart(&site).await?;
    site.close().await
}

/// A check that was never seen to fail is none.
fn can_all_fail(report: &Report, seen: &BTreeSet<String>) -> anyhow::Result<()> {
    let all = report.checks.iter().map(|it| format!("{} {}", it.invariant, it.name));
    let never: Vec<String> = all.filter(|it| !seen.contains(it)).collect();
    ensure!(never.is_empty(), "nothing was damaged that these find: {never:?}");
    Ok(())
}

fn faults(report: &Report) -> String {
    let wrong = report.checks.iter().filter(|it| it.verdict() == Verdict::Violated);
    let lines = wrong.map(|it| {
        let first = it.examples.first().map_or("", String::as_str);
        format!("    {} {}: {first}", it.invariant, it.name)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Connections to all books, and what those outside saw.
struct Bench {
    open: BTreeMap<String, PgConnection>,
    outside: Outside,
    dir: PathBuf,
}

impl Bench {
    async fn of(site: &Site) -> anyhow::Result<Self> {
        let mut open = BTreeMap::new();
        for service in site.services() {
            open.insert(service.to_owned(), database(site, service).connect().await?);
        }
        let dir = std::env::temp_dir().join(format!("kontor-seen-{}", std::process::id()));
        Ok(Self { open, outside: Outside::seen(site).await?, dir })
    }

    /// Checks books that are damaged so, in transactions that are never committed.
    async fn check(&mut self, harm: &Harm) -> anyhow::Result<Report> {
        let mut open = std::mem::take(&mut self.open);
        for db in open.values_mut() {
            // Triggers would forbid some of what is done here.
            db.execute("begin; set local session_replication_role = replica").await?;
        }
        let mut outside = self.outside.clone();
        match harm {
            Harm::Books(statements) => {
                for (service, statements) in *statements {
                    let db = open.get_mut(*service).context("there is no such service")?;
                    db.execute(*statements).await.with_context(|| (*statements).to_owned())?;
                }
            }
            Harm::Page(service, change) => {
                let db = open.get_mut(*service).context("there is no such service")?;
                change_page(db, *change).await?;
            }
            Harm::Outside(change) => change(&mut outside),
        }
        outside.write(&self.dir)?;
        let mut books = Books::of(open);
        let report = checker::check_books(&mut books, Some(&self.dir)).await?;
        self.open = books.into_connections();
        for db in self.open.values_mut() {
            db.execute("rollback").await?;
        }
        Ok(report)
    }
}

/// Changes the first page that can be changed so.
async fn change_page(
    db: &mut PgConnection,
    change: fn(&mut serde_json::Value) -> bool,
) -> anyhow::Result<()> {
    type Row = (i32, i64, Vec<u8>);
    let pages: Vec<Row> =
        sqlx::query_as("select partition, number, body from page order by partition, number")
            .fetch_all(&mut *db)
            .await?;
    for (partition, number, body) in pages {
        let json = lz4_flex::decompress_size_prepended(&body)?;
        let mut page: serde_json::Value = serde_json::from_slice(&json)?;
        if change(&mut page) {
            let body = lz4_flex::compress_prepend_size(&serde_json::to_vec(&page)?);
            sqlx::query("update page set body = $3 where partition = $1 and number = $2")
                .bind(partition)
                .bind(number)
                .bind(body)
                .execute(db)
                .await?;
            return Ok(());
        }
    }
    anyhow::bail!("no page can be changed so")
}

/// A transaction that nobody goes on with, and a lock that is no partition's.
async fn left_behind(site: &Site) -> anyhow::Result<()> {
    let mut left = database(site, "credit").application_name("left").connect().await?;
    left.execute("select pg_advisory_lock(4711); begin; select 1").await?;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let report = checker::check_databases(&site.databases()).await?;
    assert_eq!(report.violated(), ["V15 idle", "V15 locks"], "{report}");
    Ok(left.close().await?)
}

/// A watcher sees no fault while there is none, and one that is there for good.
async fn watched(site: &Site) -> anyhow::Result<()> {
    let urls = site.databases();
    let look = || {
        let end = tokio::time::sleep(Duration::from_secs(2));
        checker::watch(&urls, Duration::from_millis(100), end)
    };
    let report = look().await;
    ensure!(report.violated().is_empty() && report.verdict("V6") == Verdict::Holds, "{report}");

    let mut inventory = database(site, "inventory").connect().await?;
    let mut gateway = database(site, "gateway").connect().await?;
    let back = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        gateway.execute("update order_state set version = version - 1").await
    };
    let (report, back) = tokio::join!(look(), back);
    back?;
    assert_eq!(report.violated(), ["V11 versions"], "{report}");
    let hashes = checker::hash_databases(&urls).await?;
    inventory
        .execute("set session_replication_role = replica; delete from stock_move where number = 1")
        .await?;
    let report = look().await;
    assert_eq!(report.violated(), ["V6 I3", "V6 I10"], "{report}");

    let after = checker::hash_databases(&urls).await?;
    let differs: Vec<&String> = hashes["inventory"]
        .iter()
        .filter(|it| after["inventory"][it.0] != *it.1)
        .map(|it| it.0)
        .collect();
    assert_eq!(differs, ["stock_move"], "what a hash tells");
    assert!(!hashes["inventory"].contains_key("page"), "the log is no business");
    inventory.close().await?;
    Ok(gateway.close().await?)
}

/// What is not there is told apart from what holds.
async fn told_apart(site: &Site) -> anyhow::Result<()> {
    let some: BTreeMap<String, String> =
        site.databases().into_iter().filter(|it| it.0 == "credit").collect();
    let report = checker::check_databases(&some).await?;
    assert_eq!(report.verdict("V7"), Verdict::Holds, "{report}");
    for invariant in ["V1", "V2", "V5", "V6", "V8", "V9", "V10", "V11", "V12", "V13", "V14", "V17"]
    {
        assert_eq!(report.verdict(invariant), Verdict::NotChecked, "{invariant}:\n{report}");
    }
    let shown = report.to_string();
    assert!(
        shown.contains("no database of intake") && shown.contains("no journal.jsonl"),
        "{shown}"
    );
    let nobody = BTreeMap::from([("intake".to_owned(), "postgres://127.0.0.1:1/x".to_owned())]);
    ensure!(checker::check_databases(&nobody).await.is_err(), "nobody answers there");
    Ok(())
}

fn database(site: &Site, service: &str) -> PgConnectOptions {
    site.suite.postgres.superuser().database(service)
}
