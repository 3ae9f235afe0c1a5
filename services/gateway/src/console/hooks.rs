//! Webhooks: where channels are called, and what came of the calls.

mod because;
mod deeds;
mod texts;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use contracts::webhook::{CallView, EndpointView, HookEvent};
use contracts::{ChannelId, Language};

use super::format::{Moment, number};
use super::frame::{Frame, Said, page, wrong};
use super::language::Reader;
use super::words;
use crate::access::{May, Scope, act};
use crate::http::Api;
use crate::http::extract::fresh_id;
use crate::http::hooks::{At, NO_ENDPOINT, Of, calls::list_calls, list_webhooks};
use crate::http::problem::Problem;
use crate::store;
use crate::views::Colour;
use texts::{Texts, texts};

/// The list, each webhook's page, and what its forms send.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/webhooks", get(list))
        .route("/webhooks/{channel}/{webhook}", get(show))
        .route("/webhooks/{channel}/{webhook}/test", post(deeds::test))
        .route("/webhooks/{channel}/{webhook}/replay", post(deeds::replay))
        .route("/webhooks/{channel}/{webhook}/secret", post(deeds::rotate))
        .route("/webhooks/{channel}/{webhook}/active", post(deeds::set))
}

/// A webhook as it stands.
struct Hook {
    channel: String,
    id: String,
    url: String,
    events: String,
    is_active: bool,
    colour: &'static str,
    state: &'static str,
    meaning: &'static str,
    because: String,
    waiting: String,
    given_up: String,
    old_secret_until: Option<Moment>,
}

fn hook(language: Language, channel: &ChannelId, it: &EndpointView) -> Hook {
    let t = texts(language);
    let (colour, state) = match &*it.state {
        "active" => (Colour::Green, t.active),
        "off" => (Colour::Grey, t.off),
        _ => (Colour::Red, t.disabled),
    };
    let events: Vec<&str> = it.events.iter().map(|it| event(t, *it)).collect();
    Hook {
        channel: channel.to_string(),
        id: it.endpoint.to_string(),
        url: it.url.clone(),
        events: events.join(", "),
        is_active: it.state == "active",
        colour: super::row::colour(colour),
        state,
        meaning: words::colour(language, colour),
        because: because::disabled(language, it),
        waiting: figure(it.waiting),
        given_up: figure(it.given_up),
        old_secret_until: it.old_secret_until.map(Moment::from),
    }
}

/// A figure; nothing where there is none.
fn figure(it: i64) -> String {
    if it == 0 { String::new() } else { number(it) }
}

fn event(t: &'static Texts, it: HookEvent) -> &'static str {
    match it {
        HookEvent::OrderStatus => t.order_status,
        HookEvent::OrderShipped => t.order_shipped,
        HookEvent::OrderDelivered => t.order_delivered,
        HookEvent::OrderInvoiced => t.order_invoiced,
        HookEvent::Test => t.webhook_test,
    }
}

#[derive(Template)]
#[template(path = "console/hooks.html")]
struct HooksPage {
    frame: Frame,
    h: &'static Texts,
    hooks: Vec<Hook>,
    /// Channels of which nothing is known, for the service did not answer.
    silent: String,
}

async fn list(State(api): State<Api>, may: May<act::ManageWebhooks>, reader: Reader) -> Response {
    let frame = Frame::of(reader, "webhooks");
    let channels = match may.scope() {
        Scope::Channel(own) => vec![own.clone()],
        Scope::All => match store::channels(&api.db).await {
            Ok(all) => all,
            Err(error) => return wrong(frame, &error.into()),
        },
        Scope::Warehouse(_) => vec![],
    };
    let asked = channels.iter().map(async |channel| {
        let of = Of(channel.clone());
        (channel, list_webhooks(State(api.clone()), may.clone(), of).await)
    });
    let (mut hooks, mut silent) = (Vec::new(), Vec::new());
    for (channel, answer) in futures::future::join_all(asked).await {
        match answer {
            Ok(axum::Json(all)) => {
                hooks.extend(all.iter().map(|it| hook(frame.language, channel, it)));
            }
            Err(_) => silent.push(channel.as_str()),
        }
    }
    let (h, silent) = (texts(frame.language), silent.join(", "));
    page(StatusCode::OK, &HooksPage { frame, h, hooks, silent })
}

/// A call, as it is shown.
struct Call {
    at: Moment,
    event: &'static str,
    attempt: i32,
    colour: &'static str,
    meaning: &'static str,
    /// The HTTP status, or that there was no answer.
    status: String,
    took: String,
    answer: String,
}

fn call(language: Language, it: CallView) -> Call {
    let t = texts(language);
    let is_fine = it.status.is_some_and(|it| (200..300).contains(&it));
    let colour = if is_fine { Colour::Green } else { Colour::Red };
    Call {
        at: it.at.into(),
        event: event(t, it.event),
        attempt: it.attempt,
        colour: super::row::colour(colour),
        meaning: words::colour(language, colour),
        status: it.status.map_or_else(|| t.no_answer.to_owned(), |it| it.to_string()),
        took: format!("{} ms", number(it.millis)),
        answer: because::answer(language, it),
    }
}

#[derive(Template)]
#[template(path = "console/hook.html")]
struct HookPage {
    frame: Frame,
    h: &'static Texts,
    said: Option<Said>,
    hook: Hook,
    /// Missing if the service did not answer.
    calls: Option<Vec<Call>>,
    /// In which zone a time is read that somebody fills in.
    zone: String,
    /// Names the forms.
    key: String,
}

async fn show(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    reader: Reader,
    at: Result<At, Problem>,
) -> Response {
    match at {
        Ok(at) => page_of((&api, &may), reader, &at, StatusCode::OK, None).await,
        Err(problem) => wrong(Frame::of(reader, "webhooks"), &problem),
    }
}

/// The page of a webhook as it is now, with what was said to a form.
async fn page_of(
    (api, may): (&Api, &May<act::ManageWebhooks>),
    reader: Reader,
    at: &At,
    status: StatusCode,
    said: Option<Said>,
) -> Response {
    let frame = Frame::of(reader, "webhooks");
    let h = texts(frame.language);
    let found = match find(api, may, at).await {
        Ok(found) => found,
        Err(problem) => return wrong(frame, &problem),
    };
    let calls = list_calls(State(api.clone()), may.clone(), at.clone()).await.ok();
    let calls =
        calls.map(|axum::Json(all)| all.into_iter().map(|it| call(frame.language, it)).collect());
    let hook = hook(frame.language, &at.channel, &found);
    let (zone, key) = (api.settings.zone.to_string(), fresh_id().to_string());
    page(status, &HookPage { frame, h, said, hook, calls, zone, key })
}

/// The webhook as it stands, if it is one of the channel's.
async fn find(api: &Api, may: &May<act::ManageWebhooks>, at: &At) -> Result<EndpointView, Problem> {
    let of = Of(at.channel.clone());
    let axum::Json(all) = list_webhooks(State(api.clone()), may.clone(), of).await?;
    let found = all.into_iter().find(|it| it.endpoint == at.endpoint);
    found.ok_or_else(|| Problem::not_found(NO_ENDPOINT))
}
