//! The loop of one partition: take what is ready, decide it in one transaction, say it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use contracts::Kind;
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, watch};
use tracing::{error, info, warn};

use crate::agenda::Agenda;
use crate::clock::{self, Stopwatch};
use crate::hearing::{self, Caller, Event, Receipt, WAITING};
use crate::inlet;
use crate::log::{self, Ear, PutBack, head_subject, page_subject};
use crate::outlet::{self, Outlet};
use crate::suspicion::Suspicion;
use crate::switchboard::{Connected, Switchboard};
use crate::task::{Helpers, spawn};
use crate::telemetry::Meters;
use crate::worker::{Fenced, Said};
use crate::{Committed, Desk, Input, MessageId, Outcome, Page, Partition, Worker, fault, parking};

/// What a partition's owner needs.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) db: PgPool,
    pub(crate) nats: Client,
    /// Wakes the duties that wait for what this process commits.
    pub(crate) committed: Arc<[Arc<Notify>]>,
    /// Counts the times that the connection was there again.
    pub(crate) reconnected: watch::Receiver<u64>,
    pub(crate) switchboard: Switchboard,
}

pub(crate) struct Owner {
    around: Surroundings,
    partition: Partition,
    worker: Worker,
    ear: Ear,
    events: mpsc::Receiver<Event>,
    to_self: mpsc::Sender<Event>,
    outlet: Option<mpsc::Sender<outlet::Told>>,
    meters: Meters,
    watch: Stopwatch,
    agenda: Agenda,
    batch: Waiting,
    _helpers: Helpers,
    _connected: Connected,
}

/// What is to be decided next, and whom to tell.
#[derive(Default)]
struct Waiting {
    inputs: Vec<Input>,
    callers: BTreeMap<MessageId, Vec<Caller>>,
    receipts: Vec<Receipt>,
}

/// Owns a partition until `closing` says so, or until another owner is met.
pub(crate) async fn own(
    around: Surroundings,
    partition: Partition,
    mut closing: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let mut owner = Owner::open(around, partition).await?;
    owner.announce().await;
    while !*closing.borrow() {
        let rest = owner.rest();
        tokio::select! {
            event = owner.events.recv() => {
                if let Some(event) = event {
                    owner.note(event)?;
                }
            }
            () = tokio::time::sleep(rest) => {}
            _ = closing.changed() => {}
        }
        while owner.batch.inputs.len() < owner.agenda.together()
            && let Ok(event) = owner.events.try_recv()
        {
            owner.note(event)?;
        }
        owner.turn().await?;
    }
    owner.close().await;
    Ok(())
}

impl Owner {
    async fn open(around: Surroundings, partition: Partition) -> anyhow::Result<Self> {
        let (desk, db, nats) = (&around.desk, &around.db, &around.nats);
        let (service, number) = (desk.name(), partition.number);
        let worker = Worker::open(desk.clone(), db.clone(), partition).await?;
        let (to_self, events) = mpsc::channel(WAITING);
        let mut helpers = Helpers::default();
        let speakers = worker.heard().keys().map(String::as_str);
        let here = (service, number);
        hearing::listen(nats, here, speakers, &to_self, &mut helpers).await?;
        let mut reconnected = around.reconnected.clone();
        let again = to_self.clone();
        helpers.spawn(format!("{service} notices reconnects"), async move {
            while reconnected.changed().await.is_ok() {
                hearing::send(&again, Event::Reconnected).await;
            }
        });
        for contract in desk.hears().iter().filter(|it| it.kind == Kind::Report) {
            let Some(door) = contract.door else { continue };
            let (nats, contract, events) = (nats.clone(), *contract, to_self.clone());
            let reconnected = around.reconnected.clone();
            helpers.spawn(format!("{service} reads {}", door.stream), async move {
                loop {
                    let (events, reconnected) = (events.clone(), reconnected.clone());
                    let read =
                        inlet::run(&nats, (contract, door), number, reconnected, events).await;
                    if let Err(error) = read {
                        warn!(%error, "{service} cannot read {}: {error:#}", door.stream);
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            });
        }
        let outlet = if desk.says().iter().any(|it| it.kind == Kind::Public) {
            let outlet = Outlet::open(desk.clone(), db.clone(), nats.clone(), partition).await?;
            let (said, pages) = mpsc::channel(WAITING);
            helpers.spawn(format!("{service} publishes"), outlet.run(pages));
            Some(said)
        } else {
            None
        };
        let watch = Stopwatch::start();
        let mut ear = Ear::new(worker.heard().clone());
        ear.connected(watch.millis());
        let meters = Meters::of(service, number);
        let (batch, agenda) = (Waiting::default(), Agenda::new(around.desk.pace()));
        let connected = around.switchboard.connect(here, to_self.clone());
        info!(service, partition = number, "{service} has partition {number}");
        Ok(Self {
            around,
            partition,
            worker,
            ear,
            events,
            to_self,
            outlet,
            meters,
            watch,
            agenda,
            batch,
            _helpers: helpers,
            _connected: connected,
        })
    }

    /// Takes notice of what arrived.
    fn note(&mut self, event: Event) -> Result<(), PutBack> {
        let now = self.watch.millis();
        match event {
            Event::Page(page) => self.ear.page(page),
            Event::Head(head) => self.ear.head(&head, now),
            Event::Answer(asked, head, pages) => self.ear.answer(&asked, &head, pages, now)?,
            Event::Command(command, caller) => {
                self.batch.callers.entry(command.id).or_default().extend(caller);
                self.batch.inputs.push(match command.subject.as_str() {
                    parking::REPLAY => Input::Replay(command.key),
                    _ => Input::Command(command),
                });
            }
            Event::Reports(reports, last) => {
                self.batch.inputs.extend(reports.into_iter().map(Input::Report));
                self.batch.receipts.push(last);
            }
            Event::Wake => self.worker.wake(),
            Event::Reconnected => self.ear.connected(now),
        }
        Ok(())
    }

    /// How long there is nothing to do, if nothing arrives.
    fn rest(&self) -> Duration {
        let now = self.watch.millis();
        let next = self.agenda.next(self.ear.is_ready());
        let next = self.ear.next_ask().map_or(next, |ask| ask.min(next));
        let mut rest = Duration::from_millis(next.saturating_sub(now));
        if let Some(due) = self.worker.next_due() {
            rest = rest.min(clock::until(due));
        }
        rest
    }

    /// Asks for what is missing, decides what is ready, and says it.
    async fn turn(&mut self) -> anyhow::Result<()> {
        let now = self.watch.millis();
        if self.agenda.may_hear(now) {
            let room = self.agenda.together().saturating_sub(self.batch.inputs.len()).max(1);
            self.batch.inputs.extend(self.ear.take(room, now).into_iter().map(Input::Page));
        }
        for missing in self.ear.asks(now) {
            self.meters.asked();
            let nats = self.around.nats.clone();
            let ask = hearing::ask(nats, self.partition.number, missing, self.to_self.clone());
            drop(spawn("ask", ask)); // It ends by itself, soon.
        }
        let due = self.worker.next_due().is_some_and(|it| it <= clock::now());
        if due || !self.batch.inputs.is_empty() {
            let committed = self.commit().await?;
            self.agenda.decided(committed.decided, now, self.watch.millis());
            self.tell(committed).await;
        }
        if self.agenda.saves(self.worker.is_unsaved(), now) {
            self.save().await?;
        }
        if self.agenda.announces(now) {
            self.announce().await;
            if let Err(error) = self.worker.look_for_notes().await {
                warn!(%error, "{} cannot look for notes: {error:#}", self.around.desk.name());
            }
        }
        Ok(())
    }

    /// Writes down where the worker is.
    async fn save(&mut self) -> anyhow::Result<()> {
        if let Err(error) = self.worker.save(clock::now()).await {
            if error.is::<Fenced>() {
                self.meters.lost();
                return Err(error);
            }
            // It may have happened after all.
            warn!(%error, "{} could not save: {error:#}", self.around.desk.name());
            self.reopen().await;
        }
        Ok(())
    }

    /// Decides the batch in one transaction, again and again until it is committed, or another
    /// owner is met.
    async fn commit(&mut self) -> anyhow::Result<Committed> {
        let (service, mut pause) = (self.around.desk.name(), Duration::from_millis(20));
        let mut suspicion = Suspicion::default();
        for attempt in 1.. {
            let took = Stopwatch::start();
            let error = match self.worker.transact(clock::now(), &self.batch.inputs).await {
                Ok(committed) => {
                    let (decided, parked) = (committed.decided, committed.parked);
                    if decided + parked > 0 {
                        self.meters.committed(decided, parked, took.elapsed());
                    }
                    return Ok(committed);
                }
                Err(error) => error,
            };
            if error.is::<Fenced>() {
                self.meters.lost();
                return Err(error);
            }
            warn!(%error, service, attempt, "{service} could not commit: {error:#}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
            let reachable = self.reopen().await;
            if suspicion.grows(reachable) {
                let poison = self.worker.rehearse(clock::now(), &self.batch.inputs).await;
                match poison {
                    Ok(poison) if !poison.is_empty() => {
                        let inputs = &self.batch.inputs;
                        let now = clock::now();
                        if let Ok(it) = self.worker.transact_without(now, inputs, poison).await {
                            return Ok(it);
                        }
                    }
                    Ok(_) | Err(_) => {} // The fault is not in an input: try again.
                }
            }
        }
        anyhow::bail!("{service} tried for ever")
    }

    /// Begins again from the books: the last commit may have happened after all.
    async fn reopen(&mut self) -> bool {
        let Surroundings { desk, db, .. } = &self.around;
        match Worker::open(desk.clone(), db.clone(), self.partition).await {
            Ok(mut worker) => {
                worker.resume(self.worker.heard());
                self.worker = worker;
                true
            }
            Err(error) => {
                warn!(%error, "{} cannot reach its database: {error:#}", desk.name());
                false
            }
        }
    }

    /// Says what was decided: the page to everyone, the outcomes to whoever waits for them.
    async fn tell(&mut self, committed: Committed) {
        let Waiting { inputs, callers, receipts } = std::mem::take(&mut self.batch);
        let service = self.around.desk.name();
        if let Some(Said { page, packed }) = committed.page {
            self.publish(&page, packed).await;
            fault::point(service, "after-publish");
            if let Some(outlet) = &self.outlet {
                outlet.try_send(outlet::Told::Page(page)).ok(); // Full: it reads the table.
            }
        }
        fault::point(service, "before-answer");
        let replayed = inputs.iter().any(|it| matches!(it, Input::Replay(_)));
        for (id, callers) in callers {
            let outcome = match committed.outcomes.get(&id) {
                Some(outcome) => outcome.clone(),
                None if replayed => Outcome::Answered(crate::Answer::default()),
                None => continue,
            };
            for caller in callers {
                // Whoever does not get it asks again, with the same id.
                match caller {
                    Caller::Here(caller) => drop(caller.send(outcome.clone())),
                    Caller::At(to) => {
                        let Ok(body) = serde_json::to_vec(&outcome) else { continue };
                        self.around.nats.publish(to, body.into()).await.ok();
                    }
                }
            }
        }
        for receipt in receipts {
            receipt.give().await;
        }
        for partition in committed.wake {
            let wake = hearing::wake_subject(service, partition);
            self.around.nats.publish(wake, vec![].into()).await.ok();
        }
        if !committed.missing.is_empty() {
            self.ear.connected(self.watch.millis());
        }
        if committed.parked > 0 {
            let parked = committed.parked;
            error!(service, parked, "{service} parked {parked} inputs: `kontor parked` shows them");
        }
        for duty in &*self.around.committed {
            duty.notify_one();
        }
    }

    async fn publish(&mut self, page: &Arc<Page>, packed: bytes::Bytes) {
        log::remember(packed.clone(), page.clone());
        let Self { around: Surroundings { nats, desk, .. }, partition, .. } = self;
        if packed.len() > nats.server_info().max_payload {
            self.agenda.announce_soon(); // Too large to be published: whoever hears the number asks for it.
            return;
        }
        let subject = page_subject(partition.number, desk.name());
        if let Err(error) = nats.publish(subject, packed).await {
            warn!(%error, "page {} was not published: {error}", page.number);
        }
    }

    /// Announces the number of the last page: whoever missed something asks for it.
    async fn announce(&mut self) {
        let Surroundings { nats, desk, .. } = &self.around;
        self.meters.lag(self.ear.lag().map(|it| it.1).fold(0, i64::saturating_add));
        self.meters.parked_keys(self.worker.parked_keys());
        let head = self.worker.head();
        if let Some(outlet) = &self.outlet {
            outlet.try_send(outlet::Told::Head(head)).ok();
        }
        if head > 0 {
            let subject = head_subject(self.partition.number, desk.name());
            nats.publish(subject, head.to_string().into()).await.ok();
        }
    }

    /// Lets the partition go, with all that is said published.
    async fn close(mut self) {
        if self.worker.is_unsaved() {
            self.worker.save(clock::now()).await.ok(); // Else it is heard again.
        }
        self.announce().await;
        let (service, number) = (self.around.desk.name(), self.partition.number);
        self.around.nats.flush().await.ok();
        info!(service, partition = number, "{service} let partition {number} go");
    }
}
