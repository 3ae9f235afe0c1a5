//! Keys of machines: made, given another secret, ended.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use chassis::clock;
use contracts::{ChannelId, Timestamp, WarehouseId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::checked::{Checked, Faults};
use super::extract::{Asked, Instruction, LONGEST_NAME};
use super::problem::{Always, IfMissing, IfSent, Problem, ProblemDetails, fault};
use super::{Api, Json};
use crate::access::{Action, May, Role, Secret, act, secret};
use crate::store::access::keys::{self, KeyRow};
use crate::store::access::{By, Rights};

/// How many a page has.
const KEYS: u16 = 200;

const NO_KEY: &str = "There is no such key, or not any more";

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    #[schema(example = "5f0c1d2e3a4b5c6d")]
    id: String,
    /// In whose name it acts: it stands in timelines.
    #[schema(example = "webshop")]
    name: String,
    roles: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "web")]
    channel: Option<ChannelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "SH1")]
    warehouse: Option<WarehouseId>,
    /// What it is narrowed to; all that its roles may do, if it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["orders.place", "orders.read"]))]
    actions: Option<Vec<&'static str>>,
    made_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
    /// Until when the secret before the last rotation is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_until: Option<Timestamp>,
    /// When it was used last, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
}

impl From<KeyRow> for Key {
    fn from(it: KeyRow) -> Self {
        let KeyRow { id, name, rights, only, old, made_at, expires_at, .. } = it;
        let Rights { roles, channel, warehouse } = rights;
        let actions = only.map(|it| it.into_iter().map(Action::name).collect());
        let (revoked_at, used_at, old_until) = (it.revoked_at, it.used_at, old.map(|it| it.1));
        Self {
            id,
            name,
            roles,
            channel,
            warehouse,
            actions,
            made_at,
            expires_at,
            revoked_at,
            old_until,
            used_at,
        }
    }
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyPage {
    keys: Vec<Key>,
    /// Where to go on: the `after` of the next request. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "webshop")]
    next: Option<String>,
}

/// A secret that was made, and is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeKey {
    #[schema(example = "5f0c1d2e3a4b5c6d")]
    id: String,
    /// To be sent as `Authorization: Bearer`. Nobody can show it again.
    #[schema(example = "kontor_5f0c1d2e3a4b5c6d_…")]
    key: String,
    /// Until when the secret before is valid, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NamesQuery {
    /// Where to go on: the `next` of the page before.
    #[param(example = "webshop")]
    pub(super) after: Option<String>,
}

impl NamesQuery {
    /// Where to go on, as Postgres takes it.
    pub(super) fn after(&self) -> Result<Option<&str>, Problem> {
        match self.after.as_deref() {
            Some(it) if it.contains('\0') => Err(Problem::malformed("after: no zero byte")),
            it => Ok(it),
        }
    }
}

/// A key that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// In whose name it acts: it stands in timelines. No other key or person is called so.
    #[schema(min_length = 1, max_length = 64, example = "webshop")]
    name: String,
    /// A storefront or a warehouse has no other role.
    #[schema(min_items = 1, max_items = 7)]
    roles: Vec<Role>,
    /// Which channel a storefront is.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "web")]
    channel: Option<ChannelId>,
    /// Which warehouse a warehouse is.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "SH1")]
    warehouse: Option<WarehouseId>,
    /// To what it is narrowed; all that its roles may do, if nothing is said.
    #[serde(default)]
    #[schema(example = json!(["orders.place", "orders.read"]))]
    actions: Option<Vec<String>>,
    /// Until when it is valid; until it is revoked, if nothing is said.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

impl Checked for NewKey {
    fn check(&self, faults: &mut Faults) {
        faults.text("/name", &self.name, 1..=LONGEST_NAME);
        check_rights(&self.roles, (self.channel.is_some(), self.warehouse.is_some()), faults);
        for (at, action) in self.actions.iter().flatten().enumerate() {
            if action.parse::<Action>().is_err() {
                let known: Vec<&str> = Action::ALL.iter().map(|it| it.name()).collect();
                let expected = format!("one of {}", known.join(", "));
                faults.0.push(fault("unknown", format!("/actions/{at}"), action, &expected));
            }
        }
        if let Some(at) = self.expires_at.filter(|it| *it <= clock::real()) {
            faults.0.push(fault("range", "/expires_at", &at.to_string(), "a time to come"));
        }
    }
}

/// A role is there; who is bound is bound to one thing and nothing else; and nobody else is.
pub(super) fn check_rights(roles: &[Role], bound: (bool, bool), faults: &mut Faults) {
    let names: Vec<&str> = roles.iter().map(|it| it.name()).collect();
    let wrong =
        |pointer: &str, found: &str, expected: &str| fault("rights", pointer, found, expected);
    if roles.is_empty() {
        faults.0.push(fault("required", "/roles", "", "at least one role"));
    }
    if roles.len() > 1 && roles.iter().any(|it| it.is_bound()) {
        let expected = "storefront or warehouse alone, or other roles";
        faults.0.push(wrong("/roles", &names.join(", "), expected));
    }
    for (role, pointer, is_bound) in
        [(Role::Storefront, "/channel", bound.0), (Role::Warehouse, "/warehouse", bound.1)]
    {
        match (roles.contains(&role), is_bound) {
            (true, false) => faults.0.push(fault("required", pointer, "", "which one it is")),
            (false, true) => {
                let expected = format!("nothing, for it is no {role}");
                faults.0.push(wrong(pointer, "a name", &expected));
            }
            (true, true) | (false, false) => {}
        }
    }
}

/// Keys
///
/// All keys by their names, also those that were revoked. Their secrets nobody knows.
#[utoipa::path(
    get, path = "/v1/keys", tag = "Access", operation_id = "list_keys",
    params(NamesQuery),
    responses((status = 200, description = "A page of keys.", body = KeyPage), Always),
)]
pub(crate) async fn list_keys(
    State(api): State<Api>,
    _: May<act::ManageKeys>,
    Asked(query): Asked<NamesQuery>,
) -> Result<Json<KeyPage>, Problem> {
    let mut rows = keys::all(&api.db, query.after()?, i64::from(KEYS) + 1).await?;
    let has_more = rows.len() > usize::from(KEYS);
    rows.truncate(KEYS.into());
    let next = rows.last().filter(|_| has_more).map(|it| it.name.clone());
    Ok(Json(KeyPage { keys: rows.into_iter().map(Key::from).collect(), next }))
}

/// Make a key
///
/// The answer holds the secret, this once.
#[utoipa::path(
    post, path = "/v1/keys", tag = "Access", operation_id = "create_key",
    request_body(content = NewKey, description = "Whose it is, and what it may do."),
    responses(
        (status = 201, description = "It is made.", body = MadeKey),
        Always, IfSent,
        (status = 409, description = "A key or a person of this name is there, or was.",
            body = ProblemDetails, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create_key(
    State(api): State<Api>,
    may: May<act::ManageKeys>,
    it: Instruction<NewKey>,
) -> Result<(StatusCode, Json<MadeKey>), Problem> {
    let NewKey { name, roles, channel, warehouse, actions, expires_at } = it.body;
    let (id, now) = (secret::fresh_id().map_err(no_chance)?, clock::real());
    let made = Secret::fresh().map_err(no_chance)?.as_key(&id);
    let only = actions.map(|it| it.iter().filter_map(|it| it.parse().ok()).collect());
    let row = KeyRow {
        id: id.clone(),
        name,
        rights: Rights { roles, channel, warehouse },
        only,
        secret: made.hashed(),
        old: None,
        made_at: now,
        expires_at,
        revoked_at: None,
        used_at: None,
    };
    if !keys::make(&api.db, &row, &By { who: &may.who().name, at: now }).await? {
        return Err(taken());
    }
    api.access.changed();
    let made = MadeKey { id, key: made.reveal().to_owned(), old_until: None };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Give a key another secret
///
/// The answer holds it, this once. The one before stays valid for as long as the gateway's setting
/// `overlap_minutes` says; the one before that not any more.
#[utoipa::path(
    post, path = "/v1/keys/{id}/rotate", tag = "Access", operation_id = "rotate_key",
    params(("id" = String, Path, description = "Which key.", example = "5f0c1d2e3a4b5c6d")),
    responses((status = 200, description = "Its secret.", body = MadeKey), Always, IfMissing),
)]
pub(crate) async fn rotate_key(
    State(api): State<Api>,
    may: May<act::ManageKeys>,
    Path(id): Path<String>,
) -> Result<Json<MadeKey>, Problem> {
    let (id, now) = (known(id)?, clock::real());
    let overlap = SignedDuration::try_from(api.access.settings.overlap());
    let until = now + overlap.unwrap_or(SignedDuration::ZERO);
    let made = Secret::fresh().map_err(no_chance)?.as_key(&id);
    let by = By { who: &may.who().name, at: now };
    if !keys::rotate(&api.db, &id, &made.hashed(), until, &by).await? {
        return Err(Problem::not_found(NO_KEY));
    }
    api.access.changed();
    Ok(Json(MadeKey { id, key: made.reveal().to_owned(), old_until: Some(until) }))
}

/// Revoke a key
///
/// For good, within seconds everywhere.
#[utoipa::path(
    post, path = "/v1/keys/{id}/revoke", tag = "Access", operation_id = "revoke_key",
    params(("id" = String, Path, description = "Which key.", example = "5f0c1d2e3a4b5c6d")),
    responses((status = 204, description = "It is revoked."), Always, IfMissing),
)]
pub(crate) async fn revoke_key(
    State(api): State<Api>,
    may: May<act::ManageKeys>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let by = By { who: &may.who().name, at: clock::real() };
    if !keys::revoke(&api.db, &known(id)?, &by).await? {
        return Err(Problem::not_found(NO_KEY));
    }
    api.access.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// An id that some key might have: Postgres takes no zero byte.
fn known(id: String) -> Result<String, Problem> {
    if id.contains('\0') { Err(Problem::not_found(NO_KEY)) } else { Ok(id) }
}

pub(super) fn taken() -> Problem {
    let title = "A key or a person of this name is there, or was";
    Problem::new(StatusCode::CONFLICT, "taken", title)
}

fn no_chance(error: getrandom::Error) -> Problem {
    tracing::error!(%error, "the operating system gives no random bits");
    Problem::internal()
}
