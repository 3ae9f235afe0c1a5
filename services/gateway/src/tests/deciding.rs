//! Deciding about orders, and what is said of it.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::Unanswered;
use contracts::credit::{
    HoldRefused, HoldReleased, RefuseHoldAnswer, ReleaseHoldAnswer, ReleaseRefusal, ReleaseRefused,
};
use contracts::intake::{
    CancelOrderAnswer, CancelReason, CancelRefusal, CancelRefused, CancellationRequested,
    OrderCancelled,
};
use contracts::{Actor, Cents};
use expect_test::expect;
use tower::ServiceExt;

use super::crew;
use super::http::{FOR_WEBSHOP, MARKET, Shop, WANG, WEBSHOP, request};
use super::story::order;
use crate::GatewaySettings;

const REASON: &str = r#"{"reason": "ordered twice"}"#;

fn cancel(name: &str) -> String {
    format!("POST /v1/orders/{}/cancel", order(name))
}

fn cancelled() -> OrderCancelled {
    OrderCancelled {
        order: order("a"),
        customer: "C-7".parse().unwrap(),
        because: CancelReason::Asked,
        by: Actor("webshop".to_owned()),
        remark: String::new(),
    }
}

#[tokio::test]
async fn an_order_is_cancelled_asked_back_or_stays() {
    let shop = Shop::open().await;
    let by = Actor("wang".to_owned());
    let requested = CancellationRequested { order: order("a"), by, reason: String::new() };
    shop.house.will_say::<CancelOrderAnswer>(cancelled());
    shop.house.will_say::<CancelOrderAnswer>(requested);
    let mut told = String::new();
    for _ in 0..2 {
        told += &shop.send(&cancel("a"), &[WEBSHOP], REASON).await.shown();
    }
    for because in [
        CancelRefusal::Unknown,
        CancelRefusal::AlreadyFinal,
        CancelRefusal::AlreadyRequested,
        CancelRefusal::Picked,
        CancelRefusal::PastPointOfNoReturn,
    ] {
        let status = None;
        let refused = CancelRefused { order: order("a"), status, because };
        shop.house.will_say::<CancelOrderAnswer>(refused);
        told += &shop.send(&cancel("a"), &[], REASON).await.problem();
    }
    expect![[r#"
        200 OK
        order "00000000-0000-0000-0000-000000000061"
        outcome "cancelled"
        page "intake:3:17"
        202 Accepted
        order "00000000-0000-0000-0000-000000000061"
        outcome "cancellation_requested"
        page "intake:3:17"
        404 not-found: 
        409 already-final: 
        409 already-requested: 
        409 picked: 
        409 past-point-of-no-return: 
    "#]]
    .assert_eq(&told);
    expect![[r#"
        intake.cancel.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","reason":"ordered twice"}
    "#]].assert_eq(shop.house.told().1.split_inclusive('\n').nth(2).unwrap());
}

#[tokio::test]
async fn an_order_may_be_named_by_its_number() {
    let mut shop = Shop::open().await;
    shop.hear("place a 100 on_account").await;
    shop.house.will_say::<CancelOrderAnswer>(cancelled());
    assert_eq!(shop.send("POST /v1/orders/K-a/cancel", &[], REASON).await.status, 200);
    assert!(shop.house.told().1.contains(&order("a").to_string()));
    let unknown = shop.send("POST /v1/orders/K-b/cancel", &[], REASON).await;
    assert_eq!(unknown.problem(), "404 not-found: \n");
}

/// The same key with the same request is one command, for whoever decides about it.
#[tokio::test]
async fn a_key_names_a_request() {
    let shop = Shop::open().await;
    let key = ("idempotency-key", "k1");
    let other = r#"{"reason": "too late"}"#;
    for (what, headers, body) in [
        (cancel("a"), &[WEBSHOP, key][..], REASON),
        (cancel("a"), &[WEBSHOP, key], REASON),
        (cancel("a"), &[WEBSHOP, ("idempotency-key", "k2")], REASON),
        (cancel("b"), &[WEBSHOP, key], REASON),
        (cancel("a"), &[MARKET, key], REASON),
        (cancel("a"), &[WANG, FOR_WEBSHOP, key], REASON),
        (cancel("a"), &[WEBSHOP, key], other),
        (cancel("a"), &[WEBSHOP], REASON),
        (cancel("a"), &[WEBSHOP], REASON),
    ] {
        shop.house.will_say::<CancelOrderAnswer>(cancelled());
        assert_eq!(shop.send(&what, headers, body).await.status, 200);
    }
    let (ids, _) = shop.house.told();
    assert_eq!(ids[0], ids[1]);
    let distinct: BTreeSet<_> = ids[1..].iter().collect();
    assert_eq!(distinct.len(), ids.len() - 1);
}

#[tokio::test]
async fn credit_is_released_and_refused_by_who_may() {
    let shop = Shop::open().await;
    let path = |what: &str| format!("POST /v1/orders/{}/credit/{what}", order("a"));
    let (by, reason, customer) = (Actor("wang".to_owned()), String::new(), "C-7".parse().unwrap());
    let order = order("a");
    shop.house.will_say::<ReleaseHoldAnswer>(HoldReleased {
        order,
        customer,
        authorised: Cents(1),
        payment_days: 30,
        by: by.clone(),
        reason: reason.clone(),
    });
    let customer = "C-7".parse().unwrap();
    shop.house.will_say::<RefuseHoldAnswer>(HoldRefused { order, customer, by, reason });

    let headers = [WANG];
    let mut told = shop.send(&path("release"), &headers, REASON).await.shown();
    told += &shop.send(&path("refuse"), &headers, REASON).await.shown();
    for because in [
        ReleaseRefusal::NotHeld,
        ReleaseRefusal::TierTooLow { needed: 3 },
        ReleaseRefusal::FourEyes,
    ] {
        shop.house.will_say::<ReleaseHoldAnswer>(ReleaseRefused { order, because });
        told += &shop.send(&path("release"), &headers, REASON).await.problem();
    }
    shop.house
        .will_say::<RefuseHoldAnswer>(ReleaseRefused { order, because: ReleaseRefusal::NotHeld });
    told += &shop.send(&path("refuse"), &headers, REASON).await.problem();
    told += &shop.house.told().1;
    expect![[r#"
        200 OK
        order "00000000-0000-0000-0000-000000000061"
        outcome "released"
        page "credit:3:17"
        200 OK
        order "00000000-0000-0000-0000-000000000061"
        outcome "refused"
        page "credit:3:17"
        409 not-held: 
        403 tier: tier 3
        403 four-eyes: 
        409 not-held: 
        credit.release-hold.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","tier":2,"reason":"ordered twice"}
        credit.refuse-hold.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","reason":"ordered twice"}
        credit.release-hold.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","tier":2,"reason":"ordered twice"}
        credit.release-hold.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","tier":2,"reason":"ordered twice"}
        credit.release-hold.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","tier":2,"reason":"ordered twice"}
        credit.refuse-hold.v1 {"order":"00000000-0000-0000-0000-000000000061","by":"wang.fang","reason":"ordered twice"}
    "#]].assert_eq(&told);
}

// ---- When the house does not answer ------------------------------------------------------------

#[tokio::test]
async fn no_answer_is_told_for_what_it_is() {
    let shop = Shop::open().await;
    let subject = || "intake.cancel.v1".to_owned();
    let cause = || "secret".to_owned();
    for (why, status, retry) in [
        (Unanswered::NobodyThere(subject()), 503, "1"),
        (Unanswered::TimedOut(subject()), 504, "1"),
        (Unanswered::Parked { subject: subject(), cause: cause() }, 500, ""),
        (Unanswered::Refused { subject: subject(), cause: cause() }, 502, ""),
    ] {
        shop.house.will_not_answer(why);
        let reply = shop.send(&cancel("a"), &[], REASON).await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (status, retry));
        assert!(!reply.text.contains("secret"));
    }
    // Nothing was said, though something should have been.
    assert_eq!(shop.send(&cancel("a"), &[], REASON).await.problem(), "500 internal: \n");
}

/// A client that loses patience, or hangs up, does not undo what it began.
#[tokio::test]
async fn what_was_begun_is_carried_out_though_nobody_waits() {
    let settings = GatewaySettings { request_ms: 500, ..GatewaySettings::default() };
    let shop = Shop::with(settings).await;
    shop.house.gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);

    let late = shop.send(&cancel("a"), &[], REASON).await;
    assert_eq!(late.problem(), "504 timed-out: \n");
    let hangs_up = shop.router.clone().oneshot(crew::known(request(&cancel("b"), &[], REASON)));
    assert!(tokio::time::timeout(Duration::from_millis(50), hangs_up).await.is_err());
    assert_eq!(shop.house.told().0.len(), 0);

    shop.house.gate.add_permits(2);
    let all_told = async {
        while shop.house.told().0.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), all_told).await.unwrap();
}
