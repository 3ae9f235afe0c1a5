use anyhow::ensure;
use whole_house::{PATIENCE, eventually};

use crate::{opened, ran, read, shows, written};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_shown_decided_again_and_put_away() -> anyhow::Result<()> {
    let shop = opened("cli-parked").await?;
    assert_eq!(read(&shop, &["parked", "list"]).await?["parked"], serde_json::json!([]));
    let placed = read(&shop, &["order", "place", &written(&shop, "P-1", "C-GOOD", 1)?]).await?;
    let order = placed["order"].as_str().unwrap_or_default().to_owned();
    shows(&shop, &order, "released").await?;

    // A warehouse of this name cannot be: the report is about the order, and does not read.
    let streams = async_nats::jetstream::new(shop.suite.admin().await?);
    let subject = format!("warehouse.WH%A.report.{order}.started");
    streams.publish(subject, "{}".into()).await?.await?;
    let parked = eventually(PATIENCE, || async {
        let parked = read(&shop, &["parked", "list"]).await?;
        ensure!(parked["parked"].as_array().map(Vec::len) == Some(1), "{parked}");
        Ok(parked["parked"][0].clone())
    })
    .await?;
    assert_eq!(
        (&parked["service"], &parked["key"]),
        (&"fulfilment".into(), &order.as_str().into())
    );
    assert!(parked.get("envelope").is_none(), "what it says is nobody's business: {parked}");
    let table = ran(&shop, &["parked", "list", "--service", "fulfilment"]).await?;
    assert!(table.out.contains("WH%A") && table.out.lines().count() == 2, "{}", table.out);
    let other = ran(&shop, &["parked", "list", "--service", "credit"]).await?;
    assert_eq!(other.out, "nothing is parked\n");

    // The doctor finds it, in the house and by the order.
    let house = ran(&shop, &["doctor"]).await?;
    assert_eq!(house.status, 1);
    assert!(house.out.contains("1 of fulfilment"), "{}", house.out);
    let sick = ran(&shop, &["doctor", &order, "--json"]).await?;
    let sick: serde_json::Value = serde_json::from_str(&sick.out)?;
    assert_eq!((&sick["state"], &sick["parked"][0]["id"]), (&"parked".into(), &parked["id"]));

    // It is still poison; put away, it is gone.
    let again = ran(&shop, &["parked", "replay", &order]).await?;
    assert_eq!(again.status, 0, "{again:?}");
    eventually(PATIENCE, || async {
        let parked = read(&shop, &["parked", "list"]).await?;
        ensure!(parked["parked"].as_array().map(Vec::len) == Some(1), "{parked}");
        Ok(())
    })
    .await?;
    let id = parked["id"].as_str().unwrap_or_default();
    let discarded = ran(&shop, &["parked", "discard", id, "--reason", "no such house"]).await?;
    assert_eq!((discarded.status, discarded.out.as_str()), (0, "nothing is parked\n"));
    for gone in [&["parked", "discard", id, "--reason", "again"][..], &["parked", "replay", &order]]
    {
        assert_eq!(ran(&shop, gone).await?.status, 1, "{gone:?}");
    }
    let well = ran(&shop, &["doctor", &order]).await?;
    assert_eq!(well.status, 0, "{well:?}");
    assert!(well.out.contains("waits for warehouse"), "{}", well.out);
    shop.close().await
}
