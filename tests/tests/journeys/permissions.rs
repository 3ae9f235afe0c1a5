//! Permissions: whoever is outside says and hears what is their own, and nothing else.

use anyhow::ensure;
use whole_house::{Intruder, Shop};

use crate::visit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions() -> anyhow::Result<()> {
    visit("permissions", async |shop| {
        a_storefront_keeps_to_its_channel(shop).await?;
        a_warehouse_speaks_for_itself(shop).await?;
        nobody_outside_hears_the_house(shop).await?;
        nobody_outside_manages_streams(shop).await?;
        shop.audit().await
    })
    .await
}

async fn a_storefront_keeps_to_its_channel(shop: &Shop) -> anyhow::Result<()> {
    let web = Intruder::connect(shop, "channel", "web").await?;
    web.may_not_say(&[
        "orders.submit.market.W-1",
        "orders.place.market",
        "orders.cancel.market",
        "$JS.API.CONSUMER.MSG.NEXT.ORDERS_STATUS.channel-market",
        "$JS.API.CONSUMER.INFO.ORDERS_STATUS.channel-market",
        "$JS.API.CONSUMER.MSG.NEXT.PICKS.warehouse-WH-A",
        "$JS.ACK.ORDERS_STATUS.channel-market.1.1.1.1.1",
        "$JS.API.DIRECT.GET.ORDERS_STATUS",
        "$JS.API.STREAM.MSG.GET.ORDERS_STATUS",
        "orders.status.web.W-1.completed",
        "stock.level.TEA",
        "payments.bank.P-1",
        "warehouse.WH-A.report.O-1.shipped",
    ])
    .await?;
    web.may_not_hear(&["orders.status.market.*.*", "orders.status.>", "warehouse.>", "_INBOX.>"])
        .await
}

async fn a_warehouse_speaks_for_itself(shop: &Shop) -> anyhow::Result<()> {
    let shanghai = Intruder::connect(shop, "warehouse", "WH-A").await?;
    shanghai
        .may_not_say(&[
            "warehouse.WH-B.report.O-1.shipped",
            "stock.report.WH-B.TEA.received",
            "$JS.API.CONSUMER.MSG.NEXT.PICKS.warehouse-WH-B",
            "warehouse.WH-A.pick.O-1.requested",
            "orders.submit.web.W-1",
            "payments.bank.P-1",
        ])
        .await?;
    shanghai.may_not_hear(&["warehouse.WH-B.pick.*.*", "warehouse.*.pick.>"]).await?;
    let carrier = Intruder::connect(shop, "carrier", "swift").await?;
    carrier
        .may_not_say(&["carrier.turtle.T-1.delivered", "warehouse.WH-A.report.O-1.shipped"])
        .await?;
    let bank = Intruder::connect(shop, "provider", "bank").await?;
    bank.may_not_say(&["payments.alipay.P-1", "orders.place.web"]).await
}

/// The log, the commands, the questions and the notes of the house are its own.
async fn nobody_outside_hears_the_house(shop: &Shop) -> anyhow::Result<()> {
    for (kind, name) in outsiders() {
        let it = Intruder::connect(shop, kind, name).await?;
        it.may_not_say(&[
            "log.0.intake",
            "log.read.intake",
            "own.0.intake",
            "own.0.credit",
            "wake.0.inventory",
            "beat.intake",
            "intake.place.v1",
            "credit.release-hold.v1",
            "credit.account-of.v1",
            "intake.who-ordered.v1",
            "finance.books-of.v1",
            "parked.discard.finance",
        ])
        .await?;
        it.may_not_hear(&[">", "log.>", "own.>", "$SYS.>", "_INBOX.>", "in.>"]).await?;
    }
    Ok(())
}

async fn nobody_outside_manages_streams(shop: &Shop) -> anyhow::Result<()> {
    let before = streams(shop).await?;
    for (kind, name) in outsiders() {
        let it = Intruder::connect(shop, kind, name).await?;
        it.may_not_say(&[
            "$JS.API.STREAM.CREATE.MINE",
            "$JS.API.STREAM.UPDATE.PICKS",
            "$JS.API.STREAM.DELETE.ORDERS_SUBMIT",
            "$JS.API.STREAM.PURGE.ORDERS_STATUS",
            "$JS.API.STREAM.MSG.DELETE.PAYMENTS",
            "$JS.API.CONSUMER.CREATE.ORDERS_STATUS.mine",
            "$JS.API.CONSUMER.DURABLE.CREATE.ORDERS_STATUS.mine",
            "$JS.API.CONSUMER.DELETE.ORDERS_SUBMIT.p0",
            "$JS.API.STREAM.LIST",
            "$JS.API.ACCOUNT.PURGE.$G",
        ])
        .await?;
    }
    let after = streams(shop).await?;
    ensure!(before == after, "streams were {before:?} and are {after:?}");
    Ok(())
}

fn outsiders() -> [(&'static str, &'static str); 4] {
    [("channel", "web"), ("warehouse", "WH-A"), ("provider", "bank"), ("carrier", "swift")]
}

/// Every stream, and how much was ever said on it.
async fn streams(shop: &Shop) -> anyhow::Result<Vec<(String, u64, usize)>> {
    use futures::TryStreamExt;
    let streams = async_nats::jetstream::new(shop.suite.admin().await?);
    let mut found: Vec<_> = streams
        .streams()
        .map_ok(|it| (it.config.name, it.state.last_sequence, it.state.consumer_count))
        .try_collect()
        .await?;
    found.sort();
    Ok(found)
}
