//! Orders on account: delivered first, paid by invoice, within what the customer may owe.

use anyhow::ensure;
use contracts::Status::{
    Cancelled, Checking, Completed, Confirmed, CreditHold, Delivered, Packed, Picking, Released,
    Shipped,
};
use contracts::intake::HoldOverdue;
use contracts::{Cents, OrderId};
use whole_house::{Draft, Item, PATIENCE, Shop, eventually};

use crate::{pick, visit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_account() -> anyhow::Result<()> {
    visit("on-account", async |shop| {
        it_is_paid_by_invoice(shop).await?;
        it_is_held_and_released(shop).await?;
        it_is_held_and_refused(shop).await?;
        it_is_held_and_forgotten(shop).await
    })
    .await
}

async fn it_is_paid_by_invoice(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-GOOD", 10_000_000, 98).await?;
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 50)]).await?;
    let cup = shop.sells("CUP", 3_333, &[("WH-A", 50)]).await?;
    let draft = Draft::on_account("A-1", "C-GOOD")?.line(&tea, 7).line(&cup, 9);
    let order = draft.freight(Cents(1_999)).po_number("PO-77").order();
    let id = shop.web.place(&order).await?;
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    assert_eq!(exposure(shop, "C-GOOD").await?["authorised"], order.total.0);

    warehouse.carries_out(&pick).await?;
    shop.reaches(id, Completed).await?;
    let course = [Checking, Confirmed, Released, Picking, Packed, Shipped, Delivered, Completed];
    shop.web.is_told("A-1", &course).await?;
    shop.audit().await?;
    assert_eq!(exposure(shop, "C-GOOD").await?["billed_open"], order.total.0);

    shop.bank.reports("PAY-1", id, Cents(10_000)).await?;
    shop.bank.reports("PAY-2", id, order.total - Cents(10_000)).await?;
    owes(shop, "C-GOOD", 0).await?;
    shop.audit().await?;
    let paid = &shop.clerk.order(id).await?["money"]["payments"];
    assert_eq!(paid.as_array().map(Vec::len), Some(2), "{paid}");
    Ok(())
}

/// The customer is over their limit: a person looks, and the goods are held softly meanwhile.
async fn it_is_held_and_released(shop: &Shop) -> anyhow::Result<()> {
    let (tray, id) = held(shop, "A-2", "C-KNOWN").await?;
    assert_eq!(shop.shelf(&tray, "WH-A").await?, [5, 5, 0], "softly, while a person looks");
    let (status, answer) = shop.clerk.releases(id, 3).await?;
    assert_eq!((status, answer["outcome"].as_str()), (200, Some("released")), "{answer}");
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    assert_eq!(shop.shelf(&tray, "WH-A").await?, [5, 0, 5], "firmly, from then on");
    warehouse.reports(&pick, "delivered").await?;
    shop.reaches(id, Completed).await?;
    let course =
        [Checking, CreditHold, Confirmed, Released, Picking, Packed, Shipped, Delivered, Completed];
    shop.web.is_told("A-2", &course).await?;
    assert_eq!(shop.web.told("A-2")[2].reason, "credit_released");
    let (status, _) = shop.clerk.releases(id, 3).await?;
    assert_eq!(status, 409, "nothing is held any more");
    shop.audit().await
}

async fn it_is_held_and_refused(shop: &Shop) -> anyhow::Result<()> {
    let (tray, id) = held(shop, "A-3", "C-OVER").await?;
    let (status, answer) = shop.clerk.refuses(id).await?;
    assert_eq!((status, answer["outcome"].as_str()), (200, Some("refused")), "{answer}");
    shop.reaches(id, Cancelled).await?;
    shop.web.is_told("A-3", &[Checking, CreditHold, Cancelled]).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&tray, "WH-A").await?, [5, 0, 0]);
    Ok(())
}

/// Nobody decides for seven days.
async fn it_is_held_and_forgotten(shop: &Shop) -> anyhow::Result<()> {
    let (tray, id) = held(shop, "A-4", "C-SLOW").await?;
    shop.rings::<HoldOverdue>(id).await?;
    shop.reaches(id, Cancelled).await?;
    shop.audit().await?;
    assert_eq!(shop.web.told("A-4")[2].reason, "hold_overdue");
    assert_eq!(shop.shelf(&tray, "WH-A").await?, [5, 0, 0]);
    Ok(())
}

/// Has an order for five trays held by credit; its clerk's tier is too low to release it.
async fn held(shop: &Shop, name: &str, customer: &str) -> anyhow::Result<(Item, OrderId)> {
    shop.knows(customer, 50_000, 30).await?;
    let tray = shop.sells(&format!("TRAY-{name}"), 15_900, &[("WH-A", 5)]).await?;
    let order = Draft::on_account(name, customer)?.line(&tray, 5).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, CreditHold).await?;
    shop.is_quiet().await?;
    let (status, answer) = shop.clerk.releases(id, 1).await?;
    ensure!(status == 403, "a clerk released it: {answer}");
    shop.audit().await?;
    Ok((tray, id))
}

async fn exposure(shop: &Shop, customer: &str) -> anyhow::Result<serde_json::Value> {
    let path = format!("/v1/customers/{customer}/credit");
    Ok(shop.clerk.reads(&path).await?["exposure"].clone())
}

/// Waits until the customer owes so much by invoice.
async fn owes(shop: &Shop, customer: &str, amount: i64) -> anyhow::Result<()> {
    eventually(PATIENCE, || async {
        let exposure = exposure(shop, customer).await?;
        ensure!(exposure["billed_open"] == amount, "{customer} owes {exposure}");
        Ok(())
    })
    .await
}
