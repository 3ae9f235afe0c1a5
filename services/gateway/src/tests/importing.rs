//! Bringing a table: looked at first, carried out once.

use axum::body::Body;
use axum::http::Request;
use contracts::Uuid;
use contracts::intake::{CarriedOrder, CarryOverAnswer, CarryOverKnown, OrderCarriedOver};
use contracts::{Actor, OrderId, Status};
use serde_json::Value;
use tower::ServiceExt;

use super::http::{FOR_WEBSHOP, Reply, Shop};
use super::story::START;
use crate::Inbound;

const TABLE: &str = "订单号,客户,产品,数量,状态,预计完成时间,实际完成时间\n\
    123456,张三,商品A,100,已确认,2024-03-15,2024-03-17\n";

pub(super) fn carried() -> OrderCarriedOver {
    let day = |day: i8| jiff::civil::Date::new(2024, 3, day).ok();
    let carried = CarriedOrder {
        customer: "张三".to_owned(),
        product: "商品A".to_owned(),
        quantity: 100,
        status: Status::Confirmed,
        stated: "已确认".to_owned(),
        estimated: day(15),
        completed: day(17),
        source: String::new(),
        remark: String::new(),
        step: String::new(),
        priority: String::new(),
    };
    OrderCarriedOver {
        order: OrderId(Uuid::from_u128(7)),
        channel: "import".parse().unwrap(),
        external_id: "123456".parse().unwrap(),
        flags: carried.flags(),
        carried,
        at: START,
        entered_by: Actor("wang.fang".to_owned()),
    }
}

impl Shop {
    async fn brings(&self, path: &str, body: String, kind: &str) -> Reply {
        let request = Request::post(path)
            .header("content-type", kind)
            .header("sec-fetch-site", "same-origin")
            .header(FOR_WEBSHOP.0, FOR_WEBSHOP.1);
        self.call(request.body(Body::from(body)).unwrap()).await
    }

    async fn looks_at(&self, table: &str) -> Reply {
        let part = |name: &str, more: &str, text: &str| {
            format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{text}\r\n"
            )
        };
        let body = [
            part("channel", "", "import"),
            part("file", "; filename=\"a.csv\"", table),
            "--b--\r\n".to_owned(),
        ];
        self.brings("/import/preview", body.concat(), "multipart/form-data; boundary=b").await
    }
}

#[tokio::test]
async fn a_table_is_looked_at_and_then_carried_out_under_one_id() {
    let shop = Shop::open().await;
    let page = shop.looks_at(TABLE).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Completed late"), "{}", page.text);
    assert_eq!(shop.house.told().1, "", "nothing is done before it is confirmed");

    let file = page.text.split("name=\"file\" value=\"").nth(1).unwrap();
    let form = format!("channel=import&file={}", file.split('"').next().unwrap());
    for answer in [
        CarryOverAnswer::from(carried()),
        CarryOverKnown { order: carried().order, external_id: carried().external_id }.into(),
    ] {
        shop.house.will_say::<CarryOverAnswer>(answer);
        let kind = "application/x-www-form-urlencoded";
        let done = shop.brings("/import/confirm", form.clone(), kind).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert!(
            done.text.contains("/orders/00000000-0000-0000-0000-000000000007"),
            "{}",
            done.text
        );
    }
    let (ids, told) = shop.house.told();
    assert_eq!(ids[0], ids[1], "the same file is the same command");
    assert!(told.starts_with("intake.carry-over.v1 "), "{told}");
}

#[tokio::test]
async fn a_bad_cell_stops_the_whole_table() {
    let shop = Shop::open().await;
    let bad = TABLE.replace("100", "many");
    let page = shop.looks_at(&bad).await;
    assert!(page.text.contains("many") && !page.text.contains("/import/confirm"), "{}", page.text);
    let refused = shop.brings("/v1/imports", bad.clone(), "text/csv").await;
    assert_eq!(
        refused.problem(),
        "422 invalid: 1 fault\n/2/数量 value: \"many\", not a whole number from 1 to 1,000,000,000"
    );
    let preview = shop.brings("/v1/imports/preview", bad, "text/csv").await.json();
    assert_eq!((&preview["kind"], &preview["orders"]), (&"carried_over".into(), &0.into()));
    assert_eq!(shop.house.told().1, "");
}

#[tokio::test]
async fn what_was_carried_over_stands_in_the_table_and_goes_out_again() {
    let mut shop = Shop::open().await;
    let inputs = shop.bench.post([Inbound::OrderCarriedOver(carried())]);
    shop.bench.hear(&inputs).await;
    shop.bench.hear(&inputs).await;
    let page = shop.page("/", &[]).await.text;
    for text in ["Imported", "Completed late", "2024-03-15", "2024-03-17", "张三", "商品A"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let file = shop.get("/v1/orders/export?format=json").await.json();
    assert_eq!(file["totals"], serde_json::json!({"orders": 1, "units": 100, "amounts": {}}));
    let row = &file["rows"][0];
    let cells = ["order_no", "customer", "product", "status", "estimated", "completed", "stated"];
    let cells: Vec<&str> = cells.iter().filter_map(|it| row[it].as_str()).collect();
    assert_eq!(
        cells,
        ["123456", "张三", "商品A", "confirmed", "2024-03-15", "2024-03-17", "已确认"]
    );
    assert_eq!(row["total"], Value::Null);
    assert_eq!(shop.get("/v1/orders/123456").await.json()["kind"], "carried_over");
    let order = shop.page("/orders/123456", &[]).await;
    assert_eq!(order.status, 200);
    assert!(!order.text.contains("/cancel"), "its owner refuses that: {}", order.text);
}

#[tokio::test]
async fn each_order_of_a_table_is_answered_with_the_page_that_tells_of_it() {
    let shop = Shop::open().await;
    shop.house.will_say::<CarryOverAnswer>(carried());
    let done = shop.brings("/v1/imports", TABLE.to_owned(), "text/csv").await.json();
    assert_eq!(done["entries"][0]["outcome"], "accepted");
    assert_eq!(done["entries"][0]["page"], "intake:3:17");
}

#[tokio::test]
async fn a_template_is_taken_as_a_spreadsheet_and_brought_back() {
    let shop = Shop::open().await;
    let page = shop.page("/import", &[]).await.text;
    assert!(page.contains("/import/template.csv") && page.contains("/import/template.xlsx"));
    let csv = shop.page("/import/template.csv", &[]).await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"orders.csv\"");
    let request = Request::get("/import/template.xlsx").body(Body::empty()).unwrap();
    let response = shop.router.clone().oneshot(super::crew::known(request)).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(bytes.starts_with(b"PK"));
    let request = Request::post("/v1/imports/preview").body(Body::from(bytes)).unwrap();
    let preview = shop.call(request).await.json();
    assert_eq!((&preview["kind"], &preview["orders"]), (&"orders".into(), &1.into()));
    assert_eq!(preview["faults"], serde_json::json!([]));
    assert_eq!(shop.page("/import/template.pdf", &[]).await.status, 404);
}
