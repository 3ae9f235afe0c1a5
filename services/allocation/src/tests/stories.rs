//! Stories: what is said when orders come, stock refuses, and units lose their source.

use expect_test::{Expect, expect};

use super::{START, books, story, tell, told};
use crate::Outbound;

/// Two regional warehouses, a forward one, and enough of S.
const NETWORK: &str = "node A regional 上海 上海; node B regional 广东 广州; \
                       node F forward 江苏 苏州; \
                       level S 1 A=10000 B=10000 F=10000";

#[test]
fn large_orders_to_the_east_prefer_warehouse_a_and_have_a_team() {
    check(
        "place a 福建 福州 S*1 total=5000000; \
         place b 福建 福州 S*1 total=5000001; \
         place c 湖南 长沙 S*1 total=5000001; \
         place d 福建 福州 S*1 total=5000001 usd",
        expect![[r#"
            a 1/1 R99-default: 1613 WH-A[1*1], 1680 WH-F[1*1], 1710 WH-B[1*1], else wait for WH-A WH-F WH-B, priority 50
            b 1/1 R10-east-large: 613 WH-A[1*1], 1680 WH-F[1*1], 1710 WH-B[1*1], else refuse, KA-EAST, priority 50
            c 1/1 R99-default: 1560 WH-B[1*1], 1727 WH-F[1*1], 1946 WH-A[1*1], else wait for WH-B WH-F WH-A, priority 50
            d 1/1 R99-default: 1613 WH-A[1*1], 1680 WH-F[1*1], 1710 WH-B[1*1], else wait for WH-A WH-F WH-B
        "#]],
    );
}

#[test]
fn fresh_and_urgent_comes_from_around_the_corner_if_there_is_enough() {
    check(
        "place a 江苏 苏州 S*2 fresh urgent; \
         place b 江苏 苏州 S*2 fresh; \
         place c 江苏 南京 S*2 fresh urgent; \
         level S 2 A=10000 F=1; \
         place d 江苏 苏州 S*2 fresh urgent",
        expect![[r#"
            a 1/1 R20-fresh-urgent: 974 WH-F[1*2], else refuse, priority 400
            b 1/1 R99-default: 974 WH-F[1*2], 1335 WH-A[1*2], 2544 WH-B[1*2], else wait for WH-F WH-A WH-B
            c 1/1 R99-default: 1100 WH-F[1*2], 1335 WH-A[1*2], 2544 WH-B[1*2], else wait for WH-F WH-A WH-B, priority 400
            d 1/1 R20-fresh-urgent: 1335 WH-A[1*2], 3894 WH-A[1*1] WH-F[1*1], else wait for WH-A WH-F WH-B, priority 400
        "#]],
    );
}

#[test]
fn what_was_kept_close_comes_from_anywhere_once_stock_refused_three_times() {
    check(
        "place a 江苏 苏州 S*2 fresh urgent; refuse a 1 1; refuse a 1 2; refuse a 1 3",
        expect![[r#"
            a 1/1 R20-fresh-urgent: 974 WH-F[1*2], else refuse, priority 400
            a 1/2 R20-fresh-urgent: 974 WH-F[1*2], else refuse, priority 400
            a 1/3 R20-fresh-urgent: 974 WH-F[1*2], else refuse, priority 400
            a 1/4 R20-fresh-urgent: 974 WH-F[1*2], 1335 WH-A[1*2], 2544 WH-B[1*2], else wait for WH-F WH-A WH-B, priority 400
        "#]],
    );
}

#[test]
fn bulk_ships_complete() {
    check(
        "place a 上海 上海 S*1000; place b 上海 上海 S*999; place c 上海 上海 S*1 bulk; \
         place d 上海 上海 S*30000",
        expect![[r#"
            a 1/1 R30-bulk: 82910 WH-A[1*1000], 134169 WH-F[1*1000], 324112 WH-B[1*1000], else wait for WH-A WH-F WH-B, complete
            b 1/1 R99-default: 82728 WH-A[1*999], 133936 WH-F[1*999], 323690 WH-B[1*999], else wait for WH-A WH-F WH-B
            c 1/1 R30-bulk: 892 WH-A[1*1], 1202 WH-F[1*1], 2334 WH-B[1*1], else wait for WH-A WH-F WH-B, complete
            d 1/1 R30-bulk: 5378491 WH-A[1*10000] WH-B[1*10000] WH-F[1*10000], else wait for WH-A WH-F WH-B, complete
        "#]],
    );
}

#[test]
fn two_warehouses_serve_together_what_none_has_alone() {
    check(
        "level S 2 A=3 B=4; level T 1 A=0 B=9; place a 上海 上海 S*2 T*1 S*3; \
         place b 上海 上海 S*8",
        expect![[r#"
            a 1/1 R99-default: 6834 WH-A[1*2,3*1] WH-B[2*1,3*2], else wait for WH-A WH-F WH-B
            b 1/1 R99-default: else wait for WH-A WH-F WH-B
        "#]],
    );
}

#[test]
fn an_item_that_was_never_heard_of_is_not_there() {
    check(
        "place a 上海 上海 U*1",
        expect![[r#"
        a 1/1 R99-default: else wait for WH-A WH-F WH-B
    "#]],
    );
}

#[test]
fn a_rule_that_passes_on_is_refused_three_times_before_the_next_one_waits() {
    check(
        "place a 福建 福州 S*5 total=6000000; \
         refuse a 1 1 SA=0; \
         refuse a 1 1 SA=0; \
         refuse a 1 2 SA=0 SF=4; \
         refuse a 1 3 SB=4; \
         refuse a 1 4 SB=0",
        expect![[r#"
            a 1/1 R10-east-large: 1421 WH-A[1*5], 2532 WH-F[1*5], 2582 WH-B[1*5], else refuse, KA-EAST, priority 60
            a 1/2 R10-east-large: 2532 WH-F[1*5], 2582 WH-B[1*5], else refuse, KA-EAST, priority 60
            a 1/3 R10-east-large: 2582 WH-B[1*5], 5829 WH-B[1*1] WH-F[1*4], else refuse, KA-EAST, priority 60
            a 1/4 R99-default: 6829 WH-B[1*1] WH-F[1*4], else wait for WH-A WH-F WH-B, KA-EAST, priority 60
            a 1 R99-default: no source for 1*5
        "#]],
    );
}

#[test]
fn figures_of_a_refusal_hold_until_the_next_level() {
    check(
        "place a 福建 福州 S*5 total=6000000; refuse a 1 1 SA=0 SB=0 SF=0; \
         level S 1 A=10; place b 福建 福州 S*5; level S 2 A=10; place c 福建 福州 S*5",
        expect![[r#"
            a 1/1 R10-east-large: 1421 WH-A[1*5], 2532 WH-F[1*5], 2582 WH-B[1*5], else refuse, KA-EAST, priority 60
            a 1/2 R99-default: else wait for WH-A WH-F WH-B, KA-EAST, priority 60
            b 1/1 R99-default: else wait for WH-A WH-F WH-B
            c 1/1 R99-default: 2921 WH-A[1*5], else wait for WH-A WH-F WH-B
        "#]],
    );
}

#[test]
fn what_was_picked_short_comes_from_elsewhere() {
    check(
        "place a 上海 上海 S*5 T*1; request a 2 1*2 A; request a 2 1*2 B; request a 3 9*1; \
         refuse a 1 1; request b 2 1*1",
        expect![[r#"
            a 1/1 R99-default: else wait for WH-A WH-F WH-B
            a 2/1 R99-default: 1335 WH-F[1*2], 2656 WH-B[1*2], else wait for WH-F WH-B WH-A
        "#]],
    );
}

#[test]
fn leases_end_with_the_payment() {
    check(
        "place a 上海 上海 S*5 prepaid; request a 2 1*5; firm a; request a 3 1*5",
        expect![[r#"
            a 1/1 R99-default: 1220 WH-A[1*5], 1734 WH-F[1*5], 3622 WH-B[1*5], else wait for WH-A WH-F WH-B, leased
            a 2/1 R99-default: 1220 WH-A[1*5], 1734 WH-F[1*5], 3622 WH-B[1*5], else wait for WH-A WH-F WH-B, leased
            a 3/1 R99-default: 1220 WH-A[1*5], 1734 WH-F[1*5], 3622 WH-B[1*5], else wait for WH-A WH-F WH-B
        "#]],
    );
}

#[test]
fn an_order_that_ended_is_not_planned_any_more() {
    check(
        "place a 上海 上海 S*5; cancel a; refuse a 1 1 SA=0; request a 2 1*5; \
         place b 上海 上海 S*5; expire b; request b 2 1*5; cancel c",
        expect![[r#"
            a 1/1 R99-default: 1220 WH-A[1*5], 1734 WH-F[1*5], 3622 WH-B[1*5], else wait for WH-A WH-F WH-B
            b 1/1 R99-default: 1734 WH-F[1*5], 3622 WH-B[1*5], else wait for WH-F WH-A WH-B
        "#]],
    );
}

#[test]
fn priority_follows_the_customer_the_urgency_and_the_amount() {
    check(
        "place a 上海 上海 S*1 key; place b 上海 上海 S*1 urgent total=1299999; \
         place c 上海 上海 S*1 key urgent total=99999999",
        expect![[r#"
            a 1/1 R99-default: 892 WH-A[1*1], 1202 WH-F[1*1], 2334 WH-B[1*1], else wait for WH-A WH-F WH-B, priority 3000
            b 1/1 R99-default: 892 WH-A[1*1], 1202 WH-F[1*1], 2334 WH-B[1*1], else wait for WH-A WH-F WH-B, priority 412
            c 1/1 R10-east-large: -108 WH-A[1*1], 1202 WH-F[1*1], 2334 WH-B[1*1], else refuse, KA-EAST, priority 3600
        "#]],
    );
}

#[test]
fn the_nearer_warehouse_serves_until_its_backlog_is_longer_than_the_way() {
    let network = "node A regional 上海 上海 rate=1; node B regional 江苏 南京 rate=1; \
                   level S 1 A=1000 B=1000; ";
    let orders = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let place = |id: &&str| format!("place {id} 上海 上海 S*1");
    let story = orders.iter().map(place).collect::<Vec<_>>().join("; ");
    let mut books = books();
    told(&mut books, network.strip_suffix("; ").unwrap());
    let first = |it: &Outbound| {
        let Outbound::SourcingPlanned(it) = it else { panic!("{it:?}") };
        it.plans[0].parts[0].warehouse.to_string()
    };
    let chosen: Vec<String> = told(&mut books, &story).iter().map(first).collect();
    expect!["WH-A WH-A WH-A WH-A WH-A WH-A WH-A WH-B"].assert_eq(&chosen.join(" "));

    // What is picked or ends is not waited for.
    told(&mut books, "picked a A 1; picked b B 1; picked b B 1; cancel c; cancel c");
    let open: Vec<i64> = books.nodes.iter().map(|it| it.backlog).collect();
    assert_eq!(open, [4, 1]);
}

#[test]
fn it_is_told_when_an_order_is_expected_if_anything_serves_it() {
    let mut books = books();
    told(&mut books, NETWORK);
    // A day in the warehouse, and one for each 500 km begun; nobody has 99,999 of it.
    let placed = "place a 上海 上海 S*1; place b 黑龙江 哈尔滨 S*1; place c 上海 上海 S*99999";
    let hours = |it: &Outbound| {
        let Outbound::SourcingPlanned(it) = it else { panic!("{it:?}") };
        it.estimate.map(|at| at.duration_since(START).as_hours())
    };
    let expected: Vec<Option<i64>> = told(&mut books, placed).iter().map(hours).collect();
    assert_eq!(expected, [Some(48), Some(24 + 4 * 24), None]);

    // What stands before it is picked first.
    told(&mut books, "node A regional 上海 上海 rate=1; node B regional 广东 广州 closed");
    let first = told(&mut books, "place d 上海 上海 S*1; place e 上海 上海 S*1");
    let [first, second] = [hours(&first[0]).unwrap(), hours(&first[1]).unwrap()];
    assert_eq!(second - first, 1);
}

#[test]
fn reasons_are_sentences() {
    let reasons = |lines: &str| -> String {
        let mut books = books();
        told(&mut books, NETWORK);
        let because = |it: &Outbound| {
            let (because, findings) = match it {
                Outbound::SourcingPlanned(it) => (&it.because, &it.findings),
                Outbound::SourcingFailed(it) => (&it.because, &it.findings),
                Outbound::RulesetSaved(_) | Outbound::RulesetRefused(_) => panic!("{it:?}"),
            };
            // The same comes along as a code, with who was ruled out where that is why.
            let findings = findings.as_ref().unwrap();
            let nobody_may = findings["reason"]["code"] == "nobody_may";
            assert_eq!(nobody_may, because.starts_with("No warehouse may"), "{findings}");
            assert_eq!(nobody_may, findings["eliminated"][0]["why"].is_string(), "{findings}");
            assert!(findings["reason"]["code"].is_string(), "{findings}");
            format!(
                "{because}
"
            )
        };
        told(&mut books, lines).iter().map(because).collect()
    };
    expect![[r#"
        WH-A has all of it, 611 km away; R10-east-large prefers WH-A; WH-F would cost 1067 points more.
        WH-A and WH-F have all of it together, and none of them alone; WH-A and WH-B would cost 945943 points more.
        No permitted set of warehouses has all of it, so it waits for supply, first at WH-A.
        Stock refused a plan so far, and no permitted set of warehouses has all of it, so it waits for supply, first at WH-A.
        No warehouse may serve the order: WH-A is out: inactive; WH-B is out: capacity 0; WH-F is out: does not serve 上海.
    "#]].assert_eq(&reasons(
        "place a 福建 福州 S*1 total=5000001; place b 上海 上海 S*15000; \
         place c 上海 上海 S*1 U*1; refuse a 1 1 SA=0 SB=0 SF=0; \
         node A regional 上海 上海 closed; node B regional 广东 广州 rate=0; \
         node F forward 江苏 苏州 serves=江苏,浙江; place d 上海 上海 S*1",
    ));
}

#[test]
fn where_no_warehouse_may_serve_the_order_fails() {
    check(
        "node A regional 上海 上海 serves=上海; node B regional 广东 广州 serves=广东; \
         node F forward 江苏 苏州 serves=江苏; \
         place a 西藏 拉萨 S*1",
        expect![[r#"
            a 1 R99-default: no source for 1*1
        "#]],
    );
}

#[test]
fn what_was_picked_short_at_the_only_warehouse_waits_for_it() {
    check(
        "node B regional 广东 广州 closed; node F forward 江苏 苏州 closed; \
         place a 上海 上海 S*5; request a 2 1*5 A",
        expect![[r#"
            a 1/1 R99-default: 1220 WH-A[1*5], else wait for WH-A
            a 2/1 R99-default: else wait for WH-A
        "#]],
    );
}

#[test]
fn a_warehouse_that_is_told_again_is_the_same() {
    let mut books = books();
    told(
        &mut books,
        "node A regional 上海 上海; node A regional 上海 上海; node A plant 上海 上海",
    );
    let versions: Vec<i32> = books.set.iter().map(|it| it.version).collect();
    assert_eq!(versions, [1, 2]);
}

/// Tells the books a story, one message per `;`, and compares all that they say.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(lines: &str, expected: Expect) {
    let mut books = books();
    told(&mut books, NETWORK);
    let said: String = story(lines)
        .into_iter()
        .flat_map(|it| books.decide(super::START, it))
        .map(|it| tell(&it))
        .collect();
    expected.assert_eq(&said);
}
