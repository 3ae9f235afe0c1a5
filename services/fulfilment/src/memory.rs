//! The same tables in memory, for the simulation: rows by the keys under which the schema looks for
//! them. The rules are the ones that Postgres is read for; only reading and writing has a twin here,
//! and a differential test compares the two.

mod audit;
mod keep;
mod rows;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::fulfilment::ShipmentView;
use contracts::{ItemUnits, OrderId, Timestamp};

pub use self::audit::{audit, audit_last, audit_of};
pub(crate) use self::told::Account;
use self::told::Told;
use crate::books::{Books, ParcelKey, RefusedKey};
use crate::dispatch::Dispatch;
use crate::parcel::Parcel;
use crate::shipment::Shipment;
use crate::{Fulfilment, Inbound, Outbound, store};

/// Fulfilment's tables.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    pub(crate) dispatches: BTreeMap<OrderId, Row>,
    pub(crate) shipments: BTreeMap<OrderId, BTreeMap<i32, Shipment>>,
    pub(crate) parcels: BTreeMap<ParcelKey, Parcel>,
    pub(crate) refused: BTreeMap<RefusedKey, RefusedRow>,
    /// What everyone was told of each shipment.
    pub(crate) told: BTreeMap<OrderId, BTreeMap<i32, Account>>,
    /// What was said that cannot be, after what was said before.
    pub(crate) faults: Vec<String>,
    /// The orders that the last batch touched.
    pub(crate) last: BTreeSet<OrderId>,
}

/// The row of an order: without its shipments, but with how many it has.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) dispatch: Dispatch,
    pub(crate) picks: i32,
}

/// How often a report was refused.
#[derive(Debug, Clone)]
pub(crate) struct RefusedRow {
    pub(crate) times: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    pub(crate) body: String,
}

/// What a batch changes.
#[derive(Debug)]
pub struct Change {
    /// Parcels that get a row, unless they have one.
    opened: BTreeSet<ParcelKey>,
    books: Books,
    told: Vec<Told>,
}

impl InMemory for Fulfilment {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let (orders, opened) = store::wanted(&batch);
        let mut books = load(tables, orders, &opened);
        let mut told = Vec::new();
        let decided = batch.decide(|now, message| {
            let said = books.decide(now, message);
            told.extend(said.iter().filter_map(Told::by));
            said
        });
        (decided, Change { opened, books, told })
    }

    fn keep(tables: &mut Tables, change: Change) {
        keep::keep(tables, change);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<serde_json::Value>> {
        rows::rows(tables)
    }
}

/// Reads what a batch touches: the same rows as from Postgres.
fn load(tables: &Tables, orders: BTreeSet<OrderId>, parcels: &BTreeSet<ParcelKey>) -> Books {
    let mut books = Books::default();
    for order in orders {
        let Some(row) = tables.dispatches.get(&order) else { continue };
        let mut dispatch = row.dispatch.clone();
        if row.picks > 0 {
            dispatch.shipments = tables.shipments.get(&order).cloned().unwrap_or_default();
        }
        books.orders.insert(order, dispatch);
    }
    for key in parcels {
        let parcel = tables.parcels.get(key).cloned().unwrap_or_default();
        books.parcels.insert(key.clone(), parcel);
    }
    books
}

impl Tables {
    /// The orders that are known, whatever became of them.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.dispatches.keys().copied()
    }

    /// Where an order is as far as its release goes (`placed`, `confirmed`, `withdrawing`,
    /// `withdrawn`, `ended`), if it is known.
    pub fn course(&self, order: OrderId) -> Option<&'static str> {
        self.dispatches.get(&order).map(|it| it.dispatch.course.name())
    }

    /// An order's shipments by their picks, each with its state and units: those that it was asked
    /// for, and once it is picked, those that were there.
    pub fn shipments(&self, order: OrderId) -> Vec<ShipmentView> {
        let Some(row) = self.dispatches.get(&order) else { return vec![] };
        let shipments = self.shipments.get(&order).into_iter().flatten();
        shipments.map(|(pick, it)| row.dispatch.view(*pick, it)).collect()
    }

    /// What is claimed for an order and not released, over all warehouses.
    pub fn waiting(&self, order: OrderId) -> Vec<ItemUnits> {
        let Some(row) = self.dispatches.get(&order) else { return vec![] };
        let waiting = row.dispatch.standing.waiting.values();
        waiting.flat_map(|units| row.dispatch.items(units)).collect()
    }

    /// How many rows the tables have, all together.
    pub fn size(&self) -> usize {
        let shipments: usize = self.shipments.values().map(BTreeMap::len).sum();
        self.dispatches.len() + shipments + self.parcels.len() + self.refused.len()
    }
}
