//! What must hold of the tables after every batch, computed from the rows, and from what everyone was
//! told.

use std::collections::BTreeSet;

use contracts::OrderId;

use super::told::Account;
use super::{Row, Tables};
use crate::dispatch::Course;
use crate::shipment::{Shipment, State, Units, add};

/// All that is wrong, a sentence each.
pub fn audit(tables: &Tables) -> Vec<String> {
    let orders = tables.dispatches.keys().chain(tables.shipments.keys()).chain(tables.told.keys());
    let mut wrong = audit_of(tables, &orders.copied().collect());
    for ((carrier, number), parcel) in &tables.parcels {
        let named: BTreeSet<_> = parcel.shipments.iter().collect();
        let once = named.len() == parcel.shipments.len();
        let known = |(order, pick): &(OrderId, i32)| {
            tables.shipments.get(order).is_some_and(|it| it.contains_key(pick))
        };
        let known = parcel.shipments.iter().all(known);
        ensure(once && known, &mut wrong, "a parcel holds what is no shipment, or twice", || {
            format!("{carrier} {number}: {:?}", parcel.shipments)
        });
    }
    wrong
}

/// What is wrong about whatever the last batch changed. Costs as much as that batch, however large
/// the tables are.
pub fn audit_last(tables: &Tables) -> Vec<String> {
    audit_of(tables, &tables.last)
}

/// What is wrong about these orders; and whatever was said that could not be, of any.
pub fn audit_of(tables: &Tables, orders: &BTreeSet<OrderId>) -> Vec<String> {
    let mut wrong = tables.faults.clone();
    for order in orders {
        of_order(tables, *order, &mut wrong);
    }
    wrong
}

fn of_order(tables: &Tables, order: OrderId, wrong: &mut Vec<String>) {
    let Some(row) = tables.dispatches.get(&order) else {
        let released = tables.shipments.contains_key(&order) || tables.told.contains_key(&order);
        ensure(!released, wrong, "shipments of an order that nobody knows", || order.to_string());
        return;
    };
    let (no_shipments, no_accounts) = Default::default();
    let shipments = tables.shipments.get(&order).unwrap_or(&no_shipments);
    let accounts = tables.told.get(&order).unwrap_or(&no_accounts);
    let last = shipments.last_key_value().map_or(0, |(pick, _)| *pick);
    let numbered = usize::try_from(last) == Ok(shipments.len()) && last == row.picks;
    ensure(numbered, wrong, "picks are not numbered 1, 2, 3 …", || {
        format!("{order}: {} picks, the last is {last} of {}", shipments.len(), row.picks)
    });
    let told = shipments.keys().eq(accounts.keys());
    ensure(told, wrong, "shipments are not what was requested", || order.to_string());
    for ((pick, it), account) in shipments.iter().zip(accounts.values()) {
        shipment((order, *pick, it), account, wrong);
    }
    released(row, shipments.values(), wrong);
    course(row, shipments.values(), wrong);
}

/// A shipment is where, and what, everyone was told.
fn shipment(
    (order, pick, it): (OrderId, i32, &Shipment),
    account: &Account,
    wrong: &mut Vec<String>,
) {
    let told = || format!("{order}/{pick}: {it:?}, told {account:?}");
    // Of these two nobody is told by themselves.
    let untold = matches!(it.state, State::Withdrawn | State::Empty);
    let stands = it.state == account.state || (untold && it.state.is_past(account.state));
    ensure(stands, wrong, "a shipment is not where it was told", told);
    ensure(it.units == *account.there(), wrong, "a shipment has other units than told", told);
    let positive = account.requested.values().all(|it| *it > 0) && !account.requested.is_empty();
    ensure(positive, wrong, "nothing was requested", told);
    let empty = it.units.is_empty() == (it.state == State::Empty);
    ensure(empty, wrong, "a shipment of nothing", told);
    if let Some((picked, _)) = &account.picked {
        ensure(within(picked, &account.requested), wrong, "more was picked than asked", told);
        let packed = account.packed.as_ref();
        let more = packed.is_some_and(|it| !within(it, picked));
        ensure(!more, wrong, "more was packed than picked", told);
        let shipped = account.shipped.as_ref();
        let more = shipped.is_some_and(|it| packed.is_none_or(|packed| !within(it, packed)));
        ensure(!more, wrong, "more was shipped than packed", told);
    } else {
        let nothing = account.packed.is_none() && account.shipped.is_none();
        ensure(nothing, wrong, "packed, and never picked", told);
    }
}

/// No more is released than was ordered.
fn released<'a>(row: &Row, all: impl Iterator<Item = &'a Shipment>, wrong: &mut Vec<String>) {
    let mut released = Units::new();
    for it in all.filter(|it| it.state != State::Withdrawn) {
        add(&mut released, &it.units);
    }
    let ordered = row.dispatch.placed.lines.iter().map(|(line, it)| (*line, it.quantity)).collect();
    ensure(within(&released, &ordered), wrong, "more is released than was ordered", || {
        format!("{}: {released:?} of {ordered:?}", row.dispatch.order)
    });
}

/// The order's course and its shipments' states go together.
fn course<'a>(row: &Row, all: impl Iterator<Item = &'a Shipment>, wrong: &mut Vec<String>) {
    let states: Vec<State> = all.map(|it| it.state).collect();
    let course = row.dispatch.course;
    let told = || format!("{} is {} with {states:?}", row.dispatch.order, course.name());
    let open = states.contains(&State::Open);
    let fits = match course {
        Course::Placed => states.is_empty(),
        Course::Confirmed => true,
        Course::Withdrawing => !open && states.contains(&State::Withdrawing),
        Course::Withdrawn => !open && !states.contains(&State::Withdrawing),
        Course::Ended => !open && row.dispatch.standing.waiting.is_empty(),
    };
    ensure(fits, wrong, "the order's course is not that of its shipments", told);
    let known = row.dispatch.recipient.is_none() || course != Course::Ended;
    ensure(known, wrong, "an order is over, and who receives it is not forgotten", told);
    let standing = &row.dispatch.standing;
    let units = standing.waiting.values().chain([&standing.failed, &standing.given_back]);
    let positive = units.flat_map(|it| it.values()).all(|it| *it > 0);
    ensure(positive, wrong, "units of nothing", || format!("{standing:?}"));
}

fn within(some: &Units, all: &Units) -> bool {
    some.iter().all(|(line, units)| *units <= all.get(line).copied().unwrap_or_default())
}

fn ensure(holds: bool, wrong: &mut Vec<String>, what: &str, told: impl FnOnce() -> String) {
    if !holds {
        wrong.push(format!("{what}: {}", told()));
    }
}
