//! The courier at work: real calls to a real server, and what the books say of them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chassis::clock;
use contracts::webhook::{
    CallFault, DisabledBecause, HookSecret, Replay, ReplayAnswer, RotateSecret, TestEndpoint,
};
use contracts::{Status, Uuid};
use futures::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use sha2::Sha256;
use tokio::sync::oneshot;

use super::home::Home;
use super::receiver::{Heard, Mood, Receiver};
use super::words::{OTHER_SECRET, SECRET, START, endpoint, placed, set, shipped, status};
use crate::Outbound;
use crate::delivery::PAUSES;
use crate::store::Round;

#[tokio::test]
async fn what_happens_to_an_order_reaches_its_endpoint_once_signed_and_in_order() {
    let receiver = Receiver::open([]).await;
    let home = Home::with(&receiver).await;
    home.hear([
        placed(1).into(),
        status(1, 1, Status::Checking).into(),
        status(1, 2, Status::Confirmed).into(),
        shipped(1, 7).into(),
    ])
    .await;
    home.hear([status(1, 2, Status::Confirmed).into()]).await; // Told again.

    home.deliver_all(&mut home.courier()).await;

    assert_eq!(receiver.told(), ["order.status 1", "order.status 2", "order.shipped"]);
    for it in receiver.heard() {
        assert_eq!(it.path, "/hooks?from=kontor");
        assert_eq!(it.header("host"), receiver.address.to_string());
        assert_eq!(it.header("content-type"), "application/json");
        assert_eq!(it.header("webhook-signature"), sign(SECRET, &it));
        let sent: i64 = it.header("webhook-timestamp").parse().unwrap();
        assert!((clock::now().as_second() - sent).abs() < 60);
    }
    let calls = home.calls().await;
    assert_eq!(calls.len(), 3);
    assert_eq!((calls[0].status, calls[0].attempt), (Some(200), 1));
    assert_eq!(calls[0].answer, "as it is ");
    assert!(calls.iter().all(|it| it.millis >= 0 && it.at > START));
}

#[tokio::test]
async fn what_fails_is_tried_again_and_what_comes_after_it_waits() {
    let receiver = Receiver::open([Mood::Say(500), Mood::HangUp]).await;
    let home = Home::with(&receiver).await;
    let mut courier = home.courier();
    home.hear([
        status(1, 1, Status::Checking).into(),
        status(1, 2, Status::Confirmed).into(),
        status(2, 1, Status::Checking).into(),
    ])
    .await;
    home.deliver_all(&mut courier).await; // Each order's first, of which both fail.
    assert_eq!(receiver.heard().len(), 2);

    home.pass(PAUSES[0] - SignedDuration::from_secs(2)).await;
    assert_eq!(home.round(&mut courier).await, 0);
    home.pass(SignedDuration::from_secs(3)).await;
    home.deliver_all(&mut courier).await;

    let heard = receiver.heard();
    assert_eq!(heard.len(), 5);
    let ids: Vec<&str> = heard.iter().map(|it| it.header("webhook-id")).collect();
    assert!(ids[..2].contains(&ids[2]) && ids[..2].contains(&ids[3]), "the same ids: {ids:?}");
    assert_eq!(receiver.told()[4], "order.status 2");
    let states =
        ["order.status delivered 2", "order.status delivered 1", "order.status delivered 2"];
    assert_eq!(home.deliveries().await, states.map(|it| format!("erp {it}")));
}

#[tokio::test]
async fn ten_failures_end_it_and_a_replay_brings_it_all_when_the_endpoint_is_back() {
    let receiver = Receiver::open(vec![Mood::Say(503); 10]).await;
    let home = Home::with(&receiver).await;
    let mut courier = home.courier();
    home.hear([status(1, 1, Status::Checking).into()]).await;
    for pause in PAUSES {
        assert_eq!(home.round(&mut courier).await, 1);
        home.pass(pause * 11 / 10 + SignedDuration::from_secs(1)).await;
    }
    assert_eq!(home.endpoint().await.state, "active");
    assert_eq!(home.round(&mut courier).await, 1);

    let shown = home.endpoint().await;
    assert_eq!((shown.state.as_str(), shown.waiting, shown.given_up), ("disabled", 0, 1));
    assert!(shown.reason.unwrap().ends_with("was given up after 10 attempts: it answers 503"));
    assert!(matches!(&home.said().await[..], [Outbound::EndpointDisabled(_)]));
    home.hear([status(1, 2, Status::Confirmed).into(), status(2, 1, Status::Checking).into()])
        .await;
    assert_eq!(home.round(&mut courier).await, 0);

    home.tell("again", &set("erp", &receiver.url())).await;
    let replay = Replay { endpoint: endpoint("erp"), since: START };
    let answer = home.tell("replay", &replay).await;
    let [ReplayAnswer::ReplayBegun(begun)] = &answer[..] else { panic!("{answer:?}") };
    assert_eq!(begun.deliveries, 3);
    home.deliver_all(&mut courier).await;

    let heard = receiver.heard();
    assert_eq!(heard.len(), 13);
    let again = |it: &&Heard| it.header("webhook-id") == heard[0].header("webhook-id");
    assert_eq!(heard[10..].iter().filter(again).count(), 1);
    let states =
        ["order.status delivered 11", "order.status delivered 1", "order.status delivered 1"];
    assert_eq!(home.deliveries().await, states.map(|it| format!("erp {it}")));
    assert_eq!(home.calls().await.len(), 13);
}

#[tokio::test]
async fn who_is_gone_is_disabled() {
    let receiver = Receiver::open([Mood::Say(410)]).await;
    let home = Home::with(&receiver).await;
    home.hear([status(1, 1, Status::Checking).into(), status(1, 2, Status::Confirmed).into()])
        .await;
    home.deliver_all(&mut home.courier()).await;
    let shown = home.endpoint().await;
    assert_eq!(shown.reason.as_deref(), Some("it is gone: it answers 410"));
    assert_eq!(shown.because, Some(DisabledBecause::Gone));
    assert_eq!((receiver.heard().len(), shown.waiting), (1, 1));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::open([]).await;
    let receiver = Receiver::open([Mood::Redirect(elsewhere.url())]).await;
    let home = Home::beside(&[&receiver, &elsewhere]).await;
    home.tell("set", &set("erp", &receiver.url())).await;
    home.hear([status(1, 1, Status::Checking).into()]).await;
    home.deliver_all(&mut home.courier()).await;
    assert_eq!((receiver.connections(), elsewhere.connections()), (1, 0));
    assert_eq!(home.calls().await[0].status, Some(307));
    assert_eq!(home.deliveries().await, ["erp order.status waiting 1"]);
}

#[tokio::test]
async fn who_dawdles_is_left_and_who_rambles_is_not_listened_to() {
    let moods = [Mood::Dawdle(Duration::from_secs(9)), Mood::Ramble(10_000_000)];
    let receiver = Receiver::open(moods).await;
    let home = Home::with(&receiver).await;
    let mut courier = home.hasty_courier(Duration::from_secs(1));
    home.hear([status(1, 1, Status::Checking).into(), status(2, 1, Status::Checking).into()]).await;
    home.deliver_all(&mut courier).await;

    let calls = home.calls().await;
    let answers: Vec<(Option<u16>, usize)> =
        calls.iter().map(|it| (it.status, it.answer.len())).collect();
    assert!(answers.contains(&(Some(200), 200)), "{answers:?}");
    let left = calls.iter().find(|it| it.status.is_none()).unwrap();
    assert_eq!(left.answer, "it did not answer in time");
    assert_eq!(left.fault, Some(CallFault::TooSlow));
    assert!((1000..2000).contains(&left.millis), "{}", left.millis);
}

#[tokio::test]
async fn for_a_day_the_old_secret_signs_beside_the_new_one() {
    let receiver = Receiver::open([]).await;
    let home = Home::with(&receiver).await;
    let mut courier = home.courier();
    let secret = HookSecret(OTHER_SECRET.to_owned());
    home.tell("rotate", &RotateSecret { endpoint: endpoint("erp"), secret }).await;
    home.hear([status(1, 1, Status::Checking).into()]).await;
    home.deliver_all(&mut courier).await;
    home.pass(SignedDuration::from_hours(24)).await;
    home.hear([status(1, 2, Status::Confirmed).into()]).await;
    home.deliver_all(&mut courier).await;

    let heard = receiver.heard();
    let both = format!("{} {}", sign(OTHER_SECRET, &heard[0]), sign(SECRET, &heard[0]));
    assert_eq!(heard[0].header("webhook-signature"), both);
    assert_eq!(heard[1].header("webhook-signature"), sign(OTHER_SECRET, &heard[1]));
}

#[tokio::test]
async fn a_test_is_sent_whatever_else_waits() {
    let receiver = Receiver::open([Mood::Say(500)]).await;
    let home = Home::with(&receiver).await;
    let mut courier = home.courier();
    home.hear([status(1, 1, Status::Checking).into()]).await;
    home.deliver_all(&mut courier).await;
    let test = TestEndpoint { endpoint: endpoint("erp"), test: Uuid::from_u128(1) };
    home.tell("test", &test).await;
    home.deliver_all(&mut courier).await;
    assert_eq!(receiver.told(), ["order.status 1", "webhook.test"]);
}

#[tokio::test]
async fn endpoints_are_called_side_by_side_and_each_only_so_often_at_once() {
    let slow = Receiver::open(vec![Mood::Dawdle(Duration::from_secs(3)); 20]).await;
    let quick = Receiver::open([]).await;
    let home = Home::beside(&[&slow, &quick]).await;
    home.tell("slow", &set("slow", &slow.url())).await;
    home.tell("quick", &set("quick", &quick.url())).await;
    for nth in 1..=20 {
        home.hear([status(nth, 1, Status::Checking).into()]).await;
    }
    let (close, closed) = oneshot::channel::<()>();
    let closing = async move { drop(closed.await) }.boxed().shared();
    let mut courier = home.courier();
    let story = async {
        let patience = tokio::time::timeout(Duration::from_secs(20), async {
            while quick.heard().len() < 20 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        patience.await.expect("the quick one does not wait for the slow one");
        let begun = slow.connections();
        close.send(()).unwrap();
        begun
    };
    let (served, begun) =
        tokio::join!(courier.serve(home.db(), std::future::pending::<()>, closing), story);
    served.unwrap();
    assert!((1..=16).contains(&begun), "{begun}");
    // What was under way was brought to its end, and written down.
    let delivered = home.deliveries().await.iter().filter(|it| it.ends_with("delivered 1")).count();
    assert_eq!(delivered, quick.heard().len() + slow.heard().len());
}

#[tokio::test]
async fn what_the_worker_was_not_told_is_sent_again_under_the_same_id() {
    let receiver = Receiver::open([]).await;
    let home = Home::with(&receiver).await;
    home.hear([status(1, 1, Status::Checking).into()]).await;
    home.send_worker_away(true);
    let (close, closed) = oneshot::channel::<()>();
    let closing = async move { drop(closed.await) }.boxed().shared();
    let mut courier = home.courier();
    let story = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        close.send(()).unwrap();
    };
    let (served, ()) =
        tokio::join!(courier.serve(home.db(), std::future::pending::<()>, closing), story);
    served.unwrap();
    assert_eq!(receiver.heard().len(), 1); // It is not sent again while he still knows of it.

    home.send_worker_away(false);
    home.deliver_all(&mut home.courier()).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    assert_eq!(home.deliveries().await, ["erp order.status delivered 1"]);
}

#[tokio::test]
async fn of_several_couriers_one_is_on_his_way() {
    let home = Home::beside(&[]).await;
    let first = Round::take(home.db()).await.unwrap();
    assert!(first.is_some() && Round::take(home.db()).await.unwrap().is_none());
    first.unwrap().end().await.unwrap();
    assert!(Round::take(home.db()).await.unwrap().is_some());
}

/// The signature, worked out once more from what arrived.
fn sign(secret: &str, it: &Heard) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let (id, timestamp) = (it.header("webhook-id"), it.header("webhook-timestamp"));
    mac.update(format!("{id}.{timestamp}.{}", it.body).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
