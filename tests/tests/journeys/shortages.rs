//! What the books say is there, and is not: short picks and counts.

use contracts::Status::{AwaitingPayment, Backordered, Completed, PartiallyShipped};
use whole_house::{Draft, Shop};

use crate::{pick, visit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shortages() -> anyhow::Result<()> {
    visit("shortages", async |shop| {
        what_is_short_comes_from_elsewhere(shop).await?;
        what_is_short_everywhere_waits(shop).await?;
        all_of_a_pick_is_short(shop).await?;
        a_count_takes_what_was_claimed(shop).await
    })
    .await
}

/// The warehouse finds less than it was told to pick: another one sends the rest.
async fn what_is_short_comes_from_elsewhere(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-1", 100_000_000, 98).await?;
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 5), ("WH-B", 5)]).await?;
    let id = shop.web.place(&Draft::on_account("H-1", "C-1")?.line(&tea, 5).order()).await?;
    let (shanghai, first) = pick(shop, "WH-A", id).await?;
    shanghai.reports(&first, "started").await?;
    shanghai.lacks(&first, 1, 2).await?;
    let (guangzhou, second) = pick(shop, "WH-B", id).await?;
    assert_eq!(second.lines[0].quantity, 2);
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [3, 0, 3], "two were never there");
    shop.audit().await?;
    shanghai.reports(&first, "delivered").await?;
    guangzhou.carries_out(&second).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await
}

/// Nobody has the rest: what is there leaves, and the rest waits for supply.
async fn what_is_short_everywhere_waits(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-2", 100_000_000, 98).await?;
    let cup = shop.sells("CUP", 3_900, &[("WH-A", 3)]).await?;
    let id = shop.web.place(&Draft::on_account("H-2", "C-2")?.line(&cup, 3).order()).await?;
    let (warehouse, first) = pick(shop, "WH-A", id).await?;
    warehouse.lacks(&first, 1, 1).await?;
    warehouse.reports(&first, "shipped").await?;
    shop.reaches(id, PartiallyShipped).await?;
    shop.audit().await?;
    shop.receives(&cup, "WH-A", 1).await?;
    let second = warehouse.nth_pick(id, 2).await?;
    warehouse.reports(&first, "delivered").await?;
    warehouse.carries_out(&second).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await
}

/// Nothing of it is there: the pick is empty, and the order waits.
async fn all_of_a_pick_is_short(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-3", 100_000_000, 98).await?;
    let pot = shop.sells("POT", 28_800, &[("WH-C", 2)]).await?;
    let id = shop.web.place(&Draft::on_account("H-3", "C-3")?.line(&pot, 2).order()).await?;
    let (warehouse, first) = pick(shop, "WH-C", id).await?;
    warehouse.lacks(&first, 1, 2).await?;
    shop.reaches(id, Backordered).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&pot, "WH-C").await?, [0, 0, 0]);
    shop.receives(&pot, "WH-A", 2).await?;
    let (shanghai, second) = pick(shop, "WH-A", id).await?;
    shanghai.carries_out(&second).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await
}

/// A count finds less than is claimed for an order that is not paid yet: it gets another source.
async fn a_count_takes_what_was_claimed(shop: &Shop) -> anyhow::Result<()> {
    let tray = shop.sells("TRAY", 15_900, &[("WH-A", 4), ("WH-B", 4)]).await?;
    let order = Draft::prepaid("H-4")?.line(&tray, 4).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    assert_eq!(shop.shelf(&tray, "WH-A").await?, [4, 4, 0]);
    shop.clerk.counts(&tray.sku, "WH-A", 1).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&tray, "WH-A").await?[0], 1);
    shop.bank.reports("PAY-H4", id, order.total).await?;
    let (guangzhou, second) = pick(shop, "WH-B", id).await?;
    assert!(second.lines[0].quantity >= 3, "{second:?}");
    shop.is_quiet().await?;
    guangzhou.carries_out(&second).await?;
    for first in shop.warehouse("WH-A")?.picks(id) {
        shop.warehouse("WH-A")?.carries_out(&first).await?;
    }
    shop.reaches(id, Completed).await?;
    shop.audit().await
}
