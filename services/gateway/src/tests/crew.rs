//! Who asks, in tests: a crew with credentials.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use contracts::Timestamp;
use sqlx::PgPool;

use super::http::WANG;
use crate::access::{Hashed, Role};
use crate::store::access::keys::{self, KeyRow};
use crate::store::access::people::{self, PersonRow};
use crate::store::access::{By, Rights};

/// Long after every test.
fn later() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().unwrap()
}

fn by() -> By<'static> {
    By { who: "test", at: Timestamp::UNIX_EPOCH }
}

/// A key whose secret is `1`: `kontor_<name>_1`.
pub(super) fn key(
    name: &str,
    roles: &[Role],
    channel: Option<&str>,
    warehouse: Option<&str>,
) -> KeyRow {
    KeyRow {
        id: name.to_owned(),
        name: name.to_owned(),
        rights: rights(roles, channel, warehouse),
        only: None,
        secret: Hashed::of(&format!("kontor_{name}_1")),
        old: None,
        made_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        revoked_at: None,
        used_at: None,
    }
}

pub(super) fn rights(roles: &[Role], channel: Option<&str>, warehouse: Option<&str>) -> Rights {
    Rights {
        roles: roles.to_vec(),
        channel: channel.map(|it| it.parse().unwrap()),
        warehouse: warehouse.map(|it| it.parse().unwrap()),
    }
}

pub(super) async fn keep(db: &PgPool, key: &KeyRow) {
    assert!(keys::make(db, key, &by()).await.unwrap());
}

/// Somebody who has signed in: the cookie's token is their name.
pub(super) async fn sign_in(db: &PgPool, name: &str, token: &str, tier: u8, rights: Rights) {
    let (name, password) = (name.to_owned(), "none".to_owned());
    let made_at = Timestamp::UNIX_EPOCH;
    let person = PersonRow { name, password, rights, tier, disabled: false, made_at };
    assert!(people::put(db, &person, &by()).await.unwrap());
    let by = By { who: &person.name, at: chassis::clock::now() };
    people::sign_in(db, &Hashed::of(token), &by, later(), Timestamp::UNIX_EPOCH).await.unwrap();
}

/// Two storefronts, and Wang Fang, who may do everything.
pub(super) async fn moves_in(db: &PgPool) {
    for channel in ["webshop", "market"] {
        keep(db, &key(channel, &[Role::Storefront], Some(channel), None)).await;
    }
    let all = [Role::Clerk, Role::Credit, Role::Finance, Role::Ops];
    sign_in(db, "wang.fang", "wang", 2, rights(&all, None, None)).await;
}

/// The same request as Wang Fang's, if it does not say whose it is; over the API, from our pages.
pub(super) fn known(mut request: Request<Body>) -> Request<Body> {
    let headers = request.headers();
    let cookies = headers.get_all("cookie").iter();
    let is_in = |it: &HeaderValue| it.to_str().unwrap().contains("kontor-session=");
    if !headers.contains_key("authorization") && !cookies.into_iter().any(is_in) {
        request.headers_mut().append(WANG.0, HeaderValue::from_static(WANG.1));
    }
    let says = ["sec-fetch-site", "origin"].iter().any(|it| request.headers().contains_key(*it));
    if request.uri().path().starts_with("/v1/") && !says {
        let here = HeaderValue::from_static("same-origin");
        request.headers_mut().insert("sec-fetch-site", here);
    }
    request
}
