//! Stock: what there is, what came in, what was counted.

use axum::extract::State;
use chassis::Told;
use contracts::inventory::{
    CountStock, ReceiveStock, StockAnswer, StockBooked, StockOf, StockView,
};
use contracts::{Cents, Sku, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checked::{Checked, Faults};
use super::extract::{Instruction, KeyHeader, Named};
use super::problem::{Always, IfMissing, IfSent, Problem};
use super::{Api, Json, schema};
use crate::access::{May, Resource, Scope, act};
use crate::order::LevelView;
use crate::store;

const NO_WAREHOUSE: &str = "There is no such warehouse";

/// How long the name of a document may be.
const LONGEST_NAME: usize = 100;

/// How an item stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stock {
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    /// What is told to storefronts: what can be sold of it, as it was heard last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<LevelView>,
    /// What inventory knows of it, warehouse by warehouse, with the latest movements.
    #[schema(value_type = Vec<schema::StockView>)]
    pub(crate) warehouses: Vec<StockView>,
}

/// The stock of an item
///
/// Asks inventory how the item stands in each warehouse, and how it came to that.
#[utoipa::path(
    get, path = "/v1/stock/{sku}", tag = "Stock", operation_id = "get_stock",
    params(("sku" = schema::Sku, Path, description = "Which item.", example = "KB-87")),
    responses((status = 200, description = "Its stock.", body = Stock), Always, IfMissing),
)]
pub(crate) async fn get_stock(
    State(api): State<Api>,
    may: May<act::ReadStock>,
    Named(sku): Named<Sku>,
) -> Result<Json<Stock>, Problem> {
    let mut warehouses: Vec<StockView> = api.house.ask(StockOf { sku: sku.clone() }).await?;
    let mut level = store::level_of(&api.db, &sku).await?;
    match may.scope() {
        Scope::All => {}
        // A channel is told what can be sold; where it lies is the house's business.
        Scope::Channel(_) => warehouses.clear(),
        Scope::Warehouse(own) => {
            warehouses.retain(|it| it.warehouse == *own);
            level = None;
        }
    }
    if warehouses.is_empty() && level.is_none() {
        return Err(Problem::not_found("Of this item there never was any stock"));
    }
    Ok(Json(Stock { sku, level, warehouses }))
}

/// Goods that came in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receipt {
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    #[schema(value_type = schema::WarehouseId)]
    warehouse: WarehouseId,
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 240)]
    quantity: i64,
    /// What one unit cost the merchant, in the minor unit of the merchant's own currency.
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000, example = 30_000)]
    unit_cost: Cents,
    /// What names the receipt. Unique a warehouse and item: the same again changes nothing.
    #[schema(min_length = 1, max_length = 100, example = "DN-20261128-7")]
    document: String,
}

impl Checked for Receipt {
    fn check(&self, faults: &mut Faults) {
        faults.number("/quantity", self.quantity, 1..=1_000_000_000);
        faults.number("/unit_cost", self.unit_cost.0, 0..=1_000_000_000);
        faults.text("/document", &self.document, 1..=LONGEST_NAME);
    }
}

/// Put goods on the shelf
///
/// Orders that wait for them are served, the most urgent first.
#[utoipa::path(
    post, path = "/v1/stock/receipts", tag = "Stock", operation_id = "receive_stock",
    params(KeyHeader),
    request_body(content = Receipt, description = "What came in."),
    responses(
        (status = 200, description = "It is booked: so the item stands there now.",
            body = schema::StockBooked),
        Always, IfMissing, IfSent,
    ),
)]
pub(crate) async fn receive_stock(
    State(api): State<Api>,
    may: May<act::BookStock>,
    it: Instruction<Receipt>,
) -> Result<Json<StockBooked>, Problem> {
    may.on(&Resource::At(&it.body.warehouse), NO_WAREHOUSE)?;
    let (Receipt { sku, warehouse, quantity, unit_cost, document }, by) = (it.body, it.by.actor);
    let receipt = ReceiveStock { sku, warehouse, quantity, unit_cost, document, by };
    booked(api.house.tell(it.id, receipt).await?)
}

/// What was counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Count {
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    #[schema(value_type = schema::WarehouseId)]
    warehouse: WarehouseId,
    /// Usable units on hand, claimed ones included.
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 238)]
    counted: i64,
    /// What names the count. Unique a warehouse and item: the same again changes nothing.
    #[schema(min_length = 1, max_length = 100, example = "CC-2026-48-3")]
    document: String,
}

impl Checked for Count {
    fn check(&self, faults: &mut Faults) {
        faults.number("/counted", self.counted, 0..=1_000_000_000);
        faults.text("/document", &self.document, 1..=LONGEST_NAME);
    }
}

/// Say how much there is
///
/// Claims beyond what was counted are withdrawn; their orders get another source.
#[utoipa::path(
    post, path = "/v1/stock/counts", tag = "Stock", operation_id = "count_stock",
    params(KeyHeader),
    request_body(content = Count, description = "What was counted."),
    responses(
        (status = 200, description = "It is booked: so the item stands there now.",
            body = schema::StockBooked),
        Always, IfMissing, IfSent,
    ),
)]
pub(crate) async fn count_stock(
    State(api): State<Api>,
    may: May<act::BookStock>,
    it: Instruction<Count>,
) -> Result<Json<StockBooked>, Problem> {
    may.on(&Resource::At(&it.body.warehouse), NO_WAREHOUSE)?;
    let (Count { sku, warehouse, counted, document }, by) = (it.body, it.by.actor);
    let count = CountStock { sku, warehouse, counted, document, by };
    booked(api.house.tell(it.id, count).await?)
}

fn booked(told: Told<StockAnswer>) -> Result<Json<StockBooked>, Problem> {
    match told.said.into_iter().next() {
        Some(StockAnswer::StockBooked(it)) => Ok(Json(it)),
        Some(StockAnswer::StockRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}
