//! The power goes off, for one server or for the whole house: nothing is lost that was acknowledged.
//! Needs root and loop devices, and says so where it has not got them.

use std::time::Duration;

use anyhow::ensure;
use chassis::clock::Stopwatch;
use kontor::powercut::{self, Outcome, Powercut, Report, Server};
use servers::Disk;
use whole_house::process::{Replica, Site, books, world};

/// How often the power of a server alone goes off.
const TIMES: u32 = 10;

/// How many orders are undisturbed, and then as many during each cut of the house.
const ORDERS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn nats_keeps_what_it_acknowledged() -> anyhow::Result<()> {
    keeps(Server::Nats).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_what_it_acknowledged() -> anyhow::Result<()> {
    keeps(Server::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_does_not_write_down_is_found_out() -> anyhow::Result<()> {
    is_found_out(Server::Nats).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_does_not_write_down_is_found_out() -> anyhow::Result<()> {
    is_found_out(Server::Postgres).await
}

async fn keeps(server: Server) -> anyhow::Result<()> {
    let Some(report) = cut(server, TIMES, false).await? else { return Ok(()) };
    ensure!(report.lost.is_empty(), "{report}");
    let (cuts, least) = (report.took.len(), u64::from(TIMES) * 10);
    ensure!(
        cuts == TIMES as usize && report.acknowledged > least,
        "too little was tried: {report}"
    );
    Ok(())
}

/// The same cuts find a loss where there is one.
async fn is_found_out(server: Server) -> anyhow::Result<()> {
    let Some(report) = cut(server, 3, true).await? else { return Ok(()) };
    ensure!(!report.lost.is_empty(), "nothing was lost: {report}");
    Ok(())
}

async fn cut(server: Server, times: u32, forgetful: bool) -> anyhow::Result<Option<Report>> {
    let name = format!("kontor-power-{server:?}-{forgetful}-{}", std::process::id());
    let home = std::env::temp_dir().join(name.to_lowercase());
    let skip_if_impossible = true;
    let powercut =
        Powercut { server, times, seed: 1, forgetful, skip_if_impossible, home: home.clone() };
    let outcome = powercut::run(&powercut, &|_| ()).await;
    std::fs::remove_dir_all(home)?;
    Ok(match outcome? {
        Outcome::Done(report) => {
            eprintln!("{report}");
            Some(report)
        }
        Outcome::Impossible(why) => {
            eprintln!("SKIPPED: {why}");
            None
        }
    })
}

/// What the power of is cut while the house is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Nats,
    Postgres,
    /// The servers, and the services with them.
    All,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_goes_on_after_power_cuts() -> anyhow::Result<()> {
    let probe = std::env::temp_dir().join(format!("kontor-power-probe-{}", std::process::id()));
    std::fs::create_dir_all(&probe)?;
    let impossible = Disk::why_not(&probe).await;
    std::fs::remove_dir(&probe)?;
    if let Some(why) = impossible {
        eprintln!("SKIPPED: {why}");
        return Ok(());
    }
    let mut site = Site::open_durable("power").await?;
    let mut disks = Disks {
        nats: site.suite.nats.onto_disk().await?,
        postgres: site.suite.postgres.onto_disk().await?,
    };
    let world = world::World::begin(&site).await?;
    let mut replica = site.start().await?;
    let cuts = [Of::Nats, Of::Postgres, Of::All, Of::Nats];
    let orders = ORDERS * cuts.len() as u64;
    let undisturbed = undisturbed(&site, &world, orders).await?;

    for (nth, of) in (0..).zip(cuts) {
        let names = (nth * ORDERS..(nth + 1) * ORDERS).map(|it| world::name("b", it));
        let moment = Duration::from_millis(150 + 130 * nth);
        let (placed, cut) =
            tokio::join!(world.place_all(names), disks.cut(of, &mut site, replica, moment),);
        replica = cut?;
        placed?;
    }
    books::settled(&site, "b").await?;
    books::agree(&site, &undisturbed, "b").await?;
    books::audit(&site).await?;
    replica.stop().await?;
    drop(world);
    site.suite.nats.stop().await?;
    site.suite.postgres.stop().await?;
    drop(disks);
    site.close().await
}

struct Disks {
    nats: Disk,
    postgres: Disk,
}

impl Disks {
    /// Cuts the power after a moment, and has all start again.
    async fn cut(
        &mut self,
        of: Of,
        site: &mut Site,
        replica: Replica,
        moment: Duration,
    ) -> anyhow::Result<Replica> {
        tokio::time::sleep(moment).await;
        let watch = Stopwatch::start();
        let replica = if of == Of::All {
            replica.kill9().await?;
            None
        } else {
            Some(replica)
        };
        if of != Of::Postgres {
            site.suite.nats.cut_power(&mut self.nats).await?;
        }
        if of != Of::Nats {
            site.suite.postgres.cut_power(&mut self.postgres).await?;
            site.suite.postgres.restart().await?;
        }
        if of != Of::Postgres {
            site.suite.nats.restart().await?;
        }
        let replica = match replica {
            Some(replica) => replica,
            None => site.start().await?,
        };
        eprintln!("the power of {of:?} went off, and it was back after {:?}", watch.elapsed());
        Ok(replica)
    }
}

async fn undisturbed(
    site: &Site,
    world: &world::World,
    orders: u64,
) -> anyhow::Result<Vec<String>> {
    site.customers("a").await?;
    site.customers("b").await?;
    world.place_all((0..orders).map(|nth| world::name("a", nth))).await?;
    books::settled(site, "a").await?;
    books::of(site, "a").await
}
