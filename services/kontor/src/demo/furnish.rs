//! What the demo's shop has beside the seed's: more items, customers and warehouses.

use chassis::Client;
use contracts::allocation::NodeKind;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;

use super::catalogue;
use super::people::{GOOD, WEAK};
use crate::seed::{self, ITEMS};

/// Who connects to the demo beside those who connect to the seed's shop.
const OUTSIDERS: [(&str, &str); 4] =
    [("channel", "mini"), ("warehouse", "WH-D"), ("warehouse", "WH-E"), ("provider", "wallet")];

/// The shelves are in the catalogue.
const WAREHOUSES: [seed::Warehouse; 2] = [
    ("WH-D", "成都仓 Chengdu", NodeKind::Regional, "四川", "成都", 500, 0),
    ("WH-E", "武汉仓 Wuhan", NodeKind::Regional, "湖北", "武汉", 500, 0),
];

/// Everybody who connects to the demo from outside.
pub fn outsiders() -> Vec<(&'static str, &'static str)> {
    seed::OUTSIDERS.into_iter().chain(OUTSIDERS).collect()
}

/// Fills the shop. What was said before is not said again: it may be called at every start.
pub async fn furnish(client: &Client, today: Date) -> anyhow::Result<()> {
    for item in catalogue::more() {
        seed::item(client, item).await?;
    }
    for customer in GOOD.into_iter().chain(WEAK) {
        seed::customer(client, customer, today).await?;
    }
    for warehouse in WAREHOUSES {
        seed::warehouse(client, warehouse).await?;
    }
    // The seed has put its own on its shelves.
    let seeded = |sku: &str| ITEMS.iter().any(|it| it.0 == sku);
    let new = catalogue::shelves().into_iter().filter(|it| !seeded(it.sku));
    stream::iter(new)
        .map(|it| seed::stock(client, it.warehouse, it.sku, it.target.max(1), it.unit_cost))
        .buffer_unordered(16)
        .try_collect::<()>()
        .await
}
