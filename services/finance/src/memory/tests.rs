use chassis::Partition;
use contracts::Cents;

use super::{Tables, audit, audit_at_rest, audit_last};
use crate::books::Books;
use crate::sale::{Stage, State};
use crate::store::Change;
use crate::tests::{story, tell};

const LIFE: &str = "place a prepaid 3x5074+660@600 freight100; pay p1 a 5834; ship a 1 1:1; \
                    ship a 2 1:2; deliver a 2 1:2; deliver a 1 1:1; complete a; \
                    place b account 2x100+13@10; deliver b 1 1:1; ship b 2 1:1; return b 2 1:1";

fn tables() -> Tables {
    let mut books = Books::default();
    for message in story(LIFE) {
        tell(&mut books, message);
    }
    let mut tables = Tables::default();
    let partition = Partition { number: 0, of: 1 };
    tables.save(Change::between(partition, &Books::default(), books));
    tables
}

#[test]
fn sound_books_are_found_sound() {
    assert_eq!(audit_at_rest(&tables()), [""; 0]);
}

/// What is told of it, and how it comes about.
type Fault = (&'static str, fn(&mut Tables));

/// Each of these is something that must never be, and each is told.
#[test]
fn whatever_is_wrong_is_told() {
    let faults: [Fault; 10] = [
        ("by the journal", |it| it.ledger.entries[0].entry.lines[0].debit = Cents(1)),
        ("does not balance", |it| it.ledger.entries[0].entry.lines[0].debit = Cents(1)),
        ("by the journal", |it| drop(it.ledger.of_order.pop_first())),
        ("its postings are", |it| it.ledger.balance.clear()),
        ("has 3 numbers", |it| it.series.values_mut().for_each(|it| it.last = 4)),
        ("which has none", |it| drop(it.files.pop_last())),
        ("its number is", |it| drop(it.numbers.pop_first())),
        ("never settled", |it| drop(it.settlements.pop_first())),
        ("closing account", |it| it.settlements.values_mut().for_each(|it| it.1.paid.0 += 1)),
        ("reported was", |it| drop(it.payments.pop_first())),
    ];
    for (told, plant) in faults {
        let mut tables = tables();
        plant(&mut tables);
        let wrong = audit(&tables);
        assert!(wrong.iter().any(|it| it.contains(told)), "{told}: {wrong:#?}");
    }
}

#[test]
fn what_is_on_its_way_is_not_at_rest() {
    let mut tables = tables();
    let file = tables.files.values_mut().next_back().unwrap();
    for parcel in file.parcels.values_mut() {
        parcel.stage = Stage::Delivered;
    }
    assert!(audit_at_rest(&tables).iter().any(|it| it.contains("never invoiced")));
    let mut tables = self::tables();
    tables.files.values_mut().for_each(|it| it.deposits.clear());
    assert!(audit_at_rest(&tables).iter().any(|it| it.contains("never reached")));
}

#[test]
fn of_the_last_batch_its_orders_are_looked_at() {
    let mut tables = tables();
    tables.ledger.entries[0].entry.lines[0].debit = Cents(1);
    assert!(!audit_last(&tables).is_empty());
    let (partition, nothing) = (Partition { number: 0, of: 1 }, Books::default());
    tables.save(Change::between(partition, &nothing, nothing.clone()));
    assert_eq!(audit_last(&tables), [""; 0]);
}

#[test]
#[should_panic(expected = "given_once")]
fn a_number_is_never_given_twice() {
    let mut tables = tables();
    let (_, mut number) = tables.numbers.pop_last().unwrap();
    number.nth = 1;
    let invoice = contracts::InvoiceId(contracts::Uuid::nil());
    let given = [(invoice, number)].into();
    tables.save_numbers(crate::invoice::Numbering { last: [].into(), given });
}

#[test]
fn an_order_tells_its_money() {
    let tables = tables();
    let order = crate::tests::order_called(0);
    let money = tables.money(order).unwrap();
    let five = [money.total, money.paid, money.invoiced, money.revenue, money.open];
    assert_eq!(five, [5834, 5834, 5834, 5174, 0].map(Cents));
    assert_eq!([money.in_hand, money.refunded], [Cents::ZERO; 2]);
    assert_eq!(tables.invoices(order).len(), 2);
    assert_eq!(tables.settlement(order).unwrap().margin, Cents(3374));
    assert_eq!(tables.files[&order].sale.as_ref().unwrap().state, State::Completed);
}
