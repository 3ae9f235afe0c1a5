use contracts::Status;

use super::{Tables, audit, audit_last};
use crate::books::Books;
use crate::delivery::DeliveryState;
use crate::tests::words::{START, answered, placed, set, shipped, status};

/// Two endpoints, an order that is confirmed and shipped, and one call that was answered.
fn tables() -> Tables {
    let mut books = Books::default();
    for it in ["erp", "crm"] {
        books.decide(START, set(it, "https://example.com/").into());
    }
    books.decide(START, placed(1).into());
    books.decide(START, status(1, 1, Status::Confirmed).into());
    books.decide(START, shipped(1, 7).into());
    let first = *books.deliveries.keys().next().unwrap();
    books.decide(START, answered(first, "webW-1", 1, 200).into());
    let mut tables = Tables::default();
    tables.save(books);
    tables
}

#[test]
fn sound_books_are_found_sound() {
    let tables = tables();
    assert_eq!(audit(&tables), [""; 0]);
    assert_eq!(tables.deliveries("webW-1").len(), 4);
    assert_eq!(tables.strand_of(tables.orders().next().unwrap()).unwrap(), "webW-1");
}

/// What is told of it, and how it comes about.
type Fault = (&'static str, fn(&mut Tables));

#[test]
fn whatever_is_wrong_is_told() {
    let faults: [Fault; 6] = [
        ("has the numbers", |it| change(it, |it| it.delivery.number += 1)),
        ("not named after its event", |it| {
            change(it, |it| it.body = it.body.replace("W-1", "W-2"));
        }),
        ("its calls were", |it| it.calls.clear()),
        ("its calls were", |it| change(it, |it| it.delivery.state = DeliveryState::Delivered)),
        ("never set", |it| drop(it.endpoints.pop_first())),
        ("in the strands", |it| {
            let (_, all) = it.deliveries.pop_first().unwrap();
            let again = |(id, it): (&_, &super::Written)| {
                let delivery = it.delivery.clone();
                (*id, super::Written { delivery, body: it.body.clone() })
            };
            it.deliveries.insert("other".to_owned(), all.iter().map(again).collect());
            it.deliveries.insert("webW-1".to_owned(), all);
        }),
    ];
    for (told, plant) in faults {
        let mut tables = tables();
        plant(&mut tables);
        let wrong = audit(&tables);
        assert!(wrong.iter().any(|it| it.contains(told)), "{told}: {wrong:#?}");
    }
}

fn change(tables: &mut Tables, with: fn(&mut super::Written)) {
    tables.deliveries.values_mut().flat_map(|it| it.values_mut()).for_each(with);
}

#[test]
fn of_the_last_batch_its_strands_are_looked_at() {
    let mut tables = tables();
    tables.calls.clear();
    assert!(!audit_last(&tables).is_empty());
    tables.save(Books::default());
    assert_eq!(audit_last(&tables), [""; 0]);
}
