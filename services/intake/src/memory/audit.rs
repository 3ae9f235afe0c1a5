//! What holds in intake's tables at any time, worked out anew from the rows.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Bucket, Buckets, OrderId, OrderLine};

use super::{Lines, Tables};
use crate::order::Order;

/// Where no unit of an order that is over may be.
const OPEN: [Bucket; 9] = [
    Bucket::Unsourced,
    Bucket::Backordered,
    Bucket::InProduction,
    Bucket::Reserved,
    Bucket::Released,
    Bucket::Picked,
    Bucket::Packed,
    Bucket::Shipped,
    Bucket::Refused,
];

/// Everything that does not hold, in a sentence each; nothing, if all is well.
pub fn audit(tables: &Tables) -> Vec<String> {
    let all: BTreeSet<OrderId> =
        tables.orders.keys().chain(tables.placements.keys()).copied().collect();
    let mut faults = audit_of(tables, &all);
    faults.extend(names(tables));
    faults.extend(numbers(tables));
    faults.extend(keys(tables));
    let lost = tables.vault.keys().filter(|it| !tables.orders.contains_key(it));
    faults.extend(lost.map(|it| format!("the vault knows who gets order {it}, which is nowhere")));
    faults
}

/// What does not hold of these orders, each by itself: as [`Tables::touched`] names them.
pub fn audit_of(tables: &Tables, orders: &BTreeSet<OrderId>) -> Vec<String> {
    let mut faults = vec![];
    for id in orders {
        match (tables.orders.get(id), tables.placements.get(id).map(|it| (it, &it.lines))) {
            (Some(order), Some((placed, Lines::Placed(lines)))) => {
                if (&placed.name.0, &placed.name.1)
                    != (&order.facts.channel, &order.facts.external_id)
                {
                    faults.push(format!("order {id} was placed as {:?}", placed.name));
                }
                if tables.names.get(&placed.name) != Some(id) {
                    faults.push(format!("order {id} is not found by its name, {:?}", placed.name));
                }
                if !tables.vault.contains_key(id) {
                    faults.push(format!("nobody knows who gets order {id}"));
                }
                faults.extend(course(order, lines));
            }
            (None, Some((_, Lines::Carried(_)))) => {}
            (Some(_), Some((_, Lines::Carried(_)))) => {
                faults.push(format!("order {id} was carried over, and has a course"));
            }
            (Some(_), None) => faults.push(format!("order {id} was never placed")),
            (None, Some(_)) => faults.push(format!("order {id} was placed, and is nowhere")),
            (None, None) => faults.push(format!("there is no order {id}")),
        }
    }
    faults
}

/// What the order is, and what its units say that it is.
fn course(order: &Order, placed: &[OrderLine]) -> Vec<String> {
    let (id, lines) = (order.facts.order, &order.course.lines);
    let mut faults = vec![];
    let ordered: Vec<i64> = placed.iter().map(|it| it.quantity).collect();
    let there: Vec<i64> = lines.iter().map(Buckets::total).collect();
    if ordered != there {
        faults.push(format!("order {id} is of {ordered:?} units, and its buckets hold {there:?}"));
    }
    let units = |it: &Buckets| Bucket::ALL.iter().any(|bucket| it.units(*bucket) < 0);
    if lines.iter().any(units) {
        faults.push(format!("order {id} has a bucket of fewer than no units: {lines:?}"));
    }
    for (line, it) in (1..).zip(lines) {
        let shelves = order.course.shelves.iter().filter(|it| it.line == line);
        let (kept, reserved): (i64, _) =
            (shelves.map(|it| it.units).sum(), it.units(Bucket::Reserved));
        if kept != reserved {
            faults.push(format!(
                "order {id} has {reserved} of line {line} reserved, {kept} on shelves"
            ));
        }
    }
    let shows = order.header();
    if order.shown != shows {
        faults.push(format!("order {id} was told as {}, and its units say {shows}", order.shown));
    }
    let open: i64 = lines.iter().map(|it| it.units_in(&OPEN)).sum();
    let live: i64 = lines.iter().map(Buckets::live).sum();
    if order.is_over() && open > 0 {
        faults.push(format!("order {id} is {}, and {open} of its units are open", order.process));
    }
    if order.process.is_final() && live > 0 {
        faults.push(format!("order {id} is {}, and {live} of its units live", order.process));
    }
    faults
}

/// An order a name, for ever.
fn names(tables: &Tables) -> Vec<String> {
    let mut bearers = BTreeMap::<_, Vec<OrderId>>::new();
    for (order, it) in &tables.placements {
        bearers.entry(&it.name).or_default().push(*order);
    }
    let shared = bearers.into_iter().filter(|it| it.1.len() > 1);
    shared.map(|(name, orders)| format!("{name:?} names {orders:?}")).collect()
}

/// No number was given twice, and none was given that was not taken.
fn numbers(tables: &Tables) -> Vec<String> {
    let (mut faults, mut bearers) = (vec![], BTreeMap::new());
    for (id, it) in &tables.orders {
        let no = it.facts.order_no.as_str();
        if let Some(other) = bearers.insert(no, id) {
            faults.push(format!("orders {other} and {id} are both {no}"));
        }
        let parts = no.strip_prefix('K').and_then(|it| it.split_once('-'));
        let parts = parts.and_then(|(it, nth)| Some((it.parse().ok()?, nth.parse::<i64>().ok()?)));
        let last = |it: u32| tables.counters.get(&it).copied().unwrap_or_default();
        if !parts.is_some_and(|(partition, nth)| (1..=last(partition)).contains(&nth)) {
            faults.push(format!("order {id} is {no}, and no partition gave that number"));
        }
    }
    faults
}

/// Whoever holds a key is an order with that content.
fn keys(tables: &Tables) -> Vec<String> {
    let held = tables.keys.iter().filter_map(|(key, it)| Some((key, it.by.as_ref()?)));
    let wrong = held.filter(|(_, by)| {
        !tables
            .placements
            .get(&by.order)
            .is_some_and(|it| it.digest == by.digest && it.at == by.since)
    });
    wrong
        .map(|(key, by)| format!("{key:?} stands for {}, which it did not come with", by.order))
        .collect()
}
