//! Where the units of an order are, over the API and on its page.

use std::time::Duration;

use serde_json::json;

use super::http::{MARKET, Shop, WEBSHOP};
use super::story::{PLAIN, order};

const CHINESE: (&str, &str) = ("accept-language", "zh-CN");

async fn shop() -> Shop {
    let mut shop = Shop::open().await;
    shop.hear(PLAIN).await;
    shop.house.knows("credit.why.v1", json!([]));
    shop.house.knows("allocation.why.v1", json!([]));
    shop
}

/// The table of units on the order's page: its headings, and the cells of its only line.
async fn shown(shop: &Shop, headers: &[(&str, &str)]) -> String {
    let page = shop.page("/orders/K-a", headers).await;
    assert_eq!(page.status, 200);
    let table = page.text.split("<table class=\"units\">").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap().split("</caption>").nth(1).unwrap();
    let text = table.replace("</th>", "|").replace("</td>", "|");
    // What stands outside of tags.
    let text: String = text.split('<').filter_map(|it| it.split_once('>')).map(|it| it.1).collect();
    text.split_inclusive('\n').filter(|it| !it.trim().is_empty()).collect()
}

#[tokio::test]
async fn each_line_shows_where_its_units_are() {
    let shop = shop().await;
    let buckets = json!({ "reserved": 1200, "shipped": 3, "cancelled": 1 });
    shop.house.knows("intake.units-of.v1", json!([{ "line": 1, "buckets": buckets }]));
    expect_test::expect![[r#"
        Line|Item|Open|Backordered|Reserved|Released|Picked|Packed|Shipped|Delivered|Cancelled|
        1|KB-87|-|-|1,200|-|-|-|3|-|1|
    "#]]
    .assert_eq(&shown(&shop, &[]).await);
    assert!(shown(&shop, &[CHINESE]).await.contains("未寻源|缺货待补|已占用|已下发|"));

    let told = shop.get("/v1/orders/K-a/units").await;
    let lines = json!([{ "line": 1, "buckets": buckets }]);
    assert_eq!(told.json(), json!({ "order": order("a").to_string(), "lines": lines }));
}

#[tokio::test]
async fn an_order_that_another_system_leads_has_no_units_here() {
    let shop = shop().await;
    shop.house.knows("intake.units-of.v1", json!([]));
    let page = shop.page("/orders/K-a", &[]).await.text;
    assert!(
        page.contains("This order is led by another system.") && !page.contains("class=\"units\"")
    );
}

#[tokio::test]
async fn the_page_is_shown_without_units_if_intake_does_not_answer_in_time() {
    let shop = shop().await;
    let silent = shop.page("/orders/K-a", &[]).await;
    assert!(silent.status == 200 && silent.text.contains("did not answer within a second"));
    assert_eq!(shop.get("/v1/orders/K-a/units").await.status, 503);

    shop.house.knows("intake.units-of.v1", json!([{ "line": 1, "buckets": { "reserved": 2 } }]));
    shop.house.is_slow("intake.units-of.v1", Duration::from_secs(30));
    let slow = shop.page("/orders/K-a", &[CHINESE]);
    let slow = tokio::time::timeout(Duration::from_secs(10), slow).await.unwrap();
    assert!(slow.status == 200 && slow.text.contains("接单服务一秒内未响应"));
    assert!(slow.text.contains(">K-a"), "the rest is there");
}

#[tokio::test]
async fn whoever_may_read_the_order_is_told_and_nobody_else() {
    let shop = shop().await;
    shop.house.knows("intake.units-of.v1", json!([{ "line": 1, "buckets": { "reserved": 2 } }]));
    for (who, status) in [(WEBSHOP, 200), (MARKET, 404)] {
        for path in ["/v1/orders/K-a/units".to_owned(), format!("/v1/orders/{}/units", order("a"))]
        {
            assert_eq!(shop.page(&path, &[who]).await.status, status, "{path}");
        }
    }
    assert_eq!(shop.get("/v1/orders/00000000-0000-0000-0000-000000000001/units").await.status, 404);
}
