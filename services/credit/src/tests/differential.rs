//! Credit over Postgres and in memory: the same is said, and the same rows are there.

use std::collections::BTreeMap;

use contracts::MessageSet;
use jiff::SignedDuration;
use testbench::{Trial, lives};

use super::read;
use crate::{Credit, Inbound, Outbound, memory};

/// The orders of three lives in the same books, each of eight.
const ORDERS: [&str; 24] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
    "t", "u", "v", "w", "x",
];

struct Life {
    trial: Trial<Credit>,
    orders: &'static [&'static str],
}

#[tokio::test]
async fn postgres_and_memory_are_the_same_credit() {
    let mut said = BTreeMap::<&'static str, usize>::new();
    for first in (0..lives()).step_by(3) {
        let mut trial = Trial::of(Credit, first, &[]).await;
        for (orders, _) in ORDERS.chunks(8).zip(first..lives()) {
            let mut life = Life { trial, orders };
            for _ in 0..30 {
                for it in life.step().await {
                    *said.entry(it.contract().subject).or_default() += 1;
                }
            }
            trial = life.trial;
            trial.compare().await;
        }
    }
    // Lives that never get anywhere would compare nothing.
    for name in ["approved", "held", "hold-released", "hold-refused", "authorisation-voided"] {
        let subject = format!("credit.{name}.v1");
        assert!(lives() < 60 || said.contains_key(&*subject), "never {subject}: {said:?}");
    }
}

impl Life {
    async fn step(&mut self) -> Vec<Outbound> {
        let hours = match self.trial.dice.u32(..20) {
            0..14 => 0,
            14..17 => 7,
            17..19 => 24 * self.trial.any(&[1, 20]),
            _ => 24 * self.trial.any(&[61, 100, 400]),
        };
        self.trial.pass(SignedDuration::from_hours(hours));
        let many = self.trial.any(&[0, 1, 3, 6, 12]);
        let messages: Vec<Inbound> = (0..many).map(|_| self.message()).collect();
        let said = self.trial.batch(messages).await;
        self.trial.twins.memory.look::<Credit, _>(|tables| {
            assert_eq!(memory::audit(tables), [""; 0]);
        });
        said
    }

    fn message(&mut self) -> Inbound {
        let o = self.trial.any(self.orders);
        // An order always belongs to the same customer.
        let c = if o.as_bytes()[0].is_multiple_of(2) { "A" } else { "B" };
        let line = match self.trial.dice.u32(..24) {
            0..6 => self.placed(o, c),
            6..9 => format!("deliver {o} s{} 1:{} 2:1", self.to(3), self.to(4)),
            9 => format!("return {o} s{} 1:{}", self.to(3), self.to(4)),
            10..13 => self.invoiced(o),
            13..16 => self.paid(o),
            16 => format!("{} {o}", self.trial.any(&["cancel", "expire"])),
            17 => format!("complete {o}"),
            18 => self.history(c),
            19 => self.agreed(c),
            20 => format!("{} {c}", self.trial.any(&["block", "unblock", "unblock"])),
            21 | 22 => {
                format!("release {o} {} {}", self.trial.any(&["bob", "bob", "eve"]), self.to(4))
            }
            _ => format!("refuse {o} bob"),
        };
        read(&line)
    }

    fn placed(&mut self, o: &str, c: &str) -> String {
        let word = self.trial.any(&["place", "place", "place", "prepaid"]);
        let currency = self.trial.any(&["", "", "", "", " EUR"]);
        format!("{word} {o} {c} 3@{} 2@70 +9{currency}", self.to(300))
    }

    fn invoiced(&mut self, o: &str) -> String {
        let due = self.day(&[30, -5, -70, 0]);
        let (s, gross) = (self.to(3), self.to(300));
        if self.trial.one_in(4) {
            return format!("invoice {o} s{s} {gross} prepaid 50");
        }
        format!("invoice {o} s{s} {gross} due {due}")
    }

    fn paid(&mut self, o: &str) -> String {
        let on = self.day(&[0, -2, 5]);
        let (s, amount) = (self.to(3), self.to(300));
        if self.trial.one_in(3) {
            return format!("pay {o} s{s} {amount} by p{}", self.to(3));
        }
        format!("pay {o} s{s} {amount} on {on}")
    }

    fn history(&mut self, c: &str) -> String {
        let due = self.day(&[-1, -30, -89, -200, -366, 10]);
        let (document, amount) = (self.to(3), self.to(900));
        let paid = self.trial.any(&[amount, amount, amount - 1, 0, -1]);
        format!("history {c} {document} {due} {amount} {paid}")
    }

    fn agreed(&mut self, c: &str) -> String {
        let limit = self.trial.any(&[0, 300, 900, 3_000]);
        let until = self.day(&[-1, 0, 30]);
        match self.trial.dice.u32(..6) {
            0 => format!("limit {c} {limit} until {until}"),
            1 => format!("limit {c} {limit} EUR"),
            _ => format!("limit {c} {limit}"),
        }
    }

    fn to(&mut self, most: i64) -> i64 {
        self.trial.dice.i64(0..most)
    }

    /// A day, so many from now, as stories write it.
    fn day(&mut self, from_now: &[i64]) -> i64 {
        let today = self.trial.twins.now.as_second() / 86_400;
        today + self.trial.any(from_now)
    }
}
