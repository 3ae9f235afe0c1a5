//! What the audit of the tables in memory finds.

use chassis::InMemory;
use contracts::{Bucket, LineUnits, Status};

use super::telling::{START, books, order_called, read};
use crate::Intake;
use crate::changes::Before;
use crate::memory::{Tables, audit, audit_of, change};
use crate::order::Order;
use crate::wanted::Wanted;

/// Two orders: one was cancelled, and one is with the warehouse.
fn tables() -> Tables {
    let (mut books, before) = (books(), Before::of(&books()));
    let story = "place a on_account; place b on_account; cancel b; approve a; claim a 1:2 2:12; \
        pick a s1 1:2";
    for line in story.split(';') {
        books.decide(START, read(line));
    }
    let mut wanted = Wanted::default();
    wanted.placements = 2;
    let mut tables = Tables::default();
    Intake::keep(&mut tables, change(0, wanted, books, &before));
    tables
}

/// What is found when this is done to an order.
fn found(name: &str, wrong: impl FnOnce(&mut Order)) -> Vec<String> {
    let mut tables = tables();
    wrong(tables.orders.get_mut(&order_called(name)).unwrap());
    let (all, faults) = (audit(&tables), audit_of(&tables, tables.touched()));
    assert_eq!(all, faults, "each order is audited by itself, too");
    let id = order_called(name).to_string();
    faults.into_iter().map(|it| it.replace(&id, name)).collect()
}

#[test]
fn what_the_rules_wrote_is_whole() {
    assert_eq!(found("a", |_| {}), [""; 0]);
    assert_eq!(tables().touched().len(), 2);
}

#[test]
fn a_unit_that_is_made_or_misplaced_is_found() {
    let one = |line| [LineUnits { line, quantity: 1 }];
    assert_eq!(
        found("a", |it| it.course.lines[0] = contracts::Buckets::ordered(3)),
        [
            "order a is of [2, 12] units, and its buckets hold [3, 12]",
            "order a was told as released, and its units say confirmed",
        ]
    );
    assert_eq!(
        found("a", |it| drop(it.shift(Bucket::Reserved, Bucket::Released, one(2)))),
        ["order a has 11 of line 2 reserved, 12 on shelves"]
    );
}

#[test]
fn a_status_that_the_units_do_not_show_is_found() {
    assert_eq!(
        found("a", |it| it.shown = Status::Picking),
        ["order a was told as picking, and its units say released"]
    );
}

#[test]
fn open_units_of_an_order_that_is_over_are_found() {
    assert_eq!(
        found("b", |it| it.course.lines[0] = contracts::Buckets::ordered(2)),
        [
            "order b is cancelled, and 2 of its units are open",
            "order b is cancelled, and 2 of its units live",
        ]
    );
}

#[test]
fn a_name_of_two_orders_and_a_number_that_nobody_gave_are_found() {
    let mut tables = tables();
    let (a, b) = (order_called("a"), order_called("b"));
    let name = tables.placements[&a].name.clone();
    tables.placements.get_mut(&b).unwrap().name = name;
    tables.counters.clear();
    let faults = audit(&tables).join("\n");
    for part in ["names [", "was placed as", "no partition gave that number"] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
}

#[test]
#[should_panic(expected = "names")]
fn a_name_is_not_given_twice() {
    let mut tables = tables();
    let (mut books, before) = (books(), Before::of(&books()));
    books.decide(START, read("place a prepaid"));
    Intake::keep(&mut tables, change(0, Wanted::default(), books, &before));
}
