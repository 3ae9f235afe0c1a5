//! What is written, and for whom: stories without a database.

use contracts::webhook::{
    DisabledBecause, EndpointDisabled, HookEvent, HookSecret, Replay, ReplayStrand, RotateSecret,
    TestEndpoint,
};
use contracts::{ChannelId, DeliveryId, Status, Uuid};
use expect_test::expect;
use jiff::SignedDuration;

use super::words::{
    OTHER_SECRET, SECRET, START, answered, billed, delivered, endpoint, placed, rejected, set,
    shipped, status,
};
use crate::books::Books;
use crate::delivery::{DeliveryState, PAUSES, pause_after};
use crate::endpoint::EndpointState;
use crate::{Inbound, Outbound};

fn books<const N: usize>(history: [Inbound; N]) -> Books {
    let mut books = Books::default();
    for it in history {
        books.decide(START, it);
    }
    books
}

fn bodies(books: &Books) -> String {
    let mut bodies: Vec<(i32, String)> = books
        .written
        .iter()
        .map(|(id, body)| (books.deliveries[id].number, format!("{body}\n")))
        .collect();
    bodies.sort();
    bodies.into_iter().map(|it| it.1).collect()
}

fn the_delivery(books: &Books) -> DeliveryId {
    *books.deliveries.keys().next().unwrap()
}

#[test]
fn what_an_endpoint_is_told_names_nobody() {
    let books = books([
        set("erp", "https://example.com/").into(),
        placed(1).into(),
        status(1, 1, Status::Confirmed).into(),
        shipped(1, 7).into(),
        delivered(1, 7).into(),
        billed(1, 9).into(),
        rejected(2).into(),
    ]);
    let told = bodies(&books);
    expect![[r#"
        {"data":{"channel":"web","external_id":"W-1","number":1,"order":"00000000-0000-0000-0000-000000000001","order_no":"K-1","problems":[],"reason":"","status":"confirmed"},"timestamp":"1970-01-01T00:00:00Z","type":"order.status"}
        {"data":{"channel":"web","external_id":"W-2","number":1,"order":null,"order_no":null,"problems":[{"code":"phone.format","expected":"a telephone number","pointer":"/ship_to/phone"}],"reason":"","status":"rejected"},"timestamp":"1970-01-01T00:00:00Z","type":"order.status"}
        {"data":{"carrier":null,"channel":"web","external_id":"W-1","order":"00000000-0000-0000-0000-000000000001","order_no":"K-1","shipment":"00000000-0000-0000-0000-000000000007","tracking_no":null,"units":[]},"timestamp":"1970-01-01T00:00:00Z","type":"order.shipped"}
        {"data":{"channel":"web","external_id":"W-1","order":"00000000-0000-0000-0000-000000000001","order_no":"K-1","shipment":"00000000-0000-0000-0000-000000000007","units":[]},"timestamp":"1970-01-01T00:00:00Z","type":"order.delivered"}
        {"data":{"channel":"web","currency":"CNY","due_on":"2026-04-04","external_id":"W-1","gross":339,"invoice":"00000000-0000-0000-0000-000000000009","issued_on":"2026-03-05","net":300,"number":"2026-000009","order":"00000000-0000-0000-0000-000000000001","order_no":"K-1","prepaid":0,"shipment":"00000000-0000-0000-0000-000000000009","tax":39},"timestamp":"1970-01-01T00:00:00Z","type":"order.invoiced"}
    "#]].assert_eq(&told);
    for personal in ["13800138000", "clerk-wang", "ring twice", "浦东", "C-1"] {
        assert!(!told.contains(personal), "{personal}");
    }
}

#[test]
fn an_endpoint_gets_what_its_channel_does_and_what_it_wants_and_nothing_while_it_is_off() {
    let mut elsewhere = set("elsewhere", "https://example.com/");
    elsewhere.channel = ChannelId::new("market").unwrap();
    let mut parcels = set("parcels", "https://example.com/");
    parcels.events = vec![HookEvent::OrderShipped];
    let mut off = set("off", "https://example.com/");
    off.active = false;
    let books = books([
        elsewhere.into(),
        parcels.into(),
        off.into(),
        placed(1).into(),
        status(1, 1, Status::Checking).into(),
        shipped(1, 7).into(),
        shipped(2, 8).into(), // Nobody knows whose.
    ]);
    let written: Vec<(&str, HookEvent)> =
        books.deliveries.values().map(|it| (it.endpoint.as_str(), it.event)).collect();
    assert_eq!(written, [("parcels", HookEvent::OrderShipped)]);
}

#[test]
fn what_fails_is_tried_ten_times_over_three_days_and_then_the_endpoint_is_disabled() {
    let mut books =
        books([set("erp", "https://example.com/").into(), status(1, 1, Status::Checking).into()]);
    let id = the_delivery(&books);
    let mut now = START;
    for attempt in 1..=10 {
        let said = books.decide(now, answered(id, "webW-1", attempt, 500).into());
        match books.deliveries[&id].state {
            DeliveryState::Waiting { next_attempt_at } => {
                let pause = next_attempt_at.duration_since(now);
                let usual = PAUSES[usize::try_from(attempt).unwrap() - 1];
                assert!(pause >= usual && pause * 10 <= usual * 11, "{pause}");
                assert!(said.is_empty());
                now = next_attempt_at;
            }
            DeliveryState::Delivered => panic!("nobody took it"),
            DeliveryState::GivenUp => {
                assert_eq!(attempt, 10);
                let [Outbound::DisableEndpoint(note)] = &said[..] else { panic!("{said:?}") };
                let told = books.decide(now, note.clone().into());
                let [Outbound::EndpointDisabled(EndpointDisabled { reason, because, .. })] =
                    &told[..]
                else {
                    panic!("{told:?}");
                };
                assert_eq!(*reason, format!("{id} was given up after 10 attempts: it answers 500"));
                let (delivery, attempts) = (id, attempt);
                let given_up =
                    DisabledBecause::GivenUp { delivery, attempts, status: Some(500), fault: None };
                assert_eq!(*because, Some(given_up));
                assert_eq!(books.decide(now, note.clone().into()), []);
            }
        }
    }
    assert!(now.duration_since(START) > SignedDuration::from_hours(75));
    assert_eq!(books.deliveries[&id].attempts, 10);
}

#[test]
fn pauses_differ_by_delivery_and_are_the_same_for_the_same() {
    let pauses = |it: u128| pause_after(DeliveryId(Uuid::from_u128(it)), 9);
    assert_eq!(pauses(1), pauses(1));
    assert_ne!(pauses(1), pauses(2));
    assert_eq!(pause_after(DeliveryId(Uuid::nil()), 10), None);
}

#[test]
fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let mut books =
        books([set("erp", "https://example.com/").into(), status(1, 1, Status::Checking).into()]);
    let id = the_delivery(&books);
    let said = books.decide(START, answered(id, "webW-1", 1, 410).into());
    let [Outbound::DisableEndpoint(note)] = &said[..] else { panic!("{said:?}") };
    books.decide(START, note.clone().into());
    assert!(matches!(books.endpoints[&endpoint("erp")].state, EndpointState::Disabled(..)));

    // What happens now is written down, and not sent before somebody asks for it.
    books.decide(START, status(1, 2, Status::Confirmed).into());
    let states: Vec<DeliveryState> = books.deliveries.values().map(|it| it.state).collect();
    assert_eq!(states, [DeliveryState::GivenUp; 2]);
    let refused = books.decide(START, Replay { endpoint: endpoint("erp"), since: START }.into());
    assert!(matches!(&refused[..], [Outbound::EndpointRefused(_)]));

    let mut again = set("erp", "https://example.com/");
    again.secret = None;
    books.decide(START, again.into());
    let note = ReplayStrand {
        endpoint: endpoint("erp"),
        strand: "webW-1".to_owned(),
        since: START,
        due: START,
    };
    books.decide(START, note.into());
    let waiting = DeliveryState::Waiting { next_attempt_at: START };
    assert!(books.deliveries.values().all(|it| it.state == waiting));
}

#[test]
fn a_test_is_tried_once_and_harms_nobody() {
    let mut books = books([set("erp", "https://example.com/").into()]);
    let test = TestEndpoint { endpoint: endpoint("erp"), test: Uuid::from_u128(1) };
    let said = books.decide(START, test.clone().into());
    assert_eq!(said, books.decide(START, test.into()));
    let id = the_delivery(&books);
    assert_eq!(books.decide(START, answered(id, "erp", 1, 410).into()), []);
    assert_eq!(books.deliveries[&id].state, DeliveryState::GivenUp);
    assert_eq!(books.endpoints[&endpoint("erp")].state, EndpointState::Active);

    let unknown = TestEndpoint { endpoint: endpoint("crm"), test: Uuid::from_u128(1) };
    assert!(matches!(&books.decide(START, unknown.into())[..], [Outbound::EndpointRefused(_)]));
}

#[test]
fn a_secret_is_replaced_only_by_rotating_it_and_an_endpoint_stays_with_its_channel() {
    let mut books = books([set("erp", "https://example.com/").into()]);
    let mut other = set("erp", "https://example.com/");
    other.secret = Some(HookSecret(OTHER_SECRET.to_owned()));
    other.channel = ChannelId::new("market").unwrap();
    let said = books.decide(START, other.into());
    let [Outbound::EndpointRefused(it)] = &said[..] else { panic!("{said:?}") };
    let codes: Vec<&str> = it.problems.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["channel", "secret.rotate"]);

    let rotate = |secret: &str| RotateSecret {
        endpoint: endpoint("erp"),
        secret: HookSecret(secret.to_owned()),
    };
    let [Outbound::SecretRotated(it)] = &books.decide(START, rotate(OTHER_SECRET).into())[..]
    else {
        panic!("it is refused");
    };
    assert_eq!(it.old_until, Some(START + SignedDuration::from_hours(24)));
    let [Outbound::SecretRotated(it)] = &books.decide(START, rotate(OTHER_SECRET).into())[..]
    else {
        panic!("it is refused");
    };
    assert_eq!(it.old_until, None);
    let old = books.endpoints[&endpoint("erp")].old_secret.clone().unwrap();
    assert_eq!(old.0.0, SECRET);
    assert!(matches!(&books.decide(START, rotate("x").into())[..], [Outbound::EndpointRefused(_)]));
}
