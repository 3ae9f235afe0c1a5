//! What holds for any history, however unlikely: an order hears anything, in any order, repeatedly.

use std::collections::{BTreeMap, BTreeSet};

use contracts::intake::{
    OrderCancelled, OrderCompleted, OrderConfirmed, OrderExpired, OrderPlaced, OrderStatus,
};
use contracts::{Bucket, Buckets, Message, MessageSet, Status, Terms};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::telling::{START, books, order_called, read};
use crate::books::Books;
use crate::order::Order;
use crate::{Inbound, Outbound, machine};

/// What may be heard of an order. It has 2 units of line 1 and 12 of line 2.
pub(super) const EVENTS: &[&str] = &[
    "approve O",
    "hold O",
    "hold O refuse",
    "release O",
    "refuse O",
    "hold-overdue O",
    "pay O",
    "payment-overdue O",
    "claim#A O 1:2 2:12",
    "claim#A O 1:2 2:12 soft",
    "claim#A O 1:2 - 2:12",
    "claim#A O 1:1 - 1:1 2:12 soft",
    "fail#A O 1:2 2:12",
    "fail#A O 2:5",
    "fail#A O 1:1 - 1:1 2:12",
    "fill O 1:1",
    "fill O 2:12",
    "fill O 2:6 @W2",
    "claim#A O 1:1 2:12 @W2",
    "unclaim O 2:12 @W2",
    "promote O 2:12 @W2",
    "pick O N 1:1 2:12 @W2",
    "unclaim O 1:1",
    "unclaim O 2:12",
    "lapse O",
    "promote O 1:2 2:12",
    "promote O 1:2",
    "unpromote O 1:2 2:12",
    "unpromote O 2:5",
    "pick O N 1:2 2:12",
    "pick O N 1:1 2:6",
    "pick O N 2:12",
    "start O N",
    "picked O N 1:2 2:12",
    "picked O N 1:1 - 1:1 2:6",
    "picked O N - 1:2 2:12",
    "packed O N 1:2 2:12",
    "packed O N 1:1 2:6",
    "shipped O N 1:2 2:12",
    "shipped O N 1:1 2:6",
    "delivered O N 1:2 2:12",
    "delivered O N 1:1 2:6",
    "door O N 1:2 2:12",
    "door O N 2:6",
    "returned O N 1:2 2:12",
    "returned O N 2:6",
    "invoice O N",
    "cancel O",
    "withdrawn O N",
    "not-withdrawn O N",
    "place O on_account",
    "place O prepaid",
    "submit O on_account",
    "submit O prepaid",
];

/// What may be said twice without a name of its own, so that the log alone keeps it from being heard
/// twice: the same again would be more of it.
const NAMELESS: &[&str] = &["fill", "unclaim"];

fn event() -> impl Strategy<Value = String> {
    (
        select(EVENTS),
        select(vec!["a", "b"]),
        select(vec!["1", "1", "2", "3"]),
        select(vec!["s1", "s2"]),
    )
        .prop_map(|(event, order, attempt, nth)| {
            event.replace('O', order).replace('A', attempt).replace('N', nth)
        })
}

/// Events as they come, and now and then the way of an order that nothing befalls, so that histories
/// get far.
fn history() -> impl Strategy<Value = Vec<String>> {
    let smooth = (
        select(vec![
            "place a on_account; approve a; claim a 1:2 2:12",
            "place a prepaid; approve a; claim a 1:2 2:12 soft; pay a; promote a 1:2 2:12",
        ]),
        select(vec!["pick a s1 1:2 2:12; start a s1", "pick a s1 1:1 2:6; pick a s2 1:1 2:6"]),
        select(vec!["picked a s1 1:2 2:12", "picked a s1 1:1 2:6 - 1:1 2:6", "start a s1"]),
        select(vec!["packed a s1 1:2 2:12; shipped a s1 1:2 2:12", ""]),
        select(vec!["delivered a s1 1:2 2:12", "door a s1 1:2 2:12", ""]),
    );
    let smooth = smooth.prop_map(|(begin, pick, pack, ship, end)| {
        let steps = [begin, pick, pack, ship, end].join(";");
        steps.split(';').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
    });
    let begin = prop_oneof![
        Just(vec![]),
        Just(vec!["place a on_account".to_owned()]),
        Just(vec!["place a prepaid".to_owned()]),
        smooth,
    ];
    // Anything between and after.
    (begin, vec((event(), any::<prop::sample::Index>()), 0..40)).prop_map(|(mut story, events)| {
        for (event, at) in events {
            story.insert(at.index(story.len() + 1), event);
        }
        story
    })
}

fn told(history: &[String]) -> (Books, Vec<Outbound>) {
    let mut books = books();
    let said = history.iter().flat_map(|it| books.decide(START, read(it))).collect();
    (books, said)
}

fn statuses(said: &[Outbound]) -> BTreeMap<String, Vec<OrderStatus>> {
    let mut by_name = BTreeMap::<String, Vec<OrderStatus>>::new();
    for it in said {
        if let Outbound::OrderStatus(it) = it {
            by_name.entry(it.external_id.to_string()).or_default().push(it.clone());
        }
    }
    by_name
}

fn count(said: &[Outbound], order: &str, subject: &str) -> usize {
    let key = order_called(order).to_string();
    said.iter().filter(|it| it.contract().subject == subject && it.key().0 == key).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn statuses_are_numbered_without_gaps(history in history()) {
        let (books, said) = told(&history);
        for (name, told) in statuses(&said) {
            let numbers: Vec<i64> = told.iter().map(|it| it.number).collect();
            prop_assert_eq!(&numbers, &(1..).take(told.len()).collect::<Vec<i64>>());
            if let Some(order) = books.orders.get(&order_called(&name)) {
                prop_assert_eq!(Some(&order.number), numbers.last());
            }
        }
    }

    #[test]
    fn what_is_shown_is_a_path_of_the_published_machine(history in history()) {
        for told in statuses(&told(&history).1).values() {
            let mut before = None;
            // What was refused under an order's name says nothing of the order.
            for it in told.iter().filter(|it| it.order.is_some()) {
                let (from, to) = (before.map_or("nothing", Status::name), it.status);
                prop_assert!(machine::may_follow(before, it.status), "{to} after {from}");
                before = Some(it.status);
            }
        }
    }

    #[test]
    fn units_are_neither_made_nor_lost(history in history()) {
        for order in told(&history).0.orders.values() {
            let totals: Vec<i64> = order.course.lines.iter().map(Buckets::total).collect();
            prop_assert_eq!(totals, [2, 12]);
        }
    }

    #[test]
    fn the_shelves_hold_what_is_reserved(history in history()) {
        for order in told(&history).0.orders.values() {
            for (line, units) in (1..).zip(&order.course.lines) {
                let shelves = order.course.shelves.iter().filter(|it| it.line == line);
                let kept: i64 = shelves.map(|it| it.units).sum();
                prop_assert_eq!(kept, units.units(Bucket::Reserved));
            }
        }
    }

    /// What is told is what the units do, after every message.
    #[test]
    fn what_was_told_last_is_what_it_shows(history in history()) {
        let mut books = books();
        for it in &history {
            books.decide(START, read(it));
            for order in books.orders.values() {
                prop_assert_eq!(order.shown, order.header());
            }
        }
    }

    #[test]
    fn what_is_heard_twice_changes_nothing(history in history(), event in event()) {
        let nameless = NAMELESS.iter().any(|it| event.starts_with(it));
        let command = ["cancel", "place"].iter().any(|it| event.starts_with(it));
        let (mut books, _) = told(&history);
        books.decide(START, read(&event));
        let once = books.orders.clone();
        let again = books.decide(START, read(&event));
        if !nameless {
            prop_assert_eq!(&books.orders, &once);
            prop_assert!(command || again.is_empty(), "{:?}", again);
        }
    }

    /// Whatever befalls it, an order ends once, and nothing follows on its end.
    #[test]
    fn an_order_ends_at_most_once(history in history()) {
        let (books, said) = told(&history);
        for name in ["a", "b"] {
            let told = |subject| count(&said, name, subject);
            let (placed, confirmed) = (told(OrderPlaced::SUBJECT), told(OrderConfirmed::SUBJECT));
            let (cancelled, expired) = (told(OrderCancelled::SUBJECT), told(OrderExpired::SUBJECT));
            let completed = told(OrderCompleted::SUBJECT);
            prop_assert!(placed <= 1 && confirmed <= placed && completed <= confirmed);
            prop_assert!(cancelled + expired + completed <= placed);
            prop_assert!(expired + confirmed <= 1, "an order expires before it is confirmed, or never");
            if let Some(order) = books.orders.get(&order_called(name)) {
                prop_assert_eq!(order.is_over(), cancelled + expired + completed == 1);
                prop_assert!(!order.process.is_final() || live(order) == 0);
            }
        }
    }

    /// Who gets the goods is told once, right before the order is confirmed.
    #[test]
    fn a_confirmed_order_has_its_consignee(history in history()) {
        let said = told(&history).1;
        for pair in said.windows(2) {
            let confirmed = matches!(pair[1], Outbound::OrderConfirmed(_));
            prop_assert_eq!(confirmed, matches!(pair[0], Outbound::ConsigneeNamed(_)));
        }
    }

    /// A prepaid order is confirmed only if it is paid; one on account only if credit agreed.
    #[test]
    fn nothing_is_confirmed_too_early(history in history()) {
        let mut books = books();
        for it in &history {
            let said = books.decide(START, read(it));
            for confirmed in said.iter().filter(|it| matches!(it, Outbound::OrderConfirmed(_))) {
                let mut orders = books.orders.values();
                let order = orders.find(|it| it.facts.order.to_string() == confirmed.key().0);
                let order = order.unwrap();
                let prepaid = order.facts.terms == Terms::Prepaid;
                prop_assert!(order.course.approved && (order.course.paid || !prepaid));
                prop_assert!(!order.course.soft && !order.course.promoting);
            }
        }
    }

    #[test]
    fn every_cancellation_that_is_asked_for_is_answered(history in history()) {
        let said = told(&history).0.decide(START, read("cancel a"));
        let answers = said.iter().filter(|it| {
            let answer = [
                matches!(it, Outbound::OrderCancelled(_)),
                matches!(it, Outbound::CancellationRequested(_)),
                matches!(it, Outbound::CancelRefused(_)),
            ];
            answer.contains(&true)
        });
        prop_assert_eq!(answers.count(), 1);
    }

    /// At most one sourcing is on its way, and each is for units that have no source.
    #[test]
    fn sourcing_is_asked_for_one_at_a_time(history in history()) {
        let mut books = books();
        let mut asked = BTreeMap::new();
        for it in &history {
            for said in books.decide(START, read(it)) {
                if let Outbound::SourcingRequested(it) = said {
                    let before = asked.insert(it.order, it.attempt).unwrap_or(1);
                    prop_assert_eq!(it.attempt, before + 1);
                    prop_assert!(!it.lines.is_empty());
                    for units in &it.lines {
                        let unsourced = books.orders[&it.order].units_of(units.line, Bucket::Unsourced);
                        prop_assert!((1..=unsourced).contains(&units.quantity));
                    }
                }
            }
        }
    }
}

fn live(order: &Order) -> i64 {
    order.course.lines.iter().map(Buckets::live).sum()
}

/// Keeps the list of events honest: whatever intake hears of an order is in it.
#[test]
fn histories_have_everything_in_them() {
    let event = |it: &&str| it.replace('O', "a").replace('A', "1").replace('N', "s1");
    let heard: BTreeSet<&str> =
        EVENTS.iter().map(event).map(|it| read(&it).contract().subject).collect();
    let all = Inbound::CONTRACTS.iter().map(|it| it.subject);
    let missing: Vec<&str> = all.filter(|it| !heard.contains(it)).collect();
    let beside = ["intake.carry-over.v1", "intake.list-item.v1", "intake.register-customer.v1"];
    assert_eq!(missing, beside);
}
