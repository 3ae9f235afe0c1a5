//! Webhooks over HTTP: whose they are, which secret is shown to whom, and what webhook is told.

use contracts::webhook::{
    EndpointRefused, EndpointSet, HookSecret, ReplayAnswer, ReplayBegun, RotateSecretAnswer,
    SecretRotated, SetEndpointAnswer, TestEndpointAnswer, TestWritten,
};
use contracts::{ChannelId, DeliveryId, EndpointId};
use expect_test::expect;
use serde_json::json;
use uuid::Uuid;

use super::http::{Shop, WEBSHOP, problem};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const HOOKS: &str = "/v1/channels/webshop/webhooks";
const NEW: &str = r#"{"url": "https://shop.example.com/kontor", "events": ["order.shipped"]}"#;
const CHANGED: &str = r#"{"url": "https://shop.example.com/kontor", "events": ["order.shipped"],
    "active": false}"#;

fn set(signs_with: String) -> SetEndpointAnswer {
    let endpoint = EndpointId::new("ep-1").unwrap();
    EndpointSet { endpoint, channel: ChannelId::new("webshop").unwrap(), signs_with }.into()
}

/// A shop whose web shop has the webhook `ep-1`.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    let known = json!([{
        "endpoint": "ep-1", "url": "https://shop.example.com/kontor", "events": ["order.shipped"],
        "state": "disabled", "reason": "410 Gone", "old_secret_until": null, "waiting": 0,
        "given_up": 2,
    }]);
    shop.house.knows("webhook.endpoints-of.v1", known);
    shop
}

#[tokio::test]
async fn a_secret_is_shown_once_and_only_if_it_is_the_one() {
    let shop = shop().await;
    let own = NEW.replace('}', &format!(r#", "secret": "{SECRET}"}}"#));
    shop.house.will_say::<SetEndpointAnswer>(set(HookSecret(SECRET.to_owned()).mark()));
    let made = shop.send(&format!("POST {HOOKS}"), &[WEBSHOP], &own).await;
    assert_eq!((made.status.as_u16(), &made.json()["secret"]), (201, &json!(SECRET)));

    // A repetition draws another secret; the one that signs was shown before.
    let key = [WEBSHOP, ("idempotency-key", "make it")];
    shop.house.will_say::<SetEndpointAnswer>(set(HookSecret(SECRET.to_owned()).mark()));
    let first = shop.send(&format!("POST {HOOKS}"), &key, NEW).await.json();
    assert_eq!(first["secret"], json!(null));
    shop.house.will_say::<SetEndpointAnswer>(set(HookSecret(SECRET.to_owned()).mark()));
    let second = shop.send(&format!("POST {HOOKS}"), &key, NEW).await.json();
    assert_eq!(first["webhook"], second["webhook"]);

    let (ids, told) = shop.house.told();
    assert_eq!(ids[1], ids[2]);
    let drawn: Vec<&str> = told.lines().skip(1).map(|it| it.rsplit('"').nth(1).unwrap()).collect();
    assert!(drawn[0] != drawn[1] && drawn.iter().all(|it| it.starts_with("whsec_")), "{drawn:?}");
    assert!(drawn.iter().all(|it| it.len() == "whsec_".len() + 44), "32 bytes: {drawn:?}");

    let rotated = SecretRotated {
        endpoint: EndpointId::new("ep-1").unwrap(),
        old_until: "2026-11-23T08:00:00Z".parse().ok(),
        signs_with: HookSecret(SECRET.to_owned()).mark(),
    };
    shop.house.will_say::<RotateSecretAnswer>(rotated);
    let own = format!(r#"{{"secret": "{SECRET}"}}"#);
    let reply = shop.send(&format!("POST {HOOKS}/ep-1/secret"), &[WEBSHOP], &own).await;
    expect![[r#"
        200 OK
        old_until "2026-11-23T08:00:00Z"
        secret "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        webhook "ep-1"
    "#]]
    .assert_eq(&reply.shown());
}

#[tokio::test]
async fn whatever_is_asked_for_reaches_webhook() {
    let shop = shop().await;
    shop.house.will_say::<SetEndpointAnswer>(set(String::new()));
    let changed = shop.send(&format!("PUT {HOOKS}/ep-1"), &[WEBSHOP], CHANGED).await;
    assert_eq!((changed.status.as_u16(), &*changed.text), (204, ""));

    let endpoint = EndpointId::new("ep-1").unwrap();
    let written = TestWritten { endpoint: endpoint.clone(), delivery: DeliveryId(Uuid::nil()) };
    shop.house.will_say::<TestEndpointAnswer>(written);
    let key = [WEBSHOP, ("idempotency-key", "one test")];
    let tested = shop.send(&format!("POST {HOOKS}/ep-1/test"), &key, "{}").await;
    assert_eq!((tested.status.as_u16(), &tested.json()["delivery"]), (202, &json!(Uuid::nil())));

    shop.house.will_say::<ReplayAnswer>(ReplayBegun { endpoint, deliveries: 12 });
    let since = r#"{"since": "2026-11-21T08:00:00Z"}"#;
    let again = shop.send(&format!("POST {HOOKS}/ep-1/replay"), &[WEBSHOP], since).await;
    assert_eq!((again.status.as_u16(), &again.json()["deliveries"]), (202, &json!(12)));

    let calls = json!([{ "delivery": Uuid::nil(), "event": "order.shipped", "attempt": 2,
        "at": "2026-11-22T08:00:00Z", "millis": 31, "status": 500, "answer": "oh no" }]);
    shop.house.knows("webhook.calls-of.v1", calls.clone());
    assert_eq!(shop.get(&format!("{HOOKS}/ep-1/calls")).await.json(), calls);
    assert_eq!(shop.get(HOOKS).await.json()[0]["reason"], "410 Gone");
    expect![[r#"
        webhook.set-endpoint.v1 {"endpoint":"ep-1","channel":"webshop","url":"https://shop.example.com/kontor","events":["order.shipped"],"active":false}
        webhook.test-endpoint.v1 {"endpoint":"ep-1","test":"14ed98bc-9171-5fa5-81fe-baaf2f9056e6"}
        webhook.replay.v1 {"endpoint":"ep-1","since":"2026-11-21T08:00:00Z"}
    "#]]
    .assert_eq(&shop.house.told().1);
}

#[tokio::test]
async fn a_foreign_webhook_is_as_good_as_missing() {
    let shop = shop().await;
    let asked = [
        ("GET", "/calls", ""),
        ("PUT", "", CHANGED),
        ("POST", "/secret", "{}"),
        ("POST", "/test", "{}"),
        ("POST", "/replay", r#"{"since": "2026-11-21T08:00:00Z"}"#),
    ];
    for (method, what, body) in asked {
        // One that the channel does not have, and one of a channel that the caller is not.
        let missing = format!("{method} {HOOKS}/ep-2{what}");
        let foreign = format!("{method} /v1/channels/market/webhooks/ep-1{what}");
        let missing = shop.send(&missing, &[WEBSHOP], body).await;
        let foreign = shop.send(&foreign, &[WEBSHOP], body).await;
        assert_eq!(missing.status, 404, "{method} {what}");
        assert_eq!((foreign.status, &foreign.text), (missing.status, &missing.text));
    }
    let foreign = "/v1/channels/market/webhooks";
    assert_eq!(shop.send(&format!("GET {foreign}"), &[WEBSHOP], "").await.status, 404);
    assert_eq!(shop.send(&format!("POST {foreign}"), &[WEBSHOP], NEW).await.status, 404);
    assert_eq!(shop.house.told().1, "");
}

#[tokio::test]
async fn every_fault_of_a_webhook_is_told_and_no_secret() {
    let shop = shop().await;
    let endpoint = EndpointId::new("ep-1").unwrap();
    let problems = vec![problem("/url"), problem("/events")];
    shop.house.will_say::<SetEndpointAnswer>(EndpointRefused { endpoint, problems });
    let refused = shop.send(&format!("POST {HOOKS}"), &[WEBSHOP], NEW).await;
    let unreadable = NEW.replace("order.shipped", "order.lost");
    let unreadable = shop.send(&format!("POST {HOOKS}"), &[WEBSHOP], &unreadable).await;
    let number = NEW.replace('}', r#", "secret": 7}"#);
    let number = shop.send(&format!("POST {HOOKS}"), &[WEBSHOP], &number).await;
    let name = shop.get("/v1/channels/web%20shop/webhooks").await;
    let all = [refused, unreadable, number, name].map(|it| it.problem()).join("\n");
    expect![[r#"
        422 invalid: 2 faults
        /url required: "", not a value
        /events required: "", not a value
        422 invalid: 1 fault
        /events/0 type: "unknown variant `order.lost`", not one of `order.status`, `order.shipped`, `order.delivered`, `order.invoiced`, `webhook.test`
        422 invalid: 1 fault
        /secret type: "integer `7`", not a string
        400 malformed: Invalid URL: "web shop" is not 1 to 64 printable ASCII characters without space . * > " % < or \
    "#]].assert_eq(&all);
}
