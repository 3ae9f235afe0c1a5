//! All that was ever said is said again, from the first page of each speaker on: everybody has heard
//! it, and no business table may change.

use std::collections::BTreeMap;
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

/// How many pages are said in one go, and the pause after them; how many at most until they are heard:
/// whoever cannot follow is cut off.
const AT_ONCE: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);
const UNHEARD: usize = 5_000;

/// How often it is looked at whether they are heard.
const LOOK: Duration = Duration::from_millis(100);

/// What comes after so many pages of a speaker, in each partition. It is no page, and is counted by
/// whoever comes to it: then they heard all before it.
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
    let mut heard = heard(house).await?;
    let nats = house.suite.admin().await?;
    let mut said = 0;
    for service in ledgers.services() {
        let mut pages: Vec<(i32, Vec<u8>)> = ledgers.rows(service, PAGES).await?;
        // What is too large for a message was never published, only asked for.
        pages.retain(|it| it.1.len() <= nats.server_info().max_payload);
        progress(&format!("{} pages of {service} are said again", pages.len()));
        for (nth, (partition, body)) in (1_usize..).zip(pages) {
            nats.publish(format!("log.{partition}.{service}"), body.into()).await?;
            said += 1;
            if nth.is_multiple_of(AT_ONCE) {
                nats.flush().await?;
                tokio::time::sleep(PAUSE).await;
            }
            if nth.is_multiple_of(UNHEARD) {
                ends(house, (&nats, service), &mut heard).await?;
            }
        }
        ends(house, (&nats, service), &mut heard).await?;
    }
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

/// Says an end of a speaker in every partition, and waits until all who hear them have come to it.
/// `heard` is how many ends each service had come to before.
async fn ends(
    house: &Premises,
    (nats, speaker): (&async_nats::Client, &str),
    heard_before: &mut BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    for partition in 0..PARTITIONS {
        nats.publish(format!("log.{partition}.{speaker}"), END.into()).await?;
    }
    nats.flush().await?;
    for desk in house::plain().desks() {
        let hears = desk.hears().iter();
        let mut hears = hears.filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
        if hears.any(|it| it.owner() == speaker) {
            *heard_before.entry(desk.name().to_owned()).or_default() += u64::from(PARTITIONS);
        }
    }
    let watch = Stopwatch::start();
    loop {
        let now = heard(house).await?;
        let lacks = heard_before.iter().find(|(name, ends)| now.get(*name) < Some(*ends));
        let Some((name, ends)) = lacks else { return Ok(()) };
        ensure!(
            watch.elapsed() < PATIENCE,
            "what was said again was not heard: {name} came to {:?} of {ends} ends, last of {speaker}",
            now.get(name)
        );
        tokio::time::sleep(LOOK).await;
    }
}
