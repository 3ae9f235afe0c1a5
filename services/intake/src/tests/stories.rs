//! The ways to the confirmation, each as a story. An order has two mugs (line 1) and a dozen boxes
//! (line 2).

use expect_test::expect;

use super::check;

#[test]
fn stock_may_answer_before_credit() {
    check(
        "place a on_account; claim a 1:2 2:12; approve a",
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        consignee 王小明 +8613800138000 江苏
        confirmed
        a 2 confirmed by kontor
    "#]],
    );
}

#[test]
fn a_prepaid_order_is_paid_in_time() {
    check(
        "place a prepaid; approve a; claim a 1:2 2:12 soft; pay a; promote a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            payment of CNY 7806 until 1970-01-01T00:30:00Z
            payment overdue at 1970-01-01T00:30:00Z
            a 2 awaiting_payment by kontor
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 3 confirmed, paid by kontor
        "#]],
    );
}

#[test]
fn a_prepaid_order_is_never_paid() {
    check(
        "place a prepaid; approve a; claim a 1:2 2:12 soft; payment-overdue a; lapse a; pay a",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            payment of CNY 7806 until 1970-01-01T00:30:00Z
            payment overdue at 1970-01-01T00:30:00Z
            a 2 awaiting_payment by kontor
            expired
            a 3 expired, payment_overdue by kontor
        "#]],
    );
}

#[test]
fn a_prepaid_order_is_paid_early() {
    check(
        "place a prepaid; pay a; approve a; claim a 1:2 2:12 soft; payment-overdue a; \
         promote a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            a 2 awaiting_payment, paid by kontor
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 3 confirmed, paid by kontor
        "#]],
    );
}

#[test]
fn the_goods_are_gone_when_it_is_paid() {
    check(
        "place a prepaid; approve a; claim a 1:2 2:12 soft; lapse a; pay a; unpromote a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            payment of CNY 7806 until 1970-01-01T00:30:00Z
            payment overdue at 1970-01-01T00:30:00Z
            a 2 awaiting_payment by kontor
            promote
            expired
            a 3 expired, stock_lost by kontor
        "#]],
    );
}

#[test]
fn what_lapsed_is_claimed_anew_when_it_is_paid() {
    check(
        "place a prepaid; approve a; claim a 1:2 2:12 soft; lapse a; pay a; promote a 1:2 2:12; \
         pick a s1 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            payment of CNY 7806 until 1970-01-01T00:30:00Z
            payment overdue at 1970-01-01T00:30:00Z
            a 2 awaiting_payment by kontor
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 3 confirmed, paid by kontor
            a 4 released by kontor
        "#]],
    );
}

#[test]
fn a_held_credit_is_released() {
    check(
        "place a on_account; hold a; claim a 1:2 2:12; release a; promote a 1:2 2:12; \
         hold-overdue a",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            held
            hold overdue at 1970-01-08T00:00:00Z
            a 2 credit_hold, credit_review by kontor
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 3 confirmed, credit_released by kontor
        "#]],
    );
}

#[test]
fn a_held_credit_is_released_before_stock_answers() {
    check(
        "place a on_account; hold a; release a; claim a 1:2 2:12 soft; promote a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            held
            hold overdue at 1970-01-08T00:00:00Z
            a 2 credit_hold, credit_review by kontor
            a 3 checking, credit_released by boss
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 4 confirmed, credit_released by kontor
        "#]],
    );
}

#[test]
fn a_held_credit_is_released_when_the_lease_has_lapsed() {
    check(
        "place a on_account; hold a; claim a 1:2 2:12; lapse a; release a; unpromote a 1:2 2:12; \
         claim#2 a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            held
            hold overdue at 1970-01-08T00:00:00Z
            a 2 credit_hold, credit_review by kontor
            promote
            a 3 checking, lease_lapsed by kontor
            source#2 1:2 2:12, not from [], LeaseLapsed
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 4 confirmed, credit_released by kontor
        "#]],
    );
}

#[test]
fn what_is_lacking_at_the_promotion_is_sourced_again_backorders_too() {
    check(
        "place a on_account; hold a; claim a 1:1 2:12 - 1:1; lapse a; release a; \
         unpromote a 1:2 2:12; claim#2 a 1:2 - 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            held
            hold overdue at 1970-01-08T00:00:00Z
            a 2 credit_hold, credit_review by kontor
            promote
            a 3 checking, lease_lapsed by kontor
            source#2 1:2 2:12, not from [], LeaseLapsed
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 4 confirmed, credit_released by kontor
        "#]],
    );
}

#[test]
fn a_held_prepaid_order_is_to_be_paid_when_it_is_released() {
    check(
        "place a prepaid; hold a; claim a 1:2 2:12 soft; release a; pay a",
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        held
        hold overdue at 1970-01-08T00:00:00Z
        a 2 credit_hold, credit_review by kontor
        payment of CNY 7806 until 1970-01-01T00:30:00Z
        payment overdue at 1970-01-01T00:30:00Z
        a 3 awaiting_payment, credit_released by boss
        promote
    "#]],
    );
}

#[test]
fn a_held_prepaid_order_is_to_be_paid_though_its_lease_has_lapsed() {
    check(
        "place a prepaid; hold a; claim a 1:2 2:12 soft; lapse a; release a; pay a; \
         promote a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            held
            hold overdue at 1970-01-08T00:00:00Z
            a 2 credit_hold, credit_review by kontor
            payment of CNY 7806 until 1970-01-01T00:30:00Z
            payment overdue at 1970-01-01T00:30:00Z
            a 3 awaiting_payment, credit_released by boss
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 4 confirmed, paid by kontor
        "#]],
    );
}

#[test]
fn a_held_credit_is_refused() {
    check(
        "place a on_account; claim a 1:2 2:12; hold a refuse; refuse a; release a",
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        held
        hold overdue at 1970-01-08T00:00:00Z
        a 2 credit_hold, credit_refused by kontor
        cancelled: CreditRefused by boss (so be it)
        a 3 cancelled, credit_refused by boss
    "#]],
    );
}

#[test]
fn nobody_decides_about_a_held_credit() {
    check(
        "place a on_account; hold a; hold-overdue a",
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        held
        hold overdue at 1970-01-08T00:00:00Z
        a 2 credit_hold, credit_review by kontor
        cancelled: HoldOverdue by kontor ()
        a 3 cancelled, hold_overdue by kontor
    "#]],
    );
}
