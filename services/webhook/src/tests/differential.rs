//! Webhook over Postgres and in memory: the same is said, and the same rows are there.

use std::collections::BTreeSet;

use contracts::webhook::{
    CallFault, CallOutcome, DisableEndpoint, DisabledBecause, HookEvent, HookSecret, RecordCall,
    Replay, ReplayStrand, RotateSecret, SetEndpoint, TestEndpoint,
};
use contracts::{DeliveryId, MessageSet, Status, Timestamp, Uuid};
use jiff::SignedDuration;
use testbench::{Trial, lives};

use super::words::{
    OTHER_SECRET, START, answered, billed, delivered, endpoint, placed, rejected, set, shipped,
    status,
};
use crate::memory::{self, Waiting};
use crate::store::{Due, Round};
use crate::{Inbound, Outbound, Webhook};

const ENDPOINTS: &[&str] = &["erp", "crm", "shop"];

struct Life {
    trial: Trial<Webhook>,
}

#[tokio::test]
async fn postgres_and_memory_are_the_same_webhook() {
    let (mut heard, mut said) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..lives() {
        let mut life = Life { trial: Trial::of(Webhook::default(), seed, &[]).await };
        for _ in 0..30 {
            life.step(&mut heard, &mut said).await;
        }
        life.trial.compare().await;
        life.compare_due().await;
    }
    // A life in which something never happens compares nothing of it.
    let all: BTreeSet<&str> = Inbound::CONTRACTS.iter().map(|it| it.subject).collect();
    assert_eq!(heard, all);
    assert_eq!(said, BTreeSet::from(["webhook.endpoint-disabled.v1"]));
}

impl Life {
    async fn step(
        &mut self,
        heard: &mut BTreeSet<&'static str>,
        said: &mut BTreeSet<&'static str>,
    ) {
        let minutes = self.trial.any(&[0, 0, 1, 7, 40, 60 * 30]);
        self.trial.pass(SignedDuration::from_mins(minutes));
        let many = self.trial.any(&[0, 1, 2, 4, 9]);
        let messages: Vec<Inbound> = (0..many).map(|_| self.message()).collect();
        heard.extend(messages.iter().map(|it| it.contract().subject));
        let told: Vec<Outbound> = self.trial.batch(messages).await;
        said.extend(told.iter().map(|it| it.contract().subject));
        let wrong = self.trial.twins.memory.look::<Webhook, _>(memory::audit);
        assert_eq!(wrong, [""; 0]);
    }

    /// What the courier finds due: by his clock, all that waits.
    async fn compare_due(&self) {
        let twins = &self.trial.twins;
        let mut round = Round::take(&twins.db).await.unwrap().expect("nobody else makes it");
        let real = round.due(&BTreeSet::new(), 3).await.unwrap();
        round.end().await.unwrap();
        let due = |it: Due| Waiting {
            delivery: it.delivery,
            endpoint: endpoint(&it.endpoint),
            strand: it.strand,
            attempts: it.attempts,
            url: it.url,
            body: it.body,
        };
        let real: Vec<Waiting> = real.into_iter().map(due).collect();
        let all = |it: &memory::Tables| it.due(Timestamp::MAX, &BTreeSet::new(), 3);
        assert_eq!(real, twins.memory.look::<Webhook, _>(all));
    }

    fn message(&mut self) -> Inbound {
        let nth = self.trial.dice.u128(1..5);
        let thing = self.trial.dice.u128(1..4) + 10 * nth; // A shipment is one order's.
        let number = self.trial.dice.i64(1..5);
        let to = endpoint(self.trial.any(ENDPOINTS));
        match self.trial.dice.u32(..30) {
            0..3 => placed(nth).into(),
            3..7 => status(nth, number, Status::Confirmed).into(),
            7 => rejected(nth + 4).into(),
            8..10 => shipped(nth, thing).into(),
            10..12 => delivered(nth, thing).into(),
            12..14 => billed(nth, thing).into(),
            14..18 => self.set().into(),
            18 => {
                let secret = HookSecret(self.trial.any(&[OTHER_SECRET, "whsec_x"]).to_owned());
                RotateSecret { endpoint: to, secret }.into()
            }
            19 => TestEndpoint { endpoint: to, test: Uuid::from_u128(nth) }.into(),
            20 => Replay { endpoint: to, since: self.since() }.into(),
            21 => {
                let (strand, since) = (format!("webW-{nth}"), self.since());
                ReplayStrand { endpoint: to, strand, since, due: self.trial.twins.now }.into()
            }
            22 if self.trial.one_in(3) => {
                let (reason, due) = ("it is tired".to_owned(), self.trial.twins.now);
                let because = self.trial.one_in(2).then_some(DisabledBecause::Gone);
                DisableEndpoint { endpoint: to, reason, because, due }.into()
            }
            22 => {
                let strand = format!("webW-{nth}");
                answered(DeliveryId(Uuid::from_u128(thing)), &strand, 1, 200).into()
            }
            _ => self.called().unwrap_or_else(|| placed(nth).into()),
        }
    }

    fn set(&mut self) -> SetEndpoint {
        let name = self.trial.any(ENDPOINTS);
        let url = self.trial.any(&["https://example.com/hooks", "https://example.org/", "ftp:x"]);
        let mut it = set(name, url);
        it.active = !self.trial.one_in(5);
        if self.trial.one_in(3) {
            it.events = vec![HookEvent::OrderInvoiced, HookEvent::OrderStatus];
        }
        if self.trial.one_in(4) {
            it.secret = None;
        }
        if self.trial.one_in(9) {
            it.channel = "mart".parse().unwrap();
        }
        it
    }

    fn since(&mut self) -> Timestamp {
        let back = self.trial.any(&[0, 1, 60, 60 * 24 * 9]);
        START.max(self.trial.twins.now - SignedDuration::from_mins(back))
    }

    /// The courier calls what is due, and tells what came of it; now and then of an attempt that was
    /// counted before.
    fn called(&mut self) -> Option<Inbound> {
        let now = self.trial.twins.now;
        let none = BTreeSet::new();
        let due: Vec<Waiting> =
            self.trial.twins.memory.look::<Webhook, _>(|it| it.due(now, &none, 5));
        let nth = self.trial.dice.usize(..due.len().max(1));
        let it = due.get(nth)?;
        let attempt = it.attempts + self.trial.any(&[1, 1, 1, 0]);
        let call =
            answered(it.delivery, &it.strand, attempt, self.trial.any(&[200, 503, 410, 302]));
        let reason = "nobody is there".to_owned();
        let name = reason.clone();
        let fault = self.trial.one_in(2).then_some(CallFault::UnknownName { name });
        let failed = RecordCall { outcome: CallOutcome::Failed { reason, fault }, ..call.clone() };
        Some(if self.trial.one_in(4) { failed } else { call }.into())
    }
}
