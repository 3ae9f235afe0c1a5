//! Placing orders.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::Told;
use contracts::intake::{
    PlaceOrder, PlaceOrderAnswer, PlacementAccepted, PlacementConflict, PlacementDuplicate,
};
use contracts::{ChannelId, ExternalId, Status};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{self, Caller, CallerHeaders, KeyHeader, fresh_id};
use super::problem::{Always, IfSent, Problem, ProblemDetails, fault};
use super::{Api, Json, page_name, schema};
use crate::access::{May, Resource, act};

/// An order that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Placed {
    order: Uuid,
    /// What people call it.
    #[schema(example = "K-000042")]
    order_no: String,
    /// How the channel calls it.
    #[schema(value_type = String, example = "W-1001")]
    external_id: ExternalId,
    /// Where it is.
    #[schema(value_type = schema::Status)]
    status: Status,
    /// The page that tells everyone of it: a reader that asks with `min_page` sees the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "intake:3:1204")]
    page: Option<String>,
}

/// What a storefront hands in: unread, but for how it calls it.
pub(crate) struct Handed {
    channel: ChannelId,
    external_id: ExternalId,
    key: Option<String>,
    by: Caller,
    order: Value,
}

impl FromRequest<Api> for Handed {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let by = Caller::from_request_parts(&mut parts, api).await?;
        let Some(channel) = by.channel.clone() else {
            return Err(Problem::malformed("The header Kontor-Channel: for which channel?"));
        };
        let key = extract::idempotency_key(&parts.headers)?.map(str::to_owned);
        let bytes = extract::json_bytes(Request::from_parts(parts, body), api).await?;
        let order: Value = extract::read(&bytes)?;
        let external_id = match order.get("external_id") {
            Some(Value::String(text)) => {
                ExternalId::new(text.clone()).map_err(|it| (text.clone(), it))
            }
            Some(other) => {
                let expected = "a text of 1 to 64 printable ASCII characters";
                let found = other.to_string();
                return Err(Problem::invalid(vec![fault(
                    "type",
                    "/external_id",
                    &found,
                    expected,
                )]));
            }
            None => {
                let expected = "how the channel calls the order";
                return Err(Problem::invalid(vec![fault(
                    "required",
                    "/external_id",
                    "",
                    expected,
                )]));
            }
        };
        let external_id = external_id.map_err(|(found, error)| {
            let expected = error.to_string();
            Problem::invalid(vec![fault("format", "/external_id", &found, &expected)])
        })?;
        Ok(Self { channel, external_id, key, by, order })
    }
}

/// Place an order
///
/// Hands in an order for the storefront's own channel, or for that of the header. It is answered when the order is written down: an
/// accepted order is not lost. The same order again, by its `external_id`, is not taken in twice, but
/// answered with the first one. What is wrong is told all at once.
#[utoipa::path(
    post, path = "/v1/orders", tag = "Orders", operation_id = "place_order",
    params(CallerHeaders, KeyHeader),
    request_body(
        content = schema::Submission,
        description = "The order. Here it has to say its `external_id`.",
        example = json!({
            "external_id": "W-1001", "customer": "C-7", "terms": "on_account", "currency": "CNY",
            "lines": [{ "sku": "KB-87", "quantity": 2, "unit_price": 50_000 }],
            "tax": 13_000, "freight": 0, "discount": 0, "total": 113_000,
            "ship_to": {
                "name": "王芳", "phone": "13912345678", "country": "CN", "province": "江苏",
                "city": "南京", "district": "玄武", "street": "中山路 1 号", "postcode": "210018",
            },
        }),
    ),
    responses(
        (status = 201, description = "The order was taken in.", body = Placed, headers(
            ("Location" = String, description = "Where to read it."),
        )),
        (status = 200, description = "It was taken in before; this is it.", body = Placed, headers(
            ("Location" = String, description = "Where to read it."),
            ("Idempotency-Replayed" = String, description = "`true`: nothing happened this time."),
        )),
        Always, IfSent,
        (status = 409, description = "Its name stands for another order. Nothing changed.",
            body = ProblemDetails, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn place_order(
    State(api): State<Api>,
    may: May<act::PlaceOrder>,
    handed: Handed,
) -> Result<Response, Problem> {
    let Handed { channel, external_id, key, by, order } = handed;
    may.on(&Resource::Of(&channel), "There is no such channel")?;
    let idempotency_key = key;
    // Always a new command: intake knows the order by its names, and says that it is a duplicate.
    let told = api.house.tell(
        fresh_id(),
        PlaceOrder { channel, external_id, idempotency_key, entered_by: by.actor, order },
    );
    let Told { said, page } = told.await?;
    let page = page_name("intake", page);
    match said.into_iter().next() {
        Some(PlaceOrderAnswer::PlacementAccepted(it)) => {
            let PlacementAccepted { order, order_no, external_id, status } = it;
            let placed = Placed { order: order.0, order_no, external_id, status, page };
            Ok(answer(StatusCode::CREATED, placed))
        }
        Some(PlaceOrderAnswer::PlacementDuplicate(it)) => {
            let PlacementDuplicate { order, order_no, external_id, status, .. } = it;
            let placed = Placed { order: order.0, order_no, external_id, status, page };
            let mut response = answer(StatusCode::OK, placed);
            let replayed = HeaderValue::from_static("true");
            response.headers_mut().insert("idempotency-replayed", replayed);
            Ok(response)
        }
        Some(PlaceOrderAnswer::PlacementConflict(it)) => Err(conflict(&it)),
        Some(PlaceOrderAnswer::PlacementRejected(it)) => {
            let (status, title) = (StatusCode::UNPROCESSABLE_ENTITY, "The order was not taken in");
            Err(Problem::new(status, "rejected", title).with(it.problems))
        }
        None => Err(Problem::internal()),
    }
}

fn answer(status: StatusCode, placed: Placed) -> Response {
    let location = format!("/v1/orders/{}", placed.order);
    let mut response = (status, Json(placed)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// A key of the transport that was used for something else is a mistake in the request; a name of the
/// order that stands for another one is a conflict.
fn conflict(it: &PlacementConflict) -> Problem {
    let status = match &*it.by {
        "idempotency_key" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    };
    let problem = Problem::new(status, "conflict", "It stands for an order of other content");
    problem.saying(format!("by {}: {}", it.by, it.order_no)).about(it.order)
}
