//! Intake over Postgres and in memory: the same is said, and the same rows are there.

use std::collections::{BTreeMap, VecDeque};

use contracts::intake::{CancelOrder, CarryOver};
use contracts::{ChannelId, Language, MessageSet, OrderId, Tier, Uuid};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testbench::{Trial, lives};

use super::carrying::first;
use super::goods::catalogue;
use super::properties::EVENTS;
use super::telling::{but, cancel, place, read_of, submission, submit};
use super::ways::WAYS;
use crate::{Inbound, Intake, Outbound, memory};

/// What an order may go on with, when it has gone its way.
const SHIPPED: &str = "pick a s3 1:2 2:12; picked a s3 1:2 2:12; packed a s3 1:2 2:12; \
    shipped a s3 1:2 2:12; delivered a s3 1:2 2:12; invoice a s3";

/// An order that was placed, and what is still to befall it.
struct Led {
    id: OrderId,
    name: String,
    ahead: VecDeque<&'static str>,
}

struct Life {
    trial: Trial<Intake>,
    /// Which life it is: its orders have names of their own.
    nth: u64,
    led: Vec<Led>,
}

#[tokio::test]
async fn postgres_and_memory_are_the_same_intake() {
    let mut steps = BTreeMap::<&'static str, usize>::new();
    for first in (0..lives()).step_by(10) {
        let mut trial = Trial::of(Intake, first, &[]).await;
        trial.batch(catalogue()).await;
        for nth in first..lives().min(first + 10) {
            let mut life = Life { trial, nth, led: vec![] };
            for _ in 0..30 {
                life.step(&mut steps).await;
            }
            trial = life.trial;
            trial.compare().await;
        }
    }
    // Lives that never get anywhere would compare nothing.
    for status in ["confirmed", "released", "shipped", "completed", "cancelled", "expired"] {
        assert!(lives() < 60 || steps.contains_key(status), "never {status}: {steps:?}");
    }
}

impl Life {
    async fn step(&mut self, steps: &mut BTreeMap<&'static str, usize>) {
        let minutes = match self.trial.dice.u32(..20) {
            0..18 => self.trial.dice.i64(0..3),
            18 => self.trial.any(&[31, 8 * 24 * 60]),
            _ => self.trial.any(&[0, 31, 366]) * 24 * 60,
        };
        self.trial.pass(SignedDuration::from_mins(minutes));
        let many = self.trial.any(&[0, 1, 3, 6, 12]);
        let messages: Vec<Inbound> = (0..many).map(|_| self.message()).collect();
        let said = self.trial.batch(messages).await;
        for it in said {
            if let Outbound::OrderPlaced(it) = it {
                self.lead(it.order, it.external_id.to_string());
            } else if let Outbound::OrderStatus(it) = it {
                *steps.entry(it.status.name()).or_default() += 1;
            }
        }
        self.trial.twins.memory.look::<Intake, _>(|tables| {
            assert_eq!(memory::audit(tables), [""; 0]);
        });
    }

    fn name(&mut self) -> String {
        format!("{}-{}", self.nth, self.trial.dice.u32(..12))
    }

    fn lead(&mut self, id: OrderId, name: String) {
        let (begin, end) = self.trial.any(WAYS);
        let steps = begin.split(';').chain(end.split(';')).chain(SHIPPED.split(';')).map(str::trim);
        let ahead = steps.filter(|it| !it.is_empty() && !it.starts_with("place")).collect();
        self.led.push(Led { id, name, ahead });
    }

    fn message(&mut self) -> Inbound {
        match self.trial.dice.u32(..100) {
            0..10 => self.handed_in(),
            10..16 => {
                let (name, body) = (self.name(), self.body());
                submit(&name, body).into()
            }
            16..18 => self.carried().into(),
            18..21 => self.listed(),
            21..23 => self.taken_back().into(),
            23..25 => self.event(&OrderId(Uuid::nil()), "n"),
            _ => self.next(),
        }
    }

    /// What comes next to some order; or anything, as it would not happen.
    fn next(&mut self) -> Inbound {
        if self.led.is_empty() {
            return self.handed_in();
        }
        let nth = self.trial.dice.usize(self.led.len().saturating_sub(4)..self.led.len());
        let Led { id, name, .. } = &self.led[nth];
        let (id, name) = (*id, name.clone());
        let smooth = !self.trial.one_in(12);
        match self.led[nth].ahead.pop_front() {
            Some(step) if smooth => read_of(id, &step.replacen(" a", &format!(" {name}"), 1)),
            Some(_) | None => self.event(&id, &name),
        }
    }

    fn event(&mut self, id: &OrderId, name: &str) -> Inbound {
        let shipment = self.trial.any(&["s1", "s2"]);
        let event = self.trial.any(EVENTS).replace('A', self.trial.any(&["1", "2", "3"]));
        read_of(*id, &event.replace('N', shipment).replace('O', name))
    }

    fn handed_in(&mut self) -> Inbound {
        let (name, body) = (self.name(), self.body());
        let mut told = place(&name, body);
        if self.trial.one_in(4) {
            let long = "k".repeat(300);
            let key = self.trial.any(&["k1", "k2", "0-1", "", &long]);
            told.idempotency_key = Some(key.to_owned());
        }
        if self.trial.one_in(6) {
            told.channel = ChannelId::new("mart").unwrap();
        }
        told.into()
    }

    /// An order as it should be, or not quite.
    fn body(&mut self) -> Value {
        let terms = self.trial.any(&["on_account", "prepaid"]);
        let mut order = submission(terms);
        if self.trial.one_in(3) {
            let number = self.trial.any(&["PO-1", "PO-2", "PO\u{0}3"]);
            order = but(order, "/po_number", json!(number));
        }
        let change = match self.trial.dice.u32(..16) {
            0 => ("/remark", json!("before noon")),
            1 => ("/customer", json!("C-2")),
            2 => ("/total", json!(7807)),
            3 => ("/lines/0/sku", json!("OLD")),
            4 => ("/lines/1/quantity", json!(13)),
            5 => ("/ship_to/email", Value::Null),
            6 => ("/ship_to/street", json!("中山\u{7}路")),
            7 => ("/language", json!("zh-CN")),
            _ => return order,
        };
        but(order, change.0, change.1)
    }

    fn carried(&mut self) -> CarryOver {
        let mut told = first();
        told.external_id = self.name().parse().unwrap();
        told.order.quantity = self.trial.any(&[0, 1, 100]);
        told
    }

    fn listed(&mut self) -> Inbound {
        let nth = self.trial.dice.usize(..5);
        let mut message = catalogue().remove(nth);
        if self.trial.one_in(2) {
            return message;
        }
        if let Inbound::ListItem(it) = &mut message {
            it.name = "a\u{0}\"mug\"".to_owned();
            it.weight_g = self.trial.any(&[-1, 0, 500]);
            it.active = it.weight_g != 0;
        }
        if let Inbound::RegisterCustomer(it) = &mut message {
            it.customer = self.trial.any(&["ACME", "C-2"]).parse().unwrap();
            it.on_account = self.trial.any(&[true, true, false]);
            it.tier = self.trial.any(&[Tier::Regular, Tier::Silver, Tier::Gold, Tier::Key]);
            it.language = self.trial.any(&[Language::Chinese, Language::English]);
        }
        message
    }

    fn taken_back(&mut self) -> CancelOrder {
        let id = self.led.last().map_or(OrderId(Uuid::nil()), |it| it.id);
        let channel = self.trial.any(&[None, Some("shop"), Some("mart")]);
        let mut told = cancel(id, channel);
        told.reason = "changed\u{0} their mind".to_owned();
        told
    }
}

/// What is confirmed without a claim of its own has its consignee, too.
#[tokio::test]
async fn what_inventory_lacks_nothing_of_is_confirmed_with_its_consignee() {
    let mut trial = Trial::of(Intake, 0, &[]).await;
    trial.batch(catalogue()).await;
    let said = trial.batch(vec![place("a", submission("on_account")).into()]).await;
    let placed = said
        .iter()
        .find_map(|it| if let Outbound::OrderPlaced(it) = it { Some(it.order) } else { None });
    let id = placed.unwrap();
    for step in ["claim a 1:2 2:12 soft", "approve a"] {
        trial.batch(vec![read_of(id, step)]).await;
    }
    let said = trial.batch(vec![read_of(id, "unpromote a")]).await;
    let subjects: Vec<&str> = said.iter().map(|it| it.contract().subject).collect();
    assert_eq!(subjects, ["intake.consignee-named.v1", "intake.confirmed.v1", "intake.status.v1"]);
}
