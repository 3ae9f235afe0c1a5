//! Who deals with the house from outside, each with a connection, and rights, of its own.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail, ensure};
use async_nats::jetstream::{self, consumer::PullConsumer};
use chassis::task;
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::fulfilment::{CarrierReport, PickRequested, PickWithdrawn, WarehouseReport};
use contracts::intake::{
    Cancellation, Cancelled, OrderStatus, Placement, PlacementAccepted, PlacementDuplicate,
    Submission,
};
use contracts::{Cents, Currency, LineUnits, OrderId, Status};
use futures::StreamExt;
use serde_json::Value;
use tokio::task::AbortHandle;

use crate::{PATIENCE, eventually};

/// What somebody outside was told, in order; read from their own consumer as long as they live.
struct Mailbox<T> {
    letters: Arc<Mutex<Vec<T>>>,
    reader: AbortHandle,
}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl<T: Clone + Send + 'static> Mailbox<T> {
    async fn open(
        nats: &async_nats::Client,
        stream: &str,
        consumer: &str,
        read: fn(&str, &[u8]) -> anyhow::Result<T>,
    ) -> anyhow::Result<Self> {
        let streams = jetstream::new(nats.clone());
        let consumer: PullConsumer = streams
            .get_consumer_from_stream(consumer, stream)
            .await
            .map_err(|it| anyhow::anyhow!("{consumer} on {stream}: {it}"))?;
        let mut messages = consumer.messages().await?;
        let letters = Arc::new(Mutex::new(vec![]));
        let kept = Arc::clone(&letters);
        let reading = async move {
            while let Some(Ok(message)) = messages.next().await {
                match read(&message.subject, &message.payload) {
                    Ok(letter) => kept.lock().unwrap_or_else(PoisonError::into_inner).push(letter),
                    Err(error) => tracing::error!(%error, "unreadable: {}", message.subject),
                }
                message.ack().await.ok(); // It comes again, and is kept again.
            }
        };
        Ok(Self { letters, reader: task::spawn("mailbox", reading).abort_handle() })
    }

    fn letters(&self) -> Vec<T> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A web shop: hands in orders in any of three ways, and follows what becomes of them.
pub struct Storefront {
    pub channel: String,
    nats: async_nats::Client,
    http: reqwest::Client,
    gateway: String,
    /// With which it asks the gateway.
    key: String,
    told: Mailbox<OrderStatus>,
}

impl Storefront {
    pub(crate) async fn open(
        nats: async_nats::Client,
        channel: &str,
        gateway: &str,
        key: String,
    ) -> anyhow::Result<Self> {
        let consumer = format!("channel-{channel}");
        let read = |_: &str, body: &[u8]| Ok(serde_json::from_slice(body)?);
        let told = Mailbox::open(&nats, "ORDERS_STATUS", &consumer, read).await?;
        let (channel, gateway) = (channel.to_owned(), gateway.to_owned());
        Ok(Self { channel, nats, http: reqwest::Client::new(), gateway, key, told })
    }

    /// Hands in an order over NATS and waits for the answer; again, if it is not known what came of
    /// it, for that is how it is done.
    pub async fn ask(&self, order: &Value) -> anyhow::Result<Placement> {
        let payload = serde_json::to_vec(order)?;
        eventually(PATIENCE, || async {
            let subject = format!("orders.place.{}", self.channel);
            let request =
                async_nats::Request::new().payload(payload.clone().into()).timeout(Some(PATIENCE));
            let reply = self.nats.send_request(subject, request).await?;
            let answer: Placement = serde_json::from_slice(&reply.payload)?;
            ensure!(!matches!(answer, Placement::Unknown { .. }), "{answer:?}");
            Ok(answer)
        })
        .await
    }

    /// Hands in an order over NATS, which is to be accepted.
    pub async fn place(&self, order: &Submission) -> anyhow::Result<OrderId> {
        let answer = self.ask(&serde_json::to_value(order)?).await?;
        match answer {
            Placement::Accepted(PlacementAccepted { order, .. })
            // It was, when it was asked first.
            | Placement::Duplicate(PlacementDuplicate { order, .. }) => Ok(order),
            Placement::Conflict(_) | Placement::Rejected { .. } | Placement::Unknown { .. } => {
                bail!("not accepted: {answer:?}")
            }
        }
    }

    /// Hands in an order over the stream, which keeps it, and goes on.
    pub async fn submit(&self, external_id: &str, order: &Value) -> anyhow::Result<()> {
        let subject = format!("orders.submit.{}.{external_id}", self.channel);
        publish(&self.nats, subject, serde_json::to_vec(order)?).await
    }

    /// Hands in an order over HTTP; again, if it is not known what came of it.
    pub async fn post(&self, order: &Value, key: Option<&str>) -> anyhow::Result<(u16, Value)> {
        eventually(PATIENCE, || async {
            let mut request = self
                .http
                .post(format!("{}/v1/orders", self.gateway))
                .bearer_auth(&self.key)
                .json(order);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            let response = request.send().await?;
            let status = response.status();
            ensure!(!status.is_server_error(), "{status}: {}", response.text().await?);
            Ok((status.as_u16(), response.json().await?))
        })
        .await
    }

    /// Ends one of its orders, over NATS.
    pub async fn cancel(&self, order: OrderId, reason: &str) -> anyhow::Result<Cancelled> {
        let body = Cancellation { order, reason: reason.to_owned() };
        let subject = format!("orders.cancel.{}", self.channel);
        let reply = self.nats.request(subject, serde_json::to_vec(&body)?.into()).await?;
        Ok(serde_json::from_slice(&reply.payload)?)
    }

    /// All that the storefront was told under this name, in order.
    pub fn told(&self, external_id: &str) -> Vec<OrderStatus> {
        let mut told = self.told.letters();
        told.retain(|it| it.external_id.as_str() == external_id);
        told
    }

    /// With which it asks the gateway.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Waits until it was told these statuses, in this order and no others.
    pub async fn is_told(&self, external_id: &str, statuses: &[Status]) -> anyhow::Result<()> {
        eventually(PATIENCE, || async {
            let told = self.told(external_id);
            let told: Vec<Status> = told.iter().map(|it| it.status).collect();
            ensure!(told == statuses, "{external_id} was told {told:?}, not {statuses:?}");
            Ok(())
        })
        .await
    }
}

/// What a warehouse is told.
#[derive(Debug, Clone)]
enum Instruction {
    Pick(PickRequested),
    LeaveAlone(PickWithdrawn),
}

/// A warehouse: it is told what to pick, and reports what it does.
pub struct Warehouse {
    pub name: String,
    nats: async_nats::Client,
    told: Mailbox<Instruction>,
}

impl Warehouse {
    pub(crate) async fn open(nats: async_nats::Client, name: &str) -> anyhow::Result<Self> {
        let read = |subject: &str, body: &[u8]| {
            Ok(if subject.ends_with(".cancelled") {
                Instruction::LeaveAlone(serde_json::from_slice(body)?)
            } else {
                Instruction::Pick(serde_json::from_slice(body)?)
            })
        };
        let told = Mailbox::open(&nats, "PICKS", &format!("warehouse-{name}"), read).await?;
        Ok(Self { name: name.to_owned(), nats, told })
    }

    /// What it was told to pick for the order so far.
    pub fn picks(&self, order: OrderId) -> Vec<PickRequested> {
        let picks = self.told.letters().into_iter().filter_map(|it| match it {
            Instruction::Pick(it) if it.order == order => Some(it),
            Instruction::Pick(_) | Instruction::LeaveAlone(_) => None,
        });
        picks.collect()
    }

    /// Waits until it was told so often to pick for the order; the last pick.
    pub async fn nth_pick(&self, order: OrderId, nth: usize) -> anyhow::Result<PickRequested> {
        eventually(PATIENCE, || async {
            let picks = self.picks(order);
            let pick = nth.checked_sub(1).and_then(|it| picks.get(it)).cloned();
            pick.with_context(|| format!("{} was told {} times", self.name, picks.len()))
        })
        .await
        .with_context(|| format!("{} was not told to pick {order}", self.name))
    }

    /// Waits until it was told to pick for the order.
    pub async fn pick(&self, order: OrderId) -> anyhow::Result<PickRequested> {
        self.nth_pick(order, 1).await
    }

    /// Waits until it is asked to leave the pick alone.
    pub async fn is_asked_back(&self, pick: &PickRequested) -> anyhow::Result<()> {
        let same = |it: &Instruction| match it {
            Instruction::LeaveAlone(it) => it.shipment == pick.shipment,
            Instruction::Pick(_) => false,
        };
        eventually(PATIENCE, || async {
            ensure!(self.told.letters().iter().any(same), "{} was not asked back", self.name);
            Ok(())
        })
        .await
    }

    /// Reports on a pick: `started`, `picked`, `packed`, `shipped`, `delivered`, `refused`,
    /// `returned`, `unreleased`.
    pub async fn reports(&self, pick: &PickRequested, what: &str) -> anyhow::Result<()> {
        self.reports_with(pick, what, WarehouseReport::default()).await
    }

    /// Reports that the pick left, with this carrier and under this number of theirs.
    pub async fn ships_with(
        &self,
        pick: &PickRequested,
        carrier: &str,
        tracking_no: &str,
    ) -> anyhow::Result<()> {
        let (carrier, tracking_no) = (Some(carrier.parse()?), Some(tracking_no.parse()?));
        let report = WarehouseReport { carrier, tracking_no, ..Default::default() };
        self.reports_with(pick, "shipped", report).await
    }

    /// Reports that these units were not there, and that the rest was picked.
    pub async fn lacks(
        &self,
        pick: &PickRequested,
        line: u16,
        quantity: i64,
    ) -> anyhow::Result<()> {
        let lines = Some(vec![LineUnits { line, quantity }]);
        self.reports_with(pick, "short", WarehouseReport { lines, ..Default::default() }).await
    }

    async fn reports_with(
        &self,
        pick: &PickRequested,
        what: &str,
        report: WarehouseReport,
    ) -> anyhow::Result<()> {
        let report = WarehouseReport { pick: Some(pick.pick), ..report };
        let subject = format!("warehouse.{}.report.{}.{what}", self.name, pick.order);
        publish(&self.nats, subject, serde_json::to_vec(&report)?).await
    }

    /// Does all that is to be done, and tells of every step.
    pub async fn carries_out(&self, pick: &PickRequested) -> anyhow::Result<()> {
        for what in ["started", "picked", "packed", "shipped", "delivered"] {
            self.reports(pick, what).await?;
        }
        Ok(())
    }
}

/// A bank: tells of money that came.
pub struct Bank {
    pub name: String,
    nats: async_nats::Client,
}

impl Bank {
    pub(crate) fn new(nats: async_nats::Client, name: &str) -> Self {
        Self { name: name.to_owned(), nats }
    }

    /// Tells that so much was paid for the order.
    pub async fn reports(
        &self,
        payment: &str,
        order: OrderId,
        amount: Cents,
    ) -> anyhow::Result<()> {
        let report = PaymentReport {
            order,
            amount,
            currency: Currency::CNY,
            status: PaymentStatus::Captured,
            value_date: None,
        };
        let subject = format!("payments.{}.{payment}", self.name);
        publish(&self.nats, subject, serde_json::to_vec(&report)?).await
    }
}

/// A carrier: knows its parcels, and nothing of orders.
pub struct Carrier {
    pub name: String,
    nats: async_nats::Client,
}

impl Carrier {
    pub(crate) fn new(nats: async_nats::Client, name: &str) -> Self {
        Self { name: name.to_owned(), nats }
    }

    /// Reports on a parcel: `delivered`, `refused`.
    pub async fn reports(&self, tracking_no: &str, what: &str) -> anyhow::Result<()> {
        let subject = format!("carrier.{}.{tracking_no}.{what}", self.name);
        publish(&self.nats, subject, serde_json::to_vec(&CarrierReport::default())?).await
    }
}

async fn publish(
    nats: &async_nats::Client,
    subject: String,
    payload: Vec<u8>,
) -> anyhow::Result<()> {
    let ack = jetstream::new(nats.clone()).publish(subject.clone(), payload.into()).await?;
    ack.await.with_context(|| format!("{subject} was not kept"))?;
    Ok(())
}
