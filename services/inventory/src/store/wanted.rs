//! What a batch touches: before anything is read, and after each thing that is.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Batch;
use contracts::{OrderId, Sku};
use uuid::Uuid;

use crate::Inbound;
use crate::books::{Books, Document, Shelf};

/// How many that wait for one shelf are looked at in one batch. If there are more, the item's worker
/// leaves itself a note to go on.
pub(crate) const WAITING_AT_ONCE: usize = 1_000;

/// How many levels are told in one batch. If more are marked, the next follow a moment later.
pub(crate) const LEVELS_AT_ONCE: usize = 5_000;

/// What a batch is about.
#[derive(Default)]
pub(crate) struct Wanted {
    /// Orders that are decided about.
    pub(crate) orders: BTreeSet<OrderId>,
    /// Orders of which only a parcel is decided about.
    pub(crate) parcels: BTreeSet<OrderId>,
    pub(crate) shipments: BTreeSet<Uuid>,
    /// Items that may be new.
    pub(crate) new: BTreeSet<Sku>,
    /// Items that are known, if they matter.
    pub(crate) known: BTreeSet<Sku>,
    /// Items that may be served to those who wait.
    pub(crate) freed: BTreeSet<Sku>,
    /// Shelves that are received on or counted, and for which documents.
    pub(crate) documents: BTreeSet<Document>,
    pub(crate) levels: bool,
}

impl Wanted {
    pub(crate) fn by(batch: &Batch<Inbound>) -> Self {
        let mut wanted = Self::default();
        for message in batch.messages() {
            wanted.add(message);
        }
        wanted
    }

    /// The items whose latches are needed, by the demands that were read.
    pub(crate) fn skus(&self, books: &Books) -> BTreeSet<Sku> {
        let demanded = books.demands.values().flat_map(|it| &it.skus);
        self.new.iter().chain(&self.known).chain(demanded).cloned().collect()
    }

    /// Whose backorders matter, all of them; and on which shelves the first who may be served do.
    pub(crate) fn waiting(&self, books: &Books) -> (BTreeSet<OrderId>, BTreeSet<Shelf>) {
        let waited_for = |sku: &Sku| books.items.get(sku).is_some_and(|it| it.backordered > 0);
        let waiting = books.demands.iter().filter(|(_, it)| it.skus.iter().any(waited_for));
        let orders = waiting.map(|(order, _)| *order).collect();
        let served = self.documents.iter().map(|it| it.place.clone());
        let mut shelves: BTreeSet<Shelf> = served.filter(|it| waited_for(&it.sku)).collect();
        for sku in self.freed.iter().filter(|it| waited_for(it)) {
            let levels = books.items.get(sku).into_iter().flat_map(|it| &it.levels);
            let free = levels.filter(|(_, level)| level.sellable() > 0);
            shelves.extend(free.map(|(warehouse, _)| Shelf::of(sku, warehouse)));
        }
        (orders, shelves)
    }

    /// Whose claims matter, all of them: the orders that are decided about or may be served; and the
    /// shelves on which everyone's do, for they are counted.
    pub(crate) fn keeping(&self, books: &Books) -> (BTreeSet<OrderId>, Vec<&Shelf>) {
        let keeping = books.demands.iter().filter(|(_, it)| !it.skus.is_empty());
        let mut orders: BTreeSet<OrderId> = keeping.map(|(order, _)| *order).collect();
        orders.extend(&self.parcels);
        orders.extend(books.items.values().flat_map(|it| it.backorders.keys()));
        let counted = self.documents.iter().filter(|it| it.kind != "receive");
        (orders, counted.map(|it| &it.place).collect())
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
            Inbound::OrderCompleted(it) => it.order,
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

/// Notes for each item whether more orders wait than were read.
pub(crate) fn mark_more(books: &mut Books) {
    for it in books.items.values_mut() {
        let read: usize = it.backorders.values().map(BTreeMap::len).sum();
        it.more = read >= WAITING_AT_ONCE;
    }
}
