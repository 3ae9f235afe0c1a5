//! A demo shop: what it sells, where it keeps it, who buys it.

pub(crate) mod commands;

use anyhow::Context;
use chassis::{Client, Unanswered};
use contracts::allocation::NodeKind;
use contracts::{Command, Tier, Uuid};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;

/// Who connects to the demo shop from outside.
pub const OUTSIDERS: [(&str, &str); 10] = [
    ("channel", "web"),
    ("channel", "market"),
    ("channel", "wholesale"),
    ("warehouse", "WH-A"),
    ("warehouse", "WH-B"),
    ("warehouse", "WH-C"),
    ("warehouse", "FW-SH"),
    ("provider", "bank"),
    ("carrier", "swift"),
    ("carrier", "turtle"),
];

/// Item, name, category, price in fen, cost, tax in 1/10,000, grams.
pub type Item = (&'static str, &'static str, &'static str, i64, i64, i64, i64);

/// Customer, name, tier, limit in fen, due in the last three months, paid of it.
pub type Customer = (&'static str, &'static str, Tier, i64, i64, i64);

/// Warehouse, name, kind, province, city, lines an hour, units of each item.
pub type Warehouse = (&'static str, &'static str, NodeKind, &'static str, &'static str, i64, i64);

pub const ITEMS: [Item; 12] = [
    ("TEA-GREEN", "龙井茶 Longjing tea, 250 g", "tea", 12_800, 5_200, 1_300, 280),
    ("TEA-BLACK", "祁门红茶 Keemun tea, 250 g", "tea", 9_800, 4_100, 1_300, 280),
    ("TEA-OOLONG", "铁观音 Tieguanyin, 500 g", "tea", 16_800, 7_300, 1_300, 540),
    ("CUP-PORC", "瓷杯 Porcelain cup", "ware", 3_900, 1_200, 1_300, 320),
    ("POT-CLAY", "紫砂壶 Clay teapot", "ware", 28_800, 11_000, 1_300, 650),
    ("TRAY-BAMBOO", "竹茶盘 Bamboo tray", "ware", 15_900, 6_400, 1_300, 1_900),
    ("CAKE-MOON", "月饼 Mooncakes, box of 8", "food", 18_800, 8_800, 1_300, 900),
    ("NUTS-MIX", "坚果 Mixed nuts, 1 kg", "food", 8_800, 4_700, 1_300, 1_050),
    ("PEACH-5KG", "水蜜桃 Peaches, 5 kg", "fresh", 6_800, 3_600, 900, 5_200),
    ("CRAB-BOX", "大闸蟹 Hairy crabs, box of 6", "fresh", 26_800, 15_500, 900, 1_600),
    ("DESK-OAK", "橡木桌 Oak desk", "furniture", 249_900, 138_000, 1_300, 38_000),
    ("CHAIR-OAK", "橡木椅 Oak chair", "furniture", 79_900, 41_000, 1_300, 9_500),
];

pub const CUSTOMERS: [Customer; 4] = [
    ("C-1001", "远帆贸易 Far Sail Trading", Tier::Key, 500_000_000, 30_000_000, 29_500_000),
    ("C-1002", "青石巷茶行 Bluestone Lane Tea", Tier::Gold, 80_000_000, 12_000_000, 7_500_000),
    ("C-1003", "雁北百货 Wild Goose Stores", Tier::Silver, 40_000_000, 9_000_000, 3_900_000),
    ("C-1004", "天涯小店 World's End Corner", Tier::Regular, 10_000_000, 6_000_000, 600_000),
];

pub const WAREHOUSES: [Warehouse; 4] = [
    ("WH-A", "上海仓 Shanghai", NodeKind::Regional, "上海", "上海", 900, 4_000),
    ("WH-B", "广州仓 Guangzhou", NodeKind::Regional, "广东", "广州", 600, 3_000),
    ("WH-C", "北京仓 Beijing", NodeKind::Regional, "北京", "北京", 600, 3_000),
    ("FW-SH", "上海前置仓 Shanghai forward", NodeKind::Forward, "上海", "上海", 200, 300),
];

/// How often a command is given that nobody answers: each time it is waited for some seconds.
const TRIES: u32 = 6;

/// Fills the shop. What was said before is not said again: it may be called at every start.
pub async fn shop(client: &Client, today: Date) -> anyhow::Result<()> {
    for item in ITEMS {
        self::item(client, item).await?;
    }
    for customer in CUSTOMERS {
        self::customer(client, customer, today).await?;
    }
    for warehouse in WAREHOUSES {
        self::warehouse(client, warehouse).await?;
    }
    let shelves = WAREHOUSES.iter().flat_map(|it| ITEMS.iter().map(move |item| (it, item)));
    stream::iter(shelves)
        .map(|(warehouse, item)| stock(client, warehouse.0, item.0, warehouse.6, item.4))
        .buffer_unordered(16)
        .try_collect::<()>()
        .await
}

pub(crate) async fn item(client: &Client, it: Item) -> anyhow::Result<()> {
    tell(client, &format!("item {}", it.0), commands::list(it)?).await
}

pub(crate) async fn warehouse(client: &Client, it: Warehouse) -> anyhow::Result<()> {
    tell(client, &format!("node {}", it.0), commands::open(it)?).await
}

pub(crate) async fn customer(client: &Client, it: Customer, today: Date) -> anyhow::Result<()> {
    let id = it.0;
    tell(client, &format!("customer {id}"), commands::register(it)?).await?;
    tell(client, &format!("limit {id}"), commands::agree(it)?).await?;
    for (month, history) in commands::history(it, today)? {
        tell(client, &format!("history {id} {month}"), history).await?;
    }
    Ok(())
}

/// Puts an item on a shelf.
pub async fn stock(
    client: &Client,
    warehouse: &str,
    sku: &str,
    quantity: i64,
    unit_cost: i64,
) -> anyhow::Result<()> {
    let receipt = commands::receive((sku, warehouse), quantity, unit_cost, "opening")?;
    tell(client, &format!("stock {warehouse} {sku}"), receipt).await
}

/// Gives a command that is named, so that it is decided once for ever.
async fn tell<C: Command>(client: &Client, name: &str, command: C) -> anyhow::Result<()> {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("seed: {name}").as_bytes());
    insist(client, id, &command).await.with_context(|| format!("seed: {name}"))
}

/// Gives a command until it is known that it was decided, however slow the machine: the same id is
/// decided once.
pub async fn insist<C: Command>(client: &Client, id: Uuid, command: &C) -> Result<(), Unanswered> {
    let mut tries = 1;
    loop {
        match client.tell(id, command).await {
            Ok(_) => return Ok(()),
            Err(Unanswered::NobodyThere(_) | Unanswered::TimedOut(_)) if tries < TRIES => {
                tries += 1;
            }
            Err(unanswered) => return Err(unanswered),
        }
    }
}
