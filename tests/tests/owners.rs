//! Two processes share the partitions: one hands over to the other, in peace and without knowing it.

use std::time::Duration;

use chassis::clock::Stopwatch;
use sqlx::PgPool;
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
    books::agree(&site, &undisturbed, "b").await?;
    books::quiet(&site).await?;
    books::sound(&site).await?;
    second.stop().await?;
    drop(world);
    site.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_slept_finds_its_partitions_taken() -> anyhow::Result<()> {
    let site = Site::open("slept").await?;
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
        first.freeze().await?;
        // It neither works nor lets go. Whoever looks after Postgres takes it for dead.
        for (service, lock) in &locks {
            sqlx::query("select pg_terminate_backend($1)")
                .bind(lock)
                .execute(&site.books(service).await?)
                .await?;
        }
        let watch = Stopwatch::start();
        eventually("the other has all", || async { owns(&second, 32) }).await?;
        eprintln!("whoever slept was replaced after {:?}", watch.elapsed());
        tokio::time::sleep(Duration::from_secs(2)).await;
        first.thaw().await?;
        eventually("it finds out", || async {
            anyhow::ensure!(first.says("has another owner")?, "it goes on");
            Ok(())
        })
        .await
    };
    let (placed, slept) = tokio::join!(placing, sleeping);
    slept?;
    let longest = placed?.into_iter().max().unwrap_or_default();
    eprintln!("an order was answered within {longest:?} at most, while an owner slept");

    books::agree(&site, &undisturbed, "b").await?;
    books::quiet(&site).await?;
    books::sound(&site).await?;
    // It goes on with what it may own.
    eventually("both share again", || async { owns(&first, 1) }).await?;
    second.stop().await?;
    eventually("it has all", || async { owns(&first, 32) }).await?;
    site.customers("c").await?;
    world.place_all((0..5).map(|nth| world::name("c", nth))).await?;
    books::settled(&site, "c").await?;
    first.stop().await?;
    drop(world);
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

/// The connections that hold the locks of partitions.
async fn locks(site: &Site) -> anyhow::Result<Vec<(String, i32)>> {
    let mut locks = Vec::new();
    for service in site.services() {
        let db: PgPool = site.books(service).await?;
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

/// Waits until this process has its share: two of four partitions of eight services.
async fn shares(replica: &Replica) -> anyhow::Result<()> {
    eventually("it has its share", || async { owns(replica, 16) }).await
}

/// How many partitions a process has, by what it says.
fn owns(replica: &Replica, wanted: usize) -> anyhow::Result<()> {
    let log = replica.log()?;
    let taken = log.matches(" has partition ").count();
    let left = log.matches(" let partition ").count() + log.matches(" lost partition ").count();
    let owned = taken.saturating_sub(left);
    anyhow::ensure!(owned >= wanted, "{owned} of {wanted} partitions");
    Ok(())
}
