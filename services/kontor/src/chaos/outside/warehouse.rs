//! A warehouse: does what it is told, once, and reports every step until the stream keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{HeaderMap, jetstream};
use bytes::Bytes;
use chassis::task;
use contracts::fulfilment::{PickRequested, PickWithdrawn, ShipmentView, WarehouseReport};
use contracts::{CarrierId, LineUnits, OrderId, ShipmentId, TrackingNo};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{Common, publish};
use crate::chaos::journal::{Reported, Told, now};
use crate::dice::Dice;

/// How many picks are in hand at a time. If all that a lost stream left undone were reported at once,
/// each report would wait for the stream longer than its warehouse waits for it, and be made again.
const PEOPLE: usize = 64;

/// A warehouse.
pub(in crate::chaos) struct Warehouse {
    common: Common,
    pub(in crate::chaos) name: String,
    pub(super) nats: async_nats::Client,
    streams: jetstream::Context,
    /// What it was told to pick so far.
    floor: Mutex<BTreeMap<ShipmentId, Stage>>,
    /// The picks that somebody is at work on.
    at_work: Mutex<BTreeSet<ShipmentId>>,
    people: Semaphore,
}

/// How far a pick is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Begun,
    /// It was taken back in time.
    LeftAlone,
}

/// A pick, as far as a warehouse has to know it.
#[derive(Debug, Clone)]
struct Work {
    order: OrderId,
    shipment: ShipmentId,
    pick: i32,
    /// The line of which a unit may be missing.
    line: u16,
    /// The `traceparent` that it came with: reports go on with it.
    trace: Option<String>,
}

impl Work {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(trace) = &self.trace {
            headers.insert("traceparent", trace.as_str());
        }
        headers
    }
}

/// What happens to a pick.
const SMOOTH: &[&str] = &["started", "picked", "packed", "shipped", "delivered"];
const SHORT: &[&str] = &["started", "short", "packed", "shipped", "delivered"];
const REFUSED: &[&str] = &["started", "picked", "packed", "shipped", "refused", "returned"];

impl Warehouse {
    pub(super) fn new(common: Common, name: &str, nats: async_nats::Client) -> Self {
        let (streams, people) = (jetstream::new(nats.clone()), Semaphore::new(PEOPLE));
        let (floor, at_work) = (Mutex::default(), Mutex::default());
        Self { common, name: name.to_owned(), nats, streams, floor, at_work, people }
    }

    /// Reads what it is to do.
    pub(super) fn is_told(self: &Arc<Self>, message: &jetstream::Message) -> anyhow::Result<()> {
        let header = message.headers.as_ref().and_then(|it| it.get("Nats-Msg-Id"));
        let id = header.map(|it| it.as_str().to_owned()).unwrap_or_default();
        let trace = message.headers.as_ref().and_then(|it| it.get("traceparent"));
        let trace = trace.map(|it| it.as_str().to_owned());
        if message.subject.ends_with(".cancelled") {
            let it: PickWithdrawn = serde_json::from_slice(&message.payload)?;
            self.notes((it.order, it.shipment), &id, "cancelled");
            self.leaves_alone(Work {
                order: it.order,
                shipment: it.shipment,
                pick: it.pick,
                line: 1,
                trace,
            });
            return Ok(());
        }
        let it: PickRequested = serde_json::from_slice(&message.payload)?;
        self.notes((it.order, it.shipment), &id, "requested");
        let line = it.lines.first().map_or(1, |it| it.line);
        self.takes_on(Work { order: it.order, shipment: it.shipment, pick: it.pick, line, trace });
        Ok(())
    }

    /// Says once more what it reported of a pick of its own that does not get on, or is told of it by
    /// hand: as people do when a stream was lost.
    pub(in crate::chaos) fn insists(self: &Arc<Self>, order: OrderId, view: &ShipmentView) {
        let line = view.units.first().map_or(1, |it| it.line);
        let (shipment, pick) = (view.shipment, view.pick);
        let work = Work { order, shipment, pick, line, trace: None };
        let stage = self.floor().get(&view.shipment).copied();
        match (stage, view.state.as_str()) {
            (None | Some(Stage::Waiting), "withdrawing") | (Some(Stage::LeftAlone), _) => {
                self.leaves_alone(work);
            }
            (None, _) => {
                self.notes((order, view.shipment), "", "requested");
                self.takes_on(work);
            }
            (Some(Stage::Waiting), _) => {}
            (Some(Stage::Begun), _) => {
                let it = Arc::clone(self);
                drop(task::spawn("a pick once more", async move { it.works(&work).await }));
            }
        }
    }

    /// Reports something that it was given, of a pick of its own or not.
    pub(super) async fn says(&self, order: OrderId, what: &str, body: Bytes) {
        let subject = format!("warehouse.{}.report.{order}.{what}", self.name);
        publish(&self.streams, &subject, HeaderMap::new(), body).await;
    }

    fn notes(&self, (order, shipment): (OrderId, ShipmentId), id: &str, what: &str) {
        let (at, warehouse) = (now(), self.name.as_str());
        self.common.journal.told(&Told { at, warehouse, order, shipment, id, what });
    }

    fn floor(&self) -> MutexGuard<'_, BTreeMap<ShipmentId, Stage>> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pick that comes again is not picked again.
    fn takes_on(self: &Arc<Self>, work: Work) {
        if self.floor().contains_key(&work.shipment) {
            return;
        }
        self.floor().insert(work.shipment, Stage::Waiting);
        let it = Arc::clone(self);
        drop(task::spawn("a pick", async move {
            let mut dice = it.dice(&work);
            it.takes(dice.between(50, 400)).await;
            let begins = {
                let mut floor = it.floor();
                let begins = floor.get(&work.shipment) == Some(&Stage::Waiting);
                if begins {
                    floor.insert(work.shipment, Stage::Begun);
                }
                begins
            };
            if begins {
                it.works(&work).await;
            }
        }));
    }

    /// Of a pick that was begun it has said so.
    fn leaves_alone(self: &Arc<Self>, work: Work) {
        if self.floor().get(&work.shipment) == Some(&Stage::Begun) {
            return;
        }
        self.floor().insert(work.shipment, Stage::LeftAlone);
        let it = Arc::clone(self);
        drop(task::spawn("left alone", async move { it.reports(&work, "unreleased").await }));
    }

    fn dice(&self, work: &Work) -> Dice {
        Dice::of(self.common.seed, &format!("pick {} {}", work.order, work.pick))
    }

    async fn takes(&self, millis: u32) {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
    }

    /// From the shelf to the door, unless somebody is at it.
    async fn works(&self, work: &Work) {
        let at_work = || self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if !at_work().insert(work.shipment) {
            return;
        }
        if let Ok(_somebody) = self.people.acquire().await {
            self.works_through(work).await;
        }
        at_work().remove(&work.shipment);
    }

    /// Said again, it is the same.
    async fn works_through(&self, work: &Work) {
        let mut dice = self.dice(work);
        let steps = match dice.between(1, 100) {
            1..=4 if work.pick == 1 => SHORT,
            5..=8 => REFUSED,
            _ => SMOOTH,
        };
        if dice.between(1, 500) == 1 {
            self.chokes(work).await;
        }
        for what in steps {
            self.reports(work, what).await;
            self.takes(dice.between(10, 80)).await;
        }
    }

    /// Reports what cannot be: more than there is in the world, less than nothing, no text at all.
    async fn chokes(&self, work: &Work) {
        let (pick, line) = (work.pick, work.line);
        for body in [
            json!({ "pick": pick, "lines": [{ "line": line, "quantity": i64::MAX }] }),
            json!({ "pick": pick, "lines": [{ "line": line, "quantity": -1 }] }),
            json!({ "pick": i32::MIN, "reason": "\u{0}" }),
        ] {
            let subject = format!("warehouse.{}.report.{}.short", self.name, work.order);
            let acked =
                publish(&self.streams, &subject, work.headers(), body.to_string().into()).await;
            self.writes(work, "poison", acked);
        }
    }

    fn writes(&self, work: &Work, report: &str, acked: bool) {
        let (at, warehouse) = (now(), self.name.as_str());
        let (order, shipment) = (work.order, work.shipment);
        self.common.journal.reported(&Reported { at, warehouse, order, shipment, report, acked });
    }

    async fn reports(&self, work: &Work, what: &str) {
        let mut report = WarehouseReport { pick: Some(work.pick), ..WarehouseReport::default() };
        match what {
            "short" => report.lines = Some(vec![LineUnits { line: work.line, quantity: 1 }]),
            "shipped" => {
                report.carrier = CarrierId::new("swift").ok();
                report.tracking_no = TrackingNo::new(work.shipment.0.simple().to_string()).ok();
            }
            _ => {}
        }
        let Ok(body) = serde_json::to_vec(&report).map(Bytes::from) else { return };
        let subject = format!("warehouse.{}.report.{}.{what}", self.name, work.order);
        while !self.common.is_closing() {
            let acked = publish(&self.streams, &subject, work.headers(), body.clone()).await;
            self.writes(work, what, acked);
            if acked {
                return;
            }
            self.takes(200).await;
        }
    }
}
