//! The store and the handler, on a database.

use contracts::Uuid;
use contracts::fulfilment::{ReportsRefused, ShipmentsOf};
use expect_test::expect;
use jiff::SignedDuration;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use testbench::Bench;

use super::properties::{history, told};
use super::{order_called, ready, report, story, tell};
use crate::{Fulfilment, Inbound, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Fulfilment).await;
    let signatures = bench.signatures(store::STATEMENTS).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, placed text, course text, picks int4, standing text, consignee text
        (uuid[]) -> order_id uuid, pick int4, warehouse text, state text, units text, carrier text, tracking_no text
        (uuid[], text[], text[], int4[], text[], text[]) -> nothing
        (uuid[], text[], int4[], text[], text[]) -> nothing
        (uuid[], int4[], text[], text[], text[], text[], text[]) -> nothing
        (text[], text[]) -> nothing
        (text[], text[]) -> carrier text, tracking_no text, shipments text, said text
        (text[], text[], text[], text[]) -> nothing
        (text[], text[], int4[], text[], text[], int8[], timestamptz[], text[]) -> nothing
        (text) -> about text, pick int4, what text, reason text, times int8, first_at timestamptz, last_at timestamptz, body text
    "#]].assert_eq(&signatures);
}

#[tokio::test]
async fn what_is_heard_twice_is_said_once() {
    let mut bench = Bench::of(Fulfilment).await;
    let inputs = bench.post(story(&ready("a", "1x3", "1x3@w1")));

    let first = bench.hear(&inputs).await;
    let again = bench.hear(&inputs).await;

    assert_eq!(first.iter().map(tell).collect::<String>(), "w1 a/1: pick 1x3\n");
    assert!(again.is_empty());
}

/// What is stored and read back is what was decided, whatever the way.
#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let story = story(
        &(ready("a", "1x3 2x2", "1x2@w1 1x1@w2")
            + ";"
            + &ready("b", "1x1", "1x1@w1")
            + "; back a; w1 unreleased a/1; w2 short a/2; w1 shipped a/3 by sf/T1; fill a 1x1@w2"
            + "; fail a 2x1; fill a 2x1@w3; w3 delivered a/5; w1 shipped b/1 by sf/T1; back b"
            + "; place c 1x3 2x1; plan c complete; claim c 1x3@w1; name c; confirm c; fill c 2x1@w2"
            + "; back c; w1 unreleased c/1; w2 unreleased c/2; cancel c; w1 started c/1"),
    );
    let (mut together, mut apart) = (Bench::of(Fulfilment).await, Bench::of(Fulfilment).await);

    let inputs = together.post(story.clone());
    let at_once = together.hear(&inputs).await;
    let mut in_turn = Vec::new();
    for message in story {
        let inputs = apart.post([message]);
        in_turn.extend(apart.hear(&inputs).await);
    }

    assert_eq!(at_once, in_turn);
    assert!(!at_once.is_empty());
    for order in ["a", "b", "c"].map(order_called) {
        let shipments = together.question(&ShipmentsOf { order }).await;
        assert_eq!(shipments, apart.question(&ShipmentsOf { order }).await);
    }
}

/// The books in memory and the books in the database are the same books.
#[tokio::test]
async fn nothing_is_lost_between_batches() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..8 {
        let history = history().new_tree(&mut runner).unwrap().current();
        let (books, expected) = told(&history);
        let mut bench = Bench::of(Fulfilment).await;

        let mut said = Vec::new();
        for message in history {
            let inputs = bench.post([message]);
            said.extend(bench.hear(&inputs).await);
        }

        assert_eq!(said, expected);
        let mut refused = 0;
        for reporter in ["w1", "w2", "w3"].map(str::to_owned) {
            let reports = bench.question(&ReportsRefused { reporter }).await;
            refused += reports.iter().map(|it| it.times).sum::<i64>();
        }
        assert_eq!(refused, books.refused.values().map(|it| it.times).sum::<i64>());
    }
}

#[tokio::test]
async fn shipments_are_shown_as_they_stand() {
    let mut bench = Bench::of(Fulfilment).await;
    let story = ready("a", "1x3 2x1", "1x3@w1 2x1@w2") + "; w1 shipped a/1 by sf/T1";
    let inputs = bench.post(self::story(&story));
    bench.hear(&inputs).await;

    let shipments = bench.question(&ShipmentsOf { order: order_called("a") }).await;
    let nothing = bench.question(&ShipmentsOf { order: order_called("b") }).await;

    let told: Vec<String> = shipments
        .iter()
        .map(|it| format!("{} {} {} {:?}", it.pick, it.warehouse, it.state, it.tracking_no))
        .collect();
    assert_eq!(told, [r#"1 w1 shipped Some(TrackingNo("T1"))"#, "2 w2 open None"]);
    assert_eq!(shipments[0].units[0].quantity, 3);
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn a_carrier_reaches_the_order_by_a_note() {
    let mut bench = Bench::of(Fulfilment).await;
    let inputs = bench.post(story(&(ready("a", "1x3", "1x3@w1") + "; w1 shipped a/1 by sf/T1")));
    bench.hear(&inputs).await;

    let carrier = bench.post(story("sf delivered T1"));
    let at_once = bench.hear(&carrier).await;
    let noted = bench.wait(SignedDuration::ZERO).await;
    let again = bench.wait(SignedDuration::from_hours(1)).await;

    assert!(at_once.is_empty());
    assert_eq!(noted.iter().map(tell).collect::<String>(), "a/1 delivered 1x3\n");
    assert!(again.is_empty());
}

#[tokio::test]
async fn what_a_fast_carrier_said_is_kept_for_thirty_days() {
    for (hours, expected) in [(720, 5), (721, 4)] {
        let mut bench = Bench::of(Fulfilment).await;
        let early = bench.post(story("sf delivered T1"));
        bench.hear(&early).await;
        bench.wait(SignedDuration::from_hours(hours)).await;

        let order = bench.post(story(&ready("a", "1x3", "1x3@w1")));
        bench.hear(&order).await;
        let shipped = bench.post(story("w1 shipped a/1 by sf/T1"));
        let said = bench.hear(&shipped).await;

        assert_eq!(said.len(), expected);
    }
}

#[tokio::test]
async fn reports_that_change_nothing_are_counted() {
    let mut bench = Bench::of(Fulfilment).await;
    let inputs = bench.post(story(
        &(ready("a", "1x3", "1x3@w1") + "; w1 packed a/1; w1 packed a/1; w2 packed a/1"),
    ));
    bench.hear(&inputs).await;
    let once_more = bench.post(story("w1 packed a/1; sf scanned T1"));
    bench.hear(&once_more).await;

    let mut told = Vec::new();
    for reporter in ["w1", "w2", "sf"].map(str::to_owned) {
        for it in bench.question(&ReportsRefused { reporter }).await {
            told.push(format!("{} {}, pick {}: {}", it.times, it.what, it.pick, it.reason));
        }
    }

    let expected = [
        "2 packed, pick 1: repeated",
        "1 packed, pick 1: foreign_warehouse",
        "1 scanned, pick 0: unknown_report",
    ];
    assert_eq!(told, expected);
}

/// What outsiders write may be anything: it must not stop the partition.
#[tokio::test]
async fn rubbish_is_kept_and_does_no_harm() {
    let mut bench = Bench::of(Fulfilment).await;
    let mut reports: Vec<Inbound> = Vec::new();
    let rubbish = "\u{0}\u{1}\u{7f}'; drop table dispatch; --王".repeat(1_000);
    for body in [
        serde_json::json!({ "pick": "one" }),
        serde_json::json!({ "pick": i64::MAX }),
        serde_json::json!({ "reason": rubbish, "lines": null, "at": "yesterday" }),
        serde_json::json!(rubbish),
        serde_json::json!(null),
        serde_json::json!([[[[]]]]),
    ] {
        let mut report = report("w1", &rubbish, "a/1", &[]);
        report.body = body.clone();
        reports.push(report.clone().into());
        report.what = "picked".to_owned();
        reports.push(report.into());
        let carrier = story("sf delivered T1").remove(0);
        let Inbound::CarrierReported(mut carrier) = carrier else { unreachable!() };
        carrier.body = body;
        reports.push(carrier.into());
    }
    let inputs = bench.post(reports);

    let said = bench.hear(&inputs).await;

    assert!(said.is_empty());
    let refused = bench.question(&ReportsRefused { reporter: "w1".to_owned() }).await;
    assert!(refused.iter().all(|it| it.body.chars().count() <= 2_000));
    assert_eq!(refused.iter().map(|it| it.times).sum::<i64>(), 12);
}

/// Parcels are shared by partitions: whoever comes first, nothing is lost.
#[tokio::test]
async fn warehouse_and_carrier_may_name_a_parcel_at_once() {
    let (mut left, mut right) = Bench::two_of(Fulfilment).await;
    let inputs = left.post(story(&ready("a", "1x3", "1x3@w1")));
    left.hear(&inputs).await;

    let shipped = left.post(story("w1 shipped a/1 by sf/T1"));
    let delivered = right.post(story("sf scanned T2; sf delivered T1")); // Other ids than left's.
    let (said, _) = tokio::join!(left.hear(&shipped), right.hear(&delivered[1..]));

    let is_noted = "select count(*) from timer";
    let noted: i64 = sqlx::query_scalar(is_noted).fetch_one(&left.db).await.unwrap();
    let delivered = said.iter().any(|it| matches!(it, crate::Outbound::Delivered(_)));
    assert_eq!(i64::from(delivered) + noted, 1); // At once, or by a note, and not twice.
}

#[tokio::test]
async fn who_receives_the_goods_is_not_kept() {
    let mut bench = Bench::of(Fulfilment).await;
    let inputs = bench.post(story(
        &(ready("a", "1x3", "1x3@w1") + ";" + &ready("b", "1x3", "1x3@w1") + "; w1 delivered a/1"),
    ));
    bench.hear(&inputs).await;

    let known: Vec<Uuid> =
        sqlx::query_scalar("select order_id from dispatch where consignee is not null")
            .fetch_all(&bench.db)
            .await
            .unwrap();
    assert_eq!(known, [order_called("b").0]);
}
