//! Orders that end before their time: cancelled, refused at the door, brought back.

use anyhow::ensure;
use contracts::Status::{
    AwaitingPayment, Backordered, Cancelled as Ended, Checking, Completed, Confirmed, Packed,
    PartiallyShipped, Picking, Released, Shipped,
};
use contracts::intake::{CancelRefusal, Cancelled};
use serde_json::json;
use whole_house::{Draft, PATIENCE, Shop, eventually};

use crate::{pick, visit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endings() -> anyhow::Result<()> {
    visit("endings", async |shop| {
        shop.knows("C-1", 100_000_000, 98).await?;
        it_is_cancelled_before_it_is_paid(shop).await?;
        it_is_cancelled_while_it_waits(shop).await?;
        the_warehouse_leaves_it_alone(shop).await?;
        one_of_two_warehouses_had_begun(shop).await?;
        it_is_picked_already(shop).await?;
        nobody_takes_it(shop).await?;
        one_parcel_of_two_is_refused(shop).await
    })
    .await
}

async fn it_is_cancelled_before_it_is_paid(shop: &Shop) -> anyhow::Result<()> {
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 3)]).await?;
    let order = Draft::prepaid("E-1")?.line(&tea, 3).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    let other = shop.market.cancel(id, "not mine").await?;
    ensure!(refusal(&other) == Some(CancelRefusal::Unknown), "another's order: {other:?}");
    let answer = shop.web.cancel(id, "changed my mind").await?;
    ensure!(matches!(answer, Cancelled::Done(_)), "{answer:?}");
    shop.web.is_told("E-1", &[Checking, AwaitingPayment, Ended]).await?;
    let again = shop.web.cancel(id, "did you hear me").await?;
    ensure!(refusal(&again) == Some(CancelRefusal::AlreadyFinal), "{again:?}");
    shop.audit().await?;
    assert_eq!(shop.shelf(&tea, "WH-A").await?, [3, 0, 0]);

    shop.bank.reports("PAY-E1", id, order.total).await?; // The customer had clicked already.
    eventually(PATIENCE, || async {
        let money = shop.clerk.order(id).await?["money"].clone();
        ensure!(money["refund"] == order.total.0, "{money}");
        Ok(())
    })
    .await?;
    shop.audit().await
}

async fn it_is_cancelled_while_it_waits(shop: &Shop) -> anyhow::Result<()> {
    let nuts = shop.sells("NUTS", 8_800, &[]).await?;
    let id = shop.web.place(&Draft::on_account("E-2", "C-1")?.line(&nuts, 2).order()).await?;
    shop.reaches(id, Backordered).await?;
    // It is confirmed: fulfilment is asked, which has told no warehouse of it.
    let (status, answer) = shop.clerk.cancels(id).await?;
    assert_eq!((status, &answer["outcome"]), (202, &json!("cancellation_requested")), "{answer}");
    shop.reaches(id, Ended).await?;
    shop.audit().await?;
    shop.receives(&nuts, "WH-A", 2).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&nuts, "WH-A").await?, [2, 0, 0], "nobody waits for it any more");
    Ok(())
}

/// It was released, and the warehouse has not begun: it leaves it alone when asked.
async fn the_warehouse_leaves_it_alone(shop: &Shop) -> anyhow::Result<()> {
    let cup = shop.sells("CUP", 3_900, &[("WH-A", 6)]).await?;
    let order = Draft::prepaid("E-3")?.line(&cup, 6).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.bank.reports("PAY-E3", id, order.total).await?;
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    shop.reaches(id, Released).await?;
    let answer = shop.web.cancel(id, "too slow").await?;
    ensure!(matches!(answer, Cancelled::Requested(_)), "{answer:?}");
    let again = shop.web.cancel(id, "much too slow").await?;
    ensure!(refusal(&again) == Some(CancelRefusal::AlreadyRequested), "{again:?}");
    warehouse.is_asked_back(&pick).await?;
    shop.audit().await?;
    shop.reaches(id, Released).await?;
    warehouse.reports(&pick, "unreleased").await?;
    shop.reaches(id, Ended).await?;
    shop.web.is_told("E-3", &[Checking, AwaitingPayment, Confirmed, Released, Ended]).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&cup, "WH-A").await?, [6, 0, 0]);
    let money = &shop.clerk.order(id).await?["money"];
    assert_eq!(money["refund"], order.total.0, "what was paid goes back");
    Ok(())
}

/// Of two warehouses one has begun: the order goes on, and what the other left is picked after all.
async fn one_of_two_warehouses_had_begun(shop: &Shop) -> anyhow::Result<()> {
    let tray = shop.sells("TRAY", 15_900, &[("WH-A", 2), ("WH-B", 2)]).await?;
    let id = shop.web.place(&Draft::on_account("E-4", "C-1")?.line(&tray, 4).order()).await?;
    let (shanghai, first) = pick(shop, "WH-A", id).await?;
    let (guangzhou, second) = pick(shop, "WH-B", id).await?;
    shop.reaches(id, Released).await?;
    shop.is_quiet().await?;
    let answer = shop.web.cancel(id, "too much").await?;
    ensure!(matches!(answer, Cancelled::Requested(_)), "{answer:?}");
    shanghai.is_asked_back(&first).await?;
    shanghai.reports(&first, "unreleased").await?;
    shop.is_quiet().await?;
    guangzhou.reports(&second, "started").await?; // Their letters crossed.
    let anew = shanghai.nth_pick(id, 2).await?;
    shop.audit().await?;
    shanghai.carries_out(&anew).await?;
    guangzhou.reports(&second, "delivered").await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await
}

/// What is picked, or left, is not cancelled any more.
async fn it_is_picked_already(shop: &Shop) -> anyhow::Result<()> {
    let pot = shop.sells("POT", 28_800, &[("WH-A", 1)]).await?;
    let id = shop.web.place(&Draft::on_account("E-5", "C-1")?.line(&pot, 1).order()).await?;
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    let steps = [
        ("started", Picking, CancelRefusal::Picked),
        ("picked", Picking, CancelRefusal::Picked),
        ("packed", Packed, CancelRefusal::Picked),
        ("shipped", Shipped, CancelRefusal::PastPointOfNoReturn),
        ("delivered", Completed, CancelRefusal::PastPointOfNoReturn),
    ];
    for (what, status, because) in steps {
        warehouse.reports(&pick, what).await?;
        shop.reaches(id, status).await?;
        shop.is_quiet().await?;
        let answer = shop.web.cancel(id, "please").await?;
        ensure!(refusal(&answer) == Some(because), "{what}: {answer:?}");
    }
    let (status, answer) = shop.clerk.cancels(id).await?;
    assert_eq!(
        (status, answer["type"].as_str().unwrap_or_default()),
        (409, "/problems/past-point-of-no-return")
    );
    shop.audit().await
}

/// The customer does not take it: it comes back to be looked at, and what was paid goes back too.
async fn nobody_takes_it(shop: &Shop) -> anyhow::Result<()> {
    let cake = shop.sells("CAKE", 18_800, &[("WH-A", 2)]).await?;
    let order = Draft::prepaid("E-6")?.line(&cake, 2).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.bank.reports("PAY-E6", id, order.total).await?;
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    warehouse.reports(&pick, "shipped").await?;
    warehouse.reports(&pick, "refused").await?;
    shop.audit().await?;
    shop.reaches(id, Shipped).await?;
    warehouse.reports(&pick, "returned").await?;
    shop.reaches(id, Ended).await?;
    shop.audit().await?;
    let stock = shop.clerk.reads("/v1/stock/CAKE").await?;
    assert_eq!(stock["warehouses"][0]["quarantine"], 2, "{stock}");
    assert_eq!(shop.shelf(&cake, "WH-A").await?, [0, 0, 0], "not to be sold as it is");
    let money = &shop.clerk.order(id).await?["money"];
    assert_eq!(money["refund"], order.total.0);
    assert_eq!(shop.web.told("E-6").last().map(|it| &*it.reason), Some("returned_undelivered"));
    Ok(())
}

/// One parcel arrives, and the other comes back: the order is done, and only the one is billed.
async fn one_parcel_of_two_is_refused(shop: &Shop) -> anyhow::Result<()> {
    let tea = shop.sells("TEA-TWO", 12_800, &[("WH-A", 1), ("WH-B", 1)]).await?;
    let id = shop.web.place(&Draft::on_account("E-7", "C-1")?.line(&tea, 2).order()).await?;
    let (shanghai, first) = pick(shop, "WH-A", id).await?;
    let (guangzhou, second) = pick(shop, "WH-B", id).await?;
    shanghai.reports(&first, "shipped").await?;
    shop.reaches(id, PartiallyShipped).await?;
    guangzhou.reports(&second, "refused").await?;
    shanghai.reports(&first, "delivered").await?;
    shop.audit().await?;
    guangzhou.reports(&second, "returned").await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await?;
    let money = &shop.clerk.order(id).await?["money"];
    assert_eq!(money["invoices"].as_array().map(Vec::len), Some(1), "{money}");
    Ok(())
}

fn refusal(answer: &Cancelled) -> Option<CancelRefusal> {
    match answer {
        Cancelled::Refused(it) => Some(it.because),
        Cancelled::Done(_)
        | Cancelled::Requested(_)
        | Cancelled::Rejected { .. }
        | Cancelled::Unknown { .. } => None,
    }
}
