//! Webhooks of a channel: where it is called, with which secret, and what came of the calls.

pub(crate) mod calls;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contracts::webhook::{
    EndpointView, EndpointsOf, HookEvent, HookSecret, RotateSecret, RotateSecretAnswer,
    SetEndpoint, SetEndpointAnswer,
};
use contracts::{ChannelId, EndpointId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checked::{Checked, Faults};
use super::extract::{Instruction, KeyHeader};
use super::problem::{Always, IfMissing, IfSent, Problem, fault};
use super::{Api, Json, schema};
use crate::access::{May, Resource, act};

pub(crate) const NO_ENDPOINT: &str = "There is no such webhook";

/// The longest URL that is looked at; webhook says how long it may be.
const LONGEST_URL: usize = 4096;

/// For how many kinds of events one webhook is called.
const MOST_EVENTS: usize = 4;

/// Where a channel wants to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// `https`, at a public address, without a user or a fragment.
    #[schema(min_length = 1, max_length = 2048, example = "https://shop.example.com/kontor")]
    url: String,
    /// What for: at least one, and not `webhook.test`.
    #[schema(value_type = Vec<schema::HookEvent>, min_items = 1, max_items = 4)]
    events: Vec<HookEvent>,
    /// What it is signed with: `whsec_` and 24 to 64 random bytes in base64. One is drawn if none
    /// is given.
    #[schema(value_type = Option<String>, pattern = "^whsec_(([A-Za-z0-9+/]{4}){8,21}([A-Za-z0-9+/][AQgw]==)?|([A-Za-z0-9+/]{4}){8,20}[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$")]
    secret: Option<HookSecret>,
}

impl Checked for NewWebhook {
    fn check(&self, faults: &mut Faults) {
        faults.text("/url", &self.url, 1..=LONGEST_URL);
        check_events(&self.events, faults);
    }
}

/// As many as there are, at most; webhook says which.
fn check_events(events: &[HookEvent], faults: &mut Faults) {
    if events.len() > MOST_EVENTS {
        let found = format!("{} events", events.len());
        faults.0.push(fault("range", "/events", &found, &format!("1 to {MOST_EVENTS} events")));
    }
}

/// A webhook, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// `https`, at a public address, without a user or a fragment.
    #[schema(min_length = 1, max_length = 2048, example = "https://shop.example.com/kontor")]
    pub(crate) url: String,
    /// What for: at least one, and not `webhook.test`.
    #[schema(value_type = Vec<schema::HookEvent>, min_items = 1, max_items = 4)]
    pub(crate) events: Vec<HookEvent>,
    /// Whether it is called at all. What happens while it is not is never sent. One that was
    /// disabled, because it did not answer, is called again if it is set active.
    pub(crate) active: bool,
}

impl Checked for Webhook {
    fn check(&self, faults: &mut Faults) {
        faults.text("/url", &self.url, 1..=LONGEST_URL);
        check_events(&self.events, faults);
    }
}

/// What a webhook is signed with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Signing {
    #[schema(value_type = String, example = "ep-7b1f0c52a4d84f0c9a54d4a7f3a1c0de")]
    webhook: EndpointId,
    /// Shown now and never again. It is missing if the request had been carried out before, with a
    /// secret that was shown then; who does not have that one draws another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    pub(crate) secret: Option<HookSecret>,
    /// Until when the secret before signs beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    old_until: Option<Timestamp>,
}

/// The webhooks of a channel
///
/// Where it is called, how many deliveries wait or were given up, and why one is disabled.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/webhooks", tag = "Webhooks", operation_id = "list_webhooks",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
    ),
    responses(
        (status = 200, description = "All of them.", body = Vec<schema::EndpointView>),
        Always,
    ),
)]
pub(crate) async fn list_webhooks(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    Of(channel): Of,
) -> Result<Json<Vec<EndpointView>>, Problem> {
    may.on(&Resource::Of(&channel), NO_ENDPOINT)?;
    Ok(Json(api.house.ask(EndpointsOf { channel }).await?))
}

/// Be called
///
/// Makes a webhook of the channel. With an `Idempotency-Key`, a repeated request makes no second one.
#[utoipa::path(
    post, path = "/v1/channels/{channel}/webhooks", tag = "Webhooks",
    operation_id = "create_webhook",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
        KeyHeader,
    ),
    request_body(content = NewWebhook, description = "Where, and what for."),
    responses(
        (status = 201, description = "It is called from now on.", body = Signing),
        Always, IfSent,
    ),
)]
pub(crate) async fn create_webhook(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    Of(channel): Of,
    it: Instruction<NewWebhook>,
) -> Result<(StatusCode, Json<Signing>), Problem> {
    may.on(&Resource::Of(&channel), NO_ENDPOINT)?;
    let endpoint = EndpointId::new(format!("ep-{}", it.id.simple()));
    let endpoint = endpoint.map_err(|_| Problem::internal())?;
    let secret = it.body.secret.map_or_else(draw, Ok)?;
    let set = SetEndpoint {
        endpoint: endpoint.clone(),
        channel,
        url: it.body.url,
        events: it.body.events,
        active: true,
        secret: Some(secret.clone()),
    };
    match api.house.tell(it.id, set).await?.said.into_iter().next() {
        Some(SetEndpointAnswer::EndpointSet(it)) => {
            let secret = (secret.mark() == it.signs_with).then_some(secret);
            let signing = Signing { webhook: endpoint, secret, old_until: None };
            Ok((StatusCode::CREATED, Json(signing)))
        }
        Some(SetEndpointAnswer::EndpointRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}

/// Change a webhook
///
/// Where it is called, what for, and whether at all. Its secret stays.
#[utoipa::path(
    put, path = "/v1/channels/{channel}/webhooks/{webhook}", tag = "Webhooks",
    operation_id = "put_webhook",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
        ("webhook" = schema::EndpointId, Path, description = "Which.",
            example = "ep-7b1f0c52a4d84f0c9a54d4a7f3a1c0de"),
        KeyHeader,
    ),
    request_body(content = Webhook, description = "The webhook, whole."),
    responses(
        (status = 204, description = "So it is called from now on."),
        Always, IfMissing, IfSent,
    ),
)]
pub(crate) async fn put_webhook(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    at: At,
    it: Instruction<Webhook>,
) -> Result<StatusCode, Problem> {
    let (channel, endpoint) = at.known(&api, &may).await?;
    let Webhook { url, events, active } = it.body;
    let set = SetEndpoint { endpoint, channel, url, events, active, secret: None };
    match api.house.tell(it.id, set).await?.said.into_iter().next() {
        Some(SetEndpointAnswer::EndpointSet(_)) => Ok(StatusCode::NO_CONTENT),
        Some(SetEndpointAnswer::EndpointRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}

/// Another secret, or none: then one is drawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    /// `whsec_` and 24 to 64 random bytes in base64. One is drawn if none is given.
    #[schema(value_type = Option<String>, pattern = "^whsec_(([A-Za-z0-9+/]{4}){8,21}([A-Za-z0-9+/][AQgw]==)?|([A-Za-z0-9+/]{4}){8,20}[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$")]
    pub(crate) secret: Option<HookSecret>,
}

impl Checked for NewSecret {
    fn check(&self, _: &mut Faults) {} // Webhook knows what a secret is like.
}

/// Sign with another secret
///
/// At once; for 24 hours the one before signs beside it.
#[utoipa::path(
    post, path = "/v1/channels/{channel}/webhooks/{webhook}/secret", tag = "Webhooks",
    operation_id = "rotate_webhook_secret",
    params(
        ("channel" = schema::ChannelId, Path, description = "Whose.", example = "webshop"),
        ("webhook" = schema::EndpointId, Path, description = "Which.",
            example = "ep-7b1f0c52a4d84f0c9a54d4a7f3a1c0de"),
        KeyHeader,
    ),
    request_body(content = NewSecret, description = "The secret, if it shall be this one."),
    responses(
        (status = 200, description = "It signs.", body = Signing), Always, IfMissing, IfSent,
    ),
)]
pub(crate) async fn rotate_secret(
    State(api): State<Api>,
    may: May<act::ManageWebhooks>,
    at: At,
    it: Instruction<NewSecret>,
) -> Result<Json<Signing>, Problem> {
    let (_, endpoint) = at.known(&api, &may).await?;
    let secret = it.body.secret.map_or_else(draw, Ok)?;
    let rotate = RotateSecret { endpoint, secret: secret.clone() };
    match api.house.tell(it.id, rotate).await?.said.into_iter().next() {
        Some(RotateSecretAnswer::SecretRotated(it)) => {
            let shown = (secret.mark() == it.signs_with).then_some(secret);
            let (webhook, old_until) = (it.endpoint, it.old_until);
            Ok(Json(Signing { webhook, secret: shown, old_until }))
        }
        Some(RotateSecretAnswer::EndpointRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}

/// Whose webhooks the path means.
pub(crate) struct Of(pub(crate) ChannelId);

impl<S: Send + Sync> FromRequestParts<S> for Of {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(channel) = Path::<ChannelId>::from_request_parts(parts, state)
            .await
            .map_err(|it| Problem::malformed(it.body_text()))?;
        Ok(Self(channel))
    }
}

/// Which webhook the path means.
#[derive(Debug, Clone)]
pub(crate) struct At {
    pub(crate) channel: ChannelId,
    pub(crate) endpoint: EndpointId,
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((channel, endpoint)) =
            Path::<(ChannelId, EndpointId)>::from_request_parts(parts, state)
                .await
                .map_err(|it| Problem::malformed(it.body_text()))?;
        Ok(Self { channel, endpoint })
    }
}

impl At {
    /// The channel and its webhook. That of another channel is as good as missing: it stays with
    /// its channel for ever, so what is found here still holds when the command arrives.
    async fn known(
        self,
        api: &Api,
        may: &May<act::ManageWebhooks>,
    ) -> Result<(ChannelId, EndpointId), Problem> {
        let Self { channel, endpoint } = self;
        may.on(&Resource::Of(&channel), NO_ENDPOINT)?;
        let all = api.house.ask(EndpointsOf { channel: channel.clone() }).await?;
        let is_there = all.iter().any(|it| it.endpoint == endpoint);
        is_there.then_some((channel, endpoint)).ok_or_else(|| Problem::not_found(NO_ENDPOINT))
    }
}

/// 32 random bytes.
fn draw() -> Result<HookSecret, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Problem::internal())?;
    Ok(HookSecret(format!("whsec_{}", STANDARD.encode(bytes))))
}
