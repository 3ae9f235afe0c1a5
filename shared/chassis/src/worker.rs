use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, ensure};
use contracts::{Key, Kind, Timestamp, Uuid};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use crate::desk::Sealed;
use crate::log::{Heard, Missing, Position, Take};
use crate::{Desk, Envelope, MessageId, Page};

/// How many timers one transaction takes at most.
const TIMERS_AT_ONCE: i64 = 500;

/// One partition of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    pub number: u32,
    pub of: u32,
}

impl Partition {
    /// Where everything about this key is heard: 32-bit FNV-1a, as the broker does it.
    pub fn about(key: &Key, of: u32) -> Self {
        let hash =
            key.0.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        Self { number: hash % of, of }
    }

    /// Mints an id (a `UUIDv7`) that falls into this partition. The same time and seed give the
    /// same id; other seeds give others.
    pub fn mint(self, now: Timestamp, seed: &str) -> Uuid {
        let millis = now.as_millisecond().unsigned_abs().to_be_bytes();
        let mut random = Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes());
        loop {
            let mut bytes = *random.as_bytes();
            bytes[..6].copy_from_slice(&millis[2..]);
            bytes[6] = bytes[6] & 0x0f | 0x70;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            let id = Uuid::from_bytes(bytes);
            if Self::about(&Key(id.hyphenated().to_string()), self.of) == self {
                return id;
            }
            random = Uuid::new_v5(&random, b"again");
        }
    }

    fn column(self) -> i32 {
        self.number.cast_signed()
    }
}

/// Something that is ready to be decided. Timers are not among it: they are rows, which the worker
/// reads for itself.
#[derive(Debug, Clone)]
pub enum Input {
    Page(Page),
    Command(Envelope),
}

/// What to do once the transaction is committed.
#[derive(Debug)]
pub struct Committed {
    /// Publish this.
    pub page: Option<Page>,
    /// Answer these commands.
    pub answers: Answers,
    /// Ask for these, and then try again what needs them.
    pub missing: Vec<Missing>,
}

/// What was said because of a command.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The page that tells everyone, if any. A reader who has heard it sees the effect.
    pub page: Option<i64>,
    pub said: Vec<Envelope>,
}

#[derive(Debug, Default)]
struct Taken {
    ready: Vec<Envelope>,
    commands: BTreeSet<MessageId>,
    missing: Vec<Missing>,
}

/// The answer to each command, by its id.
pub type Answers = BTreeMap<MessageId, Answer>;

type Row = (i64, Json<Heard>, SqlTimestamp, i64);

/// The one writer of one partition of one service.
pub struct Worker {
    desk: Arc<dyn Desk>,
    db: PgPool,
    partition: Partition,
    position: Position,
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
        Ok(Self { desk, db, partition, position })
    }

    /// Decides whatever is ready, in one transaction: all of it happens, or nothing.
    pub async fn transact(
        &mut self,
        now: Timestamp,
        inputs: Vec<Input>,
    ) -> anyhow::Result<Committed> {
        let mut next = self.position.after(now);
        let Taken { mut ready, commands, missing } = self.take(&mut next, inputs);

        let mut tx = self.db.begin().await?;
        advance(&mut tx, self.partition, &next).await?; // First: it is the fence.
        let mut answers = answered(&mut tx, &commands).await?;
        ready.retain(|it| !answers.contains_key(&it.id));
        ready.extend(ring(&mut tx, self.partition, next.at).await?);

        let said = self.desk.work(&mut tx, next.at, self.partition, ready).await?;
        let page = self.write(&mut tx, &mut next, &said).await?;
        set_timers(&mut tx, self.partition.of, &said).await?;
        let fresh = commands.into_iter().filter(|it| !answers.contains_key(it));
        let fresh = answer(fresh, page.as_ref(), &said);
        write_answers(&mut tx, next.at, &fresh).await?;
        tx.commit().await?;

        self.position = next;
        answers.extend(fresh);
        Ok(Committed { page, answers, missing })
    }

    /// Of what came in, that which is new and which this service listens to, in the same order.
    fn take(&self, next: &mut Position, inputs: Vec<Input>) -> Taken {
        let hears: BTreeSet<&str> = self.desk.hears().iter().map(|it| it.subject).collect();
        let mut taken = Taken::default();
        for input in inputs {
            match input {
                Input::Page(page) => match next.take(&page) {
                    Take::Next => taken.ready.extend(
                        page.said.into_iter().filter(|it| hears.contains(it.subject.as_str())),
                    ),
                    Take::Duplicate => {}
                    Take::Missing(missing) => taken.missing.push(missing),
                },
                Input::Command(command) => {
                    if taken.commands.insert(command.id) {
                        taken.ready.push(command);
                    }
                }
            }
        }
        taken
    }

    /// Writes the page, if there is something to say to everyone.
    async fn write(
        &self,
        db: &mut PgConnection,
        next: &mut Position,
        said: &[Sealed],
    ) -> anyhow::Result<Option<Page>> {
        let events: Vec<Envelope> =
            said.iter().filter(|it| it.is_for_everyone()).map(|it| it.envelope.clone()).collect();
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
        sqlx::query("insert into page (partition, number, body) values ($1, $2, $3)")
            .bind(self.partition.column())
            .bind(page.number)
            .bind(serde_json::to_vec(&page)?)
            .execute(db)
            .await?;
        Ok(Some(page))
    }
}

/// Whose pages a service takes: a subject begins with its speaker.
fn speakers(desk: &dyn Desk) -> BTreeSet<String> {
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
    ensure!(moved.rows_affected() == 1, "partition {} has another owner", partition.number);
    Ok(())
}

/// Which of the commands were answered before, and how.
async fn answered(
    db: &mut PgConnection,
    commands: &BTreeSet<MessageId>,
) -> anyhow::Result<Answers> {
    if commands.is_empty() {
        return Ok(Answers::new());
    }
    let ids: Vec<Uuid> = commands.iter().map(|it| it.0).collect();
    let rows: Vec<(Uuid, Vec<u8>)> =
        sqlx::query_as("select command_id, body from answer where command_id = any($1)")
            .bind(ids)
            .fetch_all(db)
            .await?;
    rows.into_iter().map(|(id, body)| Ok((MessageId(id), serde_json::from_slice(&body)?))).collect()
}

/// Takes the timers that are due.
async fn ring(
    db: &mut PgConnection,
    partition: Partition,
    now: Timestamp,
) -> anyhow::Result<Vec<Envelope>> {
    let rows: Vec<(Json<Envelope>, SqlTimestamp, Uuid)> = sqlx::query_as(
        "with due as (
             select id from timer where partition = $1 and due <= $2
              order by due, id limit $3
         )
         delete from timer using due where timer.id = due.id
         returning timer.envelope, timer.due, timer.id",
    )
    .bind(partition.column())
    .bind(now.to_sqlx())
    .bind(TIMERS_AT_ONCE)
    .fetch_all(db)
    .await?;
    let mut rows: Vec<_> =
        rows.into_iter().map(|(Json(it), due, id)| (due.to_jiff(), id, it)).collect();
    rows.sort_by_key(|(due, id, _)| (*due, *id)); // `returning` keeps no order.
    Ok(rows.into_iter().map(|(_, _, envelope)| envelope).collect())
}

async fn set_timers(db: &mut PgConnection, of: u32, said: &[Sealed]) -> anyhow::Result<()> {
    let (mut ids, mut partitions, mut dues, mut envelopes) = (vec![], vec![], vec![], vec![]);
    for timer in of_kind(said, Kind::Timer) {
        ids.push(timer.envelope.id.0);
        partitions.push(Partition::about(&timer.envelope.key, of).column());
        dues.push(timer.due.context("a timer has a time")?.to_sqlx());
        envelopes.push(Json(&timer.envelope));
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into timer (id, partition, due, envelope)
         select * from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::jsonb[])",
    )
    .bind(ids)
    .bind(partitions)
    .bind(dues)
    .bind(envelopes)
    .execute(db)
    .await?;
    Ok(())
}

/// A command is answered with what was said because of it.
fn answer(fresh: impl Iterator<Item = MessageId>, page: Option<&Page>, said: &[Sealed]) -> Answers {
    let mut answers: Answers = fresh.map(|it| (it, Answer::default())).collect();
    for it in said {
        let cause = it.envelope.cause.and_then(|cause| answers.get_mut(&cause));
        match (it.contract.kind, cause) {
            (Kind::Event | Kind::Public, Some(answer)) => {
                answer.page = page.map(|it| it.number);
                answer.said.push(it.envelope.clone());
            }
            (Kind::Reply, Some(answer)) => answer.said.push(it.envelope.clone()),
            (Kind::Timer | Kind::Command | Kind::Report | Kind::Question, _) | (_, None) => {}
        }
    }
    answers
}

async fn write_answers(
    db: &mut PgConnection,
    now: Timestamp,
    answers: &Answers,
) -> anyhow::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = answers.keys().map(|it| it.0).collect();
    let bodies: Vec<Vec<u8>> =
        answers.values().map(serde_json::to_vec).collect::<Result<_, _>>()?;
    sqlx::query(
        "insert into answer (command_id, answered_at, body)
         select id, $2, body from unnest($1::uuid[], $3::bytea[]) as new (id, body)",
    )
    .bind(ids)
    .bind(now.to_sqlx())
    .bind(bodies)
    .execute(db)
    .await?;
    Ok(())
}

fn of_kind(said: &[Sealed], kind: Kind) -> impl Iterator<Item = &Sealed> {
    said.iter().filter(move |it| it.contract.kind == kind)
}
