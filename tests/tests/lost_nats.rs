//! What is lost, and comes again: a NATS server with all that it held, and the databases of those who
//! only listen.

use std::time::Duration;

use chassis::clock::Stopwatch;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use whole_house::process::{Site, books, eventually, world};

/// How many orders are under way.
const ORDERS: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_loses_all_that_it_held() -> anyhow::Result<()> {
    let mut site = Site::open("lost-nats").await?;
    let world = world::World::begin_careful(&site).await?;
    let replica = site.start().await?;
    let undisturbed = undisturbed(&site, &world).await?;

    let names = |from, to| (from..to).map(|nth| world::name("b", nth));
    world.place_all(names(0, ORDERS / 2)).await?;
    let watch = Stopwatch::start();
    let lose = async {
        site.suite.nats.kill9().await?;
        site.suite.nats.wipe_store()?;
        site.suite.nats.restart().await?;
        site.provision().await
    };
    let (lost, placed) = tokio::join!(lose, world.place_all(names(ORDERS / 2, ORDERS)));
    lost?;
    placed?;
    let placed = watch.elapsed();

    // Whoever outside sees no effect of what they said, says it again.
    let (mut unheard, mut insisted) = (0, 0);
    let mut agreed = Box::pin(books::agree(&site, &undisturbed, "b"));
    loop {
        tokio::select! {
            agreed = &mut agreed => break agreed?,
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                unheard += world.insist().await?;
                insisted += 1;
            }
        }
    }
    drop(agreed);
    eprintln!(
        "NATS was lost: the last order was taken in after {placed:?}, all was done after {:?}; the \
         outside insisted {insisted} times, and was told {unheard} picks by hand",
        watch.elapsed()
    );
    books::audit_without_streams(&site).await?;
    replica.stop().await?;
    drop(world);
    site.close().await
}

/// What can be read of an order at the gateway, but for when it was heard, and in which order of the
/// orders that there may be.
const VIEW: [&str; 4] = [
    "select to_jsonb(it)::text from order_head as it",
    "select (to_jsonb(it) - 'changed_at')::text from order_state as it",
    "select (to_jsonb(it) - 'number' - 'at')::text from timeline as it",
    "select to_jsonb(it)::text from stock_level as it",
];

/// What can be read of letters, but for when they were written.
const LETTERS: [&str; 2] = [
    "select to_jsonb(it)::text from placed_order as it",
    "select (to_jsonb(it) - 'written_at' - 'next_attempt_at')::text from letter as it",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_heard_anew_from_the_first_page() -> anyhow::Result<()> {
    let site = Site::open("lost-view").await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    undisturbed(&site, &world).await?;
    let before = read(&site, "gateway", &VIEW).await?;
    replica.stop().await?;

    empty(&site, "gateway").await?;
    let replica = site.start().await?;
    same(&site, "gateway", &VIEW, &before).await?;

    replica.stop().await?;
    drop(world);
    site.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forgot_what_it_said_is_not_believed() -> anyhow::Result<()> {
    let site = Site::open("lost-letters").await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    undisturbed(&site, &world).await?;
    let letters = read(&site, "notification", &LETTERS).await?;
    let view = read(&site, "gateway", &VIEW).await?;
    replica.stop().await?;

    // It writes every letter again, and says so: but not in the pages in which it once did.
    empty(&site, "notification").await?;
    let replica = site.launch(None)?;
    same(&site, "notification", &LETTERS, &letters).await?;
    eventually("the gateway refuses to go on", || async {
        anyhow::ensure!(replica.says("its database was put back in time")?);
        anyhow::ensure!(replica.answers("/readyz").await? == 503, "it says that it is ready");
        Ok(())
    })
    .await?;
    assert_eq!(replica.answers("/livez").await?, 200);
    replica.stop().await?;

    // The gateway heard it, so it has to hear all anew as well.
    empty(&site, "gateway").await?;
    let replica = site.start().await?;
    same(&site, "gateway", &VIEW, &view).await?;
    replica.stop().await?;
    drop(world);
    site.close().await
}

async fn undisturbed(site: &Site, world: &world::World) -> anyhow::Result<Vec<String>> {
    site.customers("a").await?;
    site.customers("b").await?;
    world.place_all((0..ORDERS).map(|nth| world::name("a", nth))).await?;
    books::settled(site, "a").await?;
    books::of(site, "a").await
}

/// Loses the database of a service.
async fn empty(site: &Site, service: &str) -> anyhow::Result<()> {
    let mut db = PgConnection::connect_with(&site.suite.postgres.superuser()).await?;
    db.execute(AssertSqlSafe(format!("drop database {service} with (force)"))).await?;
    db.execute(AssertSqlSafe(format!("create database {service} owner {service}"))).await?;
    Ok(db.close().await?)
}

/// All rows of these, as text.
async fn read(site: &Site, service: &str, tables: &[&'static str]) -> anyhow::Result<Vec<String>> {
    let db = site.books(service)?;
    let mut rows: Vec<String> = Vec::new();
    for table in tables {
        rows.extend(sqlx::query_scalar::<_, String>(*table).fetch_all(&db).await?);
    }
    rows.sort();
    Ok(rows)
}

/// Waits until a service reads as it did before.
async fn same(
    site: &Site,
    service: &str,
    tables: &[&'static str],
    before: &[String],
) -> anyhow::Result<()> {
    eventually("it is as it was", || async {
        let now = read(site, service, tables).await?;
        let differs = before.iter().zip(&now).find(|it| it.0 != it.1);
        anyhow::ensure!(differs.is_none(), "{differs:#?}");
        anyhow::ensure!(before.len() == now.len(), "{} rows for {}", now.len(), before.len());
        Ok(())
    })
    .await
}
