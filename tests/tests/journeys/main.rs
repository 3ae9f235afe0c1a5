//! Journeys: orders from the storefront to their end, through the whole house. After each journey
//! the books of all services are audited.

mod prepaid;

use anyhow::Context;
use whole_house::Shop;

/// Opens a shop, makes journeys through it, and closes it. Of a test that fails, the home stays.
async fn visit(
    name: &str,
    journeys: impl AsyncFnOnce(&Shop) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let shop = Shop::open(name).await?;
    let home = shop.home().to_owned();
    journeys(&shop).await.with_context(|| format!("its home is {}", home.display()))?;
    shop.close().await
}
