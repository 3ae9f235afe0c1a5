//! Lists, page by page.

use std::collections::BTreeSet;

use contracts::{Cents, OrderId, Uuid};
use jiff::SignedDuration;
use serde_json::Value;

use super::http::Shop;
use super::story::{EVERYTHING, START, story};
use crate::Inbound;

/// An order, placed so many seconds after the start; some of the same second, some of the same sum.
fn placed(nth: u32) -> Inbound {
    let mut placed = story("place a 100 on_account").remove(0);
    if let Inbound::OrderPlaced(it) = &mut placed {
        it.order = OrderId(Uuid::new_v5(&Uuid::nil(), &nth.to_be_bytes()));
        it.order_no = format!("K-{nth:06}");
        it.placed_at = START + SignedDuration::from_secs(i64::from(nth / 3));
        it.total = Cents(i64::from(nth % 7));
        it.customer = format!("C-{}", nth % 2).parse().unwrap();
    }
    placed
}

impl Shop {
    async fn place(&mut self, orders: std::ops::Range<u32>) {
        let inputs = self.bench.post(orders.map(placed));
        self.bench.hear(&inputs).await;
    }

    async fn paged(&self, query: &str) -> (Vec<String>, Option<String>) {
        let page = self.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        let number = |it: &Value| it["order_no"].as_str().unwrap().to_owned();
        let numbers = page["orders"].as_array().unwrap().iter().map(number).collect();
        (numbers, page["next"].as_str().map(str::to_owned))
    }

    /// Follows `next` to the end. New orders come in before each page.
    async fn walk(&mut self, query: &str, new: &mut impl Iterator<Item = u32>) -> Vec<String> {
        let (mut seen, mut after) = (vec![], String::new());
        loop {
            if let Some(nth) = new.next() {
                self.place(nth..nth + 1).await;
            }
            let (numbers, next) = self.paged(&format!("limit=10&{query}{after}")).await;
            seen.extend(numbers);
            let Some(next) = next else { return seen };
            after = format!("&after={next}");
        }
    }
}

#[tokio::test]
async fn every_sort_walks_all_orders_once_while_others_come_in() {
    let mut shop = Shop::open().await;
    shop.place(0..100).await;
    let old: BTreeSet<String> = (0..100).map(|it| format!("K-{it:06}")).collect();
    let mut new = 100..;
    for sort in ["newest", "oldest", "largest", "smallest"] {
        let seen = shop.walk(&format!("sort={sort}"), &mut new).await;
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "{sort}: none twice");
        assert!(distinct.is_superset(&old), "{sort}: none missing");
    }
}

#[tokio::test]
async fn orders_are_sorted_and_filtered() {
    let mut shop = Shop::open().await;
    shop.place(0..30).await;
    let mut none = 0..0;

    let newest = shop.walk("", &mut none).await;
    let mut oldest = shop.walk("sort=oldest", &mut none).await;
    oldest.reverse();
    assert_eq!(newest, oldest);
    assert_eq!(&newest[..3].iter().max().unwrap()[..], "K-000029");

    let (largest, _) = shop.paged("sort=largest&limit=4").await;
    assert!(largest.iter().all(|it| it[2..].parse::<u32>().unwrap() % 7 == 6));

    assert_eq!(shop.walk("customer=C-1", &mut none).await.len(), 15);
    assert_eq!(shop.walk("customer=C-2", &mut none).await.len(), 0);
    assert_eq!(shop.walk("order_no=K-00001", &mut none).await.len(), 10);
    assert_eq!(shop.walk("order_no=00001", &mut none).await.len(), 0);
    assert_eq!(shop.walk("order_no=K-%25", &mut none).await.len(), 0);
    let (from, to) = ("1970-01-01T00:00:02Z", "1970-01-01T00:00:04Z");
    let between = format!("placed_from={from}&placed_to={to}");
    assert_eq!(shop.walk(&between, &mut none).await.len(), 6);
    assert_eq!(shop.walk("channel=webshop&terms=on_account", &mut none).await.len(), 30);
    assert_eq!(shop.walk("terms=prepaid", &mut none).await.len(), 0);
}

#[tokio::test]
async fn orders_are_found_by_where_they_are() {
    let mut shop = Shop::open().await;
    shop.hear(EVERYTHING).await;
    let mut none = 0..0;
    assert_eq!(shop.walk("status=completed", &mut none).await, ["K-a"]);
    let over = shop.walk("status=completed,cancelled&sort=oldest", &mut none).await;
    assert_eq!(over, ["K-a", "K-b", "K-c", "K-d"]);
    assert_eq!(shop.walk("status=cancelled&terms=prepaid", &mut none).await, ["K-b"]);
    assert_eq!(shop.walk("status=checking", &mut none).await.len(), 0);
}

#[tokio::test]
async fn what_a_list_does_not_understand_it_refuses() {
    let mut shop = Shop::open().await;
    shop.place(0..20).await;
    let (_, next) = shop.paged("limit=10").await;
    let next = next.unwrap();
    for query in [
        format!("sort=oldest&after={next}"),
        "after=n1".to_owned(),
        format!("after=n{}-{}", i64::MAX, Uuid::nil().simple()),
        "limit=0".to_owned(),
        "limit=201".to_owned(),
        "status=nowhere".to_owned(),
        "colour=red".to_owned(),
        "terms=later".to_owned(),
        "placed_from=yesterday".to_owned(),
        "customer=%00".to_owned(),
    ] {
        let refused = shop.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.problem().starts_with("400 malformed: "), "{query}");
    }
}
