//! How a story is read, and how what was said is told.

use chassis::Partition;
use contracts::allocation::SourcingFailed;
use contracts::credit::{
    CreditApproved, CreditDecision, CreditHeld, Exposure, HoldRefused, HoldReleased, Verdict,
};
use contracts::finance::{InvoiceIssued, PaymentCaptured};
use contracts::fulfilment::{
    Delivered, DeliveryRefused, Packed, PickLine, PickRequested, PickStarted, Picked,
    ReleaseWithdrawn, Returned, Shipped, WithdrawalRefused,
};
use contracts::intake::{
    CancelOrder, HoldOverdue, OrderSubmitted, PaymentOverdue, PlaceOrder, Problem,
};
use contracts::inventory::{
    BackorderFilled, Claim, ClaimsPromoted, ClaimsWithdrawn, LeaseExpired, PromotionRefused,
    StockClaimed,
};
use contracts::{
    Actor, Cents, ChannelId, Consignee, Currency, CustomerId, ExternalId, ItemUnits, LineUnits,
    OrderId, PaymentId, Place, ProviderId, ShipmentId, Sku, Timestamp, Uuid, WarehouseId,
};
use serde_json::{Value, json};

use super::goods::catalogue;
use crate::books::Books;
use crate::catalogue::Catalogue;
use crate::{Inbound, Outbound};

pub(super) const START: Timestamp = Timestamp::UNIX_EPOCH;
pub(super) const ALONE: Partition = Partition { number: 0, of: 1 };

/// Books with a catalogue, and no orders yet.
pub(super) fn books() -> Books {
    let mut books = Books {
        partition: ALONE,
        next_no: 1,
        orders: [].into(),
        vault: [].into(),
        references: [].into(),
        keys: [].into(),
        elsewhere: [].into(),
        catalogue: Catalogue::default(),
        placed: vec![],
        carried: vec![],
    };
    for message in catalogue() {
        books.decide(START, message);
    }
    books
}

/// A submission of two mugs and a dozen boxes.
pub(super) fn submission(terms: &str) -> Value {
    json!({
        "customer": "ACME", "terms": terms, "currency": "CNY",
        "lines": [
            { "sku": "MUG", "quantity": 2, "unit_price": 2500 },
            { "sku": "BOX", "quantity": 12, "unit_price": 100 },
        ],
        "tax": 806, "freight": 1000, "discount": 200, "total": 7806,
        "ship_to": {
            "name": "王小明", "phone": "138 0013-8000", "email": "wang@example.cn",
            "province": "江苏省", "city": "南京", "district": "玄武区", "street": "中山路 1 号",
            "postcode": "210018",
        },
    })
}

/// The submission with one field, named by its pointer, changed; gone, if it is to be null.
pub(super) fn but(mut order: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = order.pointer_mut(parent).unwrap();
    if let Some(items) = parent.as_array_mut() {
        items[name.parse::<usize>().unwrap()] = value;
    } else if value.is_null() {
        parent.as_object_mut().unwrap().remove(name);
    } else {
        parent[name] = value;
    }
    order
}

pub(super) fn place(external_id: &str, order: Value) -> PlaceOrder {
    PlaceOrder {
        channel: shop(),
        external_id: ExternalId::new(external_id).unwrap(),
        idempotency_key: None,
        entered_by: Actor("clerk".to_owned()),
        order,
    }
}

pub(super) fn submit(external_id: &str, body: Value) -> OrderSubmitted {
    OrderSubmitted { channel: shop(), external_id: ExternalId::new(external_id).unwrap(), body }
}

pub(super) fn shop() -> ChannelId {
    ChannelId::new("shop").unwrap()
}

/// The order that was placed under this external id when the story began.
pub(super) fn order_called(name: &str) -> OrderId {
    OrderId(ALONE.mint(START, &format!("shop/{name}")))
}

fn shipment_called(order: OrderId, nth: &str) -> ShipmentId {
    ShipmentId(Uuid::new_v5(&order.0, nth.as_bytes()))
}

/// Reads one line of a story: what happened, to which order, and to which units of it: `1:2 2:12`;
/// `@W2` says in which warehouse, if not in W1.
pub(super) fn read(line: &str) -> Inbound {
    let name = line.split_whitespace().nth(1).unwrap();
    read_of(order_called(name), line)
}

/// The same, of an order that may have been placed at any time.
pub(super) fn read_of(order: OrderId, line: &str) -> Inbound {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = START;
    match (words[0], &words[2..]) {
        ("place", [terms]) => place(words[1], submission(terms)).into(),
        ("submit", [terms]) => submit(words[1], submission(terms)).into(),
        ("cancel", []) => cancel(order, None).into(),
        ("hold-overdue", []) => HoldOverdue { order, at }.into(),
        ("payment-overdue", []) => PaymentOverdue { order, at }.into(),
        (what, rest) => {
            let credit = read_credit(what, order, rest);
            let stock = || read_stock(what, order, rest);
            let picks = || read_pick(what, order, rest.split_first().unwrap());
            credit.or_else(stock).or_else(picks).unwrap_or_else(|| panic!("what is {line:?}?"))
        }
    }
}

pub(super) fn cancel(order: OrderId, channel: Option<&str>) -> CancelOrder {
    let channel = channel.map(|it| ChannelId::new(it).unwrap());
    CancelOrder { order, channel, by: Actor("clerk".to_owned()), reason: "changed".to_owned() }
}

fn read_credit(what: &str, order: OrderId, rest: &[&str]) -> Option<Inbound> {
    let (customer, by, reason) = (acme(), Actor("boss".to_owned()), "so be it".to_owned());
    let authorised = Cents(0);
    Some(match (what, rest) {
        ("approve", []) => {
            let decision = decision(Verdict::Approve);
            CreditApproved { order, customer, authorised, payment_days: 30, decision }.into()
        }
        ("hold", verdict) => {
            let refused = verdict == ["refuse"];
            let verdict = if refused { Verdict::Refuse } else { Verdict::Review { tier: 1 } };
            let (amount, decision) = (Cents(0), decision(verdict));
            CreditHeld { order, customer, amount, decision }.into()
        }
        ("release", []) => {
            HoldReleased { order, customer, authorised, payment_days: 30, by, reason }.into()
        }
        ("refuse", []) => HoldRefused { order, customer, by, reason }.into(),
        ("pay", []) => PaymentCaptured {
            order,
            customer,
            provider: ProviderId::new("bank").unwrap(),
            payment: PaymentId::new("1").unwrap(),
            amount: Cents(0),
            currency: Currency::CNY,
        }
        .into(),
        _ => return None,
    })
}

fn read_stock(what: &str, order: OrderId, rest: &[&str]) -> Option<Inbound> {
    let (what, attempt) = what.split_once('#').unwrap_or((what, "1"));
    let attempt = attempt.parse().unwrap();
    let soft = rest.contains(&"soft");
    let (here, missing) = apart(rest);
    let claims: Vec<Claim> = here
        .iter()
        .map(|it| Claim {
            line: it.line,
            sku: it.sku.clone(),
            warehouse: warehouse(rest),
            quantity: it.quantity,
        })
        .collect();
    let lines = here.iter().map(|it| LineUnits { line: it.line, quantity: it.quantity }).collect();
    Some(match what {
        "claim" => {
            let lease_until = soft.then_some(START);
            StockClaimed { order, attempt, claims, backordered: missing, lease_until }.into()
        }
        "fail" => {
            let (rule, because) = (String::new(), "there is none".to_owned());
            SourcingFailed { order, attempt, lines, rule, because, findings: None }.into()
        }
        "fill" => BackorderFilled { order, claims }.into(),
        "unclaim" => ClaimsWithdrawn { order, claims }.into(),
        "lapse" => LeaseExpired { order }.into(),
        "promote" => ClaimsPromoted { order, claims }.into(),
        "unpromote" => PromotionRefused { order, lacking: here }.into(),
        _ => return None,
    })
}

fn read_pick(what: &str, order: OrderId, (nth, rest): (&&str, &[&str])) -> Option<Inbound> {
    let (shipment, warehouse) = (shipment_called(order, nth), warehouse(rest));
    let customer = acme();
    let (units, short) = apart(rest);
    Some(match what {
        "pick" => pick(order, shipment, warehouse, &units).into(),
        "start" => PickStarted { order, shipment, warehouse, units }.into(),
        "picked" => Picked { order, shipment, warehouse, picked: units, short }.into(),
        "packed" => Packed { order, shipment, warehouse, units }.into(),
        "shipped" => {
            let (carrier, tracking_no, shipped_at) = (None, None, START);
            Shipped {
                order,
                customer,
                shipment,
                warehouse,
                units,
                carrier,
                tracking_no,
                shipped_at,
            }
            .into()
        }
        "delivered" => {
            let (currency, delivered_at) = (Currency::CNY, START);
            Delivered { order, customer, currency, shipment, units, delivered_at }.into()
        }
        "door" => {
            DeliveryRefused { order, customer, shipment, units, reason: String::new() }.into()
        }
        "returned" => Returned { order, customer, shipment, warehouse, units }.into(),
        "invoice" => invoice(order, shipment).into(),
        "withdrawn" => ReleaseWithdrawn { order, units }.into(),
        "not-withdrawn" => WithdrawalRefused { order, warehouse }.into(),
        _ => return None,
    })
}

/// `1:2 2:6 - 2:6`: two units of line 1 and six of line 2, and six that are not there.
fn apart(words: &[&str]) -> (Vec<ItemUnits>, Vec<ItemUnits>) {
    let mut sides = words.split(|it| *it == "-").map(|side| {
        let units = side.iter().filter_map(|it| it.split_once(':'));
        let units = units.map(|(line, quantity)| ItemUnits {
            line: line.parse().unwrap(),
            sku: Sku::new(if line == "1" { "MUG" } else { "BOX" }).unwrap(),
            quantity: quantity.parse().unwrap(),
        });
        units.collect::<Vec<_>>()
    });
    (sides.next().unwrap_or_default(), sides.next().unwrap_or_default())
}

fn pick(
    order: OrderId,
    shipment: ShipmentId,
    warehouse: WarehouseId,
    units: &[ItemUnits],
) -> PickRequested {
    let [name, phone, street, order_no] = [const { String::new() }; 4];
    let [country, province, city, district, postcode] = [const { String::new() }; 5];
    let line = |it: &ItemUnits| {
        let ItemUnits { line, sku, quantity } = it.clone();
        PickLine { line, sku, name: String::new(), quantity }
    };
    PickRequested {
        warehouse,
        order,
        order_no,
        shipment,
        pick: 1,
        lines: units.iter().map(line).collect(),
        consignee: Consignee { name, phone, street },
        place: Place { country, province, city, district, postcode },
        priority: 0,
        urgent: false,
        at: START,
    }
}

fn invoice(order: OrderId, shipment: ShipmentId) -> InvoiceIssued {
    let invoice = json!({
        "invoice": shipment, "number": "", "order": order, "shipment": shipment,
        "customer": acme(), "currency": "CNY", "net": 0, "tax": 0, "gross": 0, "prepaid": 0,
        "issued_on": "1970-01-01", "due_on": "1970-01-01",
    });
    serde_json::from_value(invoice).unwrap()
}

fn decision(verdict: Verdict) -> CreditDecision {
    let exposure = Exposure::default();
    let decision = json!({
        "verdict": verdict, "class": "A", "score": 0, "repayment_rate": 0, "due": 0, "paid": 0,
        "limit": 0, "exposure": exposure, "exposure_after": 0, "rule": "",
    });
    serde_json::from_value(decision).unwrap()
}

fn acme() -> CustomerId {
    CustomerId::new("ACME").unwrap()
}

fn warehouse(words: &[&str]) -> WarehouseId {
    WarehouseId::new(words.iter().find_map(|it| it.strip_prefix('@')).unwrap_or("W1")).unwrap()
}

/// Tells what intake said, one line each. A status is told with its number and its reason.
pub(super) fn tell(said: &Outbound) -> String {
    let unit = |it: &LineUnits| format!(" {}:{}", it.line, it.quantity);
    let units = |lines: &[LineUnits]| lines.iter().map(unit).collect::<Vec<_>>().concat();
    let line = match said {
        Outbound::OrderCarriedOver(_)
        | Outbound::CarryOverKnown(_)
        | Outbound::CarryOverRefused(_) => format!("{said:?}"),
        Outbound::PlacementAccepted(it) => format!("accepted as {}, {}", it.order_no, it.status),
        Outbound::PlacementDuplicate(it) => {
            format!("duplicate of {} ({}) by {}", it.order_no, it.status, it.by)
        }
        Outbound::PlacementConflict(it) => format!("conflict with {} by {}", it.order_no, it.by),
        Outbound::PlacementRejected(it) => format!("rejected\n{}", tell_problems(&it.problems)),
        Outbound::OrderPlaced(it) => {
            format!("placed {}, {} {}", it.order_no, it.currency, it.total)
        }
        Outbound::OrderStatus(it) => {
            let reason = if it.reason.is_empty() { "" } else { ", " };
            let problems = tell_problems(&it.problems);
            let gap = if problems.is_empty() { "" } else { "\n" };
            format!(
                "{} {} {}{reason}{} by {}{gap}{problems}",
                it.external_id, it.number, it.status, it.reason, it.by
            )
        }
        Outbound::ConsigneeNamed(it) => {
            format!("consignee {} {} {}", it.consignee.name, it.consignee.phone, it.place.province)
        }
        Outbound::PaymentRequested(it) => {
            format!("payment of {} {} until {}", it.currency, it.amount, it.until)
        }
        Outbound::OrderHeld(_) => "held".to_owned(),
        Outbound::PromotionRequested(_) => "promote".to_owned(),
        Outbound::SourcingRequested(it) => {
            let from: Vec<&str> = it.not_from.iter().map(WarehouseId::as_str).collect();
            let lines = units(&it.lines);
            format!("source#{}{lines}, not from {from:?}, {:?}", it.attempt, it.because)
        }
        Outbound::OrderConfirmed(_) => "confirmed".to_owned(),
        Outbound::CancellationRequested(it) => format!("cancellation asked by {}", it.by),
        Outbound::CancelRefused(it) => {
            format!("not cancelled: {:?}, {:?}", it.because, it.status)
        }
        Outbound::OrderCancelled(it) => {
            format!("cancelled: {:?} by {} ({})", it.because, it.by, it.remark)
        }
        Outbound::OrderExpired(_) => "expired".to_owned(),
        Outbound::OrderCompleted(_) => "completed".to_owned(),
        Outbound::PaymentOverdue(it) => format!("payment overdue at {}", it.at),
        Outbound::HoldOverdue(it) => format!("hold overdue at {}", it.at),
    };
    line.trim_end().to_owned() + "\n"
}

fn tell_problems(problems: &[Problem]) -> String {
    let problem = |it: &Problem| {
        format!("  {} at {:?}: {:?}, expected {}\n", it.code, it.pointer, it.found, it.expected)
    };
    problems.iter().map(problem).collect()
}
