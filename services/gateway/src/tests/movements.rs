//! The movements of an item in a warehouse, walked back to the first.

use serde_json::{Value, json};

use super::http::{Shop, WEBSHOP};

const CHINESE: (&str, &str) = ("accept-language", "zh-CN");

/// A hundred and thirty receipts in SH1.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.house.is_used_to(|subject, asked| {
        if subject != "inventory.moves-of.v1" {
            return None;
        }
        let last = if asked["warehouse"] == "SH1" { 130 } else { 0 };
        let before = asked["before"].as_i64().unwrap_or(last + 1);
        let numbers = (1..before).rev().take(usize::try_from(asked["limit"].as_u64()?).ok()?);
        let receipt = |number: i64| {
            json!({ "number": number, "kind": "RECEIPT", "good": number, "quarantine": 0,
                "damaged": 0, "reserved": 0, "allocated": 0, "order": null,
                "document": format!("DN-{number}"), "at": "1970-01-01T00:00:00Z" })
        };
        Some(("", numbers.map(receipt).collect()))
    });
    shop
}

const MOVES: &str = "/v1/stock/KB-87/warehouses/SH1/movements";

#[tokio::test]
async fn the_api_walks_back_to_the_first_movement() {
    let shop = shop().await;
    let (mut walked, mut path) = (vec![], format!("{MOVES}?limit=40"));
    loop {
        let page = shop.get(&path).await.json();
        let moves = page["movements"].as_array().unwrap();
        walked.extend(moves.iter().filter_map(|it| it["number"].as_i64()));
        let Some(next) = page["next"].as_i64() else { break };
        path = format!("{MOVES}?limit=40&after={next}");
    }
    assert_eq!(walked, (1..=130).rev().collect::<Vec<i64>>());
    assert_eq!(shop.get(&format!("{MOVES}?limit=130")).await.json()["next"], Value::Null);
    for bad in ["limit=0", "limit=201", "after=0", "after=x", "before=3"] {
        assert_eq!(shop.get(&format!("{MOVES}?{bad}")).await.status, 400, "{bad}");
    }
    let nowhere = "/v1/stock/KB-87/warehouses/BJ1/movements";
    assert_eq!(shop.get(nowhere).await.status, 404);
    assert_eq!(shop.send(&format!("GET {MOVES}"), &[WEBSHOP], "").await.status, 403);
}

#[tokio::test]
async fn the_page_of_a_shelf_leads_to_older_movements() {
    let shop = shop().await;
    let (mut seen, mut path) = (vec![], "/stock/KB-87/SH1".to_owned());
    loop {
        let page = shop.page(&path, &[]).await.text;
        let documents = page.split("DN-").skip(1).map(|it| it.split('<').next().unwrap());
        seen.extend(documents.map(|it| it.trim().parse::<i64>().unwrap()));
        let Some((before, _)) = page.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit_once("href=\"").unwrap().1.to_owned();
    }
    assert_eq!(path, "/stock/KB-87/SH1?after=31");
    assert_eq!(seen, (1..=130).rev().collect::<Vec<i64>>());
    let chinese = shop.page(&path, &[CHINESE]).await.text;
    assert!(chinese.contains("全部变动") && chinese.contains("入库"), "{chinese}");
}
