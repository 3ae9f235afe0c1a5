//! What becomes of a confirmed order, each way as a story, and how it is taken back.

use expect_test::expect;

use super::check;

/// Confirmed, released as one shipment, and on its way to the door.
const SHIPPED: &str = "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2 2:12; \
    start a s1; picked a s1 1:2 2:12; packed a s1 1:2 2:12; shipped a s1 1:2 2:12";

#[test]
fn an_order_on_account_is_confirmed_and_delivered() {
    check(
        &format!("{SHIPPED}; delivered a s1 1:2 2:12; invoice a s1"),
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        consignee 王小明 +8613800138000 江苏
        confirmed
        a 2 confirmed by kontor
        a 3 released by kontor
        a 4 picking by W1
        a 5 packed by W1
        a 6 shipped by W1
        a 7 delivered by kontor
        completed
        a 8 completed by kontor
    "#]],
    );
}

#[test]
fn an_order_waits_for_supply_and_is_filled() {
    check(
        "place a on_account; approve a; claim a - 1:2 2:12; fill a 1:2; pick a s1 1:2; \
         picked a s1 1:2; fill a 2:12; packed a s1 1:2; shipped a s1 1:2; pick a s2 2:12; \
         delivered a s1 1:2; invoice a s1; picked a s2 2:12; packed a s2 2:12; shipped a s2 2:12; \
         invoice a s2; delivered a s2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 backordered by kontor
            a 3 confirmed, backorder_filled by kontor
            a 4 released by kontor
            a 5 picking by W1
            a 6 partially_shipped by W1
            a 7 partially_delivered by W1
            a 8 delivered by kontor
            completed
            a 9 completed by kontor
        "#]],
    );
}

#[test]
fn an_order_that_nothing_can_serve_is_cancelled() {
    check(
        "place a on_account; approve a; fail a 1:2 2:12",
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        cancelled: NoSupply by kontor (there is none)
        a 2 cancelled, no_supply by kontor
    "#]],
    );
}

#[test]
fn what_is_short_is_sourced_again() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2 2:12; \
         picked a s1 1:2 - 2:12; claim#2 a 2:12; packed a s1 1:2; pick a s2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            a 4 picking by W1
            source#2 2:12, not from ["W1"], ShortPick
        "#]],
    );
}

#[test]
fn what_is_short_everywhere_is_not_delivered() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2 2:12; \
         picked a s1 1:2 - 2:12; packed a s1 1:2; fail#2 a 2:12; shipped a s1 1:2; \
         delivered a s1 1:2; invoice a s1",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            a 4 picking by W1
            source#2 2:12, not from ["W1"], ShortPick
            a 5 packed, no_supply by kontor
            a 6 shipped by W1
            a 7 delivered by kontor
            completed
            a 8 completed by kontor
        "#]],
    );
}

#[test]
fn an_order_of_which_nothing_is_left_is_cancelled() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2 2:12; \
         picked a s1 - 1:2 2:12; fail#2 a 1:2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            a 4 picking by W1
            a 5 confirmed, short_pick by W1
            source#2 1:2 2:12, not from ["W1"], ShortPick
            cancelled: NoSupply by kontor (there is none)
            a 6 cancelled, no_supply by kontor
        "#]],
    );
}

#[test]
fn one_sourcing_is_asked_for_at_a_time() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; unclaim a 1:1; unclaim a 2:12; \
         claim#2 a 1:1; claim#3 a - 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            source#2 1:1, not from ["W1"], ClaimWithdrawn
            source#3 2:12, not from ["W1"], ClaimWithdrawn
        "#]],
    );
}

#[test]
fn a_withdrawn_claim_of_an_unpaid_order_is_sourced_at_once() {
    check(
        "place a prepaid; approve a; claim a 1:2 2:12 soft; unclaim a 1:2; pay a; promote a 2:12; \
         claim#2 a 1:2 soft; promote a 1:2 2:12; lapse a",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            payment of CNY 7806 until 1970-01-01T00:30:00Z
            payment overdue at 1970-01-01T00:30:00Z
            a 2 awaiting_payment by kontor
            source#2 1:2, not from ["W1"], ClaimWithdrawn
            promote
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 3 confirmed, paid by kontor
            promote
        "#]],
    );
}

#[test]
fn the_customer_refuses_the_parcel() {
    check(
        &format!("{SHIPPED}; door a s1 1:2 2:12; returned a s1 1:2 2:12"),
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        consignee 王小明 +8613800138000 江苏
        confirmed
        a 2 confirmed by kontor
        a 3 released by kontor
        a 4 picking by W1
        a 5 packed by W1
        a 6 shipped by W1
        cancelled: ReturnedUndelivered by W1 ()
        a 7 cancelled, returned_undelivered by W1
    "#]],
    );
}

#[test]
fn the_customer_takes_the_parcel_the_second_time() {
    check(
        &format!("{SHIPPED}; door a s1 1:2 2:12; delivered a s1 1:2 2:12; returned a s1 1:2 2:12"),
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            a 4 picking by W1
            a 5 packed by W1
            a 6 shipped by W1
            a 7 delivered by kontor
        "#]],
    );
}

#[test]
fn the_customer_takes_one_parcel_of_two() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2; pick a s2 2:12; \
         picked a s1 1:2; packed a s1 1:2; shipped a s1 1:2; picked a s2 2:12; packed a s2 2:12; \
         shipped a s2 2:12; delivered a s1 1:2; door a s2 2:12; invoice a s1; returned a s2 2:12",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            a 4 picking by W1
            a 5 partially_shipped by W1
            a 6 shipped by W1
            a 7 partially_delivered by kontor
            a 8 delivered, returned by W1
            completed
            a 9 completed by W1
        "#]],
    );
}

#[test]
fn an_order_is_taken_back_before_its_release() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; cancel a; cancel a; withdrawn a -; \
         pick a s1 1:2; cancel a",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            cancellation asked by clerk
            not cancelled: AlreadyRequested, Some(Confirmed)
            cancelled: Asked by clerk (changed)
            a 3 cancelled, asked by clerk
            not cancelled: AlreadyFinal, Some(Cancelled)
        "#]],
    );
}

#[test]
fn an_order_is_taken_back_from_the_warehouse() {
    check(
        "place a on_account; approve a; claim a 1:2 - 2:12; pick a s1 1:2; cancel a; cancel a; \
         withdrawn a - 1:2",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            cancellation asked by clerk
            not cancelled: AlreadyRequested, Some(Released)
            cancelled: Asked by clerk (changed)
            a 4 cancelled, asked by clerk
        "#]],
    );
}

#[test]
fn the_warehouse_has_begun() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2; pick a s2 2:12; cancel a; \
         start a s1; not-withdrawn a -; cancel a; pick a s3 2:12; picked a s1 1:2",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            cancellation asked by clerk
            a 4 picking by W1
            not cancelled: Picked, Some(Picking)
        "#]],
    );
}

/// Fulfilment says either; if it said both, what was begun would go on.
#[test]
fn what_a_warehouse_has_begun_is_not_cancelled() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2; cancel a; start a s1; \
         withdrawn a -",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            cancellation asked by clerk
            a 4 picking by W1
        "#]],
    );
}

#[test]
fn what_is_picked_or_gone_is_not_taken_back() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2 2:12; \
         picked a s1 1:2 2:12; cancel a; packed a s1 1:2 2:12; cancel a; shipped a s1 1:2 2:12; \
         cancel a; delivered a s1 1:2 2:12; invoice a s1; cancel a",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            a 3 released by kontor
            a 4 picking by W1
            not cancelled: Picked, Some(Picking)
            a 5 packed by W1
            not cancelled: Picked, Some(Packed)
            a 6 shipped by W1
            not cancelled: PastPointOfNoReturn, Some(Shipped)
            a 7 delivered by kontor
            completed
            a 8 completed by kontor
            not cancelled: PastPointOfNoReturn, Some(Completed)
        "#]],
    );
}

#[test]
fn what_is_not_known_or_comes_too_late_changes_nothing() {
    check(
        "cancel b; approve b; claim b 1:1; pick b s1 1:1; place a on_account; claim#2 a 1:2; \
         fail#2 a 1:2; promote a 1:2; unpromote a 1:2; release a; refuse a; hold-overdue a; \
         payment-overdue a; pay a; withdrawn a -; shipped a s1 1:2; delivered a s1 1:2; \
         returned a s1 1:2; invoice a s1; lapse a; fill a 1:2; unclaim a 1:2; cancel a; approve a; \
         claim a 1:2 2:12; hold a; pick a s1 1:2",
        expect![[r#"
            not cancelled: Unknown, None
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            cancelled: Asked by clerk (changed)
            a 2 cancelled, asked by clerk
        "#]],
    );
}
