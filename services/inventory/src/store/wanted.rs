//! What a batch touches, before anything is read.

use std::collections::BTreeSet;

use chassis::Batch;
use contracts::{OrderId, Sku};
use uuid::Uuid;

use crate::Inbound;
use crate::books::{Document, Shelf};

/// What a batch is about.
#[derive(Default)]
pub(super) struct Wanted {
    /// Orders that are decided about.
    pub(super) orders: BTreeSet<OrderId>,
    /// Orders of which only a parcel is decided about.
    pub(super) parcels: BTreeSet<OrderId>,
    pub(super) shipments: BTreeSet<Uuid>,
    /// Items that may be new.
    pub(super) new: BTreeSet<Sku>,
    /// Items that are known, if they matter.
    pub(super) known: BTreeSet<Sku>,
    /// Items that may be served to those who wait.
    pub(super) freed: BTreeSet<Sku>,
    /// Shelves that are received on or counted, and for which documents.
    pub(super) documents: BTreeSet<Document>,
    pub(super) levels: bool,
}

impl Wanted {
    pub(super) fn by(batch: &Batch<Inbound>) -> Self {
        let mut wanted = Self::default();
        for message in batch.messages() {
            wanted.add(message);
        }
        wanted
    }

    fn add(&mut self, message: &Inbound) {
        let own = match message {
            Inbound::SourcingPlanned(it) => {
                self.new.extend(it.wanted.iter().map(|it| it.sku.clone()));
                it.order
            }
            Inbound::OrderHeld(it) => it.order,
            Inbound::PromotionRequested(it) => it.order,
            Inbound::OrderCancelled(it) => it.order,
            Inbound::OrderExpired(it) => it.order,
            Inbound::LeaseEnds(it) => it.order,
            Inbound::BackorderServed(it) => it.order,
            Inbound::ClaimsTaken(it) => it.order,
            Inbound::Picked(it) if it.short.is_empty() => return, // It changes nothing.
            Inbound::Picked(it) => {
                self.known.extend(it.short.iter().map(|it| it.sku.clone()));
                return self.parcel(it.order, it.shipment.0);
            }
            Inbound::Shipped(it) => {
                self.known.extend(it.units.iter().map(|it| it.sku.clone()));
                return self.parcel(it.order, it.shipment.0);
            }
            Inbound::Returned(it) => {
                self.new.extend(it.units.iter().map(|it| it.sku.clone()));
                self.shipments.insert(it.shipment.0);
                return;
            }
            Inbound::ReceiveStock(it) => {
                return self.document(Shelf::of(&it.sku, &it.warehouse), "receive", &it.document);
            }
            Inbound::CountStock(it) => {
                return self.document(Shelf::of(&it.sku, &it.warehouse), "count", &it.document);
            }
            Inbound::StockReported(it) => {
                let name = it.body.get("document").and_then(|it| it.as_str()).unwrap_or_default();
                let place = Shelf::of(&it.sku, &it.warehouse);
                return match it.what.as_str() {
                    "received" => self.document(place, "receive", name),
                    "counted" => self.document(place, "count", name),
                    "damaged" => self.document(place, "damage", name),
                    _ => {} // It means nothing.
                };
            }
            Inbound::BackordersDue(it) => {
                self.known.insert(it.sku.clone());
                self.freed.insert(it.sku.clone());
                return;
            }
            Inbound::LevelsDue(_) => {
                self.levels = true;
                return;
            }
        };
        self.orders.insert(own);
    }

    fn parcel(&mut self, order: OrderId, shipment: Uuid) {
        self.parcels.insert(order);
        self.shipments.insert(shipment);
    }

    fn document(&mut self, place: Shelf, kind: &'static str, name: &str) {
        self.new.insert(place.sku.clone());
        // The rules refuse such a name, and the database cannot even look for it.
        let name = name.replace('\0', "");
        self.documents.insert(Document { place, kind, name });
    }
}
