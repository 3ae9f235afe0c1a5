//! Every way through, told: orders that are taken back, and claims that change.

use expect_test::expect;

use super::{START, check, ready, story};
use crate::books::Books;

#[test]
fn an_order_is_withdrawn_when_every_warehouse_leaves_it() {
    check(
        &(ready("a", "1x3", "1x2@w1 1x1@w2")
            + "; back a; w1 unreleased a/1; back a; w2 unreleased a/2; fill a 1x1@w1; cancel a"
            + "; w2 started a/2"),
        expect![[r#"
            w1 a/1: pick 1x2
            w2 a/2: pick 1x1
            w1 a/1: leave it
            w2 a/2: leave it
            a withdrawn 1x3
            w2 started, pick 2? contradictory
        "#]],
    );
    check(
        "place a 1x3; plan a; name a; confirm a; back a; cancel a",
        expect![[r#"
        a withdrawn
    "#]],
    );
}

#[test]
fn an_order_goes_on_when_a_warehouse_had_begun() {
    // Before it was asked.
    check(
        &(ready("a", "1x3", "1x2@w1 1x1@w2") + "; w2 started a/2; back a; w1 started a/1"),
        expect![[r#"
            w1 a/1: pick 1x2
            w2 a/2: pick 1x1
            a/2 started 1x1
            a goes on, w2 had begun
            a/1 started 1x2
        "#]],
    );
    // While it was asked, after another had left its pick alone.
    check(
        &(ready("a", "1x3", "1x2@w1 1x1@w2")
            + "; back a; w1 unreleased a/1; w2 picked a/2; w1 shipped a/3"),
        expect![[r#"
            w1 a/1: pick 1x2
            w2 a/2: pick 1x1
            w1 a/1: leave it
            w2 a/2: leave it
            a goes on, w2 had begun
            a/2 started 1x1
            a/2 picked 1x1
            w1 a/3: pick 1x2
            a/3 started 1x2
            a/3 picked 1x2
            a/3 packed 1x2
            a/3 shipped 1x2
        "#]],
    );
    // While it was asked, before another leaves its pick alone, or begins too.
    check(
        &(ready("a", "1x3", "1x1@w1 1x1@w2 1x1@w3")
            + "; back a; w2 started a/2; w1 unreleased a/1; w3 started a/3; back a"),
        expect![[r#"
            w1 a/1: pick 1x1
            w2 a/2: pick 1x1
            w3 a/3: pick 1x1
            w1 a/1: leave it
            w2 a/2: leave it
            w3 a/3: leave it
            a goes on, w2 had begun
            a/2 started 1x1
            w1 a/4: pick 1x1
            a/3 started 1x1
            a goes on, w2 had begun
        "#]],
    );
}

#[test]
fn an_order_may_be_asked_back_again() {
    check(
        &(ready("a", "1x3", "1x2@w1 1x1@w2")
            + "; back a; w1 unreleased a/1; w2 short a/2; back a; w1 unreleased a/3; cancel a"),
        expect![[r#"
            w1 a/1: pick 1x2
            w2 a/2: pick 1x1
            w1 a/1: leave it
            w2 a/2: leave it
            a goes on, w2 had begun
            a/2 started 1x1
            a/2 picked, short 1x1
            w1 a/3: pick 1x2
            w1 a/3: leave it
            a withdrawn 1x2
        "#]],
    );
}

#[test]
fn what_was_released_while_the_order_was_cancelled_is_taken_back() {
    check(
        &(ready("a", "1x3", "1x2@w1 1x1@w2")
            + "; cancel a; w1 unreleased a/1; w2 shipped a/2; claim a 1x2@w1; cancel a"),
        expect![[r#"
            w1 a/1: pick 1x2
            w2 a/2: pick 1x1
            w1 a/1: leave it
            w2 a/2: leave it
            a/2 started 1x1
            a/2 picked 1x1
            a/2 packed 1x1
            a/2 shipped 1x1
        "#]],
    );
}

#[test]
fn firm_claims_replace_soft_ones() {
    check(
        "place a 1x3; plan a; claim a 1x3@w1; promote a 1x3@w2; name a; confirm a;\
         promote a 1x3@w2",
        expect![[r#"
            w2 a/1: pick 1x3
        "#]],
    );
    check(
        "place a 1x3; plan a; claim a 1x3@w1; lapse a; claim a 1x3@w2; name a; confirm a;\
         lapse a",
        expect![[r#"
            w2 a/1: pick 1x3
        "#]],
    );
    check(
        "place a 1x3; plan a; claim a 1x3@w1; gone a; name a; expire a; confirm a",
        expect![[r#""#]],
    );
}

#[test]
fn what_is_released_already_is_not_promoted_again() {
    check(
        &(ready("a", "1x3", "1x2@w1") + "; promote a 1x2@w1; w1 shipped a/1; promote a 1x1@w2"),
        expect![[r#"
            w1 a/1: pick 1x2
            a/1 started 1x2
            a/1 picked 1x2
            a/1 packed 1x2
            a/1 shipped 1x2
            w2 a/2: pick 1x1
        "#]],
    );
}

#[test]
fn claims_that_a_count_took_are_not_released() {
    check(
        "place a 1x3; plan a; claim a 1x3@w1; lose a 1x2@w1; name a; confirm a;\
         lose a 1x1@w1; claim a 1x2@w2",
        expect![[r#"
            w1 a/1: pick 1x1
            w2 a/2: pick 1x2
        "#]],
    );
}

#[test]
fn no_more_is_released_than_was_ordered() {
    check(
        &(ready("a", "1x3", "1x3@w1 9x1@w1") + "; claim a 1x2@w2; w1 short a/1 1x1; w1 picked a/1"),
        expect![[r#"
            w1 a/1: pick 1x3
            a/1 started 1x3
            a/1 picked 1x2, short 1x1
            w2 a/2: pick 1x1
            w1 picked, pick 1? repeated
        "#]],
    );
}

#[test]
fn who_receives_it_is_forgotten_when_nothing_is_left_to_pick() {
    let known = |lines: &str| {
        let mut books = Books::default();
        for message in story(lines) {
            books.decide(START, message);
        }
        books.orders.values().next().is_some_and(|it| it.recipient.is_some())
    };
    let a = ready("a", "1x3", "1x2@w1");
    assert!(known(&a));
    assert!(known(&format!("{a}; w1 delivered a/1"))); // One unit waits for supply.
    assert!(!known(&format!("{a}; fill a 1x1@w1; w1 delivered a/1; w1 delivered a/2")));
    assert!(!known(&format!("{a}; w1 delivered a/1; fail a 1x1")));
    assert!(!known(&format!("{a}; back a; w1 unreleased a/1; cancel a")));
}
