//! Deciding about orders: to cancel one, to release or refuse its credit.

use axum::extract::State;
use axum::http::StatusCode;
use chassis::Told;
use contracts::OrderId;
use contracts::credit::{
    RefuseHold, RefuseHoldAnswer, ReleaseHold, ReleaseHoldAnswer, ReleaseRefusal,
};
use contracts::intake::{CancelOrder, CancelOrderAnswer, CancelRefusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::checked::{Checked, Faults};
use super::extract::{CallerHeaders, Instruction, KeyHeader, NO_ORDER, Which};
use super::problem::{Always, IfMissing, IfSent, Problem, ProblemDetails};
use super::{Api, Json, page_name};
use crate::access::{May, act};

/// Why somebody decides so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// In their own words; it stands in the timeline.
    #[schema(min_length = 1, max_length = 200, example = "The customer ordered twice")]
    pub(crate) reason: String,
}

impl Checked for Reason {
    fn check(&self, faults: &mut Faults) {
        faults.text("/reason", &self.reason, 1..=200);
    }
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decision {
    order: Uuid,
    pub(crate) outcome: Outcome,
    /// The page that tells everyone of it: a reader that asks with `min_page` sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "intake:3:1211")]
    pub(crate) page: Option<String>,
}

/// `cancelled` at once, or `cancellation_requested` of the warehouse; credit `released` or `refused`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Cancelled,
    CancellationRequested,
    Released,
    Refused,
}

/// Cancel an order
///
/// An order that no warehouse has in hand ends at once. One that was handed to a warehouse, which has
/// not begun, is asked back: the timeline tells what comes of it. Later than that it is refused.
#[utoipa::path(
    post, path = "/v1/orders/{id}/cancel", tag = "Orders", operation_id = "cancel_order",
    params(
        ("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042"),
        CallerHeaders, KeyHeader,
    ),
    request_body(content = Reason, description = "Why it is not wanted any more."),
    responses(
        (status = 200, description = "The order is cancelled.", body = Decision),
        (status = 202, description = "A warehouse is asked to leave it alone.", body = Decision),
        Always, IfMissing, IfSent,
        (status = 409, description = "The order stays as it is: it is over, being asked for, picked, or left.",
            body = ProblemDetails, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn cancel_order(
    State(api): State<Api>,
    may: May<act::CancelOrder>,
    which: Which,
    it: Instruction<Reason>,
) -> Result<(StatusCode, Json<Decision>), Problem> {
    let order = which.find(&api.db, may.scope()).await?;
    let (channel, by, reason) = (it.by.channel, it.by.actor, it.body.reason);
    let told = api.house.tell(it.id, CancelOrder { order, channel, by, reason });
    let Told { said, page } = told.await?;
    let done = |status, outcome| {
        let page = page_name("intake", page);
        Ok((status, Json(Decision { order: order.0, outcome, page })))
    };
    // Cancelling may say more than one thing; the first is what became of the order.
    match said.into_iter().next() {
        Some(CancelOrderAnswer::OrderCancelled(_)) => done(StatusCode::OK, Outcome::Cancelled),
        Some(CancelOrderAnswer::CancellationRequested(_)) => {
            done(StatusCode::ACCEPTED, Outcome::CancellationRequested)
        }
        Some(CancelOrderAnswer::CancelRefused(it)) => Err(not_cancelled(order, it.because)),
        None => Err(Problem::internal()),
    }
}

fn not_cancelled(order: OrderId, because: CancelRefusal) -> Problem {
    let (code, title) = match because {
        CancelRefusal::Unknown => return Problem::not_found(NO_ORDER),
        CancelRefusal::AlreadyFinal => ("already-final", "The order is over"),
        CancelRefusal::AlreadyRequested => ("already-requested", "The warehouse is asked already"),
        CancelRefusal::Picked => ("picked", "The order is picked"),
        CancelRefusal::PastPointOfNoReturn => ("past-point-of-no-return", "The order left"),
    };
    Problem::new(StatusCode::CONFLICT, code, title).about(order)
}

/// Release an order's credit
///
/// Authorises the credit of an order that credit holds. The actor's tier has to reach what the
/// decision asks for, and nobody releases an order that they entered.
#[utoipa::path(
    post, path = "/v1/orders/{id}/credit/release", tag = "Credit", operation_id = "release_credit",
    params(
        ("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042"),
        KeyHeader,
    ),
    request_body(content = Reason, description = "Why it may pass."),
    responses(
        (status = 200, description = "The credit is authorised.", body = Decision),
        Always, IfMissing, IfSent,
        (status = 403, description = "The actor may not decide this.",
            body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "No credit of this order is held.",
            body = ProblemDetails, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn release_credit(
    State(api): State<Api>,
    may: May<act::DecideCredit>,
    which: Which,
    it: Instruction<Reason>,
) -> Result<Json<Decision>, Problem> {
    let order = which.find(&api.db, may.scope()).await?;
    let (by, tier, reason) = (it.by.actor, it.by.tier, it.body.reason);
    let Told { said, page } =
        api.house.tell(it.id, ReleaseHold { order, by, tier, reason }).await?;
    let page = page_name("credit", page);
    match said.into_iter().next() {
        Some(ReleaseHoldAnswer::HoldReleased(_)) => {
            Ok(Json(Decision { order: order.0, outcome: Outcome::Released, page }))
        }
        Some(ReleaseHoldAnswer::ReleaseRefused(it)) => Err(not_decided(order, it.because)),
        None => Err(Problem::internal()),
    }
}

/// Refuse an order's credit
///
/// Refuses the credit of an order that credit holds: the order ends.
#[utoipa::path(
    post, path = "/v1/orders/{id}/credit/refuse", tag = "Credit", operation_id = "refuse_credit",
    params(
        ("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042"),
        KeyHeader,
    ),
    request_body(content = Reason, description = "Why it may not pass."),
    responses(
        (status = 200, description = "The credit is refused.", body = Decision),
        Always, IfMissing, IfSent,
        (status = 403, description = "The actor may not decide this.",
            body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "No credit of this order is held.",
            body = ProblemDetails, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn refuse_credit(
    State(api): State<Api>,
    may: May<act::DecideCredit>,
    which: Which,
    it: Instruction<Reason>,
) -> Result<Json<Decision>, Problem> {
    let order = which.find(&api.db, may.scope()).await?;
    let (by, reason) = (it.by.actor, it.body.reason);
    let Told { said, page } = api.house.tell(it.id, RefuseHold { order, by, reason }).await?;
    let page = page_name("credit", page);
    match said.into_iter().next() {
        Some(RefuseHoldAnswer::HoldRefused(_)) => {
            Ok(Json(Decision { order: order.0, outcome: Outcome::Refused, page }))
        }
        Some(RefuseHoldAnswer::ReleaseRefused(it)) => Err(not_decided(order, it.because)),
        None => Err(Problem::internal()),
    }
}

fn not_decided(order: OrderId, because: ReleaseRefusal) -> Problem {
    let problem = match because {
        ReleaseRefusal::NotHeld => {
            Problem::new(StatusCode::CONFLICT, "not-held", "No credit of this order is held")
        }
        ReleaseRefusal::TierTooLow { needed } => {
            let title = "The actor's tier is too low";
            Problem::new(StatusCode::FORBIDDEN, "tier", title).saying(format!("tier {needed}"))
        }
        ReleaseRefusal::FourEyes => {
            Problem::new(StatusCode::FORBIDDEN, "four-eyes", "Nobody decides on their own order")
        }
    };
    problem.about(order)
}
