//! What fulfilment says, and what warehouses and carriers tell it. Fulfilment owns shipments: it
//! tells warehouses what to pick, and follows the goods to the door, or back.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    CarrierId, Consignee, Currency, CustomerId, ItemUnits, OrderId, Place, ShipmentId, TrackingNo,
    WarehouseId, message,
};

/// A warehouse is to pick these units. The order's units are in its hands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PickRequested {
    pub warehouse: WarehouseId,
    pub order: OrderId,
    pub order_no: String,
    pub shipment: ShipmentId,
    /// 1, 2, 3 … within the order: reports name it.
    pub pick: i32,
    pub lines: Vec<PickLine>,
    pub consignee: Consignee,
    pub place: Place,
    /// Higher is sooner.
    pub priority: i64,
    pub urgent: bool,
    pub at: Timestamp,
}
message!(PickRequested, "fulfilment.pick-requested.v1", keyed by order,
    published to "warehouse" / warehouse / "pick" / order / "requested" on "PICKS");

/// What to pick for one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PickLine {
    pub line: u16,
    pub sku: crate::Sku,
    pub name: String,
    pub quantity: i64,
}

/// The warehouse is asked to leave a pick alone. It answers `unreleased`, or that it started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PickWithdrawn {
    pub warehouse: WarehouseId,
    pub order: OrderId,
    pub shipment: ShipmentId,
    pub pick: i32,
    pub at: Timestamp,
}
message!(PickWithdrawn, "fulfilment.pick-withdrawn.v1", keyed by order,
    published to "warehouse" / warehouse / "pick" / order / "cancelled" on "PICKS");

/// The warehouse began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PickStarted {
    pub order: OrderId,
    pub shipment: ShipmentId,
    pub warehouse: WarehouseId,
    /// What was released and is being picked.
    pub units: Vec<ItemUnits>,
}
message!(PickStarted, "fulfilment.pick-started.v1", keyed by order);

/// The warehouse picked, all or less: what is short needs another source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Picked {
    pub order: OrderId,
    pub shipment: ShipmentId,
    pub warehouse: WarehouseId,
    pub picked: Vec<ItemUnits>,
    /// Not there, though the books said so.
    pub short: Vec<ItemUnits>,
}
message!(Picked, "fulfilment.picked.v1", keyed by order);

/// The parcel is closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Packed {
    pub order: OrderId,
    pub shipment: ShipmentId,
    pub warehouse: WarehouseId,
    pub units: Vec<ItemUnits>,
}
message!(Packed, "fulfilment.packed.v1", keyed by order);

/// The carrier has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shipped {
    pub order: OrderId,
    pub customer: CustomerId,
    pub shipment: ShipmentId,
    pub warehouse: WarehouseId,
    pub units: Vec<ItemUnits>,
    pub carrier: Option<CarrierId>,
    pub tracking_no: Option<TrackingNo>,
    /// When the warehouse says it left.
    pub shipped_at: Timestamp,
}
message!(Shipped, "fulfilment.shipped.v1", keyed by order);

/// The customer has it: control passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    pub order: OrderId,
    pub customer: CustomerId,
    pub currency: Currency,
    pub shipment: ShipmentId,
    pub units: Vec<ItemUnits>,
    pub delivered_at: Timestamp,
}
message!(Delivered, "fulfilment.delivered.v1", keyed by order);

/// The customer did not take it; it is on its way back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryRefused {
    pub order: OrderId,
    pub customer: CustomerId,
    pub shipment: ShipmentId,
    pub units: Vec<ItemUnits>,
    pub reason: String,
}
message!(DeliveryRefused, "fulfilment.refused.v1", keyed by order);

/// What was refused is back in a warehouse, to be looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Returned {
    pub order: OrderId,
    pub customer: CustomerId,
    pub shipment: ShipmentId,
    pub warehouse: WarehouseId,
    pub units: Vec<ItemUnits>,
}
message!(Returned, "fulfilment.returned.v1", keyed by order);

/// Every open pick of the order was left alone: nothing of it is in a warehouse's hands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseWithdrawn {
    pub order: OrderId,
    pub units: Vec<ItemUnits>,
}
message!(ReleaseWithdrawn, "fulfilment.release-withdrawn.v1", keyed by order);

/// Nothing serves these units of an order, and no warehouse was told to pick them: nobody will.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GivenUp {
    pub order: OrderId,
    /// The sourcing that failed.
    pub attempt: i32,
    pub lines: Vec<crate::LineUnits>,
    /// It failed for these too. But a warehouse was told to pick them before they lost their source,
    /// and will say whether they are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_hand: Vec<crate::LineUnits>,
    /// The reason in a sentence.
    pub because: String,
}
message!(GivenUp, "fulfilment.given-up.v1", keyed by order);

/// A warehouse had begun: the order cannot be taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalRefused {
    pub order: OrderId,
    pub warehouse: WarehouseId,
}
message!(WithdrawalRefused, "fulfilment.withdrawal-refused.v1", keyed by order);

/// What a warehouse can report of a pick: the last token of its report's subject.
pub const WAREHOUSE_REPORTS: [&str; 9] = [
    "started",
    "picked",
    "short",
    "packed",
    "shipped",
    "delivered",
    "refused",
    "returned",
    "unreleased",
];

/// A warehouse reports on a pick: `started`, `picked`, `short`, `packed`, `shipped`, `delivered`,
/// `refused`, `returned`, `unreleased`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseReported {
    pub warehouse: WarehouseId,
    pub order: OrderId,
    pub what: String,
    /// A [`WarehouseReport`], unread.
    pub body: Value,
}
message!(WarehouseReported, "fulfilment.warehouse-reported.v1", keyed by order,
    reported on "warehouse" / warehouse / "report" / order / what to "WAREHOUSE_REPORT", carrying WarehouseReport);

/// What a warehouse says of a pick.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseReport {
    /// Which pick of the order; 1 if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<i32>,
    /// `picked`: what was picked; `short`: what is missing. All of the pick if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<crate::LineUnits>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<CarrierId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_no: Option<TrackingNo>,
    /// When it happened; when it was heard, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What a carrier can report of a parcel: the last token of its report's subject.
pub const CARRIER_REPORTS: [&str; 2] = ["delivered", "refused"];

/// A carrier reports on a parcel: `delivered`, `refused`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarrierReported {
    pub carrier: CarrierId,
    pub tracking_no: TrackingNo,
    pub what: String,
    /// A [`CarrierReport`], unread.
    pub body: Value,
}
message!(CarrierReported, "fulfilment.carrier-reported.v1", keyed by carrier / tracking_no,
    reported on "carrier" / carrier / tracking_no / what to "CARRIER_REPORT", carrying CarrierReport);

/// What a carrier says of a parcel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarrierReport {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A note to the order's own worker: what the carrier said of one of its parcels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParcelNoted {
    pub order: OrderId,
    pub shipment: ShipmentId,
    pub what: String,
    pub report: CarrierReport,
    pub at: Timestamp,
}
message!(ParcelNoted, "fulfilment.parcel-noted.v1", keyed by order, due at at);

/// How do the order's shipments stand?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentsOf {
    pub order: OrderId,
}
message!(ShipmentsOf, "fulfilment.shipments-of.v1", keyed by order, asked for Vec<ShipmentView>);

/// A shipment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentView {
    pub shipment: ShipmentId,
    pub pick: i32,
    pub warehouse: WarehouseId,
    pub state: String,
    pub units: Vec<ItemUnits>,
    pub carrier: Option<CarrierId>,
    pub tracking_no: Option<TrackingNo>,
}

/// Which reports of a warehouse or a carrier changed nothing, and why?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportsRefused {
    /// The id of the warehouse or the carrier.
    pub reporter: String,
}
message!(ReportsRefused, "fulfilment.reports-refused.v1", keyed by reporter,
    asked for Vec<RefusedReport>);

/// A report that changed nothing. The same one again is counted, not listed again. The latest come
/// first, 100 at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedReport {
    /// What it was about: an order, or a carrier and its tracking number.
    pub about: String,
    /// Which pick of the order; 0 if it could not be told.
    pub pick: i32,
    /// What was reported: `started`, `delivered` …
    pub what: String,
    /// Why it changed nothing, as a stable word: `repeated`, `contradictory`, `foreign_warehouse` …
    pub reason: String,
    /// How often it was heard. One that a stream brings again, as its acknowledgement was late, counts
    /// again.
    pub times: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// What it said when it came last, cut to 2,000 characters.
    pub body: String,
}
