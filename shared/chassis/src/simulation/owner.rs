use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::Timestamp;
use futures::FutureExt;
use jiff::SignedDuration;

use super::queue::{Life, Message};
use crate::log::{Ear, PutBack};
use crate::store::memory::Memory;
use crate::{Database, Desk, Input, MessageId, Partition, Worker};

/// The owner of one partition, as [`crate::owner`] is one over the real broker.
pub(super) struct Owner {
    pub(super) service: usize,
    pub(super) partition: Partition,
    pub(super) life: Life,
    pub(super) worker: Worker<Memory>,
    pub(super) ear: Ear,
    pub(super) inputs: Vec<Input>,
    /// Who waits for an answer.
    pub(super) callers: BTreeSet<MessageId>,
    /// What is to be acknowledged: up to which report of which inlet.
    pub(super) acks: Vec<(usize, usize)>,
    /// How wrong its clock is.
    pub(super) skew: SignedDuration,
    /// When it looks next at what it has.
    pub(super) turn: Option<u64>,
    /// Since when its position is in memory alone.
    pub(super) unsaved: Option<u64>,
}

impl Owner {
    pub(super) fn open(
        desk: Arc<dyn Desk>,
        database: Database,
        (service, partition): (usize, Partition),
        (life, now): (Life, u64),
    ) -> anyhow::Result<Self> {
        let worker = Worker::open_in_memory(desk, database, partition);
        let worker = at_once(worker)?;
        let mut ear = Ear::new(worker.heard().clone());
        ear.connected(now);
        Ok(Self {
            service,
            partition,
            life,
            worker,
            ear,
            inputs: vec![],
            callers: BTreeSet::new(),
            acks: vec![],
            skew: SignedDuration::ZERO,
            turn: None,
            unsaved: None,
        })
    }

    /// Takes notice of what arrived.
    pub(super) fn note(&mut self, message: Message, now: u64) -> Result<(), PutBack> {
        match message {
            Message::Page(page) => self.ear.page(page),
            Message::Head(head) => self.ear.head(&head, now),
            Message::Answer(asked, head, pages) => {
                self.ear.answer(&asked, &head, pages, now)?;
            }
            Message::Command(command) => {
                self.callers.insert(command.id);
                self.inputs.push(match command.subject.as_str() {
                    crate::parking::REPLAY => Input::Replay(command.key),
                    _ => Input::Command(command),
                });
            }
            Message::Reports { inlet, upto, envelopes } => {
                self.inputs.extend(envelopes.into_iter().map(Input::Report));
                self.acks.push((inlet, upto));
            }
            Message::Wake => self.worker.wake(),
        }
        Ok(())
    }

    /// Begins again from the books: the last commit may have happened after all.
    pub(super) fn reopen(&mut self, desk: Arc<dyn Desk>, database: Database) -> anyhow::Result<()> {
        let mut worker = at_once(Worker::open_in_memory(desk, database, self.partition))?;
        worker.resume(self.worker.heard());
        self.worker = worker;
        Ok(())
    }

    /// What its clock shows.
    pub(super) fn clock(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.skew).unwrap_or(now)
    }
}

/// What is kept in memory is there at once.
pub(super) fn at_once<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    future.now_or_never().unwrap_or_else(|| anyhow::bail!("memory made us wait"))
}
