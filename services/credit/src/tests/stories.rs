use expect_test::{Expect, expect};

use super::{START, stand, story, tell};
use crate::ledger::Ledger;

#[test]
fn the_more_a_customer_owes_the_more_eyes_an_order_needs() {
    check(
        "limit A 1000; place a A 200; place b A 300; place c A 300; place d A 500; place e A 600",
        expect![[r#"
            a approved 200: A.within, score 80.00, 200 of 1000
            b approved 300: B.within_90, score 68.00, 500 of 1000
            c held 300: review 1, C.within, score 56.00, 800 of 1000; unless 100 paid or at most 200 ordered
            d held 500: review 1, C.within, score 48.00, 1000 of 1000; unless 300 paid or at most 200 ordered
            e held 600: prepay, C.slightly_over, score 48.00, 1100 of 1000; unless 400 paid or at most 200 ordered
            A in CNY: pending 1400, authorised 500
        "#]],
    );
}

#[test]
fn a_good_payer_may_go_over_the_limit_if_someone_agrees() {
    check(
        "limit A 1000; history A 1 -20 100000 100000; place a A 900; place b A 100; \
         place c A 101; place d A 250; release b bob 1; release c bob 1; release d bob 2; \
         release d bob 3; release d bob 3",
        expect![[r#"
            a approved 900: B.within_90, score 63.08, 900 of 1000
            b held 100: review 1, C.within, score 59.08, 1000 of 1000; unless 100 paid or at most 0 ordered
            c held 101: prepay, C.slightly_over, score 59.08, 1001 of 1000; unless 101 paid or at most 0 ordered
            d held 250: refuse, C.beyond, score 59.08, 1150 of 1000; unless 250 paid or at most 0 ordered
            b released 100 by bob
            c stays: tier 3 needed
            d stays: tier 3 needed
            d released 250 by bob
            d stays: not held
            A in CNY: pending 101, authorised 1250
        "#]],
    );
}

#[test]
fn nobody_releases_what_they_entered() {
    check(
        "place a A 100; release a eve 3; release a bob 2; release a bob 3; release b bob 3",
        expect![[r#"
            a held 100: prepay, no_limit, score 48.00, 100 of 0
            a stays: four eyes
            a stays: tier 3 needed
            a released 100 by bob
            b stays: not held
            A in CNY: authorised 100
        "#]],
    );
}

#[test]
fn a_customer_unknown_to_us_pays_in_advance() {
    check(
        "place a A 100; prepaid b A 100; place c A 0; cancel b",
        expect![[r#"
        a held 100: prepay, no_limit, score 48.00, 100 of 0
        b approved 0: prepaid, score 48.00, 0 of 0
        c approved 0: free, score 48.00, 0 of 0
        A in CNY: pending 100
    "#]],
    );
}

#[test]
fn what_is_refused_is_over() {
    check(
        "limit A 1000; place a A 900; refuse a bob; refuse a bob; release a bob 3; cancel a",
        expect![[r#"
            a held 900: review 1, C.within, score 52.00, 900 of 1000; unless 200 paid or at most 700 ordered
            a refused by bob
            a stays: not held
            a stays: not held
            A in CNY: nothing
        "#]],
    );
}

#[test]
fn a_block_stops_even_what_is_paid_in_advance() {
    check(
        "limit A 1000; block A; place a A 10; prepaid b A 10; unblock A; place c A 10; \
         release b bob 3",
        expect![[r#"
            a held 10: refuse, blocked, score 87.60, 10 of 1000
            b held 10: refuse, blocked, score 88.00, 0 of 1000
            c approved 10: A.within, score 87.60, 10 of 1000
            b released 0 by bob
            A in CNY: pending 10, authorised 10
        "#]],
    );
}

#[test]
fn an_item_two_months_overdue_stops_everything_until_it_is_paid() {
    check(
        "limit A 1000; history A 1 -60 50 0; place a A 10; history A 2 -61 50 20; place b A 10; \
         prepaid c A 10; history A 2 -61 50 50; place d A 10",
        expect![[r#"
            a held 10: review 1, C.within, score 43.29, 10 of 1000
            b held 10: refuse, overdue_60, score 54.37, 10 of 1000
            c held 10: refuse, overdue_60, score 54.77, 0 of 1000; unless 30 paid or at most 0 ordered
            d approved 10: B.within_90, score 70.99, 10 of 1000
            A in CNY: pending 20, authorised 10
        "#]],
    );
}

#[test]
fn overdue_in_one_currency_is_overdue_in_all() {
    check(
        "limit A 1000; history A 1 -90 50 0; limit A 1000 EUR; place a A 10 EUR",
        expect![[r#"
        a held 10: refuse, overdue_60, score 87.60, 10 of 1000
        A in CNY: nothing
        A in EUR: pending 10
    "#]],
    );
}

#[test]
fn a_limit_holds_to_its_last_day() {
    check(
        "limit A 1000 until 0; place a A 10; limit A 1000 until -1; place b A 10; prepaid c A 10",
        expect![[r#"
            a approved 10: A.within, score 87.60, 10 of 1000
            b held 10: prepay, limit_expired, score 87.20, 20 of 1000
            c held 10: refuse, limit_expired, score 87.60, 10 of 1000
            A in CNY: pending 10, authorised 10
        "#]],
    );
}

#[test]
fn a_limit_is_for_one_currency() {
    check(
        "limit A 1000; place a A 10; place b A 20 EUR; prepaid c A 20 USD; release b bob 3",
        expect![[r#"
            a approved 10: A.within, score 87.60, 10 of 1000
            b held 20: prepay, currency, score 48.00, 20 of 0
            c held 20: refuse, currency, score 48.00, 0 of 0
            b released 20 by bob
            A in CNY: authorised 10
            A in EUR: authorised 20
        "#]],
    );
}

#[test]
fn an_authorisation_is_delivered_billed_and_paid_in_parts() {
    check(
        "limit A 1000; place a A 3@100 2@50 +10; deliver a s1 1:1 2:1",
        expect![[r#"
            a approved 160: A.within, score 81.60, 160 of 1000
            A in CNY: authorised 90, delivered 70
        "#]],
    );
    check(
        "limit A 1000; place a A 3@100 2@50 +10; deliver a s1 1:1 2:1; invoice a s1 68; \
         deliver a s2 1:2 2:1; deliver a s2 1:2 2:1; pay a s1 60",
        expect![[r#"
            a approved 160: A.within, score 81.60, 160 of 1000
            A in CNY: authorised 2, delivered 90, billed 8
        "#]],
    );
    check(
        "limit A 1000; place a A 3@100 2@50 +10; deliver a s1 1:1 2:1; invoice a s1 68; \
         deliver a s2 1:2 2:1; invoice a s2 92; complete a; pay a s1 68; pay a s2 90; \
         pay a s2 90; pay a s2 2 by p2",
        expect![[r#"
            a approved 160: A.within, score 81.60, 160 of 1000
            A in CNY: nothing
        "#]],
    );
}

#[test]
fn the_freight_may_be_on_another_invoice_than_we_thought() {
    check(
        "limit A 1000; place a A 2@100 +30; deliver a s1 1:1; deliver a s2 1:1; invoice a s2 80; \
         invoice a s1 50",
        expect![[r#"
            a approved 130: A.within, score 82.80, 130 of 1000
            A in CNY: billed 130
        "#]],
    );
    check(
        "limit A 1000; place a A 2@100 +30; deliver a s1 1:1; invoice a s1 50; deliver a s2 1:1; \
         invoice a s2 80",
        expect![[r#"
            a approved 130: A.within, score 82.80, 130 of 1000
            A in CNY: billed 130
        "#]],
    );
}

#[test]
fn what_comes_back_is_free_again() {
    check(
        "limit A 1000; place a A 4@101 +30; return a s1 1:1; return a s1 1:1; deliver a s2 1:2; \
         invoice a s2 80; complete a",
        expect![[r#"
            a approved 131: A.within, score 82.76, 131 of 1000
            a voided 27
            A in CNY: billed 80
        "#]],
    );
    check(
        "limit A 1000; place a A 4@101 +30; return a s1 1:4; cancel a",
        expect![[r#"
        a approved 131: A.within, score 82.76, 131 of 1000
        a voided 30
        A in CNY: nothing
    "#]],
    );
}

#[test]
fn what_was_never_delivered_is_free_when_the_order_ends() {
    check(
        "limit A 1000; place a A 200; deliver a s1 1:4; cancel a; invoice a s1 81; cancel a; \
         complete a",
        expect![[r#"
            a approved 200: A.within, score 80.00, 200 of 1000
            a voided 120
            A in CNY: billed 81
        "#]],
    );
    check(
        "limit A 1000; place a A 900; cancel a; place b A 100; expire b",
        expect![[r#"
        a held 900: review 1, C.within, score 52.00, 900 of 1000; unless 200 paid or at most 700 ordered
        b approved 100: A.within, score 84.00, 100 of 1000
        b voided 100
        A in CNY: nothing
    "#]],
    );
}

#[test]
fn a_deposit_lowers_what_an_invoice_wants() {
    check(
        "limit A 1000; place a A 200; deliver a s1 1:10; invoice a s1 200 prepaid 150; \
         pay a s1 70",
        expect![[r#"
            a approved 200: A.within, score 80.00, 200 of 1000
            A in CNY: prepaid 20
        "#]],
    );
    check(
        "limit A 1000; prepaid a A 200; deliver a s1 1:10; invoice a s1 200 prepaid 200; \
         complete a",
        expect![[r#"
            a approved 0: prepaid, score 88.00, 0 of 1000
        "#]],
    );
}

#[test]
fn what_is_paid_too_much_counts_for_the_next_invoice() {
    check(
        "limit A 1000; place a A 2@200; deliver a s1 1:1; invoice a s1 100; pay a s1 130",
        expect![[r#"
            a approved 200: A.within, score 80.00, 200 of 1000
            A in CNY: authorised 100, prepaid 30
        "#]],
    );
    check(
        "limit A 1000; place a A 2@200; deliver a s1 1:1; invoice a s1 100; pay a s1 130; \
         deliver a s2 1:1; invoice a s2 100; pay a s2 70",
        expect![[r#"
            a approved 200: A.within, score 80.00, 200 of 1000
            A in CNY: nothing
        "#]],
    );
}

#[test]
fn an_order_that_was_never_placed_changes_nothing() {
    check(
        "cancel a; expire a; complete a; deliver a s1 1:1; return a s1 1:1; invoice a s1 100; \
         pay a s1 100; refuse a bob",
        expect![[r#"
            a stays: not held
        "#]],
    );
}

#[test]
fn an_entry_tells_who_decided_it() {
    let ledger = super::told(story(
        "limit A 100; block B; prepaid a B 50; place b A 90; place c A 90; release a ann 3; \
         release b bob 3; refuse c cid",
    ));
    let remarks: Vec<String> = ledger
        .fresh
        .entries
        .iter()
        .filter_map(|it| Some(format!("{} {}", it.kind.name(), it.remark.as_ref()?)))
        .collect();
    assert_eq!(remarks, ["AUTHORISE bob: so it is", "RELEASE cid: so it is"]);
}

/// Tells the ledger a story and compares all that it says, and how everyone stands then.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(lines: &str, expected: Expect) {
    let mut ledger = Ledger::default();
    let said: String = story(lines)
        .into_iter()
        .flat_map(|it| ledger.decide(START, it))
        .map(|it| tell(&it))
        .collect();
    expected.assert_eq(&format!("{said}{}", stand(&ledger)));
}
