//! The world around Kontor: a storefront that asks until it is answered, customers who pay, a
//! director who releases credit, warehouses that pick and ship. What each order goes through is in
//! its name, so that two runs of the same orders come to the same end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer::PullConsumer};
use chassis::clock::Stopwatch;
use chassis::{Client, task};
use contracts::credit::ReleaseHold;
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::fulfilment::{PickRequested, ShipmentsOf, WarehouseReport};
use contracts::intake::{Cancellation, Cancelled, OrderStatus, Placement};
use contracts::{Actor, CarrierId, LineUnits, OrderId, Status, TrackingNo};
use futures::StreamExt;
use serde::Serialize;
use sqlx::PgPool;
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::course::parts;
pub use super::course::{Course, End, end, name, order};

use super::{PATIENCE, Site};

/// The world, until it is dropped.
pub struct World {
    parts: Vec<AbortHandle>,
    web: async_nats::Client,
    hands: Hands,
    intake: PgPool,
    fulfilment: PgPool,
}

impl Drop for World {
    fn drop(&mut self) {
        for part in &self.parts {
            part.abort();
        }
    }
}

/// What everyone outside acts with.
#[derive(Clone)]
struct Hands {
    web: async_nats::Client,
    bank: async_nats::Client,
    warehouse: async_nats::Client,
    house: Client,
    /// Whether a warehouse goes on only when it sees that a pick that was short is known to be.
    careful: bool,
    /// What a warehouse has in hand, or had.
    picks: Arc<Mutex<BTreeSet<(OrderId, i32)>>>,
}

impl World {
    /// Sets the world going.
    pub async fn begin(site: &Site) -> anyhow::Result<Self> {
        Self::begin_with(site, false).await
    }

    /// Sets a world going that does not trust the streams: whoever has to say what nothing that
    /// comes later tells as well, says it until it sees that it is known.
    pub async fn begin_careful(site: &Site) -> anyhow::Result<Self> {
        Self::begin_with(site, true).await
    }

    async fn begin_with(site: &Site, careful: bool) -> anyhow::Result<Self> {
        let web = site.suite.connect("channel", "web").await?;
        let hands = Hands {
            web: web.clone(),
            bank: site.suite.connect("provider", "bank").await?,
            warehouse: site.suite.admin().await?,
            house: site.suite.client().await?,
            careful,
            picks: Arc::default(),
        };
        let (intake, fulfilment) = (site.books("intake")?, site.books("fulfilment")?);
        let mut world = Self { parts: vec![], web, hands, intake, fulfilment };
        world.read("ORDERS_STATUS", "channel-web".to_owned(), Hands::status);
        let warehouses = site.suite.outsiders.iter().filter(|it| it.kind == "warehouse");
        for warehouse in warehouses {
            world.read("PICKS", warehouse.user(), Hands::pick);
        }
        Ok(world)
    }

    /// Reads a public stream, again and again if need be, and acts on what it says.
    fn read(
        &mut self,
        stream: &'static str,
        consumer: String,
        act: fn(&Hands, &jetstream::Message) -> anyhow::Result<()>,
    ) {
        let hands = self.hands.clone();
        let reader = async move {
            loop {
                if let Err(error) = listen(&hands, stream, &consumer, act).await {
                    tracing::debug!(%error, "{consumer} begins again");
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        self.parts.push(task::spawn("reader", reader).abort_handle());
    }

    /// Hands in an order until it is known that it was taken in.
    pub async fn place(&self, external_id: &str) -> anyhow::Result<OrderId> {
        place(&self.web, external_id, None).await
    }

    /// Hands in these orders, a few at a time.
    pub async fn place_all(&self, names: impl Iterator<Item = String>) -> anyhow::Result<()> {
        let mut placing = futures::stream::iter(names)
            .map(|name| async move { self.place(&name).await })
            .buffer_unordered(8);
        while let Some(placed) = placing.next().await {
            placed?;
        }
        Ok(())
    }

    /// Says once more what somebody outside had said of what does not get on: as senders do who see
    /// no effect. Tells of how many picks no warehouse had heard.
    pub async fn insist(&self) -> anyhow::Result<usize> {
        let orders: Vec<(Uuid, String, String)> =
            sqlx::query_as("select order_id, external_id, shown from sales_order")
                .fetch_all(&self.intake)
                .await?;
        let mut courses = BTreeMap::new();
        for (order, external_id, shown) in orders {
            let status = Status::named(&shown).context("a status")?;
            self.hands.act(OrderId(order), &external_id, status, None);
            courses.extend(parts(&external_id).map(|it| (order, it.1)));
        }
        let open: Vec<(Uuid, i32, String)> = sqlx::query_as(
            "select order_id, pick, warehouse from shipment
              where state in ('open', 'picking', 'picked', 'packed', 'shipped', 'refused')",
        )
        .fetch_all(&self.fulfilment)
        .await?;
        let mut unheard = 0;
        for (order, pick, warehouse) in open {
            let Some(&course) = courses.get(&order) else { continue };
            let order = OrderId(order);
            unheard += usize::from(self.hands.picks().insert((order, pick)));
            let (hands, work) =
                (self.hands.clone(), Work { order, pick, warehouse, course, trace: None });
            begin("a pick once more", async move { hands.work(work).await });
        }
        Ok(unheard)
    }
}

/// Hands in an order until it is known that it was taken in, with the trace that it belongs to.
pub async fn place(
    web: &async_nats::Client,
    external_id: &str,
    traceparent: Option<&str>,
) -> anyhow::Result<OrderId> {
    let body: bytes::Bytes = serde_json::to_vec(&order(external_id)?)?.into();
    let watch = Stopwatch::start();
    loop {
        let mut headers = HeaderMap::new();
        if let Some(traceparent) = traceparent {
            headers.insert("traceparent", traceparent);
        }
        let request = async_nats::Request::new()
            .payload(body.clone())
            .headers(headers)
            .timeout(Some(Duration::from_secs(2)));
        let reply = web.send_request("orders.place.web", request).await;
        match reply.map(|it| serde_json::from_slice(&it.payload)) {
            Ok(Ok(Placement::Accepted(it))) => return Ok(it.order),
            Ok(Ok(Placement::Duplicate(it))) => return Ok(it.order),
            Ok(Ok(Placement::Unknown { .. })) | Err(_) => {}
            Ok(other) => bail!("{external_id} was not taken in: {other:?}"),
        }
        ensure!(watch.elapsed() < PATIENCE, "{external_id} was never answered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn listen(
    hands: &Hands,
    stream: &str,
    consumer: &str,
    act: fn(&Hands, &jetstream::Message) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let streams = jetstream::new(hands.warehouse.clone());
    let consumer: PullConsumer = streams
        .get_consumer_from_stream(consumer, stream)
        .await
        .map_err(|it| anyhow::anyhow!("{it}"))?;
    let mut messages =
        consumer.stream().heartbeat(Duration::from_secs(1)).expires(PATIENCE).messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        act(hands, &message)?;
        message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))?;
    }
    Ok(())
}

/// What a warehouse has to do.
#[derive(Debug, Clone)]
struct Work {
    order: OrderId,
    pick: i32,
    warehouse: String,
    course: Course,
    trace: Option<String>,
}

/// The trace that a message belongs to: whoever acts on it goes on with it.
fn trace(message: &jetstream::Message) -> Option<String> {
    Some(message.headers.as_ref()?.get("traceparent")?.to_string())
}

impl Hands {
    /// The storefront, the customer and the director read where an order is.
    fn status(&self, message: &jetstream::Message) -> anyhow::Result<()> {
        let status: OrderStatus = serde_json::from_slice(&message.payload)?;
        if let Some(order) = status.order {
            self.act(order, status.external_id.as_str(), status.status, trace(message));
        }
        Ok(())
    }

    fn act(&self, order: OrderId, external_id: &str, status: Status, trace: Option<String>) {
        let Some((_, course, _)) = parts(external_id) else { return };
        let (hands, name) = (self.clone(), external_id.to_owned());
        let pays = match course {
            Course::Paid | Course::Refused => status == Status::AwaitingPayment,
            Course::Account => {
                status == Status::Completed && end(external_id).is_some_and(|it| it.paid_later)
            }
            Course::Short | Course::Dropped | Course::Held => false,
        };
        if pays {
            begin("a payment", async move { hands.pay(order, &name, trace).await });
        } else if course == Course::Dropped && status == Status::AwaitingPayment {
            begin("a cancellation", async move { hands.cancel(order).await });
        } else if course == Course::Held && status == Status::CreditHold {
            begin("a release", async move { hands.release(order).await });
        }
    }

    /// A warehouse reads what to pick.
    fn pick(&self, message: &jetstream::Message) -> anyhow::Result<()> {
        let pick: PickRequested = serde_json::from_slice(&message.payload)?;
        let course = Course::named(&pick.consignee.name);
        if let Some(course) = course
            && self.picks().insert((pick.order, pick.pick))
        {
            let warehouse = pick.warehouse.to_string();
            let (order, trace) = (pick.order, trace(message));
            let work = Work { order, pick: pick.pick, warehouse, course, trace };
            let hands = self.clone();
            begin("a pick", async move { hands.work(work).await });
        }
        Ok(())
    }

    fn picks(&self) -> std::sync::MutexGuard<'_, BTreeSet<(OrderId, i32)>> {
        self.picks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the shelf to the door.
    async fn work(&self, work: Work) -> anyhow::Result<()> {
        let Work { order, pick, warehouse, course, trace } = work;
        let steps: &[&str] = match course {
            Course::Short if pick == 1 => &["started", "short", "packed", "shipped", "delivered"],
            Course::Refused => &["started", "picked", "packed", "shipped", "refused", "returned"],
            _ => &["started", "picked", "packed", "shipped", "delivered"],
        };
        for what in steps {
            let mut report = WarehouseReport { pick: Some(pick), ..Default::default() };
            match *what {
                "short" => report.lines = Some(vec![LineUnits { line: 1, quantity: 1 }]),
                "shipped" => {
                    report.carrier = Some(CarrierId::new("swift")?);
                    let number = format!("SW{}-{pick}", order.0.simple());
                    report.tracking_no = Some(TrackingNo::new(number)?);
                }
                _ => {}
            }
            let subject = format!("warehouse.{warehouse}.report.{order}.{what}");
            publish(&self.warehouse, &subject, &report, trace.as_deref()).await?;
            while *what == "short" && self.careful && !self.is_picked(order, pick).await {
                tokio::time::sleep(Duration::from_millis(500)).await;
                publish(&self.warehouse, &subject, &report, trace.as_deref()).await?;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Whether fulfilment knows that a pick is over.
    async fn is_picked(&self, order: OrderId, pick: i32) -> bool {
        let known = self.house.ask(&ShipmentsOf { order }).await.unwrap_or_default();
        let begun = ["open", "picking"];
        known.iter().any(|it| it.pick == pick && !begun.contains(&it.state.as_str()))
    }

    async fn pay(
        &self,
        order: OrderId,
        external_id: &str,
        trace: Option<String>,
    ) -> anyhow::Result<()> {
        let placed = self::order(external_id)?;
        let report = PaymentReport {
            order,
            amount: placed.total,
            currency: placed.currency,
            status: PaymentStatus::Captured,
            value_date: None,
        };
        let subject = format!("payments.bank.{order}");
        publish(&self.bank, &subject, &report, trace.as_deref()).await
    }

    async fn cancel(&self, order: OrderId) -> anyhow::Result<()> {
        let cancellation = Cancellation { order, reason: "changed their mind".to_owned() };
        let body: bytes::Bytes = serde_json::to_vec(&cancellation)?.into();
        again("a cancellation", || async {
            let reply = self.web.request("orders.cancel.web", body.clone()).await?;
            match serde_json::from_slice(&reply.payload)? {
                Cancelled::Unknown { reason } => bail!("{reason}"),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn release(&self, order: OrderId) -> anyhow::Result<()> {
        let (by, reason) = (Actor("director".to_owned()), "they are good for it".to_owned());
        let release = ReleaseHold { order, by, tier: 3, reason };
        let id = Uuid::new_v5(&order.0, b"release");
        again("a release", || async {
            self.house.tell(id, &release).await?;
            Ok(())
        })
        .await
    }
}

/// Publishes to a stream until that has acknowledged it.
pub async fn publish(
    nats: &async_nats::Client,
    subject: &str,
    body: &impl Serialize,
    trace: Option<&str>,
) -> anyhow::Result<()> {
    let streams = jetstream::new(nats.clone());
    let body = bytes::Bytes::from(serde_json::to_vec(body)?);
    again(subject, || async {
        let mut headers = HeaderMap::new();
        if let Some(trace) = trace {
            headers.insert("traceparent", trace);
        }
        let published =
            streams.publish_with_headers(subject.to_owned(), headers, body.clone()).await?;
        published.await?;
        Ok(())
    })
    .await
}

/// Tries until it works.
async fn again<F>(what: &str, attempt: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let watch = Stopwatch::start();
    while let Err(error) = attempt().await {
        ensure!(watch.elapsed() < PATIENCE, "{what}: {error:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

fn begin(what: &'static str, part: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
    drop(task::spawn(what, async move {
        if let Err(error) = part.await {
            tracing::warn!(%error, "{what} came to nothing: {error:#}");
        }
    }));
}
