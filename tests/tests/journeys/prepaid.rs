//! Orders that are paid before anything leaves.

use contracts::Status::{
    AwaitingPayment, Checking, Completed, Confirmed, Delivered, Packed, Picking, Released, Shipped,
};
use whole_house::{Draft, Shop};

use crate::visit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepaid() -> anyhow::Result<()> {
    visit("prepaid", async |shop| {
        is_paid_and_delivered(shop).await?;
        Ok(())
    })
    .await
}

/// The plainest of all: ordered, paid, picked, packed, shipped, delivered.
async fn is_paid_and_delivered(shop: &Shop) -> anyhow::Result<()> {
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 10)]).await?;
    let draft = Draft::prepaid("P-1")?.line(&tea, 3);
    let order = draft.order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [10, 3, 0, 0], "held softly until it is paid");

    shop.bank.reports("PAY-1", id, order.total).await?;
    let warehouse = shop.warehouse("WH-A")?;
    let pick = warehouse.pick(id).await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [10, 0, 3, 0], "firmly from then on");
    warehouse.carries_out(&pick).await?;
    shop.reaches(id, Completed).await?;
    let course = [
        Checking, AwaitingPayment, Confirmed, Released, Picking, Packed, Shipped, Delivered, Completed,
    ];
    shop.web.is_told("P-1", &course).await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [7, 0, 0, 0]);
    shop.audit().await
}
