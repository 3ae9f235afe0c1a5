//! What is shown of an order, told as stories.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{MessageSet, Status};
use expect_test::{Expect, expect};
use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::prelude::*;

use super::story::{EVERYTHING, PLAIN, START, order, story};
use crate::Inbound;
use crate::views::{Colour, Stage, View, Views, colour, stage};

#[test]
fn a_plain_order_on_account() {
    check("a", PLAIN, expect![[r#""#]]);
}

#[test]
fn a_hold_a_short_pick_and_a_backorder() {
    check("a", EVERYTHING, expect![[r#""#]]);
}

#[test]
fn a_prepaid_order_that_comes_back() {
    check("b", EVERYTHING, expect![[r#""#]]);
}

#[test]
fn nothing_serves_it() {
    check("c", EVERYTHING, expect![[r#""#]]);
}

#[test]
fn credit_is_refused_and_the_claim_lapses() {
    check("d", EVERYTHING, expect![[r#""#]]);
}

#[test]
fn what_is_late_or_comes_again_is_not_told() {
    check(
        "a",
        "place a 100 on_account; place a 200 prepaid; status a 2 confirmed; status a 1 checking
         approve a 100; hold a 100 blocked; let-go a wang.fang; plan a 2 1; plan a 1 3
         pick a 1 SH1 2; ship a 1 SH1; packed a 1 SH1; pick a 1 SH1 2; start a 9 SH1
         invoice a 1 100; invoice a 1 100; deliver z 1",
        expect![[r#""#]],
    );
}

/// Tells a story, and compares what is shown of one order in the end.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(name: &str, text: &str, expected: Expect) {
    let views = heard(story(text));
    let view = &views.orders[&order(name)];
    let entries = views.timeline.iter().filter(|it| it.order == order(name)).map(|it| {
        let at = it.at.duration_since(START).as_mins();
        let (number, service, what) = (it.number, it.service(), it.what());
        let why = if it.why.is_empty() { String::new() } else { format!(", {}", it.why) };
        format!("{number:>2} at {at:>2}: {service} {what} by {}{why} {}\n", it.who, it.data)
    });
    expected.assert_eq(&format!("{}{}", entries.collect::<String>(), shown(view)));
}

fn shown(view: &View) -> String {
    let minutes = |it: Option<jiff::Timestamp>| it.map(|it| it.duration_since(START).as_mins());
    let times = [
        ("confirmed", view.times.confirmed),
        ("released", view.times.released),
        ("shipped", view.times.shipped),
        ("delivered", view.times.delivered),
        ("completed", view.times.completed),
    ];
    let times = times.map(|(name, at)| format!("{name} {}", minutes(at).unwrap_or(-1)));
    format!(
        "{} {}, version {}, priority {:?}\n{}\n{}\n",
        view.status,
        view.status_number,
        view.version,
        view.priority,
        times.join(", "),
        serde_json::to_string_pretty(&view.summary).unwrap(),
    )
}

fn heard(messages: Vec<Inbound>) -> Views {
    let mut views = Views::default();
    for message in messages {
        views.hear(START, message);
    }
    views
}

// ---- Colours -----------------------------------------------------------------------------------

#[test]
fn the_first_rule_that_fits_gives_the_colour() {
    let hours = |it| START + SignedDuration::from_hours(it);
    let marked = |status, urgent, now| colour(status, urgent, START, now);
    assert_eq!(marked(Status::Confirmed, true, START), Colour::Red);
    assert_eq!(marked(Status::Completed, true, START), Colour::Green);
    assert_eq!(marked(Status::Cancelled, true, START), Colour::Grey);
    assert_eq!(marked(Status::CreditHold, false, hours(48)), Colour::Yellow);
    assert_eq!(marked(Status::CreditHold, false, hours(49)), Colour::Red);
    assert_eq!(marked(Status::Shipped, false, hours(49)), Colour::Yellow);
    assert_eq!(marked(Status::Rejected, false, START), Colour::Grey);
}

#[test]
fn every_status_has_its_stage() {
    let of = |wanted| Status::ALL.into_iter().filter(|it| stage(*it) == wanted).collect::<Vec<_>>();
    assert_eq!(of(Stage::AfterSales), [Status::Completed]);
    assert_eq!(of(Stage::Lost), [Status::Cancelled, Status::Expired, Status::Rejected]);
}

// ---- Properties --------------------------------------------------------------------------------

/// These say something new each time, and have no number of their own: that they are heard once is
/// the log's promise.
const UNNUMBERED: &[&str] = &[
    "intake.cancelled.v1",
    "intake.cancellation-requested.v1",
    "inventory.backorder-filled.v1",
    "inventory.claims-promoted.v1",
    "inventory.claims-released.v1",
    "inventory.claims-withdrawn.v1",
    "inventory.lease-expired.v1",
    "fulfilment.withdrawal-refused.v1",
    "finance.refund-due.v1",
    "notification.sent.v1",
    "notification.failed.v1",
];

fn numbered() -> Vec<Inbound> {
    let is_numbered = |it: &Inbound| !UNNUMBERED.contains(&it.contract().subject);
    story(EVERYTHING).into_iter().filter(is_numbered).collect()
}

/// Any of the messages, in any order, and as often as may be.
fn history() -> impl Strategy<Value = Vec<Inbound>> {
    let all = story(EVERYTHING);
    vec(0..all.len(), 0..120).prop_map(move |picks| {
        picks.into_iter().map(|it| all[it].clone()).collect()
    })
}

proptest! {
    /// Even without the log: what has a number or a state of its own counts once.
    #[test]
    fn a_prefix_that_comes_twice_changes_nothing(end in 0..numbered().len()) {
        let mut views = heard(numbered().into_iter().take(end).collect());
        let once = views.clone();
        for message in numbered().into_iter().take(end) {
            views.hear(START, message);
        }
        prop_assert_eq!(views, once);
    }

    #[test]
    fn versions_only_grow_and_number_the_timeline(history in history()) {
        let mut views = Views::default();
        let mut before: BTreeMap<_, i64> = BTreeMap::new();
        for message in history {
            views.hear(START, message);
            for (order, view) in &views.orders {
                let old = before.insert(*order, view.version).unwrap_or_default();
                prop_assert!(old <= view.version && view.version <= old + 1);
            }
        }
        for (order, version) in before {
            let of_this = views.timeline.iter().filter(|it| it.order == order);
            let numbers: Vec<i64> = of_this.map(|it| it.number).collect();
            prop_assert_eq!(numbers, (1..=version).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_status_is_the_one_with_the_highest_number(history in history()) {
        let mut views = Views::default();
        let mut said: BTreeMap<_, (i64, Status)> = BTreeMap::new();
        for message in history {
            if let Inbound::OrderStatus(it) = &message
                && let Some(order) = it.order
                && views.orders.contains_key(&order)
            {
                let latest = said.entry(order).or_insert((it.number, it.status));
                if latest.0 < it.number {
                    *latest = (it.number, it.status);
                }
            }
            views.hear(START, message);
        }
        for (order, view) in &views.orders {
            let latest = said.get(order).copied().unwrap_or((0, Status::Checking));
            prop_assert_eq!((view.status_number, view.status), latest);
        }
    }

    /// Whatever comes, in whatever order: nothing is shown of an order that was not placed.
    #[test]
    fn only_placed_orders_are_shown(history in history()) {
        let placed = |it: &Inbound| {
            if let Inbound::OrderPlaced(it) = it { Some(it.order) } else { None }
        };
        let placed: BTreeSet<_> = history.iter().filter_map(placed).collect();
        let views = heard(history);
        prop_assert_eq!(views.orders.keys().copied().collect::<BTreeSet<_>>(), placed.clone());
        prop_assert!(views.placed.len() == placed.len());
        prop_assert!(views.timeline.iter().all(|it| placed.contains(&it.order)));
    }
}

#[test]
fn the_stories_hear_everything_that_the_gateway_hears() {
    let told: BTreeSet<&str> =
        story(EVERYTHING).iter().map(|it| it.contract().subject).collect();
    let heard: BTreeSet<&str> = Inbound::CONTRACTS.iter().map(|it| it.subject).collect();
    assert_eq!(told, heard);
}

/// Postgres would not take it, and no batch may stumble.
#[test]
fn a_zero_byte_in_a_reason_is_left_out() {
    let mut views = heard(story("place a 100 on_account; hold a 100 -"));
    let mut released = story("let-go a wang").remove(0);
    if let Inbound::HoldReleased(it) = &mut released {
        it.reason = format!("a\0b{}", "x".repeat(500));
    }
    views.hear(START, released);
    let why = &views.timeline.last().unwrap().why;
    assert!(why.starts_with("abx") && why.len() == 199);
}
