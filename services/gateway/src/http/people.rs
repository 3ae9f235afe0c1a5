//! People: who they are and what they may do; and who changed it.

use axum::extract::{Path, State};
use chassis::clock;
use contracts::{ChannelId, Timestamp, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::checked::{Checked, Faults};
use super::extract::{Asked, Instruction, is_name};
use super::keys::{NamesQuery, check_rights, taken};
use super::problem::{Always, IfSent, Problem, ProblemDetails, fault};
use super::{Api, Json};
use crate::access::{May, Role, act, password};
use crate::store::access::people::{self, PersonRow};
use crate::store::access::{self, By, Rights};

/// How many a page has.
const PEOPLE: u16 = 200;

/// How many changes a page has.
const ENTRIES: u16 = 200;

/// A person who may sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    /// By which they sign in, and in whose name they act.
    #[schema(example = "wang.fang")]
    name: String,
    roles: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "web")]
    channel: Option<ChannelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "SH1")]
    warehouse: Option<WarehouseId>,
    /// What they may decide: 1 clerk, 2 manager, 3 finance director.
    #[schema(example = 2)]
    tier: u8,
    /// Whether they can sign in no more.
    disabled: bool,
    made_at: Timestamp,
}

impl From<PersonRow> for Person {
    fn from(it: PersonRow) -> Self {
        let PersonRow { name, rights, tier, disabled, made_at, .. } = it;
        let Rights { roles, channel, warehouse } = rights;
        Self { name, roles, channel, warehouse, tier, disabled, made_at }
    }
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonPage {
    people: Vec<Person>,
    /// Where to go on: the `after` of the next request. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "wang.fang")]
    next: Option<String>,
}

/// A person, as they are to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutPerson {
    /// By which they sign in. Stays as it is, if none is given; who is new has one.
    #[serde(default)]
    #[schema(min_length = 12, max_length = 128, example = "a long sentence is good")]
    password: Option<String>,
    /// A storefront or a warehouse has no other role.
    #[schema(min_items = 1, max_items = 7)]
    roles: Vec<Role>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "web")]
    channel: Option<ChannelId>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "SH1")]
    warehouse: Option<WarehouseId>,
    /// What they may decide: 1 clerk, 2 manager, 3 finance director.
    #[serde(default = "lowest")]
    #[schema(minimum = 1, maximum = 3, example = 1)]
    tier: u8,
    /// Whether they can sign in no more.
    #[serde(default)]
    disabled: bool,
}

fn lowest() -> u8 {
    1
}

impl Checked for PutPerson {
    fn check(&self, faults: &mut Faults) {
        if let Some(password) = &self.password {
            check_password("/password", password, faults);
        }
        check_rights(&self.roles, (self.channel.is_some(), self.warehouse.is_some()), faults);
        faults.number("/tier", self.tier.into(), 1..=3);
    }
}

/// A password is long enough. What was found is not said again.
pub(crate) fn check_password(pointer: &str, password: &str, faults: &mut Faults) {
    if !password::LENGTH.contains(&password.chars().count()) {
        let (least, most) = (password::LENGTH.start(), password::LENGTH.end());
        let expected = format!("{least} to {most} characters");
        faults.0.push(fault("length", pointer, "a password of another length", &expected));
    }
}

/// People
///
/// Everybody who may sign in, or might, by their names.
#[utoipa::path(
    get, path = "/v1/people", tag = "Access", operation_id = "list_people",
    params(NamesQuery),
    responses((status = 200, description = "A page of people.", body = PersonPage), Always),
)]
pub(crate) async fn list_people(
    State(api): State<Api>,
    _: May<act::ManagePeople>,
    Asked(query): Asked<NamesQuery>,
) -> Result<Json<PersonPage>, Problem> {
    let mut rows = people::all(&api.db, query.after()?, i64::from(PEOPLE) + 1).await?;
    let has_more = rows.len() > usize::from(PEOPLE);
    rows.truncate(PEOPLE.into());
    let next = rows.last().filter(|_| has_more).map(|it| it.name.clone());
    Ok(Json(PersonPage { people: rows.into_iter().map(Person::from).collect(), next }))
}

/// Make a person known
///
/// Or change what they may do, or their password. They are signed out, and sign in again.
#[utoipa::path(
    put, path = "/v1/people/{name}", tag = "Access", operation_id = "put_person",
    params(("name" = String, Path, description = "By which they sign in.", example = "wang.fang")),
    request_body(content = PutPerson, description = "The person, whole."),
    responses(
        (status = 200, description = "So they are.", body = Person),
        Always, IfSent,
        (status = 409, description = "A key is called so; or somebody new has no password.",
            body = ProblemDetails, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_person(
    State(api): State<Api>,
    may: May<act::ManagePeople>,
    Path(name): Path<String>,
    it: Instruction<PutPerson>,
) -> Result<Json<Person>, Problem> {
    if !is_name(&name) {
        return Err(Problem::malformed("name: 1 to 64 printable characters"));
    }
    let PutPerson { password, roles, channel, warehouse, tier, disabled } = it.body;
    let password = match password {
        Some(password) => password::hash(password).await.map_err(|error| broken(&error))?,
        None => String::new(),
    };
    let (rights, made_at) = (Rights { roles, channel, warehouse }, clock::real());
    let row = PersonRow { name, password, rights, tier, disabled, made_at };
    if !people::put(&api.db, &row, &By { who: &may.who().name, at: made_at }).await? {
        return Err(if row.password.is_empty() { without() } else { taken() });
    }
    api.access.changed();
    let now = people::person(&api.db, &row.name).await?.unwrap_or(row);
    Ok(Json(now.into()))
}

fn without() -> Problem {
    let title = "There is nobody of this name, and somebody new has a password";
    Problem::new(axum::http::StatusCode::CONFLICT, "no-password", title)
}

pub(super) fn broken(error: &anyhow::Error) -> Problem {
    tracing::error!(%error, "a password cannot be kept: {error:#}");
    Problem::internal()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// Only what was before this one: the `next` of the page before.
    #[param(minimum = 1, example = 117)]
    before: Option<i64>,
}

/// Changes of keys and people, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessLog {
    entries: Vec<Change>,
    /// Where to go on: the `before` of the next request. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 117)]
    next: Option<i64>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    #[schema(example = 118)]
    number: i64,
    at: Timestamp,
    /// Who did it.
    #[schema(example = "ops")]
    who: String,
    /// `key.made`, `key.rotated`, `key.revoked`, `person.made`, `person.changed`, `person.password`.
    #[schema(example = "key.made")]
    what: String,
    /// Which key, by its id; or which person.
    #[schema(example = "5f0c1d2e3a4b5c6d")]
    about: String,
    #[schema(example = "webshop: storefront of web")]
    detail: String,
}

/// Who changed keys and people
///
/// Everything that was ever changed of them: it is only added to.
#[utoipa::path(
    get, path = "/v1/access-log", tag = "Access", operation_id = "get_access_log",
    params(LogQuery),
    responses((status = 200, description = "The latest changes.", body = AccessLog), Always),
)]
pub(crate) async fn get_access_log(
    State(api): State<Api>,
    _: May<act::ReadAccessLog>,
    Asked(query): Asked<LogQuery>,
) -> Result<Json<AccessLog>, Problem> {
    if query.before.is_some_and(|it| it < 1) {
        return Err(Problem::malformed("before: 1 or more"));
    }
    let rows = access::log(&api.db, query.before, ENTRIES.into()).await?;
    let next = rows.last().filter(|it| rows.len() == usize::from(ENTRIES) && it.number > 1);
    let next = next.map(|it| it.number);
    let change = |it: access::Logged| {
        let access::Logged { number, at, who, what, about, detail } = it;
        Change { number, at, who, what, about, detail }
    };
    Ok(Json(AccessLog { entries: rows.into_iter().map(change).collect(), next }))
}
