//! The store, and the service as the chassis sees it.

use contracts::Actor;
use contracts::allocation::{SaveRuleset, SaveRulesetAnswer, WhySource};
use expect_test::expect;
use serde_json::{Value, json};
use testbench::Bench;

use super::{node, order, story, tell};
use crate::{Allocation, Outbound, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Allocation::default()).await;
    let signatures = bench.signatures(store::STATEMENTS).await;
    expect![[r#"
        (text, timestamptz, int4) -> version int4, rules text
        (text[]) -> name text, version int4
        () -> warehouse_id text, version int4, name text, kind text, province text, city text, serves text[], lines_per_hour int8, active bool, backlog int8
        (uuid[]) -> order_id uuid, attempt int4, round int4, ended bool, firm bool, open text
        (uuid[]) -> order_id uuid, record bytea
        (text[]) -> sku text, number int8, warehouses text
        (text[], int4[], text[], timestamptz[], timestamptz[], timestamptz) -> nothing
        (text[], int4[], text[], text[], text[], text[], text[], int8[], bool[]) -> nothing
        (int4, text[], int8[]) -> nothing
        (uuid[], int4[], int4[], bool[], bool[], text[]) -> nothing
        (uuid[], int4[], int4[], timestamptz[], text[], text[], bytea[]) -> nothing
        (text[], int8[], text[], text[]) -> nothing
        (uuid) -> attempt int4, round int4, at timestamptz, ruleset text, rule text, record bytea
        (text, int4) -> rules text
        (text[], int4[]) -> warehouse_id text, version int4, name text, kind text, province text, city text, serves text[], lines_per_hour int8, active bool, backlog int8
    "#]].assert_eq(&signatures);
}

const STORY: &str = "node A regional 上海 上海 rate=1; node B regional 广东 广州 serves=广东,福建; \
    level S 1 A=9 B=9; level T 1 A=0 B=1; \
    place a 福建 福州 S*5 total=6000000; place b 广东 广州 S*1 T*1; place c 上海 上海 S*50; \
    refuse a 1 1 SA=0; level S 1 A=7; refuse a 1 2 SB=0; level S 3 A=3; level S 2 A=4; \
    place d 上海 上海 S*3 prepaid; firm d; request d 2 1*2 A; picked a A 1; picked b B 1,2; \
    node A regional 上海 上海 rate=2; cancel c; request c 2 1*5; place e 西藏 拉萨 S*1; expire e";

#[tokio::test]
async fn what_is_heard_twice_is_answered_once() {
    let mut bench = Bench::of(Allocation::default()).await;
    let told = story("node A regional 上海 上海; level S 1 A=9; place a 上海 上海 S*5");
    let inputs = bench.post(told);

    let first = bench.hear(&inputs).await;
    let again = bench.hear(&inputs).await;

    assert_eq!(first.len(), 1);
    assert!(again.is_empty());
}

#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let (mut together, mut apart) =
        (Bench::of(Allocation::default()).await, Bench::of(Allocation::default()).await);

    let inputs = together.post(story(STORY));
    let at_once = together.hear(&inputs).await;
    let mut in_turn = Vec::new();
    for message in story(STORY) {
        let inputs = apart.post([message]);
        in_turn.extend(apart.hear(&inputs).await);
    }

    let text = |said: &[Outbound]| said.iter().map(tell).collect::<String>();
    expect![[r#"
        a 1/1 R10-east-large: 1921 WH-A[1*5], 3082 WH-B[1*5], else refuse, KA-EAST, priority 60
        b 1/1 R99-default: 1974 WH-B[1*1,2*1], else wait for WH-B WH-A
        c 1/1 R99-default: else wait for WH-A
        a 1/2 R10-east-large: 3082 WH-B[1*5], else refuse, KA-EAST, priority 60
        a 1/3 R99-default: else wait for WH-A WH-B, KA-EAST, priority 60
        d 1/1 R99-default: 2056 WH-A[1*3], else wait for WH-A, leased
        d 2/1 R99-default: else wait for WH-A
        e 1/1 R99-default: 4672 WH-A[1*1], else wait for WH-A
    "#]]
    .assert_eq(&text(&at_once));
    assert_eq!(text(&at_once), text(&in_turn));
    assert_eq!(at_once, in_turn);
    for id in ["a", "b", "c", "d", "e"] {
        let why = WhySource { order: order(id) };
        let (one, other) = (together.question(&why).await, apart.question(&why).await);
        assert_eq!(one, other);
        assert!(!one.is_empty());
    }
}

#[tokio::test]
async fn a_decision_is_explained_and_comes_out_the_same_when_it_is_made_again() {
    let mut bench = Bench::of(Allocation::default()).await;
    let inputs = bench.post(story(
        "node A regional 上海 上海 rate=1; node B regional 广东 广州; level S 1 A=9 B=9 X=5; \
         place a 福建 福州 S*5 total=5000001",
    ));
    bench.hear(&inputs).await;
    // The rules and the warehouses change; the decision was made before.
    bench.ask("call 1", &save(&rules("WH-B"))).await;
    bench.ask("call 2", &node("A", "plant", "上海", "上海", &["closed"])).await;
    let inputs = bench.post(story("request a 2 1*5 A"));
    bench.hear(&inputs).await;

    let records = bench.question(&WhySource { order: order("a") }).await;

    let [first, second] = &records[..] else { panic!("two decisions") };
    assert_eq!((first.attempt, first.ruleset.as_str()), (1, "cn-default/0"));
    assert_eq!((second.attempt, second.ruleset.as_str()), (2, "cn-default/1"));
    assert_eq!(first.record["reproduced"], json!(true));
    assert_eq!(second.record["reproduced"], json!(true));
    let lines: Vec<String> = ["rules", "wish", "candidates", "eliminated", "plans", "because"]
        .map(|it| format!("{it}: {}", first.record["findings"][it]))
        .to_vec();
    expect![[r#"
        rules: [["R10-east-large",true,[["ship_to.region in_region east_china",true,"福建"],["order.total_cny gt X_wan * 10000",true,"50000.01"]]]]
        wish: {"prefer":[["WH-A",1000,"R10-east-large"]],"role":"dedicated_sales","team":"KA-EAST"}
        candidates: [{"alone":1921,"backlog_h":0,"fixed":1911,"freight_kg":202,"has":[5,5],"km":611,"node":"WH-A","preference":1000,"scarcity":5},{"alone":3082,"backlog_h":0,"fixed":1992,"freight_kg":218,"has":[5,5],"km":692,"node":"WH-B","scarcity":5}]
        eliminated: []
        plans: [[1921,[["WH-A",[[1,5]]]]],[3082,[["WH-B",[[1,5]]]]]]
        because: "WH-A has all of it, 611 km away; R10-east-large prefers WH-A; WH-B would cost 1161 points more.""#]].assert_eq(&lines.join("\n"));
    expect![[r#"{"node":"WH-B","points":-1162,"then":"WH-B would be chosen if WH-B were 1162 points cheaper"}"#]].assert_eq(&first.record["findings"]["counterfactual"].to_string());
    expect![[r#"[{"code":"inactive","node":"WH-A","why":"inactive"}]"#]]
        .assert_eq(&second.record["findings"]["eliminated"].to_string());
    assert!(bench.question(&WhySource { order: order("z") }).await.is_empty());
}

#[tokio::test]
async fn rulesets_are_kept_by_version_and_heard_by_all() {
    let (mut left, mut right) = Bench::two_of(Allocation::default()).await;
    for bench in [&mut left, &mut right] {
        bench.ask("call 1", &node("A", "regional", "上海", "上海", &[])).await;
        bench.ask("call 2", &node("B", "regional", "广东", "广州", &[])).await;
    }
    let first = left.ask("call 3", &save(&rules("WH-A"))).await;
    let again = left.ask("call 3", &save(&rules("WH-A"))).await;
    let second = left.ask("call 4", &save(&rules("WH-B"))).await;
    let wrong = left.ask("call 5", &save(&rules("WH-C"))).await;

    assert_eq!(first, again);
    assert!(matches!(&second[..], [SaveRulesetAnswer::RulesetSaved(it)] if it.version == 2));
    assert!(matches!(&wrong[..], [SaveRulesetAnswer::RulesetRefused(_)]));
    let inputs = right.post(story("level S 1 A=9 B=9; place a 上海 上海 S*1"));
    let said: String = right.hear(&inputs).await.iter().map(tell).collect();
    expect![[r#"
        a 1/1 R1: 2434 WH-B[1*1], else wait for WH-B
    "#]]
    .assert_eq(&said);
}

/// Levels are heard in the partition in which stock changed, and so in any.
#[tokio::test]
async fn only_a_later_level_counts_whoever_hears_it() {
    let (mut left, mut right) = Bench::two_of(Allocation::default()).await;
    left.ask("call 1", &node("A", "regional", "上海", "上海", &[])).await;
    for (bench, level) in [(&mut left, "level S 2 A=1"), (&mut right, "level S 1 A=9")] {
        let inputs = bench.post(story(level));
        bench.hear(&inputs).await;
    }
    let inputs = right.post(story("place a 上海 上海 S*5"));
    let said = right.hear(&inputs).await;
    assert!(matches!(&said[..], [Outbound::SourcingPlanned(it)] if it.plans.is_empty()));
}

#[tokio::test]
async fn two_partitions_count_the_same_warehouses() {
    let (mut left, mut right) = Bench::two_of(Allocation::default()).await;
    left.ask("call 1", &node("A", "regional", "上海", "上海", &["rate=1"])).await;
    let setup = left.post(story("level S 1 A=900"));
    left.hear(&setup).await;
    for (bench, ids) in [(&mut left, ["a", "b"]), (&mut right, ["c", "d"])] {
        for id in ids {
            let inputs = bench.post(story(&format!("place {id} 上海 上海 S*1")));
            bench.hear(&inputs).await;
        }
    }
    let backlog = |record: Value| record["findings"]["candidates"][0]["backlog_h"].clone();
    let last = left.question(&WhySource { order: order("d") }).await;
    assert_eq!(backlog(last[0].record.clone()), json!(3));
}

#[tokio::test]
async fn a_house_may_follow_a_ruleset_of_its_own() {
    let mut bench = Bench::of(Allocation::ruled_by("acme")).await;
    bench.ask("call 1", &node("A", "regional", "上海", "上海", &[])).await;
    let mut command = save(&rules("WH-A"));
    "acme".clone_into(&mut command.ruleset);
    let before = bench.post(story("level S 1 A=9; place a 上海 上海 S*1"));
    let before = bench.hear(&before).await;
    bench.ask("call 2", &command).await;
    let after = bench.post(story("place b 上海 上海 S*1"));
    let after = bench.hear(&after).await;
    let ruleset = |said: &[Outbound]| match said {
        [Outbound::SourcingPlanned(it)] => it.ruleset.clone(),
        _ => String::new(),
    };
    assert_eq!((ruleset(&before), ruleset(&after)), ("cn-default/0".into(), "acme/1".into()));
}

fn save(rules: &Value) -> SaveRuleset {
    let (ruleset, rules) = ("cn-default".to_owned(), rules.clone());
    SaveRuleset { ruleset, rules, by: Actor::house() }
}

fn rules(node: &str) -> Value {
    json!({ "rules": [
        { "id": "R1", "priority": 1, "stop": true, "when": { "always": true },
          "then": [{ "action": "require_node", "node": node }], "unfillable": "backorder" },
    ] })
}
