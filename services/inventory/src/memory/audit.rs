//! What must hold of the tables after every batch, computed from the rows. I1 to I11 are numbered as
//! the rules' own tests number them.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{OrderId, Sku, Timestamp, WarehouseId};

use super::keep::plus;
use super::{Ledger, Stock, Tables};
use crate::books::{Claim, Delta, Kind, Level, Move, Shelf, Standing};

/// All that is wrong, a sentence each: every item, every order, and the whole ledger anew.
pub fn audit(tables: &Tables) -> Vec<String> {
    let skus: BTreeSet<Sku> = tables.latches.keys().chain(tables.stock.keys()).cloned().collect();
    let claiming = tables.claims.keys().chain(tables.backorders.keys());
    let orders = tables.demands.keys().chain(tables.kept.keys()).chain(claiming);
    let orders: BTreeSet<OrderId> = orders.copied().collect();
    let mut wrong = audit_of(tables, &skus, &orders);
    replay(tables, &mut wrong);
    wrong
}

/// What is wrong about these items and orders: their figures as they stand, without going through
/// their ledgers anew.
pub fn audit_of(tables: &Tables, skus: &BTreeSet<Sku>, orders: &BTreeSet<OrderId>) -> Vec<String> {
    let mut wrong = Vec::new();
    for sku in skus {
        item(tables, sku, &mut wrong);
    }
    for order in orders {
        of_order(tables, *order, &mut wrong);
    }
    wrong
}

/// What is wrong about whatever the last batch changed: its items, its orders and its rows of the
/// ledger. Costs as much as that batch, however large the tables are.
pub fn audit_last(tables: &Tables) -> Vec<String> {
    let last = &tables.last;
    let mut wrong = audit_of(tables, &last.skus, &last.orders);
    for (place, number) in &last.moves {
        let stock = tables.stock.get(&place.sku);
        let ledger = stock.and_then(|it| it.ledgers.get(&place.warehouse));
        let row = |number: i64| ledger.and_then(|it| it.moves.get(&number));
        let Some(posted) = row(*number) else { continue };
        let before = row(number - 1).map(|it| it.after);
        let gap = before.is_none() && *number != 1;
        ensure(!gap, &mut wrong, "I10: a gap", || format!("{:?}", posted.it));
        position(&posted.it, before.unwrap_or_default(), &mut wrong);
    }
    wrong
}

/// What is wrong once nothing is on its way any more, no note and no timer that is due: nobody waits
/// beside free goods, nothing is left to tell, and no claim outlives its lease.
pub fn at_rest(tables: &Tables, now: Timestamp) -> Vec<String> {
    let mut wrong = Vec::new();
    for (order, rows) in &tables.backorders {
        for ((sku, _), row) in rows {
            let lent = row.lease_until.is_none_or(|it| it > now);
            let levels = tables.stock.get(sku).map(|it| &it.levels);
            let free = |it: &WarehouseId| {
                levels.and_then(|levels| levels.get(it)).is_some_and(|it| it.sellable() > 0)
            };
            let served = !lent || !row.eligible.iter().any(free);
            ensure(served, &mut wrong, "an order waits beside free goods", || {
                format!("{order} for {sku}")
            });
        }
    }
    for (order, rows) in &tables.claims {
        let told = rows.values().all(|it| it.fresh + it.taken == 0);
        ensure(told, &mut wrong, "an order was not told", || order.to_string());
        let until = tables.demands.get(order).and_then(|it| it.lease_until);
        let soft = rows.values().any(|it| it.soft > 0);
        let live = !soft || until.is_some_and(|it| it > now);
        ensure(live, &mut wrong, "I11: a claim outlives its lease", || order.to_string());
    }
    for place in tables.untold.values().flatten() {
        ensure(false, &mut wrong, "a level was not told", || format!("{place:?}"));
    }
    wrong
}

/// An item: its levels are what its ledger and its claims come to, and what was told.
fn item(tables: &Tables, sku: &Sku, wrong: &mut Vec<String>) {
    let latch = tables.latches.get(sku);
    ensure(latch.is_some(), wrong, "an item without a latch", || sku.to_string());
    let Some(stock) = tables.stock.get(sku) else { return };
    let number = latch.map_or(0, |it| it.number);
    let told = number == stock.times_told;
    ensure(told, wrong, "levels are not numbered as they were told", || {
        format!("{sku}: {number}, told {} times", stock.times_told)
    });
    let waiting = stock
        .waiting
        .iter()
        .filter_map(|(_, order, line)| tables.backorders.get(order)?.get(&(sku.clone(), *line)));
    let waiting: i64 = waiting.map(|it| it.quantity).sum();
    let counted = latch.map_or(0, |it| it.backordered);
    ensure(waiting == counted, wrong, "backorders do not add up", || {
        format!("{sku}: {waiting}, not {counted}")
    });
    for (warehouse, level) in &stock.levels {
        shelf(tables, stock, (sku, warehouse, level), wrong);
    }
    let unknown = stock.ledgers.keys().find(|it| !stock.levels.contains_key(*it));
    ensure(unknown.is_none(), wrong, "I3: a ledger without a level", || {
        format!("{sku} in {unknown:?}")
    });
}

fn shelf(
    tables: &Tables,
    stock: &Stock,
    (sku, warehouse, level): (&Sku, &WarehouseId, &Level),
    wrong: &mut Vec<String>,
) {
    let told = || format!("{sku} in {warehouse}: {level:?}");
    let Level { good, quarantine, damaged, reserved, allocated, protected, .. } = *level;
    let all = [good, quarantine, damaged, reserved, allocated, protected];
    ensure(all.iter().all(|it| *it >= 0), wrong, "I1: below zero", told);
    ensure(reserved + allocated <= good, wrong, "I2: oversold", told);
    let empty = Ledger::default();
    let ledger = stock.ledgers.get(warehouse).unwrap_or(&empty);
    let figures = Delta { good, quarantine, damaged, reserved, allocated };
    ensure(figures == ledger.sum, wrong, "I3: not the sum of the ledger", told);
    let last = ledger.moves.last_key_value().map_or(0, |(number, _)| *number);
    let gapless = i64::try_from(ledger.moves.len()) == Ok(last) && last == level.position;
    ensure(gapless, wrong, "I10: a gap", told);
    let from = (warehouse.clone(), OrderId(contracts::Uuid::nil()), 0);
    let here = stock.claimed.range(from..).take_while(|it| it.0 == *warehouse);
    let claims = here.filter_map(|(_, order, line)| {
        tables.claims.get(order)?.get(&(sku.clone(), *line, warehouse.clone()))
    });
    let (soft, firm) = claims.fold((0, 0), |sum, it| (sum.0 + it.soft, sum.1 + it.firm));
    ensure((soft, firm) == (reserved, allocated), wrong, "I4: not the claims", || {
        format!("{}, claimed {soft} softly and {firm} firmly", told())
    });
    match level.untold {
        None => {
            let last = stock.told.get(warehouse).copied().unwrap_or_default();
            ensure(
                last == level.sellable(),
                wrong,
                "what can be sold is not what was told",
                || format!("{}, told {last}", told()),
            );
        }
        Some(partition) => {
            let rings = tables.bells.get(&partition).is_some_and(Option::is_some);
            ensure(rings, wrong, "a level is marked, and nobody is going to tell it", told);
        }
    }
}

/// An order: what it keeps is what the ledger says, and lives no longer than the order.
fn of_order(tables: &Tables, order: OrderId, wrong: &mut Vec<String>) {
    let demand = tables.demands.get(&order);
    let ended = demand.is_none_or(|it| it.standing == Standing::Ended);
    let lent = demand.is_some_and(|it| it.lease_until.is_some() && it.token > 0);
    let known = |sku: &Sku| demand.is_some_and(|it| it.skus.contains(sku));
    let mut claimed = BTreeMap::<Shelf, (i64, i64)>::new();
    for ((sku, line, warehouse), claim) in tables.claims.get(&order).into_iter().flatten() {
        let told = || format!("{order} line {line}, {sku} in {warehouse}: {claim:?}");
        let sum = claimed.entry(Shelf::of(sku, warehouse)).or_default();
        (sum.0, sum.1) = (sum.0 + claim.soft, sum.1 + claim.firm);
        ensure(!ended, wrong, "I5: a claim of an order that is over", told);
        ensure(known(sku), wrong, "I5: a claim that its order does not know", told);
        ensure(!claim.is_empty() && none_negative(claim), wrong, "a claim of nothing", told);
        ensure(claim.soft == 0 || lent, wrong, "I11: a soft claim without a lease", told);
    }
    claimed.retain(|_, it| *it != (0, 0));
    let nothing = BTreeMap::new();
    let kept = tables.kept.get(&order).unwrap_or(&nothing);
    ensure(claimed == *kept, wrong, "I4: not what the ledger says that the order keeps", || {
        format!("{order}: {claimed:?}, not {kept:?}")
    });
    for ((sku, line), row) in tables.backorders.get(&order).into_iter().flatten() {
        let told = || format!("{order} line {line}, {sku}: {row:?}");
        ensure(!ended && row.quantity > 0, wrong, "I5: a backorder of an order that is over", told);
        ensure(known(sku), wrong, "I5: a backorder that its order does not know", told);
    }
}

fn none_negative(it: &Claim) -> bool {
    [it.soft, it.firm, it.lapsed, it.fresh, it.taken].iter().all(|it| *it >= 0)
}

/// The whole ledger anew.
fn replay(tables: &Tables, wrong: &mut Vec<String>) {
    let mut causes = BTreeSet::new();
    let mut booked = 0_usize;
    for (place, ledger) in tables.stock.iter().flat_map(|(sku, it)| {
        it.ledgers.iter().map(move |(warehouse, it)| (Shelf::of(sku, warehouse), it))
    }) {
        let mut sum = Delta::default();
        let mut kept = BTreeMap::<OrderId, (i64, i64)>::new();
        for (number, it) in (1..).zip(ledger.moves.values().map(|it| &it.it)) {
            let told = || format!("{it:?}");
            ensure(it.number == number && it.place == place, wrong, "I10: a gap", told);
            let cause = (it.cause.id, it.cause.rule.as_ref(), &it.place.sku, &it.place.warehouse);
            ensure(causes.insert(cause), wrong, "I8: posted twice", told);
            position(it, sum, wrong);
            sum = plus(sum, it.delta);
            if let Some(order) = it.cause.order {
                let kept = kept.entry(order).or_default();
                (kept.0, kept.1) = (kept.0 + it.delta.reserved, kept.1 + it.delta.allocated);
                ensure(kept.0 >= 0 && kept.1 >= 0, wrong, "I9: given back twice", told);
            }
            booked +=
                usize::from(matches!(it.kind, Kind::Receipt | Kind::CountAdjust | Kind::Damage));
        }
        ensure(sum == ledger.sum, wrong, "I3: not the sum of the ledger", || format!("{place:?}"));
    }
    ensure(booked == tables.documents.len(), wrong, "documents are not booked once each", || {
        format!("{booked} moves of {} documents", tables.documents.len())
    });
}

/// One row of the ledger, and the sums before it.
fn position(it: &Move, before: Delta, wrong: &mut Vec<String>) {
    let after = plus(before, it.delta);
    let told = || format!("{it:?}");
    let Delta { good, quarantine, damaged, reserved, allocated } = after;
    let all = [good, quarantine, damaged, reserved, allocated];
    ensure(all.iter().all(|it| *it >= 0), wrong, "I1: below zero", told);
    ensure(reserved + allocated <= good, wrong, "I2: oversold", told);
    let physical = it.delta.good + it.delta.quarantine + it.delta.damaged;
    let from_outside = matches!(
        it.kind,
        Kind::Receipt | Kind::CountAdjust | Kind::ReturnIn | Kind::Ship | Kind::ShortPick
    );
    ensure(physical == 0 || from_outside, wrong, "I7: goods from nowhere", told);
}

fn ensure(holds: bool, wrong: &mut Vec<String>, what: &str, told: impl FnOnce() -> String) {
    if !holds {
        wrong.push(format!("{what}: {}", told()));
    }
}
