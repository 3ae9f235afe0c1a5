//! Who gets in, how, and for how long; and what they see.

use axum::body::Body;
use axum::http::Request;
use contracts::Timestamp;
use serde_json::{Value, json};

use super::crew::{keep, key, rights, sign_in};
use super::http::{Reply, Shop, request};
use super::story::PLAIN;
use crate::GatewaySettings;
use crate::access::{AccessSettings, Role};

const SENTENCE: &str = "a long sentence is good";

async fn shop(change: impl FnOnce(&mut AccessSettings)) -> Shop {
    let mut access = AccessSettings { remember_ms: 0, ..AccessSettings::default() };
    change(&mut access);
    Shop::with(GatewaySettings { access, ..GatewaySettings::default() }).await
}

impl Shop {
    /// Asks with this key.
    async fn with_key(&self, key: &str, path: &str) -> Reply {
        let request = Request::get(path).header("authorization", format!("Bearer {key}"));
        self.call_as_it_is(request.body(Body::empty()).unwrap()).await
    }

    async fn with_cookie(&self, cookie: &str, path: &str) -> Reply {
        let request = Request::get(path).header("cookie", cookie);
        self.call_as_it_is(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form from a page of ours.
    async fn fills(&self, path: &str, cookie: &str, body: &str) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie);
        self.call_as_it_is(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn makes(&self, body: &Value) -> Reply {
        self.send("POST /v1/keys", &[], &body.to_string()).await
    }

    async fn hires(&self, name: &str, person: Value) {
        let put = self.send(&format!("PUT /v1/people/{name}"), &[], &person.to_string()).await;
        assert_eq!(put.status, 200, "{}", put.text);
    }

    /// What the log says was done: who, what, about what.
    async fn logged(&self) -> Vec<[String; 3]> {
        let log = self.get("/v1/access-log").await.json();
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let entries = log["entries"].as_array().unwrap().iter();
        entries.map(|it| [text(&it["who"]), text(&it["what"]), text(&it["about"])]).collect()
    }
}

fn secret(reply: &Reply) -> (String, String) {
    let json = reply.json();
    (json["id"].as_str().unwrap().to_owned(), json["key"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_key_is_made_rotated_and_revoked() {
    let shop = shop(|_| ()).await;
    let made = shop.makes(&json!({ "name": "kiosk", "roles": ["viewer"] })).await;
    assert_eq!(made.status, 201);
    let (id, first) = secret(&made);
    assert!(first.starts_with(&format!("kontor_{id}_")));
    assert_eq!(shop.with_key(&first, "/v1/orders").await.status, 200);
    let who = shop.with_key(&first, "/v1/self").await.json();
    assert_eq!((&who["kind"], &who["name"]), (&json!("key"), &json!("kiosk")));
    assert!(shop.get("/v1/keys").await.text.contains("\"used_at\""));

    let rotated = shop.send(&format!("POST /v1/keys/{id}/rotate"), &[], "").await;
    let (_, second) = secret(&rotated);
    assert_eq!(shop.with_key(&first, "/v1/orders").await.status, 200, "in its overlap");
    assert_eq!(shop.with_key(&second, "/v1/orders").await.status, 200);
    let (_, third) = secret(&shop.send(&format!("POST /v1/keys/{id}/rotate"), &[], "").await);
    let gone = shop.with_key(&first, "/v1/orders").await;
    assert_eq!(gone.problem(), "401 unauthenticated: \n");
    assert_eq!(gone.header("www-authenticate"), r#"Bearer realm="kontor", error="invalid_token""#);

    let revoke = format!("POST /v1/keys/{id}/revoke");
    assert_eq!(shop.send(&revoke, &[], "").await.status, 204);
    for key in [&second, &third] {
        assert_eq!(shop.with_key(key, "/v1/orders").await.text, gone.text, "all look alike");
    }
    assert_eq!(shop.send(&revoke, &[], "").await.problem(), "404 not-found: \n");
    let taken = shop.makes(&json!({ "name": "kiosk", "roles": ["ops"] })).await;
    assert_eq!(taken.problem(), "409 taken: \n", "a name is never given again");

    let log = shop.logged().await;
    let done: Vec<&str> = log.iter().take(4).map(|it| &*it[1]).collect();
    assert_eq!(done, ["key.revoked", "key.rotated", "key.rotated", "key.made"]);
    assert!(log.iter().take(4).all(|it| it[0] == "wang.fang" && it[2] == id));
    let hidden = sqlx::query("delete from access_log").execute(&shop.bench.db).await;
    assert!(hidden.unwrap_err().to_string().contains("only added to"));
}

/// A replica that did not revoke it believes its memory for as long as it is set to.
#[tokio::test]
async fn what_was_revoked_elsewhere_is_let_in_no_longer_than_is_remembered() {
    let shop = shop(|it| it.remember_ms = 300).await;
    keep(&shop.bench.db, &key("far", &[Role::Viewer], None, None)).await;
    assert_eq!(shop.with_key("kontor_far_1", "/v1/orders").await.status, 200);
    let sql = "update access_key set revoked_at = now() where id = 'far'";
    sqlx::query(sql).execute(&shop.bench.db).await.unwrap();
    assert_eq!(shop.with_key("kontor_far_1", "/v1/orders").await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(350)).await;
    assert_eq!(shop.with_key("kontor_far_1", "/v1/orders").await.status, 401);
}

#[tokio::test]
async fn what_is_wrong_with_a_key_or_a_person_is_told_at_once() {
    let shop = shop(|_| ()).await;
    let past = "2020-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    let key = json!({ "name": "", "roles": ["storefront", "ops"], "warehouse": "SH1",
        "actions": ["orders.fly"], "expires_at": past });
    let told = shop.makes(&key).await.problem();
    for place in ["/name", "/roles", "/channel", "/warehouse", "/actions/0", "/expires_at"] {
        assert!(told.contains(&format!("{place} ")), "{place}: {told}");
    }
    let person = json!({ "password": "short", "roles": [], "tier": 4 }).to_string();
    let told = shop.send("PUT /v1/people/x", &[], &person).await.problem();
    for place in ["/password", "/roles", "/tier"] {
        assert!(told.contains(&format!("{place} ")), "{place}: {told}");
    }
    assert!(!told.contains("short"), "a password is not said again");
    let new = json!({ "roles": ["clerk"] }).to_string();
    assert_eq!(shop.send("PUT /v1/people/x", &[], &new).await.problem(), "409 no-password: \n");
}

#[tokio::test]
async fn people_sign_in_stay_signed_in_and_out() {
    let shop = shop(|it| it.https = true).await;
    keep(&shop.bench.db, &key("hr", &[Role::Ops], None, None)).await;
    let person = json!({ "password": SENTENCE, "roles": ["credit"], "tier": 3 }).to_string();
    let hr = [("authorization", "Bearer kontor_hr_1")];
    assert_eq!(shop.send("PUT /v1/people/li", &hr, &person).await.status, 200);
    let form = format!("name=li&password={SENTENCE}&back=%2Fholds").replace(' ', "+");
    let entered = shop.fills("/sign-in", "", &form).await;
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/holds"));
    let cookie = entered.header("set-cookie").to_owned();
    for part in ["__Host-kontor-session=", "; HttpOnly", "; SameSite=Strict", "; Secure", "Path=/;"]
    {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    let page = shop.with_cookie(cookie, "/holds").await.text;
    assert!(page.contains(">li</a>") && page.contains("action=\"/sign-out\""));
    let who = shop.with_cookie(cookie, "/v1/self").await.json();
    assert_eq!((&who["kind"], &who["tier"]), (&json!("person"), &json!(3)));

    assert_eq!(shop.fills("/sign-out", cookie, "").await.header("location"), "/sign-in");
    assert_eq!(shop.with_cookie(cookie, "/v1/self").await.status, 401);
    let away = shop.with_cookie(cookie, "/orders/K-1?x=y").await;
    assert_eq!(away.header("location"), "/sign-in?back=%2Forders%2FK-1%3Fx%3Dy");
    // Only to a place of ours.
    let away = shop.fills("/sign-in", "", &form.replace("%2Fholds", "%2F%2Fevil.example")).await;
    assert_eq!(away.header("location"), "/");
}

#[tokio::test]
async fn who_is_unknown_and_who_is_wrong_are_told_the_same() {
    let shop = shop(|_| ()).await;
    shop.hires("li.wei.7", json!({ "password": SENTENCE, "roles": ["credit"] })).await;
    let mut told = std::collections::BTreeSet::new();
    for name in ["li.wei.7", "nobody.7"] {
        let page = shop.fills("/sign-in", "", &format!("name={name}&password=wrong")).await;
        assert_eq!(page.status, 401);
        assert!(page.text.contains("There is nobody of this name and password"));
        told.insert(page.text.replace(name, ""));
    }
    assert_eq!(told.len(), 1);
    let from_elsewhere = request("POST /sign-in", &[], "");
    let (mut parts, _) = from_elsewhere.into_parts();
    let kind = "application/x-www-form-urlencoded".parse().unwrap();
    parts.headers.insert("content-type", kind);
    let form = Body::from(format!("name=li.wei.7&password={SENTENCE}"));
    let refused = shop.call_as_it_is(Request::from_parts(parts, form)).await;
    assert_eq!((refused.status.as_u16(), refused.header("set-cookie")), (403, ""));
}

#[tokio::test]
async fn who_tries_too_often_waits() {
    let shop = shop(|it| it.sign_ins = 3).await;
    let mut tried = Vec::new();
    for _ in 0..4 {
        tried.push(shop.fills("/sign-in", "", "name=li&password=wrong").await);
    }
    let statuses: Vec<u16> = tried.iter().map(|it| it.status.as_u16()).collect();
    assert_eq!(statuses, [401, 401, 401, 429]);
    assert!((1..=20).contains(&tried[3].header("retry-after").parse::<u32>().unwrap()));
    let other = shop.fills("/sign-in", "", "name=wang&password=wrong").await;
    assert_eq!(other.status, 401, "others do not wait");
}

#[tokio::test]
async fn passwords_are_changed_and_who_is_disabled_is_out_at_once() {
    let shop = shop(|_| ()).await;
    shop.hires("li", json!({ "password": SENTENCE, "roles": ["viewer"] })).await;
    let form = format!("name=li&password={SENTENCE}").replace(' ', "+");
    let sign_in = async |form: &str| {
        let entered = shop.fills("/sign-in", "", form).await;
        entered.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    let (here, there) = (sign_in(&form).await, sign_in(&form).await);
    let wrong = shop.fills("/password", &here, "old=wrong&new=another+long+sentence").await;
    assert_eq!(wrong.status, 422);
    let change = form.replace("name=li&password", "old") + "&new=another+long+sentence";
    assert_eq!(shop.fills("/password", &here, &change).await.status, 200);
    assert_eq!(shop.with_cookie(&here, "/v1/self").await.status, 200);
    assert_eq!(shop.with_cookie(&there, "/v1/self").await.status, 401, "signed out elsewhere");
    assert_eq!(sign_in(&form).await, "", "the old one is none");

    shop.hires("li", json!({ "roles": ["viewer"], "disabled": true })).await;
    assert_eq!(shop.with_cookie(&here, "/v1/self").await.status, 401);
    assert_eq!(sign_in("name=li&password=another+long+sentence").await, "");
    let done: Vec<String> =
        shop.logged().await.into_iter().take(3).map(|it| it[1].clone()).collect();
    assert_eq!(done, ["person.changed", "person.password", "person.made"]);
}

/// A browser sends the cookie whoever made it ask; a key it does not.
#[tokio::test]
async fn what_another_site_makes_a_browser_ask_changes_nothing() {
    let shop = shop(|_| ()).await;
    for site in ["cross-site", "same-site", "none"] {
        let headers = [super::http::WANG, ("sec-fetch-site", site)];
        let refused =
            shop.send("POST /v1/keys", &headers, r#"{"name": "k", "roles": ["ops"]}"#).await;
        assert_eq!(refused.problem(), "403 elsewhere: \n");
    }
    keep(&shop.bench.db, &key("machine", &[Role::Ops], None, None)).await;
    let headers = [("authorization", "Bearer kontor_machine_1"), ("sec-fetch-site", "cross-site")];
    let made = shop.send("POST /v1/keys", &headers, r#"{"name": "k", "roles": ["ops"]}"#).await;
    assert_eq!(made.status, 201);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let shop = shop(|it| (it.requests, it.burst) = (1, 2)).await;
    keep(&shop.bench.db, &key("busy", &[Role::Viewer], None, None)).await;
    let first = shop.with_key("kontor_busy_1", "/v1/orders").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("ratelimit-policy"), "\"requests\";q=2;w=2");
    assert!(first.header("ratelimit").starts_with("\"requests\";r=1;t="));
    shop.with_key("kontor_busy_1", "/v1/orders").await;
    let often = shop.with_key("kontor_busy_1", "/v1/orders").await;
    assert_eq!(often.problem(), "429 too-often: \n");
    assert_eq!(often.header("retry-after"), "1");
    assert_eq!(often.header("ratelimit"), "\"requests\";r=0;t=1");
    assert_eq!(shop.get("/v1/orders").await.status, 200, "others do not wait");
}

#[tokio::test]
async fn a_warehouse_sees_its_parcels_and_no_money() {
    let mut shop = shop(|_| ()).await;
    shop.hear(PLAIN).await;
    let db = &shop.bench.db;
    for (id, at) in [("here", "SH1"), ("there", "BJ1")] {
        keep(db, &key(id, &[Role::Warehouse], None, Some(at))).await;
    }
    sign_in(db, "packer", "packer", 1, rights(&[Role::Warehouse], None, Some("SH1"))).await;
    let order = shop.with_key("kontor_here_1", "/v1/orders/K-a").await;
    assert_eq!(order.status, 200);
    let whole = shop.get("/v1/orders/K-a").await.json();
    for field in ["net", "tax", "freight", "total", "money", "credit"] {
        assert!(!whole[field].is_null(), "{field}");
        assert!(order.json().get(field).is_none(), "{field}");
    }
    assert_eq!(order.json()["lines"][0].as_object().unwrap().len(), 4, "{}", order.text);
    let timeline = shop.with_key("kontor_here_1", "/v1/orders/K-a/timeline").await.text;
    let page = shop.with_cookie("kontor-session=packer", "/orders/K-a").await.text;
    let table = shop.with_cookie("kontor-session=packer", "/").await.text;
    for text in [&order.text, &timeline, &page, &table] {
        for money in ["113000", "1,130.00", "class-b", "50850", "508.50", "1970-a1"] {
            assert!(!text.contains(money), "{money}: {text}");
        }
    }
    assert!(table.contains(">K-a</a>") && !page.contains("/cancel\""));
    for sort in ["/v1/orders?sort=largest", "/v1/orders?sort=smallest"] {
        assert_eq!(shop.with_key("kontor_here_1", sort).await.status, 403);
    }
    let list = shop.with_key("kontor_there_1", "/v1/orders").await.json();
    assert_eq!(list["orders"], json!([]));
}

/// Secrets stand in no log, no answer and no table, whatever becomes of the request.
#[tokio::test]
async fn no_secret_is_written_down() {
    let canary = "c4n4ry0000000000000000000000000000000000000000000000000000000000";
    let (log, watching) = super::overheard::listen();
    let shop = shop(|_| ()).await;
    let mut told = String::new();
    for key in [canary.to_owned(), format!("kontor_ops_{canary}"), format!("kontor_x_{canary}")] {
        for path in ["/v1/orders", "/v1/orders/K-1", "/holds", "/nowhere"] {
            let reply = shop.with_key(&key, path).await;
            told.extend([reply.text, format!("{:?}", reply.headers)]);
        }
    }
    told += &shop.with_cookie(&format!("kontor-session={canary}"), "/v1/orders").await.text;
    let form = format!("name=li&password={canary}");
    told += &shop.fills("/sign-in", "", &form).await.text;
    let bad = json!({ "password": [canary], "roles": ["ops"] }).to_string();
    shop.send("PUT /v1/people/li", &[], &bad).await;
    shop.hires("li", json!({ "password": canary, "roles": ["viewer"] })).await;
    let entered = shop.fills("/sign-in", "", &form).await;
    let session = entered.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    let (_, key) = secret(&shop.makes(&json!({ "name": "k", "roles": ["viewer"] })).await);
    told += &shop.with_key(&key, "/v1/keys").await.text;
    told += &shop.get("/v1/keys").await.text;
    told += &shop.get("/v1/people").await.text;
    told += &shop.get("/v1/access-log").await.text;
    for table in ["access_key", "person", "session", "access_log"] {
        let sql = sqlx::AssertSqlSafe(format!("select it::text from {table} as it"));
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&shop.bench.db).await.unwrap();
        told += &rows.concat();
    }
    drop(watching);
    let log = log.text();
    assert!(log.contains("who asks is not known"), "{log}");
    let secret = key.rsplit('_').next().unwrap();
    for (name, secret) in [("canary", canary), ("session", &*session), ("key", secret)] {
        assert!(secret.len() == 64, "{name}");
        assert!(!log.contains(secret), "{name} is in the log: {log}");
        assert!(!told.contains(secret), "{name} is told: {told}");
    }
}
