//! The same tables in memory, for the simulation: rows by the keys under which the schema looks for
//! them. The rules are the ones that Postgres is read for; only reading and writing has a twin here,
//! and a differential test compares the two.

mod audit;
mod keep;
mod load;
mod rows;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::inventory::StockLevel;
use contracts::{ItemUnits, OrderId, Sku, Timestamp, Uuid, WarehouseId, inventory};

pub use self::audit::{at_rest, audit, audit_last, audit_of};
use crate::books::{Backorder, Books, Claim, Delta, Demand, Document, Figures, Level, Move, Shelf};
use crate::store::wanted::Wanted;
use crate::{Inbound, Inventory, Outbound};

/// Inventory's tables.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    pub(crate) latches: BTreeMap<Sku, Latch>,
    pub(crate) stock: BTreeMap<Sku, Stock>,
    pub(crate) demands: BTreeMap<OrderId, Demand>,
    pub(crate) claims: BTreeMap<OrderId, BTreeMap<(Sku, u16, WarehouseId), Claim>>,
    pub(crate) backorders: BTreeMap<OrderId, BTreeMap<(Sku, u16), Backorder>>,
    pub(crate) documents: BTreeMap<Document, Figures>,
    pub(crate) bells: BTreeMap<i32, Option<Timestamp>>,
    /// The levels that each partition is going to tell.
    pub(crate) untold: BTreeMap<i32, BTreeSet<Shelf>>,
    /// Under which rule each cause has posted, and where.
    pub(crate) posted: BTreeMap<Uuid, BTreeSet<(Cow<'static, str>, Shelf)>>,
    /// What the ledger says that each order keeps: reserved, allocated.
    pub(crate) kept: BTreeMap<OrderId, BTreeMap<Shelf, (i64, i64)>>,
    pub(crate) last: Touched,
}

/// The row of an item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latch {
    pub(crate) number: i64,
    pub(crate) backordered: i64,
}

/// An item on its shelves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stock {
    pub(crate) levels: BTreeMap<WarehouseId, Level>,
    pub(crate) ledgers: BTreeMap<WarehouseId, Ledger>,
    /// Whose claims there are.
    pub(crate) claimed: BTreeSet<(WarehouseId, OrderId, u16)>,
    /// Who waits, by rank.
    pub(crate) waiting: BTreeSet<(i64, OrderId, u16)>,
    /// What the last level said can be sold, and how many levels were said.
    pub(crate) told: BTreeMap<WarehouseId, i64>,
    pub(crate) times_told: i64,
}

/// The moves of a shelf by number, and what they come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) moves: BTreeMap<i64, Posted>,
    pub(crate) sum: Delta,
}

/// A row of the ledger, and the shelf's sums after it.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) it: Move,
    pub(crate) after: Delta,
}

/// What the last batch touched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    pub(crate) skus: BTreeSet<Sku>,
    pub(crate) orders: BTreeSet<OrderId>,
    pub(crate) moves: Vec<(Shelf, i64)>,
}

/// What a batch changes.
#[derive(Debug)]
pub struct Change {
    /// Items that get a row, unless they have one.
    opened: BTreeSet<Sku>,
    books: Books,
    told: Vec<StockLevel>,
}

impl InMemory for Inventory {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let wanted = Wanted::by(&batch);
        let mut books = load::load(tables, &wanted, &batch);
        let mut told = Vec::new();
        let decided = batch.decide(|now, message| {
            let said = books.decide(now, &message);
            told.extend(said.iter().filter_map(|it| {
                if let Outbound::StockLevel(it) = it { Some(it.clone()) } else { None }
            }));
            said
        });
        (decided, Change { opened: wanted.new, books, told })
    }

    fn keep(tables: &mut Tables, change: Change) {
        keep::keep(tables, change);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<serde_json::Value>> {
        rows::rows(tables)
    }
}

/// How much of an item there is in a warehouse, in units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnShelf {
    pub warehouse: WarehouseId,
    pub good: i64,
    pub quarantine: i64,
    pub damaged: i64,
    /// Claimed softly, of what is good.
    pub reserved: i64,
    /// Claimed firmly, of what is good.
    pub allocated: i64,
    pub sellable: i64,
    /// What the last level said can be sold; 0 before the first.
    pub told: i64,
    /// How many rows its ledger has.
    pub moves: i64,
}

impl Tables {
    /// The items that lie on a shelf, or once did.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.stock.keys()
    }

    /// How an item stands, warehouse by warehouse.
    pub fn shelves(&self, sku: &Sku) -> Vec<OnShelf> {
        let Some(stock) = self.stock.get(sku) else { return vec![] };
        let figures = |(warehouse, it): (&WarehouseId, &Level)| OnShelf {
            warehouse: warehouse.clone(),
            good: it.good,
            quarantine: it.quarantine,
            damaged: it.damaged,
            reserved: it.reserved,
            allocated: it.allocated,
            sellable: it.sellable(),
            told: stock.told.get(warehouse).copied().unwrap_or_default(),
            moves: it.position,
        };
        stock.levels.iter().map(figures).collect()
    }

    /// The number of the last level of an item that was told; 0 before the first.
    pub fn level_number(&self, sku: &Sku) -> i64 {
        self.latches.get(sku).map_or(0, |it| it.number)
    }

    /// How many units of an item are waited for.
    pub fn backordered(&self, sku: &Sku) -> i64 {
        self.latches.get(sku).map_or(0, |it| it.backordered)
    }

    /// The orders that keep something.
    pub fn keepers(&self) -> impl Iterator<Item = OrderId> {
        let open = |it: &BTreeMap<_, Claim>| it.values().any(|it| it.open() > 0);
        self.claims.iter().filter(move |(_, it)| open(it)).map(|(order, _)| *order)
    }

    /// What an order keeps, softly or firmly, by item, line and warehouse.
    pub fn open_claims(&self, order: OrderId) -> Vec<inventory::Claim> {
        let claims = self.claims.get(&order).into_iter().flatten();
        let open = claims.filter(|(_, it)| it.open() > 0);
        let said = |((sku, line, warehouse), it): (&(Sku, u16, WarehouseId), &Claim)| {
            let (line, sku, warehouse) = (*line, sku.clone(), warehouse.clone());
            inventory::Claim { line, sku, warehouse, quantity: it.open() }
        };
        open.map(said).collect()
    }

    /// The orders that wait for something.
    pub fn waiters(&self) -> impl Iterator<Item = OrderId> {
        self.backorders.keys().copied()
    }

    /// What an order waits for.
    pub fn backorders(&self, order: OrderId) -> Vec<ItemUnits> {
        let rows = self.backorders.get(&order).into_iter().flatten();
        rows.map(|((sku, line), it)| ItemUnits {
            line: *line,
            sku: sku.clone(),
            quantity: it.quantity,
        })
        .collect()
    }

    /// How firm an order's claims are (`open`, `held`, `promoted`, `ended`), if it is known.
    pub fn standing(&self, order: OrderId) -> Option<&'static str> {
        self.demands.get(&order).map(|it| it.standing.name())
    }

    /// How many rows the tables have, all together.
    pub fn size(&self) -> usize {
        let claims: usize = self.claims.values().map(BTreeMap::len).sum();
        let backorders: usize = self.backorders.values().map(BTreeMap::len).sum();
        let stock = self.stock.values().map(|it| {
            it.levels.len() + it.ledgers.values().map(|it| it.moves.len()).sum::<usize>()
        });
        let others = self.latches.len() + self.demands.len() + self.documents.len();
        claims + backorders + stock.sum::<usize>() + others + self.bells.len()
    }
}
