//! What is kept for an order, and on whose shelves: a warehouse takes, and loses, its own.

use contracts::fulfilment::PickRequested;
use contracts::inventory::Claim;
use contracts::{Bucket, LineUnits, WarehouseId};
use serde::{Deserialize, Serialize};

use crate::order::Order;

/// So many units of a line are reserved in a warehouse. All shelves of a line make its reserved
/// units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "(u16, WarehouseId, i64)", from = "(u16, WarehouseId, i64)")]
pub(crate) struct Shelf {
    pub(crate) line: u16,
    pub(crate) warehouse: WarehouseId,
    pub(crate) units: i64,
}

impl Order {
    /// Reserves what was claimed, as far as there are units for it.
    pub(crate) fn keep(&mut self, from: Bucket, claims: &[Claim]) {
        for Claim { line, warehouse, quantity, .. } in claims {
            self.put(from, *line, warehouse, *quantity);
        }
    }

    /// Reserves what was claimed anew of what had lapsed: what the claims have more than the shelves.
    pub(crate) fn keep_anew(&mut self, claims: &[Claim]) {
        for Claim { line, warehouse, quantity, .. } in claims {
            let mut known = self.course.shelves.iter();
            let kept = known.find(|it| it.line == *line && it.warehouse == *warehouse);
            let more = quantity - kept.map_or(0, |it| it.units);
            self.put(Bucket::Unsourced, *line, warehouse, more);
        }
    }

    /// Hands units over that the warehouse is told to pick. It takes what it keeps, and nobody
    /// else's: what it was told before it does not keep any more.
    pub(crate) fn release(&mut self, pick: &PickRequested) {
        for it in &pick.lines {
            self.clear(Bucket::Released, it.line, Some(&pick.warehouse), it.quantity);
        }
    }

    /// Counts units as handed over that a picker holds, though intake kept none for him: a count took
    /// their claim in the moment in which their warehouse was told. Whatever was to replace them is
    /// not wanted any more, wherever it has got to.
    pub(crate) fn find(&mut self, picked: &[LineUnits]) {
        for LineUnits { line, quantity } in picked.iter().copied() {
            let mut missing = quantity - self.units_of(line, Bucket::Released);
            for from in [Bucket::Unsourced, Bucket::Backordered] {
                let units = [LineUnits { line, quantity: missing }];
                let found = self.shift(from, Bucket::Reserved, units);
                missing -= count(&self.shift(Bucket::Reserved, Bucket::Released, found));
            }
            self.clear(Bucket::Released, line, None, missing);
        }
    }

    /// Takes away what a count did not find. Returns which units lost their source: what was handed
    /// over for picking is not among them.
    pub(crate) fn withdraw(&mut self, claims: &[Claim]) -> Vec<LineUnits> {
        let lost = claims.iter().map(|Claim { line, warehouse, quantity, .. }| {
            let quantity = self.clear(Bucket::Unsourced, *line, Some(warehouse), *quantity);
            LineUnits { line: *line, quantity }
        });
        lost.filter(|it| it.quantity > 0).collect()
    }

    /// Takes units of a line away, wherever they were kept. Returns how many that was.
    pub(crate) fn lose(&mut self, LineUnits { line, quantity }: LineUnits) -> i64 {
        self.clear(Bucket::Unsourced, line, None, quantity)
    }

    /// Moves units of a line off its shelves, in one warehouse or in any.
    fn clear(
        &mut self,
        to: Bucket,
        line: u16,
        warehouse: Option<&WarehouseId>,
        quantity: i64,
    ) -> i64 {
        let mut left = quantity.max(0);
        for at in 0..self.course.shelves.len() {
            let it = &self.course.shelves[at];
            if it.line == line && warehouse.is_none_or(|known| *known == it.warehouse) {
                let units = LineUnits { line, quantity: left.min(it.units) };
                let moved = count(&self.shift(Bucket::Reserved, to, [units]));
                self.course.shelves[at].units -= moved;
                left -= moved;
            }
        }
        self.course.shelves.retain(|it| it.units > 0);
        quantity.max(0) - left
    }

    /// Moves units of a line onto its shelf in the warehouse.
    fn put(&mut self, from: Bucket, line: u16, warehouse: &WarehouseId, quantity: i64) {
        let units = count(&self.shift(from, Bucket::Reserved, [LineUnits { line, quantity }]));
        let mut known = self.course.shelves.iter_mut();
        match known.find(|it| it.line == line && it.warehouse == *warehouse) {
            _ if units == 0 => {}
            Some(it) => it.units += units,
            None => {
                let warehouse = warehouse.clone();
                self.course.shelves.push(Shelf { line, warehouse, units });
            }
        }
    }
}

fn count(units: &[LineUnits]) -> i64 {
    units.iter().map(|it| it.quantity).sum()
}

impl From<Shelf> for (u16, WarehouseId, i64) {
    fn from(Shelf { line, warehouse, units }: Shelf) -> Self {
        (line, warehouse, units)
    }
}

impl From<(u16, WarehouseId, i64)> for Shelf {
    fn from((line, warehouse, units): (u16, WarehouseId, i64)) -> Self {
        Self { line, warehouse, units }
    }
}
