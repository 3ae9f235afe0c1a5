//! Master data and stock, and what is said of them.

use contracts::Actor;
use contracts::allocation::{RulesetRefused, RulesetSaved, SaveRulesetAnswer};
use contracts::inventory::{StockAnswer, StockBooked, StockRefused};
use expect_test::expect;
use serde_json::json;

use super::http::{Shop, WANG, problem};

const MASTERS: &[(&str, &str)] = &[
    (
        "PUT /v1/catalogue/KB-87",
        r#"{"name": "机械键盘", "category": "keyboards", "unit_price": 50000, "currency": "CNY",
            "unit_cost": 30000, "tax_rate": 1300, "weight_g": 900, "pack": 1, "max_quantity": 500,
            "active": true}"#,
    ),
    (
        "PUT /v1/customers/C-7",
        r#"{"name": "南京玄武商贸", "tier": "gold", "on_account": true, "language": "zh-CN"}"#,
    ),
    (
        "PUT /v1/customers/C-7/credit-limit",
        r#"{"limit": 5000000, "currency": "CNY", "until": "2026-12-31", "payment_days": 30}"#,
    ),
    (
        "PUT /v1/warehouses/SH1",
        r#"{"name": "上海一仓", "kind": "regional", "province": "上海", "city": "上海",
            "serves": ["上海", "江苏"], "lines_per_hour": 400, "active": true}"#,
    ),
];

#[tokio::test]
async fn master_data_goes_to_its_owner() {
    let shop = Shop::open().await;
    for (what, body) in MASTERS {
        let reply = shop.send(what, &[WANG], body).await;
        assert_eq!((reply.status.as_u16(), &*reply.text), (204, ""), "{what}");
    }
    expect![[r#"
        intake.list-item.v1 {"sku":"KB-87","name":"机械键盘","category":"keyboards","unit_price":50000,"currency":"CNY","unit_cost":30000,"tax_rate":1300,"weight_g":900,"pack":1,"max_quantity":500,"active":true}
        intake.register-customer.v1 {"customer":"C-7","name":"南京玄武商贸","tier":"gold","on_account":true,"language":"zh-CN"}
        credit.set-limit.v1 {"customer":"C-7","limit":5000000,"currency":"CNY","until":"2026-12-31","payment_days":30,"by":"wang.fang"}
        allocation.set-node.v1 {"warehouse":"SH1","name":"上海一仓","kind":"regional","province":"上海","city":"上海","serves":["上海","江苏"],"lines_per_hour":400,"active":true}
    "#]].assert_eq(&shop.house.told().1);
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_with_its_place() {
    let shop = Shop::open().await;
    let mut told = String::new();
    for (what, from, to) in [
        (0, "\"active\": true", "\"active\": true, \"actve\": 1"),
        (0, "\"pack\": 1, ", ""),
        (0, "50000", "\"500\""),
        (0, "50000", "500.5"),
        (0, "CNY", "CNX"),
        (0, "\"pack\": 1", "\"pack\": 0, \"pack\": 0"),
        (0, "1300", "-1"),
        (1, "gold", "golden"),
        (1, "南京玄武商贸", "\\u0000"),
        (2, "2026-12-31", "2026-13-31"),
        (2, "5000000", "9223372036854775807"),
        (3, "江苏", ""),
        (3, "[\"上海\", \"江苏\"]", "[7]"),
    ] {
        let (what, body) = MASTERS[what];
        assert!(body.contains(from));
        let reply = shop.send(what, &[], &body.replace(from, to)).await;
        told += &(reply.problem() + "\n");
    }
    let many =
        r#"{"sku": "KB-87", "warehouse": "SH1", "quantity": 0, "unit_cost": -1, "document": ""}"#;
    told += &shop.send("POST /v1/stock/receipts", &[], many).await.problem();
    assert_eq!(shop.house.told().1, "");
    expect![[r#"
        422 invalid: 1 fault
        /actve unknown: "actve", not one of `name`, `category`, `unit_price`, `currency`, `unit_cost`, `tax_rate`, `weight_g`, `pack`, `max_quantity`, `active`
        422 invalid: 1 fault
        /pack required: "", not a value
        422 invalid: 1 fault
        /unit_price type: "string \"500\"", not i64
        422 invalid: 1 fault
        /unit_price type: "floating point `500.5`", not i64
        422 invalid: 1 fault
        /currency type: "", not "CNX" is not an ISO 4217 currency code
        422 invalid: 1 fault
         type: "", not duplicate field `pack`
        422 invalid: 1 fault
        /tax_rate range: "-1", not 0 to 10000
        422 invalid: 1 fault
        /tier type: "unknown variant `golden`", not one of `regular`, `silver`, `gold`, `key`
        422 invalid: 1 fault
        /name text: "\0", not 1 to 200 printable characters
        422 invalid: 1 fault
        /until type: "", not failed to parse two digit integer as month: parameter 'month' is not in the required range of 1..=12
        422 invalid: 1 fault
        /limit range: "9223372036854775807", not 0 to 100000000000000
        422 invalid: 1 fault
        /serves/1 text: "", not 1 to 100 printable characters
        422 invalid: 1 fault
        /serves/0 type: "integer `7`", not a string
        422 invalid: 3 faults
        /quantity range: "0", not 1 to 1000000000
        /unit_cost range: "-1", not 0 to 1000000000
        /document text: "", not 1 to 100 printable characters"#]].assert_eq(&told);
}

#[tokio::test]
async fn a_ruleset_is_saved_or_refused_with_every_fault() {
    let shop = Shop::open().await;
    let (ruleset, by) = ("cn-default".to_owned(), Actor("wang".to_owned()));
    shop.house.will_say::<SaveRulesetAnswer>(RulesetSaved {
        ruleset: ruleset.clone(),
        version: 42,
        by,
    });
    let problems = vec![problem("/rules/0/when")];
    shop.house.will_say::<SaveRulesetAnswer>(RulesetRefused { ruleset, problems });

    let rules = r#"{"rules": [{}]}"#;
    let saved = shop.send("PUT /v1/rulesets/cn-default", &[WANG], rules).await;
    let page = "allocation:3:17";
    assert_eq!(saved.json(), json!({ "ruleset": "cn-default", "version": 42, "page": page }));
    let refused = shop.send("PUT /v1/rulesets/cn-default", &[WANG], rules).await.problem();
    assert_eq!(refused, "422 invalid: 1 fault\n/rules/0/when required: \"\", not a value");
    let list = shop.send("PUT /v1/rulesets/cn-default", &[WANG], "[]").await;
    assert_eq!(list.status, 422);
}

#[tokio::test]
async fn stock_is_booked_or_refused() {
    let shop = Shop::open().await;
    let (sku, warehouse) = ("KB-87".parse().unwrap(), "SH1".parse().unwrap());
    let booked = StockBooked { sku, warehouse, good: 240, reserved: 0, allocated: 2 };
    shop.house.will_say::<StockAnswer>(booked.clone());
    shop.house.will_say::<StockAnswer>(booked.clone());
    let StockBooked { sku, warehouse, .. } = booked;
    let problems = vec![problem("/document")];
    shop.house.will_say::<StockAnswer>(StockRefused { sku, warehouse, problems });

    let receipt = r#"{"sku": "KB-87", "warehouse": "SH1", "quantity": 240, "unit_cost": 30000,
        "document": "DN-7"}"#;
    let count = r#"{"sku": "KB-87", "warehouse": "SH1", "counted": 240, "document": "CC-3"}"#;
    let received = shop.send("POST /v1/stock/receipts", &[WANG], receipt).await;
    assert_eq!((received.status.as_u16(), &received.json()["good"]), (200, &json!(240)));
    assert_eq!(shop.send("POST /v1/stock/counts", &[WANG], count).await.status, 200);
    assert_eq!(shop.send("POST /v1/stock/counts", &[WANG], count).await.status, 422);
    expect![[r#"
        inventory.receive.v1 {"sku":"KB-87","warehouse":"SH1","quantity":240,"unit_cost":30000,"document":"DN-7","by":"wang.fang"}
        inventory.count.v1 {"sku":"KB-87","warehouse":"SH1","counted":240,"document":"CC-3","by":"wang.fang"}
        inventory.count.v1 {"sku":"KB-87","warehouse":"SH1","counted":240,"document":"CC-3","by":"wang.fang"}
    "#]].assert_eq(&shop.house.told().1);
}
