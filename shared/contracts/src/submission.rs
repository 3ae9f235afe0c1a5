//! The document in which a storefront hands in an order, and whom we write to about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cents, Currency, CustomerId, ExternalId, Language, OrderKind, Sku, Terms};

/// The document in which a storefront hands in an order: the `order` of [`PlaceOrder`](crate::intake::PlaceOrder), the body of
/// [`OrderSubmitted`](crate::intake::OrderSubmitted). Money is net unless it says otherwise, in minor units of `currency`, and the
/// sum has to be exact: lines + tax + freight - discount = total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// How the channel calls the order. If it stands here too, it is the subject's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    pub customer: CustomerId,
    /// `on_account` is for registered customers that may.
    pub terms: Terms,
    pub currency: Currency,
    /// How the customer calls the order. Unique a customer for twelve months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub po_number: Option<String>,
    #[serde(default)]
    pub kind: OrderKind,
    #[serde(default)]
    pub urgent: bool,
    /// In which the customer is written to; the one that they registered with, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1000))]
    pub remark: String,
    /// An item may stand in more than one.
    #[schemars(length(min = 1, max = 500))]
    pub lines: Vec<SubmissionLine>,
    /// Of all lines together.
    #[schemars(range(min = 0, max = 100_000_000_000_000_i64))]
    pub tax: Cents,
    /// Tax included.
    #[schemars(range(min = 0, max = 100_000_000_000_000_i64))]
    pub freight: Cents,
    /// Off the net sum of the lines; no more than that.
    #[schemars(range(min = 0, max = 100_000_000_000_000_i64))]
    pub discount: Cents,
    /// What the customer pays.
    #[schemars(range(min = 0, max = 100_000_000_000_000_i64))]
    pub total: Cents,
    pub ship_to: ShipTo,
}

/// A line of a [`Submission`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmissionLine {
    /// An active item of the catalogue.
    pub sku: Sku,
    /// A multiple of the item's pack, and no more than its maximum.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantity: i64,
    /// Net, for one unit: the list price.
    #[schemars(range(min = 0, max = 100_000_000_000_000_i64))]
    pub unit_price: Cents,
}

/// Who gets a [`Submission`]'s goods, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipTo {
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// A Chinese mobile number, with or without +86 or 0086, or an E.164 number; spaces and hyphens
    /// do not matter.
    #[schemars(length(min = 1, max = 40))]
    pub phone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 254))]
    pub email: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default = "china")]
    #[schemars(regex(pattern = r"^[A-Z]{2}$"))]
    pub country: String,
    /// With or without its suffix: 江苏, 江苏省. Needed in China, as are district and postcode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 100))]
    pub province: String,
    #[schemars(length(min = 1, max = 100))]
    pub city: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 100))]
    pub district: String,
    #[schemars(length(min = 1, max = 200))]
    pub street: String,
    /// In China six digits that belong to the province.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 20))]
    pub postcode: String,
}

fn china() -> String {
    "CN".to_owned()
}

/// Whom we write to. Personal data: asked for when it is needed, and not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recipient {
    pub name: String,
    pub email: Option<String>,
    pub language: Language,
}
