//! The house as the postman knows it: the real worker on a bench, and somebody in intake's place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::Unanswered;
use contracts::intake::Recipient;
use contracts::notification::RecordAttempt;
use contracts::{Language, OrderId, Uuid};
use sqlx::PgPool;
use testbench::Bench;
use tokio::sync::Mutex;

use super::letters::{order_called, story, tell};
use super::sink::Sink;
use crate::postman::{Peers, Postman};
use crate::smtp::MailServer;
use crate::store::Round;
use crate::{Notification, NotificationSettings, Smtp};

#[derive(Clone)]
pub(super) struct Home(Arc<Rooms>);

struct Rooms {
    db: PgPool,
    bench: Mutex<Bench<Notification>>,
    people: BTreeMap<OrderId, Recipient>,
    intake_is_away: AtomicBool,
    worker_is_away: AtomicBool,
    told: Mutex<String>,
    /// The ids under which the worker was told, or would have been.
    ids: Mutex<Vec<Uuid>>,
}

impl Home {
    /// Where this has happened. Order `a` is Wang Wei's; `b` is somebody's without an address;
    /// nobody knows whose `z` is; all others are Bob's.
    pub(super) async fn of(lines: &str) -> Self {
        let mut bench = Bench::of(Notification::default()).await;
        let inputs = bench.post(story(lines));
        bench.hear(&inputs).await;
        let bob = recipient("Bob", Some("bob@example.com"), Language::English);
        let mut people: BTreeMap<_, _> =
            (2..25).map(|it| (order_called(it), bob.clone())).collect();
        let wang = recipient("王伟", Some("wang.wei@example.cn"), Language::Chinese);
        people.insert(order_called(0), wang);
        people.insert(order_called(1), recipient("Nobody", None, Language::English));
        Self::with(bench, people)
    }

    /// Where an order `a` of this person was confirmed.
    pub(super) async fn of_recipient(person: Recipient) -> Self {
        let mut bench = Bench::of(Notification::default()).await;
        let inputs = bench.post(story("place a; confirm a"));
        bench.hear(&inputs).await;
        Self::with(bench, BTreeMap::from([(order_called(0), person)]))
    }

    fn with(bench: Bench<Notification>, people: BTreeMap<OrderId, Recipient>) -> Self {
        Self(Arc::new(Rooms {
            db: bench.db.clone(),
            bench: Mutex::new(bench),
            people,
            intake_is_away: AtomicBool::new(false),
            worker_is_away: AtomicBool::new(false),
            told: Mutex::default(),
            ids: Mutex::default(),
        }))
    }

    pub(super) fn db(&self) -> &PgPool {
        &self.0.db
    }

    /// More happens.
    pub(super) async fn hear(&self, lines: &str) {
        let mut bench = self.0.bench.lock().await;
        let inputs = bench.post(story(lines));
        bench.hear(&inputs).await;
    }

    pub(super) fn send_intake_away(&self, away: bool) {
        self.0.intake_is_away.store(away, Ordering::Relaxed);
    }

    pub(super) fn send_worker_away(&self, away: bool) {
        self.0.worker_is_away.store(away, Ordering::Relaxed);
    }

    /// All that was said because of what the postman told.
    pub(super) async fn told(&self) -> String {
        self.0.told.lock().await.clone()
    }

    /// The ids under which the worker was told, each once.
    pub(super) async fn ids(&self) -> BTreeSet<Uuid> {
        self.0.ids.lock().await.iter().copied().collect()
    }

    /// The letters in the books: kind, state, attempts, reason.
    pub(super) async fn letters(&self) -> String {
        let rows: Vec<(String,)> = sqlx::query_as(
            "select concat_ws(' ', kind, state, attempts, reason) from letter order by 1",
        )
        .fetch_all(&self.0.db)
        .await
        .unwrap();
        rows.into_iter().map(|(it,)| it + "\n").collect()
    }

    /// A postman who has just begun.
    pub(super) fn postman(&self, sink: &Sink) -> Postman<Self> {
        let settings = NotificationSettings { smtp: Some(sink.smtp()), ..Default::default() };
        let server = MailServer::new(sink.smtp(), "localhost").unwrap();
        Postman::new(self.clone(), server, settings)
    }

    /// A postman who has just begun, and who waits for the server no longer than this.
    pub(super) fn hasty_postman(&self, smtp: Smtp, patience: Duration) -> Postman<Self> {
        let mut server = MailServer::new(smtp, "localhost").unwrap();
        server.patience = patience;
        Postman::new(self.clone(), server, NotificationSettings::default())
    }

    /// He makes one round.
    pub(super) async fn round(&self, postman: &mut Postman<Self>) -> bool {
        self.round_until(postman, std::future::pending()).await
    }

    /// He makes one round, and the office closes.
    pub(super) async fn round_until(
        &self,
        postman: &mut Postman<Self>,
        closing: impl Future<Output = ()> + Send,
    ) -> bool {
        let mut round = Round::take(self.db()).await.unwrap().expect("nobody else makes it");
        let went_well = postman.make_round(&mut round, closing).await.unwrap();
        round.end().await.unwrap();
        went_well
    }
}

impl Peers for Home {
    async fn who_ordered(&self, order: OrderId) -> Result<Option<Recipient>, Unanswered> {
        if self.0.intake_is_away.load(Ordering::Relaxed) {
            return Err(Unanswered::NobodyThere("intake".to_owned()));
        }
        Ok(self.0.people.get(&order).cloned())
    }

    async fn record(&self, id: Uuid, attempt: &RecordAttempt) -> Result<(), Unanswered> {
        self.0.ids.lock().await.push(id);
        if self.0.worker_is_away.load(Ordering::Relaxed) {
            return Err(Unanswered::TimedOut("notification".to_owned()));
        }
        let mut bench = self.0.bench.lock().await;
        let inputs = bench.post([attempt.clone().into()]);
        let said: String = bench.hear(&inputs).await.iter().map(tell).collect();
        self.0.told.lock().await.push_str(&said);
        Ok(())
    }
}

pub(super) fn recipient(name: &str, email: Option<&str>, language: Language) -> Recipient {
    Recipient { name: name.to_owned(), email: email.map(str::to_owned), language }
}
