//! What inventory says, and what it can be told. Inventory owns stock: it claims atomically along a
//! plan, or says what is short. Nothing is ever claimed twice.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Actor, Cents, ItemUnits, OrderId, Sku, WarehouseId, message, message_set};

/// Units of an item in one warehouse are kept for one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    pub line: u16,
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub quantity: i64,
}

/// The order's goods are kept: all of what was planned, or what there was and the rest on
/// backorder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockClaimed {
    pub order: OrderId,
    pub attempt: i32,
    /// What is claimed by this decision, not what was claimed before.
    pub claims: Vec<Claim>,
    pub backordered: Vec<ItemUnits>,
    /// Until when, if the claims are soft.
    pub lease_until: Option<Timestamp>,
}
message!(StockClaimed, "inventory.claimed.v1", keyed by order);

/// No plan fitted; nothing is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimRefused {
    pub order: OrderId,
    pub attempt: i32,
    pub round: i32,
    /// What there is, of everything that any plan touched, as it stood in that transaction.
    pub available: Vec<Available>,
}
message!(ClaimRefused, "inventory.claim-refused.v1", keyed by order);

/// What can be sold of an item in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Available {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub quantity: i64,
}

/// The order's claims are firm now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimsPromoted {
    pub order: OrderId,
    /// All firm claims of the order, for they may be others than those that lapsed.
    pub claims: Vec<Claim>,
}
message!(ClaimsPromoted, "inventory.claims-promoted.v1", keyed by order);

/// The leases lapsed, and what they held is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PromotionRefused {
    pub order: OrderId,
    /// What has no source any more.
    pub lacking: Vec<ItemUnits>,
}
message!(PromotionRefused, "inventory.promotion-refused.v1", keyed by order);

/// The order's soft claims came to their end; what they held is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeaseExpired {
    pub order: OrderId,
}
message!(LeaseExpired, "inventory.lease-expired.v1", keyed by order);

/// The order keeps nothing any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimsReleased {
    pub order: OrderId,
    pub claims: Vec<Claim>,
}
message!(ClaimsReleased, "inventory.claims-released.v1", keyed by order);

/// Supply came, and these units of a backorder are claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BackorderFilled {
    pub order: OrderId,
    pub claims: Vec<Claim>,
}
message!(BackorderFilled, "inventory.backorder-filled.v1", keyed by order);

/// A count found less than was claimed: these claims are gone, and need another source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimsWithdrawn {
    pub order: OrderId,
    pub claims: Vec<Claim>,
}
message!(ClaimsWithdrawn, "inventory.claims-withdrawn.v1", keyed by order);

/// What can be sold of an item, absolute. Numbered 1, 2, 3 … for each item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockLevel {
    pub sku: Sku,
    pub number: i64,
    /// Over all warehouses.
    pub sellable: i64,
    pub warehouses: Vec<WarehouseLevel>,
    pub at: Timestamp,
}
message!(StockLevel, "inventory.level.v1", keyed by sku,
    published to "stock" / "level" / sku on "STOCK_LEVEL");

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseLevel {
    pub warehouse: WarehouseId,
    pub sellable: i64,
}

/// Goods came in, for the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReceived {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub quantity: i64,
    pub unit_cost: Cents,
    /// What names the receipt: a delivery note, a report.
    pub document: String,
}
message!(StockReceived, "inventory.received.v1", keyed by sku);

/// Put goods on the shelf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiveStock {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub quantity: i64,
    pub unit_cost: Cents,
    /// Unique a warehouse and item: the same document again changes nothing.
    pub document: String,
    pub by: Actor,
}
message!(ReceiveStock, "inventory.receive.v1", keyed by sku, answered by StockAnswer);

/// Say how much there is of an item in a warehouse. Claims beyond it are withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CountStock {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    /// Usable units on hand, claimed ones included.
    pub counted: i64,
    /// Unique a warehouse and item: the same document again changes nothing.
    pub document: String,
    pub by: Actor,
}
message!(CountStock, "inventory.count.v1", keyed by sku, answered by StockAnswer);

message_set! {
    /// What comes of a receipt or a count.
    pub enum StockAnswer { StockBooked, StockRefused }
}

/// It is booked: so it stands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockBooked {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub good: i64,
    pub reserved: i64,
    pub allocated: i64,
}
message!(StockBooked, "inventory.booked.v1", keyed by sku, in reply);

/// It is not booked, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockRefused {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub problems: Vec<crate::intake::Problem>,
}
message!(StockRefused, "inventory.refused.v1", keyed by sku, in reply);

/// What a warehouse system can tell of its stock: the last token of its report's subject.
pub const STOCK_REPORTS: [&str; 3] = ["received", "counted", "damaged"];

/// A warehouse system tells of its stock: `received`, `counted`, `damaged`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReported {
    pub warehouse: WarehouseId,
    pub sku: Sku,
    pub what: String,
    /// A [`StockReport`], unread.
    pub body: Value,
}
message!(StockReported, "inventory.reported.v1", keyed by sku,
    reported on "stock" / "report" / warehouse / sku / what to "STOCK_REPORT", carrying StockReport);

/// What a warehouse system says of its stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReport {
    /// Received or damaged: so many; counted: usable units on hand.
    pub quantity: i64,
    /// Unique a warehouse and item.
    pub document: String,
    #[serde(default)]
    pub unit_cost: Cents,
}

/// How does this item stand, and how did it come to that?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockOf {
    pub sku: Sku,
}
message!(StockOf, "inventory.stock-of.v1", keyed by sku, asked for Vec<StockView>);

/// An item in a warehouse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockView {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    pub good: i64,
    pub quarantine: i64,
    pub damaged: i64,
    pub reserved: i64,
    pub allocated: i64,
    pub backordered: i64,
    /// The latest first, 100 at most. Older ones: [`MovesOf`].
    pub moves: Vec<StockMove>,
}

/// Which movements were there before this one? The latest first; none of an item that never was there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovesOf {
    pub sku: Sku,
    pub warehouse: WarehouseId,
    /// Only those with a lower number; the latest of all, if nothing is said.
    pub before: Option<i64>,
    /// So many at most; no more than 1,000 are told.
    pub limit: i64,
}
message!(MovesOf, "inventory.moves-of.v1", keyed by sku, asked for Vec<StockMove>);

/// One row of the movement ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockMove {
    /// 1, 2, 3 … for each item and warehouse.
    pub number: i64,
    pub kind: String,
    pub good: i64,
    pub quarantine: i64,
    pub damaged: i64,
    pub reserved: i64,
    pub allocated: i64,
    pub order: Option<OrderId>,
    pub document: Option<String>,
    pub at: Timestamp,
}

// ---- Timers ------------------------------------------------------------------------------------

/// A soft claim comes to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeaseEnds {
    pub order: OrderId,
    /// The lease's fencing token: a later lease of the same order has a higher one.
    pub token: i64,
    pub at: Timestamp,
}
message!(LeaseEnds, "inventory.lease-ends.v1", keyed by order, due at at);

/// Levels changed and are to be told. At most one of these is on its way a partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelsDue {
    /// Any key that falls into the partition.
    pub key: String,
    pub at: Timestamp,
}
message!(LevelsDue, "inventory.levels-due.v1", keyed by key, due at at);

/// A note to the order's own worker: a receipt filled its backorder. The claims are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BackorderServed {
    pub order: OrderId,
    pub claims: Vec<Claim>,
    pub at: Timestamp,
}
message!(BackorderServed, "inventory.backorder-served.v1", keyed by order, due at at);

/// A note to the order's own worker: a count took its claims away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimsTaken {
    pub order: OrderId,
    pub claims: Vec<Claim>,
    pub at: Timestamp,
}
message!(ClaimsTaken, "inventory.claims-taken.v1", keyed by order, due at at);

/// A note to the item's own worker: stock of it became free while orders wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BackordersDue {
    pub sku: Sku,
    pub at: Timestamp,
}
message!(BackordersDue, "inventory.backorders-due.v1", keyed by sku, due at at);
