use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::{Contract, Key, Kind, Timestamp};
use sqlx::PgPool;

use crate::answer::{Answers, Commands, Outcome};
use crate::desk::{Failure, Sealed};
use crate::log::{Heard, Missing, Position, Take, pack};
use crate::parking::Parking;
use crate::plant::{Bug, planted};
use crate::store::memory::{Database, Memory};
use crate::store::postgres::Postgres;
use crate::store::{Store, Transaction};
use crate::timer::Due;
use crate::{Desk, Envelope, MessageId, Page, Partition, answer, fault};

/// Something that is ready to be decided. Timers are not among it: they are rows, which the worker
/// reads for itself.
#[derive(Debug, Clone)]
pub enum Input {
    Page(Arc<Page>),
    Command(Envelope),
    /// From outside, over a public stream.
    Report(Envelope),
    /// What is parked about this key is to be decided again.
    Replay(Key),
}

impl Input {
    fn replays(&self) -> Option<Key> {
        if let Self::Replay(key) = self { Some(key.clone()) } else { None }
    }
}

/// What to do once the transaction is committed.
#[derive(Debug, Default)]
pub struct Committed {
    /// Publish this.
    pub page: Option<Said>,
    /// Answer these commands.
    pub outcomes: BTreeMap<MessageId, Outcome>,
    /// Ask for these, and then try again what needs them.
    pub missing: Vec<Missing>,
    /// Wake these partitions of the same service: there is a note for them.
    pub wake: BTreeSet<u32>,
    /// How many inputs were decided, and how many were parked.
    pub decided: usize,
    pub parked: usize,
}

/// A page, and its bytes as they are stored and published.
#[derive(Debug, Clone)]
pub struct Said {
    pub page: Arc<Page>,
    pub packed: bytes::Bytes,
}

/// Another worker has moved the position: this one has lost the partition.
#[derive(Debug, thiserror::Error)]
#[error("partition {0} has another owner")]
pub(crate) struct Fenced(pub(crate) u32);

/// The one writer of one partition of one service.
pub struct Worker<S = Postgres> {
    desk: Arc<dyn Desk>,
    store: S,
    partition: Partition,
    position: Position,
    parking: Parking,
    due: Due,
    /// What the service listens to.
    subjects: BTreeMap<&'static str, Contract>,
    /// Whether the position has moved in memory alone: over pages that hold nothing for us.
    unsaved: bool,
}

impl Worker {
    /// Takes the partition over from whoever had it.
    pub async fn open(
        desk: Arc<dyn Desk>,
        db: PgPool,
        partition: Partition,
    ) -> anyhow::Result<Self> {
        Self::over(desk, Postgres::new(db, partition), partition).await
    }
}

impl Worker<Memory> {
    /// Takes over a partition that is kept in memory.
    pub async fn open_in_memory(
        desk: Arc<dyn Desk>,
        database: Database,
        partition: Partition,
    ) -> anyhow::Result<Self> {
        Self::over(desk, Memory::new(database, partition), partition).await
    }
}

impl<S: Store> Worker<S> {
    async fn over(desk: Arc<dyn Desk>, mut store: S, partition: Partition) -> anyhow::Result<Self> {
        let (mut position, parked) = store.open().await?;
        let speakers = speakers(&*desk);
        // An earlier release may have listened to others. They are not waited for: nobody asks them.
        position.heard.retain(|speaker, _| speakers.contains(speaker));
        for speaker in speakers {
            position.heard.entry(speaker).or_insert(0); // Listened to, and nothing taken yet.
        }
        let subjects = desk.hears().iter().map(|it| (it.subject, *it)).collect();
        let (parking, due, unsaved) = (Parking::of(parked), Due::Unknown, false);
        Ok(Self { desk, store, partition, position, parking, due, subjects, unsaved })
    }

    /// What this worker has heard.
    pub fn heard(&self) -> &Heard {
        &self.position.heard
    }

    /// The number of the last page that this partition said.
    pub fn head(&self) -> i64 {
        self.position.said
    }

    /// How many keys have something parked.
    pub fn parked_keys(&self) -> usize {
        self.parking.len()
    }

    /// When the next timer is due, as far as is known.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.at(self.position.at)
    }

    /// Another partition may have left a note: look at the timers again.
    pub fn wake(&mut self) {
        self.due = Due::Unknown;
    }

    /// Looks whether another partition has left a note, and nobody could say so.
    pub async fn look_for_notes(&mut self) -> anyhow::Result<()> {
        let next = self.store.next_due().await?;
        self.due = self.due.or_sooner(next);
        Ok(())
    }

    /// Whether the position has moved in memory alone.
    pub fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Goes on from where this partition was in memory: what is heard beyond the books held nothing.
    pub(crate) fn resume(&mut self, heard: &Heard) {
        for (speaker, number) in heard {
            let seen = self.position.heard.entry(speaker.clone()).or_default();
            self.unsaved |= *seen < *number;
            *seen = (*seen).max(*number);
        }
    }

    /// Writes down where the worker is.
    pub async fn save(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let next = self.position.after(now);
        self.store.save(&next).await?;
        self.position = next;
        self.unsaved = false;
        Ok(())
    }

    /// Decides whatever is ready, in one transaction: all of it happens, or nothing. What cannot be
    /// decided is parked, and the rest is decided without it.
    ///
    /// Pages that hold nothing for this service move the position in memory alone, and are written
    /// down with whatever comes next: most pages are such ones, and a transaction each would be half
    /// the work of the house. After a crash they are heard again, and again hold nothing.
    pub async fn transact(
        &mut self,
        now: Timestamp,
        inputs: &[Input],
    ) -> anyhow::Result<Committed> {
        let mut poison = BTreeMap::new();
        loop {
            match self.attempt(now, inputs, &poison).await {
                Ok(committed) => return Ok(committed),
                Err(error) => match error.downcast::<Failure>() {
                    // Each round parks at least one input more, so this ends.
                    Ok(Failure::Poison(found)) => poison.extend(found),
                    Ok(Failure::Other(error)) | Err(error) => return Err(error),
                },
            }
        }
    }

    async fn attempt(
        &mut self,
        now: Timestamp,
        inputs: &[Input],
        poison: &BTreeMap<MessageId, String>,
    ) -> anyhow::Result<Committed> {
        let mut next = self.position.after(now);
        let mut committed = Committed::default();
        let (arrived, commands) = self.take(&mut next, inputs, &mut committed.missing);
        let replays: BTreeSet<Key> = inputs.iter().filter_map(Input::replays).collect();
        if arrived.is_empty() && replays.is_empty() && !self.due.is_due(next.at) {
            self.unsaved |= self.position.heard != next.heard;
            self.position.heard = next.heard;
            return Ok(committed);
        }

        let written = self.write((next, arrived), &commands, &replays, poison).await;
        if written.is_err() {
            self.store.give_up();
        }
        let written = written?;
        Ok(Committed { missing: committed.missing, ..written })
    }

    /// The transaction.
    async fn write(
        &mut self,
        (mut next, arrived): (Position, Vec<&Envelope>),
        commands: &Commands,
        replays: &BTreeSet<Key>,
        poison: &BTreeMap<MessageId, String>,
    ) -> anyhow::Result<Committed> {
        let mut tx = self.store.begin().await?;
        if !planted(Bug::PositionApart) {
            tx.advance(&next).await?; // First: it is the fence.
        }
        let before = tx.answers(commands).await?;
        let mut replayed = tx.unpark(replays).await?;
        if planted(Bug::ReplayedAnew) {
            for it in &mut replayed {
                it.id = it.id.led_to("planted", 0);
            }
        }
        let rung = if self.due.is_due(next.at) { Some(tx.ring(next.at).await?) } else { None };
        let timers = rung.iter().flat_map(|it| &it.envelopes);
        let fresh = arrived.into_iter().filter(|it| !before.contains_key(&it.id));
        let ready: Vec<&Envelope> = replayed.iter().chain(fresh).chain(timers).collect();
        let sorted = self.parking.sort(ready, replays, commands, poison);
        tx.park(next.at, &sorted.parked).await?;

        let said = tx.work(&*self.desk, next.at, self.partition, &sorted.ready).await?;
        fault::point(self.desk.name(), "decided");
        let set = tx.set_timers(&said).await?;
        let decided = sorted.ready.iter().filter_map(|it| Some((it.id, *commands.get(&it.id)?)));
        let answers = answer::compose(decided, next.said + 1, &said);
        let page = write_page(self.desk.name(), self.partition, &mut next, said)?;
        if let Some(Said { page, packed }) = &page
            && !planted(Bug::PageLost)
        {
            tx.keep_page(page.number, packed).await?;
        }
        if !planted(Bug::AnswerForgotten) {
            tx.keep_answers(next.at, &answers).await?;
        }
        fault::point(self.desk.name(), "before-commit");
        tx.commit().await?;
        fault::point(self.desk.name(), "after-commit");
        if planted(Bug::PositionApart) {
            self.store.save(&next).await?;
        }

        let (decided, parked) = (sorted.ready.len(), sorted.parked.len());
        let outcomes = outcomes(before, answers, sorted.refused);
        self.parking.commit(replays, sorted.keys);
        self.due = match rung {
            Some(rung) => Due::of(rung.next).or_sooner(set.soonest),
            None => self.due.or_sooner(set.soonest),
        };
        self.position = next;
        self.unsaved = false;
        Ok(Committed { page, outcomes, missing: vec![], wake: set.others, decided, parked })
    }

    /// Of what came in, that which is new and which this service listens to, in the same order; and
    /// which of it are commands.
    fn take<'a>(
        &self,
        next: &mut Position,
        inputs: &'a [Input],
        missing: &mut Vec<Missing>,
    ) -> (Vec<&'a Envelope>, Commands) {
        let (mut ready, mut commands) = (Vec::new(), Commands::new());
        for input in inputs {
            match input {
                Input::Page(page) => match next.take(page) {
                    Take::Next => ready.extend(
                        page.said
                            .iter()
                            .filter(|it| self.subjects.contains_key(it.subject.as_str())),
                    ),
                    Take::Duplicate => {}
                    Take::Missing(it) => missing.push(it),
                },
                Input::Command(command) => {
                    let declared = self.subjects.get(command.subject.as_str());
                    let answers = declared.map_or(&[][..], |it| it.answers);
                    if commands.insert(command.id, answers).is_none() {
                        ready.push(command);
                    }
                }
                Input::Report(report) => ready.push(report),
                Input::Replay(_) => {} // Its inputs are in the books.
            }
        }
        (ready, commands)
    }

    /// Finds out which of these cannot be decided, when together they could not: decides them, forgets
    /// it, and looks into each half of what failed. Returns those that fail alone, and why.
    pub async fn rehearse(
        &mut self,
        now: Timestamp,
        inputs: &[Input],
    ) -> anyhow::Result<Vec<(MessageId, String)>> {
        let mut next = self.position.after(now);
        let at = next.at;
        let (arrived, _) = self.take(&mut next, inputs, &mut vec![]);
        let (mut suspects, mut failed) = (vec![arrived.as_slice()], Vec::new());
        while let Some(together) = suspects.pop() {
            let mut tx = self.store.begin().await?; // It ends without a commit.
            match (tx.work(&*self.desk, at, self.partition, together).await, together) {
                (Ok(_), _) | (Err(_), []) => {}
                (Err(error), [one]) => failed.push((one.id, format!("{error:#}"))),
                (Err(_), many) => {
                    let (first, second) = many.split_at(many.len() / 2);
                    suspects.extend([second, first]);
                }
            }
        }
        Ok(failed)
    }

    /// Parks what a rehearsal found, with the rest of the inputs decided.
    pub async fn transact_without(
        &mut self,
        now: Timestamp,
        inputs: &[Input],
        poison: Vec<(MessageId, String)>,
    ) -> anyhow::Result<Committed> {
        self.attempt(now, inputs, &poison.into_iter().collect()).await
    }
}

/// Whose pages a service takes: a subject begins with its speaker.
pub(crate) fn speakers(desk: &dyn Desk) -> BTreeSet<String> {
    let events = desk.hears().iter().filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
    events.map(|it| it.owner().to_owned()).collect()
}

/// The page of a transaction, if there is something to say to everyone.
fn write_page(
    speaker: &str,
    partition: Partition,
    next: &mut Position,
    said: Vec<Sealed>,
) -> anyhow::Result<Option<Said>> {
    let events = said.into_iter().filter(Sealed::is_for_everyone);
    let events: Vec<Envelope> = events.map(|it| it.envelope).collect();
    if events.is_empty() {
        return Ok(None);
    }
    next.said += 1;
    let page = Page {
        speaker: speaker.to_owned(),
        partition: partition.number,
        number: next.said,
        at: next.at,
        heard: next.heard.clone(),
        said: events,
    };
    let packed = pack(&page)?;
    Ok(Some(Said { page: Arc::new(page), packed: packed.into() }))
}

fn outcomes(
    before: Answers,
    now: Answers,
    refused: Vec<(MessageId, Outcome)>,
) -> BTreeMap<MessageId, Outcome> {
    let answered = before.into_iter().chain(now);
    answered.map(|(id, it)| (id, Outcome::Answered(it))).chain(refused).collect()
}
