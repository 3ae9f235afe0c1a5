#![doc = include_str!("../README.md")]

mod books;
mod facts;
mod hashes;
mod invariants;
mod machine;
mod page;
mod report;
mod watch;
mod witnesses;

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::Connection;

pub use books::Books;
pub use hashes::{Hashes, hash_all, hash_databases, hash_tables};
pub use report::{Check, Report, Verdict};
pub use watch::watch;
use witnesses::Witnesses;

/// Checks a run that has come to rest by what it left in this directory: `run.json`, which names the
/// databases, and what those outside saw. An error means that it could not be checked.
pub async fn check(dir: &Path) -> anyhow::Result<Report> {
    let urls = witnesses::databases(dir)?;
    check_with(&urls, &Witnesses::read(dir)?).await
}

/// Checks databases at rest, by the names of their services; what clients saw is not known.
pub async fn check_databases(urls: &BTreeMap<String, String>) -> anyhow::Result<Report> {
    check_with(urls, &Witnesses::none()).await
}

/// Checks books that somebody has opened, beside what those outside saw, if a directory with it is
/// named. For tests, which damage the books in a transaction first.
pub async fn check_books(books: &mut Books, seen: Option<&Path>) -> anyhow::Result<Report> {
    let seen = seen.map_or_else(|| Ok(Witnesses::none()), Witnesses::read)?;
    let mut report = Report::default();
    invariants::check(books, &seen, &mut report).await?;
    Ok(report)
}

/// Where the databases of a run are, by the names of their services: as its `run.json` says.
pub fn databases_of(dir: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    witnesses::databases(dir)
}

async fn check_with(urls: &BTreeMap<String, String>, seen: &Witnesses) -> anyhow::Result<Report> {
    let before = versions(urls).await?;
    let mut books = Books::open(urls).await?;
    let mut report = Report::default();
    invariants::check(&mut books, seen, &mut report).await?;
    if versions(urls).await? != before {
        report.notes.push(
            "the house was at work while it was looked at: what spans several databases may differ \
             for that reason alone"
                .to_owned(),
        );
    }
    Ok(report)
}

/// How many transactions each service has made.
async fn versions(urls: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<&str, Option<i64>>> {
    let mut versions = BTreeMap::new();
    for (service, url) in urls {
        let mut db = books::connect(service, url).await?;
        let sum = sqlx::query_scalar("select sum(version)::bigint from position");
        versions.insert(service.as_str(), sum.fetch_one(&mut db).await?);
        db.close().await?;
    }
    Ok(versions)
}
