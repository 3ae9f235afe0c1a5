//! All that was ever said is said again, from the first page of each speaker on: everybody has heard
//! it, and no business table may change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::Stopwatch;
use contracts::Kind;
use serde_json::json;
use servers::Progress;
use sqlx::{Connection, Executor, PgConnection};

use super::audit::{Auditor, Hashes};
use super::plan::REPLICAS;
use super::premises::{PARTITIONS, Premises};
use crate::house;
use crate::ledgers::Ledgers;

/// How long the tables may take to stand still, and all to be heard.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long the tables are to be the same until they count as standing still: letters and calls to
/// channels go on when all pages are heard.
const STILL: Duration = Duration::from_secs(1);

/// How many pages are said in one go, and the pause after them: whoever cannot follow is cut off.
const AT_ONCE: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// What comes after the last page of each speaker. It is no page, and is counted by whoever comes to
/// it: then they heard all before it.
const END: &[u8] = b"the end";

/// Counts it.
const UNREADABLE: &str = "kontor_messages_unreadable_total";

const PAGES: &str = "select partition, body from page order by partition, number";

/// Writes `hashes.json`: what the tables hold before and after every page was heard again. Returns how
/// many pages were.
pub(super) async fn all(
    (house, ledgers): (&Premises, &Ledgers),
    auditor: &Auditor,
    records: &Path,
    progress: Progress<'_>,
) -> anyhow::Result<u64> {
    let before = still(auditor, records).await?;
    let heard = heard(house).await?;
    let nats = house.suite.admin().await?;
    let mut said = 0;
    for service in ledgers.services() {
        let pages: Vec<(i32, Vec<u8>)> = ledgers.rows(service, PAGES).await?;
        progress(&format!("{} pages of {service} are said again", pages.len()));
        for (nth, (partition, body)) in (1_usize..).zip(pages) {
            // What is too large for a message was never published, only asked for.
            if body.len() <= nats.server_info().max_payload {
                nats.publish(format!("log.{partition}.{service}"), body.into()).await?;
                said += 1;
            }
            if nth.is_multiple_of(AT_ONCE) {
                nats.flush().await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        for partition in 0..PARTITIONS {
            nats.publish(format!("log.{partition}.{service}"), END.into()).await?;
        }
    }
    nats.flush().await?;
    all_is_heard(house, &heard).await?;
    let after = still(auditor, records).await?;
    let both = serde_json::to_string_pretty(&json!({ "before": before, "after": after }))? + "\n";
    std::fs::write(records.join("hashes.json"), both).context("hashes.json")?;
    Ok(said)
}

/// All that the gateway has made of pages, and how far it has heard them.
const SHOWN: &str =
    "truncate order_head, order_state, timeline_part, stock_level, short_pick, position";

/// What the gateway shows of orders and stock is thrown away, to be made anew from the first page of
/// everybody whom it hears: of its own it knows only who may come in.
pub(super) async fn shown(house: &mut Premises) -> anyhow::Result<()> {
    let gateways = REPLICAS.map(|it| format!("gateway/{it}"));
    for name in &gateways {
        let running = house.process(name)?.running.take();
        running.context("it runs")?.stop().await?;
    }
    let database = house.suite.postgres.superuser().database("gateway");
    let mut db = PgConnection::connect_with(&database).await?;
    db.execute(SHOWN).await?;
    db.close().await?;
    for name in &gateways {
        house.launch(name, None)?;
    }
    for name in &gateways {
        house.ready(name).await?;
    }
    Ok(())
}

/// What the tables hold when they do not change any more.
async fn still(auditor: &Auditor, records: &Path) -> anyhow::Result<Hashes> {
    let (watch, mut before) = (Stopwatch::start(), auditor.hashes(records).await?);
    loop {
        tokio::time::sleep(STILL).await;
        let now = auditor.hashes(records).await?;
        if now == before {
            return Ok(now);
        }
        ensure!(
            watch.elapsed() < PATIENCE,
            "the tables do not stand still: {}",
            differs(&before, &now)
        );
        before = now;
    }
}

fn differs(one: &Hashes, other: &Hashes) -> String {
    let changed = one.iter().flat_map(|(service, tables)| {
        let tables = tables.iter().map(move |(table, hash)| (service, table, hash));
        tables.filter(|it| other.get(it.0).and_then(|all| all.get(it.1)) != Some(it.2))
    });
    changed.map(|it| format!("{}.{}", it.0, it.1)).collect::<Vec<_>>().join(", ")
}

/// How many ends each service has come to.
async fn heard(house: &Premises) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut heard = BTreeMap::new();
    for service in house::plain().names() {
        let count = house.counted(service, UNREADABLE, "what=\"page\"").await?;
        heard.insert(service.to_owned(), count);
    }
    Ok(heard)
}

/// Waits until each service has come to the end of everybody whom it hears, in every partition.
async fn all_is_heard(house: &Premises, before: &BTreeMap<String, u64>) -> anyhow::Result<()> {
    let plain = house::plain();
    let ends = |hears: &[contracts::Contract]| {
        let hears = hears.iter().filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
        let speakers: BTreeSet<&str> = hears.map(contracts::Contract::owner).collect();
        speakers.len() as u64 * u64::from(PARTITIONS)
    };
    let watch = Stopwatch::start();
    loop {
        let now = heard(house).await?;
        let lacks = plain.desks().find_map(|desk| {
            let count =
                |all: &BTreeMap<String, u64>| all.get(desk.name()).copied().unwrap_or_default();
            let (came, ends) = (count(&now) - count(before), ends(desk.hears()));
            (came < ends).then(|| format!("{} came to the end of {came} of {ends}", desk.name()))
        });
        let Some(lacks) = lacks else { return Ok(()) };
        ensure!(watch.elapsed() < PATIENCE, "what was said again was not heard: {lacks}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
