//! What the service is asked.

use contracts::webhook::{
    CallFault, CallView, CallsOf, DisabledBecause, EndpointView, EndpointsOf,
};
use contracts::{DeliveryId, EndpointId};
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::event;

const ENDPOINTS_OF: &str = "
    select endpoint_id, url, events, state, reason,
           case when state = 'disabled' then because end as because, old_secret_until,
           (select count(*) from delivery
             where delivery.endpoint_id = endpoint.endpoint_id and delivery.state = 'waiting'),
           (select count(*) from delivery
             where delivery.endpoint_id = endpoint.endpoint_id and delivery.state = 'given_up')
      from endpoint
     where channel = $1
     order by endpoint_id";

const CALLS_OF: &str = "
    select call.delivery_id, event, attempt, at, millis, status, answer, fault
      from call
      join delivery on delivery.strand = call.strand and delivery.delivery_id = call.delivery_id
     where call.endpoint_id = $1
     order by at desc, attempt desc
     limit 200";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 2] = [ENDPOINTS_OF, CALLS_OF];

type EndpointRow = (
    String,
    String,
    Vec<String>,
    String,
    Option<String>,
    Option<Json<DisabledBecause>>,
    Option<SqlTimestamp>,
    i64,
    i64,
);

/// The endpoints of a channel.
pub(crate) async fn endpoints_of(
    db: &mut PgConnection,
    asked: &EndpointsOf,
) -> anyhow::Result<Vec<EndpointView>> {
    let rows: Vec<EndpointRow> =
        sqlx::query_as(ENDPOINTS_OF).bind(asked.channel.as_str()).fetch_all(db).await?;
    let view = |row: EndpointRow| {
        let (id, url, events, state, reason, because, old_until, waiting, given_up) = row;
        Ok(EndpointView {
            endpoint: EndpointId::new(id)?,
            url,
            events: events.iter().map(|it| event(it)).collect::<anyhow::Result<_>>()?,
            state,
            reason,
            because: because.map(|it| it.0),
            old_secret_until: old_until.map(SqlTimestamp::to_jiff),
            waiting,
            given_up,
        })
    };
    rows.into_iter().map(view).collect()
}

type CallRow = (Uuid, String, i32, SqlTimestamp, i64, Option<i32>, String, Option<Json<CallFault>>);

/// The latest calls to an endpoint.
pub(crate) async fn calls_of(
    db: &mut PgConnection,
    asked: &CallsOf,
) -> anyhow::Result<Vec<CallView>> {
    let rows: Vec<CallRow> =
        sqlx::query_as(CALLS_OF).bind(asked.endpoint.as_str()).fetch_all(db).await?;
    let view = |row: CallRow| {
        let (id, kind, attempt, at, millis, status, answer, fault) = row;
        Ok(CallView {
            delivery: DeliveryId(id),
            event: event(&kind)?,
            attempt,
            at: at.to_jiff(),
            millis,
            status: status.map(u16::try_from).transpose()?,
            answer,
            fault: fault.map(|it| it.0),
        })
    };
    rows.into_iter().map(view).collect()
}
