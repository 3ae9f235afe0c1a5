use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::ensure;
use contracts::{Contract, Key, Kind, Timestamp};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::pool::PoolConnection;
use sqlx::types::Json;
use sqlx::{Acquire, PgConnection, PgPool, Postgres};

use crate::answer::{Answers, Commands, Outcome};
use crate::desk::{Failure, Sealed};
use crate::log::{Heard, Missing, Position, Take, pack};
use crate::parking::{self, Parking};
use crate::timer::{self, Due};
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

type Row = (i64, Json<Heard>, SqlTimestamp, i64);

/// The one writer of one partition of one service.
pub struct Worker {
    desk: Arc<dyn Desk>,
    db: PgPool,
    /// Kept from transaction to transaction: a pool would hand out another one each time, whose
    /// caches are cold, and ask each whether it lives.
    connection: Option<PoolConnection<Postgres>>,
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
        sqlx::query(
            "insert into position (partition, version, heard, at)
             values ($1, 0, '{}', 'epoch')
                 on conflict do nothing",
        )
        .bind(partition.column())
        .execute(&db)
        .await?;
        let (version, Json(mut heard), at, said): Row = sqlx::query_as(
            "select version, heard, at,
                    coalesce((select max(number) from page where page.partition = $1), 0)
               from position
              where position.partition = $1",
        )
        .bind(partition.column())
        .fetch_one(&db)
        .await?;
        for speaker in speakers(&*desk) {
            heard.entry(speaker).or_insert(0); // Listened to, and nothing taken yet.
        }
        let position = Position { version, heard, said, at: at.to_jiff() };
        let parking = Parking::open(&db, partition).await?;
        let subjects = desk.hears().iter().map(|it| (it.subject, *it)).collect();
        let (connection, due, unsaved) = (None, Due::Unknown, false);
        Ok(Self { desk, db, connection, partition, position, parking, due, subjects, unsaved })
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
        let mut db = self.db.acquire().await?;
        advance(&mut db, self.partition, &next).await?;
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

        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.db.acquire().await?, // The last transaction failed, and took its own along.
        };
        let mut tx = connection.begin().await?;
        advance(&mut tx, self.partition, &next).await?; // First: it is the fence.
        let before = answer::given(&mut tx, self.partition, &commands).await?;
        let replayed = parking::take(&mut tx, self.partition, &replays).await?;
        let rung = if self.due.is_due(next.at) {
            Some(timer::ring(&mut tx, self.partition, next.at).await?)
        } else {
            None
        };
        let timers = rung.iter().flat_map(|it| &it.envelopes);
        let fresh = arrived.into_iter().filter(|it| !before.contains_key(&it.id));
        let ready: Vec<&Envelope> = replayed.iter().chain(fresh).chain(timers).collect();
        let sorted = self.parking.sort(ready, &replays, &commands, poison);
        parking::put(&mut tx, self.partition, next.at, &sorted.parked).await?;

        let said = self.desk.work(&mut tx, next.at, self.partition, &sorted.ready).await?;
        fault::point(self.desk.name(), "decided");
        let set = timer::set(&mut tx, self.partition, &said).await?;
        let decided = sorted.ready.iter().filter_map(|it| Some((it.id, *commands.get(&it.id)?)));
        let answers = answer::compose(decided, next.said + 1, &said);
        let page = self.write(&mut tx, &mut next, said).await?;
        answer::keep(&mut tx, self.partition, next.at, &answers).await?;
        fault::point(self.desk.name(), "before-commit");
        tx.commit().await?;
        fault::point(self.desk.name(), "after-commit");
        self.connection = Some(connection);

        committed.decided = sorted.ready.len();
        committed.parked = sorted.parked.len();
        committed.wake = set.others;
        committed.page = page;
        committed.outcomes = outcomes(before, answers, sorted.refused);
        self.parking.commit(&replays, sorted.keys);
        self.due = match rung {
            Some(rung) => Due::of(rung.next).or_sooner(set.soonest),
            None => self.due.or_sooner(set.soonest),
        };
        self.position = next;
        self.unsaved = false;
        Ok(committed)
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

    /// Writes the page, if there is something to say to everyone.
    async fn write(
        &self,
        db: &mut PgConnection,
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
            speaker: self.desk.name().to_owned(),
            partition: self.partition.number,
            number: next.said,
            at: next.at,
            heard: next.heard.clone(),
            said: events,
        };
        let packed = pack(&page)?;
        sqlx::query("insert into page (partition, number, body) values ($1, $2, $3)")
            .bind(self.partition.column())
            .bind(page.number)
            .bind(&packed)
            .execute(db)
            .await?;
        Ok(Some(Said { page: Arc::new(page), packed: packed.into() }))
    }

    /// Decides each of these alone and forgets it: to find out which of them cannot be decided,
    /// when together they could not. Returns those that failed, and why.
    pub(crate) async fn rehearse(
        &self,
        now: Timestamp,
        inputs: &[Input],
    ) -> anyhow::Result<Vec<(MessageId, String)>> {
        let mut next = self.position.after(now);
        let at = next.at;
        let (arrived, _) = self.take(&mut next, inputs, &mut vec![]);
        let mut failed = Vec::new();
        for envelope in arrived {
            let mut tx = self.db.begin().await?;
            if let Err(error) = self.desk.work(&mut tx, at, self.partition, &[envelope]).await {
                failed.push((envelope.id, format!("{error:#}")));
            }
            tx.rollback().await?;
        }
        Ok(failed)
    }

    /// Parks what a rehearsal found, with the rest of the inputs decided.
    pub(crate) async fn transact_without(
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

/// Moves the position on, if it still is where we left it.
async fn advance(
    db: &mut PgConnection,
    partition: Partition,
    next: &Position,
) -> anyhow::Result<()> {
    let moved = sqlx::query(
        "update position set version = $2, heard = $3, at = $4
          where partition = $1 and version = $2 - 1",
    )
    .bind(partition.column())
    .bind(next.version)
    .bind(Json(&next.heard))
    .bind(next.at.to_sqlx())
    .execute(db)
    .await?;
    ensure!(moved.rows_affected() == 1, Fenced(partition.number));
    Ok(())
}

fn outcomes(
    before: Answers,
    now: Answers,
    refused: Vec<(MessageId, Outcome)>,
) -> BTreeMap<MessageId, Outcome> {
    let answered = before.into_iter().chain(now);
    answered.map(|(id, it)| (id, Outcome::Answered(it))).chain(refused).collect()
}
