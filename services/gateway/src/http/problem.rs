//! What is answered when something is wrong: RFC 9457, with every fault at once.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::Unanswered;
use contracts::OrderId;
use contracts::intake::Problem as Fault;
use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};
use uuid::Uuid;

use super::schema;
use crate::console;

/// Why a request was not carried out.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<ProblemDetails>);

/// Why a request was not carried out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProblemDetails {
    /// What sort of problem it is, for programs; and where there is more about it.
    #[serde(rename = "type")]
    #[schema(example = "/problems/rejected")]
    kind: String,
    /// The same for people.
    #[schema(example = "The order was not taken in")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    /// What there is to say of this one.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "2 faults")]
    detail: String,
    /// Everything that is wrong with what was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<schema::Problem>)]
    errors: Vec<Fault>,
    /// The order that it is about, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Uuid>,
    /// Under this id it is found in traces and logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: Option<String>,
    /// After so many seconds it may be tried again.
    #[serde(skip)]
    retry_after: Option<u32>,
    /// How often it may be asked: what `RateLimit-Policy` says.
    #[serde(skip)]
    limit: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, title: &'static str) -> Self {
        debug_assert!(console::is_explained(code), "nothing explains {code}");
        Self(Box::new(ProblemDetails {
            kind: format!("/problems/{code}"),
            title,
            status: status.as_u16(),
            detail: String::new(),
            errors: vec![],
            order: None,
            trace_id: None,
            retry_after: None,
            limit: None,
        }))
    }

    /// Its last word: `not-found`.
    pub(crate) fn code(&self) -> &str {
        self.0.kind.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The same for people, and what there is to say of this one.
    pub(crate) fn words(&self) -> (&'static str, &str) {
        (self.0.title, &self.0.detail)
    }

    pub(crate) fn faults(&self) -> &[Fault] {
        &self.0.errors
    }

    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", what)
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read").saying(detail)
    }

    /// The request can be read, and is not what was agreed on.
    pub(crate) fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The body is not as agreed")
            .with(faults)
    }

    pub(crate) fn unreadable() -> Self {
        let title = "Orders cannot be read at the moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title).retry(1)
    }

    pub(crate) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much is asked at once").retry(1)
    }

    pub(crate) fn timed_out() -> Self {
        let title = "It took too long; whether it was carried out is not known";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timed-out", title).retry(1)
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something is wrong with us")
    }

    pub(crate) fn not_known() -> Self {
        let title = "Who asks is not known, or not any more";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", title)
    }

    /// Whichever of the two is wrong.
    pub(crate) fn not_signed_in() -> Self {
        let title = "There is nobody of this name and password";
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", title)
    }

    pub(crate) fn elsewhere() -> Self {
        let title = "This did not come from a page of this console";
        Self::new(StatusCode::FORBIDDEN, "elsewhere", title)
    }

    pub(crate) fn not_done_here() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This is not done here")
    }

    /// They asked more often than the policy (`"requests";q=400;w=2`) allows.
    pub(crate) fn too_many(policy: String, wait: u32) -> Self {
        let title = "This was asked too often";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-often", title).retry(wait);
        problem.0.limit = Some(policy);
        problem
    }

    pub(crate) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    pub(crate) fn with(mut self, errors: Vec<Fault>) -> Self {
        self.0.detail = match errors.len() {
            1 => "1 fault".to_owned(),
            many => format!("{many} faults"),
        };
        self.0.errors = errors;
        self
    }

    pub(crate) fn about(mut self, order: OrderId) -> Self {
        self.0.order = Some(order.0);
        self
    }

    pub(crate) fn retry(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    pub(crate) fn traced(mut self, trace_id: Option<String>) -> Self {
        self.0.trace_id = trace_id;
        self
    }

    /// Writes it down. It travels beside the response until then, for only the outermost layer
    /// knows the trace.
    pub(crate) fn write_into(self, response: &mut Response) {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        *response.body_mut() = Body::from(body);
        self.advise(response);
    }

    /// Says in the headers when it may be tried again.
    pub(crate) fn advise(&self, response: &mut Response) {
        let Some(seconds) = self.0.retry_after else { return };
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
        let left = self.0.limit.is_some().then(|| format!("\"requests\";r=0;t={seconds}"));
        for (name, text) in [("ratelimit-policy", self.0.limit.clone()), ("ratelimit", left)] {
            if let Some(Ok(value)) = text.map(HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the view cannot be read: {error}");
        Self::unreadable()
    }
}

impl From<Unanswered> for Problem {
    fn from(unanswered: Unanswered) -> Self {
        let (status, code, title) = match &unanswered {
            Unanswered::NobodyThere(_) => {
                (503, "unavailable", "The service that decides about it is not there")
            }
            Unanswered::TimedOut(_) => {
                (504, "timed-out", "It took too long; whether it was carried out is not known")
            }
            Unanswered::Parked { .. } => (500, "parked", "It was set aside, for a person to look"),
            Unanswered::Refused { .. } => (502, "refused", "It could not be understood"),
        };
        tracing::warn!(%unanswered, "a command or a question was not answered: {unanswered}");
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let problem = Self::new(status, code, title);
        match unanswered {
            Unanswered::NobodyThere(_) | Unanswered::TimedOut(_) => problem.retry(1),
            Unanswered::Parked { .. } | Unanswered::Refused { .. } => problem,
        }
    }
}

/// One fault.
pub(crate) fn fault(code: &str, pointer: impl Into<String>, found: &str, expected: &str) -> Fault {
    Fault {
        code: code.to_owned(),
        pointer: pointer.into(),
        found: found.chars().take(100).collect(),
        expected: expected.to_owned(),
    }
}

/// What any request may be answered with.
pub(crate) struct Always;

/// What a request about one thing may be answered with, too.
pub(crate) struct IfMissing;

/// What a request with a body may be answered with, too.
pub(crate) struct IfSent;

type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;

fn problems(those: &[(u16, &str)]) -> Responses {
    let problem = |description: &str| {
        let schema = Ref::from_schema_name("ProblemDetails");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build();
        RefOr::T(response)
    };
    those.iter().map(|(status, description)| (status.to_string(), problem(description))).collect()
}

impl IntoResponses for Always {
    fn responses() -> Responses {
        problems(&[
            (400, "The path, the query, a header or the body cannot be read."),
            (500, "Something is wrong with us; the trace id finds it."),
            (502, "A service did not understand us: two versions that do not fit."),
            (
                503,
                "Too much is asked at once, or whoever decides about it is not there: try again.",
            ),
            (504, "It took too long; whether it was carried out is not known: try again."),
        ])
    }
}

impl IntoResponses for IfMissing {
    fn responses() -> Responses {
        problems(&[(404, "There is no such thing.")])
    }
}

impl IntoResponses for IfSent {
    fn responses() -> Responses {
        problems(&[
            (413, "The body is too large."),
            (415, "The body is not `application/json`."),
            (422, "What was sent is not as agreed: every fault at once, each with its place."),
        ])
    }
}
