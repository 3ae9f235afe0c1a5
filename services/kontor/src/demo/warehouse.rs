//! Warehouses and carriers: what is picked, what is missing, who takes it, and who does not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::jetstream::{self, AckKind, Message};
use contracts::fulfilment::{CarrierReport, PickRequested, PickWithdrawn, WarehouseReport};
use contracts::{CarrierId, LineUnits, ShipmentId, TrackingNo};
use futures::StreamExt;
use tokio::sync::oneshot;

use super::Troubles;
use super::stage::{Every, Stage, consumer, read, send};
use crate::dice::Dice;

/// What is on the floor of a warehouse: whether it may still be left alone.
type Floor = Arc<Mutex<BTreeMap<ShipmentId, Option<oneshot::Sender<()>>>>>;

/// What goes wrong between the shelf and the door, in all warehouses together.
#[derive(Debug, Default)]
pub(super) struct Mishaps {
    short: Every,
    refused: Every,
}

/// Who brings parcels: a name, and a connection of their own.
pub(super) type Carriers = Arc<[(&'static str, jetstream::Context)]>;

/// A warehouse.
#[derive(Clone)]
pub(super) struct Warehouse {
    pub(super) stage: Stage,
    pub(super) name: String,
    pub(super) nats: async_nats::Client,
    pub(super) carriers: Carriers,
    pub(super) mishaps: Arc<Mishaps>,
    pub(super) floor: Floor,
}

impl Warehouse {
    /// Does what it is told.
    pub(super) async fn works(self) -> anyhow::Result<()> {
        let picks = consumer(&self.nats, "PICKS", &format!("warehouse-{}", self.name)).await?;
        let mut picks = picks.messages().await?;
        while let Some(message) = picks.next().await {
            let message = message?;
            if message.subject.ends_with(".cancelled") {
                self.leaves_alone(read(&message.payload)?).await?;
                message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))?;
            } else {
                let (pick, it) = (read(&message.payload)?, self.clone());
                self.stage.begin("pick", async move { it.carries_out(message, pick).await });
            }
        }
        Ok(())
    }

    /// Leaves a pick alone that nobody has begun. Of one that was begun it has said so.
    async fn leaves_alone(&self, withdrawn: PickWithdrawn) -> anyhow::Result<()> {
        let waiting = self.floor().get_mut(&withdrawn.shipment).map(Option::take);
        match waiting {
            Some(None) => Ok(()),
            Some(Some(stop)) => {
                stop.send(()).ok(); // It begins this moment: then it says so.
                self.says(withdrawn.order, withdrawn.pick, "unreleased", default()).await
            }
            None => self.says(withdrawn.order, withdrawn.pick, "unreleased", default()).await,
        }
    }

    /// One pick, from the shelf to the door. Until then it is not acknowledged: whatever was under way
    /// when the demo stopped is told again.
    async fn carries_out(&self, message: Message, pick: PickRequested) -> anyhow::Result<()> {
        let mut dice = Dice::of(self.stage.play.seed, &format!("{} {}", pick.order_no, pick.pick));
        let (stop, stopped) = oneshot::channel();
        self.floor().insert(pick.shipment, Some(stop));
        let begins = tokio::select! {
            () = self.stage.takes(dice.between(2_000, 9_000)) => true,
            _ = stopped => false,
        };
        let begins =
            begins && self.floor().insert(pick.shipment, None).is_some_and(|it| it.is_some());
        if begins {
            self.picks(&message, &pick, &mut dice).await?;
        }
        self.floor().remove(&pick.shipment);
        message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))
    }

    async fn picks(
        &self,
        message: &Message,
        pick: &PickRequested,
        dice: &mut Dice,
    ) -> anyhow::Result<()> {
        let tell = |what, report| self.says(pick.order, pick.pick, what, report);
        tell("started", default()).await?;
        self.step(message, dice.between(3_000, 9_000)).await;
        match self.lacking(pick) {
            Some(line) => {
                self.stage.tally.short.up();
                let lines = Some(vec![LineUnits { line, quantity: 1 }]);
                tell("short", WarehouseReport { lines, ..default() }).await?;
            }
            None => tell("picked", default()).await?,
        }
        self.step(message, dice.between(2_000, 6_000)).await;
        tell("packed", default()).await?;
        self.step(message, dice.between(2_000, 6_000)).await;
        let Some((carrier, streams)) = self.carriers.get(dice.between(0, 1) as usize) else {
            return Ok(());
        };
        let tracking_no = TrackingNo::new(format!("DM{}", pick.shipment.0.simple()))?;
        let left = WarehouseReport {
            carrier: Some(CarrierId::new(*carrier)?),
            tracking_no: Some(tracking_no.clone()),
            ..default()
        };
        tell("shipped", left).await?;
        self.step(message, dice.between(6_000, 20_000)).await;
        let refused = self.mishaps.refused.strikes(self.every(14, 6), true);
        let what = if refused { "refused" } else { "delivered" };
        let reason = if refused { "客户拒收 not wanted any more" } else { "" };
        let report = CarrierReport { reason: reason.to_owned(), ..CarrierReport::default() };
        send(streams, format!("carrier.{carrier}.{tracking_no}.{what}"), &report).await?;
        if refused {
            self.stage.tally.refused();
            self.step(message, dice.between(6_000, 12_000)).await;
            tell("returned", default()).await?;
        }
        Ok(())
    }

    /// A line of which one unit is not there, though the books say so.
    fn lacking(&self, pick: &PickRequested) -> Option<u16> {
        let line = pick.lines.iter().find(|it| it.quantity > 1);
        let strikes = self.mishaps.short.strikes(self.every(11, 5), line.is_some());
        line.filter(|_| strikes).map(|it| it.line)
    }

    /// Every how many times a mishap happens, in usual and in bad times.
    fn every(&self, some: u64, many: u64) -> u64 {
        match self.stage.play.troubles {
            Troubles::None => 0,
            Troubles::Some => some,
            Troubles::Many => many,
        }
    }

    /// Takes its time. The broker is told that somebody is at it.
    async fn step(&self, message: &Message, millis: u32) {
        message.ack_with(AckKind::Progress).await.ok(); // Else it comes again, and changes nothing.
        self.stage.takes(millis).await;
    }

    async fn says(
        &self,
        order: contracts::OrderId,
        pick: i32,
        what: &str,
        report: WarehouseReport,
    ) -> anyhow::Result<()> {
        let report = WarehouseReport { pick: Some(pick), ..report };
        let subject = format!("warehouse.{}.report.{order}.{what}", self.name);
        send(&jetstream::new(self.nats.clone()), subject, &report).await
    }

    fn floor(
        &self,
    ) -> std::sync::MutexGuard<'_, BTreeMap<ShipmentId, Option<oneshot::Sender<()>>>> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn default() -> WarehouseReport {
    WarehouseReport::default()
}
