//! What is done for every request: it is traced, counted, seen through, and its problems are written.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::{TraceContext, clock};
use futures::{StreamExt, stream};
use serde_json::Value;
use tracing::{Instrument, Span, info_span};

use super::Api;
use super::problem::Problem;

/// What time it is for the suite and how fast that runs, if it is another one than the machine's:
/// `2026-11-22T08:30:00Z;speed=1000`. Whoever reckons ages by the stamps of an answer needs it.
const TIME: HeaderName = HeaderName::from_static("kontor-time");

/// Lets a request in.
pub(super) async fn enter(State(api): State<Api>, request: Request, next: Next) -> Response {
    let came = trace_of(request.headers());
    let span = span(&request, &came);
    let mut response = serve(api, came.clone(), request, next).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let trace_id = trace_id(&came.continued_by(&span));
        problem.traced(trace_id).write_into(&mut response);
    }
    if clock::is_own()
        && let Ok(time) = format!("{};speed={}", clock::now(), clock::speed()).try_into()
    {
        response.headers_mut().insert(TIME, time);
    }
    response
}

/// What a handler has begun it ends, though the client hung up or lost patience: whatever a service
/// was told is decided anyhow, and a connection that is dropped half way may be left in a transaction.
async fn serve(api: Api, came: TraceContext, request: Request, next: Next) -> Response {
    let Ok(permit) = api.at_once.clone().try_acquire_owned() else {
        return Problem::busy().into_response();
    };
    let request = in_time(request, api.settings.request());
    let work = came.during(async move {
        let response = next.run(request).await;
        drop(permit);
        response
    });
    let work = chassis::task::spawn("http", work.in_current_span());
    match tokio::time::timeout(api.settings.request(), work).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::error!(%error, "a request was not served to its end: {error}");
            Problem::internal().into_response()
        }
        Err(_) => Problem::timed_out().into_response(),
    }
}

/// The request, with a body that fails if it has not arrived by then: else a handler would wait for a
/// client who sends nothing, and keep its place, for ever.
fn in_time(request: Request, within: Duration) -> Request {
    request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let late = Box::pin(tokio::time::sleep(within));
        let begin = (body.into_data_stream(), late);
        Body::from_stream(stream::try_unfold(begin, |(mut chunks, mut late)| async move {
            tokio::select! {
                chunk = chunks.next() => Ok(chunk.transpose()?.map(|it| (it, (chunks, late)))),
                () = &mut late => Err(axum::Error::new("the body did not arrive in time")),
            }
        }))
    })
}

fn span(request: &Request, came: &TraceContext) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let span = info_span!(
        target: "kontor::http",
        "http",
        otel.name = format!("{} {route}", request.method()),
        otel.kind = "server",
        http.request.method = %request.method(),
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    came.adopt(&span);
    span
}

fn trace_of(headers: &HeaderMap) -> TraceContext {
    let fields =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    TraceContext::from_fields(fields)
}

/// The second part of a `traceparent` (W3C Trace Context).
fn trace_id(trace: &TraceContext) -> Option<String> {
    let fields = serde_json::to_value(trace).ok()?;
    let Value::String(parent) = fields.get("traceparent")? else { return None };
    let id = parent.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|it| it.is_ascii_hexdigit())).then(|| id.to_owned())
}
