//! Parcels: what warehouses did with claimed goods. They found less, sent them off, got them back.

use std::collections::BTreeMap;

use contracts::fulfilment::{Picked, Returned, Shipped};
use contracts::{OrderId, ShipmentId, Sku, WarehouseId};
use tracing::warn;

use crate::Outbound;
use crate::books::{Books, Cause, Claim, Delta, Kind, Shelf};
use crate::claim::{sum, take};

impl Books {
    /// What a picker did not find is not there: the shelf and the claim lose it.
    pub(crate) fn pick(&mut self, it: &Picked) -> Vec<Outbound> {
        // All was found: the claim stands until the goods leave.
        if it.short.is_empty() || self.has_posted(it.shipment, "short") {
            return vec![];
        }
        let picked = sum(&it.picked);
        let mut short = BTreeMap::<Sku, Delta>::new();
        for ((line, sku), missing) in sum(&it.short) {
            let Some(claim) = self.claimed(it.order, &sku, line, &it.warehouse) else {
                continue; // A count took the claim before the picker came.
            };
            let found = picked.get(&(line, sku.clone())).copied().unwrap_or_default();
            // A count may have taken a part of it. What was picked is there.
            let missing = missing.min((claim.open() - found).max(0));
            let (firm, soft) = take(claim, missing);
            let delta = short.entry(sku).or_default();
            delta.good -= firm + soft;
            delta.allocated -= firm;
            delta.reserved -= soft;
        }
        self.post_all(
            &it.warehouse,
            Kind::ShortPick,
            short,
            &shipment(it.order, it.shipment, "short"),
        );
        vec![]
    }

    /// Goods left: the shelf loses them, and the claim is used up.
    pub(crate) fn ship(&mut self, it: &Shipped) -> Vec<Outbound> {
        if self.has_posted(it.shipment, "ship") {
            return vec![]; // A shipment leaves once.
        }
        let mut shipped = BTreeMap::<Sku, Delta>::new();
        for ((line, sku), units) in sum(&it.units) {
            let claim = self.claimed(it.order, &sku, line, &it.warehouse);
            let (firm, soft) = claim.map_or((0, 0), |it| take(it, units));
            let delta = shipped.entry(sku.clone()).or_default();
            // Without a claim (a count took it, and the warehouse had the unit all the same) it
            // comes from what nobody else claims.
            let free = self.sellable(&Shelf::of(&sku, &it.warehouse))
                + (delta.good - delta.allocated - delta.reserved);
            let loose = (units - firm - soft).min(free).max(0);
            if firm + soft + loose < units {
                let (order, warehouse) = (it.order, &it.warehouse);
                warn!(%order, %sku, %warehouse, "{warehouse} shipped more of {sku} than there was");
            }
            delta.good -= firm + soft + loose;
            delta.allocated -= firm;
            delta.reserved -= soft;
        }
        self.post_all(&it.warehouse, Kind::Ship, shipped, &shipment(it.order, it.shipment, "ship"));
        vec![]
    }

    /// Goods came back: they wait for somebody to look at them.
    pub(crate) fn take_back(&mut self, it: &Returned) -> Vec<Outbound> {
        if self.has_posted(it.shipment, "return") {
            return vec![]; // A shipment comes back once.
        }
        let mut returned = BTreeMap::<Sku, Delta>::new();
        for ((_, sku), units) in sum(&it.units) {
            returned.entry(sku).or_default().quarantine += units;
        }
        let cause = shipment(it.order, it.shipment, "return");
        self.post_all(&it.warehouse, Kind::ReturnIn, returned, &cause);
        vec![]
    }

    /// Whether a shipment has posted by this rule.
    fn has_posted(&self, shipment: ShipmentId, rule: &str) -> bool {
        self.posted.contains(&(shipment.0, rule.to_owned()))
    }

    fn post_all(
        &mut self,
        warehouse: &WarehouseId,
        kind: Kind,
        deltas: BTreeMap<Sku, Delta>,
        cause: &Cause,
    ) {
        for (sku, delta) in deltas {
            if delta != Delta::default() {
                self.post(&Shelf::of(&sku, warehouse), kind, delta, cause.clone());
                self.posted.insert((cause.id, cause.rule.to_string()));
            }
        }
    }

    fn claimed(
        &mut self,
        order: OrderId,
        sku: &Sku,
        line: u16,
        warehouse: &WarehouseId,
    ) -> Option<&mut Claim> {
        let claims = self.items.get_mut(sku)?.claims.get_mut(&order)?;
        claims.get_mut(&(line, warehouse.clone()))
    }
}

fn shipment(order: OrderId, shipment: ShipmentId, rule: &'static str) -> Cause {
    Cause { id: shipment.0, ..Cause::order(order, rule) }
}
