//! Two processes share the partitions: one hands over to the other, in peace and without knowing it.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::clock::Stopwatch;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use whole_house::process::{Replica, Site, books, eventually, world};

/// How many orders are placed.
const ORDERS: u64 = 40;

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_handed_over_while_orders_come_in() -> anyhow::Result<()> {
    let site = Site::open("hand-over").await?;
    let world = world::World::begin(&site).await?;
    let first = site.start().await?;
    let undisturbed = undisturbed(&site, &world).await?;

    let placing = place_steadily(&world, Duration::from_millis(200));
    let handing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut second = site.launch(None)?;
        second.ready().await?;
        shares(&second).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        first.stop().await?;
        anyhow::Ok(second)
    };
    let (placed, second) = tokio::join!(placing, handing);
    let (second, mut took) = (second?, placed?);
    took.sort();
    eprintln!(
        "an order was answered within {:?} in the middle, {:?} at most, while a replica came and \
         another went",
        took[took.len() / 2],
        took[took.len() - 1],
    );
    books::settled(&site, "b").await?;
    books::agree(&site, &undisturbed, "b").await?;
    books::audit(&site).await?;
    second.stop().await?;
    drop(world);
    site.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_slept_finds_its_partitions_taken() -> anyhow::Result<()> {
    let site = Site::open("slept").await?;
    be_impatient(&site).await?;
    let world = world::World::begin(&site).await?;
    let first = site.start().await?;
    let undisturbed = undisturbed(&site, &world).await?;
    let locks = locks(&site).await?;
    let mut second = site.launch(None)?;
    second.ready().await?;
    shares(&second).await?;

    let placing = place_steadily(&world, Duration::from_millis(150));
    let sleeping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        first.freeze()?;
        // It neither works nor lets go. Whoever looks after Postgres takes it for dead.
        for (service, lock) in &locks {
            sqlx::query("select pg_terminate_backend($1)")
                .bind(lock)
                .execute(&site.books(service)?)
                .await?;
        }
        let watch = Stopwatch::start();
        eventually("the other has all", || async { owns(&second, all()) }).await?;
        eprintln!("whoever slept was replaced after {:?}", watch.elapsed());
        tokio::time::sleep(Duration::from_secs(2)).await;
        first.thaw()?;
        eventually("it finds out", || async {
            anyhow::ensure!(first.says("lost its locks")?, "it goes on");
            Ok(())
        })
        .await
    };
    let (placed, slept) = tokio::join!(placing, sleeping);
    slept?;
    let fenced = [&first, &second].map(|it| it.log().unwrap().matches("has another owner").count());
    let longest = placed?.into_iter().max().unwrap_or_default();
    eprintln!(
        "an order was answered within {longest:?} at most, while an owner slept; {} times it met \
         another owner, {} times the other met it",
        fenced[0], fenced[1],
    );

    books::settled(&site, "b").await?;
    books::agree(&site, &undisturbed, "b").await?;
    books::audit(&site).await?;
    // It goes on with what it may own.
    eventually("both share again", || async { owns(&first, 1) }).await?;
    second.stop().await?;
    eventually("it has all", || async { owns(&first, all()) }).await?;
    site.customers("c").await?;
    world.place_all((0..5).map(|nth| world::name("c", nth))).await?;
    books::settled(&site, "c").await?;
    first.stop().await?;
    drop(world);
    site.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_died_with_an_owner_come_first_again() -> anyhow::Result<()> {
    let site = Site::open("died").await?;
    let first = site.start().await?;
    site.customers("a").await?;
    let (nats, web) = (site.suite.admin().await?, site.suite.connect("channel", "web").await?);
    let order = world::place(&web, &world::name("a", 3), None).await?;
    let fulfilment = site.books("fulfilment")?;
    let picks = || async {
        let picks: Vec<(i32, String, String)> = sqlx::query_as(
            "select pick, warehouse, state from shipment where order_id = $1 order by pick",
        )
        .bind(order.0)
        .fetch_all(&fulfilment)
        .await?;
        anyhow::Ok(picks)
    };
    let warehouse = eventually("it is to be picked", || async {
        let first = picks().await?.pop();
        first.map(|it| it.1).ok_or_else(|| anyhow::anyhow!("there is no pick"))
    })
    .await?;
    let report = async |what: &str| {
        let subject = format!("warehouse.{warehouse}.report.{order}.{what}");
        let short = json!({ "pick": 1, "lines": [{ "line": 1, "quantity": 1 }] });
        let body = if what == "short" { short } else { json!({ "pick": 1 }) };
        world::publish(&nats, &subject, &body, None).await
    };

    // These are given to a process that neither decides nor acknowledges them.
    first.freeze()?;
    report("started").await?;
    report("short").await?;
    first.kill9().await?;
    let mut second = site.launch(None)?;
    second.ready().await?;
    // These say that all was picked, if nobody said otherwise before.
    for what in ["packed", "shipped", "delivered"] {
        report(what).await?;
    }
    eventually("what was short is picked elsewhere", || async {
        let picks = picks().await?;
        anyhow::ensure!(picks.len() == 2 && picks[0].2 == "delivered", "{picks:?}");
        Ok(())
    })
    .await?;
    second.stop().await?;
    site.close().await
}

/// Places the orders one after the other. Tells how long each took.
async fn place_steadily(world: &world::World, pause: Duration) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    for nth in 0..ORDERS {
        let watch = Stopwatch::start();
        world.place(&world::name("b", nth)).await?;
        took.push(watch.elapsed());
        tokio::time::sleep(pause).await;
    }
    Ok(took)
}

async fn undisturbed(site: &Site, world: &world::World) -> anyhow::Result<Vec<String>> {
    site.customers("a").await?;
    site.customers("b").await?;
    world.place_all((0..ORDERS).map(|nth| world::name("a", nth))).await?;
    books::settled(site, "a").await?;
    books::of(site, "a").await
}

/// Whoever sleeps within a transaction holds its rows until Postgres loses patience: here, soon.
async fn be_impatient(site: &Site) -> anyhow::Result<()> {
    for service in site.services() {
        let sql = format!("alter role {service} set idle_in_transaction_session_timeout = '3s'");
        sqlx::query(AssertSqlSafe(sql)).execute(&site.books(service)?).await?;
    }
    Ok(())
}

/// The connections that hold the locks of partitions.
async fn locks(site: &Site) -> anyhow::Result<Vec<(String, i32)>> {
    let mut locks = Vec::new();
    for service in site.services() {
        let db: PgPool = site.books(service)?;
        let held: Vec<i32> = sqlx::query_scalar(
            "select distinct pid from pg_locks
              where locktype = 'advisory'
                and database = (select oid from pg_database where datname = current_database())",
        )
        .fetch_all(&db)
        .await?;
        locks.extend(held.into_iter().map(|it| (service.to_owned(), it)));
    }
    Ok(locks)
}

/// Waits until this process has its share: two of four partitions of every service.
async fn shares(replica: &Replica) -> anyhow::Result<()> {
    eventually("it has its share", || async { owns(replica, all() / 2) }).await
}

/// How many partitions there are, of all services.
fn all() -> usize {
    4 * kontor::house::plain().names().count()
}

/// How many partitions a process has, by what it says. One that it could not begin with it loses
/// without having had it.
fn owns(replica: &Replica, wanted: usize) -> anyhow::Result<()> {
    let log = replica.log()?;
    let mut owned = BTreeSet::new();
    for line in log.lines() {
        let words: Vec<&str> = line.split([' ', ':']).collect();
        for said in words.windows(4) {
            match *said {
                [service, "has", "partition", number] => {
                    owned.insert((service, number));
                }
                [service, "let" | "lost", "partition", number] => {
                    owned.remove(&(service, number));
                }
                _ => {}
            }
        }
    }
    let owned = owned.len();
    anyhow::ensure!(owned >= wanted, "{owned} of {wanted} partitions");
    Ok(())
}
