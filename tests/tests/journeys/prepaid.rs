//! Orders that are paid before anything leaves.

use anyhow::ensure;
use contracts::Cents;
use contracts::Status::{
    AwaitingPayment, Checking, Completed, Confirmed, Delivered, Expired, Packed, Picking, Released,
    Shipped,
};
use contracts::intake::PaymentOverdue;
use whole_house::{Draft, PATIENCE, Shop, eventually};

use crate::{pick, visit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepaid() -> anyhow::Result<()> {
    visit("prepaid", async |shop| {
        it_is_paid_and_delivered(shop).await?;
        it_is_paid_in_parts(shop).await?;
        it_is_never_paid(shop).await?;
        it_is_paid_too_late(shop).await
    })
    .await
}

/// The plainest way of all: ordered, paid, picked, packed, shipped, delivered.
async fn it_is_paid_and_delivered(shop: &Shop) -> anyhow::Result<()> {
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 10)]).await?;
    let order = Draft::prepaid("P-1")?.line(&tea, 3).freight(Cents(1_200)).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [10, 3, 0], "softly, until it is paid");

    shop.bank.reports("PAY-1", id, order.total).await?;
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [10, 0, 3], "firmly, from then on");
    warehouse.carries_out(&pick).await?;
    shop.reaches(id, Completed).await?;
    let course = [
        Checking,
        AwaitingPayment,
        Confirmed,
        Released,
        Picking,
        Packed,
        Shipped,
        Delivered,
        Completed,
    ];
    shop.web.is_told("P-1", &course).await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [7, 0, 0]);
    shop.audit().await?;
    let money = &shop.clerk.order(id).await?["money"];
    assert_eq!(money["invoices"][0]["gross"], order.total.0);
    assert_eq!(money["open"], 0);
    Ok(())
}

/// Money comes in two parts, and the second is more than what was left.
async fn it_is_paid_in_parts(shop: &Shop) -> anyhow::Result<()> {
    let tea = shop.sells("TEA-PARTS", 9_800, &[("WH-B", 2)]).await?;
    let order = Draft::prepaid("P-2")?.line(&tea, 2).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.bank.reports("PAY-2A", id, Cents(5_000)).await?;
    shop.audit().await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.bank.reports("PAY-2B", id, order.total).await?;
    let (warehouse, pick) = pick(shop, "WH-B", id).await?;
    warehouse.reports(&pick, "delivered").await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await?;
    let money = &shop.clerk.order(id).await?["money"];
    assert_eq!(money["refund"], 5_000, "what was paid too much goes back at the end");
    Ok(())
}

/// The payment never comes: the order expires, and what was held for it is free again.
async fn it_is_never_paid(shop: &Shop) -> anyhow::Result<()> {
    let cup = shop.sells("CUP", 3_900, &[("WH-A", 4)]).await?;
    let id = shop.web.place(&Draft::prepaid("P-3")?.line(&cup, 4).order()).await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.rings::<PaymentOverdue>(id).await?;
    shop.reaches(id, Expired).await?;
    shop.web.is_told("P-3", &[Checking, AwaitingPayment, Expired]).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&cup, "WH-A").await?, [4, 0, 0], "free for whoever comes next");
    Ok(())
}

/// The payment comes when the order is over: it goes back.
async fn it_is_paid_too_late(shop: &Shop) -> anyhow::Result<()> {
    let pot = shop.sells("POT", 28_800, &[("WH-A", 1)]).await?;
    let order = Draft::prepaid("P-4")?.line(&pot, 1).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.rings::<PaymentOverdue>(id).await?;
    shop.reaches(id, Expired).await?;
    shop.bank.reports("PAY-4", id, order.total).await?;
    eventually(PATIENCE, || async {
        let seen = shop.clerk.order(id).await?;
        let refund = &seen["money"]["refund"];
        ensure!(*refund == order.total.0, "{refund} goes back");
        Ok(())
    })
    .await?;
    shop.web.is_told("P-4", &[Checking, AwaitingPayment, Expired]).await?;
    shop.audit().await
}
