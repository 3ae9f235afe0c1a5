//! Journeys: orders from the storefront to their end, through the whole house. After each journey
//! the books of all services are audited.

mod account;
mod audit;
mod crowd;
mod endings;
mod exchange;
mod following;
mod handing_in;
mod permissions;
mod prepaid;
mod shortages;
mod sourcing;
mod webhooks;

use anyhow::Context;
use contracts::OrderId;
use contracts::fulfilment::PickRequested;
use whole_house::{Shop, Warehouse};

/// Opens a shop, makes journeys through it, and closes it. Of a test that fails, the home stays.
async fn visit(
    name: &str,
    journeys: impl AsyncFnOnce(&Shop) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let shop = Box::pin(Shop::open(name)).await?;
    let home = shop.home().to_owned();
    Box::pin(journeys(&shop)).await.with_context(|| format!("its home is {}", home.display()))?;
    Box::pin(shop.close()).await
}

/// The pick that this warehouse was told for the order, and the warehouse.
async fn pick<'a>(
    shop: &'a Shop,
    warehouse: &str,
    order: OrderId,
) -> anyhow::Result<(&'a Warehouse, PickRequested)> {
    let warehouse = shop.warehouse(warehouse)?;
    Ok((warehouse, warehouse.pick(order).await?))
}
