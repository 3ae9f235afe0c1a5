//! The movements of an item as files: every one of them, however many there are.

use std::io::Cursor;

use axum::body::Bytes;
use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use super::http::Shop;

/// How many movements there were in each warehouse. The first page comes with how it stands.
const LAST: [(&str, i64); 3] = [("BJ1", 130), ("GZ1", 0), ("SH1", 2_350)];

/// Each brought as many units as its number.
fn movement(number: i64) -> Value {
    json!({ "number": number, "kind": "RECEIPT", "good": number, "quarantine": 0, "damaged": 0,
        "reserved": 0, "allocated": 0, "order": null, "document": format!("DN-{number}"),
        "at": "1970-01-01T00:00:00Z" })
}

fn before(number: i64, most: i64) -> Value {
    (1..number).rev().take(usize::try_from(most).unwrap()).map(movement).collect()
}

/// What inventory answers. It never tells more than it has room for.
fn inventory(subject: &str, asked: &Value) -> Option<(&'static str, Value)> {
    match subject {
        "inventory.stock-of.v1" => {
            let shelf = |(warehouse, last): (&str, i64)| {
                json!({ "sku": "KB-87", "warehouse": warehouse, "good": 4, "quarantine": 0,
                    "damaged": 0, "reserved": 0, "allocated": 0, "backordered": 0,
                    "moves": before(last + 1, 100) })
            };
            Some(("", LAST.map(shelf).into_iter().collect()))
        }
        "inventory.moves-of.v1" => {
            let most = asked["limit"].as_i64()?;
            assert!((1..=1_000).contains(&most), "memory has a bound: {most}");
            let last = LAST.iter().find(|it| asked["warehouse"] == it.0).map_or(0, |it| it.1);
            Some(("", before(asked["before"].as_i64().unwrap_or(last + 1), most)))
        }
        _ => None,
    }
}

/// Warehouse, number and units of each row, and the totals.
type Told = (Vec<[String; 3]>, [String; 2]);

async fn told(shop: &Shop, format: &str, query: &str) -> Told {
    let path = format!("/v1/stock/KB-87/movements/export?format={format}{query}");
    let (status, _, bytes) = shop.file(&path).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    match format {
        "csv" => from_csv(&bytes),
        "xlsx" => from_xlsx(&bytes),
        _ => from_json(&bytes),
    }
}

fn from_csv(bytes: &Bytes) -> Told {
    let mut reader = csv::ReaderBuilder::new().from_reader(&bytes[3..]);
    let mut rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let totals = rows.split_off(rows.len() - 2);
    let row = |it: &csv::StringRecord| [1, 2, 5].map(|at| it[at].to_owned());
    (rows.iter().map(row).collect(), [totals[0][1].to_owned(), totals[1][1].to_owned()])
}

fn from_xlsx(bytes: &Bytes) -> Told {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    let [rows, totals] = [0, 1].map(|nth| book.worksheet_range_at(nth).unwrap().unwrap());
    let row = |it: &[Data]| [1, 2, 5].map(|at| it[at].to_string());
    let total = |nth| totals.get((nth, 1)).unwrap().to_string();
    (rows.rows().skip(1).map(row).collect(), [total(0), total(1)])
}

fn from_json(bytes: &Bytes) -> Told {
    let whole: Value = serde_json::from_slice(bytes).unwrap();
    let row = |it: &Value| {
        let warehouse = it["warehouse"].as_str().unwrap().to_owned();
        [warehouse, it["number"].to_string(), it["good"].to_string()]
    };
    let rows = whole["rows"].as_array().unwrap().iter().map(row).collect();
    (rows, ["movements", "units"].map(|it| whole["totals"][it].to_string()))
}

#[tokio::test]
async fn every_movement_goes_out_back_to_the_first() {
    let shop = Shop::open().await;
    shop.house.is_used_to(inventory);
    for (query, warehouses) in
        [("", vec!["BJ1", "GZ1", "SH1"]), ("&warehouse=SH1", vec!["SH1"]), ("&warehouse=X", vec![])]
    {
        let mut expected = vec![];
        for (warehouse, last) in LAST.into_iter().filter(|it| warehouses.contains(&it.0)) {
            let row = |it: i64| [warehouse.to_owned(), it.to_string(), it.to_string()];
            expected.extend((1..=last).rev().map(row));
        }
        let units: i64 = expected.iter().map(|it| it[2].parse::<i64>().unwrap()).sum();
        let totals = [expected.len().to_string(), units.to_string()];
        for format in ["csv", "xlsx", "json"] {
            let (rows, told) = told(&shop, format, query).await;
            assert!(rows == expected, "{format} {query}: {} rows", rows.len());
            assert_eq!(told, totals, "{format} {query}");
        }
    }
}

#[tokio::test]
async fn a_shelf_hands_out_what_it_leads_back_to() {
    let shop = Shop::open().await;
    shop.house.is_used_to(inventory);
    let page = shop.page("/stock/KB-87/SH1", &[]).await.text;
    let link = "/export/stock/KB-87?warehouse=SH1&amp;format=csv";
    assert!(page.contains(&format!("href=\"{link}\"")), "{page}");
    let (status, name, bytes) = shop.file(&link.replace("&amp;", "&")).await;
    assert!(status == 200 && name.contains("movements.csv"), "{name}");
    assert_eq!(from_csv(&bytes).1[0], "2350");
}

#[tokio::test]
async fn half_a_table_is_none() {
    let shop = Shop::open().await;
    // Inventory falls silent after the first page.
    shop.house.is_used_to(|subject, asked| {
        inventory(subject, asked).filter(|_| subject == "inventory.stock-of.v1")
    });
    let (status, _, bytes) = shop.file("/v1/stock/KB-87/movements/export?format=csv").await;
    assert_eq!(status, 503, "{}", String::from_utf8_lossy(&bytes));
}
