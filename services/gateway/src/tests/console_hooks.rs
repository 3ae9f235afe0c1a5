//! Webhooks on the console: who sees which, and what their forms do.

use contracts::webhook::{
    EndpointSet, HookSecret, ReplayAnswer, ReplayBegun, RotateSecretAnswer, SecretRotated,
    SetEndpointAnswer, TestEndpointAnswer, TestWritten,
};
use contracts::{ChannelId, DeliveryId, EndpointId};
use serde_json::json;
use uuid::Uuid;

use super::http::{MARKET, Shop, WEBSHOP};

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
const CHINESE: (&str, &str) = ("accept-language", "zh-CN");
const KEY: &str = "key=018f3c1e-7a2b-7cde-8f01-23456789abcd";
const ONE: &str = "/webhooks/webshop/ep-1";

fn endpoint() -> EndpointId {
    EndpointId::new("ep-1").unwrap()
}

/// A house where whoever is asked has the webhook `ep-1`, which was disabled.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.house.knows(
        "webhook.endpoints-of.v1",
        json!([{
            "endpoint": "ep-1", "url": "https://shop.example.com/<kontor>",
            "events": ["order.shipped"], "state": "disabled", "reason": "410 Gone",
            "because": { "code": "gone" },
            "old_secret_until": null, "waiting": 1200, "given_up": 2,
        }]),
    );
    let slow = json!({ "code": "too_slow" });
    let call = |attempt, status: Option<u16>, answer| {
        json!({ "delivery": Uuid::nil(), "event": "order.shipped", "attempt": attempt,
            "at": "1970-01-01T00:09:00Z", "millis": 1234, "status": status, "answer": answer,
            "fault": if status.is_none() { slow.clone() } else { json!(null) } })
    };
    let calls = [call(2, Some(204), "fine"), call(1, None, "<b>too slow")];
    shop.house.knows("webhook.calls-of.v1", json!(calls));
    shop
}

#[tokio::test]
async fn each_sees_the_webhooks_of_their_channels() {
    let mut shop = shop().await;
    shop.hear("place a 100 on_account").await;
    sqlx::query("update order_head set channel = 'app'").execute(&shop.bench.db).await.unwrap();
    let all = shop.page("/webhooks", &[]).await.text;
    // Those with a key, and those with an order.
    for channel in ["webshop", "market", "app"] {
        assert!(all.contains(&format!("href=\"/webhooks/{channel}/ep-1\"")), "{channel}: {all}");
    }
    for text in ["mark red", "Disabled", "410 Gone", ">1,200<", ">2<", "&#60;kontor&#62;"] {
        assert!(all.contains(text), "{text}: {all}");
    }
    let own = shop.page("/webhooks", &[WEBSHOP, CHINESE]).await.text;
    assert!(own.contains("/webhooks/webshop/ep-1\"") && !own.contains("/webhooks/market/"));
    assert!(own.contains("aria-current=\"page\">推送</a>") && own.contains("已停用"));
    assert_eq!(shop.page(ONE, &[MARKET]).await.status, 404);
    assert_eq!(shop.page("/webhooks/webshop/ep-none", &[]).await.status, 404);
}

#[tokio::test]
async fn channels_whose_webhooks_are_not_known_are_named() {
    let page = Shop::open().await.page("/webhooks", &[]).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Not answered for these channels: market, webshop"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_webhook_shows_what_came_of_its_calls() {
    let shop = shop().await;
    let page = shop.page(ONE, &[]).await.text;
    for text in [
        "Why it is disabled: 410 Gone",
        "<td class=\"num\">1,234 ms</td>",
        "No answer",
        "&#60;b&#62;too slow",
        "mark green",
        "204",
        "name=\"active\" value=\"yes\"",
        "No answer<span class=\"unseen\"> (needs attention)",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let chinese = shop.page(ONE, &[CHINESE]).await.text;
    for text in ["停用原因: 对方应答 410", "对方未在时限内应答"] {
        assert!(chinese.contains(text), "{text}: {chinese}");
    }
    assert!(!chinese.contains("410 Gone") && !chinese.contains("too slow"), "{chinese}");
    assert!(page.contains("turn it on first") && !page.contains("/test\""), "{page}");
    shop.house.knows(
        "webhook.endpoints-of.v1",
        json!([{
            "endpoint": "ep-1", "url": "https://shop.example.com/kontor", "events": [],
            "state": "active", "reason": null, "old_secret_until": null, "waiting": 0,
            "given_up": 0,
        }]),
    );
    let active = shop.page(ONE, &[]).await.text;
    assert!(active.contains("/test\"") && active.contains("Asia/Shanghai"), "{active}");
    assert!(shop.page(ONE, &[CHINESE]).await.text.contains("应答开头或失败原因"));
}

#[tokio::test]
async fn forms_do_what_the_api_does_once() {
    let shop = shop().await;
    let test = TestWritten { endpoint: endpoint(), delivery: DeliveryId(Uuid::nil()) };
    for _ in 0..2 {
        shop.house.will_say::<TestEndpointAnswer>(test.clone());
        let done = shop.form(&format!("{ONE}/test"), &[OURS], KEY).await;
        assert!(done.status == 200 && done.text.contains("said good"), "{}", done.text);
    }
    shop.house.will_say::<ReplayAnswer>(ReplayBegun { endpoint: endpoint(), deliveries: 12 });
    let form = format!("{KEY}&since=2026-11-22T08:30");
    let done = shop.form(&format!("{ONE}/replay"), &[OURS], &form).await;
    assert!(done.text.contains("Are sent again: 12"));
    let channel = ChannelId::new("webshop").unwrap();
    let set = EndpointSet { endpoint: endpoint(), channel, signs_with: String::new() };
    shop.house.will_say::<SetEndpointAnswer>(set);
    let done = shop.form(&format!("{ONE}/active"), &[OURS], &format!("{KEY}&active=yes")).await;
    assert!(done.text.contains("It is called from now on."));

    let (ids, told) = shop.house.told();
    assert_eq!(ids[0], ids[1], "the same form is the same command");
    let told: Vec<&str> = told.lines().collect();
    assert!(told[2].contains("\"since\":\"2026-11-22T00:30:00Z\""), "{}", told[2]);
    for part in ["\"channel\":\"webshop\"", "<kontor>", "\"active\":true", "[\"order.shipped\"]"] {
        assert!(told[3].contains(part), "{part}: {}", told[3]);
    }
}

#[tokio::test]
async fn a_new_secret_is_shown_once() {
    let shop = shop().await;
    // What signs is what was drawn first, whatever a repetition draws.
    let rotated = |mark| SecretRotated { endpoint: endpoint(), old_until: None, signs_with: mark };
    shop.house.is_used_to(|subject, asked| {
        let secret = HookSecret(asked["secret"].as_str()?.to_owned());
        let said = json!({ "endpoint": "ep-1", "old_until": null, "signs_with": secret.mark() });
        (subject == "webhook.rotate-secret.v1").then_some(("webhook.secret-rotated.v1", said))
    });
    let path = format!("{ONE}/secret");
    let first = shop.form(&path, &[OURS], KEY).await.text;
    let told = shop.house.told().1;
    let secret = told.rsplit('"').nth(1).unwrap();
    assert!(secret.starts_with("whsec_") && first.contains(&format!("<p>{}</p>", escaped(secret))));
    shop.house.will_say::<RotateSecretAnswer>(rotated("another".to_owned()));
    let again = shop.form(&path, &[OURS], KEY).await.text;
    assert!(
        again.contains("It was shown when this form was sent first.") && !again.contains("whsec_")
    );
    assert!(!shop.page(ONE, &[]).await.text.contains("whsec_"));
}

/// As a page has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
}

#[tokio::test]
async fn what_is_filled_in_wrongly_or_sent_from_elsewhere_is_not_done() {
    let shop = shop().await;
    for (deed, headers, form, status, words) in [
        ("test", &[][..], KEY.to_owned(), 403, "did not come from a page of this console"),
        ("secret", &[("sec-fetch-site", "cross-site")], KEY.to_owned(), 403, "did not come from"),
        ("test", &[OURS], "x=y".to_owned(), 400, "cannot be read"),
        ("replay", &[OURS], format!("{KEY}&since=yesterday"), 422, "/since"),
        ("active", &[OURS], format!("{KEY}&active=perhaps"), 422, "/active"),
    ] {
        let page = shop.form(&format!("{ONE}/{deed}"), headers, &form).await;
        assert_eq!(page.status, status, "{deed}: {}", page.text);
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(shop.form("/webhooks/webshop/ep-none/test", &[OURS], KEY).await.status, 404);
    assert_eq!(shop.form(&format!("{ONE}/test"), &[OURS, MARKET], KEY).await.status, 404);
    assert_eq!(shop.house.told().1, "");
}
