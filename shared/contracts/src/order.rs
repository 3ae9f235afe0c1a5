//! What everyone means by an order: its state, its lines, where it goes, how it is paid.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cents, Sku};

/// Where an order is. The first group is stored by intake, the second follows from its lines.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 审核中: credit and sourcing are at work on it.
    Checking,
    /// 信用冻结: credit wants a person to look, or refuses.
    CreditHold,
    /// 待付款: its goods are held until the payment term ends.
    AwaitingPayment,
    /// 已确认: credit, stock and payment are settled.
    Confirmed,
    /// 缺货待补: some or all of it waits for supply, and nothing of it can be released yet.
    Backordered,
    /// 已下发: a warehouse was told to pick, and has not begun.
    Released,
    /// 拣货
    Picking,
    /// 已打包
    Packed,
    /// 部分发货
    PartiallyShipped,
    /// 已发货
    Shipped,
    /// 部分签收
    PartiallyDelivered,
    /// 已签收
    Delivered,
    /// 已完成: delivered or settled in every unit, and invoiced.
    Completed,
    /// 已取消
    Cancelled,
    /// 已失效: the time to pay is over.
    Expired,
    /// 已拒绝: it never became an order.
    Rejected,
}

impl Status {
    pub const ALL: [Self; 16] = [
        Self::Checking,
        Self::CreditHold,
        Self::AwaitingPayment,
        Self::Confirmed,
        Self::Backordered,
        Self::Released,
        Self::Picking,
        Self::Packed,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::PartiallyDelivered,
        Self::Delivered,
        Self::Completed,
        Self::Cancelled,
        Self::Expired,
        Self::Rejected,
    ];

    /// Its name on the wire and in tables: `credit_hold`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::CreditHold => "credit_hold",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Confirmed => "confirmed",
            Self::Backordered => "backordered",
            Self::Released => "released",
            Self::Picking => "picking",
            Self::Packed => "packed",
            Self::PartiallyShipped => "partially_shipped",
            Self::Shipped => "shipped",
            Self::PartiallyDelivered => "partially_delivered",
            Self::Delivered => "delivered",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// The status of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Never left again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired | Self::Rejected)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

/// How the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Terms {
    /// Before anything leaves; the goods are held meanwhile.
    Prepaid,
    /// After the invoice, within the customer's credit.
    OnAccount,
}

/// How much a customer matters to the merchant. Priority follows it.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    #[default]
    Regular,
    Silver,
    Gold,
    /// A key account.
    Key,
}

/// What sort of order it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    #[default]
    Standard,
    /// Large quantities, through production logistics.
    Bulk,
}

/// What language a person is written to in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

impl Language {
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// One line of an order, priced. `gross = net + tax`, and `net` has its share of the discount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// 1, 2, 3 … within the order.
    pub line: u16,
    pub sku: Sku,
    pub name: String,
    pub category: String,
    /// In the base unit of the item.
    pub quantity: i64,
    /// Net, for one unit, before any discount.
    pub unit_price: Cents,
    pub net: Cents,
    pub tax: Cents,
    /// What one unit costs the merchant.
    pub unit_cost: Cents,
    /// Grams a unit.
    pub weight_g: i64,
}

impl OrderLine {
    pub fn gross(&self) -> Cents {
        self.net + self.tax
    }
}

/// So many units of a line.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct LineUnits {
    pub line: u16,
    pub quantity: i64,
}

/// So many units of an item for a line, in a named warehouse or on their way from it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct ItemUnits {
    pub line: u16,
    pub sku: Sku,
    pub quantity: i64,
}

/// Where an order goes, without who lives there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Without a suffix, as people say it: 上海, 江苏.
    pub province: String,
    pub city: String,
    pub district: String,
    pub postcode: String,
}

/// Who receives the goods. Personal data: only who needs it hears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consignee {
    pub name: String,
    /// E.164.
    pub phone: String,
    pub street: String,
}

/// Who did something, for the timeline: a person, a channel, or the house itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    /// The house, by one of its own rules.
    pub fn house() -> Self {
        Self("kontor".to_owned())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
