//! Every way through, told: release, and what warehouses and carriers report.

use expect_test::expect;

use super::{check, ready};

#[test]
fn an_order_is_picked_and_goes_its_way() {
    check(
        &(ready("a", "1x3 2x1", "1x3@w1 2x1@w1")
            + "; w1 started a/1; w1 picked a/1; w1 packed a/1; w1 shipped a/1 by sf/T1"
            + "; sf delivered T1"),
        expect![[r#"
            w1 a/1: pick 1x3 2x1
            a/1 started 1x3 2x1
            a/1 picked 1x3 2x1
            a/1 packed 1x3 2x1
            a/1 shipped 1x3 2x1 by sf/T1
            a/1 noted: delivered
            a/1 delivered 1x3 2x1
        "#]],
    );
}

#[test]
fn each_warehouse_has_its_own_shipment() {
    check(
        &(ready("a", "1x3 2x1", "1x1@w1 1x2@w2 2x1@w2")
            + "; w2 shipped a/2; w1 picked a/1; w2 delivered a/2; w1 delivered a/1"),
        expect![[r#"
            w1 a/1: pick 1x1
            w2 a/2: pick 1x2 2x1
            a/2 started 1x2 2x1
            a/2 picked 1x2 2x1
            a/2 packed 1x2 2x1
            a/2 shipped 1x2 2x1
            a/1 started 1x1
            a/1 picked 1x1
            a/2 delivered 1x2 2x1
            a/1 packed 1x1
            a/1 shipped 1x1
            a/1 delivered 1x1
        "#]],
    );
}

#[test]
fn nothing_is_released_before_the_order_is_confirmed() {
    check(
        "place a 1x3; plan a; claim a 1x1@w1; fill a 1x2@w2; name a; w1 started a/1; confirm a",
        expect![[r#"
            w1 started, pick 1? unknown_pick
            w1 a/1: pick 1x1
            w2 a/2: pick 1x2
        "#]],
    );
}

#[test]
fn goods_go_as_they_come() {
    check(
        &(ready("a", "1x3 2x1", "1x1@w1") + "; fill a 1x2@w1; w1 delivered a/1; fill a 2x1@w2"),
        expect![[r#"
            w1 a/1: pick 1x1
            w1 a/2: pick 1x2
            a/1 started 1x1
            a/1 picked 1x1
            a/1 packed 1x1
            a/1 shipped 1x1
            a/1 delivered 1x1
            w2 a/3: pick 2x1
        "#]],
    );
}

#[test]
fn a_complete_order_waits_for_all_of_it() {
    check(
        "place a 1x3 2x1; plan a complete; claim a 1x1@w1; name a; confirm a; fill a 1x2@w1;\
         fill a 2x1@w2",
        expect![[r#"
            w1 a/1: pick 1x3
            w2 a/2: pick 2x1
        "#]],
    );
}

#[test]
fn a_complete_order_does_not_wait_for_what_nobody_can_deliver() {
    check(
        "place a 1x3 2x1; plan a complete; claim a 1x3@w1; name a; confirm a; fail a 2x1",
        expect![[r#"
            a given up 2x1
            w1 a/1: pick 1x3
        "#]],
    );
}

/// A count took the claims of what the warehouse had just been told to pick, and nothing else serves
/// it: the picker tells whether it is there, and until then it is not given up.
#[test]
fn what_a_warehouse_was_told_to_pick_is_not_given_up() {
    check(
        &(ready("a", "1x3 2x1", "1x2@w1 2x1@w1")
            + "; lose a 1x2@w1; fail a 1x3; w1 short a/1 1x1; fail a 1x1; fill a 1x1@w1"),
        expect![[r#"
            w1 a/1: pick 1x2 2x1
            a given up 1x1, in hand 1x2
            a/1 started 1x2 2x1
            a/1 picked 1x1 2x1, short 1x1
            a given up 1x1
        "#]],
    );
}

#[test]
fn what_comes_short_is_picked_elsewhere() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w1 short a/1 1x1; claim a 1x1@w2; w1 shipped a/1; w2 shipped a/2"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x2, short 1x1
            w2 a/2: pick 1x1
            a/1 packed 1x2
            a/1 shipped 1x2
            a/2 started 1x1
            a/2 picked 1x1
            a/2 packed 1x1
            a/2 shipped 1x1
        "#]],
    );
    check(
        &(ready("a", "1x3 2x1", "1x3@w1 2x1@w1")
            + "; w1 started a/1; w1 picked a/1 1x2; claim a 1x1@w2; claim a 2x1@w3"),
        expect![[r#"
            w1 a/1: pick 1x3 2x1
            a/1 started 1x3 2x1
            a/1 picked 1x2, short 1x1 2x1
            w2 a/2: pick 1x1
            w3 a/3: pick 2x1
        "#]],
    );
}

#[test]
fn a_pick_of_nothing_ends_there() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w1 picked a/1 nothing; w1 picked a/1 nothing; w1 shipped a/1; claim a 1x3@w2"
            + "; w2 delivered a/2"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked, short 1x3
            w1 picked, pick 1? repeated
            w1 shipped, pick 1? contradictory
            w2 a/2: pick 1x3
            a/2 started 1x3
            a/2 picked 1x3
            a/2 packed 1x3
            a/2 shipped 1x3
            a/2 delivered 1x3
        "#]],
    );
    check(
        &(ready("a", "1x3", "1x3@w1") + "; w1 short a/1"),
        expect![[r#"
        w1 a/1: pick 1x3
        a/1 started 1x3
        a/1 picked, short 1x3
    "#]],
    );
}

#[test]
fn steps_that_nobody_reported_are_told_in_order() {
    check(
        &(ready("a", "1x3", "1x3@w1") + "; w1 delivered a/1"),
        expect![[r#"
        w1 a/1: pick 1x3
        a/1 started 1x3
        a/1 picked 1x3
        a/1 packed 1x3
        a/1 shipped 1x3
        a/1 delivered 1x3
    "#]],
    );
    check(
        &(ready("a", "1x3", "1x3@w1") + "; w1 shipped a/1 1x2"),
        expect![[r#"
        w1 a/1: pick 1x3
        a/1 started 1x3
        a/1 picked 1x2, short 1x1
        a/1 packed 1x2
        a/1 shipped 1x2
    "#]],
    );
    check(
        &(ready("a", "1x3", "1x3@w1") + "; w1 shipped a/1; w1 returned a/1"),
        expect![[r#"
        w1 a/1: pick 1x3
        a/1 started 1x3
        a/1 picked 1x3
        a/1 packed 1x3
        a/1 shipped 1x3
        a/1 refused 1x3
        a/1 returned 1x3
    "#]],
    );
}

#[test]
fn what_is_reported_again_or_too_late_changes_nothing() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w1 packed a/1; w1 packed a/1; w1 started a/1; w1 short a/1 1x1; w1 shipped a/1"
            + "; w1 picked a/1"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x3
            a/1 packed 1x3
            w1 packed, pick 1? repeated
            w1 started, pick 1? repeated
            w1 short, pick 1? repeated
            a/1 shipped 1x3
            w1 picked, pick 1? repeated
        "#]],
    );
}

/// What is short has another source, or is given up: it does not turn up again in the same pick.
#[test]
fn what_came_short_is_not_found_later() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w1 short a/1 1x1; w1 picked a/1; w1 picked a/1 1x3; w1 packed a/1 1x3; \
               w1 shipped a/1 1x3; w1 shipped a/1"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x2, short 1x1
            w1 picked, pick 1? repeated
            w1 picked, pick 1? repeated
            w1 packed, pick 1? other_units
            w1 shipped, pick 1? other_units
            a/1 packed 1x2
            a/1 shipped 1x2
        "#]],
    );
}

#[test]
fn what_cannot_be_changes_nothing() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w1 picked a/1 1x4; w1 picked a/1 1x2 1x2; w1 picked a/1 2x1; w1 picked a/1 1x-1"
            + "; w1 packed a/1 nothing; w1 unreleased a/1; w1 picked a/1 1x2; w1 packed a/1 1x3"
            + "; w1 packed a/1 1x2; w1 delivered a/1; w1 refused a/1; w1 returned a/1"),
        expect![[r#"
            w1 a/1: pick 1x3
            w1 picked, pick 1? more_than_asked
            w1 picked, pick 1? more_than_asked
            w1 picked, pick 1? more_than_asked
            w1 picked, pick 1? more_than_asked
            w1 packed, pick 1? other_units
            w1 unreleased, pick 1? contradictory
            a/1 started 1x3
            a/1 picked 1x2, short 1x1
            w1 packed, pick 1? other_units
            a/1 packed 1x2
            a/1 shipped 1x2
            a/1 delivered 1x2
            w1 refused, pick 1? contradictory
            w1 returned, pick 1? contradictory
        "#]],
    );
}

#[test]
fn nobody_reports_for_others_or_of_what_is_not_there() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w2 started a/1; w1 started a/2; w1 started b/1; w1 lost a/1"
            + "; w1 picked a/1 as rubbish; w1 started a/0"),
        expect![[r#"
            w1 a/1: pick 1x3
            w2 started, pick 1? foreign_warehouse
            w1 started, pick 2? unknown_pick
            w1 started, pick 1? unknown_order
            w1 lost, pick 0? unknown_report
            w1 picked, pick 0? unreadable
            w1 started, pick 0? unknown_pick
        "#]],
    );
}

#[test]
fn a_refused_parcel_comes_back_and_is_not_sent_again() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; w1 shipped a/1 by sf/T1; sf refused T1; claim a 1x3@w2; w1 returned a/1; cancel a"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x3
            a/1 packed 1x3
            a/1 shipped 1x3 by sf/T1
            a/1 noted: refused
            a/1 refused 1x3: nobody at home
            a/1 returned 1x3
        "#]],
    );
}

#[test]
fn a_carrier_may_be_faster_than_the_warehouse() {
    check(
        &(ready("a", "1x3", "1x3@w1")
            + "; sf delivered T1; w1 started a/1; w1 shipped a/1 by sf/T1; w1 delivered a/1"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x3
            a/1 packed 1x3
            a/1 shipped 1x3 by sf/T1
            a/1 delivered 1x3
            w1 delivered, pick 1? repeated
        "#]],
    );
    check(
        &(ready("a", "1x3", "1x3@w1") + "; sf refused T1; w1 shipped a/1 by sf/T1"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x3
            a/1 packed 1x3
            a/1 shipped 1x3 by sf/T1
            a/1 refused 1x3: nobody at home
        "#]],
    );
}

#[test]
fn a_parcel_may_hold_several_shipments() {
    check(
        &(ready("a", "1x2", "1x1@w1")
            + "; fill a 1x1@w1; sf delivered T1; w1 shipped a/1 by sf/T1; w1 shipped a/2 by sf/T1"),
        expect![[r#"
            w1 a/1: pick 1x1
            w1 a/2: pick 1x1
            a/1 started 1x1
            a/1 picked 1x1
            a/1 packed 1x1
            a/1 shipped 1x1 by sf/T1
            a/1 delivered 1x1
            a/2 started 1x1
            a/2 picked 1x1
            a/2 packed 1x1
            a/2 shipped 1x1 by sf/T1
            a/2 delivered 1x1
        "#]],
    );
    check(
        &(ready("a", "1x1", "1x1@w1")
            + ";"
            + &ready("b", "1x1", "1x1@w1")
            + "; w1 shipped a/1 by sf/T1; w1 shipped b/1 by sf/T1; sf delivered T1"
            + "; sf delivered T1; sf scanned T1; sf refused T1"),
        expect![[r#"
            w1 a/1: pick 1x1
            w1 b/1: pick 1x1
            a/1 started 1x1
            a/1 picked 1x1
            a/1 packed 1x1
            a/1 shipped 1x1 by sf/T1
            b/1 started 1x1
            b/1 picked 1x1
            b/1 packed 1x1
            b/1 shipped 1x1 by sf/T1
            a/1 noted: delivered
            b/1 noted: delivered
            b/1 delivered 1x1
            a/1 delivered 1x1
            sf delivered, pick 0? repeated
            sf scanned, pick 0? unknown_report
            a/1 noted: refused
            b/1 noted: refused
            sf refused, pick 1? contradictory
            sf refused, pick 1? contradictory
        "#]],
    );
}
