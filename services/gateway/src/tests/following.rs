//! Following statuses over HTTP: what is written, and what is refused.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt;
use tower::ServiceExt;

use super::http::{MARKET, Shop, WEBSHOP};
use crate::GatewaySettings;

const PATH: &str = "/v1/channels/webshop/statuses";

/// What is written until nothing comes for a while.
async fn written(body: &mut BodyDataStream) -> String {
    let mut text = String::new();
    let patience = Duration::from_millis(400);
    while let Ok(Some(frame)) = tokio::time::timeout(patience, body.next()).await {
        text.push_str(std::str::from_utf8(&frame.unwrap()).unwrap());
    }
    text
}

async fn follow(shop: &Shop, path: &str, last: Option<&str>) -> BodyDataStream {
    let request = Request::get(path).header(WEBSHOP.0, WEBSHOP.1);
    let request = last.into_iter().fold(request, |it, last| it.header("last-event-id", last));
    let response = shop.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let header = |name| response.headers().get(name).map_or("", |it| it.to_str().unwrap());
    assert_eq!(response.status(), 200);
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-accel-buffering"), "no");
    response.into_body().into_data_stream()
}

#[tokio::test]
async fn statuses_are_written_as_events_and_read_on_by_their_id() {
    let shop = Shop::open().await;
    shop.paper.write("webshop", "W-1");
    let following = shop.following.clone();
    let reader = chassis::task::spawn("reader", async move { following.read_on().await });
    let mut body = follow(&shop, PATH, None).await;
    assert_eq!(written(&mut body).await, "retry: 2000\nid: a1-1\n\n");

    for order in ["W-1", "W-2"] {
        shop.paper.write("webshop", order);
        shop.paper.write("market", order);
    }
    let first = "id: a1-2\nevent: status\ndata: {\"external_id\":\"W-1\",\"number\":2}\n\n";
    let second = "id: a1-4\nevent: status\ndata: {\"external_id\":\"W-2\",\"number\":1}\n\n";
    assert_eq!(written(&mut body).await, [first, second].concat());
    drop(body);

    let mut one = follow(&shop, &format!("{PATH}?order=W-2&from=start"), None).await;
    assert_eq!(written(&mut one).await, ["retry: 2000\nid: a1-0\n\n", second].concat());
    let resumed = ["retry: 2000\nid: a1-2\n\n", second].concat();
    let mut again = follow(&shop, PATH, Some("a1-2")).await;
    assert_eq!(written(&mut again).await, resumed);
    let mut polyfilled = follow(&shop, &format!("{PATH}?last_event_id=a1-2"), None).await;
    assert_eq!(written(&mut polyfilled).await, resumed);

    let mut lost = follow(&shop, PATH, Some("a0-2")).await;
    let reset = "retry: 2000\nid: a1-0\n\nid: a1-0\nevent: reset\ndata: {\"reason\":\"lost\"}\n\n";
    assert!(written(&mut lost).await.starts_with(reset));

    shop.close.send_replace(true);
    for mut it in [one, again, polyfilled, lost] {
        assert!(it.next().await.is_none());
    }
    reader.abort();
}

#[tokio::test]
async fn a_comment_tells_that_we_are_there() {
    let settings = GatewaySettings { heartbeat_ms: 100, ..GatewaySettings::default() };
    let shop = Shop::with(settings).await;
    let mut body = follow(&shop, PATH, None).await;
    let mut text = String::new();
    for _ in 0..3 {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    let alive = ": alive\nid: a1-0\n\n";
    assert_eq!(text, ["retry: 2000\nid: a1-0\n\n", alive, alive].concat());
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_with_every_fault() {
    let shop = Shop::with(GatewaySettings { followers: 0, ..GatewaySettings::default() }).await;
    let get = async |path: &str| shop.get(path).await;
    let wrong = get("/v1/channels/web.shop/statuses?order=W%201&last_event_id=7").await.problem();
    assert!(wrong.starts_with("400 malformed: channel: "), "{wrong}");
    for part in ["; order: ", "; last_event_id: \"7\", not the id of an event"] {
        assert!(wrong.contains(part), "{wrong}");
    }
    assert_eq!(get(&format!("{PATH}?from=end")).await.status, 400);
    let market = Request::get(PATH).header(MARKET.0, MARKET.1).body(Body::empty()).unwrap();
    assert_eq!(shop.call(market).await.problem(), "404 not-found: \n");

    let full = get(PATH).await;
    assert_eq!(full.problem(), "503 busy: So many follow already\n");
    assert_eq!(full.header("retry-after"), "5");

    let shop = Shop::open().await;
    shop.paper.set_gone(true);
    let gone = shop.get(PATH).await;
    assert_eq!(gone.problem(), "503 unavailable: \n");
    assert_eq!(gone.header("retry-after"), "1");
}
