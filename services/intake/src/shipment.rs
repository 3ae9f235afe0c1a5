//! What becomes of a confirmed order's units: fulfilment tells, and the order shows it.

use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{
    Delivered, DeliveryRefused, Packed, PickRequested, PickStarted, Picked, Returned, Shipped,
};
use contracts::intake::{CancelReason, OrderCompleted, SourcingReason};
use contracts::{Actor, Bucket, LineUnits, ShipmentId, Status, WarehouseId};

use crate::order::{Facts, Shipment, Stage, Turn, items};

impl Turn<'_> {
    pub(crate) fn pick_requested(&mut self, it: &PickRequested) {
        let confirmed = self.order.process == Status::Confirmed;
        let shipments = &mut self.order.course.shipments;
        if !confirmed || shipments.iter().any(|known| known.id == it.shipment) {
            return; // Nothing is picked before; or it was heard before.
        }
        shipments.push(Shipment { id: it.shipment, stage: Stage::Released, invoiced: false });
        self.order.release(it);
        self.tell("");
    }

    pub(crate) fn pick_started(&mut self, it: &PickStarted) {
        self.take_up(it.shipment, &it.warehouse);
    }

    fn take_up(&mut self, shipment: ShipmentId, at: &WarehouseId) {
        if self.reaches(shipment, Stage::Started) {
            self.by = warehouse(at);
            self.tell("");
        }
    }

    pub(crate) fn picked(&mut self, it: &Picked) {
        self.take_up(it.shipment, &it.warehouse); // As was told before, by fulfilment.
        if !self.reaches(it.shipment, Stage::Picked) {
            return; // Heard before.
        }
        self.by = warehouse(&it.warehouse);
        let picked: Vec<LineUnits> = items(&it.picked).collect();
        self.order.find(&picked);
        self.order.shift(Bucket::Released, Bucket::Picked, picked);
        let short = self.order.shift(Bucket::Released, Bucket::Unsourced, items(&it.short));
        self.tell(if short.is_empty() { "" } else { "short_pick" });
        if short.is_empty() {
            self.seek(); // What he was thought to hold, and does not.
        } else {
            self.lack(SourcingReason::ShortPick, [it.warehouse.clone()], &short);
        }
    }

    pub(crate) fn packed(&mut self, it: &Packed) {
        if self.reaches(it.shipment, Stage::Packed) {
            self.by = warehouse(&it.warehouse);
            self.order.shift(Bucket::Picked, Bucket::Packed, items(&it.units));
            self.tell("");
        }
    }

    pub(crate) fn shipped(&mut self, it: &Shipped) {
        if self.reaches(it.shipment, Stage::Shipped) {
            self.by = warehouse(&it.warehouse);
            self.order.shift(Bucket::Packed, Bucket::Shipped, items(&it.units));
            self.tell("");
        }
    }

    pub(crate) fn delivered(&mut self, it: &Delivered) {
        let refused = self.stage(it.shipment) == Some(Stage::Refused);
        if self.reaches(it.shipment, Stage::Delivered) {
            if refused {
                // It was carried to the door a second time.
                self.order.shift(Bucket::Refused, Bucket::Shipped, items(&it.units));
            }
            self.order.shift(Bucket::Shipped, Bucket::Delivered, items(&it.units));
            self.tell("");
            self.complete();
        }
    }

    pub(crate) fn delivery_refused(&mut self, it: &DeliveryRefused) {
        if self.reaches(it.shipment, Stage::Refused) {
            self.order.shift(Bucket::Shipped, Bucket::Refused, items(&it.units));
            self.tell("refused");
        }
    }

    pub(crate) fn returned(&mut self, it: &Returned) {
        let refused = self.stage(it.shipment) == Some(Stage::Refused);
        if !refused || !self.reaches(it.shipment, Stage::Returned) {
            return; // Heard before, or the customer has it.
        }
        self.by = warehouse(&it.warehouse);
        self.order.shift(Bucket::Refused, Bucket::Cancelled, items(&it.units));
        if self.order.course.lines.iter().all(|it| it.live() == 0) {
            return self.cancel(CancelReason::ReturnedUndelivered, String::new());
        }
        self.tell("returned");
        self.complete();
    }

    pub(crate) fn invoice_issued(&mut self, it: &InvoiceIssued) {
        let shipments = &mut self.order.course.shipments;
        if let Some(shipment) = shipments.iter_mut().find(|known| known.id == it.shipment) {
            shipment.invoiced = true;
            self.complete();
        }
    }

    /// The order is done when every live unit is delivered, and every delivery is invoiced.
    pub(crate) fn complete(&mut self) {
        let mut delivered =
            self.order.course.shipments.iter().filter(|it| it.stage == Stage::Delivered);
        let invoiced = delivered.all(|it| it.invoiced);
        if self.order.process == Status::Confirmed
            && self.order.header() == Status::Delivered
            && invoiced
        {
            let Facts { order, customer, .. } = self.order.facts.clone();
            self.order.process = Status::Completed;
            self.say(OrderCompleted { order, customer });
            self.tell("");
        }
    }

    fn stage(&self, shipment: ShipmentId) -> Option<Stage> {
        let mut shipments = self.order.course.shipments.iter();
        shipments.find(|it| it.id == shipment).map(|it| it.stage)
    }

    /// Whether the shipment comes this far only now. One that nobody was told to pick goes nowhere.
    fn reaches(&mut self, shipment: ShipmentId, stage: Stage) -> bool {
        let mut shipments = self.order.course.shipments.iter_mut();
        let Some(shipment) = shipments.find(|it| it.id == shipment) else { return false };
        let further = shipment.stage < stage;
        shipment.stage = shipment.stage.max(stage);
        further
    }
}

/// Who did it, for the timeline.
fn warehouse(it: &WarehouseId) -> Actor {
    Actor(it.to_string())
}
