//! Where the goods come from: by the merchant's rules, from one warehouse or several, at once or
//! when supply comes.

use anyhow::{Context, ensure};
use contracts::Status::{
    AwaitingPayment, Backordered, Completed, Confirmed, Delivered, PartiallyDelivered,
    PartiallyShipped, Released, Shipped,
};
use contracts::intake::ListItem;
use serde_json::Value;
use whole_house::{BEIJING, Draft, NANJING, SHANGHAI, Shop};

use crate::{pick, visit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sourcing() -> anyhow::Result<()> {
    visit("sourcing", async |shop| {
        a_large_order_from_the_east_goes_to_its_team(shop).await?;
        a_small_order_does_not(shop).await?;
        it_is_split_over_two_warehouses(shop).await?;
        what_is_lacking_follows_later(shop).await?;
        nothing_is_there_yet(shop).await?;
        what_a_paid_order_waits_for_comes(shop).await?;
        a_bulk_order_leaves_whole(shop).await?;
        what_is_fresh_and_urgent_comes_from_around_the_corner(shop).await
    })
    .await
}

/// East China, above 50,000 yuan: from WH-A though another one is no further and has more, in the
/// hands of the region's team, and explained.
async fn a_large_order_from_the_east_goes_to_its_team(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-EAST", 100_000_000, 98).await?;
    let desk = shop.sells("DESK", 249_900, &[("WH-A", 40), ("WH-B", 500), ("FW-SH", 60)]).await?;
    let order = Draft::on_account("S-1", "C-EAST")?.line(&desk, 20).to(NANJING).order();
    ensure!(order.total.0 > 5_000_000, "{}", order.total);
    let id = shop.web.place(&order).await?;
    let (warehouse, pick) = pick(shop, "WH-A", id).await?;
    shop.reaches(id, Released).await?; // A view is a moment behind the warehouse.
    let seen = shop.clerk.order(id).await?;
    assert_eq!(seen["sourcing"]["team"], "KA-EAST", "{seen}");
    assert_eq!(seen["sourcing"]["rule"], "R10-east-large", "{seen}");

    let why = shop.clerk.reads(&format!("/v1/orders/{id}/explanation")).await?;
    let sourcing = &why["sourcing"][0];
    assert_eq!(sourcing["rule"], "R10-east-large");
    assert_eq!(sourcing["record"]["reproduced"], true, "{sourcing}");
    let rules = finding(sourcing, "rules")?;
    ensure!(rules.to_string().contains("江苏"), "the clauses tell what was found: {rules}");
    ensure!(!finding(sourcing, "candidates")?.to_string().is_empty());
    ensure!(finding(sourcing, "because")?.as_str().is_some_and(|it| it.contains("WH-A")));
    assert_eq!(why["credit"][0]["verdict"]["kind"], "approve", "{why}");

    warehouse.carries_out(&pick).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await
}

/// The same from the same place, for less: no team.
async fn a_small_order_does_not(shop: &Shop) -> anyhow::Result<()> {
    let chair = shop.sells("CHAIR", 79_900, &[("WH-A", 3), ("WH-B", 3)]).await?;
    let id = shop.web.place(&Draft::prepaid("S-2")?.line(&chair, 1).to(NANJING).order()).await?;
    shop.reaches(id, AwaitingPayment).await?;
    let seen = shop.clerk.order(id).await?;
    assert_eq!(seen["sourcing"]["team"], Value::Null, "{seen}");
    assert_eq!(seen["sourcing"]["rule"], "R99-default", "{seen}");
    shop.audit().await
}

/// No warehouse has all of it: two parcels, and two invoices that add up to the total exactly.
async fn it_is_split_over_two_warehouses(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-SPLIT", 100_000_000, 98).await?;
    let tea = shop.sells("TEA-SPLIT", 12_801, &[("WH-A", 4), ("WH-C", 3)]).await?;
    let cup = shop.sells("CUP-SPLIT", 3_907, &[("WH-C", 5)]).await?;
    let draft = Draft::on_account("S-3", "C-SPLIT")?.line(&tea, 7).line(&cup, 5);
    let order = draft.freight(contracts::Cents(1_001)).order();
    let id = shop.web.place(&order).await?;
    let (shanghai, first) = pick(shop, "WH-A", id).await?;
    let (beijing, second) = pick(shop, "WH-C", id).await?;
    assert_eq!(first.lines.iter().map(|it| it.quantity).sum::<i64>(), 4);
    assert_eq!(second.lines.iter().map(|it| it.quantity).sum::<i64>(), 8);

    shanghai.reports(&first, "shipped").await?;
    shop.reaches(id, PartiallyShipped).await?;
    beijing.carries_out(&second).await?;
    shop.reaches(id, PartiallyDelivered).await?;
    shop.audit().await?;
    shanghai.reports(&first, "delivered").await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await?;
    let invoices = shop.clerk.order(id).await?["money"]["invoices"].clone();
    let invoices = invoices.as_array().context("no invoices")?;
    let billed = invoices.iter().filter_map(|it| it["gross"].as_i64()).sum::<i64>();
    assert_eq!((invoices.len(), billed), (2, order.total.0));
    Ok(())
}

/// Some of it is there and leaves; the rest waits for supply, and follows.
async fn what_is_lacking_follows_later(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-PART", 100_000_000, 98).await?;
    let cake = shop.sells("CAKE", 18_800, &[("WH-A", 2)]).await?;
    let order = Draft::on_account("S-4", "C-PART")?.line(&cake, 5).order();
    let id = shop.web.place(&order).await?;
    let (warehouse, first) = pick(shop, "WH-A", id).await?;
    warehouse.carries_out(&first).await?;
    shop.reaches(id, PartiallyShipped).await?;
    shop.audit().await?;

    shop.receives(&cake, "WH-A", 10).await?;
    let second = warehouse.nth_pick(id, 2).await?;
    assert_eq!(second.lines[0].quantity, 3, "no more than was lacking");
    warehouse.carries_out(&second).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&cake, "WH-A").await?, [7, 0, 0]);
    Ok(())
}

/// Nothing of it is there: it waits, first come first served, and supply goes to whoever waits.
async fn nothing_is_there_yet(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-WAIT", 100_000_000, 98).await?;
    let nuts = shop.sells("NUTS", 8_800, &[]).await?;
    let mut waiting = Vec::new();
    for name in ["S-5A", "S-5B"] {
        let draft = Draft::on_account(name, "C-WAIT")?.line(&nuts, 4).to(BEIJING);
        let id = shop.web.place(&draft.order()).await?;
        shop.reaches(id, Backordered).await?;
        waiting.push(id);
    }
    shop.audit().await?;
    shop.receives(&nuts, "WH-C", 5).await?;
    shop.reaches(waiting[0], Released).await?;
    let (warehouse, first) = pick(shop, "WH-C", waiting[0]).await?;
    assert_eq!(first.lines[0].quantity, 4);
    let part = warehouse.pick(waiting[1]).await?;
    assert_eq!(part.lines[0].quantity, 1, "what was left over");
    shop.audit().await?;
    shop.receives(&nuts, "WH-C", 3).await?;
    let rest = warehouse.nth_pick(waiting[1], 2).await?;
    for pick in [first, part, rest] {
        warehouse.carries_out(&pick).await?;
    }
    for order in waiting {
        shop.reaches(order, Completed).await?;
    }
    shop.audit().await
}

/// A prepaid order is paid in full, and waits for a part: the part comes before it is paid, and so
/// is held softly, too.
async fn what_a_paid_order_waits_for_comes(shop: &Shop) -> anyhow::Result<()> {
    let peach = shop.sells("PEACH", 6_800, &[("WH-A", 1)]).await?;
    let order = Draft::prepaid("S-6")?.line(&peach, 3).to(SHANGHAI).order();
    let id = shop.web.place(&order).await?;
    shop.reaches(id, AwaitingPayment).await?;
    shop.receives(&peach, "WH-A", 1).await?;
    shop.audit().await?;
    assert_eq!(shop.shelf(&peach, "WH-A").await?, [2, 2, 0], "softly");
    shop.bank.reports("PAY-S6", id, order.total).await?;
    let (warehouse, first) = pick(shop, "WH-A", id).await?;
    assert_eq!(first.lines[0].quantity, 2);
    shop.receives(&peach, "WH-A", 1).await?;
    let second = warehouse.nth_pick(id, 2).await?;
    warehouse.carries_out(&first).await?;
    warehouse.carries_out(&second).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await?;
    let told = shop.web.told("S-6");
    ensure!(told.iter().any(|it| it.status == Confirmed && it.reason == "paid"), "{told:?}");
    ensure!(told.iter().any(|it| it.status == Delivered), "{told:?}");
    Ok(())
}

/// A thousand units: nothing leaves before all of it is there, though most of it is.
async fn a_bulk_order_leaves_whole(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-BULK", 1_000_000_000, 98).await?;
    let pin = shop.sells("PIN", 11, &[("WH-A", 900)]).await?;
    let id = shop.web.place(&Draft::on_account("S-7", "C-BULK")?.line(&pin, 1_000).order()).await?;
    shop.reaches(id, Confirmed).await?;
    shop.audit().await?;
    let shanghai = shop.warehouse("WH-A")?;
    ensure!(shanghai.picks(id).is_empty(), "a part of it was released");
    assert_eq!(shop.clerk.order(id).await?["sourcing"]["rule"], "R30-bulk");
    shop.receives(&pin, "WH-A", 100).await?;
    let pick = shanghai.pick(id).await?;
    assert_eq!(pick.lines[0].quantity, 1_000);
    shanghai.carries_out(&pick).await?;
    shop.reaches(id, Completed).await?;
    shop.audit().await
}

/// Fresh food, wanted at once, in a city with a forward warehouse: from there and from nowhere else.
/// The carrier tells that it arrived.
async fn what_is_fresh_and_urgent_comes_from_around_the_corner(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-FRESH", 1_000_000_000, 98).await?;
    let crab = shop.sells("CRAB", 26_800, &[("WH-A", 100), ("FW-SH", 2)]).await?;
    shop.lists(&crab, |it| ListItem { category: "fresh".to_owned(), ..it }).await?;
    shop.is_quiet().await?;
    let mut order = Draft::on_account("S-8", "C-FRESH")?.line(&crab, 2).to(SHANGHAI).order();
    order.urgent = true;
    let id = shop.web.place(&order).await?;
    let (around_the_corner, pick) = pick(shop, "FW-SH", id).await?;
    ensure!(pick.urgent);
    shop.reaches(id, Released).await?;
    let seen = shop.clerk.order(id).await?;
    assert_eq!(seen["sourcing"]["rule"], "R20-fresh-urgent", "{seen}");
    assert_eq!(seen["colour"], "red", "urgent, and not over");
    around_the_corner.ships_with(&pick, "swift", "SW-1").await?;
    shop.reaches(id, Shipped).await?;
    shop.carrier.reports("SW-1", "delivered").await?;
    shop.reaches(id, Completed).await?;
    assert_eq!(shop.clerk.order(id).await?["colour"], "green");
    shop.audit().await
}

/// One of the findings of a sourcing record.
fn finding<'a>(sourcing: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    let found = &sourcing["record"]["findings"][name];
    ensure!(!found.is_null(), "the record has no {name}: {sourcing}");
    Ok(found)
}
