//! The same tables in memory, for the simulation: rows by the keys under which the schema finds them.
//! The rules are those that Postgres is read for; only reading and writing has a twin here, and a
//! differential test compares the two.

mod audit;
mod keep;
mod load;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chassis::{Batch, Decided, InMemory, Partition};
use contracts::{OrderId, Sku, Timestamp, WarehouseId};

pub use self::audit::{audit, audit_last, audit_of};
use crate::node::Node;
use crate::ruleset::{Ruleset, Window};
use crate::sourcing::{Books, Level, Sourcing};
use crate::store::Needs;
use crate::{Allocation, Inbound, Outbound, sourcing};

/// Allocation's tables, of all partitions.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Each ruleset that was saved, its versions by number.
    pub(crate) rulesets: BTreeMap<String, BTreeMap<i32, Saved>>,
    /// Each warehouse, its versions by number.
    pub(crate) nodes: BTreeMap<WarehouseId, BTreeMap<i32, Node>>,
    /// Each warehouse's share of the backlog, by partition.
    pub(crate) backlog: BTreeMap<WarehouseId, BTreeMap<u32, i64>>,
    pub(crate) levels: BTreeMap<Sku, Level>,
    pub(crate) sourcings: BTreeMap<OrderId, Sourcing>,
    /// By attempt and round.
    pub(crate) decisions: BTreeMap<OrderId, BTreeMap<(i32, i32), sourcing::Decided>>,
    /// What is in force while nothing is saved; no row.
    pub(crate) built_in: Arc<Ruleset>,
    pub(crate) seen: Seen,
    pub(crate) last: Touched,
}

/// A row of `ruleset`, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    /// As the merchant wrote it.
    pub(crate) rules: String,
    pub(crate) effective: Window,
    /// When it was saved.
    pub(crate) at: Timestamp,
    pub(crate) means: Arc<Ruleset>,
}

/// What went by and left no row: for the audit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The highest number of any level that was heard.
    pub(crate) levels: BTreeMap<Sku, i64>,
    /// Open lines of each warehouse, counted by what became of the orders' rows.
    pub(crate) open: BTreeMap<WarehouseId, i64>,
    /// What was decided a second time, and not kept: order, attempt, round.
    pub(crate) again: BTreeSet<(OrderId, i32, i32)>,
}

/// What the last commit wrote.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    pub(crate) orders: BTreeSet<OrderId>,
    pub(crate) skus: BTreeSet<Sku>,
    pub(crate) warehouses: BTreeSet<WarehouseId>,
}

/// What a batch changes.
pub struct Change {
    partition: Partition,
    now: Timestamp,
    books: Books,
    /// The levels that were told, each by its number.
    told: Vec<(Sku, i64)>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            rulesets: BTreeMap::new(),
            nodes: BTreeMap::new(),
            backlog: BTreeMap::new(),
            levels: BTreeMap::new(),
            sourcings: BTreeMap::new(),
            decisions: BTreeMap::new(),
            built_in: Arc::new(Ruleset::built_in()),
            seen: Seen::default(),
            last: Touched::default(),
        }
    }
}

impl InMemory for Allocation {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let (now, partition) = (batch.now(), batch.partition());
        let mut books = load::load(tables, Needs::of(&batch), now, &self.rules.name);
        let told = batch.messages().filter_map(|it| {
            let Inbound::StockLevel(it) = it else { return None };
            Some((it.sku.clone(), it.number))
        });
        let told = told.collect();
        let decided = batch.decide(|now, message| books.decide(now, message));
        (decided, Change { partition, now, books, told })
    }

    fn keep(tables: &mut Tables, change: Change) {
        keep::keep(tables, change);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<serde_json::Value>> {
        rows::rows(tables)
    }
}

/// How far the sourcing of an order has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// 1 when it is placed; each request counts on.
    pub attempt: i32,
    /// 1, and one more for each refusal.
    pub round: i32,
    /// It is planned no more.
    pub ended: bool,
    /// Nothing stands in the way of firm claims any more.
    pub firm: bool,
    /// Lines that a warehouse was chosen for and has not picked.
    pub open: Vec<(u16, WarehouseId)>,
}

/// A decision, without its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub attempt: i32,
    pub round: i32,
    pub at: Timestamp,
    /// `cn-default/42`.
    pub ruleset: String,
    /// The rule that decided.
    pub rule: String,
}

impl Tables {
    /// Every order that was ever sourced.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.sourcings.keys().copied()
    }

    /// How far an order's sourcing has come, if it was placed.
    pub fn course(&self, order: OrderId) -> Option<Course> {
        let it = self.sourcings.get(&order)?;
        let (attempt, round, open) = (it.attempt, it.round, it.open.clone());
        Some(Course { attempt, round, ended: it.ended, firm: it.firm, open })
    }

    /// All decisions about an order, by attempt and round.
    pub fn decisions(&self, order: OrderId) -> Vec<Made> {
        let made = |it: &sourcing::Decided| Made {
            attempt: it.attempt,
            round: it.round,
            at: it.at,
            ruleset: it.ruleset.clone(),
            rule: it.rule.clone(),
        };
        self.decisions.get(&order).into_iter().flatten().map(|it| made(it.1)).collect()
    }

    /// The warehouses that are known.
    pub fn warehouses(&self) -> impl Iterator<Item = &WarehouseId> {
        self.nodes.keys()
    }

    /// How many lines a warehouse was chosen for and has not picked, by its counters.
    pub fn backlog(&self, warehouse: &WarehouseId) -> i64 {
        self.backlog.get(warehouse).map_or(0, |it| it.values().sum())
    }

    /// The number of the level by which an item is planned; 0 if none was heard.
    pub fn level_number(&self, sku: &Sku) -> i64 {
        self.levels.get(sku).map_or(0, |it| it.number)
    }

    /// What a warehouse is thought to have of an item, in units.
    pub fn figure(&self, sku: &Sku, warehouse: &WarehouseId) -> i64 {
        self.levels
            .get(sku)
            .and_then(|it| it.warehouses.get(warehouse))
            .copied()
            .unwrap_or_default()
    }

    /// The latest version of a ruleset; 0 if none was saved.
    pub fn ruleset_version(&self, name: &str) -> i32 {
        self.rulesets.get(name).and_then(|it| it.last_key_value()).map_or(0, |it| *it.0)
    }

    /// The orders that the last commit wrote.
    pub fn touched(&self) -> &BTreeSet<OrderId> {
        &self.last.orders
    }

    /// How many rows the tables have, all together.
    pub fn size(&self) -> usize {
        let rulesets: usize = self.rulesets.values().map(BTreeMap::len).sum();
        let nodes: usize = self.nodes.values().map(BTreeMap::len).sum();
        let backlog: usize = self.backlog.values().map(BTreeMap::len).sum();
        let decisions: usize = self.decisions.values().map(BTreeMap::len).sum();
        rulesets + nodes + backlog + decisions + self.levels.len() + self.sourcings.len()
    }
}
