//! Where the units of an order are: intake knows.

use axum::extract::State;
use contracts::intake::{LineBuckets, UnitsOf};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{NO_ORDER, Which};
use super::problem::{Always, IfMissing, Problem};
use super::{Api, Json, schema};
use crate::access::{May, act};
use crate::store;

/// Where the units of an order are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderUnits {
    order: Uuid,
    /// Line by line. None of an order that was carried over from another system.
    #[schema(value_type = Vec<schema::LineBuckets>)]
    pub(crate) lines: Vec<LineBuckets>,
}

/// Where the units of an order are
///
/// Asks intake how many units of each line wait, are reserved, released, picked, packed, shipped,
/// delivered, returned or cancelled. Each unit is in exactly one bucket; those that hold none are left
/// out.
#[utoipa::path(
    get, path = "/v1/orders/{id}/units", tag = "Orders", operation_id = "get_units",
    params(("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042")),
    responses(
        (status = 200, description = "Its units, line by line.", body = OrderUnits),
        Always, IfMissing,
    ),
)]
pub(crate) async fn get_units(
    State(api): State<Api>,
    may: May<act::ReadOrder>,
    which: Which,
) -> Result<Json<OrderUnits>, Problem> {
    let order = which.find(&api.db, may.scope()).await?;
    // Of one that was not heard of here nobody knows whose it is.
    let known = store::order_of(&api.db, may.scope(), order).await?;
    let known = known.ok_or_else(|| Problem::not_found(NO_ORDER))?;
    let mut lines: Vec<LineBuckets> = api.house.ask(UnitsOf { order }).await?;
    lines.retain(|it| known.lines.iter().any(|line| line.line == it.line));
    Ok(Json(OrderUnits { order: order.0, lines }))
}
