//! Stories of claims that end by themselves, or are made firm.

use expect_test::expect;

use super::stories::check;

#[test]
fn an_unpaid_order_keeps_its_goods_for_a_while() {
    check(
        "receive S E 3 d1
         plan a lease: E 1S3
         plan b: E 1S1
         wait 34m
         wait 1m
         plan b round 2: E 1S1",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E until 35m
            (a's lease 1 ends 35m)
            b refused; there is S@E 0
            S level 1: 0, E 0
            a lapsed
            (levels to tell)
            b claimed 1S1@E
        "#]],
    );
}

#[test]
fn what_is_paid_for_is_kept_for_good() {
    check(
        "receive S E 3 d1
         plan a lease: E 1S3
         promote a
         wait 35m
         promote a",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E until 35m
            (a's lease 1 ends 35m)
            a promoted 1S3@E
            S level 1: 0, E 0
            a promoted 1S3@E
        "#]],
    );
}

#[test]
fn what_lapsed_is_claimed_anew_if_it_is_still_there() {
    check(
        "receive S E 3 d1
         plan a lease: E 1S2
         plan b lease: E 1S1
         wait 35m
         plan c: E 1S2
         promote b
         promote a
         plan a attempt 2 lease: E 1S1",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S2@E until 35m
            (a's lease 1 ends 35m)
            b claimed 1S1@E until 35m
            (b's lease 1 ends 35m)
            S level 1: 0, E 0
            a lapsed
            (levels to tell)
            b lapsed
            c claimed 1S2@E
            b promoted 1S1@E
            a not promoted; lacks 1S2
            a refused; there is S@E 0
        "#]],
    );
}

#[test]
fn a_late_bell_does_not_lengthen_a_lease() {
    check(
        "receive S E 2 d1
         plan a lease: E 1S2
         lapse a 1
         lapse a 7",
        expect![[r#"
            S received 2@E
            booked S@E: good 2, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S2@E until 35m
            (a's lease 1 ends 35m)
        "#]],
    );
}

/// Whoever books supply has another clock (simulation, seed 5297): a lease that ended by the order's is
/// not claimed for by one that is behind.
#[test]
fn what_waits_for_a_lease_that_is_over_gets_nothing_by_a_slower_clock() {
    check(
        "receive S E 1 d1
         plan a lease want 1S3: / E
         wait 36m
         ring
         wait -10m
         receive S E 2 d2
         promote a",
        expect![[r#"
            S received 1@E
            booked S@E: good 1, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S1@E until 35m; lacks 1S2
            (a's lease 1 ends 35m)
            S level 1: 0, E 0
            a lapsed
            (S to serve)
            (levels to tell)
            S received 2@E
            booked S@E: good 3, reserved 0, allocated 0
            a promoted 1S1@E
            (S to serve)
        "#]],
    );
}

#[test]
fn a_held_order_keeps_its_goods_for_two_days() {
    check(
        "receive S E 3 d1
         plan a: E 1S3
         hold a
         wait 47h
         promote a
         hold b
         receive S E 1 d2
         plan b: E 1S1
         wait 48h
         promote b",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E
            (a's lease 1 ends 2880m)
            S level 1: 0, E 0
            a promoted 1S3@E
            S received 1@E
            booked S@E: good 4, reserved 0, allocated 3
            (levels to tell)
            b claimed 1S1@E until 5700m
            (b's lease 1 ends 5700m)
            S level 2: 0, E 0
            b lapsed
            (levels to tell)
            b promoted 1S1@E
        "#]],
    );
}

#[test]
fn a_backorder_is_filled_as_firmly_as_the_order_stands() {
    check(
        "plan a lease want 1S2: / E
         receive S E 1 d1
         ring
         promote a
         receive S E 1 d2
         ring
         plan b lease want 1S1: / E
         wait 36m
         receive S E 1 d3
         promote b
         ring",
        expect![[r#"
            a claimed nothing until 35m; lacks 1S2
            (a's lease 1 ends 35m)
            S received 1@E
            (note to a: 1S1@E)
            booked S@E: good 1, reserved 1, allocated 0
            (levels to tell)
            a filled 1S1@E
            a promoted 1S1@E
            S received 1@E
            (note to a: 1S1@E)
            booked S@E: good 2, reserved 0, allocated 2
            a filled 1S1@E
            b claimed nothing until 35m; lacks 1S1
            (b's lease 1 ends 35m)
            S level 1: 0, E 0
            S received 1@E
            booked S@E: good 3, reserved 0, allocated 2
            (levels to tell)
            b promoted nothing
            (S to serve)
            (note to b: 1S1@E)
        "#]],
    );
}
