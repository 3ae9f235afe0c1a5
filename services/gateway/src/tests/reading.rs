//! Reading an order, what happened to it, and what others know.

use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};

use super::crew;
use super::http::Shop;
use super::story::{EVERYTHING, PLAIN, order};
use crate::GatewaySettings;

#[tokio::test]
async fn an_order_is_found_by_its_id_and_by_its_number() {
    let mut shop = Shop::open().await;
    shop.hear(PLAIN).await;

    let by_number = shop.get("/v1/orders/K-a").await;
    let by_id = shop.get(&format!("/v1/orders/{}", order("a"))).await;

    assert_eq!(by_number.text, by_id.text);
    expect![[r#"
        200 OK
        as_of {"at":"1970-01-01T00:00:00Z","heard":{"allocation":1,"credit":1,"finance":3,"fulfilment":6,"intake":9,"inventory":1,"notification":1},"partition":0}
        changed_at "1970-01-01T00:00:00Z"
        channel "webshop"
        colour "green"
        completed_at "1970-01-01T00:19:00Z"
        confirmed_at "1970-01-01T00:05:00Z"
        credit {"amount":113000,"class":"B","state":"approved"}
        currency "CNY"
        customer "C-7"
        delivered_at "1970-01-01T00:17:00Z"
        entered_by "webshop"
        external_id "W-a"
        freight 0
        is_late false
        kind "standard"
        lines [{"line":1,"name":"机械键盘","net":101700,"quantity":2,"sku":"KB-87","tax":11300,"unit_price":50850}]
        money {"invoices":[{"due_on":"1970-01-31","gross":113000,"number":"1970-a1"}],"open":0,"payments":[{"amount":113000,"invoice":"4bddfe3a-6934-5f66-8504-5073cf55e429","payment":"2026112822001","provider":"alipay"}]}
        net 101700
        order "00000000-0000-0000-0000-000000000061"
        order_no "K-a"
        placed_at "1970-01-01T00:00:00Z"
        priority 2400
        reason ""
        released_at "1970-01-01T00:07:00Z"
        shipments [{"carrier":"SF","delivered_at":"1970-01-01T00:16:00Z","pick":1,"shipment":"4bddfe3a-6934-5f66-8504-5073cf55e429","shipped_at":"1970-01-01T00:14:00Z","state":"delivered","tracking_no":"SF-1","units":2,"warehouse":"SH1"}]
        shipped_at "1970-01-01T00:15:00Z"
        sourcing {"attempt":1,"backordered":0,"claimed":1,"estimate":"1970-01-03T00:00:00Z","round":1,"rule":"R10-east","state":"claimed","team":"east","warehouses":["SH1"]}
        stage "after_sales"
        status "completed"
        status_at "1970-01-01T00:19:00Z"
        status_number 8
        tax 11300
        terms "on_account"
        tier "gold"
        total 113000
        urgent false
        version 22
    "#]].assert_eq(&by_number.shown());
}

#[tokio::test]
async fn an_order_that_is_not_there_is_not_found() {
    let shop = Shop::open().await;
    for path in ["K-1", "K%00", "00000000-0000-0000-0000-000000000061"] {
        let path = format!("/v1/orders/{path}");
        assert_eq!(shop.get(&path).await.problem(), "404 not-found: \n");
        assert_eq!(shop.get(&format!("{path}/timeline")).await.problem(), "404 not-found: \n");
    }
}

#[tokio::test]
async fn a_timeline_is_read_on_from_what_is_known() {
    let mut shop = Shop::open().await;
    shop.hear(PLAIN).await;
    let page =
        async |query: &str| shop.get(&format!("/v1/orders/K-a/timeline{query}")).await.json();

    let whole = page("").await;
    assert_eq!(whole["next"], Value::Null);
    let whole = whole["entries"].as_array().unwrap().clone();
    assert_eq!(whole.len(), 22);

    let (mut read, mut after) = (vec![], json!(0));
    while !after.is_null() {
        let page = page(&format!("?limit=7&after={after}")).await;
        read.extend(page["entries"].as_array().unwrap().clone());
        after = page["next"].clone();
    }
    assert_eq!(read, whole);
    assert_eq!(page("?after=22").await["entries"], json!([]));
    expect![[r#"
        {
          "at": "1970-01-01T00:00:00Z",
          "data": {
            "backordered": [],
            "claims": [
              {
                "line": 1,
                "quantity": 2,
                "sku": "KB-87",
                "warehouse": "SH1"
              }
            ],
            "until": null
          },
          "number": 5,
          "service": "inventory",
          "what": "claimed",
          "who": "kontor",
          "why": ""
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&whole[4]).unwrap());
}

#[tokio::test]
async fn a_query_that_nobody_understands_is_refused() {
    let shop = Shop::open().await;
    for query in [
        "min_page=x",
        "min_page=1:2:3:x",
        "min_page=a%00:1:2",
        "min_page=:1:2",
        "min=1",
        "limit=0",
        "limit=1001",
        "after=-1",
    ] {
        let refused = shop.get(&format!("/v1/orders/K-a/timeline?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.problem().starts_with("400 malformed"));
    }
}

/// A client reads what it wrote: it says up to which page it wants to be told.
#[tokio::test]
async fn a_reader_waits_for_the_page_it_names() {
    let mut shop = Shop::open().await;
    shop.hear("place a 100 on_account").await; // Intake's first page.
    let path = "/v1/orders/K-a?min_page=0:2";
    assert_eq!(shop.get("/v1/orders/K-a?min_page=intake:0:1").await.status, 200);

    let router = shop.router.clone();
    let waiting = chassis::task::spawn("reader", async move {
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        tower::ServiceExt::oneshot(router, crew::known(request)).await.unwrap()
    });
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(!waiting.is_finished());

    shop.hear("status a 1 confirmed").await; // Its second.
    shop.beat.send_replace(());
    assert_eq!(waiting.await.unwrap().status(), 200);
    let heard = shop.get(path).await.json();
    assert_eq!(
        (&heard["status"], &heard["as_of"]["heard"]["intake"]),
        (&json!("confirmed"), &json!(2))
    );
}

#[tokio::test]
async fn a_reader_does_not_wait_for_ever() {
    let shop = Shop::with(GatewaySettings { page_wait_ms: 50, ..GatewaySettings::default() }).await;
    let late = shop.get("/v1/orders/K-a?min_page=credit:0:9").await;
    assert_eq!(late.problem(), "503 behind: \n");
    assert_eq!(late.header("retry-after"), "1");
}

#[tokio::test]
async fn stock_is_what_inventory_knows_and_what_was_heard() {
    let mut shop = Shop::open().await;
    shop.house.knows("inventory.stock-of.v1", json!([]));
    assert_eq!(shop.get("/v1/stock/KB-87").await.status, 404);

    shop.hear("level KB-87 1 240; level KB-87 2 238").await;
    shop.house.knows(
        "inventory.stock-of.v1",
        json!([{
            "sku": "KB-87", "warehouse": "SH1", "good": 240, "quarantine": 0, "damaged": 0,
            "reserved": 0, "allocated": 2, "backordered": 0, "moves": [],
        }]),
    );
    let stock = shop.get("/v1/stock/KB-87").await.json();
    assert_eq!((&stock["level"]["number"], &stock["level"]["sellable"]), (&json!(2), &json!(238)));
    assert_eq!(stock["warehouses"][0]["allocated"], 2);
    assert!(shop.get("/v1/stock/KB.87").await.problem().starts_with("400 malformed"));
}

#[tokio::test]
async fn accounts_books_and_explanations_are_asked_for() {
    let mut shop = Shop::open().await;
    shop.hear(EVERYTHING).await;
    assert_eq!(shop.get("/v1/customers/C-7/credit").await.problem(), "503 unavailable: \n");
    assert_eq!(shop.get("/v1/orders/K-a/books").await.problem(), "503 unavailable: \n");

    shop.house.knows("credit.account-of.v1", Value::Null);
    assert_eq!(shop.get("/v1/customers/C-7/credit").await.problem(), "404 not-found: \n");
    let account = json!({
        "customer": "C-7", "limit": 100, "currency": "CNY", "blocked": false,
        "exposure": {
            "pending": 0, "authorised": 1, "delivered_unbilled": 2, "billed_open": 3, "prepaid": 0,
        },
        "changed_at": "1970-01-01T00:00:00Z",
    });
    shop.house.knows("credit.account-of.v1", account.clone());
    assert_eq!(shop.get("/v1/customers/C-7/credit").await.json(), account);

    let entry = json!({
        "rule": "E4", "currency": "CNY", "posted_at": "1970-01-01T00:00:00Z",
        "postings": [{ "account": "1122", "debit": 100, "credit": 0 }],
    });
    shop.house.knows("finance.books-of.v1", json!([entry]));
    let books = shop.get("/v1/orders/K-a/books").await.json();
    assert_eq!(books, json!({ "order": order("a"), "entries": [entry] }));

    shop.house.knows("credit.why.v1", json!([]));
    shop.house.knows("allocation.why.v1", json!([]));
    assert_eq!(shop.get("/v1/orders/K-a/explanation").await.problem(), "404 not-found: \n");
    let record = json!({
        "order": order("a"), "attempt": 1, "round": 1, "at": "1970-01-01T00:00:00Z",
        "ruleset": "cn-default/42", "rule": "R10", "record": { "chosen": "SH1" },
    });
    shop.house.knows("allocation.why.v1", json!([record]));
    let explained = shop.get("/v1/orders/K-a/explanation").await.json();
    assert_eq!(explained["sourcing"], json!([record]));
}

/// In a process of its own: there is one clock a process.
#[tokio::test]
async fn the_suites_time_is_told_where_it_is_another_one() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/livez").await.header("kontor-time"), "");
    chassis::clock::run("2031-01-01T00:00:00Z".parse().unwrap(), 1000);
    let told = shop.get("/livez").await;
    let (now, speed) = told.header("kontor-time").split_once(";speed=").unwrap();
    assert!(now.starts_with("2031-01-01T") && speed == "1000", "{now} {speed}");
}
