//! Where endpoints and deliveries are kept between batches, and where the courier finds them.

mod ask;
mod round;
mod save;
mod touched;

use std::collections::BTreeSet;

use anyhow::Context;
use chassis::Batch;
use contracts::webhook::{DisabledBecause, HookEvent, HookSecret};
use contracts::{ChannelId, DeliveryId, EndpointId, ExternalId, OrderId};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

pub(crate) use self::ask::{calls_of, endpoints_of};
#[cfg(test)]
pub(crate) use self::round::DUE;
pub(crate) use self::round::{Due, Round};
pub(crate) use self::save::{call_columns, delivery_columns, endpoint_columns, save};
pub(crate) use self::touched::Touched;
use crate::Inbound;
use crate::books::{Books, Order, REPLAYED_AT_ONCE};
use crate::delivery::{Delivery, DeliveryState};
use crate::endpoint::{Endpoint, EndpointState};

const LOAD_ORDERS: &str = "
    select order_id, order_no, channel, external_id
      from placed_order
     where order_id = any($1::uuid[])";

const LOAD_ENDPOINTS: &str = "
    select endpoint_id, channel, url, events, state, reason, because, secret, old_secret,
           old_secret_until
      from endpoint
     where channel = any($1::text[]) or endpoint_id = any($2::text[])";

const LOAD_DELIVERIES: &str = "
    select strand, delivery_id, endpoint_id, number, event, written_at, attempts, earlier, state,
           next_attempt_at
      from delivery
     where strand = any($1::text[])";

// One more than may be: to tell that it is too much, it need not be counted to the end.
const LOAD_STRANDS: &str = "
    select strand, count(*)
      from delivery
     where endpoint_id = $1 and written_at >= $2 and state <> 'waiting'
     group by strand
     limit $3";

#[cfg(test)]
pub(crate) fn statements() -> Vec<&'static str> {
    let mut all = vec![LOAD_ORDERS, LOAD_ENDPOINTS, LOAD_DELIVERIES, LOAD_STRANDS];
    all.extend(save::STATEMENTS);
    all.extend(round::STATEMENTS);
    all.extend(ask::STATEMENTS);
    all
}

/// Reads what the batch touches, in as few statements as that takes; where nobody wants to be
/// called, in one.
pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> anyhow::Result<Books> {
    let mut books = Books::default();
    let mut touched = Touched::by(batch);
    if !touched.orders.is_empty() {
        load_orders(db, &mut books, touched.orders.iter().map(|it| it.0).collect()).await?;
        touched.know(&books);
    }
    let (channels, endpoints) = (list(&touched.channels), list(&touched.endpoints));
    if !channels.is_empty() || !endpoints.is_empty() {
        load_endpoints(db, &mut books, channels, endpoints).await?;
    }
    if touched.needs_deliveries(&books) {
        load_deliveries(db, &mut books, list(&touched.strands)).await?;
    }
    for (endpoint, since) in touched.replays {
        let found = load_strands(db, &endpoint, since).await?;
        books.strands.insert((endpoint, since), found.into_iter().collect());
    }
    Ok(books)
}

fn list(names: &BTreeSet<impl ToString>) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

async fn load_orders(
    db: &mut PgConnection,
    books: &mut Books,
    wanted: Vec<Uuid>,
) -> anyhow::Result<()> {
    let rows: Vec<(Uuid, String, String, String)> =
        sqlx::query_as(LOAD_ORDERS).bind(wanted).fetch_all(db).await?;
    for (id, number, channel, external_id) in rows {
        let channel = ChannelId::new(channel)?;
        let external_id = ExternalId::new(external_id)?;
        books.orders.insert(OrderId(id), Order { number, channel, external_id });
    }
    Ok(())
}

type EndpointRow = (
    String,
    String,
    String,
    Vec<String>,
    String,
    Option<String>,
    Option<Json<DisabledBecause>>,
    String,
    Option<String>,
    Option<SqlTimestamp>,
);

async fn load_endpoints(
    db: &mut PgConnection,
    books: &mut Books,
    channels: Vec<String>,
    endpoints: Vec<String>,
) -> anyhow::Result<()> {
    let rows: Vec<EndpointRow> =
        sqlx::query_as(LOAD_ENDPOINTS).bind(channels).bind(endpoints).fetch_all(db).await?;
    for row in rows {
        let (id, channel, url, events, state, reason, because, secret, old_secret, old_until) = row;
        let old = old_secret.map(HookSecret).zip(old_until.map(SqlTimestamp::to_jiff));
        let endpoint = Endpoint {
            channel: ChannelId::new(channel)?,
            url,
            events: events.iter().map(|it| event(it)).collect::<anyhow::Result<_>>()?,
            state: endpoint_state(&state, reason, because.map(|it| it.0))?,
            secret: HookSecret(secret),
            old_secret: old,
        };
        books.endpoints.insert(EndpointId::new(id)?, endpoint);
    }
    Ok(())
}

type DeliveryRow =
    (String, Uuid, String, i32, String, SqlTimestamp, i32, i32, String, Option<SqlTimestamp>);

async fn load_deliveries(
    db: &mut PgConnection,
    books: &mut Books,
    strands: Vec<String>,
) -> anyhow::Result<()> {
    let rows: Vec<DeliveryRow> =
        sqlx::query_as(LOAD_DELIVERIES).bind(strands).fetch_all(db).await?;
    for row in rows {
        let (strand, id, endpoint, number, kind, written_at, attempts, earlier, state, next) = row;
        let endpoint = EndpointId::new(endpoint)?;
        let state = match (state.as_str(), next) {
            ("waiting", Some(next)) => DeliveryState::Waiting { next_attempt_at: next.to_jiff() },
            ("delivered", None) => DeliveryState::Delivered,
            ("given_up", None) => DeliveryState::GivenUp,
            (other, _) => anyhow::bail!("the schema forbids a delivery that is {other}"),
        };
        let (event, written_at) = (event(&kind)?, written_at.to_jiff());
        let delivery =
            Delivery { endpoint, strand, number, event, written_at, attempts, earlier, state };
        books.read(DeliveryId(id), delivery);
    }
    Ok(())
}

async fn load_strands(
    db: &mut PgConnection,
    endpoint: &EndpointId,
    since: Timestamp,
) -> anyhow::Result<Vec<(String, i64)>> {
    Ok(sqlx::query_as(LOAD_STRANDS)
        .bind(endpoint.as_str())
        .bind(since.to_sqlx())
        .bind(i64::try_from(REPLAYED_AT_ONCE)? + 1)
        .fetch_all(db)
        .await?)
}

fn event(name: &str) -> anyhow::Result<HookEvent> {
    HookEvent::named(name).with_context(|| format!("no event is called {name}"))
}

fn endpoint_state(
    state: &str,
    reason: Option<String>,
    because: Option<DisabledBecause>,
) -> anyhow::Result<EndpointState> {
    Ok(match (state, reason) {
        ("active", None) => EndpointState::Active,
        ("off", None) => EndpointState::Off,
        ("disabled", Some(reason)) => EndpointState::Disabled(reason, because),
        (other, _) => anyhow::bail!("the schema forbids an endpoint that is {other}"),
    })
}
