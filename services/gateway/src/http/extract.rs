//! What is read of a request. Whatever is wrong with it is answered as a problem.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use contracts::intake::Problem as Fault;
use contracts::{Actor, BadToken, ChannelId, OrderId};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;
use sqlx::PgPool;
use utoipa::IntoParams;
use uuid::Uuid;

use super::checked::{Checked, Faults};
use super::problem::{Problem, fault};
use crate::access::{Asks, Scope};
use crate::store;

/// The name space of the ids that are derived from `Idempotency-Key`.
const KEYS: Uuid = Uuid::from_u128(0x6b6f_6e74_6f72_5f67_6174_6577_6179_0001);

/// How long an `Idempotency-Key` may be.
const LONGEST_KEY: usize = 255;

/// How long the name of an actor may be.
pub(crate) const LONGEST_NAME: usize = 64;

/// In whose name something is done: as the credential says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Caller {
    pub(crate) channel: Option<ChannelId>,
    pub(crate) actor: Actor,
    /// 1 clerk, 2 manager, 3 finance director.
    pub(crate) tier: u8,
}

/// The header by which somebody acts for a channel, as it is documented.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents what `Caller` reads")]
pub(crate) struct CallerHeaders {
    /// The channel on whose behalf this is asked, by who may act for all. A storefront acts for its
    /// own, and need not say so.
    #[param(
        rename = "Kontor-Channel",
        example = "webshop",
        pattern = r"^[!#$&'()+,/:;=?@A-Z\[\]^_`a-z{|}~0-9-]{1,64}$"
    )]
    channel: Option<String>,
}

/// The header by which a request may be repeated, as it is documented.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents what is read")]
pub(crate) struct KeyHeader {
    /// Names the request: the same key with the same request is carried out once, and answered the
    /// same each time. Without a key, a repeated request is a new one.
    #[param(
        rename = "Idempotency-Key",
        example = "7f9c2b1e",
        pattern = "^[!-~]([ -~]{0,253}[!-~])?$"
    )]
    key: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(Asks { who, .. }) = parts.extensions.get::<Asks>() else {
            tracing::error!("an operation lets somebody act of whom nothing is known");
            return Err(Problem::internal());
        };
        let named = header_text(&parts.headers, "kontor-channel")?.map(ChannelId::new);
        let named = named.transpose().map_err(|it| bad_header("Kontor-Channel", &it))?;
        let (actor, tier) = (who.actor(), who.tier);
        match (&who.channel, named) {
            (Some(own), Some(named)) if *own != named => {
                let title = "A storefront acts for its own channel only";
                Err(Problem::new(StatusCode::FORBIDDEN, "channel", title))
            }
            (Some(own), _) => Ok(Self { channel: Some(own.clone()), actor, tier }),
            (None, channel) => Ok(Self { channel, actor, tier }),
        }
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

pub(crate) fn header_text<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, Problem> {
    let text = headers.get(name).map(|it| std::str::from_utf8(it.as_bytes())).transpose();
    text.map_err(|_| bad_header(name, &"UTF-8"))
}

fn bad_header(name: &str, expected: &dyn Display) -> Problem {
    Problem::malformed(format!("The header {name}: {expected}"))
}

/// The key under which the request may be repeated, if it bears one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let key = header_text(headers, "idempotency-key")?;
    let is_fine = |it: &str| (1..=LONGEST_KEY).contains(&it.len()) && it.chars().all(is_visible);
    match key {
        Some(key) if !is_fine(key) => {
            Err(bad_header("Idempotency-Key", &"1 to 255 visible ASCII characters"))
        }
        _ => Ok(key),
    }
}

fn is_visible(it: char) -> bool {
    it.is_ascii_graphic() || it == ' '
}

/// Something a service is told: the body, who says so, and the id by which it is decided once.
pub(crate) struct Instruction<T> {
    pub(crate) id: Uuid,
    pub(crate) by: Caller,
    pub(crate) body: T,
}

impl<S: Send + Sync, T: DeserializeOwned + Checked> FromRequest<S> for Instruction<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let by = Caller::from_request_parts(&mut parts, state).await?;
        let key = idempotency_key(&parts.headers)?.map(str::to_owned);
        let route = format!("{} {}", parts.method, parts.uri.path());
        let bytes = json_bytes(Request::from_parts(parts, body), state).await?;
        let body: T = read(&bytes)?;
        let mut faults = Faults::default();
        body.check(&mut faults);
        if !faults.0.is_empty() {
            return Err(Problem::invalid(faults.0));
        }
        let id = key.map_or_else(fresh_id, |key| derived_id(&route, &by, &key, &bytes));
        Ok(Self { id, by, body })
    }
}

/// For who sends no key there is no telling a repetition.
#[expect(clippy::disallowed_methods, reason = "a request without a key is a new one each time")]
pub(crate) fn fresh_id() -> Uuid {
    Uuid::new_v4()
}

/// The same request under the same key. Another body under the same key is another request: to
/// answer it with what the first one led to would hide that it was not carried out.
fn derived_id(route: &str, by: &Caller, key: &str, body: &[u8]) -> Uuid {
    let channel = by.channel.as_ref().map_or("", ChannelId::as_str);
    let name = format!("{route}\n{channel}\n{}\n{key}\n", by.actor);
    Uuid::new_v5(&KEYS, &[name.as_bytes(), body].concat())
}

/// The body of a request that says that it is JSON.
pub(crate) async fn json_bytes<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        let (status, title) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not JSON");
        let problem = Problem::new(status, "media-type", title);
        return Err(problem.saying("Content-Type: application/json"));
    }
    if is_packed(request.headers()) {
        let (status, title) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is compressed");
        let problem = Problem::new(status, "media-type", title);
        return Err(problem.saying("no Content-Encoding"));
    }
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
        }
        _ => Problem::malformed("The body did not arrive"),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = text.and_then(|it| it.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

/// Whether the body is anything else than it says it is once it is unpacked: we unpack nothing.
fn is_packed(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING);
    codings.iter().any(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Reads JSON; tells where it is wrong.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader);
    let value = value.map_err(|error| {
        let faults = vec![misfit(&pointer(error.path()), error.inner())];
        match error.inner().classify() {
            Category::Data => Problem::invalid(faults),
            Category::Io | Category::Syntax | Category::Eof => {
                Problem::malformed(error.inner().to_string())
            }
        }
    })?;
    reader.end().map_err(|it| Problem::malformed(it.to_string()))?;
    Ok(value)
}

/// serde says `invalid type: string "a", expected i64 at line 1 column 9`, `` missing field `a` ``.
fn misfit(pointer: &str, error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |it| it.0);
    let field = text.split('`').nth(1).unwrap_or_default();
    if text.starts_with("missing field") {
        return fault("required", format!("{pointer}/{field}"), "", "a value");
    }
    let (found, expected) = text.split_once(", expected ").unwrap_or(("", text));
    if text.starts_with("unknown field") {
        let known = pointer.ends_with(&format!("/{field}"));
        let pointer = if known { pointer.to_owned() } else { format!("{pointer}/{field}") };
        return fault("unknown", pointer, field, expected);
    }
    let found = found.split_once(": ").map_or(found, |it| it.1);
    fault("type", pointer, found, expected)
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    let token = |it: &Segment| match it {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(token).collect()
}

/// The query of a request.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(it)| Self(it)).map_err(|it| Problem::malformed(it.body_text()))
    }
}

/// The name in the path: of an item, a customer, a warehouse.
pub(crate) struct Named<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr<Err = BadToken>> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = path_text(parts, state).await?;
        name.parse().map(Self).map_err(|it| Problem::malformed(it.to_string()))
    }
}

async fn path_text<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let path = Path::<String>::from_request_parts(parts, state).await;
    path.map(|Path(it)| it).map_err(|it| Problem::malformed(it.body_text()))
}

/// Which order the path means: by its id, or by what people call it.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    Id(OrderId),
    No(String),
}

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_text(parts, state).await?;
        Ok(Self::named(text))
    }
}

impl Which {
    /// The order that a text means.
    pub(crate) fn named(text: String) -> Self {
        text.parse().map_or(Self::No(text), |it| Self::Id(OrderId(it)))
    }

    /// As a path has it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Id(order) => order.to_string(),
            Self::No(no) => no.clone(),
        }
    }

    /// The order's id. One that is given as such need not have been heard of here. One that was, and
    /// is not within the scope, is as if it were not there.
    pub(crate) async fn find(self, db: &PgPool, scope: &Scope) -> Result<OrderId, Problem> {
        let missing = || Problem::not_found(NO_ORDER);
        match self {
            Self::Id(order) if store::is_foreign(db, scope, order).await? => Err(missing()),
            Self::Id(order) => Ok(order),
            // No order is called so: Postgres would not even take the text.
            Self::No(no) if no.contains('\0') => Err(missing()),
            Self::No(no) => store::named(db, scope, &no).await?.ok_or_else(missing),
        }
    }
}

pub(crate) const NO_ORDER: &str = "There is no such order";
