//! What a batch changed is written here.

use contracts::webhook::{CallFault, CallOutcome, DisabledBecause, RecordCall};
use contracts::{DeliveryId, EndpointId};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::books::{Books, Order};
use crate::delivery::{Delivery, DeliveryState};
use crate::endpoint::{Endpoint, EndpointState};

// An order that was placed twice is not looked for first: the first to come stays.
const SAVE_PLACED: &str = "
    insert into placed_order (order_id, order_no, channel, external_id)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
        on conflict do nothing";

const SAVE_ENDPOINT: &str = "
    insert into endpoint (endpoint_id, channel, url, events, state, reason, because, secret,
                          old_secret, old_secret_until)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (endpoint_id) do update
       set url = excluded.url, events = excluded.events, state = excluded.state,
           reason = excluded.reason, because = excluded.because, secret = excluded.secret,
           old_secret = excluded.old_secret, old_secret_until = excluded.old_secret_until";

const SAVE_WRITTEN: &str = "
    insert into delivery (strand, delivery_id, endpoint_id, number, event, body, written_at,
                          state, attempts, earlier, next_attempt_at)
    select strand, delivery_id, endpoint_id, number, event, body, $1, state, attempts, earlier,
           next_attempt_at
      from unnest($2::text[], $3::uuid[], $4::text[], $5::integer[], $6::text[], $7::text[],
                  $8::text[], $9::integer[], $10::integer[], $11::timestamptz[])
        as new (strand, delivery_id, endpoint_id, number, event, body, state, attempts, earlier,
                next_attempt_at)";

const SAVE_CHANGED: &str = "
    update delivery
       set state = new.state, attempts = new.attempts, earlier = new.earlier,
           next_attempt_at = new.next_attempt_at
      from unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::integer[],
                  $6::timestamptz[])
        as new (strand, delivery_id, state, attempts, earlier, next_attempt_at)
     where delivery.strand = new.strand and delivery.delivery_id = new.delivery_id";

const SAVE_CALLS: &str = "
    insert into call (strand, delivery_id, attempt, endpoint_id, at, millis, status, answer, fault)
    select * from unnest($1::text[], $2::uuid[], $3::integer[], $4::text[], $5::timestamptz[],
                         $6::bigint[], $7::integer[], $8::text[], $9::jsonb[])";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 5] =
    [SAVE_PLACED, SAVE_ENDPOINT, SAVE_WRITTEN, SAVE_CHANGED, SAVE_CALLS];

/// Writes what the batch added and changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    now: Timestamp,
    books: &Books,
) -> anyhow::Result<()> {
    save_placed(db, books).await?;
    for id in &books.set {
        if let Some(it) = books.endpoints.get(id) {
            save_endpoint(db, id, it).await?; // Now and then, and one at a time.
        }
    }
    save_written(db, now, books).await?;
    save_changed(db, books).await?;
    save_calls(db, &books.calls).await
}

async fn save_placed(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    if books.placed.is_empty() {
        return Ok(());
    }
    let placed: Vec<(Uuid, &Order)> =
        books.placed.iter().filter_map(|it| Some((it.0, books.orders.get(it)?))).collect();
    sqlx::query(SAVE_PLACED)
        .bind(placed.iter().map(|it| it.0).collect::<Vec<Uuid>>())
        .bind(placed.iter().map(|it| it.1.number.as_str()).collect::<Vec<&str>>())
        .bind(placed.iter().map(|it| it.1.channel.as_str()).collect::<Vec<&str>>())
        .bind(placed.iter().map(|it| it.1.external_id.as_str()).collect::<Vec<&str>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn save_endpoint(
    db: &mut PgConnection,
    id: &EndpointId,
    it: &Endpoint,
) -> anyhow::Result<()> {
    let (state, reason, because) = endpoint_columns(&it.state);
    sqlx::query(SAVE_ENDPOINT)
        .bind(id.as_str())
        .bind(it.channel.as_str())
        .bind(it.url.as_str())
        .bind(it.events.iter().map(|it| it.name()).collect::<Vec<&str>>())
        .bind(state)
        .bind(reason)
        .bind(because.map(Json))
        .bind(it.secret.0.as_str())
        .bind(it.old_secret.as_ref().map(|it| it.0.0.as_str()))
        .bind(it.old_secret.as_ref().map(|it| it.1.to_sqlx()))
        .execute(db)
        .await?;
    Ok(())
}

async fn save_written(db: &mut PgConnection, now: Timestamp, books: &Books) -> anyhow::Result<()> {
    if books.written.is_empty() {
        return Ok(());
    }
    let written: Vec<(&DeliveryId, &Delivery)> =
        books.written.keys().filter_map(|it| books.deliveries.get_key_value(it)).collect();
    let Columns { strands, ids, states, attempts, earlier, nexts } = columns(&written);
    sqlx::query(SAVE_WRITTEN)
        .bind(now.to_sqlx())
        .bind(strands)
        .bind(ids)
        .bind(written.iter().map(|it| it.1.endpoint.as_str()).collect::<Vec<&str>>())
        .bind(written.iter().map(|it| it.1.number).collect::<Vec<i32>>())
        .bind(written.iter().map(|it| it.1.event.name()).collect::<Vec<&str>>())
        .bind(books.written.values().map(String::as_str).collect::<Vec<&str>>())
        .bind(states)
        .bind(attempts)
        .bind(earlier)
        .bind(nexts)
        .execute(db)
        .await?;
    Ok(())
}

async fn save_changed(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    if books.changed.is_empty() {
        return Ok(());
    }
    let changed: Vec<(&DeliveryId, &Delivery)> =
        books.changed.iter().filter_map(|it| books.deliveries.get_key_value(it)).collect();
    let Columns { strands, ids, states, attempts, earlier, nexts } = columns(&changed);
    sqlx::query(SAVE_CHANGED)
        .bind(strands)
        .bind(ids)
        .bind(states)
        .bind(attempts)
        .bind(earlier)
        .bind(nexts)
        .execute(db)
        .await?;
    Ok(())
}

/// What both statements write.
#[derive(Default)]
struct Columns<'a> {
    strands: Vec<&'a str>,
    ids: Vec<Uuid>,
    states: Vec<&'static str>,
    attempts: Vec<i32>,
    earlier: Vec<i32>,
    nexts: Vec<Option<SqlTimestamp>>,
}

fn columns<'a>(deliveries: &[(&DeliveryId, &'a Delivery)]) -> Columns<'a> {
    let mut columns = Columns::default();
    for (id, it) in deliveries {
        let (state, next) = delivery_columns(it.state);
        columns.strands.push(&it.strand);
        columns.ids.push(id.0);
        columns.states.push(state);
        columns.attempts.push(it.attempts);
        columns.earlier.push(it.earlier);
        columns.nexts.push(next.map(ToSqlx::to_sqlx));
    }
    columns
}

async fn save_calls(
    db: &mut PgConnection,
    calls: &[(EndpointId, RecordCall)],
) -> anyhow::Result<()> {
    if calls.is_empty() {
        return Ok(());
    }
    let told: Vec<_> = calls.iter().map(|(_, it)| call_columns(&it.outcome)).collect();
    sqlx::query(SAVE_CALLS)
        .bind(calls.iter().map(|it| it.1.strand.as_str()).collect::<Vec<&str>>())
        .bind(calls.iter().map(|it| it.1.delivery.0).collect::<Vec<Uuid>>())
        .bind(calls.iter().map(|it| it.1.attempt).collect::<Vec<i32>>())
        .bind(calls.iter().map(|it| it.0.as_str()).collect::<Vec<&str>>())
        .bind(calls.iter().map(|it| it.1.at.to_sqlx()).collect::<Vec<SqlTimestamp>>())
        .bind(calls.iter().map(|it| it.1.millis).collect::<Vec<i64>>())
        .bind(told.iter().map(|it| it.0).collect::<Vec<Option<i32>>>())
        .bind(told.iter().map(|it| it.1).collect::<Vec<&str>>())
        .bind(told.iter().map(|it| it.2.map(Json)).collect::<Vec<Option<Json<&CallFault>>>>())
        .execute(db)
        .await?;
    Ok(())
}

/// The state of an endpoint, and why it has it: in English, and as a code.
pub(crate) fn endpoint_columns(
    state: &EndpointState,
) -> (&'static str, Option<&str>, Option<&DisabledBecause>) {
    match state {
        EndpointState::Active => ("active", None, None),
        EndpointState::Off => ("off", None, None),
        EndpointState::Disabled(reason, because) => ("disabled", Some(reason), because.as_ref()),
    }
}

/// The state of a delivery, and when it is tried next.
pub(crate) fn delivery_columns(state: DeliveryState) -> (&'static str, Option<Timestamp>) {
    match state {
        DeliveryState::Waiting { next_attempt_at } => ("waiting", Some(next_attempt_at)),
        DeliveryState::Delivered => ("delivered", None),
        DeliveryState::GivenUp => ("given_up", None),
    }
}

/// The status of an answer, and how it begins; or why there was none, in English and as a code.
pub(crate) fn call_columns(outcome: &CallOutcome) -> (Option<i32>, &str, Option<&CallFault>) {
    match outcome {
        CallOutcome::Answered { status, answer } => (Some(i32::from(*status)), answer, None),
        CallOutcome::Failed { reason, fault } => (None, reason, fault.as_ref()),
    }
}
