//! Whoever may say something says nonsense, a great deal of it, while good orders come in: nothing
//! breaks, each piece is refused, parked or counted, and the good orders come to their ends.

mod heads;
mod rubbish;
mod thrower;

use anyhow::ensure;
use chassis::clock::Stopwatch;
use whole_house::process::{Replica, Site, books, eventually, world};
use whole_house::scale;

use thrower::{Thrower, Thrown};

#[tokio::test(flavor = "multi_thread")]
async fn garbage_among_good_orders() -> anyhow::Result<()> {
    let (pieces, orders) = (scale(10_000, 100_000), scale(120, 2_000));
    let site = Site::open("garbage").await?;
    let world = world::World::begin(&site).await?;
    let mut replica = site.start().await?;
    site.customers("a").await?;
    site.customers("b").await?;

    let watch = Stopwatch::start();
    world.place_all((0..orders).map(|nth| world::name("a", nth))).await?;
    books::settled(&site, "a").await?;
    let alone = watch.elapsed();
    let undisturbed = books::of(&site, "a").await?;

    let watch = Stopwatch::start();
    let thrower = Thrower::open(&site).await?;
    let good = async {
        world.place_all((0..orders).map(|nth| world::name("b", nth))).await?;
        anyhow::Ok(watch.elapsed())
    };
    let (thrown, placed) = tokio::join!(thrower.throw(pieces), good);
    let (thrown, placed) = (thrown?, placed?);
    let through = watch.elapsed();
    eprintln!("{pieces} pieces of garbage in {through:?}: {thrown:#?}");
    accounted_for(&site, &replica, &thrown).await?;
    books::settled(&site, "b").await?;
    eprintln!(
        "{orders} orders: alone all was done after {alone:?}; beside the garbage all were taken in \
         after {placed:?}, and all was done after {:?}",
        watch.elapsed()
    );
    // Garbage is parked, as it should be, so the audit of a house in order would complain of that.
    books::agree(&site, &undisturbed, "b").await?;
    ensure!(!replica.has_ended()?, "it has ended:\n{}", replica.log()?);
    ensure!(!replica.log()?.contains("panicked"), "something panicked:\n{}", replica.log()?);
    ensure!(replica.answers("/readyz").await? == 200, "it is not ready");
    replica.stop().await?;
    drop(world);
    site.close().await
}

/// Where it is written down what a stream brought that no rule could do anything with: the service,
/// the stream, and how many of the pieces stand in its books.
const BOOKS: [(&str, &str, &str); 4] = [
    (
        "intake",
        "ORDERS_SUBMIT",
        "select (select count(*) from refusal where external_id like 'g-%')
              + (select count(*) from parked where subject = 'intake.submitted.v1')",
    ),
    (
        "finance",
        "PAYMENTS",
        "select (select count(*) from odd_report where payment_id like 'g-%')
              + (select count(*) from parked where subject = 'finance.payment-reported.v1')",
    ),
    (
        "fulfilment",
        "CARRIER_REPORT",
        // A carrier may know a parcel before we do: what reads as a report waits for it. Each piece is
        // about a parcel of its own; one that comes again, as its acknowledgement was late, is no other.
        "select (select count(*) from (
                     select about from refused_report where reporter = 'swift'
                      union
                     select carrier || ' ' || tracking_no
                       from parcel where tracking_no like 'g-%' and said is not null) as piece)
              + (select count(*) from parked where subject = 'fulfilment.carrier-reported.v1')",
    ),
    (
        "fulfilment",
        "WAREHOUSE_REPORT",
        "select (select count(distinct about) from refused_report where reporter = 'FW-SH')
              + (select count(*) from parked where subject = 'fulfilment.warehouse-reported.v1')",
    ),
];

/// Every piece was refused to whoever sent it, or is in somebody's books, or was counted.
async fn accounted_for(site: &Site, replica: &Replica, thrown: &Thrown) -> anyhow::Result<()> {
    ensure!(thrown.unanswered.is_empty(), "these were never answered: {:?}", thrown.unanswered);
    ensure!(thrown.taken_in == 0, "{} pieces of garbage were taken in as orders", thrown.taken_in);
    for (service, stream, count) in BOOKS {
        let kept = thrown.kept.get(stream).copied().unwrap_or_default();
        ensure!(kept > 0, "nothing was thrown into {stream}");
        eventually(&format!("{stream} is accounted for"), || async {
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
                .fetch_one(&site.books(service)?)
                .await?;
            let found = found.unsigned_abs();
            let unknown = thrown.unknown.get(stream).copied().unwrap_or_default();
            ensure!(
                (kept..=kept + unknown).contains(&found),
                "{found} of {kept} are in {service}'s books, and {unknown} may be"
            );
            Ok(())
        })
        .await?;
    }
    let kept = thrown.kept.get("STOCK_REPORT").copied().unwrap_or_default();
    eventually("what was read by nobody is counted", || async {
        let counted = replica.counted("kontor_messages_unreadable_total").await?;
        let parked: i64 = sqlx::query_scalar(
            "select count(*) from parked where subject = 'inventory.reported.v1'",
        )
        .fetch_one(&site.books("inventory")?)
        .await?;
        let counted_here = |service: &str, what: &str| -> u64 {
            let of = |it: &&(String, u64)| it.0.contains(service) && it.0.contains(what);
            counted.iter().filter(of).map(|it| it.1).sum()
        };
        // What is decided once more, beside something that had to be parked, is counted once more.
        let stock = counted_here("service=\"inventory\"", "what=\"report\"");
        let stock = stock + parked.unsigned_abs();
        ensure!(stock >= kept, "{stock} of {kept} reports on stock");
        // Each page that intake is said to have said is heard, and refused, by those who listen.
        let pages = counted_here("service=\"credit\"", "what=\"page\"");
        ensure!(pages >= thrown.pages_of_intake, "{pages} of {} pages", thrown.pages_of_intake);
        Ok(())
    })
    .await
}
