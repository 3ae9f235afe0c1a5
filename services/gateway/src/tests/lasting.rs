//! What is followed ends soon after its key or session does.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt;
use serde_json::json;
use tower::ServiceExt;

use super::crew::{rights, sign_in};
use super::http::Shop;
use crate::GatewaySettings;
use crate::access::{AccessSettings, Role};

const STATUSES: &str = "/v1/channels/webshop/statuses";

/// Soon, and long enough for what is not revoked to be seen to last.
const SOON: Duration = Duration::from_secs(3);

async fn shop() -> Shop {
    let access = AccessSettings { remember_ms: 200, ..AccessSettings::default() };
    Shop::with(GatewaySettings { access, ..GatewaySettings::default() }).await
}

async fn follow(shop: &Shop, path: &str, (name, value): (&str, &str)) -> BodyDataStream {
    let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
    let response = shop.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.into_body().into_data_stream()
}

/// Whether it ends soon.
async fn ends(mut body: BodyDataStream) -> bool {
    let rest = async { while body.next().await.is_some() {} };
    tokio::time::timeout(SOON, rest).await.is_ok()
}

#[tokio::test]
async fn statuses_end_when_the_key_is_revoked() {
    let shop = shop().await;
    let key = json!({ "name": "kiosk", "roles": ["storefront"], "channel": "webshop" }).to_string();
    let (one, other) = (shop.send("POST /v1/keys", &[], &key).await.json(), {
        let other = key.replace("kiosk", "till");
        shop.send("POST /v1/keys", &[], &other).await.json()
    });
    let bearer = |it: &serde_json::Value| format!("Bearer {}", it["key"].as_str().unwrap());
    let revoked = follow(&shop, STATUSES, ("authorization", &bearer(&one))).await;
    let lasting = follow(&shop, STATUSES, ("authorization", &bearer(&other))).await;

    let id = one["id"].as_str().unwrap();
    let answer = shop.send(&format!("POST /v1/keys/{id}/revoke"), &[], "").await;
    assert!(answer.status.is_success(), "{}", answer.text);
    assert_eq!(tokio::join!(ends(revoked), ends(lasting)), (true, false));
}

#[tokio::test]
async fn a_page_is_told_nothing_more_when_the_session_ends_or_may_less() {
    let shop = shop().await;
    let viewer = || rights(&[Role::Viewer], None, None);
    sign_in(&shop.bench.db, "li.wei", "li", 1, viewer()).await;
    sign_in(&shop.bench.db, "sun.li", "sun", 1, viewer()).await;
    let open = async |cookie: &str| follow(&shop, "/console/live?watch=", ("cookie", cookie)).await;
    let signs_out = open("kontor-session=li").await;
    let becomes_clerk = open("kontor-session=sun").await;
    let stays = open("kontor-session=wang").await;

    let request = Request::post("/sign-out")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", "kontor-session=li");
    shop.call_as_it_is(request.body(Body::empty()).unwrap()).await;
    let clerk = json!({ "roles": ["clerk"], "tier": 1 }).to_string();
    assert_eq!(shop.send("PUT /v1/people/sun.li", &[], &clerk).await.status, 200);
    let ended = tokio::join!(ends(signs_out), ends(becomes_clerk), ends(stays));
    assert_eq!(ended, (true, true, false));
}
