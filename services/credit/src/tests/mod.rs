//! A story is a few lines, one message each, separated by `;`. Orders have small letters, customers
//! have capitals, days count from today, and amounts are in minor units.

mod anything;
mod auditing;
mod differential;
mod figures;
mod handler;
mod properties;
mod score;
mod stories;

use contracts::credit::{
    BlockCustomer, CreditDecision, Exposure, RecordHistory, RefuseHold, ReleaseHold,
    ReleaseRefusal, SetCreditLimit, Verdict,
};
use contracts::finance::{InvoiceIssued, PaymentReceived};
use contracts::fulfilment::{Delivered, Returned};
use contracts::intake::{CancelReason, OrderCancelled, OrderCompleted, OrderExpired, OrderPlaced};
use contracts::{
    Actor, Cents, ChannelId, Currency, CustomerId, ExternalId, InvoiceId, ItemUnits, Language,
    OrderId, OrderKind, OrderLine, PaymentId, Place, ProviderId, ShipmentId, Sku, Terms, Tier,
    Timestamp, Uuid, WarehouseId,
};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::account::Book;
use crate::ledger::Ledger;
use crate::{Inbound, Outbound};

/// When all stories begin, as the bench's clock does.
const START: Timestamp = Timestamp::UNIX_EPOCH;
const TODAY: Date = date(1970, 1, 1);

fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

fn told(story: impl IntoIterator<Item = Inbound>) -> Ledger {
    let mut ledger = Ledger::default();
    for message in story {
        ledger.decide(START, message);
    }
    ledger
}

/// Reads one line of a story.
fn read(line: &str) -> Inbound {
    let cents = |it: &str| Cents(it.parse().unwrap());
    let reason = || "so it is".to_owned();
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["limit", c, limit] => limit_of(c, cents(limit), "CNY", None).into(),
        ["limit", c, limit, "until", day] => limit_of(c, cents(limit), "CNY", Some(day)).into(),
        ["limit", c, limit, currency] => limit_of(c, cents(limit), currency, None).into(),
        [word @ ("block" | "unblock"), c] => {
            let (customer, by) = (customer(c), actor("ann"));
            BlockCustomer { customer, blocked: word == "block", by, reason: reason() }.into()
        }
        ["history", c, document, due, amount, paid] => RecordHistory {
            customer: customer(c),
            document: document.to_owned(),
            due: day(due),
            amount: cents(amount),
            paid: cents(paid),
        }
        .into(),
        ["place", o, c, ref lines @ ..] => {
            placed(order(o), customer(c), Terms::OnAccount, lines).into()
        }
        ["prepaid", o, c, ref lines @ ..] => {
            placed(order(o), customer(c), Terms::Prepaid, lines).into()
        }
        ["cancel", o] => OrderCancelled {
            order: order(o),
            customer: customer("A"),
            because: CancelReason::Asked,
            by: actor("ann"),
            remark: reason(),
        }
        .into(),
        ["expire", o] => OrderExpired { order: order(o), customer: customer("A") }.into(),
        ["complete", o] => OrderCompleted { order: order(o), customer: customer("A") }.into(),
        ["release", o, by, tier] => {
            let (by, tier) = (actor(by), tier.parse().unwrap());
            ReleaseHold { order: order(o), by, tier, reason: reason() }.into()
        }
        ["refuse", o, by] => RefuseHold { order: order(o), by: actor(by), reason: reason() }.into(),
        ref rest => read_course(rest),
    }
}

/// Reads what becomes of an order. Shipments and their invoices are numbered within the order.
fn read_course(words: &[&str]) -> Inbound {
    let cents = |it: &str| Cents(it.parse().unwrap());
    match *words {
        ["deliver", o, s, ref units @ ..] => Delivered {
            order: order(o),
            customer: customer("A"),
            currency: Currency::CNY,
            shipment: ShipmentId(part(o, s)),
            units: units.iter().map(|it| item_units(it)).collect(),
            delivered_at: START,
        }
        .into(),
        ["return", o, s, ref units @ ..] => Returned {
            order: order(o),
            customer: customer("A"),
            shipment: ShipmentId(part(o, s)),
            warehouse: WarehouseId::new("w1").unwrap(),
            units: units.iter().map(|it| item_units(it)).collect(),
        }
        .into(),
        ["invoice", o, s, gross] => invoice(o, s, cents(gross), Cents(0), "30").into(),
        ["invoice", o, s, gross, "due", due] => invoice(o, s, cents(gross), Cents(0), due).into(),
        ["invoice", o, s, gross, "prepaid", prepaid] => {
            invoice(o, s, cents(gross), cents(prepaid), "30").into()
        }
        ["pay", o, s, amount] => payment(o, s, cents(amount), "p1", "0").into(),
        ["pay", o, s, amount, "by", name] => payment(o, s, cents(amount), name, "0").into(),
        ["pay", o, s, amount, "on", on] => payment(o, s, cents(amount), "p1", on).into(),
        _ => panic!("what does {words:?} mean?"),
    }
}

fn limit_of(c: &str, limit: Cents, currency: &str, until: Option<&str>) -> SetCreditLimit {
    SetCreditLimit {
        customer: customer(c),
        limit,
        currency: Currency::new(currency).unwrap(),
        until: until.map(day),
        payment_days: 30,
        by: actor("ann"),
    }
}

/// Lines are written as `quantity@gross`, freight as `+amount`, another currency by its code. One
/// amount alone is a line of ten units.
fn placed(order: OrderId, customer: CustomerId, terms: Terms, words: &[&str]) -> OrderPlaced {
    let (mut lines, mut freight, mut currency) = (vec![], Cents(0), Currency::CNY);
    for word in words {
        if let Some((quantity, gross)) = word.split_once('@') {
            let gross = Cents(gross.parse().unwrap());
            lines.push(line(lines.len(), quantity.parse().unwrap(), gross));
        } else if let Some(amount) = word.strip_prefix('+') {
            freight = Cents(amount.parse().unwrap());
        } else if let Ok(gross) = word.parse() {
            lines.push(line(lines.len(), 10, Cents(gross)));
        } else {
            currency = Currency::new(word).unwrap();
        }
    }
    let net: Cents = lines.iter().map(OrderLine::gross).sum();
    OrderPlaced {
        order,
        order_no: "1".to_owned(),
        channel: ChannelId::new("shop").unwrap(),
        external_id: ExternalId::new(order.to_string()).unwrap(),
        customer,
        tier: Tier::Regular,
        kind: OrderKind::default(),
        urgent: false,
        terms,
        currency,
        lines,
        net,
        tax: Cents(0),
        freight,
        total: net + freight,
        ship_to: Place {
            country: "CN".to_owned(),
            province: String::new(),
            city: String::new(),
            district: String::new(),
            postcode: String::new(),
        },
        language: Language::default(),
        has_email: true,
        remark: String::new(),
        placed_at: START,
        entered_by: actor("eve"),
    }
}

fn line(nth: usize, quantity: i64, gross: Cents) -> OrderLine {
    OrderLine {
        line: u16::try_from(nth).unwrap() + 1,
        sku: Sku::new("s1").unwrap(),
        name: String::new(),
        category: String::new(),
        quantity,
        unit_price: Cents(1),
        net: gross - gross.ratio(1, 10),
        tax: gross.ratio(1, 10),
        unit_cost: Cents(1),
        weight_g: 1,
    }
}

fn invoice(o: &str, s: &str, gross: Cents, prepaid: Cents, due: &str) -> InvoiceIssued {
    InvoiceIssued {
        invoice: InvoiceId(part(o, &format!("invoice {s}"))),
        number: "1970-000001".to_owned(),
        order: order(o),
        shipment: ShipmentId(part(o, s)),
        customer: customer("A"),
        currency: Currency::CNY,
        net: gross,
        tax: Cents(0),
        gross,
        prepaid,
        issued_on: TODAY,
        due_on: day(due),
    }
}

fn payment(o: &str, s: &str, amount: Cents, name: &str, on: &str) -> PaymentReceived {
    PaymentReceived {
        order: order(o),
        customer: customer("A"),
        invoice: InvoiceId(part(o, &format!("invoice {s}"))),
        provider: ProviderId::new("bank").unwrap(),
        payment: PaymentId::new(name).unwrap(),
        amount,
        currency: Currency::CNY,
        value_date: day(on),
    }
}

/// Units are written as `line:quantity`.
fn item_units(it: &str) -> ItemUnits {
    let (line, quantity) = it.split_once(':').unwrap();
    let sku = Sku::new("s1").unwrap();
    ItemUnits { line: line.parse().unwrap(), sku, quantity: quantity.parse().unwrap() }
}

fn order(o: &str) -> OrderId {
    OrderId(Uuid::from_u128(u128::from(o.as_bytes()[0] - b'a')))
}

fn part(o: &str, name: &str) -> Uuid {
    Uuid::new_v5(&order(o).0, name.as_bytes())
}

fn customer(c: &str) -> CustomerId {
    CustomerId::new(c).unwrap()
}

fn actor(name: &str) -> Actor {
    Actor(name.to_owned())
}

fn day(days: &str) -> Date {
    TODAY + days.parse::<i64>().unwrap().days()
}

/// Tells what credit said, one line each.
fn tell(said: &Outbound) -> String {
    let name = |it: OrderId| char::from(b'a' + it.0.as_bytes()[15]);
    match said {
        Outbound::CreditApproved(it) => {
            format!("{} approved {}: {}\n", name(it.order), it.authorised, why(&it.decision))
        }
        Outbound::CreditHeld(it) => {
            format!("{} held {}: {}\n", name(it.order), it.amount, why(&it.decision))
        }
        Outbound::HoldReleased(it) => {
            format!("{} released {} by {}\n", name(it.order), it.authorised, it.by)
        }
        Outbound::HoldRefused(it) => format!("{} refused by {}\n", name(it.order), it.by),
        Outbound::AuthorisationVoided(it) => {
            format!("{} voided {}\n", name(it.order), it.amount)
        }
        Outbound::ReleaseRefused(it) => {
            let because = match it.because {
                ReleaseRefusal::NotHeld => "not held".to_owned(),
                ReleaseRefusal::TierTooLow { needed } => format!("tier {needed} needed"),
                ReleaseRefusal::FourEyes => "four eyes".to_owned(),
            };
            format!("{} stays: {because}\n", name(it.order))
        }
    }
}

fn why(it: &CreditDecision) -> String {
    let verdict = match it.verdict {
        Verdict::Approve => String::new(),
        Verdict::Review { tier } => format!("review {tier}, "),
        Verdict::Prepay => "prepay, ".to_owned(),
        Verdict::Refuse => "refuse, ".to_owned(),
    };
    let rule = it.stop.as_deref().unwrap_or(&it.rule);
    let help = it.counterfactual.map_or(String::new(), |it| {
        format!("; unless {} paid or at most {} ordered", it.pay, it.at_most)
    });
    format!(
        "{verdict}{rule}, score {}, {} of {}{help}",
        points(it.score),
        it.exposure_after,
        it.limit
    )
}

fn points(score: i64) -> String {
    format!("{}.{:02}", score / 100, score % 100)
}

/// Tells who stands how.
fn stand(ledger: &Ledger) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (customer, books) in &ledger.books {
        let line = |(currency, book): (&Currency, &Book)| {
            format!("{customer} in {currency}: {}\n", stages(&book.exposure))
        };
        lines.extend(books.iter().map(line));
    }
    lines.concat()
}

fn stages(it: &Exposure) -> String {
    let stages = [
        ("pending", it.pending),
        ("authorised", it.authorised),
        ("delivered", it.delivered_unbilled),
        ("billed", it.billed_open),
        ("prepaid", it.prepaid),
    ];
    let there: Vec<String> = stages
        .iter()
        .filter(|it| it.1 != Cents(0))
        .map(|it| format!("{} {}", it.0, it.1))
        .collect();
    if there.is_empty() { "nothing".to_owned() } else { there.join(", ") }
}
