//! Something poisonous comes in: it is set aside with its cause, and everything later about the same
//! order behind it; everyone else's orders go on. It is put away, or decided once more.

use anyhow::{Context, ensure};
use chassis::ParkedInput;
use contracts::OrderId;
use contracts::intake::Placement;
use serde_json::{Value, json};
use whole_house::process::{Site, books, eventually, world};

/// A warehouse of this name cannot be: the report is about the order, and does not read.
const POISON: &str = "warehouse.WH%A.report.{order}.started";

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_set_aside_and_put_away() -> anyhow::Result<()> {
    let site = Site::open("parked").await?;
    let replica = site.start().await?;
    site.customers("a").await?;
    let nats = site.suite.admin().await?;
    let web = site.suite.connect("channel", "web").await?;

    // Nobody is in the warehouses yet: the order waits there.
    let name = world::name("a", 1);
    let order = world::place(&web, &name, None).await?;
    shows(&site, order, "released").await?;
    let subject = POISON.replace("{order}", &order.to_string());
    world::publish(&nats, &subject, &json!({}), None).await?;
    let parked = eventually("the poison is parked", || async {
        let parked = list(&nats, "fulfilment").await?;
        ensure!(parked.len() == 1, "{} are parked", parked.len());
        Ok(parked)
    })
    .await?;
    assert_eq!(parked[0].key.0, order.to_string());
    assert!(parked[0].cause.contains("WH%A"), "{}", parked[0].cause);

    // The warehouses begin. The order's reports stay behind the poison; all others go on.
    let world = world::World::begin(&site).await?;
    world.place_all([0, 2, 4, 6, 8].into_iter().map(|nth| world::name("a", nth))).await?;
    let parked = eventually("the order's reports wait behind it", || async {
        let parked = list(&nats, "fulfilment").await?;
        ensure!(parked.len() == 6, "{} are parked", parked.len());
        Ok(parked)
    })
    .await?;
    assert!(parked[1..].iter().all(|it| it.cause.contains("was parked before it")));
    for nth in [0, 2, 4, 6, 8] {
        let id = world.place(&world::name("a", nth)).await?;
        shows(&site, id, "completed").await?;
    }
    shows(&site, order, "released").await?;

    // To decide it once more changes nothing: it is still poison.
    ask(&nats, "parked.replay.fulfilment", &json!(order.to_string())).await?;
    eventually("it is parked again", || async {
        let parked = list(&nats, "fulfilment").await?;
        ensure!(parked.len() == 6, "{} are parked", parked.len());
        Ok(())
    })
    .await?;

    // Without the poison, what stood behind it is decided, in its order.
    let discard = json!({ "id": parked[0].id, "reason": "no such warehouse" });
    ask(&nats, "parked.discard.fulfilment", &discard).await?;
    shows(&site, order, "completed").await?;
    assert!(list(&nats, "fulfilment").await?.is_empty());
    let kept: (String, String) = sqlx::query_as("select key, reason from discarded")
        .fetch_one(&site.books("fulfilment")?)
        .await?;
    assert_eq!(kept, (order.to_string(), "no such warehouse".to_owned()));
    books::quiet(&site).await?;

    strangers(&site, &nats, &web).await?;
    replica.stop().await?;
    drop(world);
    site.close().await
}

/// What nobody asked for: an order that is none, a report that is too large, text that Postgres does
/// not take. None of it stops anything.
async fn strangers(
    site: &Site,
    nats: &async_nats::Client,
    web: &async_nats::Client,
) -> anyhow::Result<()> {
    for nth in 0..3 {
        let subject = format!("warehouse.WH-A.report.no-uuid-{nth}.started");
        world::publish(nats, &subject, &json!({}), None).await?;
    }
    let parked = eventually("an order that is none is parked", || async {
        let parked = list(nats, "fulfilment").await?;
        ensure!(parked.len() == 3, "{} are parked", parked.len());
        Ok(parked)
    })
    .await?;
    for it in parked {
        let discard = json!({ "id": it.id, "reason": "no order" });
        ask(nats, "parked.discard.fulfilment", &discard).await?;
    }

    let large = json!({ "reason": "x".repeat(70 * 1024) });
    let streams = async_nats::jetstream::new(nats.clone());
    let subject = format!("warehouse.WH-A.report.{}.started", uuid::Uuid::nil());
    let sent = streams.publish(subject, serde_json::to_vec(&large)?.into()).await?.await;
    assert!(sent.is_err(), "a stream took what is too large");

    let mut order = serde_json::to_value(world::order(&world::name("a", 10))?)?;
    order["ship_to"]["street"] = json!("a\u{0}b");
    order["remark"] = json!("a\u{0}b");
    let reply = ask(web, "orders.place.web", &order).await?;
    let answer: Placement = serde_json::from_value(reply)?;
    assert!(matches!(answer, Placement::Rejected { .. }), "{answer:?}");
    for service in site.services() {
        assert!(list(nats, service).await?.is_empty(), "{service}");
    }
    Ok(())
}

async fn list(nats: &async_nats::Client, service: &str) -> anyhow::Result<Vec<ParkedInput>> {
    let listed = ask(nats, &format!("parked.list.{service}"), &Value::Null).await?;
    Ok(serde_json::from_value(listed)?)
}

async fn ask(nats: &async_nats::Client, subject: &str, body: &Value) -> anyhow::Result<Value> {
    let reply = nats.request(subject.to_owned(), serde_json::to_vec(body)?.into()).await?;
    let fault = reply.headers.as_ref().and_then(|it| it.get("Nats-Service-Error"));
    ensure!(fault.is_none(), "{subject}: {fault:?}");
    serde_json::from_slice(&reply.payload).context(subject.to_owned())
}

async fn shows(site: &Site, order: OrderId, status: &str) -> anyhow::Result<()> {
    let db = site.books("gateway")?;
    eventually("an order gets there", || async {
        let shown: Option<String> =
            sqlx::query_scalar("select status from order_state where order_id = $1")
                .bind(order.0)
                .fetch_optional(&db)
                .await?;
        ensure!(shown.as_deref() == Some(status), "{order} shows {shown:?}, not {status}");
        Ok(())
    })
    .await
}
