use anyhow::Context;
use serde_json::Value;
use whole_house::Shop;

use crate::{opened, ran, read, shows, written};

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_is_well_and_one_that_is_not() -> anyhow::Result<()> {
    let mut shop = opened("cli-doctor").await?;
    let placed = read(&shop, &["order", "place", &written(&shop, "D-1", "C-SLOW", 9)?]).await?;
    let order = placed["order_no"].as_str().unwrap_or_default().to_owned();
    shows(&shop, &order, "credit_hold").await?;
    let all = [
        "configuration",
        "nats",
        "streams",
        "databases",
        "schema",
        "partitions",
        "owners",
        "hearing",
        "outlets",
        "parked",
        "disk",
        "gateway",
    ];
    let well = read(&shop, &["doctor"]).await?;
    assert_eq!(well["healthy"], true, "{well}");
    let names = |it: &Value| {
        let checks = it["checks"].as_array().cloned().unwrap_or_default();
        checks
            .iter()
            .map(|it| it["check"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&well), all);

    // An order that credit holds.
    let held = ran(&shop, &["doctor", &order]).await?;
    assert_eq!(held.status, 0, "{held:?}");
    for word in ["credit_hold", "waits for credit", "release or refuse", "the customer would owe"] {
        assert!(held.out.contains(word), "{word} is not in\n{}", held.out);
    }
    let held = read(&shop, &["doctor", &order]).await?;
    assert_eq!((&held["state"], &held["waits_for"]), (&"waiting".into(), &"credit".into()));
    assert!(held["since"].as_str().is_some_and(|it| it.ends_with('Z')), "{held}");

    // A stream is gone.
    let streams = async_nats::jetstream::new(shop.suite.admin().await?);
    streams.delete_stream("STOCK_REPORT").await?;
    let sick = sick_of(&shop, &["doctor"]).await?;
    assert!(check(&sick, "streams")?["found"].to_string().contains("STOCK_REPORT"), "{sick}");
    assert!(check(&sick, "streams")?["remedy"].to_string().contains("kontor provision"), "{sick}");

    // Nobody works.
    shop.suite.stop_services().await?;
    let home = shop.home().to_owned();
    let lost = sick_of(&shop, &["doctor"]).await?;
    assert_eq!(check(&lost, "configuration")?["state"], "wrong", "nothing runs here: {lost}");
    shop.suite.provision(&kontor::house::plain()).await?;
    shop.suite.start_services(None).await?;

    // Postgres is away; then NATS, too.
    shop.suite.postgres.kill9().await?;
    let sick = sick_of(&shop, &["doctor"]).await?;
    assert_eq!(check(&sick, "databases")?["state"], "wrong", "{sick}");
    assert!(check(&sick, "databases")?["found"].to_string().contains("credit: "), "{sick}");
    assert_eq!(check(&sick, "hearing")?["state"], "open", "{sick}");
    assert_eq!(check(&sick, "nats")?["state"], "ok", "{sick}");
    shop.suite.nats.kill9().await?;
    let sick = sick_of(&shop, &["doctor", "--gateway", "http://127.0.0.1:9"]).await?;
    assert_eq!(check(&sick, "nats")?["state"], "wrong", "{sick}");
    assert_eq!(check(&sick, "gateway")?["state"], "wrong", "{sick}");
    drop(shop); // Its servers are dead already.
    Ok(std::fs::remove_dir_all(home)?)
}

/// Runs it, to find something wrong; returns what it found.
async fn sick_of(shop: &Shop, arguments: &[&str]) -> anyhow::Result<Value> {
    let ran = ran(shop, &[arguments, &["--json"]].concat()).await?;
    assert_eq!(ran.status, 1, "{ran:?}");
    let read: Value = serde_json::from_str(&ran.out)?;
    assert_eq!(read["healthy"], false, "{read}");
    Ok(read)
}

fn check<'a>(found: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    let checks = found["checks"].as_array().context("checks")?;
    checks.iter().find(|it| it["check"] == name).with_context(|| format!("no {name}: {found}"))
}
