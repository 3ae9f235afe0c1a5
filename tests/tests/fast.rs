//! A suite whose time runs a thousand times as fast as the machine's.

use std::time::Duration;

use anyhow::ensure;
use chassis::clock::{self, Stopwatch};
use contracts::Status::{AwaitingPayment, Checking, Expired};
use jiff::SignedDuration;
use whole_house::{Draft, PATIENCE, Shop, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_never_paid_expires_within_seconds() -> anyhow::Result<()> {
    let shop = Box::pin(Shop::open_at("fast", 1_000)).await?;
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 10)]).await?;
    let (watch, placed_at) = (Stopwatch::start(), clock::now());
    let id = shop.web.place(&Draft::prepaid("F-1")?.line(&tea, 3).order()).await?;
    shop.reaches(id, Expired).await?;
    ensure!(watch.elapsed() < Duration::from_secs(20), "half an hour took {:?}", watch.elapsed());
    shop.web.is_told("F-1", &[Checking, AwaitingPayment, Expired]).await?;

    let told = shop.web.told("F-1");
    let waited = told[2].at.duration_since(told[1].at);
    ensure!(waited >= SignedDuration::from_mins(30), "it expired after {waited}");
    ensure!(told[0].at >= placed_at, "{} is before {placed_at}", told[0].at);
    eventually(PATIENCE, || async {
        let shelf = shop.shelf(&tea, "WH-A").await?;
        ensure!(shelf == [10, 0, 0], "what it held is not free: {shelf:?}");
        Ok(())
    })
    .await?;
    shop.audit().await?;
    Box::pin(shop.close()).await
}
