//! What is sent to a webhook on demand, and what came of the calls.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::webhook::{
    CallView, CallsOf, Replay, ReplayAnswer, TestEndpoint, TestEndpointAnswer,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::At;
use crate::access::{May, act};
use crate::http::checked::{Checked, Faults};
use crate::http::extract::{Instruction, KeyHeader};
use crate::http::problem::{Always, IfMissing, IfSent, Problem};
use crate::http::{Api, Json, schema};

/// Nothing more is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl Checked for Nothing {
    fn check(&self, _: &mut Faults) {}
}

/// A delivery that was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Written {
    /// Its `webhook-id`, by which its calls are found.
    delivery: Uuid,
}

/// Try a webhook
///
/// Calls it once with `webhook.test`. Whether it answers changes nothing else; its calls tell.
#[utoipa::path(
    post, path = "/v1/channels/{channel}/webhooks/{webhook}/test", tag = "Webhooks",
    operation_id = "test_webhook",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
        ("webhook" = schema::EndpointId, Path, description = "Which.",
            example = "ep-7b1f0c52a4d84f0c9a54d4a7f3a1c0de"),
        KeyHeader,
    ),
    request_body(content = Nothing, description = "An empty object."),
    responses(
        (status = 202, description = "It will be called.", body = Written),
        Always, IfMissing, IfSent,
    ),
)]
pub(crate) async fn test_webhook(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    at: At,
    it: Instruction<Nothing>,
) -> Result<(StatusCode, Json<Written>), Problem> {
    let (_, endpoint) = at.known(&api, &may).await?;
    let test = TestEndpoint { endpoint, test: it.id };
    match api.house.tell(it.id, test).await?.said.into_iter().next() {
        Some(TestEndpointAnswer::TestWritten(it)) => {
            Ok((StatusCode::ACCEPTED, Json(Written { delivery: it.delivery.0 })))
        }
        Some(TestEndpointAnswer::EndpointRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}

/// From when on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T08:00:00Z")]
    pub(crate) since: Timestamp,
}

impl Checked for Since {
    fn check(&self, _: &mut Faults) {}
}

/// How much is sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    #[schema(example = 12)]
    pub(crate) deliveries: i64,
}

/// Send again
///
/// Whatever was written for the webhook since then, under its old ids: delivered, given up, or
/// written while it was disabled.
#[utoipa::path(
    post, path = "/v1/channels/{channel}/webhooks/{webhook}/replay", tag = "Webhooks",
    operation_id = "replay_webhook",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
        ("webhook" = schema::EndpointId, Path, description = "Which.",
            example = "ep-7b1f0c52a4d84f0c9a54d4a7f3a1c0de"),
        KeyHeader,
    ),
    request_body(content = Since, description = "Since when."),
    responses(
        (status = 202, description = "They will be sent.", body = Replayed),
        Always, IfMissing, IfSent,
    ),
)]
pub(crate) async fn replay_webhook(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    at: At,
    it: Instruction<Since>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let (_, endpoint) = at.known(&api, &may).await?;
    let replay = Replay { endpoint, since: it.body.since };
    match api.house.tell(it.id, replay).await?.said.into_iter().next() {
        Some(ReplayAnswer::ReplayBegun(it)) => {
            Ok((StatusCode::ACCEPTED, Json(Replayed { deliveries: it.deliveries })))
        }
        Some(ReplayAnswer::EndpointRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}

/// The calls of a webhook
///
/// The latest 200, the last one first: when, how long it took, the status, how the answer began, or why
/// there was none.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/webhooks/{webhook}/calls", tag = "Webhooks",
    operation_id = "list_webhook_calls",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
        ("webhook" = schema::EndpointId, Path, description = "Which.",
            example = "ep-7b1f0c52a4d84f0c9a54d4a7f3a1c0de"),
    ),
    responses(
        (status = 200, description = "What came of them.", body = Vec<schema::CallView>),
        Always, IfMissing,
    ),
)]
pub(crate) async fn list_calls(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    at: At,
) -> Result<Json<Vec<CallView>>, Problem> {
    let (_, endpoint) = at.known(&api, &may).await?;
    Ok(Json(api.house.ask(CallsOf { endpoint }).await?))
}
