//! What is decided on the console's pages.

use axum::body::Body;
use axum::http::Request;
use contracts::Actor;
use contracts::Cents;
use contracts::credit::{HoldReleased, ReleaseHoldAnswer, ReleaseRefusal, ReleaseRefused};
use contracts::intake::{CancelOrderAnswer, CancelReason, OrderCancelled};
use serde_json::json;

use super::http::{Reply, Shop};
use super::story::order;
use crate::GatewaySettings;

const KEY: &str = "key=018f3c1e-7a2b-7cde-8f01-23456789abcd";
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn held() -> Shop {
    let settings = GatewaySettings { page_wait_ms: 20, ..GatewaySettings::default() };
    let mut shop = Shop::with(settings).await;
    shop.hear("place a 90000 on_account; status a 1 checking; hold a 90000 overdue_60").await;
    shop.hear("status a 2 credit_hold").await;
    shop.house.knows("credit.why.v1", json!([]));
    shop.house.knows("allocation.why.v1", json!([]));
    shop
}

impl Shop {
    async fn fill(&self, what: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let path = format!("/orders/{}/{what}", order("a"));
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "kontor.example");
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

fn let_go() -> HoldReleased {
    HoldReleased {
        order: order("a"),
        customer: "C-7".parse().unwrap(),
        authorised: Cents(90_000),
        payment_days: 30,
        by: Actor("wang.fang".to_owned()),
        reason: "known".to_owned(),
    }
}

#[tokio::test]
async fn an_order_offers_what_may_be_decided_about_it() {
    let mut shop = held().await;
    let page = shop.get("/orders/K-a").await.text;
    assert!(page.contains("/credit/release\"") && page.contains("/credit/refuse\""));
    assert!(page.contains("/cancel\""));
    let holds = shop.get("/holds").await.text;
    for text in [">K-a</a>", "CNY 900.00", "Overdue by 60 days", "/credit/release\"", " d "] {
        assert!(holds.contains(text), "{text}");
    }
    shop.hear("let-go a wang.fang; status a 3 confirmed").await;
    let page = shop.get("/orders/K-a").await.text;
    assert!(!page.contains("/credit/release\"") && page.contains("/cancel\""));
    assert!(shop.get("/holds").await.text.contains("No order is held."));
}

#[tokio::test]
async fn what_a_form_decides_is_told_once_with_who_and_why() {
    let shop = held().await;
    shop.house.will_say::<ReleaseHoldAnswer>(let_go());
    shop.house.will_say::<ReleaseHoldAnswer>(let_go());
    let form = format!("reason=known&{KEY}");
    let done = shop.fill("credit/release", &[OURS], &form).await;
    assert_eq!(done.status, 200);
    assert!(
        done.text.contains("class=\"said good\"") && done.text.contains("The credit is released.")
    );
    shop.fill("credit/release", &[OURS], &form).await;
    let (ids, told) = shop.house.told();
    assert_eq!(ids[0], ids[1], "the same form is the same command");
    let command = told.lines().next().unwrap();
    for word in ["credit.release", "\"by\":\"wang.fang\"", "\"tier\":2", "\"reason\":\"known\""] {
        assert!(command.contains(word), "{command}");
    }

    shop.house.will_say::<CancelOrderAnswer>(OrderCancelled {
        order: order("a"),
        customer: "C-7".parse().unwrap(),
        because: CancelReason::Asked,
        by: Actor("li".to_owned()),
        remark: String::new(),
    });
    let form = format!("reason=twice&{KEY}");
    let done = shop.fill("cancel", &[OURS], &form).await;
    assert!(done.text.contains("The order is cancelled."));
}

#[tokio::test]
async fn what_is_refused_is_said_on_the_page() {
    let shop = held().await;
    let refused = |because| ReleaseRefused { order: order("a"), because };
    let form = format!("reason=known&{KEY}");
    for (because, status, words) in [
        (ReleaseRefusal::NotHeld, 409, "No credit of this order is held"),
        (ReleaseRefusal::TierTooLow { needed: 3 }, 403, "This takes a higher tier"),
        (ReleaseRefusal::FourEyes, 403, "Nobody decides on their own order"),
    ] {
        shop.house.will_say::<ReleaseHoldAnswer>(refused(because));
        let page = shop.fill("credit/release", &[OURS], &form).await;
        assert_eq!(page.status, status);
        assert!(page.text.contains("role=\"alert\"") && page.text.contains(words), "{words}");
    }
    let empty = shop.fill("credit/refuse", &[OURS], &format!("reason=&{KEY}")).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("/reason"));
    assert_eq!(shop.fill("cancel", &[OURS], "reason=x").await.status, 400);
}

/// A browser sends the cookie whoever made it ask: what counts is that a page of ours did.
#[tokio::test]
async fn what_another_site_sends_is_refused() {
    let shop = held().await;
    let form = format!("reason=known&{KEY}");
    for headers in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://kontor.example")],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://kontor.example.evil.example")],
    ] {
        for what in ["cancel", "credit/release", "credit/refuse"] {
            let page = shop.fill(what, headers, &form).await;
            assert_eq!(page.status, 403, "{what} {headers:?}");
            assert!(page.text.contains("did not come from a page of this console"));
        }
    }
    assert_eq!(shop.house.told().0.len(), 0);
    // A browser on an address that is not trustworthy says no more than the origin.
    shop.house.will_say::<ReleaseHoldAnswer>(let_go());
    let page = shop.fill("credit/release", &[("origin", "http://kontor.example")], &form).await;
    assert_eq!(page.status, 200);
}
