//! What is lost, and comes again: a NATS server with all that it held, and the databases of those who
//! only listen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_nats::jetstream;
use chassis::clock::Stopwatch;
use contracts::Status;
use contracts::intake::OrderStatus;
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

#[tokio::test(flavor = "multi_thread")]
async fn statuses_stay_in_order_while_their_stream_takes_only_some() -> anyhow::Result<()> {
    let mut site = Site::open("lost-stream").await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    site.customers("c").await?;
    // As a stream that is made anew while somebody publishes: what comes first is refused, and what
    // comes after it would be kept.
    let streams = jetstream::new(site.suite.admin().await?);
    let mut stream = streams.get_stream("ORDERS_STATUS").await?;
    let mut config = stream.info().await?.config.clone();
    let later = Status::ALL.into_iter().filter(|it| *it != Status::Checking);
    config.subjects = later.map(|it| format!("orders.status.*.*.{}", it.name())).collect();
    streams.update_stream(config).await?;

    let names: BTreeSet<String> = (0..5).map(|nth| world::name("c", nth)).collect();
    world.place_all(names.iter().cloned()).await?;
    let intake = site.books("intake")?;
    eventually("each order has a status after its first", || async {
        let least: Option<i64> =
            sqlx::query_scalar("select min(number) from sales_order").fetch_one(&intake).await?;
        anyhow::ensure!(least > Some(1), "{least:?}");
        Ok(())
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(3)).await; // Whoever cannot publish tries every 2 s at least.
    site.provision().await?;
    books::settled(&site, "c").await?;

    in_order(&mut stream, &names).await?;
    replica.stop().await?;
    drop(world);
    site.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_stream_held_is_not_said_behind_what_came_later() -> anyhow::Result<()> {
    let mut site = Site::open("lost-place").await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    site.customers("e").await?;
    let intake = site.books("intake")?;
    let have_a_second = |orders: i64| {
        let intake = intake.clone();
        async move {
            eventually("each order has a status after its first", || async {
                let so_far = "select count(*) from sales_order where number > 1";
                let so_far: i64 = sqlx::query_scalar(so_far).fetch_one(&intake).await?;
                anyhow::ensure!(so_far == orders, "{so_far} of {orders}");
                Ok(())
            })
            .await
        }
    };
    // Intake publishes, and cannot write down how far it is.
    may(&site, "revoke insert, update on outlet from intake").await?;
    let (some, more) =
        ((0..5).map(|nth| world::name("e", nth)), (5..10).map(|nth| world::name("e", nth)));
    world.place_all(some.clone()).await?;
    have_a_second(5).await?;
    let streams = jetstream::new(site.suite.admin().await?);
    streams.delete_stream("ORDERS_STATUS").await?;
    site.provision().await?;
    world.place_all(more.clone()).await?;
    have_a_second(10).await?;
    tokio::time::sleep(Duration::from_secs(3)).await; // Whoever cannot publish tries every 2 s at least.
    replica.kill9().await?;
    may(&site, "grant insert, update on outlet to intake").await?;

    let replica = site.start().await?;
    books::settled(&site, "e").await?;
    let mut stream = streams.get_stream("ORDERS_STATUS").await?;
    in_order(&mut stream, &some.chain(more).collect()).await?;
    replica.stop().await?;
    drop(world);
    site.close().await
}

/// Changes what intake may do.
async fn may(site: &Site, statement: &'static str) -> anyhow::Result<()> {
    let superuser = site.suite.postgres.superuser().database("intake");
    let mut db = PgConnection::connect_with(&superuser).await?;
    db.execute(statement).await?;
    Ok(db.close().await?)
}

/// A stream has all statuses of these orders, as 1, 2, 3 …
async fn in_order(
    stream: &mut jetstream::stream::Stream,
    names: &BTreeSet<String>,
) -> anyhow::Result<()> {
    let count = stream.info().await?.state.messages;
    let mut shown: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for sequence in 1..=count {
        let kept = stream.get_raw_message(sequence).await?;
        let status: OrderStatus = serde_json::from_slice(&kept.payload)?;
        shown.entry(status.external_id.as_str().to_owned()).or_default().push(status.number);
    }
    assert_eq!(shown.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    for (name, numbers) in shown {
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "{name}");
    }
    Ok(())
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
