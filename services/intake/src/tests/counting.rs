//! Goods that a count did not find, and those that a picker found all the same.

use expect_test::expect;

use super::check;

/// The count of one warehouse takes nothing from another, and nothing that is being picked: that
/// will be short.
#[test]
fn a_count_takes_what_is_kept_there() {
    check(
        "place a on_account; approve a; claim a 1:2 2:12; unclaim a 2:6; claim#2 a 2:6 @W2; \
         pick a s1 1:2 2:6; unclaim a 2:6; pick a s2 2:6 @W2; picked a s1 1:2 - 2:6; \
         picked a s2 2:6 @W2; claim#3 a 2:6; pick a s3 2:6; picked a s3 2:6",
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            source#2 2:6, not from ["W1"], ClaimWithdrawn
            a 3 released by kontor
            a 4 picking by W1
            source#3 2:6, not from ["W1"], ShortPick
        "#]],
    );
}

/// A count took what a warehouse had just been told to pick, and nothing else serves it: it is not
/// given up before its picker has said that it is not there. What he finds is delivered.
#[test]
fn what_a_picker_may_find_is_not_given_up() {
    let told = "place a on_account; approve a; claim a 1:2 2:12; unclaim a 1:2 2:12; \
        pick a s1 1:2 2:12; fail#2 a - 1:2 2:12; start a s1;";
    check(
        &format!(
            "{told} picked a s1 1:2 2:12; packed a s1 1:2 2:12; shipped a s1 1:2 2:12; \
             delivered a s1 1:2 2:12; invoice a s1"
        ),
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            source#2 1:2 2:12, not from ["W1"], ClaimWithdrawn
            a 3 picking by W1
            a 4 packed by W1
            a 5 shipped by W1
            a 6 delivered by kontor
            completed
            a 7 completed by kontor
        "#]],
    );
    check(
        &format!("{told} picked a s1 1:2 - 2:12; fail#3 a 2:12; packed a s1 1:2"),
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            consignee 王小明 +8613800138000 江苏
            confirmed
            a 2 confirmed by kontor
            source#2 1:2 2:12, not from ["W1"], ClaimWithdrawn
            a 3 picking by W1
            source#3 2:12, not from [], ClaimWithdrawn
            a 4 packed by W1
        "#]],
    );
}

/// The count was heard before the pick that it came too late for (simulation, seed 1004): what the
/// picker found all the same is his, and what was claimed instead is not waited for.
#[test]
fn what_a_picker_finds_needs_no_other_source() {
    for replaced in ["", "claim#2 a 2:12 @W2;", "claim#2 a - 2:12;"] {
        check(
            &format!(
                "place a on_account; approve a; claim a 1:2 2:12; unclaim a 2:12; {replaced} \
                 pick a s1 1:2 2:12; picked a s1 1:2 2:12; packed a s1 1:2 2:12; \
                 shipped a s1 1:2 2:12; delivered a s1 1:2 2:12; invoice a s1"
            ),
            expect![[r#"
                placed K00-000001, CNY 7806
                a 1 checking by clerk
                accepted as K00-000001, checking
                consignee 王小明 +8613800138000 江苏
                confirmed
                a 2 confirmed by kontor
                source#2 2:12, not from ["W1"], ClaimWithdrawn
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
}
