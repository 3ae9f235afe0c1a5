//! Following statuses: server-sent events, as the HTML standard has them.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use contracts::{ChannelId, ExternalId};
use futures::{Stream, stream};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Asked, header_text};
use super::problem::{Always, IfMissing, Problem};
use super::{Api, schema};
use crate::access::{May, Resource, act, as_long_as_known};
use crate::following::{Begin, Shown, Unseen, Viewer, Wanted};

/// When a client that was cut off shall come again.
const COME_AGAIN: Duration = Duration::from_secs(2);

/// After so many seconds there may be room for another.
const ROOM: u32 = 5;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FollowQuery {
    /// Only this order, by what the channel calls it.
    #[param(example = "W-1001", pattern = r"^[!#$&'()+,/:;=?@A-Z\[\]^_`a-z{|}~0-9-]{1,64}$")]
    order: Option<String>,
    /// Where to begin without an id of an event: with what comes `now`, if nothing is said, or with
    /// the `start` of what is kept: 14 days.
    #[param(inline, example = "start")]
    from: Option<FromWhere>,
    /// The same as the header `Last-Event-ID`, for clients that cannot send it. The header goes
    /// before.
    #[param(example = "18f0c2a9b3d4e5f6-1042", pattern = "^([0-9a-f]{1,16}-[0-9]{1,18})?$")]
    last_event_id: Option<String>,
}

/// One event: `id: …`, `event: …` and `data: …`, a line each, and an empty line.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents what is sent")]
pub(crate) struct StatusEvent {
    /// The place after it, for `Last-Event-ID`.
    #[schema(example = "18f0c2a9b3d4e5f6-1042")]
    id: String,
    event: EventName,
    /// An `OrderStatus` as JSON, or why it begins anew.
    #[schema(
        example = r#"{"channel":"webshop","external_id":"W-1001","number":1,"status":"checking"}"#
    )]
    data: String,
}

/// What an event is.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only documents what is sent")]
pub(crate) enum EventName {
    Status,
    Reset,
}

/// Where to begin.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FromWhere {
    Now,
    Start,
}

/// The header by which a client goes on, as it is documented.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents what is read")]
pub(crate) struct LastEventHeader {
    /// The id of the last event that was seen: the next one is what follows it. Browsers send it by
    /// themselves.
    #[param(
        rename = "Last-Event-ID",
        example = "18f0c2a9b3d4e5f6-1042",
        pattern = "^([0-9a-f]{1,16}-[0-9]{1,18})?$"
    )]
    last_event_id: Option<String>,
}

/// Follow the statuses of a channel
///
/// Server-sent events, for as long as the client stays. Each `status` bears one `OrderStatus` as JSON,
/// as it is published on NATS to `orders.status.<channel>.<external_id>.<status>`, in that order,
/// numbered for each external id without gaps. Its id names the place after it: a client that
/// was cut off comes again with the last id that it has seen, and misses nothing and sees nothing
/// twice. It has an id from the first moment on, and every 15 seconds a comment with the id at which
/// it is. A client that takes nothing for 30 seconds is hung up on; it may come again.
///
/// An event `reset` with `{"reason": "lost"}` or `{"reason": "expired"}` says that there is no going on
/// after that id, because the stream was made anew, or what followed is no longer kept (14
/// days). All that is kept follows; what is known already is told by its number. Where each order
/// is tells `GET /v1/orders`.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/statuses", tag = "Orders", operation_id = "follow_statuses",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose orders.", example = "webshop"),
        FollowQuery, LastEventHeader,
    ),
    responses(
        (status = 200, description = "Statuses, as they come: so is each event.",
            body = StatusEvent, content_type = "text/event-stream"),
        Always, IfMissing,
    ),
)]
pub(crate) async fn follow_statuses(
    State(api): State<Api>,
    Path(channel): Path<String>,
    Asked(query): Asked<FollowQuery>,
    may: May<act::FollowStatuses>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (wanted, channel, from) = read(channel, &query, &headers)?;
    may.on(&Resource::Of(&channel), "There is no such channel")?;
    let viewer = api.following.follow(wanted, from).await.map_err(|it| match it {
        Unseen::Full => Problem::busy().saying("So many follow already").retry(ROOM),
        Unseen::Unreadable(error) => {
            tracing::warn!(%error, "the statuses cannot be followed: {error:#}");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", UNREADABLE).retry(1)
        }
    })?;
    let as_it_comes = [
        (header::CACHE_CONTROL, "no-store"),
        // What stands between shall not keep events back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let events = as_long_as_known(&api, &may, headers, events(viewer));
    let mut response = Sse::new(events).into_response();
    for (name, value) in as_it_comes {
        response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    }
    Ok(response)
}

const UNREADABLE: &str = "Statuses cannot be read at the moment";

/// What is to be followed, and from where; every fault at once.
fn read(
    channel: String,
    query: &FollowQuery,
    headers: &HeaderMap,
) -> Result<(Wanted, ChannelId, Begin), Problem> {
    let mut faults = Vec::new();
    let channel = ChannelId::new(channel);
    let order = query.order.clone().map(ExternalId::new).transpose();
    if let Err(error) = &channel {
        faults.push(format!("channel: {error}"));
    }
    if let Err(error) = &order {
        faults.push(format!("order: {error}"));
    }
    let mut place = |name: &str, last: Option<&str>| {
        // Who has seen nothing yet may send the id empty.
        let last = last.filter(|it| !it.is_empty())?;
        let unknown = |()| {
            let found: String = last.chars().take(64).collect();
            faults.push(format!("{name}: {found:?}, not the id of an event"));
        };
        last.parse().map_err(unknown).ok()
    };
    let header = place("Last-Event-ID", header_text(headers, "last-event-id")?);
    let asked = place("last_event_id", query.last_event_id.as_deref());
    let from = match (header.or(asked), query.from) {
        (Some(place), _) => Begin::After(place),
        (None, Some(FromWhere::Start)) => Begin::Start,
        (None, Some(FromWhere::Now) | None) => Begin::Now,
    };
    match (channel, order) {
        (Ok(channel), Ok(order)) if faults.is_empty() => {
            Ok((Wanted::of(&channel, order.as_ref()), channel, from))
        }
        _ => Err(Problem::malformed(faults.join("; "))),
    }
}

fn events(viewer: Viewer) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(viewer, async |mut viewer| {
        let shown = viewer.next().await?;
        Some((Ok(event(shown)), viewer))
    })
}

fn event(shown: Shown) -> Event {
    match shown {
        // Without data, so nothing is shown to the reader; but it knows where to go on.
        Shown::From(place) => Event::default().retry(COME_AGAIN).id(place.to_string()),
        Shown::Reset(place, why) => {
            let why = format!(r#"{{"reason":"{}"}}"#, why.word());
            Event::default().id(place.to_string()).event("reset").data(why)
        }
        Shown::Status(place, it) => {
            let body = String::from_utf8_lossy(&it.body);
            Event::default().id(place.to_string()).event("status").data(body)
        }
        Shown::Alive(place) => Event::default().comment("alive").id(place.to_string()),
    }
}
