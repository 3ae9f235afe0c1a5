//! Messages, as short as they can be said.

use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{Delivered, Shipped};
use contracts::intake::{OrderPlaced, OrderStatus, Problem};
use contracts::webhook::{CallOutcome, HookEvent, HookSecret, RecordCall, SetEndpoint};
use contracts::{
    Actor, Cents, ChannelId, Currency, CustomerId, DeliveryId, EndpointId, ExternalId, InvoiceId,
    Language, OrderId, OrderKind, Place, ShipmentId, Status, Terms, Tier, Timestamp, Uuid,
    WarehouseId,
};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(crate) const START: Timestamp = Timestamp::UNIX_EPOCH;

pub(crate) fn web() -> ChannelId {
    ChannelId::new("web").unwrap()
}

pub(crate) fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(name).unwrap()
}

/// An endpoint of the web shop that wants to hear of everything.
pub(crate) fn set(name: &str, url: &str) -> SetEndpoint {
    SetEndpoint {
        endpoint: endpoint(name),
        channel: web(),
        url: url.to_owned(),
        events: HookEvent::ALL.into_iter().filter(|it| *it != HookEvent::Test).collect(),
        active: true,
        secret: Some(HookSecret(SECRET.to_owned())),
    }
}

fn order(nth: u128) -> OrderId {
    OrderId(Uuid::from_u128(nth))
}

fn external_id(nth: u128) -> ExternalId {
    ExternalId::new(format!("W-{nth}")).unwrap()
}

fn customer() -> CustomerId {
    CustomerId::new("C-1").unwrap()
}

pub(crate) fn placed(nth: u128) -> OrderPlaced {
    OrderPlaced {
        order: order(nth),
        order_no: format!("K-{nth}"),
        channel: web(),
        external_id: external_id(nth),
        customer: customer(),
        tier: Tier::Regular,
        kind: OrderKind::Standard,
        urgent: false,
        terms: Terms::OnAccount,
        currency: Currency::CNY,
        lines: vec![],
        net: Cents(100),
        tax: Cents(13),
        freight: Cents(0),
        total: Cents(113),
        ship_to: Place {
            country: "CN".to_owned(),
            province: "上海".to_owned(),
            city: "上海".to_owned(),
            district: "浦东".to_owned(),
            postcode: "200120".to_owned(),
        },
        language: Language::Chinese,
        has_email: true,
        remark: "ring twice".to_owned(),
        placed_at: START,
        entered_by: Actor("clerk-wang".to_owned()),
    }
}

pub(crate) fn status(nth: u128, number: i64, status: Status) -> OrderStatus {
    OrderStatus {
        channel: web(),
        external_id: external_id(nth),
        number,
        status,
        order: Some(order(nth)),
        order_no: Some(format!("K-{nth}")),
        at: START,
        reason: String::new(),
        by: Actor("clerk-wang".to_owned()),
        problems: vec![],
    }
}

/// A submission that names a telephone number which is none.
pub(crate) fn rejected(nth: u128) -> OrderStatus {
    let problem = Problem {
        code: "phone.format".to_owned(),
        pointer: "/ship_to/phone".to_owned(),
        found: "13800138000x".to_owned(),
        expected: "a telephone number".to_owned(),
    };
    OrderStatus {
        order: None,
        order_no: None,
        problems: vec![problem],
        ..status(nth, 1, Status::Rejected)
    }
}

pub(crate) fn shipped(nth: u128, shipment: u128) -> Shipped {
    Shipped {
        order: order(nth),
        customer: customer(),
        shipment: ShipmentId(Uuid::from_u128(shipment)),
        warehouse: WarehouseId::new("W1").unwrap(),
        units: vec![],
        carrier: None,
        tracking_no: None,
        shipped_at: START,
    }
}

pub(crate) fn delivered(nth: u128, shipment: u128) -> Delivered {
    Delivered {
        order: order(nth),
        customer: customer(),
        currency: Currency::CNY,
        shipment: ShipmentId(Uuid::from_u128(shipment)),
        units: vec![],
        delivered_at: START,
    }
}

pub(crate) fn billed(nth: u128, invoice: u128) -> InvoiceIssued {
    InvoiceIssued {
        invoice: InvoiceId(Uuid::from_u128(invoice)),
        number: format!("2026-{invoice:06}"),
        order: order(nth),
        shipment: ShipmentId(Uuid::from_u128(invoice)),
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

pub(crate) fn answered(
    delivery: DeliveryId,
    strand: &str,
    attempt: i32,
    status: u16,
) -> RecordCall {
    let outcome = CallOutcome::Answered { status, answer: String::new() };
    RecordCall { delivery, strand: strand.to_owned(), attempt, at: START, millis: 3, outcome }
}
