use contracts::{Cents, Currency};
use jiff::ToSpan;
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{START, TODAY, customer, read, story, told};
use crate::commitment::Share;
use crate::item::{Figures, Item, Window};

#[test]
fn what_fell_due_in_three_months_is_weighed_against_what_was_paid_of_it() {
    let figures = figures(
        "history A 1 -1 100 100; history A 2 -89 200 150; history A 3 -100 400 400; \
         history A 4 0 800 800; history A 5 -366 1600 0; history A 5 -366 1600 1600; \
         history A 6 -80 1000 9999",
    );
    assert_eq!((figures.due, figures.paid), (Cents(1_300), Cents(1_250)));
    assert_eq!(figures.year, Cents(1_700)); // Items 1, 2, 3 and 6.
    assert_eq!((figures.overdue, figures.brought), (Cents(50), Cents(50))); // Of item 2.
}

#[test]
fn the_three_months_are_calendar_months() {
    let window = Window::of(date(2026, 5, 31));
    assert_eq!(window.quarter, date(2026, 2, 28));
    assert_eq!(window.year, date(2025, 5, 31));
    assert_eq!(window.late, date(2026, 4, 1));
}

#[test]
fn a_payment_counts_for_the_rate_from_the_next_day_on() {
    let mut item = item(100, -5);
    item.pay(Cents(30), TODAY - 1.day(), TODAY);
    item.pay(Cents(20), TODAY, TODAY);
    item.pay(Cents(10), TODAY + 9.days(), TODAY); // It has come, whatever it says.
    let paid = |days: i64| item.figures(&Window::of(TODAY + days.days())).paid;
    assert_eq!((paid(0), paid(1)), (Cents(30), Cents(60)));

    item.pay(Cents(5), TODAY + 1.day(), TODAY + 1.day());
    let paid = |days: i64| item.figures(&Window::of(TODAY + days.days())).paid;
    assert_eq!((paid(1), paid(2)), (Cents(60), Cents(65)));
}

#[test]
fn an_invoice_is_an_item_once_it_is_due_and_a_payment_settles_it() {
    let lines = "limit A 1000; place a A 100; deliver a s1 1:10; invoice a s1 100 due -70";
    assert_eq!(figures(lines).overdue, Cents(100));
    let paid = figures(&format!("{lines}; pay a s1 60 on -3; pay a s1 60 on -3"));
    assert_eq!((paid.due, paid.paid, paid.overdue), (Cents(100), Cents(60), Cents(40)));
    assert_eq!(paid.brought, Cents(0));
    let not_due = "limit A 1000; place a A 100; deliver a s1 1:10; invoice a s1 100 due 0";
    assert_eq!(figures(not_due), Figures::default());
}

fn figures(lines: &str) -> Figures {
    told(story(lines)).books[&customer("A")][&Currency::CNY].figures
}

fn item(amount: i64, due: i64) -> Item {
    Item {
        customer: customer("A"),
        currency: Currency::CNY,
        brought: false,
        due: TODAY + due.days(),
        amount: Cents(amount),
        paid: Cents(0),
        paid_on: None,
        that_day: Cents(0),
    }
}

proptest! {
    /// Worked in one change at a time, or summed up from the items: the same.
    #[test]
    fn figures_are_the_sums_of_the_items(
        changes in vec((0..4_u8, -400..10_i64, 0..100_i64, 0..150_i64), 0..20),
        payments in vec((-5..5_i64, 1..50_i64), 0..6),
    ) {
        let mut lines: Vec<String> = changes.iter().map(|(nth, due, amount, paid)| {
            format!("history A {nth} {due} {amount} {paid}")
        }).collect();
        lines.push("limit A 9999; place a A 100; deliver a s1 1:10".to_owned());
        lines.push("invoice a s1 100 due -62".to_owned());
        let mut ledger = told(lines.iter().flat_map(|it| story(it)));
        for (nth, (on, amount)) in (0..).zip(payments) {
            let mut line = read(&format!("pay a s1 {amount} on {on}"));
            if let crate::Inbound::PaymentReceived(it) = &mut line {
                it.payment = format!("p{nth}").parse().unwrap();
            }
            ledger.decide(START, line);
        }
        let window = Window::of(TODAY);
        let mut sums = Figures::default();
        for item in ledger.items.values() {
            sums.change(Figures::default(), item.figures(&window));
        }
        prop_assert_eq!(ledger.books[&customer("A")][&Currency::CNY].figures, sums);
        prop_assert!(sums.paid <= sums.due && sums.due <= sums.year);
    }

    /// However a line is cut, its parts are what each unit got by largest remainder.
    #[test]
    fn shares_add_up_to_the_line(
        quantity in 1..50_i64,
        net in 0..10_000_i64,
        tax in 0..1_300_i64,
        cuts in vec((0..20_i64, any::<bool>()), 0..8),
    ) {
        let units = usize::try_from(quantity).unwrap();
        let even = vec![1; units];
        let of_unit = std::iter::zip(Cents(net).split(&even), Cents(tax).split(&even));
        let each: Vec<Cents> = of_unit.map(|it| it.0 + it.1).collect();
        let (net, tax, mut from, mut to) = (Cents(net), Cents(tax), 0, units);
        let mut share = Share { line: 1, quantity, net, tax, delivered: 0, returned: 0 };
        for (cut, back) in cuts.into_iter().chain([(quantity, false)]) {
            let some = usize::try_from(cut).unwrap().min(to - from);
            let (taken, expected) = if back {
                to -= some;
                (share.give_back(cut), &each[to..to + some])
            } else {
                from += some;
                (share.deliver(cut), &each[from - some..from])
            };
            prop_assert_eq!(taken, expected.iter().copied().sum());
        }
        prop_assert_eq!(share.delivered + share.returned, quantity);
        prop_assert_eq!(share.deliver(1) + share.give_back(1), Cents(0));
    }
}
