//! Orders of all sorts: some go to their end, others wait on the way.

use std::time::Duration;

use anyhow::{Context, ensure};
use checker::Verdict;
use contracts::intake::{CarriedOrder, CarryOver, Placement, Submission};
use contracts::webhook::{HookEvent, HookSecret, SetEndpoint};
use contracts::{Actor, ChannelId, EndpointId, ExternalId, OrderId, Status, Uuid};
use serde_json::json;
use whole_house::process::{Site, books, eventually, world};

/// How many orders go to their end: two of each sort and more.
const ORDERS: u64 = 20;

/// Runs them, and leaves a house at rest with nobody at work.
pub(crate) async fn run(site: &Site) -> anyhow::Result<()> {
    let replica = site.start().await?;
    site.customers("a").await?;
    a_channel_is_called(site).await?;
    let world = world::World::begin(site).await?;
    watched(site, async {
        world.place_all((0..ORDERS).map(|nth| world::name("a", nth))).await?;
        books::settled(site, "a").await
    })
    .await?;
    let web = site.suite.connect("channel", "web").await?;

    let pay = place(&web, "wait-pay", &world::name("a", 0), |_| ()).await?;
    let hold = place(&web, "wait-hold", &world::name("a", 5), |_| ()).await?;
    let numbered = |order: &mut Submission| order.po_number = Some("PO-1".to_owned());
    let pick = place(&web, "wait-pick", &world::name("a", 1), numbered).await?;
    let much = |order: &mut Submission| order.lines.iter_mut().for_each(|it| it.quantity = 9_000);
    let all = place(&web, "wait-pick-all", &world::name("a", 1), much).await?;
    shows(site, all, "released").await?;
    // Not enough is left, and so much leaves whole only.
    let supply = place(&web, "wait-supply", &world::name("a", 1), much).await?;
    for (order, status) in [
        (pay, "awaiting_payment"),
        (hold, "credit_hold"),
        (pick, "released"),
        (supply, "confirmed"),
    ] {
        shows(site, order, status).await?;
    }
    a_submission_is_refused(site).await?;
    an_order_is_carried_over(site).await?;
    books::quiet(site).await?;
    books::audit(site).await?;
    drop(world);
    replica.stop().await
}

/// Looks at the house while it works: it keeps its promises at every moment.
async fn watched(
    site: &Site,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let (done, is_done) = tokio::sync::oneshot::channel::<()>();
    let databases = site.databases();
    let watching = checker::watch(&databases, Duration::from_millis(200), async {
        is_done.await.ok();
    });
    let work = async {
        let result = work.await;
        done.send(()).ok();
        result
    };
    let (report, result) = tokio::join!(watching, work);
    result?;
    ensure!(report.violated().is_empty(), "while it worked:\n{report}");
    let idle = report.checks.iter().find(|it| it.verdict() != Verdict::Holds);
    ensure!(idle.is_none(), "nothing was seen of {idle:?}:\n{report}");
    Ok(())
}

/// The trace of an order that waits: the others have none.
pub(crate) fn trace_of(external_id: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, external_id.as_bytes()).simple().to_string()
}

/// Hands in an order like another one, but for its name, and for a warehouse that knows it.
async fn place(
    web: &async_nats::Client,
    external_id: &str,
    like: &str,
    change: impl FnOnce(&mut Submission),
) -> anyhow::Result<OrderId> {
    let mut order = world::order(like)?;
    order.external_id = Some(external_id.parse()?);
    order.ship_to.name = "nobody".to_owned();
    change(&mut order);
    let net = order.lines.iter().map(|it| it.unit_price.times(it.quantity)).sum();
    order.tax = order.lines.iter().map(tax).sum();
    order.total = net;
    order.total += order.tax + order.freight;
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("traceparent", format!("00-{}-00f067aa0ba902b7-01", trace_of(external_id)));
    let body = serde_json::to_vec(&order)?.into();
    let reply = web.request_with_headers("orders.place.web", headers, body).await?;
    match serde_json::from_slice(&reply.payload)? {
        Placement::Accepted(it) => Ok(it.order),
        other => anyhow::bail!("{external_id} was not taken in: {other:?}"),
    }
}

fn tax(line: &contracts::intake::SubmissionLine) -> contracts::Cents {
    let item = kontor::seed::ITEMS.iter().find(|it| it.0 == line.sku.as_str());
    line.unit_price.times(line.quantity).ratio(item.map_or(0, |it| it.5), 10_000)
}

/// A channel wants to be called at an address that nobody has.
async fn a_channel_is_called(site: &Site) -> anyhow::Result<()> {
    let set = SetEndpoint {
        endpoint: EndpointId::new("hook")?,
        channel: ChannelId::new("web")?,
        url: "https://kontor.invalid/hook".to_owned(),
        events: vec![HookEvent::OrderStatus],
        active: true,
        secret: Some(HookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())),
    };
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, b"hook");
    site.suite.client().await?.tell(id, &set).await.context("making an endpoint")?;
    Ok(())
}

/// Somebody hands in what is no order, under a name that never becomes one.
async fn a_submission_is_refused(site: &Site) -> anyhow::Result<()> {
    let web = site.suite.connect("channel", "web").await?;
    world::publish(&web, "orders.submit.web.bad-1", &json!({ "customer": 1 }), None).await?;
    let intake = site.books("intake")?;
    eventually("a submission is refused", || async {
        let told: i64 = sqlx::query_scalar("select coalesce(sum(told), 0)::bigint from refusal")
            .fetch_one(&intake)
            .await?;
        ensure!(told == 1, "{told} were");
        Ok(())
    })
    .await
}

async fn an_order_is_carried_over(site: &Site) -> anyhow::Result<()> {
    let order = CarriedOrder {
        customer: "an old customer".to_owned(),
        product: "a chair".to_owned(),
        quantity: 2,
        status: Status::Completed,
        stated: "done".to_owned(),
        estimated: None,
        completed: None,
        source: String::new(),
        remark: String::new(),
        step: String::new(),
        priority: String::new(),
    };
    let told = CarryOver {
        channel: ChannelId::new("market")?,
        external_id: ExternalId::new("old-1")?,
        entered_by: Actor("test".to_owned()),
        order,
    };
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, b"old-1");
    site.suite.client().await?.tell(id, &told).await.context("carrying an order over")?;
    Ok(())
}

async fn shows(site: &Site, order: OrderId, status: &str) -> anyhow::Result<()> {
    let db = site.books("gateway")?;
    eventually("an order waits", || async {
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
