//! Stories, properties, the store, the handler. Here is what they share: how a story is read, and
//! how what fulfilment says is told.

mod anything;
mod changes;
mod differential;
mod handler;
mod properties;
mod stories;

use std::fmt::Write;

use contracts::allocation::{Otherwise, SourcingFailed, SourcingPlanned};
use contracts::fulfilment::{CarrierReported, PickLine, WarehouseReported};
use contracts::intake::{
    CancelReason, CancellationRequested, ConsigneeNamed, OrderCancelled, OrderConfirmed,
    OrderExpired, OrderPlaced,
};
use contracts::inventory::{
    BackorderFilled, Claim, ClaimsPromoted, ClaimsWithdrawn, LeaseExpired, PromotionRefused,
    StockClaimed,
};
use contracts::{
    Actor, CarrierId, Cents, ChannelId, Consignee, Currency, CustomerId, ExternalId, ItemUnits,
    Language, LineUnits, OrderId, OrderKind, OrderLine, Place, Sku, Terms, Tier, Timestamp,
    TrackingNo, Uuid, WarehouseId,
};
use expect_test::Expect;
use serde_json::{Value, json};

use crate::books::Books;
use crate::{Inbound, Outbound};

const START: Timestamp = Timestamp::UNIX_EPOCH;

/// An order on account for `lines`, claimed as `claims` and confirmed: all that intake, allocation
/// and inventory say until then.
fn ready(order: &str, lines: &str, claims: &str) -> String {
    format!(
        "place {order} {lines}; plan {order}; claim {order} {claims}; name {order}; confirm {order}"
    )
}

fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

/// Tells the books a story, one message per `;`, and compares all that they say, and all that they
/// refuse to believe. Notes are delivered at once.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(lines: &str, expected: Expect) {
    let mut books = Books::default();
    let mut told = String::new();
    for message in story(lines) {
        let mut messages = vec![message];
        while let Some(message) = messages.pop() {
            for said in books.decide(START, message) {
                told += &tell(&said);
                if let Outbound::ParcelNoted(note) = said {
                    messages.push(Inbound::ParcelNoted(note));
                }
            }
            for (key, _) in std::mem::take(&mut books.refused) {
                let (reporter, what) = (key.reporter, key.what);
                let (pick, reason) = (key.pick, key.reason.name());
                writeln!(told, "{reporter} {what}, pick {pick}? {reason}").unwrap();
            }
        }
    }
    expected.assert_eq(&told);
}

/// Reads one line of a story. Units are `<line>x<quantity>`, claims `<line>x<quantity>@<warehouse>`.
fn read(line: &str) -> Inbound {
    let words: Vec<&str> = line.split_whitespace().collect();
    let customer = CustomerId::new("C1").unwrap();
    match words[..] {
        ["place", o, ref lines @ ..] => place(order_called(o), lines).into(),
        ["plan", o, ref how @ ..] => plan(order_called(o), how == ["complete"]).into(),
        ["fail", o, ref lines @ ..] => SourcingFailed {
            order: order_called(o),
            attempt: 2,
            lines: lines.iter().map(|it| units(it)).collect(),
            rule: String::new(),
            because: String::new(),
            findings: None,
        }
        .into(),
        ["claim", o, ref it @ ..] => StockClaimed {
            order: order_called(o),
            attempt: 1,
            claims: claims(it),
            backordered: vec![],
            lease_until: None,
        }
        .into(),
        ["fill", o, ref it @ ..] => {
            BackorderFilled { order: order_called(o), claims: claims(it) }.into()
        }
        ["promote", o, ref it @ ..] => {
            ClaimsPromoted { order: order_called(o), claims: claims(it) }.into()
        }
        ["lose", o, ref it @ ..] => {
            ClaimsWithdrawn { order: order_called(o), claims: claims(it) }.into()
        }
        ["lapse", o] => LeaseExpired { order: order_called(o) }.into(),
        ["gone", o] => PromotionRefused { order: order_called(o), lacking: vec![] }.into(),
        ["name", o] => name(order_called(o)).into(),
        ["confirm", o] => OrderConfirmed { order: order_called(o), customer }.into(),
        ["back", o] => {
            let (order, by) = (order_called(o), Actor::house());
            CancellationRequested { order, by, reason: String::new() }.into()
        }
        ["cancel", o] => OrderCancelled {
            order: order_called(o),
            customer,
            because: CancelReason::Asked,
            by: Actor::house(),
            remark: String::new(),
        }
        .into(),
        ["expire", o] => OrderExpired { order: order_called(o), customer }.into(),
        [who, what, pick, ref rest @ ..] if who.starts_with('w') => {
            report(who, what, pick, rest).into()
        }
        [carrier, what, no] => CarrierReported {
            carrier: CarrierId::new(carrier).unwrap(),
            tracking_no: TrackingNo::new(no).unwrap(),
            what: what.to_owned(),
            body: json!({ "reason": "nobody at home" }),
        }
        .into(),
        _ => panic!("what does {line:?} mean?"),
    }
}

/// `w1 picked a/2 1x3`, `w1 shipped a/1 by sf/T1`.
fn report(who: &str, what: &str, pick: &str, rest: &[&str]) -> WarehouseReported {
    let (order, pick) = pick.split_once('/').unwrap();
    let mut body = json!({ "pick": pick.parse::<i32>().unwrap() });
    match rest {
        [] => {}
        ["by", parcel] => {
            let (carrier, no) = parcel.split_once('/').unwrap();
            body["carrier"] = carrier.into();
            body["tracking_no"] = no.into();
        }
        ["nothing"] => body["lines"] = json!([]),
        ["as", text] => body = Value::String((*text).to_owned()),
        lines => {
            let lines: Vec<LineUnits> = lines.iter().map(|it| units(it)).collect();
            body["lines"] = serde_json::to_value(lines).unwrap();
        }
    }
    let warehouse = WarehouseId::new(who).unwrap();
    WarehouseReported { warehouse, order: order_called(order), what: what.to_owned(), body }
}

fn place(order: OrderId, lines: &[&str]) -> OrderPlaced {
    let line = |it: &&str| {
        let LineUnits { line, quantity } = units(it);
        OrderLine {
            line,
            sku: sku(line),
            name: format!("Item {line}"),
            category: String::new(),
            quantity,
            unit_price: Cents(100),
            net: Cents(100 * quantity),
            tax: Cents(0),
            unit_cost: Cents(60),
            weight_g: 100,
        }
    };
    OrderPlaced {
        order,
        order_no: format!("K-{}", letter(order)),
        channel: ChannelId::new("shop").unwrap(),
        external_id: ExternalId::new(letter(order)).unwrap(),
        customer: CustomerId::new("C1").unwrap(),
        tier: Tier::Regular,
        kind: OrderKind::Standard,
        urgent: false,
        terms: Terms::OnAccount,
        currency: Currency::CNY,
        lines: lines.iter().map(line).collect(),
        net: Cents(0),
        tax: Cents(0),
        freight: Cents(0),
        total: Cents(0),
        ship_to: somewhere(),
        language: Language::Chinese,
        has_email: true,
        remark: String::new(),
        placed_at: START,
        entered_by: Actor::house(),
    }
}

fn plan(order: OrderId, ship_complete: bool) -> SourcingPlanned {
    SourcingPlanned {
        order,
        attempt: 1,
        round: 1,
        wanted: vec![],
        plans: vec![],
        otherwise: Otherwise::Backorder,
        eligible: vec![],
        lease: false,
        ship_complete,
        priority: 7,
        estimate: None,
        team: None,
        rule: String::new(),
        ruleset: String::new(),
        because: String::new(),
        findings: None,
    }
}

fn name(order: OrderId) -> ConsigneeNamed {
    let consignee = Consignee {
        name: "王芳".to_owned(),
        phone: "+8613800000000".to_owned(),
        street: "某路 1 号".to_owned(),
    };
    ConsigneeNamed { order, consignee, place: somewhere() }
}

fn somewhere() -> Place {
    Place {
        country: "CN".to_owned(),
        province: "上海".to_owned(),
        city: "上海".to_owned(),
        district: "浦东新区".to_owned(),
        postcode: "200120".to_owned(),
    }
}

fn units(text: &str) -> LineUnits {
    let (line, quantity) = text.split_once('x').unwrap();
    LineUnits { line: line.parse().unwrap(), quantity: quantity.parse().unwrap() }
}

fn claims(texts: &[&str]) -> Vec<Claim> {
    let claim = |text: &&str| {
        let (text, warehouse) = text.split_once('@').unwrap();
        let LineUnits { line, quantity } = units(text);
        Claim { line, sku: sku(line), warehouse: WarehouseId::new(warehouse).unwrap(), quantity }
    };
    texts.iter().map(claim).collect()
}

fn sku(line: u16) -> Sku {
    Sku::new(format!("S{line}")).unwrap()
}

fn order_called(name: &str) -> OrderId {
    OrderId(Uuid::from_u128((name.as_bytes()[0] - b'a').into()))
}

fn letter(order: OrderId) -> String {
    char::from(b'a' + order.0.as_bytes()[15]).to_string()
}

/// Tells what fulfilment said, one line each.
fn tell(said: &Outbound) -> String {
    let pick = |order: OrderId, shipment| {
        let is = |pick: &i32| crate::shipment::shipment_id(order, *pick) == shipment;
        format!("{}/{}", letter(order), (1..100).find(is).unwrap())
    };
    match said {
        Outbound::PickRequested(it) => {
            let line = |it: &PickLine| format!(" {}x{}", it.line, it.quantity);
            let lines: Vec<String> = it.lines.iter().map(line).collect();
            format!("{} {}: pick{}\n", it.warehouse, pick(it.order, it.shipment), lines.concat())
        }
        Outbound::PickWithdrawn(it) => {
            format!("{} {}: leave it\n", it.warehouse, pick(it.order, it.shipment))
        }
        Outbound::PickStarted(it) => {
            format!("{} started{}\n", pick(it.order, it.shipment), list(&it.units))
        }
        Outbound::Picked(it) => {
            let short = if it.short.is_empty() { String::new() } else { ", short".to_owned() };
            let (picked, missing) = (list(&it.picked), list(&it.short));
            format!("{} picked{picked}{short}{missing}\n", pick(it.order, it.shipment))
        }
        Outbound::Packed(it) => {
            format!("{} packed{}\n", pick(it.order, it.shipment), list(&it.units))
        }
        Outbound::Shipped(it) => {
            let by = it.carrier.as_ref().zip(it.tracking_no.as_ref());
            let by = by.map(|(carrier, no)| format!(" by {carrier}/{no}")).unwrap_or_default();
            format!("{} shipped{}{by}\n", pick(it.order, it.shipment), list(&it.units))
        }
        Outbound::Delivered(it) => {
            format!("{} delivered{}\n", pick(it.order, it.shipment), list(&it.units))
        }
        Outbound::DeliveryRefused(it) => {
            let why = if it.reason.is_empty() { String::new() } else { format!(": {}", it.reason) };
            format!("{} refused{}{why}\n", pick(it.order, it.shipment), list(&it.units))
        }
        Outbound::Returned(it) => {
            format!("{} returned{}\n", pick(it.order, it.shipment), list(&it.units))
        }
        Outbound::ReleaseWithdrawn(it) => {
            format!("{} withdrawn{}\n", letter(it.order), list(&it.units))
        }
        Outbound::WithdrawalRefused(it) => {
            format!("{} goes on, {} had begun\n", letter(it.order), it.warehouse)
        }
        Outbound::GivenUp(it) => {
            let one = |it: &LineUnits| format!(" {}x{}", it.line, it.quantity);
            let list = |all: &[LineUnits]| all.iter().map(one).collect::<Vec<_>>().concat();
            let in_hand = list(&it.in_hand);
            let but = if in_hand.is_empty() { "" } else { ", in hand" };
            format!("{} given up{}{but}{in_hand}\n", letter(it.order), list(&it.lines))
        }
        Outbound::ParcelNoted(it) => {
            format!("{} noted: {}\n", pick(it.order, it.shipment), it.what)
        }
    }
}

fn list(units: &[ItemUnits]) -> String {
    let told: Vec<String> =
        units.iter().map(|it| format!(" {}x{}", it.line, it.quantity)).collect();
    told.concat()
}
