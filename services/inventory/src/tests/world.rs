//! A small world that goes on at random: orders, shelves, pickers, counters, a clock. All of it in
//! memory, over the rules alone.

use std::collections::BTreeMap;

use contracts::allocation::{Plan, PlanPart};
use contracts::fulfilment::{Picked, Returned};
use contracts::intake::{OrderCompleted, OrderExpired, OrderHeld, PromotionRequested};
use contracts::inventory::{LeaseEnds, StockReported};
use contracts::{ItemUnits, OrderId, ShipmentId, Sku, Timestamp, Uuid, WarehouseId};
use jiff::SignedDuration;

use super::audit::Audit;
use super::stories::timer;
use super::{Planned, START, cancelled, count, customer, planned, receipt, shipped};
use crate::Inbound;
use crate::books::Books;

/// One thing that happens: what, to which order, item and warehouse, how much, and how.
pub(super) type Step = [u8; 6];

const ORDERS: u8 = 8;
const WAREHOUSES: [&str; 3] = ["E", "N", "W"];

pub(super) struct World {
    pub(super) books: Books,
    pub(super) now: Timestamp,
    pub(super) timers: Vec<(Timestamp, Inbound)>,
    pub(super) audit: Audit,
    skus: Vec<Sku>,
    attempts: BTreeMap<OrderId, i32>,
    /// Counts documents and shipments.
    names: u32,
    last: Option<Inbound>,
}

impl World {
    pub(super) fn of(skus: u8) -> Self {
        let skus = (0..skus).map(|it| super::sku(&char::from(b'A' + it).to_string())).collect();
        Self {
            books: Books::default(),
            now: START,
            timers: vec![],
            audit: Audit::default(),
            skus,
            attempts: BTreeMap::new(),
            names: 0,
            last: None,
        }
    }

    /// An order that keeps something, or any.
    fn keeper(&self, nth: u8) -> OrderId {
        let items = self.books.items.values();
        let claims = items.flat_map(|it| &it.claims);
        let open = claims.filter(|(_, it)| it.values().any(|it| it.open() > 0));
        let mut orders: Vec<OrderId> = open.map(|(order, _)| *order).collect();
        orders.sort();
        orders.dedup();
        if orders.is_empty() { order_of(nth) } else { orders[usize::from(nth) % orders.len()] }
    }

    /// Lets one thing happen, and everything be checked. What was wrong, if something was.
    pub(super) fn step(&mut self, step: Step) -> Result<(), String> {
        let rings = if rings(step) { self.timers.len() } else { 1 };
        for _ in 0..rings {
            let Some(message) = self.message(step) else { break };
            self.audit.prepare(&self.books, &message);
            let said = self.books.decide(self.now, &message);
            self.timers.extend(said.iter().filter_map(timer));
            self.books.noted.clear(); // Each message is a batch.
            self.audit.check(&mut self.books, &said, &self.timers)?;
        }
        Ok(())
    }

    /// Has something decided, and nothing checked.
    pub(super) fn hear(&mut self, message: &Inbound) {
        let said = self.books.decide(self.now, message);
        self.timers.extend(said.iter().filter_map(timer));
    }

    /// Takes the timers that are due.
    pub(super) fn due(&mut self) -> Vec<Inbound> {
        let now = self.now;
        let mut due: Vec<_> = self.timers.extract_if(.., |(at, _)| *at <= now).collect();
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, it)| it).collect()
    }

    /// Lets all that is noted be heard.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        while self.timers.iter().any(|(at, _)| *at <= self.now) {
            self.step([25, 0, 0, 0, 0, 0])?;
        }
        self.audit.check_all(&self.books, &self.timers)
    }

    /// What happens. Many things are not as they should be: late, repeated, out of order.
    pub(super) fn message(&mut self, step: Step) -> Option<Inbound> {
        let [what, who, ..] = step;
        let (order, keeper) = (order_of(who), self.keeper(who));
        let message: Inbound = match what % 32 {
            0..9 => self.plan(step),
            9 => OrderHeld { order: keeper, customer: customer() }.into(),
            10 | 11 => PromotionRequested { order: keeper }.into(),
            12 if who % 3 == 0 => cancelled(order),
            12 if who % 3 == 1 => OrderCompleted { order, customer: customer() }.into(),
            12 => OrderExpired { order, customer: customer() }.into(),
            13..16 => self.ship(keeper, step),
            16 | 17 => self.pick(keeper, step),
            18 => self.give_back(step),
            19..22 => self.stock(step),
            22 => LeaseEnds { order, token: i64::from(step[4]) % 4, at: self.now }.into(),
            23 | 24 => {
                let seconds = i64::from(step[4]) * 10 + i64::from(step[5]) % 10;
                self.now += SignedDuration::from_secs(seconds);
                return None;
            }
            25..31 => {
                let due = self.timers.iter().position(|(at, _)| *at <= self.now)?;
                return Some(self.timers.remove(due).1);
            }
            _ => self.last.clone()?,
        };
        self.last = Some(message.clone());
        Some(message)
    }

    fn plan(&mut self, [_, who, item, place, much, how]: Step) -> Inbound {
        let order = order_of(who);
        let attempt = self.attempts.entry(order).or_default();
        *attempt += i32::from(how % 8 != 0); // Now and then it is said twice.
        let attempt = *attempt;
        let lines = 1 + how % 3;
        let wanted: Vec<ItemUnits> = (0..lines)
            .map(|nth| ItemUnits {
                line: u16::from(nth / 2), // A line may be named twice.
                sku: self.sku(item.wrapping_add(nth)),
                quantity: i64::from(much.wrapping_add(nth) % 4),
            })
            .collect();
        let whole = |warehouse| PlanPart { warehouse, units: wanted.clone() };
        let mut plans = vec![Plan { cost: 1, parts: vec![whole(warehouse_of(place))] }];
        if how % 4 < 2 {
            let (first, rest) = wanted.split_at(1);
            let part = |nth, units: &[ItemUnits]| PlanPart {
                warehouse: warehouse_of(place.wrapping_add(nth)),
                units: units.to_vec(),
            };
            plans.insert(0, Plan { cost: 1, parts: vec![part(1, first), part(2, rest)] });
        }
        let eligible = (how % 16 > 3).then(|| vec![warehouse_of(place), warehouse_of(place / 4)]);
        let (round, lease, priority) = (1, who % 2 == 0, i64::from(how / 16) * 50);
        planned(Planned { order, attempt, round, wanted, plans, eligible, lease, priority })
    }

    /// What the order keeps in some warehouse leaves it, or a part of it, or more.
    fn ship(&mut self, order: OrderId, [_, _, _, place, much, how]: Step) -> Inbound {
        let warehouse = self.from(order, place);
        let mut units = self.claimed(order, &warehouse);
        units.truncate(1 + usize::from(how % 3));
        if how % 8 == 0 {
            for it in &mut units {
                it.quantity = i64::from(much % 4);
            }
        }
        shipped(order, self.shipment(order), warehouse, units)
    }

    fn pick(&mut self, order: OrderId, [_, _, _, place, much, _]: Step) -> Inbound {
        let warehouse = self.from(order, place);
        let (mut picked, mut short) = (self.claimed(order, &warehouse), vec![]);
        for it in &mut picked {
            let missing = it.quantity.min(i64::from(much % 3));
            it.quantity -= missing;
            short.push(ItemUnits { quantity: missing, ..it.clone() });
        }
        let shipment = self.shipment(order);
        Picked { order, shipment, warehouse, picked, short }.into()
    }

    fn give_back(&mut self, [_, who, item, place, much, _]: Step) -> Inbound {
        let (order, warehouse, sku) = (order_of(who), warehouse_of(place), self.sku(item));
        let units = vec![ItemUnits { line: 1, sku, quantity: i64::from(much % 3) }];
        let shipment = self.shipment(order);
        Returned { order, customer: customer(), shipment, warehouse, units }.into()
    }

    fn stock(&mut self, [_, _, item, place, much, how]: Step) -> Inbound {
        let (sku, warehouse) = (self.sku(item), warehouse_of(place));
        self.names += u32::from(how % 8 != 0); // Now and then a document comes twice.
        let (document, quantity) = (format!("d{}", self.names), i64::from(much % 12));
        match how % 6 {
            0 => count(sku, warehouse, quantity, &document),
            1 => {
                let body = serde_json::json!({ "quantity": quantity, "document": document });
                StockReported { warehouse, sku, what: "damaged".to_owned(), body }.into()
            }
            _ => receipt(sku, warehouse, quantity, &document),
        }
    }

    /// A warehouse in which the order keeps something, or any.
    fn from(&self, order: OrderId, nth: u8) -> WarehouseId {
        let mut all = (0..3).map(|it| warehouse_of(nth.wrapping_add(it)));
        let first = all.clone().find(|it| !self.claimed(order, it).is_empty());
        first.or_else(|| all.next()).unwrap()
    }

    /// What an order keeps in a warehouse.
    fn claimed(&self, order: OrderId, warehouse: &WarehouseId) -> Vec<ItemUnits> {
        let mut units = Vec::new();
        for (sku, item) in &self.books.items {
            for ((line, at), claim) in item.claims.get(&order).into_iter().flatten() {
                if at == warehouse && claim.open() > 0 {
                    let (line, sku, quantity) = (*line, sku.clone(), claim.open());
                    units.push(ItemUnits { line, sku, quantity });
                }
            }
        }
        units
    }

    fn shipment(&mut self, order: OrderId) -> ShipmentId {
        self.names += 1;
        ShipmentId(Uuid::new_v5(&order.0, &self.names.to_be_bytes()))
    }

    fn sku(&self, nth: u8) -> Sku {
        self.skus[usize::from(nth) % self.skus.len()].clone()
    }
}

/// Whether this step is about the clock.
pub(super) fn ticks(step: Step) -> bool {
    matches!(step[0] % 32, 23 | 24)
}

/// Whether this step is about what rings.
pub(super) fn rings(step: Step) -> bool {
    matches!(step[0] % 32, 25..31)
}

pub(super) fn order_of(nth: u8) -> OrderId {
    OrderId(Uuid::from_u128((b'a' + nth % ORDERS).into()))
}

fn warehouse_of(nth: u8) -> WarehouseId {
    super::warehouse(WAREHOUSES[usize::from(nth) % WAREHOUSES.len()])
}

/// Numbers that look random and are the same each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    pub(super) fn step(&mut self) -> Step {
        let bytes = self.roll().to_be_bytes();
        [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]]
    }
}
