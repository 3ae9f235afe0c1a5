//! The console's pages.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use contracts::Cents;
use serde_json::json;

use super::http::{Reply, Shop, WEBSHOP};
use super::story::{EVERYTHING, PLAIN, order, story};
use crate::Inbound;

const CHINESE: (&str, &str) = ("accept-language", "zh-CN,zh;q=0.9,en;q=0.5");

impl Shop {
    pub(super) async fn page(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let request = headers
            .iter()
            .fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.call(request.body(Body::empty()).unwrap()).await
    }

    /// Orders on the process table, by their numbers.
    async fn listed(&self, query: &str) -> Vec<String> {
        let page = self.page(&format!("/?{query}"), &[]).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let cells = page.text.split("class=\"c-no\"><a href").skip(1);
        let number = |it: &str| it.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned();
        cells.map(number).collect()
    }

    /// Every page, with all that they ask for known.
    async fn pages(&mut self) -> Vec<String> {
        self.hear(EVERYTHING).await;
        self.house.knows("inventory.stock-of.v1", stock());
        self.house.knows("credit.why.v1", json!([]));
        self.house.knows("allocation.why.v1", json!([]));
        [
            "/",
            "/orders/K-a",
            "/orders/K-none",
            "/holds",
            "/shorts",
            "/reviews",
            "/parked",
            "/stock",
            "/stock/KB-87",
            "/?sort=wrong",
        ]
        .map(str::to_owned)
        .to_vec()
    }
}

fn stock() -> serde_json::Value {
    json!([{
        "sku": "KB-87", "warehouse": "SH1", "good": 1240, "quarantine": 0, "damaged": 3,
        "reserved": 0, "allocated": 2, "backordered": 0,
        "moves": [{
            "number": 2, "kind": "SHIP", "good": -2, "quarantine": 0, "damaged": 0, "reserved": 0,
            "allocated": -2, "order": order("a"), "document": null, "at": "1970-01-01T00:09:00Z",
        }],
    }])
}

#[tokio::test]
async fn every_page_is_in_the_language_that_its_reader_asks_for() {
    let mut shop = Shop::open().await;
    for path in shop.pages().await {
        let english = shop.page(&path, &[]).await.text;
        let chinese = shop.page(&path, &[CHINESE]).await.text;
        assert!(
            english.contains("<html lang=\"en\">") && english.contains(">Orders</a>"),
            "{path}"
        );
        assert!(
            chinese.contains("<html lang=\"zh-CN\">") && chinese.contains(">订单</a>"),
            "{path}"
        );
        // Who chose one is shown that one, whatever the browser says.
        let chosen = shop.page(&path, &[CHINESE, ("cookie", "a=b; kontor-language=en")]).await;
        assert!(chosen.text.contains("<html lang=\"en\">"), "{path}");
    }
}

#[tokio::test]
async fn a_language_is_chosen_and_leads_back_to_the_page() {
    let shop = Shop::open().await;
    let choose = async |body: &str| {
        let request = Request::post("/console/language")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()));
        shop.call(request.unwrap()).await
    };
    let chosen = choose("language=zh-CN&back=%2F%3Fstatus%3Dopen").await;
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (StatusCode::SEE_OTHER, "/?status=open")
    );
    assert!(chosen.header("set-cookie").starts_with("kontor-language=zh-CN; Path=/;"));
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil", ""] {
        let back = choose(&format!("language=en&back={elsewhere}")).await;
        assert_eq!(back.header("location"), "/", "{elsewhere}");
    }
    assert_eq!(choose("language=de&back=%2F").await.status, 400);
}

#[tokio::test]
async fn nothing_may_be_loaded_from_elsewhere_and_no_page_has_a_script_in_it() {
    let mut shop = Shop::open().await;
    let mut paths = shop.pages().await;
    for asset in [
        "console.css",
        "console.js",
        "counts.js",
        "forms.js",
        "keys.js",
        "live.js",
        "table.js",
        "time.js",
    ] {
        paths.push(format!("/console/assets/{asset}"));
    }
    for path in &paths {
        let reply = shop.page(path, &[]).await;
        let policy = reply.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{path}"
        );
        assert!(policy.ends_with("form-action 'self'; frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        for word in ["http://", "https://", " style=", " onclick=", "<style", "javascript:"] {
            assert!(!reply.text.contains(word), "{path}: {word}");
        }
        let scripts = reply.text.matches("<script").count();
        let loaded = reply.text.matches("<script type=\"module\" src=\"/console/assets/").count();
        assert_eq!(scripts, loaded, "{path}");
    }
    assert_eq!(shop.page("/console/assets/secret", &[]).await.status, 404);
}

#[tokio::test]
async fn a_row_tells_what_is_known_of_an_order() {
    let mut shop = Shop::open().await;
    assert!(shop.page("/", &[]).await.text.contains("No order was placed yet."));
    shop.hear(PLAIN).await;
    let row = shop.page("/", &[CHINESE]).await.text;
    let row = row.split("<tr id=").nth(1).unwrap();
    for cell in [
        ">K-a</a>",
        "已完成",
        "class=\"mark green\"",
        ">C-7</td>",
        "机械键盘",
        "<td class=\"c-quantity num\">2</td>",
        "<time datetime=\"1970-01-01T00:00:00Z\">1970-01-01 00:00 UTC</time>",
        "<time datetime=\"1970-01-01T00:19:00Z\">",
        "<td class=\"c-estimated num\"><time datetime=\"1970-01-03T00:00:00Z\">", // As sourcing says.
        "<td class=\"c-warehouse o\">SH1</td>",
        "CNY 1,130.00",
        ">2,400</td>",
    ] {
        assert!(row.contains(cell), "{cell}\n{row}");
    }
    assert!(!row.contains("SH1, SH1"));
}

#[tokio::test]
async fn orders_are_searched_filtered_and_sorted() {
    let mut shop = Shop::open().await;
    shop.hear(EVERYTHING).await;
    assert_eq!(shop.listed("sort=oldest").await, ["K-a", "K-b", "K-c", "K-d"]);
    assert_eq!(shop.listed("").await, ["K-d", "K-c", "K-b", "K-a"]);
    assert_eq!(shop.listed("sort=largest").await[0], "K-a");
    assert_eq!(shop.listed("q=W-b").await, ["K-b"]);
    assert_eq!(shop.listed("q=K-c&status=&customer=&terms=&from=&to=").await, ["K-c"]);
    assert_eq!(shop.listed("status=completed").await, ["K-a"]);
    assert_eq!(shop.listed("status=open").await.len(), 0);
    assert_eq!(shop.listed("terms=prepaid").await, ["K-b"]);
    assert_eq!(shop.listed("from=1970-01-01&to=1970-01-02").await.len(), 4);
    assert_eq!(shop.listed("from=1970-01-02").await.len(), 0);
    assert_eq!(shop.listed("q=%25").await.len(), 0);
    let none = shop.page("/?q=nowhere", &[]).await;
    assert!(none.text.contains("No order is like that."));
    for bad in ["status=nowhere", "terms=later", "from=yesterday", "sort=x", "after=x", "q=%00"] {
        let page = shop.page(&format!("/?{bad}"), &[]).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (StatusCode::BAD_REQUEST, "text/html; charset=utf-8")
        );
        assert!(page.text.contains("role=\"alert\""), "{bad}");
    }
}

#[tokio::test]
async fn a_long_table_goes_on_from_its_last_row() {
    let mut shop = Shop::open().await;
    let orders = (0..60u8).map(|nth| {
        let mut placed = story("place a 100 on_account").remove(0);
        if let Inbound::OrderPlaced(it) = &mut placed {
            it.order = contracts::OrderId(contracts::Uuid::from_u128(nth.into()));
            it.order_no = format!("K-{nth:03}");
            it.total = Cents(nth.into());
        }
        placed
    });
    let inputs = shop.bench.post(orders);
    shop.bench.hear(&inputs).await;
    let first = shop.page("/?sort=largest&customer=C-7", &[]).await.text;
    assert!(first.contains(">K-059</a>") && first.contains(">K-010</a>"));
    let next = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    assert!(next.starts_with("/?customer=C-7&sort=largest&after=l10-"), "{next}");
    let rest = shop.listed(&next[2..]).await;
    assert_eq!((rest.len(), &*rest[0], &*rest[9]), (10, "K-009", "K-000"));
}

/// What somebody calls a thing is text, wherever it stands.
#[tokio::test]
async fn hostile_names_are_only_text() {
    let mut shop = Shop::open().await;
    let evil = "<script>alert(1)</script>\"'<img src=x onerror=alert(1)>";
    let mut told = story("place a 100 on_account; status a 1 credit_hold; hold a 100 -");
    if let Inbound::OrderPlaced(it) = &mut told[0] {
        evil.clone_into(&mut it.lines[0].name);
        it.entered_by = contracts::Actor(evil.to_owned());
    }
    if let Inbound::OrderStatus(it) = &mut told[1] {
        evil.clone_into(&mut it.reason);
    }
    let inputs = shop.bench.post(told);
    shop.bench.hear(&inputs).await;
    let query = "/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22onfocus%3D";
    for path in ["/", "/orders/K-a", "/holds", query, "/stock?q=%22%3E%3Cscript%3Ealert(1)"] {
        let page = shop.page(path, &[]).await;
        assert!(page.text.contains("&#60;script&#62;alert(1)"), "{path}: {}", page.text);
        assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{path}");
        assert!(!page.text.contains("\"onfocus"), "{path}");
    }
}

#[tokio::test]
async fn an_order_tells_its_whole_story() {
    let mut shop = Shop::open().await;
    shop.pages().await;
    let page = shop.page("/orders/K-a", &[]).await;
    assert_eq!(page.status, 200);
    for text in [
        "<h1>Order K-a",
        "Status: Completed",
        "Credit released",
        "wang.fang",
        "Partially shipped",
        "<td class=\"num\">CNY 1,017.00</td>",
        "1970-a1",
        "Letter sent",
        "<b>Tracking number</b>",
        "There is nothing that you can decide about it now.",
        "Nothing was decided yet.",
        "SF-1",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    let by_id = shop.page(&format!("/orders/{}", order("a")), &[]).await;
    assert_eq!(by_id.status, 200);
    for missing in
        ["/orders/K-none", "/orders/K%00", "/orders/00000000-0000-0000-0000-000000000001"]
    {
        let page = shop.page(missing, &[]).await;
        assert_eq!(page.status, 404);
        assert!(page.text.contains("There is no such order"), "{missing}");
    }
}

#[tokio::test]
async fn decisions_are_explained_if_whoever_made_them_answers() {
    let mut shop = Shop::open().await;
    shop.hear(PLAIN).await;
    let silent = shop.page("/orders/K-a", &[]).await;
    assert!(silent.status == 200 && silent.text.contains("did not answer"));
    let exposure = json!({
        "pending": 0, "authorised": 5000, "delivered_unbilled": 0, "billed_open": 0, "prepaid": 0,
    });
    shop.house.knows(
        "credit.why.v1",
        json!([{
            "verdict": { "kind": "review", "tier": 2 }, "class": "C", "score": 6105,
            "repayment_rate": 9310, "due": 0, "paid": 0, "limit": 100_000, "exposure": exposure,
            "exposure_after": 118_000, "rule": "C.beyond",
            "counterfactual": { "pay": 18_000, "at_most": 95_000 },
        }]),
    );
    shop.house.knows(
        "allocation.why.v1",
        json!([{
            "order": order("a"), "attempt": 1, "round": 1, "at": "1970-01-01T00:00:00Z",
            "ruleset": "cn-default/42", "rule": "R10-east",
            "record": { "findings": {
                "reason": { "code": "one_has_all", "node": "SH1", "km": 12 },
                "because": "nearest with all of it, and so on",
                "eliminated": [{ "node": "GZ1", "code": "inactive", "why": "inactive" }],
                "candidates": [{ "node": "SH1", "alone": 1420 }, { "node": "BJ1", "alone": 2610 }],
            } },
        }]),
    );
    let page = shop.page("/orders/K-a", &[]).await.text;
    for text in [
        "A person has to look (≥ 2)",
        "61.05",
        "93.10 %",
        "Class C, far over the limit",
        "CNY 1,180.00",
        "CNY 180.00",
        "CNY 950.00",
        "cn-default/42",
        "<th scope=\"row\">BJ1</th><td class=\"num\">2,610</td>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let chinese = shop.page("/orders/K-a", &[CHINESE]).await.text;
    assert!(chinese.contains("SH1 备有全部货品，距离 12 公里。"), "{chinese}");
    assert!(chinese.contains("GZ1 (已停用)"), "{chinese}");
}

#[tokio::test]
async fn who_may_not_see_explanations_reads_on_the_timeline_why_in_their_language() {
    let mut shop = Shop::open().await;
    shop.hear(
        "place a 100 on_account; plan a 1 1 12; place b 100 on_account; fail b; cancel b supply",
    )
    .await;
    let (planned, failed) = ("SH1 备有全部货品，距离 12 公里。", "没有仓库可以发货：SH1 已停用。");
    for (name, told, chinese) in
        [("a", "nearest with all of it", planned), ("b", "nobody has any", failed)]
    {
        let path = format!("/orders/K-{name}");
        let page = shop.page(&path, &[WEBSHOP]).await.text;
        assert!(page.contains(told) && !page.contains("aria-labelledby=\"why\""), "{page}");
        let page = shop.page(&path, &[WEBSHOP, CHINESE]).await.text;
        assert!(page.contains(chinese) && !page.contains(told), "{page}");
        // Figures stand in the sentence, and allocation's sentence is no remark of anybody's.
        assert!(!page.contains("findings") && !page.contains("ordered twice"), "{page}");
    }
}

#[tokio::test]
async fn stock_is_shown_by_item_and_by_warehouse() {
    let mut shop = Shop::open().await;
    assert!(shop.page("/stock", &[]).await.text.contains("was ever any stock"));
    shop.hear("level KB-87 1 1240; level TEA 1 0").await;
    let all = shop.page("/stock", &[]).await.text;
    assert!(all.contains("href=\"/stock/KB-87\"") && all.contains("href=\"/stock/TEA\""));
    assert!(all.contains("<td class=\"num\">1,240</td>") && all.contains("class=\"num out\">0<"));
    let some = shop.page("/stock?q=TE", &[]).await.text;
    assert!(!some.contains("KB-87") && some.contains("TEA"));

    shop.house.knows("inventory.stock-of.v1", stock());
    let item = shop.page("/stock/KB-87", &[CHINESE]).await.text;
    for text in [">SH1</th>", ">1,240</td>", "出库", "−2", &order("a").to_string()] {
        assert!(item.contains(text), "{text}");
    }
    assert_eq!(shop.page("/stock/KB.87", &[]).await.status, 400);
    shop.house.knows("inventory.stock-of.v1", json!([]));
    assert_eq!(shop.page("/stock/NONE", &[]).await.status, 404);
}

#[tokio::test]
async fn pages_are_read_and_not_written_to() {
    let shop = Shop::open().await;
    let request = Request::builder().method(Method::POST).uri("/").body(Body::empty()).unwrap();
    assert_eq!(shop.call(request).await.status, StatusCode::METHOD_NOT_ALLOWED);
}
