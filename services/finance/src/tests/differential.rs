//! Finance over Postgres and in memory: the same is said, and the same rows are there.

use std::collections::{BTreeMap, VecDeque};

use contracts::finance::{NumberGiven, NumberWanted, PaymentNoted};
use contracts::{Cents, Currency, InvoiceId, MessageSet, Uuid};
use jiff::SignedDuration;
use testbench::{Trial, lives};

use super::{captured, order_called, read, token};
use crate::{Finance, Inbound, Outbound, memory, store};

/// What may befall an order, in its own words: see [`read`].
const WAYS: &[&str] = &[
    "place O prepaid 3x5074+660@600 2x901+119@77 freight999; pay P O 7753; ship O 1 1:1 2:1; \
     deliver O 1 1:1 2:1; ship O 2 1:2 2:1; deliver O 2 1:2 2:1; complete O",
    "place O account 3x5074+660@600; agree O 45; ship O 1 1:3; deliver O 1 1:3; complete O; pay P O 5734",
    "place O account 9x1000+130@7 freight50; pay P O 300; ship O 1 1:4; deliver O 1 1:4; \
     pay P O 400; deliver O 2 1:5; pay P O 9000; complete O; pay P O 12",
    "pay P O 1130; place O prepaid 1x1000+130@600; ship O 1 1:1; return O 1 1:1; cancel O",
    "place O prepaid 2x1000+130@600; pay P O 500; pay P O 630; ship O 1 1:1; return O 1 1:1; \
     ship O 2 1:1; deliver O 2 1:1; complete O",
    "place O prepaid 1x7+0@0; pay P O 7 USD; fail P O 7; expire O; pay P O 7",
    "place O account 1x0+0@0; deliver O 1 1:1; complete O",
    "place O account 2x1000+0@10; deliver O 1 1:3 2:5; deliver O 2 1:1; complete O",
];

const EXCEPT: &[&str] = &[
    "account",          // Data of the schema: nobody writes it.
    "journal.entry_id", // An ordinal of the database, with gaps. `books_of` compares what it joins.
    "posting.entry_id",
];

/// An order of more than there is: the rule gives up, and all about it is parked.
const BEYOND: &[&str] = &[
    "place f account 5x100+13@9000000000000000000",
    "ship f 1 1:5",
    "pay p3 f 565",
    "deliver f 2 1:2",
    "cancel f",
];

const ORDERS: &[&str] = &["a", "b", "c", "d", "e"];

/// A life of the books. Each order goes its way, now and then it does not.
struct Life {
    trial: Trial<Finance>,
    ahead: BTreeMap<&'static str, VecDeque<String>>,
    /// Whether it also hears notes that nobody left, after which no book can be right.
    forged: bool,
}

#[tokio::test]
async fn postgres_and_memory_are_the_same_finance() {
    let mut heard = BTreeMap::<&str, usize>::new();
    for seed in 0..lives() {
        let trial = Trial::of(Finance, seed, EXCEPT).await;
        let mut life = Life { trial, ahead: BTreeMap::new(), forged: seed % 4 == 3 };
        for _ in 0..30 {
            life.step(&mut heard).await;
        }
        life.come_to_rest().await;
    }
    // Lives that never get anywhere would compare nothing.
    for said in Outbound::CONTRACTS.iter().filter(|it| it.kind != contracts::Kind::Timer) {
        assert!(heard.contains_key(said.subject), "nobody ever said {}: {heard:?}", said.subject);
    }
}

impl Life {
    async fn step(&mut self, heard: &mut BTreeMap<&'static str, usize>) {
        let minutes = match self.trial.dice.u32(..20) {
            0..18 => self.trial.dice.i64(0..3),
            18 => 40 * 24 * 60,
            _ => 366 * 24 * 60,
        };
        self.trial.pass(SignedDuration::from_mins(minutes));
        let many = self.trial.any(&[0, 1, 2, 4, 9]);
        let messages: Vec<Inbound> = (0..many).map(|_| self.message()).collect();
        for it in self.trial.batch(messages).await {
            *heard.entry(it.contract().subject).or_default() += 1;
        }
        if !self.forged {
            let wrong = self.trial.twins.memory.look::<Finance, _>(memory::audit);
            assert_eq!(wrong, [""; 0]);
        }
    }

    /// Lets all notes arrive: a payment is one away from its order, a number two. What is parked
    /// is not at rest.
    async fn come_to_rest(&mut self) {
        for _ in 0..40 {
            self.trial.batch(vec![]).await;
        }
        self.trial.compare().await;
        self.compare_books().await;
        if !self.forged && self.trial.twins.memory.parked().is_empty() {
            let wrong = self.trial.twins.memory.look::<Finance, _>(memory::audit_at_rest);
            assert_eq!(wrong, [""; 0]);
        }
    }

    /// The journal of each order, entry by entry, and the trial balance.
    async fn compare_books(&self) {
        let mut db = self.trial.twins.db.acquire().await.unwrap();
        for order in (0..7).map(order_called) {
            let real = store::books_of(&mut db, order).await.unwrap();
            let twin = self.trial.twins.memory.look::<Finance, _>(|it| it.books_of(order));
            assert_eq!(real, twin);
        }
        let real = store::trial_balance(&mut db, Currency::CNY).await.unwrap();
        let real: BTreeMap<&str, (Cents, Cents)> =
            real.iter().map(|it| (it.account.as_str(), (it.debit, it.credit))).collect();
        let memory = &self.trial.twins.memory;
        assert_eq!(real, memory.look::<Finance, _>(|it| it.balances(Currency::CNY)));
    }

    fn message(&mut self) -> Inbound {
        match self.trial.dice.u32(..100) {
            0..6 => read(self.trial.any(&["receive S-1 4@600 D-1", "receive S-1 1@1 D-2"])),
            6..8 => read("receive S-2 9223372036854775807@2 D-2"),
            8..10 => read(self.trial.any(BEYOND)),
            10..12 => {
                read(self.trial.any(&["garble p0", "garble p1", "pay p1 z 5", "pay p2 a -4"]))
            }
            12..16 if self.forged => self.forged(),
            16..36 => self.anything(),
            _ => self.next(),
        }
    }

    /// What comes next to some order.
    fn next(&mut self) -> Inbound {
        let order = self.trial.any(ORDERS);
        let (way, payment) = (self.trial.any(WAYS), self.trial.dice.u32(..));
        let steps = way.split(';').map(str::trim);
        let steps = (0..).zip(steps).map(|(nth, it): (u32, _)| {
            it.replace('O', order).replace('P', &format!("{order}{}-{nth}", payment % 9))
        });
        let ahead = self.ahead.entry(order).or_insert_with(|| steps.collect());
        match ahead.pop_front() {
            Some(step) => read(&step),
            None => self.anything(),
        }
    }

    /// What may be told of any order, whether it makes sense or not.
    fn anything(&mut self) -> Inbound {
        let order = self.trial.any(ORDERS);
        let (nth, units) = (self.trial.any(&[1, 2, 3]), self.trial.dice.u32(..4));
        let (payment, amount) =
            (self.trial.dice.u32(..4), self.trial.any(&[0, 1, 500, 7753, 5734]));
        let line = match self.trial.any(&[
            "place",
            "ship",
            "deliver",
            "return",
            "cancel",
            "expire",
            "complete",
            "agree",
            "pay",
            "fail",
            "pay abroad",
        ]) {
            "place" => format!("place {order} prepaid 2x10+1@3"),
            what @ ("ship" | "deliver" | "return") => {
                format!("{what} {order} {nth} 1:{units} 2:{}", nth - 1)
            }
            "agree" => format!("agree {order} {}", units * 30),
            "pay abroad" => format!("pay p{payment} {order} {amount} USD"),
            what @ ("pay" | "fail") => format!("{what} p{payment} {order} {amount}"),
            what => format!("{what} {order}"),
        };
        read(&line)
    }

    /// A note that nobody left.
    fn forged(&mut self) -> Inbound {
        let order = order_called(self.trial.dice.u8(..6));
        let nth = self.trial.dice.u128(..5);
        let (invoice, at) = (InvoiceId(Uuid::from_u128(nth)), self.trial.twins.now);
        match self.trial.dice.u32(..3) {
            0 => {
                let series = self.trial.any(&["invoice", "credit", "other"]).to_owned();
                NumberWanted { series, order, invoice, at }.into()
            }
            1 => {
                let number = format!("1970-00000{nth}");
                NumberGiven { order, invoice, number, at }.into()
            }
            _ => {
                let provider = token(contracts::ProviderId::new, "alipay");
                let payment = token(contracts::PaymentId::new, &format!("n{nth}"));
                let report = captured(order, "700", "CNY");
                PaymentNoted { order, provider, payment, report, at }.into()
            }
        }
    }
}
