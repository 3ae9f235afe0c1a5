//! Where a worker keeps what it must not forget: its position, pages, answers and timers, what is
//! parked, and the service's own tables. Postgres in the house; memory in the simulation and on the
//! bench, where the same worker runs over it.

pub(crate) mod memory;
pub(crate) mod postgres;
mod twin;

use std::collections::BTreeSet;
use std::future::Future;

use contracts::{Key, Timestamp};

use crate::answer::{Answers, Commands};
use crate::desk::{Failure, Sealed};
use crate::log::Position;
use crate::timer::{Rung, Set};
use crate::{Desk, Envelope, Partition};

/// The books of one partition of one service.
pub trait Store: Send + 'static {
    /// What is written together, or not at all. Dropped before its end, it has changed nothing.
    type Transaction<'a>: Transaction;

    /// Where the partition is, and the keys that have something parked.
    fn open(&mut self) -> impl Future<Output = anyhow::Result<(Position, BTreeSet<Key>)>> + Send;

    fn begin(&mut self) -> impl Future<Output = anyhow::Result<Self::Transaction<'_>>> + Send;

    /// Moves the position on by itself, as [`Transaction::advance`] does.
    fn save(&mut self, next: &Position) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// When the next timer is due.
    fn next_due(&mut self) -> impl Future<Output = anyhow::Result<Option<Timestamp>>> + Send;

    /// The last transaction failed: nothing of how it was reached is to be used again.
    fn give_up(&mut self) {}
}

/// One transaction of one worker.
pub trait Transaction: Send {
    /// Moves the position on, if it still is where we left it.
    ///
    /// # Errors
    ///
    /// [`Fenced`](crate::worker::Fenced) if it is not: another worker has the partition.
    fn advance(&mut self, next: &Position) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Which of the commands were answered before, and how.
    fn answers(
        &mut self,
        commands: &Commands,
    ) -> impl Future<Output = anyhow::Result<Answers>> + Send;

    /// Takes out what is parked about these keys, in the order in which it was parked.
    fn unpark(
        &mut self,
        keys: &BTreeSet<Key>,
    ) -> impl Future<Output = anyhow::Result<Vec<Envelope>>> + Send;

    /// Parks these, each with its cause.
    fn park(
        &mut self,
        now: Timestamp,
        parked: &[(&Envelope, String)],
    ) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Takes the timers that are due.
    fn ring(&mut self, now: Timestamp) -> impl Future<Output = anyhow::Result<Rung>> + Send;

    /// Sets those timers that are among these, each in the partition of its key.
    fn set_timers(&mut self, said: &[Sealed]) -> impl Future<Output = anyhow::Result<Set>> + Send;

    /// Has the service decide these, over its tables.
    fn work(
        &mut self,
        desk: &dyn Desk,
        now: Timestamp,
        partition: Partition,
        inputs: &[&Envelope],
    ) -> impl Future<Output = Result<Vec<Sealed>, Failure>> + Send;

    /// Keeps the page of this number.
    fn keep_page(
        &mut self,
        number: i64,
        packed: &[u8],
    ) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Keeps the answers, for whoever asks again.
    fn keep_answers(
        &mut self,
        now: Timestamp,
        answers: &Answers,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// All of it happened. An error says that it may not have.
    fn commit(self) -> impl Future<Output = anyhow::Result<()>> + Send;
}
