//! Everybody outside: storefronts that hand in and follow, who pays, warehouses, and those who are
//! written to and called. They use the public surface, each with rights of its own; whatever they do
//! and see goes into the journal.

mod book;
mod course;
mod mischief;
mod receivers;
mod storefront;
mod warehouse;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer::PullConsumer};
use bytes::Bytes;
use chassis::task;
use contracts::OrderId;
use futures::StreamExt;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use self::book::Book;
use self::storefront::{Storefront, Way};
use self::warehouse::Warehouse;
use super::journal::{Journal, Shown, now};
use super::premises::Premises;
use crate::Suite;

pub(super) use self::course::{Course, SHOP};
pub(super) use self::receivers::Receivers;

/// How many orders wait for an answer at a time.
const AT_ONCE: usize = 128;

/// The outside, until it is closed.
pub(super) struct Outside {
    pub(super) web: Arc<Storefront>,
    market: Arc<Storefront>,
    wholesale: Arc<Storefront>,
    pub(super) warehouses: Vec<Arc<Warehouse>>,
    pub(super) common: Common,
    close: watch::Sender<bool>,
    parts: Vec<JoinHandle<()>>,
}

/// What everybody outside has.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) seed: u64,
    pub(super) journal: Arc<Journal>,
    /// What storefronts know of their orders.
    pub(super) book: Arc<Book>,
    /// How many orders went through to an answer.
    pub(super) answered: Arc<AtomicU64>,
    /// What nobody may ever see.
    pub(super) wrong: Arc<std::sync::Mutex<Vec<String>>>,
    /// Reports that a warehouse is to make on which somebody might choke.
    poisons: mpsc::UnboundedSender<(OrderId, Vec<u8>)>,
    turns: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

impl Common {
    /// Something that must not be.
    pub(super) fn is_wrong(&self, what: String) {
        self.wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(what);
    }

    pub(super) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }
}

impl Outside {
    /// Lets everybody in: the storefronts over HTTP with these keys at these gateways.
    pub(super) async fn open(
        suite: &Suite,
        (seed, journal): (u64, Arc<Journal>),
        gateways: Vec<SocketAddr>,
        market_key: String,
    ) -> anyhow::Result<Self> {
        let (close, closing) = watch::channel(false);
        let (poisons, mut poisonous) = mpsc::unbounded_channel();
        let common = Common {
            seed,
            journal,
            book: Arc::default(),
            answered: Arc::default(),
            wrong: Arc::default(),
            poisons,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            closing,
        };
        let bank = jetstream::new(suite.connect("provider", "bank").await?);
        let open = async |channel: &'static str, way: Way| {
            let nats = suite.connect("channel", channel).await?;
            let storefront = Storefront::new(common.clone(), channel, way, nats, bank.clone());
            anyhow::Ok(Arc::new(storefront))
        };
        let http = Way::Http { gateways, key: market_key };
        let (web, market) = (open("web", Way::Request).await?, open("market", http).await?);
        let wholesale = open("wholesale", Way::Stream).await?;
        let mut warehouses = Vec::new();
        for outsider in suite.outsiders.iter().filter(|it| it.kind == "warehouse") {
            let nats = suite.connect("warehouse", &outsider.name).await?;
            warehouses.push(Arc::new(Warehouse::new(common.clone(), &outsider.name, nats)));
        }
        let mut it = Self { web, market, wholesale, warehouses, common, close, parts: vec![] };
        for storefront in [&it.web, &it.market, &it.wholesale] {
            let (nats, reads) = (storefront.nats.clone(), Arc::clone(storefront));
            let name = format!("channel-{}", storefront.channel);
            it.parts.push(task::spawn("statuses", async move {
                listen(&nats, "ORDERS_STATUS", &name, |message| reads.is_told(message)).await;
            }));
        }
        for warehouse in &it.warehouses {
            let (nats, reads) = (warehouse.nats.clone(), Arc::clone(warehouse));
            let name = format!("warehouse-{}", warehouse.name);
            it.parts.push(task::spawn("picks", async move {
                listen(&nats, "PICKS", &name, |message| reads.is_told(message)).await;
            }));
        }
        if let Some(warehouse) = it.warehouses.first().cloned() {
            it.parts.push(task::spawn("poison", async move {
                while let Some((order, body)) = poisonous.recv().await {
                    warehouse.says(order, "picked", body.into()).await;
                }
            }));
        }
        Ok(it)
    }

    /// Has so many orders handed in, so many a second, whatever happens; one task an order. They are
    /// all under way when this returns.
    pub(super) async fn sells(&self, orders: u64, rate: u64) -> Vec<JoinHandle<()>> {
        let mut beat = tokio::time::interval(Duration::from_micros(1_000_000 / rate.max(1)));
        let mut selling = Vec::new();
        for nth in 0..orders {
            beat.tick().await;
            if self.common.is_closing() {
                break;
            }
            let course = Course::of(self.common.seed, nth);
            let storefront = match course.channel {
                "web" => &self.web,
                "market" => &self.market,
                _ => &self.wholesale,
            };
            let storefront = Arc::clone(storefront);
            let turns = Arc::clone(&self.common.turns);
            selling.push(task::spawn("order", async move {
                let Ok(turn) = turns.acquire_owned().await else { return };
                storefront.sells(course).await;
                drop(turn);
            }));
        }
        selling
    }

    /// How many orders were answered for good.
    pub(super) fn answered(&self) -> u64 {
        self.common.answered.load(Ordering::Relaxed)
    }

    /// Says once more what was said of an order that does not get on: as those do who see no effect.
    pub(super) async fn insists(&self, order: OrderId, external_id: &str, shown: &str) {
        if shown == "awaiting_payment" {
            self.web.pays(order, external_id).await;
        }
    }

    /// After a stream was lost with a status that its follower had not read: nobody says it again, and
    /// after the last one nobody sees a gap. So storefronts ask where the orders are of which they were
    /// told no end. Returns how many.
    pub(super) async fn asks_after_orders(&self, house: &Premises) -> anyhow::Result<u64> {
        let open = self.common.book.open();
        for (name, order) in &open {
            let asked_at = now();
            let (number, status) = house.shows(*order).await?;
            let channel = name.split('-').next().unwrap_or_default();
            let channel = if channel == "probe" { "web" } else { channel };
            self.common.journal.status(&Shown {
                at: now(),
                stood: i64::try_from(asked_at.as_nanosecond())?,
                client: &format!("channel-{channel}"),
                channel,
                external_id: name,
                number,
                status: status.name(),
            });
        }
        Ok(open.len() as u64)
    }

    /// Has everybody stop where they are.
    pub(super) async fn close(self) {
        self.close.send_replace(true);
        for part in self.parts {
            part.abort();
            part.await.ok(); // It was told to end.
        }
    }
}

/// Reads what is for somebody on a public stream, again and again if need be.
async fn listen(
    nats: &async_nats::Client,
    stream: &str,
    consumer: &str,
    act: impl Fn(&jetstream::Message) -> anyhow::Result<()>,
) {
    loop {
        if let Err(error) = listen_once(nats, stream, consumer, &act).await {
            tracing::debug!(%error, "{consumer} begins again");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn listen_once(
    nats: &async_nats::Client,
    stream: &str,
    consumer: &str,
    act: &impl Fn(&jetstream::Message) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let streams = jetstream::new(nats.clone());
    let consumer: PullConsumer = streams
        .get_consumer_from_stream(consumer, stream)
        .await
        .map_err(|it| anyhow::anyhow!("{it}"))?;
    let heartbeat = Duration::from_secs(1);
    let mut messages =
        consumer.stream().heartbeat(heartbeat).expires(heartbeat * 30).messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        act(&message)?;
        message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))?;
    }
    Ok(())
}

/// Publishes on a stream, once. Whether it is known to be kept.
async fn publish(
    streams: &jetstream::Context,
    subject: &str,
    headers: HeaderMap,
    body: Bytes,
) -> bool {
    let kept = async {
        let ack = streams
            .publish_with_headers(subject.to_owned(), headers, body)
            .await
            .context("published")?;
        ack.await.context("kept")
    };
    matches!(tokio::time::timeout(Duration::from_secs(3), kept).await, Ok(Ok(_)))
}
