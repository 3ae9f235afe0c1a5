//! An order as clients see it.

use std::collections::BTreeMap;

use contracts::intake::{OrderCarriedOver, OrderPlaced};
use contracts::inventory::WarehouseLevel;
use contracts::{Cents, OrderLine, Status, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::summary::Summary;
use crate::views::{Colour, Stage};

/// An order, as all services together know it. Amounts are in the minor unit of `currency`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderView {
    pub(crate) order: Uuid,
    /// What people call it.
    #[schema(example = "K-000042")]
    pub(crate) order_no: String,
    /// The way by which it came in.
    #[schema(example = "webshop")]
    pub(crate) channel: String,
    /// How the channel calls it.
    #[schema(example = "W-1001")]
    pub(crate) external_id: String,
    #[schema(example = "C-7")]
    pub(crate) customer: String,
    /// `regular`, `silver`, `gold` or `key`.
    #[schema(example = "gold")]
    pub(crate) tier: String,
    /// `standard` or `bulk`; `carried_over` if another system kept it: then neither tier, terms nor
    /// amounts are known, and its currency is `XXX`.
    #[schema(example = "standard")]
    pub(crate) kind: String,
    pub(crate) urgent: bool,
    /// `prepaid` or `on_account`.
    #[schema(example = "on_account")]
    pub(crate) terms: String,
    /// Where it is.
    #[schema(example = "confirmed")]
    pub(crate) status: String,
    /// Counts the statuses of the external id: 1, 2, 3 … without gaps.
    #[schema(example = 2)]
    pub(crate) status_number: i64,
    /// Since when it is there.
    pub(crate) status_at: Timestamp,
    /// Why it is there, as a stable word; empty where the status says all.
    #[schema(example = "paid")]
    pub(crate) reason: String,
    pub(crate) colour: Colour,
    /// Whether it should have been at the customer's by now, as sourcing estimated it, and is not over.
    pub(crate) is_late: bool,
    pub(crate) stage: Stage,
    #[schema(example = "CNY")]
    pub(crate) currency: String,
    #[schema(example = 100_000)]
    pub(crate) net: i64,
    #[schema(example = 13_000)]
    pub(crate) tax: i64,
    /// Tax included.
    #[schema(example = 0)]
    pub(crate) freight: i64,
    /// What the customer pays.
    #[schema(example = 113_000)]
    pub(crate) total: i64,
    /// Higher is sooner; missing until it is planned. It grows by 50 for each hour of waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2_400)]
    pub(crate) priority: Option<i64>,
    #[schema(example = "webshop")]
    pub(crate) entered_by: String,
    pub(crate) placed_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) released_at: Option<Timestamp>,
    /// When the first of it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shipped_at: Option<Timestamp>,
    /// When the last of it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completed_at: Option<Timestamp>,
    /// When the view changed last.
    pub(crate) changed_at: Timestamp,
    /// Counts what was heard of the order, and is the number of the timeline's last entry.
    #[schema(example = 7)]
    pub(crate) version: i64,
    #[serde(flatten)]
    pub(crate) summary: Summary,
}

/// An order with its lines, and how much of it was heard.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderDetail {
    #[serde(flatten)]
    pub(crate) order: OrderView,
    pub(crate) lines: Vec<LineView>,
    pub(crate) as_of: AsOf,
}

/// How current a view is: the last page that was heard of each service, in the order's partition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct AsOf {
    #[schema(example = 3)]
    pub(crate) partition: i32,
    #[schema(example = json!({"intake": 1204, "credit": 1180}))]
    pub(crate) heard: BTreeMap<String, i64>,
    /// When the view last heard anything in this partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LineView {
    /// 1, 2, 3 … within the order.
    #[schema(example = 1)]
    pub(crate) line: u16,
    /// Empty in an order that was carried over: there it has a name alone.
    #[schema(example = "KB-87")]
    pub(crate) sku: String,
    #[schema(example = "机械键盘")]
    pub(crate) name: String,
    /// In the base unit of the item.
    #[schema(example = 2)]
    pub(crate) quantity: i64,
    /// Net, for one unit, before any discount.
    #[schema(value_type = i64, example = 50_000)]
    pub(crate) unit_price: Cents,
    /// With its share of any discount.
    #[schema(value_type = i64, example = 100_000)]
    pub(crate) net: Cents,
    #[schema(value_type = i64, example = 13_000)]
    pub(crate) tax: Cents,
}

impl LineView {
    /// What of an order's lines is kept, as JSON. What an item costs the merchant is not shown.
    pub(crate) fn all_of(placed: &OrderPlaced) -> serde_json::Result<String> {
        let lines: Vec<Self> = placed.lines.iter().map(Self::of).collect();
        serde_json::to_string(&lines)
    }

    /// The one line of an order that another system kept, as JSON.
    pub(crate) fn carried(it: &OrderCarriedOver) -> serde_json::Result<String> {
        let (name, quantity) = (it.carried.product.clone(), it.carried.quantity);
        let nothing = Cents::ZERO;
        let (unit_price, net, tax) = (nothing, nothing, nothing);
        let sku = String::new();
        serde_json::to_string(&[Self { line: 1, sku, name, quantity, unit_price, net, tax }])
    }

    fn of(it: &OrderLine) -> Self {
        let OrderLine { line, sku, name, quantity, unit_price, net, tax, .. } = it.clone();
        let sku = sku.into();
        Self { line, sku, name, quantity, unit_price, net, tax }
    }
}

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// 1, 2, 3 … within the order, as it was heard.
    #[schema(example = 3)]
    pub(crate) number: i64,
    /// When it happened, or was heard if nobody said when it happened.
    pub(crate) at: Timestamp,
    /// Which service says so.
    #[schema(example = "credit")]
    pub(crate) service: String,
    /// What it says.
    #[schema(example = "approved")]
    pub(crate) what: String,
    /// Who did it: a person, a channel, a warehouse, a payment provider, or the house itself.
    #[schema(example = "kontor")]
    pub(crate) who: String,
    /// Why, in a word or a sentence; empty if there is nothing to say.
    #[schema(example = "class-b")]
    pub(crate) why: String,
    /// The figures that belong to it. Allocation's `findings` are its reasons as codes and figures.
    #[schema(value_type = Object, example = json!({"amount": 113_000, "class": "B"}))]
    pub(crate) data: Value,
}

/// What can be sold of an item.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct LevelView {
    /// 1, 2, 3 … for each item; the highest counts.
    #[schema(example = 18)]
    pub(crate) number: i64,
    /// Over all warehouses.
    #[schema(example = 240)]
    pub(crate) sellable: i64,
    pub(crate) at: Timestamp,
}

/// What can be sold of an item, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ItemLevel {
    pub(crate) sku: String,
    /// Over all warehouses.
    pub(crate) sellable: i64,
    pub(crate) warehouses: Vec<WarehouseLevel>,
    pub(crate) at: Timestamp,
}

/// The status of this name. What a newer version wrote is shown as work in progress.
pub(crate) fn status_named(name: &str) -> Status {
    Status::named(name).unwrap_or(Status::Confirmed)
}
