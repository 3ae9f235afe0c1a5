//! Pages that move by themselves.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt;
use serde_json::Value;
use tower::ServiceExt;

use super::crew;
use super::http::Shop;
use super::story::order;

/// A page that is open.
struct Open(BodyDataStream, String);

impl Shop {
    async fn follow(&self, query: &str, language: &str) -> Open {
        let request = Request::get(format!("/console/live?{query}"))
            .header("accept-language", language)
            .body(Body::empty())
            .unwrap();
        let response = self.router.clone().oneshot(crew::known(request)).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Open(response.into_body().into_data_stream(), String::new())
    }
}

impl Open {
    /// The next rows that it is told, or nothing for so long.
    async fn rows(&mut self, wait: Duration) -> Option<Vec<Value>> {
        let read = async {
            loop {
                if let Some((event, rest)) = self.1.split_once("\n\n") {
                    let (event, rest) = (event.to_owned(), rest.to_owned());
                    self.1 = rest;
                    if let Some(data) = event.lines().find_map(|it| it.strip_prefix("data: ")) {
                        assert!(event.starts_with("event: rows"), "{event}");
                        return Some(serde_json::from_str(data).unwrap());
                    }
                    continue;
                }
                let bytes = self.0.next().await?.unwrap();
                self.1 += std::str::from_utf8(&bytes).unwrap();
            }
        };
        tokio::time::timeout(wait, read).await.ok().flatten()
    }
}

const SOON: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(1_700);

fn seen(name: &str, version: i64) -> String {
    format!("watch={}.{version}", order(name).0.simple())
}

#[tokio::test]
async fn rows_move_and_new_ones_come_without_being_asked_for() {
    let mut shop = Shop::open().await;
    shop.hear("place a 113000 on_account").await;
    let mut table = shop.follow(&format!("{}&also=yes", seen("a", 1)), "en").await;
    assert_eq!(table.rows(QUIET).await, None, "what it shows it is not told again");

    shop.hear("status a 1 credit_hold").await;
    shop.beat.send_replace(());
    let rows = table.rows(SOON).await.unwrap();
    assert_eq!((rows.len(), &rows[0]["version"]), (1, &Value::from(2)));
    let html = rows[0]["html"].as_str().unwrap();
    assert!(html.contains("On credit hold") && html.contains("data-version=\"2\""), "{html}");

    shop.hear("place b 5000 prepaid").await; // And nobody says so: another process heard it.
    let rows = table.rows(SOON).await.unwrap();
    assert!(rows[0]["html"].as_str().unwrap().contains(">K-b</a>"));
    shop.hear("status b 1 confirmed").await;
    let rows = table.rows(SOON).await.unwrap();
    assert!(rows[0]["html"].as_str().unwrap().contains("Confirmed"), "what came is followed, too");
}

#[tokio::test]
async fn a_page_is_told_what_belongs_on_it_and_in_its_language() {
    let mut shop = Shop::open().await;
    shop.hear("place a 113000 on_account; place b 5000 prepaid").await;
    let mut order_page = shop.follow(&seen("a", 1), "zh").await;
    let mut held = shop.follow("watch=&also=yes&status=credit_hold", "en").await;
    let mut late = shop.follow("watch=&also=yes&since=999999999999", "en").await;

    shop.hear("status b 1 credit_hold; status a 1 confirmed").await;
    shop.beat.send_replace(());
    let rows = order_page.rows(SOON).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0]["html"].as_str().unwrap().contains("已确认"));
    let rows = held.rows(SOON).await.unwrap();
    assert!(rows.len() == 1 && rows[0]["html"].as_str().unwrap().contains("K-b"));
    assert_eq!(late.rows(QUIET).await, None);
    for bad in ["watch=x", "watch=&also=yes&status=nowhere", "since=x&also=yes"] {
        assert_eq!(shop.get(&format!("/console/live?{bad}")).await.status, 400, "{bad}");
    }
}

/// In a rush a page is told what it has room for, and what scrolled off it is not followed any more.
#[tokio::test]
async fn a_page_is_told_of_no_more_than_it_has_room_for() {
    let mut shop = Shop::open().await;
    let mut page = shop.follow("watch=&also=yes", "en").await;
    let names: Vec<char> = ('0'..='z').filter(char::is_ascii_alphanumeric).collect();
    let story: Vec<String> = names.iter().map(|it| format!("place {it} 5000 prepaid")).collect();
    shop.hear(&story.join("; ")).await;
    shop.beat.send_replace(());
    let rows = page.rows(SOON).await.unwrap();
    assert_eq!((names.len(), rows.len(), shop.live.watched()), (62, 50, 50));
    assert!(rows[0]["html"].as_str().unwrap().contains(">K-C</a>"), "the newest 50: {}", rows[0]);

    shop.hear("status 0 1 confirmed; status z 1 confirmed").await;
    shop.beat.send_replace(());
    let rows = page.rows(SOON).await.unwrap();
    assert_eq!(rows.len(), 1, "what has no room is not told");
    assert!(rows[0]["html"].as_str().unwrap().contains(">K-z</a>"));
}

/// Whoever was away comes back with what they show, and is told what they missed.
#[tokio::test]
async fn what_was_missed_is_told_at_the_next_connection() {
    let mut shop = Shop::open().await;
    shop.hear("place a 113000 on_account").await;
    let mut other = shop.follow(&seen("a", 1), "en").await;
    shop.hear("status a 1 confirmed").await;
    assert!(other.rows(SOON).await.is_some());
    let mut back = shop.follow(&seen("a", 1), "en").await;
    let rows = back.rows(SOON).await.unwrap();
    assert_eq!(rows[0]["version"], 2);
    assert_eq!(other.rows(QUIET).await, None, "the other knows it already");
}

#[tokio::test]
async fn open_pages_end_with_the_gateway_and_nobody_is_forgotten() {
    let shop = Shop::open().await;
    let mut pages = Vec::new();
    for _ in 0..200 {
        pages.push(shop.follow("watch=&also=yes", "en").await);
    }
    assert_eq!(shop.live.viewers(), 200);
    pages.truncate(3);
    assert_eq!(shop.live.viewers(), 3);
    shop.live.close();
    for page in &mut pages {
        let end = tokio::time::timeout(SOON, page.0.next()).await;
        assert!(end.unwrap().is_none(), "it ends");
    }
}
