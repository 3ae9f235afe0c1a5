//! How an item came to stand in a warehouse as it does, page by page back to the first movement.

use axum::extract::{Path, State};
use contracts::inventory::{MovesOf, StockMove};
use contracts::{Sku, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::Asked;
use super::problem::{Always, IfMissing, Problem};
use super::{Api, Json, schema};
use crate::access::{May, Resource, act};

/// How many movements a page has, if it is not said.
const MOVES: u16 = 50;

/// How many it has at most.
const MOST_MOVES: u16 = 200;

const NO_MOVES: &str = "Of this item there never was any stock in this warehouse";

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MovesQuery {
    /// So many at most. 50, if nothing is said.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub(crate) limit: Option<u16>,
    /// Where to go on: the `next` of the page before. What follows is older.
    #[param(minimum = 1, example = 81)]
    pub(crate) after: Option<i64>,
}

/// A page of movements.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Movements {
    /// The latest first; numbered 1, 2, 3 … from the first on.
    #[schema(value_type = Vec<schema::StockMove>)]
    pub(crate) movements: Vec<StockMove>,
    /// Where to go on: the `after` of the next request. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 31)]
    pub(crate) next: Option<i64>,
}

/// The movements of an item in a warehouse
///
/// Every change of its stock, the latest first. Whoever follows `next` to the end sees each movement once
/// that was there at the beginning, whatever moves meanwhile.
#[utoipa::path(
    get, path = "/v1/stock/{sku}/warehouses/{warehouse}/movements", tag = "Stock",
    operation_id = "list_movements",
    params(
        ("sku" = schema::Sku, Path, description = "Which item.", example = "KB-87"),
        ("warehouse" = schema::WarehouseId, Path, description = "Where.", example = "SH1"),
        MovesQuery,
    ),
    responses(
        (status = 200, description = "A page of movements.", body = Movements),
        Always, IfMissing,
    ),
)]
pub(crate) async fn list_movements(
    State(api): State<Api>,
    may: May<act::ReadMoves>,
    Path(of): Path<(String, String)>,
    Asked(query): Asked<MovesQuery>,
) -> Result<Json<Movements>, Problem> {
    Ok(Json(page(&api, &may, named(of)?, &query).await?))
}

/// Which item, and where.
pub(crate) fn named((sku, warehouse): (String, String)) -> Result<(Sku, WarehouseId), Problem> {
    match (Sku::new(sku), WarehouseId::new(warehouse)) {
        (Ok(sku), Ok(warehouse)) => Ok((sku, warehouse)),
        _ => Err(Problem::not_found(NO_MOVES)), // No shelf is called so.
    }
}

/// A page of the movements on a shelf, if the reader may see it.
pub(crate) async fn page(
    api: &Api,
    may: &May<act::ReadMoves>,
    (sku, warehouse): (Sku, WarehouseId),
    query: &MovesQuery,
) -> Result<Movements, Problem> {
    let limit = query.limit.unwrap_or(MOVES);
    if !(1..=MOST_MOVES).contains(&limit) {
        return Err(Problem::malformed(format!("limit: 1 to {MOST_MOVES}")));
    }
    if query.after.is_some_and(|it| it < 1) {
        return Err(Problem::malformed("after: the `next` of the page before"));
    }
    may.on(&Resource::At(&warehouse), NO_MOVES)?;
    // One more than asked for tells whether there is a next page.
    let (before, most) = (query.after, i64::from(limit) + 1);
    let asked = MovesOf { sku, warehouse, before, limit: most };
    let mut movements = api.house.ask(asked).await?;
    if movements.is_empty() && before.is_none() {
        return Err(Problem::not_found(NO_MOVES));
    }
    let has_more = movements.len() > usize::from(limit);
    movements.truncate(limit.into());
    let next = movements.last().filter(|_| has_more).map(|it| it.number);
    Ok(Movements { movements, next })
}
