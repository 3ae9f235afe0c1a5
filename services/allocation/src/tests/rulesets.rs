//! What rulesets may say, and everything that may be wrong with them.

use contracts::Actor;
use contracts::allocation::{NodeKind, SaveRuleset};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{START, books, place, tell, told};
use crate::Outbound;
use crate::order::Order;
use crate::ruleset::{Evaluation, Ruleset, Subject, check};

#[test]
fn the_built_in_rules_hold() {
    let rules: Value = serde_json::from_str(include_str!("../../rules/cn-default.json")).unwrap();
    let checked = check("cn-default", &rules, None).unwrap();
    assert_eq!(checked, Ruleset::built_in());
    assert_eq!(checked.rules.len(), 4);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    refused(
        json!({
            "ruleset": "other", "surprise": 1,
            "effective": { "from": "2026-01-01T00:00:00Z", "to": "2025-01-01T00:00:00Z" },
            "parameters": { "X_wan": "five", "Y": 2 },
            "regions": { "east": ["上海", 7] },
            "weights": { "distance": -1 },
            "rules": [
                { "id": "R1", "priority": 10, "stop": "yes",
                  "when": { "all": [
                      { "field": "order.colour", "op": "eq", "value": "red" },
                      { "field": "order.urgent", "op": "gt", "value": true },
                      { "field": "order.urgent", "op": "eq", "value": "very" },
                      { "field": "order.total_cny", "op": "gt", "value": { "expr": "Z * 10000" } },
                      { "field": "order.total_cny", "op": "gt", "value": { "expr": "Y / 2" } },
                      { "field": "order.total_units", "op": "between", "value": [5, 1] },
                      { "field": "ship_to.region", "op": "in_region", "value": "west" },
                      { "field": "lines.category", "op": "eq", "value": "fresh" },
                      { "field": "customer.tier", "op": "in", "value": ["gold", "tin"] },
                      { "any": [] },
                      { "sometimes": true }
                  ] },
                  "then": [
                      { "action": "prefer_node", "node": "WH-Z", "weight": 0 },
                      { "action": "dance" },
                      { "action": "restrict_nodes", "type": "cloud" },
                      { "action": "ship_policy", "value": "later" },
                      { "action": "max_splits" },
                      { "action": "score_all", "how": "well" }
                  ] },
                { "id": "R1", "priority": "high", "stop": true, "when": { "always": true },
                  "then": {}, "unfillable": "pray" },
            ]
        }),
        expect![[r#"
            cn-default refused
              /surprise unknown.key "1": ruleset, version, effective, parameters, regions, weights, rules
              /ruleset ruleset.name "other": cn-default
              /effective range "{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2025-01-01T00:00:00Z\"}": an end after its beginning
              /parameters/X_wan type "five": a whole number
              /regions/east/1 type "7": a text of 1 to 200 printable characters
              /weights/distance range "-1": 0 to 1000000
              /rules/0/stop type "yes": true or false
              /rules/0/unfillable required "": next_rule, fallback_any, backorder, produce, purchase, dropship, cancel_remainder, manual
              /rules/0/when/all/0/field unknown.field "order.colour": order.total_cny, order.total_units, order.lines, order.weight_g, order.type, order.urgent, order.channel, order.currency, order.terms, customer.id, customer.tier, ship_to.country, ship_to.province, ship_to.city, ship_to.district, ship_to.postcode, ship_to.region, ship_to.same_city_as_node_type, lines.category, lines.sku, lines.quantity, lines.weight_g
              /rules/0/when/all/1/op unknown.operator "gt": eq, ne
              /rules/0/when/all/2/value type "very": true or false
              /rules/0/when/all/3/value/expr expression "Z * 10000": a parameter that is declared (X_wan, Y), not Z
              /rules/0/when/all/4/value/expr expression "Y / 2": +, - or * before "/ 2"
              /rules/0/when/all/5/value type "[5,1]": two numbers, the lower first
              /rules/0/when/all/6/value unknown.region "west": east
              /rules/0/when/all/7/quantifier required "": any, all, none
              /rules/0/when/all/8/value/1 type "tin": regular, silver, gold, key
              /rules/0/when/all/9/any condition "[]": at least one condition
              /rules/0/when/all/10/sometimes unknown.key "true": all, any, not, always, field
              /rules/0/when/all/10 condition "{\"sometimes\":true}": one of all, any, not, always, or a field with its op and value
              /rules/0/then/0/weight range "0": 1 to 1000000
              /rules/0/then/0/node unknown.node "WH-Z": WH-A
              /rules/0/then/1/action unknown.action "dance": prefer_node, exclude_node, restrict_nodes, require_node, assign_owner, assign_team, set_priority, set_flag, ship_policy, max_splits, route, score_all
              /rules/0/then/2/type type "cloud": regional, forward, plant
              /rules/0/then/3/value type "later": complete, as_available
              /rules/0/then/4/value required "": a whole number
              /rules/0/then/5/how unknown.key "well": action
              /rules/1/priority type "high": a whole number
              /rules/1/unfillable type "pray": next_rule, fallback_any, backorder, produce, purchase, dropship, cancel_remainder, manual
              /rules/1/then type "{}": a list
              /rules/0/id duplicate "R1": a name that no other rule has
              /rules/0/id unreachable "R1": a place before R1, which always ends
        "#]],
    );
}

/// A ruleset that was taken and cannot be written would come again and again, and nothing after it.
#[test]
fn what_cannot_be_kept_is_refused() {
    let at = |name: &str, id: &str, effective: Value| -> Vec<String> {
        let rules = json!({ "effective": effective, "rules": [
            { "id": id, "priority": 1, "stop": true, "when": { "always": true }, "then": [],
              "unfillable": "backorder" },
        ] });
        let problems = check(name, &rules, None).err().unwrap_or_default();
        problems.into_iter().map(|it| it.pointer).collect()
    };
    assert_eq!(at("mine", "R1", json!({})), [""; 0]);
    assert_eq!(at("mi\u{0}ne", "R1", json!({})), [""]);
    assert_eq!(at("mine", "R\u{0}1", json!({})), ["/rules/0/id"]);
    assert_eq!(at("mine", "R1", json!({ "from": "-005000-01-01T00:00:00Z" })), ["/effective/from"]);
    let short =
        json!({ "from": "2026-01-01T00:00:00.0000001Z", "to": "2026-01-01T00:00:00.0000002Z" });
    assert_eq!(at("mine", "R1", short), ["/effective"]);
}

#[test]
fn a_ruleset_needs_a_last_rule_that_ends() {
    let rule = |id: &str, priority: i64, when: Value, unfillable: &str| {
        json!({ "id": id, "priority": priority, "stop": true, "when": when, "then": [],
                "unfillable": unfillable })
    };
    let always = || json!({ "always": true });
    let urgent = || json!({ "field": "order.urgent", "op": "eq", "value": true });

    refused(
        json!({ "rules": [rule("R1", 1, urgent(), "backorder")] }),
        expect![[r#"
        cn-default refused
          /rules default.missing "[{\"id\":\"R1\",\"priority\":1,\"stop\":true,\"then\":[],\"unfillable\":\"backorder\",\"when\":{\"field\":\"order.urgen": a last rule that always holds, stops, and is not unfillable: next_rule
    "#]],
    );
    refused(
        json!({ "rules": [rule("R1", 1, always(), "next_rule")] }),
        expect![[r#"
        cn-default refused
          /rules default.missing "[{\"id\":\"R1\",\"priority\":1,\"stop\":true,\"then\":[],\"unfillable\":\"next_rule\",\"when\":{\"always\":true}}]": a last rule that always holds, stops, and is not unfillable: next_rule
    "#]],
    );
    refused(
        json!({ "rules": [
            rule("R1", 1, json!({ "any": [urgent(), always()] }), "backorder"),
            rule("R2", 2, urgent(), "backorder"),
            rule("R3", 2, always(), "backorder"),
        ] }),
        expect![[r#"
            cn-default refused
              /rules/1/id unreachable "R2": a place before R1, which always ends
              /rules/2/id unreachable "R3": a place before R1, which always ends
        "#]],
    );
    // What passes on does not end.
    let passes_on = json!({ "rules": [rule("R1", 1, always(), "next_rule"), rule("R2", 2, always(), "manual")] });
    assert!(check("cn-default", &passes_on, None).is_ok());
}

#[test]
fn rules_of_equal_priority_must_not_contradict_each_other() {
    let rule = |id: &str, then: Value| {
        json!({ "id": id, "priority": 5, "stop": false, "unfillable": "backorder", "then": [then],
                "when": { "field": "order.urgent", "op": "eq", "value": true } })
    };
    let last = json!({ "id": "R9", "priority": 9, "stop": true, "when": { "always": true },
                       "then": [], "unfillable": "backorder" });
    refused(
        json!({ "rules": [
            rule("R1", json!({ "action": "prefer_node", "node": "WH-A", "weight": 5 })),
            rule("R2", json!({ "action": "exclude_node", "node": "WH-A" })),
            rule("R3", json!({ "action": "assign_team", "team": "EAST" })),
            rule("R4", json!({ "action": "assign_owner", "team": "WEST" })),
            rule("R5", json!({ "action": "set_flag", "flag": "hot" })),
            last
        ] }),
        expect![[r#"
            cn-default refused
              /rules/1/priority contradiction "5": another priority than R1, which it contradicts
              /rules/3/priority contradiction "5": another priority than R3, which it contradicts
        "#]],
    );
}

#[test]
fn a_ruleset_that_is_saved_is_in_force_and_counts_up() {
    let mut books = books();
    told(&mut books, "node A regional 上海 上海; node B regional 广东 广州; level S 1 A=9 B=9");
    let rules = |node: &str, from: &str| {
        json!({
            "effective": { "from": from },
            "rules": [
                { "id": "R1-flag", "priority": 1, "stop": false, "unfillable": "backorder",
                  "when": { "not": { "field": "lines.sku", "quantifier": "none", "op": "starts_with",
                                     "value": "S" } },
                  "then": [{ "action": "set_priority", "value": 7 },
                           { "action": "set_flag", "flag": "s" }] },
                { "id": "R2-only", "priority": 2, "stop": true, "unfillable": "cancel_remainder",
                  "when": { "always": true },
                  "then": [{ "action": "require_node", "node": node }] }
            ]
        })
    };
    let mut said = Vec::new();
    for (node, from) in [("WH-A", "1970-01-01T00:00:00Z"), ("WH-B", "1970-01-02T00:00:00Z")] {
        let command = SaveRuleset {
            ruleset: "cn-default".to_owned(),
            rules: rules(node, from),
            by: Actor::house(),
        };
        said.extend(books.decide(START, command.into()));
        let id = if node == "WH-A" { "a" } else { "b" };
        said.extend(told(&mut books, &format!("place {id} 广东 广州 S*5; refuse {id} 1 1 SA=4")));
    }
    let said: String = said.iter().map(tell).collect();
    expect![[r#"
        cn-default/1 saved
        a 1/1 R2-only: 4122 WH-A[1*5], else refuse, priority 7
        a 1 R2-only: no source for 1*5
        cn-default/2 saved
        b 1 R2-only: no source for 1*5
        b 1 R2-only: no source for 1*5
    "#]]
    .assert_eq(&said);
}

/// Whether a clause holds for an order of 3 S and 2 T, 50.00 CNY, urgent, to 苏州 in 江苏.
#[test]
fn clauses_hold_as_they_read() {
    let order = Order::from(place("a", "江苏", "苏州", &["S*3", "T*2", "total=5000", "urgent"]));
    let subject = Subject { order: &order, same_city: vec![NodeKind::Forward] };
    let holds = |clause: Value| {
        let rule = json!({ "id": "R1", "priority": 1, "stop": true, "when": clause, "then": [],
                           "unfillable": "next_rule" });
        let last = json!({ "id": "R2", "priority": 2, "stop": true, "when": { "always": true },
                           "then": [], "unfillable": "backorder" });
        let rules = json!({ "regions": { "delta": ["上海", "江苏"] }, "parameters": { "K": 5 },
                            "rules": [rule, last] });
        let ruleset = check("cn-default", &rules, None).unwrap();
        let mut evaluation = Evaluation::new(&ruleset, &subject);
        evaluation.proceed();
        evaluation.trail[0].1
    };
    let one = |field: &str, op: &str, value: Value| {
        holds(json!({ "field": field, "op": op, "value": value }))
    };
    let lines = |quantifier: &str, field: &str, op: &str, value: Value| {
        holds(json!({ "field": field, "quantifier": quantifier, "op": op, "value": value }))
    };
    assert!(one("order.total_cny", "eq", json!(50)) && !one("order.total_cny", "gt", json!(50)));
    assert!(one("order.total_cny", "gte", json!({ "expr": "K * 10" })));
    assert!(one("order.total_cny", "lt", json!(51)) && one("order.total_cny", "lte", json!(50)));
    assert!(one("order.total_units", "between", json!([5, 9])));
    assert!(!one("order.total_units", "between", json!([6, 9])));
    assert!(one("order.lines", "ne", json!(3)) && one("order.weight_g", "eq", json!(5000)));
    assert!(one("order.type", "eq", json!("standard")) && one("order.urgent", "eq", json!(true)));
    assert!(one("order.channel", "in", json!(["web", "shop"])));
    assert!(one("customer.tier", "not_in", json!(["gold", "key"])));
    assert!(one("customer.id", "starts_with", json!("C-")));
    assert!(one("ship_to.region", "in_region", json!("delta")));
    assert!(one("ship_to.postcode", "exists", json!(false)));
    assert!(one("ship_to.same_city_as_node_type", "eq", json!("forward")));
    assert!(!one("ship_to.same_city_as_node_type", "eq", json!("plant")));
    assert!(
        lines("any", "lines.sku", "eq", json!("S")) && !lines("all", "lines.sku", "eq", json!("S"))
    );
    assert!(lines("all", "lines.quantity", "gt", json!(1)));
    assert!(lines("none", "lines.category", "eq", json!("fresh")));
    assert!(holds(json!({ "not": { "any": [{ "not": { "always": true } }] } })));

    // What cannot be told of an order satisfies nothing.
    let order = Order::from(place("a", "江苏", "苏州", &["S*3", "usd"]));
    let subject = Subject { order: &order, same_city: vec![] };
    let rules = json!({ "rules": [
        { "id": "R1", "priority": 1, "stop": true, "then": [], "unfillable": "next_rule",
          "when": { "field": "order.total_cny", "op": "ne", "value": 5 } },
        { "id": "R2", "priority": 2, "stop": true, "then": [], "unfillable": "backorder",
          "when": { "always": true } }
    ] });
    let ruleset = check("cn-default", &rules, None).unwrap();
    let mut evaluation = Evaluation::new(&ruleset, &subject);
    assert!(evaluation.proceed());
    assert_eq!(evaluation.rule.map(|it| it.id.as_str()), Some("R2"));
}

#[test]
fn other_rulesets_are_kept_and_not_followed() {
    let mut books = books();
    let rules = json!({ "rules": [
        { "id": "R1", "priority": 1, "stop": true, "when": { "always": true }, "then": [],
          "unfillable": "backorder" },
    ] });
    let command = SaveRuleset { ruleset: "trial".to_owned(), rules, by: Actor::house() };
    let said = books.decide(START, command.into());
    assert!(matches!(&said[..], [Outbound::RulesetSaved(it)] if it.version == 1));
    assert_eq!(books.ruleset.label(), "cn-default/0");
}

/// Saves what cannot be saved, and compares what is said to be wrong.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn refused(rules: Value, expected: Expect) {
    let mut books = books();
    told(&mut books, "node A regional 上海 上海");
    let command = SaveRuleset { ruleset: "cn-default".to_owned(), rules, by: Actor::house() };
    let said: String = books.decide(START, command.into()).iter().map(tell).collect();
    assert!(books.rulesets.is_empty());
    expected.assert_eq(&said);
}
