use contracts::fulfilment::{PickRequested, Picked, Shipped};
use contracts::{ItemUnits, ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Summary;

/// What leaves one warehouse at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ShipmentSummary {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) shipment: ShipmentId,
    /// 1, 2, 3 … within the order.
    #[schema(example = 1)]
    pub(crate) pick: i32,
    #[schema(example = "SH1")]
    pub(crate) warehouse: String,
    pub(crate) state: ShipmentState,
    /// Units that were to be picked.
    #[schema(example = 3)]
    pub(crate) units: i64,
    /// Units of them that were not there.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(example = 0)]
    pub(crate) short: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SF")]
    pub(crate) carrier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SF1390012345678")]
    pub(crate) tracking_no: Option<String>,
    /// When the warehouse says it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shipped_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<Timestamp>,
}

/// In the order in which a shipment goes through them; never back. A `withdrawn` pick may turn out
/// to be `started`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShipmentState {
    Requested,
    Withdrawn,
    Started,
    Picked,
    Packed,
    Shipped,
    Refused,
    Delivered,
    Returned,
}

impl Summary {
    pub(crate) fn request_pick(&mut self, it: &PickRequested) -> bool {
        if self.shipments.iter().any(|known| known.shipment == it.shipment) {
            return false;
        }
        self.shipments.push(ShipmentSummary {
            shipment: it.shipment,
            pick: it.pick,
            warehouse: it.warehouse.to_string(),
            state: ShipmentState::Requested,
            units: it.lines.iter().map(|it| it.quantity).sum(),
            short: 0,
            carrier: None,
            tracking_no: None,
            shipped_at: None,
            delivered_at: None,
        });
        true
    }

    pub(crate) fn pick(&mut self, it: &Picked) -> bool {
        self.move_on(it.shipment, ShipmentState::Picked).is_some_and(|known| {
            known.short = units(&it.short);
            true
        })
    }

    pub(crate) fn ship(&mut self, it: &Shipped) -> bool {
        self.move_on(it.shipment, ShipmentState::Shipped).is_some_and(|known| {
            known.carrier = it.carrier.as_ref().map(ToString::to_string);
            known.tracking_no = it.tracking_no.as_ref().map(ToString::to_string);
            known.shipped_at = Some(it.shipped_at);
            true
        })
    }

    pub(crate) fn deliver(&mut self, shipment: ShipmentId, at: Timestamp) -> bool {
        self.move_on(shipment, ShipmentState::Delivered).is_some_and(|known| {
            known.delivered_at = Some(at);
            true
        })
    }

    pub(crate) fn shipment_becomes(&mut self, shipment: ShipmentId, state: ShipmentState) -> bool {
        self.move_on(shipment, state).is_some()
    }

    fn move_on(&mut self, id: ShipmentId, state: ShipmentState) -> Option<&mut ShipmentSummary> {
        // A shipment that nobody asked for is not shown; one that is further stays there.
        let known = self.shipments.iter_mut().find(|it| it.shipment == id)?;
        (known.state < state).then(|| {
            known.state = state;
            known
        })
    }

    /// How reports call the shipment.
    pub(crate) fn pick_of(&self, id: ShipmentId) -> Option<i32> {
        self.shipments.iter().find(|it| it.shipment == id).map(|it| it.pick)
    }
}

pub(crate) fn units(items: &[ItemUnits]) -> i64 {
    items.iter().map(|it| it.quantity).sum()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about so")]
fn is_zero(it: &i64) -> bool {
    *it == 0
}
