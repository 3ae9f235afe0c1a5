//! What each service made of an order, as short as it can be said. The same words are kept in the
//! table and given to clients.
//!
//! Each `fn` of a noun enters one message and tells whether it changed anything: what comes late, or
//! again, does not.

mod carried;
mod credit;
mod money;
mod shipment;
mod sourcing;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use carried::CarriedSummary;
pub(crate) use credit::{CreditState, CreditSummary};
use money::MoneySummary;
pub(crate) use shipment::ShipmentSummary;
pub(crate) use shipment::{ShipmentState, units};
pub(crate) use sourcing::{SourcingState, SourcingSummary};

/// What the services made of an order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Summary {
    /// Missing until credit has decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credit: Option<CreditSummary>,
    /// Missing until it is planned where the goods come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sourcing: Option<SourcingSummary>,
    /// By their pick.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) shipments: Vec<ShipmentSummary>,
    pub(crate) money: MoneySummary,
    /// Whether a warehouse is asked to leave it alone, and has not answered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cancelling: bool,
    /// Only of an order that another system kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) carried_over: Option<CarriedSummary>,
}
