//! Reading what is sent: the document, addresses, and what an order is priced at.

use contracts::intake::{OrderPlaced, Submission};
use contracts::{Cents, ExternalId};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::telling::{START, books, but, place, submission};
use crate::Outbound;
use crate::address::{PROVINCES, is_email, phone, province};
use crate::document::Problems;
use crate::submission::{Draft, digest};

fn order() -> Value {
    submission("on_account")
}

/// The order of the fields, and how the channel calls it, do not make another order.
#[test]
fn content_is_told_by_its_digest() {
    let one = json!({ "a": 1, "b": { "c": [1, "2"], "d": null } });
    let same: Value =
        serde_json::from_str(r#"{"b":{"d":null,"c":[1,"2"]},"external_id":"x","a":1}"#).unwrap();
    assert_eq!(digest(&one), digest(&same));
    for other in [json!({ "a": 1 }), json!({ "a": 1, "b": { "c": [1, 2], "d": null } }), json!([])]
    {
        assert_ne!(digest(&one), digest(&other));
    }
}

fn placed(order: Value) -> OrderPlaced {
    let said = books().decide(START, place("a", order).into());
    said.into_iter()
        .find_map(|it| if let Outbound::OrderPlaced(it) = it { Some(it) } else { None })
        .unwrap()
}

#[test]
fn discount_and_tax_are_split_over_the_lines() {
    let told = placed(order());
    let lines: Vec<(Cents, Cents)> = told.lines.iter().map(|it| (it.net, it.tax)).collect();
    // 200 off 5000 and 1200: 161.29 and 38.71. Tax 806 of 4839 and 1161: 650.04 and 155.96.
    assert_eq!(lines, [(Cents(4839), Cents(650)), (Cents(1161), Cents(156))]);
    assert_eq!((told.net, told.tax, told.freight), (Cents(6000), Cents(806), Cents(1000)));
    assert_eq!(told.total, told.net + told.tax + told.freight);
}

#[test]
fn an_order_is_told_without_who_gets_it() {
    let told = serde_json::to_string(&placed(order())).unwrap();
    for personal in ["王小明", "13800138000", "wang@example.cn", "中山路"] {
        assert!(!told.contains(personal));
    }
    assert!(told.contains(r#""province":"江苏""#));
    assert!(told.contains(r#""tier":"gold""#) && told.contains(r#""language":"en""#));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let readme = include_str!("../../README.md");
    let (_, from) = readme.split_once("```json").unwrap();
    let example: Value = serde_json::from_str(from.split_once("```").unwrap().0).unwrap();
    let mut problems = Problems::default();
    Draft::read(&example, &ExternalId::new("a").unwrap(), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
}

/// The published type and the reader agree: what the one writes, the other reads.
#[test]
fn what_is_published_is_what_is_read() {
    let read = |value: &Value| {
        let mut problems = Problems::default();
        let draft = Draft::read(value, &ExternalId::new("a").unwrap(), &mut problems);
        draft.complete().ok_or(problems)
    };
    for order in [order(), but(submission("prepaid"), "/po_number", json!("PO 1"))] {
        let typed: Submission = serde_json::from_value(order.clone()).unwrap();
        let written = serde_json::to_value(&typed).unwrap();
        assert_eq!(read(&written).unwrap(), read(&order).unwrap());
    }
}

// ---- Addresses ---------------------------------------------------------------------------------

#[test]
fn every_province_has_its_postcodes_and_is_known_with_its_suffix() {
    assert_eq!(PROVINCES.len(), 34);
    for it in PROVINCES {
        assert!(!it.postcodes.is_empty() && it.postcodes.iter().all(|it| it.len() == 2));
        for suffix in ["", "省", "市", "自治区", "特别行政区"] {
            assert_eq!(province(&format!("{}{suffix}", it.name)), Some(it));
        }
    }
    for (full, name) in
        [("广西壮族自治区", "广西"), ("新疆维吾尔自治区", "新疆"), ("宁夏回族自治区", "宁夏")]
    {
        assert_eq!(province(full).unwrap().name, name);
    }
    assert_eq!(province("Jiangsu"), None);
}

#[test]
fn numbers_are_brought_into_one_form() {
    let forms = ["138 0013 8000", "+86-138-0013-8000", "0086 13800138000"];
    for text in forms {
        assert_eq!(phone(text, "CN").as_deref(), Some("+8613800138000"));
    }
    assert_eq!(phone("+852 2123 4567", "CN").as_deref(), Some("+85221234567"));
    for wrong in [
        "12800138000",
        "1380013800",
        "+8612345678",
        "+0123456789",
        "86",
        "",
        "１３８００１３８０００",
    ] {
        assert_eq!(phone(wrong, "CN"), None, "{wrong}");
    }
    assert_eq!(phone("13800138000", "US"), None);
    for right in ["a@b.cn", "first.last+tag@mail.example.com", "王@例子.中国"] {
        assert!(is_email(right), "{right}");
    }
    for wrong in ["", "a", "a@b", "@b.cn", "a b@c.cn", "a..b@c.cn", "a@-b.cn", "a@b..cn", "a@b.cn "]
    {
        assert!(!is_email(wrong), "{wrong}");
    }
}

// ---- Properties --------------------------------------------------------------------------------

proptest! {
    /// Whatever comes, it is answered, and nothing panics.
    #[test]
    fn anything_is_read(value in anything(), pointer in 0_usize..20) {
        let pointers = ["/lines", "/lines/0", "/lines/0/quantity", "/lines/1/unit_price", "/tax",
            "/ship_to", "/ship_to/phone", "/ship_to/postcode", "/ship_to/country", "/total",
            "/customer", "/currency", "/po_number", "/remark", "/discount"];
        let order = match pointers.get(pointer) {
            Some(it) => but(order(), it, value),
            None => value,
        };
        let said = books().decide(START, place("a", order).into());
        prop_assert!(matches!(said.last(),
            Some(Outbound::PlacementAccepted(_) | Outbound::PlacementRejected(_))));
        if let [Outbound::PlacementRejected(it)] = said.as_slice() {
            prop_assert!(!it.problems.is_empty());
            prop_assert!(it.problems.iter().all(|it| it.found.chars().count() <= 100));
        }
    }

    /// However the amounts are, the lines add up to the order, to the last minor unit.
    #[test]
    fn the_lines_add_up(
        mugs in 1_i64..1000, boxes in 1_i64..100, off in 0_i64..10_000, tax in 0_i64..100_000,
    ) {
        let net = mugs * 2500 + boxes * 12 * 100;
        let off = off.min(net);
        let order = [
            ("/lines/0/quantity", mugs), ("/lines/1/quantity", boxes * 12), ("/discount", off),
            ("/tax", tax), ("/total", net - off + tax + 1000),
        ].into_iter().fold(order(), |order, (at, it)| but(order, at, json!(it)));
        let told = placed(order);
        prop_assert_eq!(told.lines.iter().map(|it| it.net).sum::<Cents>(), Cents(net - off));
        prop_assert_eq!(told.lines.iter().map(|it| it.tax).sum::<Cents>(), Cents(tax));
        prop_assert!(told.lines.iter().all(|it| it.net.0 >= 0 && it.tax.0 >= 0));
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        Just(json!(1.5)),
        ".{0,200}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let names = prop_oneof![
            Just("sku".to_owned()),
            Just("lines".to_owned()),
            Just("phone".to_owned()),
            ".{0,9}"
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(names, inner, 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}
