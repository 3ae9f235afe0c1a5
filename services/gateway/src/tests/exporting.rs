//! Tables as files: what is read back is what was there, whatever it is written as.

use std::collections::BTreeMap;
use std::io::Cursor;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use calamine::{Data, Reader, Xlsx};
use contracts::{Cents, Currency, OrderId, Uuid};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::http::Shop;
use super::story::{EVERYTHING, START, order, story};
use crate::{GatewaySettings, Inbound};

/// An order whose texts and figures are of every awkward kind.
fn placed(nth: u32) -> Inbound {
    let mut placed = story("place a 100 on_account").remove(0);
    if let Inbound::OrderPlaced(it) = &mut placed {
        it.order = OrderId(Uuid::new_v5(&Uuid::nil(), &nth.to_be_bytes()));
        it.order_no = format!("K-{nth:06}");
        it.placed_at = START + SignedDuration::from_secs(i64::from(nth));
        let awkward = ["=1+1", "+1", "-1", "@cmd", "\tx", "a,\"b\"", "两\r\n行", "plain"];
        it.lines[0].name = awkward[nth as usize % awkward.len()].to_owned();
        it.lines[0].quantity = i64::from(nth) + 1;
        let currencies =
            [Currency::CNY, Currency::new("JPY").unwrap(), Currency::new("KWD").unwrap()];
        it.currency = currencies[nth as usize % 3];
        it.total = Cents(90_000_000_000_000 + i64::from(nth) * 7);
        it.customer = format!("=C-{}", nth % 2).parse().unwrap();
    }
    placed
}

/// Orders, units and amounts.
type Sums = (i64, i128, BTreeMap<String, i128>);

/// The rows as texts, and the totals that stand with them.
type Table = (Vec<Vec<String>>, Sums);

impl Shop {
    pub(super) async fn file(&self, path: &str) -> (StatusCode, String, Bytes) {
        let request = Request::get(path).header("accept-language", "en");
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(super::crew::known(request)).await.unwrap();
        let status = response.status();
        let name = response.headers().get("content-disposition");
        let name = name.map_or("", |it| it.to_str().unwrap()).to_owned();
        (status, name, to_bytes(response.into_body(), usize::MAX).await.unwrap())
    }

    async fn exported(&self, what: &str, query: &str) -> [Table; 3] {
        let mut all = vec![];
        for format in ["csv", "xlsx", "json"] {
            let path = format!("{what}?format={format}&{query}");
            let (status, name, bytes) = self.file(&path).await;
            assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
            assert!(name.contains(&format!(".{format}\"")), "{name}");
            all.push(match format {
                "csv" => from_csv(&bytes),
                "xlsx" => from_xlsx(&bytes),
                _ => from_json(&bytes),
            });
        }
        all.try_into().unwrap()
    }

    /// What the books say, by themselves.
    async fn sums(&self, condition: &'static str) -> Sums {
        let sql = format!(
            "select currency, count(*), sum(total_cents)::text,
                    sum((select sum((line ->> 'quantity')::bigint)
                           from json_array_elements(lines) line))::bigint
               from order_view where {condition} group by currency"
        );
        let rows: Vec<(String, i64, String, i64)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.bench.db).await.unwrap();
        let amounts = rows.iter().map(|it| (it.0.clone(), it.2.parse().unwrap())).collect();
        let units = rows.iter().map(|it| i128::from(it.3)).sum();
        (rows.iter().map(|it| it.1).sum(), units, amounts)
    }
}

fn sums(totals: &[(String, String)]) -> Sums {
    let amounts = totals[2..].iter().map(|(name, figure)| {
        let currency = name.strip_prefix("In all: ").unwrap().split(',').next().unwrap();
        (currency.to_owned(), figure.parse().unwrap())
    });
    (totals[0].1.parse().unwrap(), totals[1].1.parse().unwrap(), amounts.collect())
}

fn from_csv(bytes: &[u8]) -> Table {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("the mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().from_reader(text);
    assert_eq!(&reader.headers().unwrap()[0], "Order");
    let rows = reader.records().map(|it| it.unwrap().iter().map(str::to_owned).collect());
    let rows: Vec<Vec<String>> = rows.collect();
    let begin = rows.iter().position(|it| it[0].starts_with("In all")).unwrap();
    let totals: Vec<_> = rows[begin..].iter().map(|it| (it[0].clone(), it[1].clone())).collect();
    let unguarded = |it: &String| it.strip_prefix('\'').unwrap_or(it).to_owned();
    let guarded = |it: &&String| it.starts_with(['=', '+', '-', '@', '\t', '\r']);
    assert_eq!(rows[..begin].iter().flatten().find(guarded), None, "no formula");
    (rows[..begin].iter().map(|it| it.iter().map(unguarded).collect()).collect(), sums(&totals))
}

fn from_xlsx(bytes: &[u8]) -> Table {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    assert!(book.worksheet_formula("Orders").unwrap().is_empty());
    let text = |cell: &Data| {
        let Data::DateTime(at) = cell else { return cell.to_string() };
        let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    };
    let sheet = book.worksheet_range("Orders").unwrap();
    let rows = sheet.rows().skip(1).map(|it| it.iter().map(text).collect());
    let rows: Vec<Vec<String>> = rows.collect();
    let totals = book.worksheet_range("In all").unwrap();
    let totals: Vec<_> = totals.rows().map(|it| (text(&it[0]), text(&it[1]))).collect();
    (rows, sums(&totals))
}

fn from_json(bytes: &[u8]) -> Table {
    let whole: Value = serde_json::from_slice(bytes).unwrap();
    let text = |it: &Value| {
        let written = || if it.is_null() { String::new() } else { it.to_string() };
        it.as_str().map_or_else(written, str::to_owned)
    };
    let totals = &whole["totals"];
    let amounts = totals["amounts"].as_object().unwrap().iter();
    let amounts = amounts.map(|it| (it.0.clone(), it.1.to_string().parse().unwrap())).collect();
    let units = totals["units"].to_string().parse().unwrap();
    let rows = whole["rows"].as_array().unwrap();
    let names = ["order_no", "customer", "product", "quantity", "placed_at", "total_minor"];
    let rows = rows.iter().map(|it| names.map(|name| text(&it[name])).to_vec()).collect();
    (rows, (totals["orders"].as_i64().unwrap(), units, amounts))
}

/// The columns that stand the same in every file.
fn columns(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter().map(|it| [0, 2, 3, 4, 5, 17].map(|at| it[at].clone()).to_vec()).collect()
}

#[tokio::test]
async fn three_files_say_the_same_as_the_books() {
    let mut shop = Shop::open().await;
    let inputs = shop.bench.post((0..600).map(placed));
    shop.bench.hear(&inputs).await;
    for (query, condition) in [
        ("sort=oldest", "true"),
        ("sort=largest&customer=%3DC-1", "customer = '=C-1'"),
        ("placed_from=1970-01-01T00:01:40Z", "placed_at >= '1970-01-01T00:01:40Z'"),
        ("customer=nobody", "false"),
    ] {
        let [csv, xlsx, json] = shop.exported("/v1/orders/export", query).await;
        assert_eq!(columns(&csv.0), json.0, "{query}");
        assert_eq!(columns(&xlsx.0), json.0, "{query}");
        assert_eq!(i64::try_from(csv.0.len()).unwrap(), csv.1.0, "{query}");
        let books = shop.sums(condition).await;
        assert_eq!((&csv.1, &xlsx.1, &json.1), (&books, &books, &books), "{query}");
    }
}

#[tokio::test]
async fn a_page_hands_out_what_it_shows() {
    let mut shop = Shop::open().await;
    shop.hear(EVERYTHING).await;
    shop.house.knows(
        "inventory.stock-of.v1",
        json!([{
            "sku": "KB-87", "warehouse": "SH1", "good": 4, "quarantine": 0, "damaged": 0,
            "reserved": 0, "allocated": 0, "backordered": 0,
            "moves": [{
                "number": 1, "kind": "SHIP", "good": -2, "quarantine": 0, "damaged": 0,
                "reserved": 0, "allocated": -2, "order": order("a"), "document": "=1",
                "at": "1970-01-01T00:09:00Z",
            }],
        }]),
    );
    for (page, link, expected) in [
        (
            "/?status=cancelled&sort=oldest",
            "/export/orders?status=cancelled&#38;sort=oldest&#38;",
            "K-b",
        ),
        ("/holds", "/export/holds?", "Order,Status,Held since (UTC)"),
        ("/stock?q=KB", "/export/stock?q=KB&#38;", "KB-87,"),
        (
            "/stock/KB-87",
            "/export/stock/KB-87?",
            "KB-87,SH1,1,1970-01-01T00:09:00Z,Shipped,-2,0,0,0,-2,'=1",
        ),
    ] {
        let html = shop.page(page, &[]).await.text;
        let link = format!("href=\"{link}format=csv\"");
        assert!(html.contains(&link), "{page}: {link}\n{html}");
        let path = link[6..link.len() - 1].replace("&#38;", "&");
        let (status, _, bytes) = shop.file(&path).await;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(status, 200, "{text}");
        assert!(text.contains(expected), "{path}: {text}");
        assert!(!text.contains("K-a"), "{path}: {text}");
    }
}

#[tokio::test]
async fn holds_go_out_in_the_order_of_the_page() {
    let mut shop = Shop::open().await;
    let place = "place a 700 on_account; place b 800 on_account; place c 900 on_account";
    let held = |it| format!("; status {it} 1 checking; hold {it} 700 -; status {it} 2 credit_hold");
    shop.hear(&[place, &held("b"), &held("c"), &held("a")].concat()).await;
    let order = |text: &str| {
        let mut all = ["K-a", "K-b", "K-c"].map(|it| (text.find(it), it));
        all.sort_unstable();
        all.map(|it| it.1)
    };
    let page = shop.page("/holds", &[]).await.text;
    assert_eq!(order(&page), ["K-b", "K-c", "K-a"], "who is held longest comes first");
    let file = shop.page("/export/holds?format=csv", &[]).await.text;
    assert_eq!(order(&file), ["K-b", "K-c", "K-a"], "{file}");
}

#[tokio::test]
async fn headings_are_in_the_readers_language() {
    let shop = Shop::open().await;
    let chinese = shop.page("/v1/orders/export?format=csv", &[("accept-language", "zh-CN")]).await;
    assert!(chinese.text.starts_with("\u{feff}订单号,状态,客户,产品,数量,"), "{}", chinese.text);
    assert!(chinese.text.contains("\r\n合计: 订单,0,"), "{}", chinese.text);
}

#[tokio::test]
async fn too_much_and_too_many_are_refused() {
    let settings = GatewaySettings { export_rows: 2, ..GatewaySettings::default() };
    let mut shop = Shop::with(settings).await;
    let inputs = shop.bench.post((0..3).map(placed));
    shop.bench.hear(&inputs).await;
    let refused = shop.get("/v1/orders/export?format=json").await;
    assert_eq!(refused.problem(), "422 too-many: more than 2: ask for fewer, by a filter\n");
    assert_eq!(shop.get("/v1/orders/export?format=json&customer=%3DC-0").await.status, 200);
    assert_eq!(shop.get("/v1/orders/export?format=pdf").await.status, 400);
    assert_eq!(shop.get("/v1/orders/export").await.status, 400);

    let shop = Shop::with(GatewaySettings { exports: 0, ..GatewaySettings::default() }).await;
    assert_eq!(shop.get("/v1/orders/export?format=csv").await.problem(), "503 busy: \n");
}
