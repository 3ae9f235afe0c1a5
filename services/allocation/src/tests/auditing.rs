//! What the audit looks at can be seen to fail.

use std::fmt::Write;

use chassis::Input;
use contracts::Actor;
use contracts::allocation::SaveRuleset;
use expect_test::expect;
use serde_json::json;
use testbench::Twins;

use super::{order, story, warehouse};
use crate::Allocation;
use crate::memory::{Tables, audit};

/// A way to be careless with tables.
type Harm<'a> = (&'a str, &'a dyn Fn(&mut Tables));

#[tokio::test]
async fn the_audit_sees_what_is_wrong() {
    let (a, w) = (order("a"), warehouse("B"));
    let harms: [Harm<'_>; 10] = [
        ("a counter is off", &|it| *it.backlog.get_mut(&w).unwrap().get_mut(&0).unwrap() += 1),
        ("an open line is lost", &|it| drop(it.sourcings.get_mut(&a).unwrap().open.pop())),
        ("an order is over", &|it| it.sourcings.get_mut(&a).unwrap().ended = true),
        ("an order is lost", &|it| drop(it.sourcings.remove(&a))),
        ("a round is lost", &|it| drop(it.decisions.get_mut(&a).unwrap().remove(&(1, 1)))),
        ("the last is lost", &|it| drop(it.decisions.get_mut(&a).unwrap().remove(&(1, 2)))),
        ("the rules are lost", &|it| it.rulesets.clear()),
        ("a warehouse is lost", &|it| drop(it.nodes.get_mut(&w).unwrap().remove(&1))),
        ("a level goes back", &|it| it.levels.values_mut().for_each(|it| it.number = 1)),
        ("other figures", &|it| {
            let rows = it.decisions.get_mut(&a).unwrap();
            let row = rows.get_mut(&(1, 2)).unwrap();
            row.record =
                String::from_utf8(row.record.clone()).unwrap().replace("[0,6]", "[0,7]").into();
        }),
    ];
    let (mut seen, twins) = (String::new(), twins().await);
    for (what, harm) in harms {
        let mut tables = twins.memory.look::<Allocation, _>(Tables::clone);
        assert_eq!(audit(&tables), [""; 0]);
        harm(&mut tables);
        writeln!(seen, "{what}:").unwrap();
        for it in audit(&tables) {
            writeln!(seen, "  {it}").unwrap();
        }
    }
    expect![[r#"
        a counter is off:
          the backlog is miscounted: WH-B has 2 lines open, and its counters say 3
        an open line is lost:
          the backlog is miscounted: WH-B has 1 lines open, and its counters say 2
        an order is over:
          an order that ended has open lines: 00000000-0000-0000-0000-000000000061: [(1, WarehouseId("WH-B"))]
        an order is lost:
          00000000-0000-0000-0000-000000000061 was decided about, and never placed
          the backlog is miscounted: WH-B has 1 lines open, and its counters say 2
        a round is lost:
          a round is missing: 00000000-0000-0000-0000-000000000061 1/2, after 0/0
        the last is lost:
          the last decision is another: 00000000-0000-0000-0000-000000000061 has come to 1/2, and was decided about in Some((1, 1))
        the rules are lost:
          not by rules that were in force: 00000000-0000-0000-0000-000000000061 1/1 by cn-default/1 at 1970-01-01T00:00:00Z
          not by rules that were in force: 00000000-0000-0000-0000-000000000061 1/2 by cn-default/1 at 1970-01-01T00:00:00Z
          not by rules that were in force: 00000000-0000-0000-0000-000000000062 1/1 by cn-default/1 at 1970-01-01T00:00:00Z
          a version was seen that was never stored: 00000000-0000-0000-0000-000000000061 1/1
          a version was seen that was never stored: 00000000-0000-0000-0000-000000000061 1/2
          a version was seen that was never stored: 00000000-0000-0000-0000-000000000062 1/1
        a warehouse is lost:
          a version was seen that was never stored: 00000000-0000-0000-0000-000000000061 1/1
          a version was seen that was never stored: 00000000-0000-0000-0000-000000000061 1/2
          a version was seen that was never stored: 00000000-0000-0000-0000-000000000062 1/1
        a level goes back:
          a level is not the latest: S has 1, and 2 was heard
        other figures:
          decided otherwise when decided again: 00000000-0000-0000-0000-000000000061 1/2
    "#]]
    .assert_eq(&seen);
}

/// Both after a little story: order a was refused once.
async fn twins() -> Twins<Allocation> {
    let mut twins = Twins::of(Allocation::default()).await;
    let rules = json!({ "rules": [
        { "id": "R1", "priority": 1, "stop": true, "when": { "always": true }, "then": [],
          "unfillable": "backorder" },
    ] });
    let save = SaveRuleset { ruleset: "cn-default".to_owned(), rules, by: Actor::house() };
    let lines = "node A regional 上海 上海; node B regional 广东 广州; level S 2 A=6 B=6; \
                 place a 上海 上海 S*6; refuse a 1 1 SA=0; place b 上海 上海 S*1";
    let messages = [save.into()].into_iter().chain(story(lines));
    let inputs: Vec<Input> = messages.map(|it| twins.posts[0].post(twins.now, &it)).collect();
    twins.hear(0, &inputs).await;
    twins
}
