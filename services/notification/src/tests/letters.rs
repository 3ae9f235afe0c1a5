//! The rules: stories and properties.

use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{Delivered, Shipped};
use contracts::intake::{CancelReason, OrderCancelled, OrderConfirmed, OrderExpired, OrderPlaced};
use contracts::notification::{Attempt, LetterKind, RecordAttempt};
use contracts::{
    Actor, Cents, ChannelId, Currency, CustomerId, ExternalId, InvoiceId, ItemUnits, Language,
    LetterId, OrderId, OrderKind, OrderLine, Place, ShipmentId, Sku, Terms, Tier, Timestamp, Uuid,
    WarehouseId,
};
use expect_test::{Expect, expect};
use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::letter::{Books, PAUSES, State, letter_id};
use crate::{Inbound, Outbound};

// ---- Stories -----------------------------------------------------------------------------------

#[test]
fn every_step_that_matters_to_the_customer_is_told_once() {
    check(
        "place a; confirm a; ship a 1; ship a 2; deliver a 1; bill a 1; confirm a; ship a 1; bill a 1",
        expect![[r#"
            a confirmed written
            a shipped written
            a shipped written
            a delivered written
            a invoiced written
        "#]],
    );
}

#[test]
fn an_order_ends_once() {
    check(
        "place a; cancel a; expire a; place b; expire b; cancel b",
        expect![[r#"
            a cancelled written
            b cancelled written
        "#]],
    );
}

#[test]
fn an_order_that_nobody_told_us_of_is_not_written_about() {
    check("confirm a; ship a 1; cancel a; sent a", expect![""]);
}

#[test]
fn who_left_no_mail_address_is_not_waited_for() {
    check(
        "place a silently; confirm a; ship a 1; confirm a; place a; bill a 1; place b; confirm b",
        expect![[r#"
            a confirmed written
            a confirmed failed: no address
            a shipped written
            a shipped failed: no address
            a invoiced written
            a invoiced failed: no address
            b confirmed written
        "#]],
    );
}

#[test]
fn a_letter_that_was_sent_stays_sent() {
    check(
        "place a; confirm a; sent a; sent a; refused a; deferred a",
        expect![[r#"
            a confirmed written
            a confirmed sent in zh-CN
        "#]],
    );
}

#[test]
fn a_letter_that_was_refused_stays_failed() {
    check(
        "place a; confirm a; refused a; sent a",
        expect![[r#"
            a confirmed written
            a confirmed failed: no such mailbox
        "#]],
    );
}

#[test]
fn a_letter_is_tried_with_growing_pauses_and_then_given_up() {
    let mut books = told(story("place a; confirm a"));
    let (mut now, mut tries) = (START, Vec::new());
    for attempt in 1.. {
        let said = books.decide(now, deferred(order_called(0), attempt).into());
        let State::Queued { next_attempt_at, .. } = the_letter(&books) else {
            tries.extend(said.iter().map(tell));
            break;
        };
        now = next_attempt_at;
        tries.push(format!("{:#}\n", now.duration_since(START)));
    }
    expect![[r#"
        1m
        6m
        36m
        2h 36m
        10h 36m
        22h 36m
        46h 36m
        70h 36m
        a confirmed failed: given up after 9 attempts: try later
    "#]]
    .assert_eq(&tries.concat());
}

#[test]
fn the_same_attempt_counts_once() {
    let mut books = told(story("place a; confirm a; deferred a"));
    let once = books.clone();
    books.decide(START + SignedDuration::from_mins(10), deferred(order_called(0), 1).into());
    assert_eq!(books, once);
}

/// Tells a story, one message per `;`, and compares all that is said.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(lines: &str, expected: Expect) {
    let mut books = Books::default();
    let said = story(lines).into_iter().flat_map(|it| books.decide(START, it));
    expected.assert_eq(&said.map(|it| tell(&it)).collect::<String>());
}

// ---- Properties --------------------------------------------------------------------------------

proptest! {
    #[test]
    fn a_letter_is_written_once_for_each_order_kind_and_cause(history in history()) {
        let mut books = Books::default();
        let said = history.into_iter().flat_map(|it| books.decide(START, it));
        let mut written: Vec<LetterId> = said
            .filter_map(|it| if let Outbound::LetterWritten(it) = it { Some(it.letter) } else { None })
            .collect();
        let all = written.len();
        written.sort();
        written.dedup();
        prop_assert_eq!(written.len(), all);
        prop_assert_eq!(books.written.keys().copied().collect::<Vec<_>>(), written);
    }

    #[test]
    fn saying_it_twice_changes_nothing(history in history(), message in message()) {
        let mut books = told(history);
        books.decide(START, message.clone());
        let once = books.clone();
        let said = books.decide(START + SignedDuration::from_hours(1), message);
        prop_assert_eq!(said, vec![]);
        prop_assert_eq!(books, once);
    }

    /// Whatever comes, in whatever order, a letter ends at most once, and is silent afterwards.
    #[test]
    fn a_letter_ends_once(history in history()) {
        let mut books = Books::default();
        let mut ended = std::collections::BTreeSet::new();
        for message in history {
            for said in books.decide(START, message) {
                let (letter, sent) = match said {
                    Outbound::LetterWritten(_) => continue,
                    Outbound::LetterSent(it) => (it.letter, true),
                    Outbound::LetterFailed(it) => (it.letter, false),
                };
                prop_assert!(ended.insert(letter));
                let state = &books.letters[&letter].state;
                let as_said = match state {
                    State::Sent => sent,
                    State::Failed { .. } => !sent,
                    State::Queued { .. } => false,
                };
                prop_assert!(as_said);
            }
        }
    }

    #[test]
    fn a_queued_letter_is_never_tried_more_often_than_there_are_pauses(history in history()) {
        for letter in told(history).letters.values() {
            if let State::Queued { .. } = letter.state {
                prop_assert!(usize::try_from(letter.attempts).unwrap() <= PAUSES.len());
            }
        }
    }
}

// ---- Reading and telling -----------------------------------------------------------------------

pub(super) const START: Timestamp = Timestamp::UNIX_EPOCH;

pub(super) fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

/// Reads one line of a story. Orders have small letters; shipments and invoices have numbers.
fn read(line: &str) -> Inbound {
    let order = |it: &str| order_called(it.as_bytes()[0] - b'a');
    let nth = |it: &str| it.parse::<u128>().unwrap();
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["place", o] => placed(order(o)).into(),
        ["place", o, "silently"] => OrderPlaced { has_email: false, ..placed(order(o)) }.into(),
        ["confirm", o] => OrderConfirmed { order: order(o), customer: customer() }.into(),
        ["cancel", o] => cancelled(order(o)).into(),
        ["expire", o] => OrderExpired { order: order(o), customer: customer() }.into(),
        ["ship", o, n] => shipped(order(o), nth(n)).into(),
        ["deliver", o, n] => delivered(order(o), nth(n)).into(),
        ["bill", o, n] => billed(order(o), nth(n)).into(),
        ["sent", o] => sent(order(o)).into(),
        ["deferred", o] => deferred(order(o), 1).into(),
        ["refused", o] => refused(order(o)).into(),
        _ => panic!("what does {line:?} mean?"),
    }
}

/// Tells what was said, one line each.
pub(super) fn tell(said: &Outbound) -> String {
    let name = |it: OrderId| char::from(b'a' + it.0.as_bytes()[15]);
    match said {
        Outbound::LetterWritten(it) => {
            format!("{} {} written\n", name(it.order), it.kind.name())
        }
        Outbound::LetterSent(it) => {
            format!("{} {} sent in {}\n", name(it.order), it.kind.name(), it.language.tag())
        }
        Outbound::LetterFailed(it) => {
            format!("{} {} failed: {}\n", name(it.order), it.kind.name(), it.reason)
        }
    }
}

fn told(history: Vec<Inbound>) -> Books {
    let mut books = Books::default();
    for message in history {
        books.decide(START, message);
    }
    books
}

fn the_letter(books: &Books) -> State {
    books.letters.values().next().unwrap().state.clone()
}

pub(super) fn order_called(nth: u8) -> OrderId {
    OrderId(Uuid::from_u128(nth.into()))
}

fn customer() -> CustomerId {
    CustomerId::new("C-1").unwrap()
}

fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

pub(super) fn placed(order: OrderId) -> OrderPlaced {
    let line = |line, name: &str, quantity, net, tax| OrderLine {
        line,
        sku: sku(&format!("SKU-{line}")),
        name: name.to_owned(),
        category: "valves".to_owned(),
        quantity,
        unit_price: Cents(1000),
        net: Cents(net),
        tax: Cents(tax),
        unit_cost: Cents(600),
        weight_g: 100,
    };
    OrderPlaced {
        order,
        order_no: "K-2026-000123".to_owned(),
        channel: ChannelId::new("shop").unwrap(),
        external_id: ExternalId::new("E-1").unwrap(),
        customer: customer(),
        tier: Tier::Regular,
        kind: OrderKind::Standard,
        urgent: false,
        terms: Terms::OnAccount,
        currency: Currency::CNY,
        lines: vec![
            line(1, "球阀 <DN25>", 1000, 1_000_000, 130_000),
            line(2, "Gasket & seal", 3, 300, 39),
        ],
        net: Cents(1_000_300),
        tax: Cents(130_039),
        freight: Cents(1500),
        total: Cents(1_131_839),
        ship_to: Place {
            country: "CN".to_owned(),
            province: "上海".to_owned(),
            city: "上海".to_owned(),
            district: "浦东".to_owned(),
            postcode: "200120".to_owned(),
        },
        language: Language::Chinese,
        has_email: true,
        remark: String::new(),
        placed_at: START,
        entered_by: Actor::house(),
    }
}

fn cancelled(order: OrderId) -> OrderCancelled {
    let (because, by, remark) = (CancelReason::Asked, Actor::house(), String::new());
    OrderCancelled { order, customer: customer(), because, by, remark }
}

pub(super) fn shipped(order: OrderId, nth: u128) -> Shipped {
    Shipped {
        order,
        customer: customer(),
        shipment: ShipmentId(Uuid::from_u128(nth)),
        warehouse: WarehouseId::new("W1").unwrap(),
        units: vec![ItemUnits { line: 2, sku: sku("SKU-2"), quantity: 3 }],
        carrier: None,
        tracking_no: None,
        shipped_at: START,
    }
}

fn delivered(order: OrderId, nth: u128) -> Delivered {
    Delivered {
        order,
        customer: customer(),
        currency: Currency::CNY,
        shipment: ShipmentId(Uuid::from_u128(nth)),
        units: vec![ItemUnits { line: 2, sku: sku("SKU-2"), quantity: 3 }],
        delivered_at: START,
    }
}

fn billed(order: OrderId, nth: u128) -> InvoiceIssued {
    InvoiceIssued {
        invoice: InvoiceId(Uuid::from_u128(nth)),
        number: format!("2026-{nth:06}"),
        order,
        shipment: ShipmentId(Uuid::from_u128(nth)),
        customer: customer(),
        currency: Currency::CNY,
        net: Cents(300),
        tax: Cents(39),
        gross: Cents(339),
        prepaid: Cents(0),
        issued_on: jiff::civil::date(2026, 3, 5),
        due_on: jiff::civil::date(2026, 4, 4),
    }
}

fn about_confirmation(order: OrderId, attempt: i32, outcome: Attempt) -> RecordAttempt {
    let letter = letter_id(order, LetterKind::Confirmed, None);
    RecordAttempt { letter, order, attempt, outcome }
}

fn sent(order: OrderId) -> RecordAttempt {
    about_confirmation(order, 1, Attempt::Sent { language: Language::Chinese })
}

fn deferred(order: OrderId, attempt: i32) -> RecordAttempt {
    about_confirmation(order, attempt, Attempt::Deferred { reason: "try later".to_owned() })
}

pub(super) fn refused(order: OrderId) -> RecordAttempt {
    about_confirmation(order, 1, Attempt::Refused { reason: "no such mailbox".to_owned() })
}

fn history() -> impl Strategy<Value = Vec<Inbound>> {
    vec(message(), 0..40)
}

fn message() -> impl Strategy<Value = Inbound> {
    (0..3_u8, 0..3_u128, -1..12_i32, 0..10_u8)
        .prop_map(|(nth, cause, attempt, what)| any_of(order_called(nth), cause, attempt, what))
}

/// One of ten messages about an order.
pub(super) fn any_of(order: OrderId, cause: u128, attempt: i32, what: u8) -> Inbound {
    let customer = customer();
    match what {
        0 => placed(order).into(),
        1 => OrderConfirmed { order, customer }.into(),
        2 => cancelled(order).into(),
        3 => OrderExpired { order, customer }.into(),
        4 => shipped(order, cause).into(),
        5 => delivered(order, cause).into(),
        6 => billed(order, cause).into(),
        7 => sent(order).into(),
        8 => deferred(order, attempt).into(),
        _ => refused(order).into(),
    }
}
