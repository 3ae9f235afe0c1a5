//! Everyone who deals with the simulated house: storefronts that repeat and contradict themselves,
//! warehouses that find too little, customers who pay late, twice or never, people who count.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chassis::simulation::{Happening, House};
use chassis::{MessageId, Outcome};
use contracts::fulfilment::PickRequested;
use contracts::intake::{CancelOrder, PlaceOrder, Submission};
use contracts::{Actor, ChannelId, OrderId, ShipmentId, Status};
use serde_json::{Value, json};

use super::chance::Chance;
use super::shop;
use crate::seed::commands;

const CHANNELS: [&str; 2] = ["web", "market"];

/// Something that somebody is going to do.
#[derive(Clone)]
pub(super) enum Deed {
    Place {
        nth: u32,
        again: bool,
    },
    Cancel(u32),
    /// The nth thing that a warehouse does with a pick.
    Step(Rc<PickRequested>, usize),
    Report(String, Value),
    Judge(OrderId, bool),
    Receive(u32),
    Count(u32),
    Rule,
    Garbage(u32),
}

/// What a storefront knows of one of its orders.
#[derive(Default)]
pub(super) struct Known {
    /// Under which ids it was accepted: one, whatever happens.
    pub(super) accepted: BTreeSet<OrderId>,
    pub(super) rejected: bool,
    /// It was told so: what somebody wants of a shop that is still being furnished, for one.
    pub(super) refused: bool,
    /// Over the stream, which keeps it until it is decided.
    pub(super) submitted: bool,
    /// The number of the last status.
    pub(super) number: i64,
    /// What it was told last.
    pub(super) shown: Option<Status>,
}

/// The outside of the house.
pub(super) struct World {
    pub(super) chance: Chance,
    deeds: BTreeMap<u64, Deed>,
    tokens: u64,
    wanted: Vec<(ChannelId, Submission)>,
    /// By channel and external id.
    pub(super) journal: BTreeMap<(String, String), Known>,
    /// Which order a command hands in, as it waits for its answer.
    asked: BTreeMap<MessageId, u32>,
    seen: BTreeSet<MessageId>,
    /// Whether somebody has begun to pick.
    pub(super) floor: BTreeMap<ShipmentId, bool>,
    /// Parcels that were not taken, on their way back.
    pub(super) refused: BTreeMap<OrderId, Rc<PickRequested>>,
    pub(super) names: u64,
    pub(super) counts: BTreeMap<String, u64>,
}

impl World {
    pub(super) fn of(seed: u64, orders: u32) -> anyhow::Result<Self> {
        let mut chance = Chance::of(seed);
        let mut wanted = Vec::new();
        for nth in 0..orders {
            let channel = ChannelId::new(chance.one_of(&CHANNELS))?;
            wanted.push((channel, shop::order(&format!("E-{nth}"), &mut chance)?));
        }
        Ok(Self {
            chance,
            deeds: BTreeMap::new(),
            tokens: 0,
            wanted,
            journal: BTreeMap::new(),
            asked: BTreeMap::new(),
            seen: BTreeSet::new(),
            floor: BTreeMap::new(),
            refused: BTreeMap::new(),
            names: 0,
            counts: BTreeMap::new(),
        })
    }

    /// Makes plans: when who wants what.
    pub(super) fn plan(&mut self, house: &mut House) {
        let mut at = 60_000; // The shop is furnished by then.
        for nth in 0..u32::try_from(self.wanted.len()).unwrap_or(u32::MAX) {
            at += self.chance.below(400);
            self.later(house, at, Deed::Place { nth, again: false });
            while self.chance.percent(15) {
                let soon = self.chance.below(5_000);
                self.later(house, at + soon, Deed::Place { nth, again: true });
            }
            if self.chance.percent(12) {
                let by_and_by = self.chance.below(40_000);
                self.later(house, at + by_and_by, Deed::Cancel(nth));
            }
            if self.chance.percent(12) {
                self.later(house, at, Deed::Receive(nth));
            }
            if self.chance.percent(6) {
                self.later(house, at, Deed::Count(nth));
            }
            if self.chance.percent(4) {
                self.later(house, at, Deed::Garbage(nth));
            }
        }
        let by_and_by = 60_000 + self.chance.below(at - 60_000);
        self.later(house, by_and_by, Deed::Rule);
        // Whoever waits for goods gets some in the end.
        for nth in 0..12 {
            self.later(
                house,
                at + 86_400_000 + u64::from(nth) * 1_000,
                Deed::Receive(1_000_000 + nth),
            );
        }
    }

    pub(super) fn later(&mut self, house: &mut House, after: u64, deed: Deed) {
        self.tokens += 1;
        self.deeds.insert(self.tokens, deed);
        house.remind(after, self.tokens);
    }

    /// Takes notice of what happened, and does something about it. What is wrong with it, if something
    /// is.
    pub(super) fn notice(
        &mut self,
        house: &mut House,
        happening: &Happening,
    ) -> anyhow::Result<Option<String>> {
        match happening {
            Happening::Reminded(token) => {
                if let Some(deed) = self.deeds.remove(token) {
                    self.act(house, deed)?;
                }
            }
            Happening::Published(envelope) if self.seen.insert(envelope.id) => {
                return self.read(house, envelope);
            }
            Happening::Committed { page: Some(page), .. } => self.overhear(house, page)?,
            Happening::Answered(id, outcome) => self.hear(*id, outcome),
            Happening::HungUp(id) => drop(self.asked.remove(id)),
            Happening::Published(_)
            | Happening::Committed { .. }
            | Happening::Quiet
            | Happening::Over
            | Happening::Broken(_) => {}
        }
        Ok(None)
    }

    fn act(&mut self, house: &mut House, deed: Deed) -> anyhow::Result<()> {
        match deed {
            Deed::Place { nth, again } => self.place(house, nth, again)?,
            Deed::Cancel(nth) => self.cancel(house, nth)?,
            Deed::Step(pick, nth) => self.step(house, &pick, nth)?,
            Deed::Report(subject, body) => house.report(&subject, &serde_json::to_vec(&body)?)?,
            Deed::Judge(order, release) => self.judge(house, order, release)?,
            Deed::Receive(nth) => {
                let (sku, warehouse, cost) = shop::shelf(&mut self.chance);
                let units = 5 + i64::try_from(self.chance.below(40))?;
                let receipt =
                    commands::receive((sku, warehouse), units, cost, &format!("R-{nth}"))?;
                house.tell(shop::named(&format!("receive {nth}")), &receipt, None)?;
            }
            Deed::Count(nth) => {
                let (sku, warehouse, _) = shop::shelf(&mut self.chance);
                let what = self.chance.one_of(&["counted", "damaged"]);
                let most = if what == "counted" { 40 } else { 3 };
                let quantity = 1 + self.chance.below(most);
                let body = json!({ "quantity": quantity, "document": format!("K-{nth}") });
                let subject = format!("stock.report.{warehouse}.{sku}.{what}");
                house.report(&subject, &serde_json::to_vec(&body)?)?;
            }
            Deed::Rule => shop::rule(house)?,
            Deed::Garbage(nth) => self.garbage(house, nth)?,
        }
        Ok(())
    }

    /// Hands an order in: over NATS or HTTP, which are one command, or over the stream. A repeat may be
    /// another order under the same name.
    fn place(&mut self, house: &mut House, nth: u32, again: bool) -> anyhow::Result<()> {
        let (channel, submission) = self.wanted[nth as usize].clone();
        let external_id = format!("E-{nth}");
        let mut order = serde_json::to_value(&submission)?;
        let contradicts = again && self.chance.percent(20);
        if contradicts {
            order["lines"][0]["quantity"] = json!(submission.lines[0].quantity + 1);
            self.count("a repeat that contradicts");
        }
        if self.chance.percent(35) {
            let subject = format!("orders.submit.{channel}.{external_id}");
            let known = self.journal.entry((channel.to_string(), external_id)).or_default();
            known.submitted |= !contradicts;
            return Ok(house.report(&subject, &serde_json::to_vec(&order)?)?);
        }
        self.names += 1;
        let id = shop::named(&format!("place {}", self.names));
        let tries = self.chance.percent(10).then(|| 1 + u32::from(self.chance.percent(50)));
        let entered_by = Actor(format!("channel:{channel}"));
        let external_id = external_id.parse()?;
        let place = PlaceOrder { channel, external_id, idempotency_key: None, entered_by, order };
        if !contradicts {
            self.asked.insert(id, nth);
        }
        Ok(house.tell(id, &place, tries)?)
    }

    fn cancel(&mut self, house: &mut House, nth: u32) -> anyhow::Result<()> {
        let channel = self.wanted[nth as usize].0.clone();
        let key = (channel.to_string(), format!("E-{nth}"));
        let order = self.journal.get(&key).and_then(|it| it.accepted.first().copied());
        let Some(order) = order else { return Ok(()) };
        self.count("cancellation");
        self.names += 1;
        let by = Actor(format!("channel:{channel}"));
        let reason = "not wanted any more".to_owned();
        let command = CancelOrder { order, channel: Some(channel), by, reason };
        Ok(house.tell(shop::named(&format!("cancel {}", self.names)), &command, None)?)
    }

    /// What arrives where nobody should send it, or like this.
    fn garbage(&mut self, house: &mut House, nth: u32) -> anyhow::Result<()> {
        self.count("garbage");
        match self.chance.below(4) {
            0 => house.report(&format!("orders.submit.web.G-{nth}"), b"{not json")?,
            1 => {
                let (channel, submission) = self.wanted[nth as usize].clone();
                let mut order = serde_json::to_value(submission)?;
                order["external_id"] = json!(format!("W-{nth}"));
                let subject = format!("orders.submit.{channel}.W-{nth}");
                let right = order["total"].clone();
                order["po_number"] = Value::Null; // It stands for another order.
                // Whoever mends it may get it wrong again, in another way, or right.
                for total in 1..=1 + self.chance.below(2) {
                    order["total"] = json!(-i64::try_from(total)?);
                    house.report(&subject, &serde_json::to_vec(&order)?)?;
                }
                let mended = self.chance.percent(50);
                if mended {
                    order["total"] = right;
                    house.report(&subject, &serde_json::to_vec(&order)?)?;
                }
                let name = (channel.to_string(), format!("W-{nth}"));
                self.journal.entry(name).or_default().rejected = !mended;
            }
            2 => {
                let order = shop::named(&format!("nobody's {nth}")).0;
                house.report(&format!("warehouse.WH-A.report.{order}.picked"), b"{}")?;
            }
            _ => house.report(&format!("payments.bank.G-{nth}"), br#"{"amount": "all of it"}"#)?,
        }
        Ok(())
    }

    /// A storefront is answered.
    fn hear(&mut self, id: MessageId, outcome: &Outcome) {
        let (Some(nth), Outcome::Answered(answer)) = (self.asked.remove(&id), outcome) else {
            return;
        };
        let channel = self.wanted[nth as usize].0.to_string();
        let known = self.journal.entry((channel, format!("E-{nth}"))).or_default();
        for it in &answer.said {
            let body: Value = serde_json::from_str(it.body.get()).unwrap_or_default();
            let order = body.get("order").cloned();
            let order = order.and_then(|it| serde_json::from_value::<OrderId>(it).ok());
            match it.subject.as_str() {
                "intake.placement-accepted.v1" | "intake.placement-duplicate.v1" => {
                    known.accepted.extend(order);
                }
                _ => {}
            }
        }
    }

    pub(super) fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }
}
