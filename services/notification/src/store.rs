//! Where letters are kept between batches, and where the postman finds them.

use std::collections::BTreeSet;

use anyhow::Context;
use chassis::{Batch, clock};
use contracts::notification::LetterKind;
use contracts::{Cents, Currency, LetterId, OrderId};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::Inbound;
use crate::letter::{Books, Letter, Line, Order, State};

const LOAD_KNOWN: &str = "
    select order_id, has_email
      from placed_order
     where order_id = any($1::uuid[])";

const LOAD_LETTERS: &str = "
    select order_id, letter_id, kind, attempts, state, next_attempt_at, reason
      from letter
     where order_id = any($1::uuid[])";

// An order that was placed twice is not looked for first: the first to come stays.
const SAVE_PLACED: &str = "
    insert into placed_order (order_id, order_no, currency, total_cents, freight_cents, lines,
                              has_email)
    select order_id, order_no, currency, total, freight, lines::json, has_email
      from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
                  $7::boolean[])
        as new (order_id, order_no, currency, total, freight, lines, has_email)
        on conflict do nothing";

const SAVE_WRITTEN: &str = "
    insert into letter (order_id, letter_id, kind, facts, written_at, attempts, state,
                        next_attempt_at, reason)
    select order_id, letter_id, kind, facts::json, $1, attempts, state, next_attempt_at, reason
      from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::text[],
                  $8::timestamptz[], $9::text[])
        as new (order_id, letter_id, kind, facts, attempts, state, next_attempt_at, reason)";

const SAVE_CHANGED: &str = "
    update letter
       set attempts = new.attempts, state = new.state, next_attempt_at = new.next_attempt_at,
           reason = new.reason
      from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::timestamptz[], $6::text[])
        as new (order_id, letter_id, attempts, state, next_attempt_at, reason)
     where letter.order_id = new.order_id and letter.letter_id = new.letter_id";

const TAKE_ROUND: &str = "
    select pg_try_advisory_lock(hashtextextended('the postman''s round', 0))";

const END_ROUND: &str = "select pg_advisory_unlock_all()";

const DUE: &str = "
    select letter.order_id, letter.letter_id, kind, facts, written_at, attempts,
           order_no, currency, total_cents, freight_cents, lines, has_email
      from letter
      join placed_order on placed_order.order_id = letter.order_id
     where state = 'queued' and next_attempt_at <= $3 and letter_id <> all($1::uuid[])
     order by next_attempt_at
     limit $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    LOAD_KNOWN,
    LOAD_LETTERS,
    SAVE_PLACED,
    SAVE_WRITTEN,
    SAVE_CHANGED,
    TAKE_ROUND,
    END_ROUND,
    DUE,
];

type LetterRow = (Uuid, Uuid, String, i32, String, Option<SqlTimestamp>, Option<String>);

/// Reads what the batch touches. Everything here belongs to this partition alone. Two statements
/// for any batch, and none for one that only places orders.
pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> anyhow::Result<Books> {
    let mut books = Books::default();
    let wanted: BTreeSet<Uuid> = batch.messages().filter_map(order).map(Uuid::from).collect();
    if wanted.is_empty() {
        return Ok(books);
    }
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    let known: Vec<(Uuid, bool)> =
        sqlx::query_as(LOAD_KNOWN).bind(&wanted).fetch_all(&mut *db).await?;
    books.known = known.into_iter().map(|(order, it)| (OrderId(order), it)).collect();
    let letters: Vec<LetterRow> =
        sqlx::query_as(LOAD_LETTERS).bind(&wanted).fetch_all(&mut *db).await?;
    for row in letters {
        let (id, letter) = letter(row)?;
        books.letters.insert(id, letter);
    }
    Ok(books)
}

/// Which order has to be looked up for this message.
pub(crate) fn order(message: &Inbound) -> Option<OrderId> {
    match message {
        Inbound::OrderPlaced(_) => None, // Written down, whatever is known.
        Inbound::OrderConfirmed(it) => Some(it.order),
        Inbound::OrderCancelled(it) => Some(it.order),
        Inbound::OrderExpired(it) => Some(it.order),
        Inbound::Shipped(it) => Some(it.order),
        Inbound::Delivered(it) => Some(it.order),
        Inbound::InvoiceIssued(it) => Some(it.order),
        Inbound::RecordAttempt(it) => Some(it.order),
    }
}

/// Writes what the batch added and changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    now: Timestamp,
    books: &Books,
) -> anyhow::Result<()> {
    save_placed(db, books).await?;
    save_written(db, now, books).await?;
    save_changed(db, books).await
}

async fn save_placed(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    let placed = &books.placed;
    if placed.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_PLACED)
        .bind(placed.keys().map(|it| it.0).collect::<Vec<Uuid>>())
        .bind(placed.values().map(|it| it.number.as_str()).collect::<Vec<&str>>())
        .bind(placed.values().map(|it| it.currency.code()).collect::<Vec<&str>>())
        .bind(placed.values().map(|it| it.total.0).collect::<Vec<i64>>())
        .bind(placed.values().map(|it| it.freight.0).collect::<Vec<i64>>())
        .bind(texts(placed.values().map(|it| &it.lines))?)
        .bind(placed.values().map(|it| it.has_email).collect::<Vec<bool>>())
        .execute(db)
        .await?;
    Ok(())
}

fn texts<'a, T: Serialize + 'a>(
    all: impl Iterator<Item = &'a T>,
) -> serde_json::Result<Vec<String>> {
    all.map(serde_json::to_string).collect()
}

async fn save_written(db: &mut PgConnection, now: Timestamp, books: &Books) -> anyhow::Result<()> {
    if books.written.is_empty() {
        return Ok(());
    }
    let letters: Vec<(&LetterId, &Letter)> =
        books.written.keys().filter_map(|it| books.letters.get_key_value(it)).collect();
    let Columns { orders, ids, attempts, states, nexts, reasons } = columns(&letters);
    sqlx::query(SAVE_WRITTEN)
        .bind(now.to_sqlx())
        .bind(orders)
        .bind(ids)
        .bind(letters.iter().map(|(_, it)| it.kind.name()).collect::<Vec<&str>>())
        .bind(texts(books.written.values())?)
        .bind(attempts)
        .bind(states)
        .bind(nexts)
        .bind(reasons)
        .execute(db)
        .await?;
    Ok(())
}

async fn save_changed(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    if books.changed.is_empty() {
        return Ok(());
    }
    let letters: Vec<(&LetterId, &Letter)> =
        books.changed.iter().filter_map(|it| books.letters.get_key_value(it)).collect();
    let Columns { orders, ids, attempts, states, nexts, reasons } = columns(&letters);
    sqlx::query(SAVE_CHANGED)
        .bind(orders)
        .bind(ids)
        .bind(attempts)
        .bind(states)
        .bind(nexts)
        .bind(reasons)
        .execute(db)
        .await?;
    Ok(())
}

/// What both statements write.
#[derive(Default)]
struct Columns<'a> {
    orders: Vec<Uuid>,
    ids: Vec<Uuid>,
    attempts: Vec<i32>,
    states: Vec<&'static str>,
    nexts: Vec<Option<SqlTimestamp>>,
    reasons: Vec<Option<&'a str>>,
}

fn columns<'a>(letters: &[(&LetterId, &'a Letter)]) -> Columns<'a> {
    let mut columns = Columns::default();
    for (id, letter) in letters {
        let (state, next, reason) = match &letter.state {
            State::Queued { next_attempt_at, reason } => {
                ("queued", Some(next_attempt_at.to_sqlx()), reason.as_deref())
            }
            State::Sent => ("sent", None, None),
            State::Failed { reason } => ("failed", None, Some(reason.as_str())),
        };
        columns.orders.push(letter.order.0);
        columns.ids.push(id.0);
        columns.attempts.push(letter.attempts);
        columns.states.push(state);
        columns.nexts.push(next);
        columns.reasons.push(reason);
    }
    columns
}

fn letter(row: LetterRow) -> anyhow::Result<(LetterId, Letter)> {
    let (order, id, kind, attempts, state, next, reason) = row;
    let kind = LetterKind::named(&kind).context("the schema knows the kinds")?;
    let state = match (state.as_str(), next) {
        ("queued", Some(next)) => State::Queued { next_attempt_at: next.to_jiff(), reason },
        ("sent", None) => State::Sent,
        ("failed", None) => State::Failed { reason: reason.unwrap_or_default() },
        (other, _) => anyhow::bail!("the schema forbids a letter that is {other}"),
    };
    Ok((LetterId(id), Letter { order: OrderId(order), kind, attempts, state }))
}

// ---- For the postman ---------------------------------------------------------------------------

/// A letter that is due.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due {
    pub(crate) letter: LetterId,
    pub(crate) order: OrderId,
    pub(crate) kind: LetterKind,
    /// Not read yet: a newer release may have written what this one does not understand.
    pub(crate) facts: Value,
    pub(crate) written_at: Timestamp,
    /// How often it was tried.
    pub(crate) attempts: i32,
    pub(crate) about: Order,
}

/// As `DUE` reads it.
type DueRow = (
    Uuid,
    Uuid,
    String,
    Json<Value>,
    SqlTimestamp,
    i32,
    String,
    String,
    i64,
    i64,
    Json<Vec<Line>>,
    bool,
);

/// The right to read what is due and to send it, of which there is one. It goes with the
/// connection, so that whoever reads has it, and whoever loses the connection loses it.
pub(crate) struct Round(PgConnection);

impl Round {
    /// Takes the round, unless somebody else has it.
    pub(crate) async fn take(db: &PgPool) -> anyhow::Result<Option<Self>> {
        // Out of the pool first: a connection that others use must never hold it.
        let mut round = Self(db.acquire().await?.detach());
        let taken: bool = sqlx::query_scalar(TAKE_ROUND).fetch_one(&mut round.0).await?;
        if taken {
            return Ok(Some(round));
        }
        round.end().await?;
        Ok(None)
    }

    /// The letters that are due, the longest waiting first, without these.
    pub(crate) async fn due(
        &mut self,
        without: Vec<Uuid>,
        at_most: usize,
    ) -> anyhow::Result<Vec<Due>> {
        let rows: Vec<DueRow> = sqlx::query_as(DUE)
            .bind(without)
            .bind(i64::try_from(at_most)?)
            .bind(clock::now().to_sqlx())
            .fetch_all(&mut self.0)
            .await?;
        rows.into_iter().map(due).collect()
    }

    /// Gives it up, before the connection closes in its own time.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        sqlx::query(END_ROUND).execute(&mut self.0).await?;
        Ok(sqlx::Connection::close(self.0).await?)
    }
}

fn due(row: DueRow) -> anyhow::Result<Due> {
    let (
        order,
        letter,
        kind,
        facts,
        written_at,
        attempts,
        order_no,
        currency,
        total,
        freight,
        lines,
        has_email,
    ) = row;
    Ok(Due {
        letter: LetterId(letter),
        order: OrderId(order),
        kind: LetterKind::named(&kind).context("the schema knows the kinds")?,
        facts: facts.0,
        written_at: written_at.to_jiff(),
        attempts,
        about: Order {
            number: order_no,
            currency: Currency::new(&currency)?,
            total: Cents(total),
            freight: Cents(freight),
            lines: lines.0,
            has_email,
        },
    })
}
