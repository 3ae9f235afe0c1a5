//! Everybody who asks: each role as a key and as a person, and those whose credential is no good.

use contracts::Timestamp;

use super::super::crew::{keep, key, rights, sign_in};
use super::super::http::Shop;
use super::super::story::order;
use super::cells::Cell;
use crate::GatewaySettings;
use crate::access::{AccessSettings, Action, Hashed, Role};
use crate::store::access::By;
use crate::store::access::keys::{self, KeyRow};

/// What a credential proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Good,
    /// There is one, and it is no good, or not any more.
    Bad,
    /// There is none that a browser would not send away to sign in.
    None,
}

/// Somebody who asks.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) is_person: bool,
    /// What their key is narrowed to.
    pub(super) only: Option<Action>,
    pub(super) proof: Proof,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Guest {
    fn bearing(name: &str, role: Role, key: &str) -> Self {
        let headers = vec![("authorization", format!("Bearer {key}"))];
        let name = format!("{name} by key");
        Self { name, role, is_person: false, only: None, proof: Proof::Good, headers }
    }

    fn signed_in(name: &str, role: Role) -> Self {
        let headers = vec![("cookie", format!("kontor-session=s-{name}"))];
        let name = format!("{name} signed in");
        Self { name, role, is_person: true, only: None, proof: Proof::Good, headers }
    }

    fn but(self, name: &str, proof: Proof) -> Self {
        Self { name: name.to_owned(), proof, ..self }
    }
}

pub(super) fn crowd() -> Vec<Guest> {
    let keys = Role::ALL.map(|it| Guest::bearing(it.name(), it, &secret_of(it.name())));
    let people = Role::ALL.map(|it| Guest::signed_in(it.name(), it));
    let ops = |secret: &str| Guest::bearing("ops", Role::Ops, secret);
    let person = |name: &str| Guest::signed_in(name, Role::Ops);
    let none = Guest { headers: vec![], ..ops("") };
    let odd = vec![
        Guest {
            only: Some(Action::ReadOrder),
            ..ops(&secret_of("narrow")).but("narrowed", Proof::Good)
        },
        ops("kontor_ops_operator").but("the operator", Proof::Good),
        // The new secret of a key that was rotated, and the one before in its overlap.
        ops("kontor_krotated_2").but("rotated", Proof::Good),
        ops("kontor_koverlapping_1").but("in its overlap", Proof::Good),
        ops("kontor_krotated_1").but("rotated out", Proof::Bad),
        ops(&secret_of("expired")).but("expired", Proof::Bad),
        ops(&secret_of("revoked")).but("revoked", Proof::Bad),
        ops("kontor_kviewer_2").but("a wrong secret", Proof::Bad),
        ops("kontor_ops_viewer").but("a wrong operator", Proof::Bad),
        ops("nonsense").but("nonsense", Proof::Bad),
        person("disabled").but("disabled", Proof::None),
        person("idle").but("idle", Proof::None),
        person("over").but("a session that is over", Proof::None),
        none.but("nobody", Proof::None),
    ];
    [keys.to_vec(), people.to_vec(), odd].concat()
}

fn secret_of(name: &str) -> String {
    format!("kontor_k{name}_1")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A house with two orders: `K-a` of `webshop` with a parcel in `SH1`, and `K-z` of `market` with one
/// in `BJ1`; and with the crowd before its door.
pub(super) async fn opened() -> Shop {
    let access = AccessSettings {
        ops_key_hash: crate::fingerprint("kontor_ops_operator"),
        requests: 100_000,
        burst: 100_000,
        sign_ins: 1_000,
        ..AccessSettings::default()
    };
    let settings = GatewaySettings { access, page_wait_ms: 1, ..GatewaySettings::default() };
    let mut shop = Shop::with(settings).await;
    shop.hear(
        "level KB-87 1 240; level FAR-1 1 5
         place a 700 on_account; status a 1 checking; hold a 700 -; pick a 1 SH1 1
         place z 700 on_account; status z 1 checking; hold z 700 -; pick z 1 BJ1 1",
    )
    .await;
    let moved = sqlx::query("update order_head set channel = 'market' where order_id = $1");
    moved.bind(order("z").0).execute(&shop.bench.db).await.unwrap();
    shop.house.is_used_to(super::house::answers);
    moves_in(&shop).await;
    shop
}

async fn moves_in(shop: &Shop) {
    let db = &shop.bench.db;
    for role in Role::ALL {
        let channel = (role == Role::Storefront).then_some("webshop");
        let warehouse = (role == Role::Warehouse).then_some("SH1");
        let (name, rights) = (role.name(), rights(&[role], channel, warehouse));
        keep(
            db,
            &KeyRow {
                name: format!("{name}-key"),
                ..key(&format!("k{name}"), &[role], channel, warehouse)
            },
        )
        .await;
        sign_in(db, name, &format!("s-{name}"), 3, rights).await;
    }
    let ops = |name: &str| key(&format!("k{name}"), &[Role::Ops], None, None);
    keep(db, &KeyRow { only: Some(vec![Action::ReadOrder]), ..ops("narrow") }).await;
    keep(db, &KeyRow { expires_at: Some(time("2026-01-01T00:00:00Z")), ..ops("expired") }).await;
    for name in ["rotated", "overlapping", "revoked"] {
        keep(db, &ops(name)).await;
    }
    let by = By { who: "test", at: Timestamp::UNIX_EPOCH };
    let past = [("krotated", "2026-01-01T00:00:00Z"), ("koverlapping", "2100-01-01T00:00:00Z")];
    for (id, until) in past {
        let secret = Hashed::of(&format!("kontor_{id}_2"));
        assert!(keys::rotate(db, id, &secret, time(until), &by).await.unwrap());
    }
    assert!(keys::revoke(db, "krevoked", &by).await.unwrap());

    for name in ["disabled", "idle", "over"] {
        sign_in(db, name, &format!("s-{name}"), 1, rights(&[Role::Ops], None, None)).await;
    }
    // Not by the store, which would sign them out as well.
    for (sql, name) in [
        ("update person set disabled = true where name = $1", "disabled"),
        ("update session set used_at = '2026-01-01' where person = $1", "idle"),
        ("update session set ends_at = '2026-01-01' where person = $1", "over"),
    ] {
        sqlx::query(sql).bind(name).execute(db).await.unwrap();
    }
}

/// What a request needs to be there, and would use up.
pub(super) async fn prepare(shop: &Shop, cell: &Cell, nth: usize) {
    let db = &shop.bench.db;
    if cell.path.contains("/t{nth}/") {
        keep(db, &key(&format!("t{nth}"), &[Role::Viewer], None, None)).await;
    }
}
