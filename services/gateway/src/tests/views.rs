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
    check(
        "a",
        PLAIN,
        expect![[r#"
             1 at  0: intake placed by webshop {"lines":1,"total":113000,"currency":"CNY"}
             2 at  1: intake status by kontor {"status":"checking","number":1}
             3 at  0: credit approved by kontor, class-b {"amount":113000,"class":"B"}
             4 at  0: allocation planned by kontor, nearest with all of it {"attempt":1,"round":1,"rule":"R10-east","priority":2400}
             5 at  0: inventory claimed by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":2}],"backordered":[],"until":null}
             6 at  5: intake status by kontor {"status":"confirmed","number":2}
             7 at  6: fulfilment pick-requested by kontor {"pick":1,"warehouse":"SH1","units":2}
             8 at  7: intake status by kontor {"status":"released","number":3}
             9 at  0: notification sent by kontor {"kind":"confirmed","language":"zh-CN"}
            10 at  0: fulfilment pick-started by SH1 {"pick":1,"units":2}
            11 at 10: intake status by kontor {"status":"picking","number":4}
            12 at  0: fulfilment picked by SH1 {"pick":1,"units":2,"short":[]}
            13 at  0: fulfilment packed by SH1 {"pick":1,"units":2}
            14 at 13: intake status by kontor {"status":"packed","number":5}
            15 at 14: fulfilment shipped by SH1 {"pick":1,"units":2,"carrier":"SF","tracking_no":"SF-1"}
            16 at 15: intake status by kontor {"status":"shipped","number":6}
            17 at 16: fulfilment delivered by kontor {"pick":1,"units":2}
            18 at 17: intake status by kontor {"status":"delivered","number":7}
            19 at  0: finance invoiced by kontor {"invoice":"4bddfe3a-6934-5f66-8504-5073cf55e429","number":"1970-a1","gross":113000,"due_on":"1970-01-31"}
            20 at 19: intake status by kontor {"status":"completed","number":8}
            21 at  0: finance settled by kontor {"paid":113000,"open":0}
            22 at  0: finance received by alipay {"payment":"2026112822001","amount":113000}
            completed 8, version 22, priority Some(2400)
            confirmed 5, released 7, shipped 15, delivered 17, completed 19
            credit {"amount":113000,"class":"B","state":"approved"}
            money {"invoices":[{"due_on":"1970-01-31","gross":113000,"number":"1970-a1"}],"open":0,"payments":[{"amount":113000,"invoice":"4bddfe3a-6934-5f66-8504-5073cf55e429","payment":"2026112822001","provider":"alipay"}]}
            shipments [{"carrier":"SF","delivered_at":"1970-01-01T00:16:00Z","pick":1,"shipment":"4bddfe3a-6934-5f66-8504-5073cf55e429","shipped_at":"1970-01-01T00:14:00Z","state":"delivered","tracking_no":"SF-1","units":2,"warehouse":"SH1"}]
            sourcing {"attempt":1,"backordered":0,"claimed":1,"estimate":"1970-01-03T00:00:00Z","round":1,"rule":"R10-east","state":"claimed","team":"east","warehouses":["SH1"]}
        "#]],
    );
}

#[test]
fn a_hold_a_short_pick_and_a_backorder() {
    check(
        "a",
        EVERYTHING,
        expect![[r#"
         1 at  1: intake placed by webshop {"lines":1,"total":113000,"currency":"CNY"}
         2 at  2: intake status by kontor {"status":"checking","number":1}
         3 at  0: credit held by kontor, overdue_60 {"amount":113000,"verdict":{"kind":"review","tier":2}}
         4 at  0: allocation planned by kontor, nearest with all of it {"attempt":1,"round":1,"rule":"R10-east","priority":2400}
         5 at  0: inventory claimed by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":2}],"backordered":[],"until":null}
         6 at  6: intake status by kontor {"status":"credit_hold","number":2}
         7 at  0: credit hold-released by wang.fang, pays tomorrow {"amount":113000}
         8 at  0: inventory claims-promoted by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":2}]}
         9 at  9: intake status by kontor {"status":"confirmed","number":3}
        10 at 10: fulfilment pick-requested by kontor {"pick":1,"warehouse":"SH1","units":2}
        11 at 11: intake status by kontor {"status":"released","number":4}
        12 at  0: notification sent by kontor {"kind":"confirmed","language":"zh-CN"}
        13 at  0: intake cancellation-requested by webshop, ordered twice {}
        14 at 15: fulfilment pick-withdrawn by kontor {"pick":1}
        15 at  0: fulfilment withdrawal-refused by SH1 {}
        16 at  0: fulfilment pick-started by SH1 {"pick":1,"units":2}
        17 at 18: intake status by kontor {"status":"picking","number":5}
        18 at  0: fulfilment picked by SH1 {"pick":1,"units":1,"short":[{"line":1,"sku":"KB-87","quantity":1}]}
        19 at  0: intake sourcing-requested by kontor, short_pick {"attempt":2,"lines":[{"line":1,"quantity":1}]}
        20 at  0: allocation planned by kontor, nearest with all of it {"attempt":2,"round":1,"rule":"R10-east","priority":2400}
        21 at  0: inventory claimed by kontor {"claims":[],"backordered":[{"line":1,"sku":"KB-87","quantity":1}],"until":null}
        22 at  0: inventory backorder-filled by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"BJ1","quantity":1}]}
        23 at 24: fulfilment pick-requested by kontor {"pick":2,"warehouse":"BJ1","units":1}
        24 at  0: fulfilment packed by SH1 {"pick":1,"units":2}
        25 at 26: fulfilment shipped by SH1 {"pick":1,"units":2,"carrier":"SF","tracking_no":"SF-1"}
        26 at 27: intake status by kontor {"status":"partially_shipped","number":6}
        27 at 28: fulfilment shipped by BJ1 {"pick":2,"units":2,"carrier":"SF","tracking_no":"SF-2"}
        28 at 29: intake status by kontor {"status":"shipped","number":7}
        29 at 30: fulfilment delivered by kontor {"pick":1,"units":2}
        30 at 31: intake status by kontor {"status":"partially_delivered","number":8}
        31 at 32: fulfilment delivered by kontor {"pick":2,"units":2}
        32 at 33: intake status by kontor {"status":"delivered","number":9}
        33 at  0: finance invoiced by kontor {"invoice":"4bddfe3a-6934-5f66-8504-5073cf55e429","number":"1970-a1","gross":56500,"due_on":"1970-01-31"}
        34 at  0: finance invoiced by kontor {"invoice":"ff18fd41-beab-57b0-bc24-94c52d044571","number":"1970-a2","gross":56500,"due_on":"1970-01-31"}
        35 at 36: intake status by kontor {"status":"completed","number":10}
        36 at  0: finance settled by kontor {"paid":113000,"open":0}
        37 at  0: finance received by alipay {"payment":"2026112822001","amount":113000}
        completed 10, version 37, priority Some(2400)
        confirmed 9, released 11, shipped 27, delivered 33, completed 36
        credit {"amount":113000,"by":"wang.fang","class":"B","state":"released","stop":"overdue_60"}
        money {"invoices":[{"due_on":"1970-01-31","gross":56500,"number":"1970-a1"},{"due_on":"1970-01-31","gross":56500,"number":"1970-a2"}],"open":0,"payments":[{"amount":113000,"invoice":"4bddfe3a-6934-5f66-8504-5073cf55e429","payment":"2026112822001","provider":"alipay"}]}
        shipments [{"carrier":"SF","delivered_at":"1970-01-01T00:30:00Z","pick":1,"shipment":"4bddfe3a-6934-5f66-8504-5073cf55e429","shipped_at":"1970-01-01T00:26:00Z","short":1,"state":"delivered","tracking_no":"SF-1","units":2,"warehouse":"SH1"},{"carrier":"SF","delivered_at":"1970-01-01T00:32:00Z","pick":2,"shipment":"ff18fd41-beab-57b0-bc24-94c52d044571","shipped_at":"1970-01-01T00:28:00Z","state":"delivered","tracking_no":"SF-2","units":1,"warehouse":"BJ1"}]
        sourcing {"attempt":2,"backordered":0,"claimed":2,"round":1,"rule":"R10-east","state":"claimed","team":"east","warehouses":["BJ1","SH1"]}
    "#]],
    );
}

#[test]
fn a_prepaid_order_that_comes_back() {
    check(
        "b",
        EVERYTHING,
        expect![[r#"
             1 at 39: intake placed by webshop {"lines":1,"total":5000,"currency":"CNY"}
             2 at 40: intake status by kontor {"status":"checking","number":1}
             3 at  0: credit approved by kontor, class-b {"amount":0,"class":"B"}
             4 at  0: allocation planned by kontor, nearest with all of it {"attempt":1,"round":1,"rule":"R10-east","priority":2400}
             5 at  0: inventory claimed by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":1}],"backordered":[],"until":null}
             6 at  0: intake payment-requested by kontor {"amount":5000,"until":"1970-01-01T01:00:00Z"}
             7 at 45: intake status by kontor {"status":"awaiting_payment","number":2}
             8 at  0: finance captured by alipay {"payment":"2026112822001","amount":5000}
             9 at  0: inventory claims-promoted by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":1}]}
            10 at 48: intake status by kontor {"status":"confirmed","number":3}
            11 at 49: fulfilment pick-requested by kontor {"pick":1,"warehouse":"SH1","units":1}
            12 at 50: intake status by kontor {"status":"released","number":4}
            13 at  0: fulfilment pick-started by SH1 {"pick":1,"units":2}
            14 at  0: fulfilment picked by SH1 {"pick":1,"units":1,"short":[]}
            15 at  0: fulfilment packed by SH1 {"pick":1,"units":2}
            16 at 54: fulfilment shipped by SH1 {"pick":1,"units":2,"carrier":"SF","tracking_no":"SF-1"}
            17 at 55: intake status by kontor {"status":"shipped","number":5}
            18 at  0: fulfilment refused by kontor, nobody opened {"pick":1,"units":2}
            19 at  0: fulfilment returned by SH1 {"pick":1,"units":2}
            20 at  0: intake cancelled by webshop, returned_undelivered {"remark":"ordered twice"}
            21 at 59: intake status by kontor {"status":"cancelled","number":6}
            22 at  0: finance refund-due by kontor {"amount":5000}
            23 at  0: notification failed by kontor, no address {"kind":"cancelled"}
            cancelled 6, version 23, priority Some(2400)
            confirmed 48, released 50, shipped 55, delivered -1, completed -1
            credit {"amount":0,"class":"B","state":"approved"}
            money {"pay_until":"1970-01-01T01:00:00Z","prepaid":5000,"refund":5000}
            shipments [{"carrier":"SF","pick":1,"shipment":"2b457912-54d2-5656-be7f-4f848ec53e06","shipped_at":"1970-01-01T00:54:00Z","state":"returned","tracking_no":"SF-1","units":1,"warehouse":"SH1"}]
            sourcing {"attempt":1,"backordered":0,"claimed":1,"estimate":"1970-01-03T00:00:00Z","round":1,"rule":"R10-east","state":"claimed","team":"east","warehouses":["SH1"]}
        "#]],
    );
}

#[test]
fn nothing_serves_it() {
    check(
        "c",
        EVERYTHING,
        expect![[r#"
         1 at 62: intake placed by webshop {"lines":1,"total":700,"currency":"CNY"}
         2 at 63: intake status by kontor {"status":"checking","number":1}
         3 at  0: allocation failed by kontor, nobody has any, and nothing is on its way {"rule":"R99","lines":[{"line":1,"quantity":2}],"findings":{"eliminated":[{"code":"inactive","node":"SH1","why":"inactive"}],"reason":{"code":"nobody_may"}}}
         4 at  0: intake cancelled by webshop, no_supply {"remark":"ordered twice"}
         5 at 66: intake status by kontor {"status":"cancelled","number":2}
        cancelled 2, version 5, priority None
        confirmed -1, released -1, shipped -1, delivered -1, completed -1
        money {}
        sourcing {"attempt":1,"backordered":0,"claimed":0,"round":0,"rule":"R99","state":"failed","warehouses":[]}
    "#]],
    );
}

#[test]
fn credit_is_refused_and_the_claim_lapses() {
    check(
        "d",
        EVERYTHING,
        expect![[r#"
             1 at 67: intake placed by webshop {"lines":1,"total":900,"currency":"CNY"}
             2 at 68: intake status by kontor {"status":"checking","number":1}
             3 at  0: credit held by kontor, class-b {"amount":900,"verdict":{"kind":"review","tier":2}}
             4 at  0: allocation planned by kontor, nearest with all of it {"attempt":1,"round":1,"rule":"R10-east","priority":2400}
             5 at  0: inventory claimed by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":1}],"backordered":[],"until":null}
             6 at  0: inventory lease-expired by kontor {}
             7 at  0: credit hold-refused by wang.fang, pays tomorrow {}
             8 at  0: inventory claims-released by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":1}]}
             9 at  0: inventory claims-withdrawn by kontor {"claims":[{"line":1,"sku":"KB-87","warehouse":"SH1","quantity":1}]}
            10 at 76: intake status by kontor {"status":"cancelled","number":2}
            cancelled 2, version 10, priority Some(2400)
            confirmed -1, released -1, shipped -1, delivered -1, completed -1
            credit {"amount":0,"by":"wang.fang","class":"B","state":"refused"}
            money {}
            sourcing {"attempt":1,"backordered":0,"claimed":1,"estimate":"1970-01-03T00:00:00Z","round":1,"rule":"R10-east","state":"short","team":"east","warehouses":[]}
        "#]],
    );
}

#[test]
fn what_is_late_or_comes_again_is_not_told() {
    check(
        "a",
        "place a 100 on_account; place a 200 prepaid; status a 2 confirmed; status a 1 checking
         approve a 100; hold a 100 blocked; let-go a wang.fang; plan a 2 1; plan a 1 3
         pick a 1 SH1 2; ship a 1 SH1; packed a 1 SH1; pick a 1 SH1 2; start a 9 SH1
         invoice a 1 100; invoice a 1 100; deliver z 1",
        expect![[r#"
             1 at  0: intake placed by webshop {"lines":1,"total":100,"currency":"CNY"}
             2 at  2: intake status by kontor {"status":"confirmed","number":2}
             3 at  0: credit approved by kontor, class-b {"amount":100,"class":"B"}
             4 at  0: allocation planned by kontor, nearest with all of it {"attempt":2,"round":1,"rule":"R10-east","priority":2400}
             5 at  9: fulfilment pick-requested by kontor {"pick":1,"warehouse":"SH1","units":2}
             6 at 10: fulfilment shipped by SH1 {"pick":1,"units":2,"carrier":"SF","tracking_no":"SF-1"}
             7 at  0: finance invoiced by kontor {"invoice":"4bddfe3a-6934-5f66-8504-5073cf55e429","number":"1970-a1","gross":100,"due_on":"1970-01-31"}
            confirmed 2, version 7, priority Some(2400)
            confirmed 2, released -1, shipped -1, delivered -1, completed -1
            credit {"amount":100,"class":"B","state":"approved"}
            money {"invoices":[{"due_on":"1970-01-31","gross":100,"number":"1970-a1"}]}
            shipments [{"carrier":"SF","pick":1,"shipment":"4bddfe3a-6934-5f66-8504-5073cf55e429","shipped_at":"1970-01-01T00:10:00Z","state":"shipped","tracking_no":"SF-1","units":2,"warehouse":"SH1"}]
            sourcing {"attempt":2,"backordered":0,"claimed":0,"estimate":"1970-01-03T00:00:00Z","round":1,"rule":"R10-east","state":"planned","team":"east","warehouses":[]}
        "#]],
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
        summary(view),
    )
}

/// One line for each of its parts.
fn summary(view: &View) -> String {
    let parts = serde_json::to_value(&view.summary).unwrap().as_object().unwrap().clone();
    parts.iter().map(|(name, it)| format!("{name} {it}")).collect::<Vec<_>>().join("\n")
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
    let marked = |status, urgent, now| colour(status, urgent, START, false, now);
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

/// These have no number of their own: that they are heard once is the log's promise.
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
    vec(0..all.len(), 0..120)
        .prop_map(move |picks| picks.into_iter().map(|it| all[it].clone()).collect())
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
        prop_assert!(views == once);
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
