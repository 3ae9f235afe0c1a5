//! The books in memory, for the simulation and the bench: the tables of the log as maps, and the
//! service's own as whatever it makes of them ([`InMemory`]). What differs from Postgres in what the
//! worker can see is a fault; each service's differential test compares the two.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{bail, ensure};
use contracts::{Key, Kind, MessageSet, Timestamp};

pub use super::twin::{Fate, InMemory};
use super::{Store, Transaction};
use crate::answer::{Answers, Commands};
use crate::batch::Panicked;
use crate::desk::{Failure, Sealed, open, seal};
use crate::log::Position;
use crate::plant::{Bug, planted};
use crate::timer::{self, Rung, Set};
use crate::worker::Fenced;
use crate::{Answer, Batch, Desk, Envelope, MessageId, Partition};

/// One service's database, in memory. Clones are the same database.
#[derive(Clone)]
pub struct Database(Arc<Mutex<Rows>>);

struct Rows {
    tables: Box<dyn Tables>,
    positions: BTreeMap<u32, Position>,
    pages: BTreeMap<(u32, i64), Arc<[u8]>>,
    answers: BTreeMap<(u32, MessageId), Answer>,
    timers: BTreeMap<(u32, Timestamp, MessageId), Envelope>,
    /// In the order in which they were parked.
    parked: Vec<(u32, Envelope, String)>,
    fate: Fate,
    /// How often each event and timer took effect, a partition.
    effects: BTreeMap<(u32, MessageId), u32>,
    /// What was said in it and is known to have taken effect with all who hear it, a partition.
    checked: BTreeMap<u32, i64>,
    broken: Option<String>,
}

impl Database {
    /// An empty database of this service.
    pub fn of<S: InMemory>(service: Arc<S>) -> Self {
        let tables = Box::new(TablesOf { service, tables: S::Tables::default() });
        Self(Arc::new(Mutex::new(Rows {
            tables,
            positions: BTreeMap::new(),
            pages: BTreeMap::new(),
            answers: BTreeMap::new(),
            timers: BTreeMap::new(),
            parked: vec![],
            fate: Fate::Happens,
            effects: BTreeMap::new(),
            checked: BTreeMap::new(),
            broken: None,
        })))
    }

    /// Looks at the tables of the service whose database it is.
    ///
    /// # Panics
    ///
    /// If it is another one's.
    #[expect(
        clippy::panic,
        reason = "another service's tables are asked for: a mistake of the caller"
    )]
    pub fn look<S: InMemory, T>(&self, at: impl FnOnce(&S::Tables) -> T) -> T {
        let rows = self.rows();
        let any: &dyn Any = &*rows.tables;
        match any.downcast_ref::<TablesOf<S>>() {
            Some(it) => at(&it.tables),
            None => panic!("these are not the tables of {}", S::NAME),
        }
    }

    /// Says what becomes of the next commit.
    pub fn doom(&self, fate: Fate) {
        self.rows().fate = fate;
    }

    /// The number of a partition's last page.
    pub fn head(&self, partition: u32) -> i64 {
        let pages = &self.rows().pages;
        let last = pages.range((partition, 0)..=(partition, i64::MAX)).next_back();
        last.map_or(0, |((_, number), _)| *number)
    }

    /// Some pages of a partition, from a number on, as they are stored.
    pub fn pages(&self, partition: u32, from: i64, at_most: usize) -> Vec<Arc<[u8]>> {
        let pages = &self.rows().pages;
        let pages = pages.range((partition, from)..=(partition, i64::MAX));
        pages.take(at_most).map(|it| it.1.clone()).collect()
    }

    /// When the next timer of a partition is due.
    pub fn next_due(&self, partition: u32) -> Option<Timestamp> {
        let rows = self.rows();
        let (number, due, _) = rows.timers.range((partition, Timestamp::MIN, LEAST)..).next()?.0;
        (*number == partition).then_some(*due)
    }

    /// What is parked, with its cause.
    pub fn parked(&self) -> Vec<(Envelope, String)> {
        self.rows().parked.iter().map(|(_, it, cause)| (it.clone(), cause.clone())).collect()
    }

    /// An event that took effect twice, if there was one.
    pub(crate) fn broken(&self) -> Option<String> {
        self.rows().broken.take()
    }

    /// Whether an event took effect in a partition.
    pub(crate) fn has_effect(&self, partition: u32, id: MessageId) -> bool {
        self.rows().effects.contains_key(&(partition, id))
    }

    /// Whether an event took effect in a partition, or is parked.
    pub(crate) fn knows(&self, partition: u32, id: MessageId) -> bool {
        self.has_effect(partition, id) || self.rows().parked.iter().any(|it| it.1.id == id)
    }

    pub(crate) fn checked(&self, partition: u32) -> i64 {
        self.rows().checked.get(&partition).copied().unwrap_or_default()
    }

    pub(crate) fn check(&self, partition: u32, number: i64) {
        self.rows().checked.insert(partition, number);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LEAST: MessageId = MessageId(contracts::Uuid::nil());

/// The tables of some service.
trait Tables: Any + Send {
    fn work(
        &self,
        now: Timestamp,
        partition: Partition,
        inputs: &[&Envelope],
    ) -> Result<(Vec<Sealed>, Change), Failure>;

    /// Whether a message of this subject may take effect once only. Reports may come again: what they
    /// say is known by their natural keys.
    fn hears_once(&self, subject: &str) -> bool;
}

type Change = Box<dyn FnOnce(&mut dyn Any) + Send>;

struct TablesOf<S: InMemory> {
    service: Arc<S>,
    tables: S::Tables,
}

impl<S: InMemory> Tables for TablesOf<S> {
    fn work(
        &self,
        now: Timestamp,
        partition: Partition,
        inputs: &[&Envelope],
    ) -> Result<(Vec<Sealed>, Change), Failure> {
        let deliveries = open(inputs)?;
        let (service, panicked) = (S::NAME, Panicked::default());
        let batch = Batch { service, now, partition, deliveries, panicked: Arc::clone(&panicked) };
        let (decided, change) = self.service.decide(&self.tables, batch);
        if let Some(found) = panicked.get() {
            return Err(Failure::Poison(vec![found.clone()])); // Whatever came after it.
        }
        let keep: Change = Box::new(|tables: &mut dyn Any| {
            if let Some(it) = tables.downcast_mut::<Self>() {
                S::keep(&mut it.tables, change);
            }
        });
        Ok((decided.0.into_iter().map(seal).collect(), keep))
    }

    fn hears_once(&self, subject: &str) -> bool {
        let known = S::Inbound::CONTRACTS.iter().find(|it| it.subject == subject);
        known.is_some_and(|it| it.kind != Kind::Report)
    }
}

/// The books of one partition, in memory.
pub struct Memory {
    database: Database,
    partition: Partition,
}

impl Memory {
    pub(crate) fn new(database: Database, partition: Partition) -> Self {
        Self { database, partition }
    }
}

impl Store for Memory {
    type Transaction<'a> = Open;

    async fn open(&mut self) -> anyhow::Result<(Position, BTreeSet<Key>)> {
        let said = self.database.head(self.partition.number);
        let mut rows = self.database.rows();
        let fresh =
            Position { version: 0, heard: BTreeMap::new(), said: 0, at: Timestamp::UNIX_EPOCH };
        let mut position = rows.positions.entry(self.partition.number).or_insert(fresh).clone();
        position.said = said;
        let own = rows.parked.iter().filter(|it| it.0 == self.partition.number);
        Ok((position, own.map(|it| it.1.key.clone()).collect()))
    }

    async fn begin(&mut self) -> anyhow::Result<Open> {
        let (database, partition) = (self.database.clone(), self.partition);
        Ok(Open { database, partition, changes: vec![] })
    }

    async fn next_due(&mut self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.database.next_due(self.partition.number))
    }

    async fn save(&mut self, next: &Position) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        tx.advance(next).await?;
        tx.commit().await
    }
}

type Written = Box<dyn FnOnce(&mut Rows) + Send>;

/// An open transaction. What it changes waits for its end: nobody else writes meanwhile, for one
/// thread runs all of them.
pub struct Open {
    database: Database,
    partition: Partition,
    changes: Vec<Written>,
}

impl Open {
    fn then(&mut self, change: impl FnOnce(&mut Rows) + Send + 'static) {
        self.changes.push(Box::new(change));
    }
}

impl Transaction for Open {
    async fn advance(&mut self, next: &Position) -> anyhow::Result<()> {
        let number = self.partition.number;
        let stored = self.database.rows().positions.get(&number).map_or(0, |it| it.version);
        ensure!(stored == next.version - 1 || planted(Bug::NoFence), Fenced(number));
        let next = next.clone();
        self.then(move |rows| drop(rows.positions.insert(number, next)));
        Ok(())
    }

    async fn answers(&mut self, commands: &Commands) -> anyhow::Result<Answers> {
        let rows = self.database.rows();
        let known = |id: &MessageId| rows.answers.get(&(self.partition.number, *id)).cloned();
        Ok(commands.keys().filter_map(|id| Some((*id, known(id)?))).collect())
    }

    async fn unpark(&mut self, keys: &BTreeSet<Key>) -> anyhow::Result<Vec<Envelope>> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let (number, keys) = (self.partition.number, keys.clone());
        let replayed = {
            let rows = self.database.rows();
            let wanted = rows.parked.iter().filter(|it| it.0 == number && keys.contains(&it.1.key));
            wanted.map(|it| it.1.clone()).collect()
        };
        self.then(move |rows| {
            rows.parked.retain(|it| it.0 != number || !keys.contains(&it.1.key));
        });
        Ok(replayed)
    }

    async fn park(&mut self, _: Timestamp, parked: &[(&Envelope, String)]) -> anyhow::Result<()> {
        let number = self.partition.number;
        let parked: Vec<_> =
            parked.iter().map(|(it, cause)| (number, (*it).clone(), cause.clone())).collect();
        self.then(move |rows| rows.parked.extend(parked));
        Ok(())
    }

    async fn ring(&mut self, now: Timestamp) -> anyhow::Result<Rung> {
        let number = self.partition.number;
        let (due, next) = {
            let rows = self.database.rows();
            let own = rows.timers.range((number, Timestamp::MIN, LEAST)..);
            let mut own = own.take_while(|it| it.0.0 == number).peekable();
            let mut due = Vec::new();
            while due.len() < timer::AT_ONCE
                && let Some((key, envelope)) = own.next_if(|it| it.0.1 <= now)
            {
                due.push((*key, envelope.clone()));
            }
            (due, own.next().map(|it| it.0.1))
        };
        let (keys, envelopes): (Vec<_>, _) = due.into_iter().unzip();
        if !planted(Bug::TimerRingsAgain) {
            self.then(move |rows| keys.iter().for_each(|it| drop(rows.timers.remove(it))));
        }
        Ok(Rung { envelopes, next })
    }

    async fn set_timers(&mut self, said: &[Sealed]) -> anyhow::Result<Set> {
        let (placed, set) = timer::place(self.partition, said)?;
        let rows: Vec<_> = placed
            .iter()
            .filter(|it| it.partition == self.partition.number || !planted(Bug::NoteLost))
            .map(|it| ((it.partition, it.due, it.envelope.id), it.envelope.clone()))
            .collect();
        self.then(move |all| all.timers.extend(rows));
        Ok(set)
    }

    async fn work(
        &mut self,
        _: &dyn Desk,
        now: Timestamp,
        partition: Partition,
        inputs: &[&Envelope],
    ) -> Result<Vec<Sealed>, Failure> {
        let (said, change) = self.database.rows().tables.work(now, partition, inputs)?;
        let number = self.partition.number;
        let inputs: Vec<Envelope> = inputs.iter().map(|it| (*it).clone()).collect();
        self.then(move |rows| {
            let tables: &mut dyn Any = &mut *rows.tables;
            change(tables);
            for Envelope { id, subject, key, cause, .. } in inputs {
                let times = rows.effects.entry((number, id)).or_default();
                *times += 1;
                if *times > 1 && rows.tables.hears_once(&subject) {
                    let twice = format!("V4: {subject} {} of {key} took effect twice", id.0);
                    rows.broken.get_or_insert_with(|| format!("{twice}; caused by {cause:?}"));
                }
            }
        });
        Ok(said)
    }

    async fn keep_page(&mut self, number: i64, packed: &[u8]) -> anyhow::Result<()> {
        let (key, page) = ((self.partition.number, number), packed.into());
        if planted(Bug::PageApart) {
            self.database.rows().pages.insert(key, page);
        } else {
            self.then(move |rows| drop(rows.pages.insert(key, page)));
        }
        Ok(())
    }

    async fn keep_answers(&mut self, _: Timestamp, answers: &Answers) -> anyhow::Result<()> {
        let (number, answers) = (self.partition.number, answers.clone());
        self.then(move |rows| {
            rows.answers.extend(answers.into_iter().map(|(id, it)| ((number, id), it)));
        });
        Ok(())
    }

    async fn commit(self) -> anyhow::Result<()> {
        let mut rows = self.database.rows();
        let fate = std::mem::take(&mut rows.fate);
        if fate == Fate::Fails {
            bail!("the commit failed");
        }
        self.changes.into_iter().for_each(|change| change(&mut rows));
        if fate == Fate::HappensUnheard {
            bail!("the commit's answer was lost");
        }
        Ok(())
    }
}
