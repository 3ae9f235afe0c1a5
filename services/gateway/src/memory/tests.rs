use chassis::{InMemory, Partition};
use contracts::{Cents, Status};

use super::{Change, Tables, audit, audit_last};
use crate::Gateway;
use crate::tests::story::{EVERYTHING, START, order, story};
use crate::views::Views;

fn tables() -> Tables {
    let mut views = Views::default();
    for message in story(EVERYTHING) {
        views.hear(START, message);
    }
    let mut tables = Tables::default();
    Gateway::keep(&mut tables, Change { partition: Partition { number: 0, of: 1 }, views });
    tables
}

#[test]
fn sound_views_are_found_sound() {
    assert_eq!(audit(&tables()), [""; 0]);
}

/// What is told of it, and how it comes about.
type Fault = (&'static str, fn(&mut Tables));

#[test]
fn whatever_is_wrong_is_told() {
    let faults: [Fault; 5] = [
        ("its timeline ends", |it| it.states.values_mut().for_each(|it| it.version += 1)),
        ("follow 1", |it| drop(it.timeline.values_mut().next().unwrap().insert(1, "[1]".into()))),
        ("half of it", |it| drop(it.heads.pop_first())),
        ("half of it", |it| drop(it.states.pop_first())),
        ("level", |it| it.levels.values_mut().for_each(|it| it.sellable += 1)),
    ];
    for (told, plant) in faults {
        let mut tables = tables();
        plant(&mut tables);
        let wrong = audit(&tables);
        assert!(wrong.iter().any(|it| it.contains(told)), "{told}: {wrong:#?}");
    }
}

#[test]
fn of_the_last_batch_its_orders_are_looked_at() {
    let mut tables = tables();
    tables.states.values_mut().for_each(|it| it.version += 1);
    assert_eq!(audit_last(&tables).len(), 4);
    let (partition, views) = (Partition { number: 0, of: 1 }, Views::default());
    Gateway::keep(&mut tables, Change { partition, views });
    assert_eq!(audit_last(&tables), [""; 0]);
}

#[test]
#[should_panic(expected = "went from")]
fn a_version_never_goes_back() {
    let mut tables = tables();
    let mut views = Views::default();
    views.orders.insert(order("a"), tables.states[&order("a")].clone());
    for message in story("status a 98 released") {
        views.hear(START, message);
    }
    let view = views.orders.get_mut(&order("a")).unwrap();
    view.version -= 2;
    tables.save_states(&views);
}

#[test]
fn an_order_is_seen() {
    let tables = tables();
    let seen = tables.order(order("a")).unwrap();
    assert_eq!((seen.status, seen.status_number), (Status::Completed, 10));
    assert_eq!((seen.total, seen.paid), (Cents(113_000), Cents(113_000)));
    let invoiced: Cents = seen.invoices.iter().map(|it| it.1).sum();
    assert_eq!(invoiced, seen.total);
    assert_eq!(i64::try_from(tables.timeline_length(order("a"))).unwrap(), seen.version);
    assert_eq!(tables.level(&"KB-87".parse().unwrap()), Some((2, 238)));
    assert_eq!(tables.orders().count(), 4);
}
