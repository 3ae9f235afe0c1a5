//! Notification over Postgres and in memory: the same is said, and the same rows are there.

use std::collections::BTreeMap;

use contracts::{MessageSet, OrderId, Uuid};
use jiff::SignedDuration;
use testbench::{Trial, lives};

use super::letters::any_of;
use crate::{Inbound, Notification, memory};

#[tokio::test]
async fn postgres_and_memory_are_the_same_notification() {
    let mut said = BTreeMap::<&'static str, usize>::new();
    for first in (0..lives()).step_by(10) {
        let mut trial = Trial::of(Notification::default(), first, &[]).await;
        for nth in first..lives().min(first + 10) {
            for _ in 0..30 {
                for it in step(&mut trial, nth).await {
                    *said.entry(it.contract().subject).or_default() += 1;
                }
            }
            trial.compare().await;
        }
    }
    // Lives in which nothing is written would compare nothing.
    for name in ["written", "sent", "failed"] {
        let subject = format!("notification.{name}.v1");
        assert!(lives() < 60 || said.contains_key(&*subject), "never {subject}: {said:?}");
    }
}

async fn step(trial: &mut Trial<Notification>, nth: u64) -> Vec<crate::Outbound> {
    let seconds = trial.any(&[0, 0, 1, 90, 40_000]);
    trial.pass(SignedDuration::from_secs(seconds));
    let many = trial.any(&[0, 1, 3, 6, 12]);
    let messages: Vec<Inbound> = (0..many).map(|_| message(trial, nth)).collect();
    let said = trial.batch(messages).await;
    trial.twins.memory.look::<Notification, _>(|tables| {
        assert_eq!(memory::audit(tables), [""; 0]);
    });
    said
}

/// Of one of six orders of this life. They are placed first, as a rule.
fn message(trial: &mut Trial<Notification>, nth: u64) -> Inbound {
    let order = OrderId(Uuid::from_u64_pair(nth + 1, trial.dice.u64(..6)));
    let (cause, attempt) = (trial.dice.u128(..3), trial.dice.i32(-1..12));
    let what = if trial.one_in(5) { 0 } else { trial.dice.u8(..10) };
    let mut message = any_of(order, cause, attempt, what);
    if let Inbound::OrderPlaced(it) = &mut message {
        it.freight.0 = trial.any(&[0, 1500]); // Who is placed again stays as they were.
        it.has_email = !trial.one_in(4);
    }
    message
}
