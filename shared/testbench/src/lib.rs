//! A service on the bench: a database of its own, the real transaction, no bus, and a clock that
//! only moves when told to.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod anything;
mod database;
mod post;
mod trial;
mod twins;

use std::sync::Arc;

use chassis::{Committed, Envelope, Input, Outcome, Partition, Service, Worker};
use contracts::{Command, MessageSet, Question, Timestamp};
use jiff::SignedDuration;
use sqlx::PgPool;

pub use crate::anything::answer_anything;
pub use crate::post::{Post, command};
use crate::post::{envelope, name};
pub use crate::trial::{Trial, lives};
pub use crate::twins::Twins;

/// A service, and all that it needs.
pub struct Bench<S> {
    pub db: PgPool,
    desk: Arc<S>,
    worker: Worker,
    now: Timestamp,
    post: Post<S>,
}

impl<S: Service> Bench<S> {
    /// A fresh database, and the only partition there is.
    pub async fn of(service: S) -> Self {
        let db = database::fresh(S::NAME, S::MIGRATIONS).await.expect("a database");
        Self::open(Arc::new(service), db, Partition { number: 0, of: 1 }).await
    }

    /// A fresh database, and two partitions that share it.
    pub async fn two_of(service: S) -> (Self, Self) {
        let db = database::fresh(S::NAME, S::MIGRATIONS).await.expect("a database");
        let service = Arc::new(service);
        let left = Self::open(service.clone(), db.clone(), Partition { number: 0, of: 2 }).await;
        (left, Self::open(service, db, Partition { number: 1, of: 2 }).await)
    }

    async fn open(service: Arc<S>, db: PgPool, partition: Partition) -> Self {
        let worker = Worker::open(service.clone(), db.clone(), partition).await.expect("a worker");
        Self { db, desk: service, worker, now: Timestamp::UNIX_EPOCH, post: Post::of(partition) }
    }

    /// Puts each message on its way: events in pages of their speakers; commands, reports and
    /// timers with an id.
    pub fn post(&mut self, messages: impl IntoIterator<Item = S::Inbound>) -> Vec<Input> {
        messages.into_iter().map(|it| self.post.post(self.now, &it)).collect()
    }

    /// Has the service decide all this in one transaction. Returns what it says to everyone.
    pub async fn hear(&mut self, inputs: &[Input]) -> Vec<S::Outbound> {
        let committed = self.transact(inputs.to_vec()).await;
        read(committed.page.iter().flat_map(|it| &it.page.said))
    }

    /// Gives a command and waits for the answer.
    pub async fn ask<C: Command>(&mut self, id: &str, command: &C) -> Vec<C::Answer> {
        let id = name(id);
        let command = envelope(id, C::SUBJECT, command.key(), contracts::encode(command));
        let committed = self.transact(vec![Input::Command(command)]).await;
        let Some(Outcome::Answered(answer)) = committed.outcomes.get(&id) else {
            panic!("{:?}", committed.outcomes);
        };
        // Everyone hears more of it than the one who asked.
        answer.said.iter().filter_map(|it| C::Answer::decode(&it.subject, &it.body).ok()).collect()
    }

    /// Asks the service something.
    pub async fn question<Q>(&self, question: &Q) -> Q::Answer
    where
        S: Service<Questions: From<Q>>,
        Q: Question,
    {
        let mut db = self.db.acquire().await.expect("a connection");
        let answer = self.desk.answer(&mut db, question.clone().into()).await.expect("an answer");
        serde_json::from_str(answer.get()).expect("an answer as it is declared")
    }

    /// Lets time pass. Returns what the service says to everyone when its timers ring.
    pub async fn wait(&mut self, time: SignedDuration) -> Vec<S::Outbound> {
        self.now += time;
        self.hear(&[]).await
    }

    async fn transact(&mut self, inputs: Vec<Input>) -> Committed {
        self.worker.wake(); // Another partition may have left a note.
        self.worker.transact(self.now, &inputs).await.expect("a commit")
    }

    /// What each statement takes and gives, as the database sees it.
    pub async fn signatures(&self, statements: &[&'static str]) -> String {
        database::signatures(&self.db, statements).await.expect("every statement prepares")
    }
}

fn read<'a, M: MessageSet>(envelopes: impl IntoIterator<Item = &'a Envelope>) -> Vec<M> {
    envelopes
        .into_iter()
        .map(|it| M::decode(&it.subject, &it.body).expect("said as it is declared"))
        .collect()
}
