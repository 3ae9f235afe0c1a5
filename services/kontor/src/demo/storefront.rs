//! Storefronts, and those who buy there: they hand orders in, follow them, pay or do not, and think
//! better of it.

use std::time::Duration;

use async_nats::jetstream;
use chassis::clock;
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::intake::{Cancellation, OrderStatus, Placement};
use contracts::{Cents, OrderId, Status, Terms};
use futures::StreamExt;
use tokio::sync::mpsc;
use tracing::warn;

use super::order::{Card, Plan};
use super::stage::{Stage, consumer, read, send};

/// After so much of the suite's time an invoice is paid late: it is due after thirty days.
const LATE: Duration = Duration::from_hours(33 * 24);

/// But after so much real time at the most, or nobody who looks would see it.
const LATEST: Duration = Duration::from_mins(8);

/// A storefront, and the bank through which its customers pay.
#[derive(Clone)]
pub(super) struct Storefront {
    pub(super) stage: Stage,
    pub(super) name: &'static str,
    pub(super) nats: async_nats::Client,
    pub(super) bank: jetstream::Context,
    pub(super) provider: &'static str,
}

/// Has orders handed in at the pace of the play: one after the other, whoever's they are.
pub(super) async fn customers(
    stage: Stage,
    run: i64,
    storefronts: Vec<(&'static str, mpsc::Sender<(String, Plan)>)>,
) -> anyhow::Result<()> {
    let pause = Duration::from_mins(1) / stage.play.pace.clamp(1, 60_000);
    let mut pause = tokio::time::interval(pause);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for nth in 0.. {
        pause.tick().await;
        let plan = Plan::of(stage.play.seed, nth, stage.play.troubles);
        let storefront = storefronts.iter().find(|it| it.0 == plan.channel);
        if let Some((_, basket)) = storefront {
            basket.send((plan.name(run), plan)).await?;
        }
    }
    Ok(())
}

impl Storefront {
    /// Hands in what is in the basket.
    pub(super) async fn sells(
        self,
        mut basket: mpsc::Receiver<(String, Plan)>,
    ) -> anyhow::Result<()> {
        let streams = jetstream::new(self.nats.clone());
        while let Some((name, plan)) = basket.recv().await {
            let order = plan.order(&name)?;
            if self.name == "wholesale" {
                // Overnight files: nobody waits for an answer, the status tells.
                send(&streams, format!("orders.submit.{}.{name}", self.name), &order).await?;
                self.stage.tally.placed.up();
                continue;
            }
            let request = serde_json::to_vec(&order)?.into();
            match self.nats.request(format!("orders.place.{}", self.name), request).await {
                Ok(reply) => match serde_json::from_slice(&reply.payload)? {
                    Placement::Accepted(_) => self.stage.tally.placed.up(),
                    refused @ (Placement::Duplicate(_)
                    | Placement::Conflict(_)
                    | Placement::Rejected { .. }
                    | Placement::Unknown { .. }) => {
                        warn!("an order of the demo was not accepted: {refused:?}");
                    }
                },
                Err(error) => warn!(%error, "nobody takes orders just now: {error}"),
            }
        }
        Ok(())
    }

    /// Follows its orders, and has its customers do what they do.
    pub(super) async fn follows(self) -> anyhow::Result<()> {
        let name = format!("channel-{}", self.name);
        let statuses = consumer(&self.nats, "ORDERS_STATUS", &name).await?;
        let mut statuses = statuses.messages().await?;
        while let Some(message) = statuses.next().await {
            let message = message?;
            let status: OrderStatus = read(&message.payload)?;
            self.stage.tally.told(status.status);
            if let Some((order, plan)) = status.order.zip(Plan::named(status.external_id.as_str()))
            {
                self.react(order, plan, &status);
            }
            message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))?;
        }
        Ok(())
    }

    fn react(&self, order: OrderId, plan: Plan, status: &OrderStatus) {
        let (it, name) = (self.clone(), status.external_id.clone());
        let status = status.status;
        if status == Status::AwaitingPayment && plan.card != Card::Unpaid {
            self.stage.begin("payer", async move {
                it.stage.takes_soon(plan.dice("pay").between(2_000, 14_000)).await;
                it.pay(order, "1", plan.order(name.as_str())?.total).await
            });
        } else if status == Status::Confirmed && plan.card == Card::Cancelled {
            self.stage.begin("regret", async move {
                it.stage.takes(plan.dice("regret").between(200, 2_500)).await;
                it.cancel(order).await
            });
        } else if status == Status::Completed {
            self.stage.begin("debtor", async move {
                let placed = plan.order(name.as_str())?;
                if placed.terms == Terms::OnAccount {
                    it.settle(order, plan, placed.total).await?;
                }
                Ok(())
            });
        }
    }

    /// Pays what was delivered: at once, in parts, late, or never.
    async fn settle(&self, order: OrderId, plan: Plan, total: Cents) -> anyhow::Result<()> {
        let mut dice = plan.dice("settle");
        if plan.card == Card::Weak {
            if !dice.percent(40) {
                return Ok(()); // Never.
            }
            tokio::time::sleep((LATE / clock::speed()).min(LATEST)).await;
            return self.pay(order, "1", total).await;
        }
        self.stage.takes(dice.between(5_000, 30_000)).await;
        match dice.between(1, 100) {
            1..=65 => self.pay(order, "1", total).await,
            66..=80 => {
                let part = total.ratio(4, 10);
                self.pay(order, "1", part).await?;
                tokio::time::sleep((LATE / clock::speed()).min(LATEST) / 2).await;
                self.pay(order, "2", total - part).await
            }
            _ => {
                tokio::time::sleep((LATE / clock::speed()).min(LATEST)).await;
                self.pay(order, "1", total).await
            }
        }
    }

    async fn pay(&self, order: OrderId, nth: &str, amount: Cents) -> anyhow::Result<()> {
        let report = PaymentReport {
            order,
            amount,
            currency: contracts::Currency::CNY,
            status: PaymentStatus::Captured,
            value_date: None,
        };
        send(&self.bank, format!("payments.{}.{order}-{nth}", self.provider), &report).await?;
        self.stage.tally.paid();
        Ok(())
    }

    async fn cancel(&self, order: OrderId) -> anyhow::Result<()> {
        let body = Cancellation { order, reason: "买错了 bought by mistake".to_owned() };
        let subject = format!("orders.cancel.{}", self.name);
        self.nats.request(subject, serde_json::to_vec(&body)?.into()).await?;
        Ok(()) // Whatever comes of it, the status tells.
    }
}
