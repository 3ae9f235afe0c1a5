//! The house as the courier knows it: the real worker on a bench, whose clock is right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::{Unanswered, clock};
use contracts::webhook::{
    CallFault, CallOutcome, CallView, CallsOf, EndpointView, EndpointsOf, RecordCall,
};
use contracts::{Command, Uuid};
use jiff::SignedDuration;
use sqlx::PgPool;
use testbench::Bench;
use tokio::sync::Mutex;

use super::receiver::Receiver;
use super::words::{START, endpoint, set, web};
use crate::because::failed;
use crate::caller::{Answer, Caller};
use crate::courier::{Courier, Worker};
use crate::store::Round;
use crate::{Inbound, Outbound, Webhook, WebhookSettings};

#[derive(Clone)]
pub(super) struct Home(Arc<Rooms>);

struct Rooms {
    db: PgPool,
    bench: Mutex<Bench<Webhook>>,
    settings: WebhookSettings,
    worker_is_away: AtomicBool,
    said: Mutex<Vec<Outbound>>,
}

impl Home {
    /// A house that may call these receivers, and nobody else in the house.
    pub(super) async fn beside(receivers: &[&Receiver]) -> Self {
        let allow = receivers.iter().map(|it| it.address).collect();
        let settings = WebhookSettings { allow, ..WebhookSettings::default() };
        let mut bench = Bench::of(Webhook::new(settings.clone())).await;
        bench.wait(clock::now().duration_since(START)).await;
        Self(Arc::new(Rooms {
            db: bench.db.clone(),
            bench: Mutex::new(bench),
            settings,
            worker_is_away: AtomicBool::new(false),
            said: Mutex::default(),
        }))
    }

    /// A house in which this receiver is the endpoint `erp` of the web shop.
    pub(super) async fn with(receiver: &Receiver) -> Self {
        let home = Self::beside(&[receiver]).await;
        home.tell("set", &set("erp", &receiver.url())).await;
        home
    }

    pub(super) fn db(&self) -> &PgPool {
        &self.0.db
    }

    pub(super) async fn hear<const N: usize>(&self, messages: [Inbound; N]) {
        let mut bench = self.0.bench.lock().await;
        let inputs = bench.post(messages);
        let said = bench.hear(&inputs).await;
        self.0.said.lock().await.extend(said);
        let said = bench.wait(SignedDuration::ZERO).await; // Notes are heard right after.
        self.0.said.lock().await.extend(said);
    }

    /// Gives a command.
    pub(super) async fn tell<C: Command>(&self, id: &str, command: &C) -> Vec<C::Answer> {
        let mut bench = self.0.bench.lock().await;
        let answer = bench.ask(id, command).await;
        let said = bench.wait(SignedDuration::ZERO).await;
        self.0.said.lock().await.extend(said);
        answer
    }

    /// What was said to everyone.
    pub(super) async fn said(&self) -> Vec<Outbound> {
        self.0.said.lock().await.clone()
    }

    pub(super) fn send_worker_away(&self, away: bool) {
        self.0.worker_is_away.store(away, Ordering::Relaxed);
    }

    /// Time passes in the books: whatever they say is to happen comes nearer by as much.
    pub(super) async fn pass(&self, time: SignedDuration) {
        let seconds = time.as_secs();
        for sql in [
            "update delivery set next_attempt_at = next_attempt_at - make_interval(secs => $1)",
            "update endpoint set old_secret_until = old_secret_until - make_interval(secs => $1)",
        ] {
            sqlx::query(sql)
                .bind(f64::from(i32::try_from(seconds).unwrap()))
                .execute(self.db())
                .await
                .unwrap();
        }
    }

    pub(super) fn courier(&self) -> Courier<Self> {
        self.hasty_courier(Duration::from_secs(15))
    }

    /// A courier who waits for an answer no longer than this.
    pub(super) fn hasty_courier(&self, patience: Duration) -> Courier<Self> {
        let mut caller = Caller::new(&self.0.settings).unwrap();
        caller.patience = patience;
        Courier::new(self.clone(), caller, self.0.settings.clone())
    }

    /// He makes the calls that are due. Returns how many.
    pub(super) async fn round(&self, courier: &mut Courier<Self>) -> usize {
        let mut round = Round::take(self.db()).await.unwrap().expect("nobody else makes it");
        let count = courier.make_round(&mut round).await.unwrap();
        round.end().await.unwrap();
        count
    }

    /// He goes on until nothing is due.
    pub(super) async fn deliver_all(&self, courier: &mut Courier<Self>) {
        while self.round(courier).await > 0 {}
    }

    /// The endpoint `erp`, as it is shown.
    pub(super) async fn endpoint(&self) -> EndpointView {
        let bench = self.0.bench.lock().await;
        bench.question(&EndpointsOf { channel: web() }).await.remove(0)
    }

    /// The calls to `erp`, the latest first.
    pub(super) async fn calls(&self) -> Vec<CallView> {
        let bench = self.0.bench.lock().await;
        bench.question(&CallsOf { endpoint: endpoint("erp") }).await
    }

    /// The deliveries in the books: event, state, attempts.
    pub(super) async fn deliveries(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', endpoint_id, event, state, attempts)
               from delivery order by endpoint_id, strand, number",
        )
        .fetch_all(self.db())
        .await
        .unwrap()
    }
}

impl Worker for Home {
    async fn record(&self, _: Uuid, call: &RecordCall) -> Result<(), Unanswered> {
        if self.0.worker_is_away.load(Ordering::Relaxed) {
            return Err(Unanswered::TimedOut("webhook".to_owned()));
        }
        self.hear([call.clone().into()]).await;
        Ok(())
    }
}

/// Why the last call came to nothing.
pub(super) fn failure(outcome: Result<Answer, CallFault>) -> CallOutcome {
    match outcome {
        Ok(it) => CallOutcome::Answered { status: it.status, answer: it.start },
        Err(fault) => failed(fault),
    }
}
