//! The courier: reads which deliveries are due, calls the endpoints, and tells the worker what came
//! of it. He writes nothing into the books himself.
//!
//! One courier is on his way at a time, however many replicas there are: he holds an advisory lock
//! on a connection of his own, over which he also reads. Correctness does not rest on it. If two
//! ever make the same call, it is the same webhook with the same id.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use chassis::clock::{self, Stopwatch};
use chassis::{Client, Office, Unanswered};
use contracts::webhook::{CallFault, CallOutcome, RecordCall};
use contracts::{DeliveryId, Uuid};
use futures::future::Shared;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use sqlx::PgPool;
use tokio::time::sleep;
use tracing::{debug, error, warn};

use crate::because::{failed, fault_in_english};
use crate::caller::{Caller, Signed};
use crate::queue::Queue;
use crate::settings::WebhookSettings;
use crate::signature::signatures;
use crate::store::{Due, Round};

/// How long to wait, if nobody wakes us, before looking for what is due.
const REST: Duration = Duration::from_secs(1);

/// How long to wait after being woken: under load one look serves many commits.
const BREATH: Duration = Duration::from_millis(50);

/// To whom the courier tells what came of a call.
pub(crate) trait Worker: Send + Sync {
    /// The same id is counted once.
    fn record(
        &self,
        id: Uuid,
        call: &RecordCall,
    ) -> impl Future<Output = Result<(), Unanswered>> + Send;
}

impl Worker for Client {
    async fn record(&self, id: Uuid, call: &RecordCall) -> Result<(), Unanswered> {
        self.tell(id, call).await.map(drop)
    }
}

/// The duty.
pub(crate) async fn run(office: Office, settings: WebhookSettings) -> anyhow::Result<()> {
    let mut door = office.clone();
    let closing = async move { door.closing().await }.boxed().shared();
    let mut courier = Courier::new(office.client.clone(), Caller::new(&settings)?, settings);
    let woken = || {
        let office = office.clone();
        async move { office.committed().await }
    };
    courier.serve(&office.db, woken, closing).await
}

/// The courier, and what he must not forget between two looks.
pub(crate) struct Courier<W> {
    worker: W,
    caller: Caller,
    settings: WebhookSettings,
    /// Deliveries that are not for this process to make: somebody has to look at them.
    set_aside: BTreeSet<DeliveryId>,
}

impl<W: Worker> Courier<W> {
    pub(crate) fn new(worker: W, caller: Caller, settings: WebhookSettings) -> Self {
        Self { worker, caller, settings, set_aside: BTreeSet::new() }
    }

    /// Makes calls until the office closes. Those that are under way by then are brought to their
    /// end.
    pub(crate) async fn serve<R, C>(
        &mut self,
        db: &PgPool,
        woken: impl Fn() -> R,
        closing: Shared<C>,
    ) -> anyhow::Result<()>
    where
        R: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        while closing.peek().is_none() {
            if let Some(mut round) = Round::take(db).await? {
                self.serve_alone(&mut round, &woken, &closing).await?;
                round.end().await?;
            }
            tokio::select! { () = sleep(REST) => {}, () = closing.clone() => {} }
        }
        Ok(())
    }

    async fn serve_alone<R, C>(
        &mut self,
        round: &mut Round,
        woken: &impl Fn() -> R,
        closing: &Shared<C>,
    ) -> anyhow::Result<()>
    where
        R: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        let mut queue = Queue::new(&self.settings);
        let mut aside = std::mem::take(&mut self.set_aside);
        let this = &*self;
        let mut calls = FuturesUnordered::new();
        // Beside the calls, not between them: they go on while he waits for more.
        let rest = || async {
            tokio::select! { () = woken() => sleep(BREATH).await, () = sleep(REST) => {} }
        };
        let (mut rested, mut looks) = (pin!(rest()), true);
        while closing.peek().is_none() {
            if looks {
                let without = aside.iter().copied().chain(queue.under_way()).collect();
                queue.found(round.due(&without, this.settings.at_once_each).await?);
            }
            while let Some(due) = queue.next() {
                calls.push(this.deliver(due, closing));
            }
            looks = tokio::select! {
                Some(done) = calls.next(), if !calls.is_empty() => note(&done, &mut queue, &mut aside),
                () = &mut rested => {
                    rested.set(rest());
                    true
                }
                () = closing.clone() => false,
            };
        }
        while let Some(done) = calls.next().await {
            note(&done, &mut queue, &mut aside);
        }
        drop(calls);
        self.set_aside = aside;
        Ok(())
    }

    /// Makes all calls that are due, one after the other. Returns how many there were.
    #[cfg(test)]
    pub(crate) async fn make_round(&mut self, round: &mut Round) -> anyhow::Result<usize> {
        let due = round.due(&self.set_aside, self.settings.at_once_each).await?;
        let (count, closing) = (due.len(), std::future::pending().boxed().shared());
        for it in due {
            let Done { delivery, recorded } = self.deliver(it, &closing).await;
            if !recorded {
                self.set_aside.insert(delivery);
            }
        }
        Ok(count)
    }

    async fn deliver<C>(&self, due: Due, closing: &Shared<C>) -> Done
    where
        C: Future<Output = ()> + Send,
    {
        let watch = Stopwatch::start();
        let (delivery, attempt) = (due.delivery, due.attempts.saturating_add(1));
        let (strand, at) = (due.strand.clone(), clock::now());
        let outcome = self.call(due).await;
        let millis = i64::try_from(watch.millis()).unwrap_or(i64::MAX);
        let call = RecordCall { delivery, strand, attempt, at, millis, outcome };
        let recorded = self.tell(call, closing).await;
        Done { delivery, recorded }
    }

    async fn call(&self, due: Due) -> CallOutcome {
        let Due { delivery, url, secrets, body, .. } = due;
        let now = clock::real(); // Receivers compare it with their own clocks.
        let Some(signature) = signatures(&secrets, delivery, now, &body) else {
            return failed(CallFault::Unusable { detail: "its secret is none".to_owned() });
        };
        let id = delivery.to_string();
        let signed = Signed { id, timestamp: now.as_second().to_string(), signature };
        match self.caller.call(&url, &signed, body).await {
            Ok(it) => CallOutcome::Answered { status: it.status, answer: it.start },
            Err(fault) => {
                let reason = fault_in_english(&fault);
                debug!(%delivery, "delivery {delivery} was not made: {reason}");
                failed(fault)
            }
        }
    }

    /// Tells the worker, until it knows. Returns whether it does.
    async fn tell<C>(&self, call: RecordCall, closing: &Shared<C>) -> bool
    where
        C: Future<Output = ()> + Send,
    {
        let delivery = call.delivery;
        let id = Uuid::new_v5(&delivery.0, format!("attempt {}", call.attempt).as_bytes());
        loop {
            match self.worker.record(id, &call).await {
                Ok(()) => return true,
                Err(Unanswered::NobodyThere(_) | Unanswered::TimedOut(_)) => {
                    warn!(%delivery, "the worker does not know yet what came of {delivery}");
                    if closing.peek().is_some() {
                        return true; // Somebody makes the call again, with the same id.
                    }
                    tokio::select! { () = sleep(REST) => {}, () = closing.clone() => {} }
                }
                Err(problem @ (Unanswered::Parked { .. } | Unanswered::Refused { .. })) => {
                    error!(%delivery, "what came of {delivery} cannot be recorded: {problem}");
                    return false;
                }
            }
        }
    }
}

/// A delivery that was tried, and whether the worker knows.
struct Done {
    delivery: DeliveryId,
    recorded: bool,
}

/// Returns whether to look for what is due.
fn note(done: &Done, queue: &mut Queue, aside: &mut BTreeSet<DeliveryId>) -> bool {
    if !done.recorded {
        aside.insert(done.delivery);
    }
    queue.ends(done.delivery)
}
