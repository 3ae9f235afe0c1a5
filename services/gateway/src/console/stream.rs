//! What changes on a page, as server-sent events.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use contracts::Timestamp;
use futures::Stream;
use serde::Deserialize;
use uuid::Uuid;

use super::language::Reader;
use super::live::{Also, Seat, Told, Watching};
use super::table::Asking;
use crate::access::{May, act, as_long_as_known};
use crate::http::Api;
use crate::http::problem::Problem;

/// How many pages may be followed at a time; beyond that the answer is 503.
const VIEWERS: usize = 2_000;

/// How many orders a page may show.
const ORDERS: usize = 500;

/// So often something is said, so that whoever stands between sees that the page is alive.
const SIGN: Duration = Duration::from_secs(15);

/// What a page shows.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Shown {
    /// `order.version`, parted by commas.
    watch: String,
    /// Whether orders that come to fit belong on it, too: `yes`.
    also: String,
    /// Only if they were placed at this time or later, in microseconds.
    since: String,
}

/// Follows a page: an event `rows` with the rows that changed or came, `missed` where there were
/// more than can be told.
pub(super) async fn follow(
    State(api): State<Api>,
    may: May<act::ListOrders>,
    (reader, headers): (Reader, HeaderMap),
    Query(shown): Query<Shown>,
    Query(asking): Query<Asking>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if api.live.viewers() >= VIEWERS {
        return Err(Problem::busy());
    }
    let seen = seen(&shown.watch)?;
    let also = match &*shown.also {
        "" => None,
        _ => Some(Also { filter: asking.filter(&api.settings.zone)?, since: since(&shown.since)? }),
    };
    let seat = Seat::take(
        &api,
        Watching {
            language: reader.language,
            scope: may.scope().clone(),
            sight: may.sight(),
            seen,
            also,
            came: VecDeque::new(),
        },
    );
    let events = futures::stream::unfold(seat, async |mut seat| {
        let event = match seat.next().await? {
            Told::Rows(rows) => Event::default().event("rows").data(rows),
            Told::Missed => Event::default().event("missed").data("-"),
        };
        Some((Ok(event), seat))
    });
    let events = as_long_as_known(&api, &may, headers, events);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN)))
}

fn seen(text: &str) -> Result<HashMap<Uuid, i64>, Problem> {
    let one = |it: &str| {
        let (order, version) = it.split_once('.')?;
        Some((Uuid::try_parse(order).ok()?, version.parse().ok()?))
    };
    let each = text.split(',').filter(|it| !it.is_empty());
    let seen: Option<HashMap<Uuid, i64>> = each.map(one).collect();
    let seen = seen.filter(|it| it.len() <= ORDERS);
    let expected = format!("watch: expected order.version, {ORDERS} at most, parted by commas");
    seen.ok_or_else(|| Problem::malformed(expected))
}

fn since(text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = text.parse().ok().and_then(|it| Timestamp::from_microsecond(it).ok());
    at.map(Some).ok_or_else(|| Problem::malformed("since: expected microseconds"))
}
