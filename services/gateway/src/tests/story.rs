//! Stories: one message a line, or a `;`. Orders are small letters, picks are numbers.

use contracts::allocation::{Otherwise, SourcingFailed, SourcingPlanned};
use contracts::credit::{
    CreditApproved, CreditDecision, CreditHeld, Exposure, HoldRefused, HoldReleased, RiskClass,
    Verdict,
};
use contracts::finance::{
    InvoiceIssued, OrderSettled, PaymentCaptured, PaymentReceived, RefundDue,
};
use contracts::intake::{
    CancelReason, CancellationRequested, OrderCancelled, OrderPlaced, OrderStatus,
    PaymentRequested, SourcingReason, SourcingRequested,
};
use contracts::inventory::{
    BackorderFilled, Claim, ClaimsPromoted, ClaimsReleased, ClaimsWithdrawn, LeaseExpired,
    StockClaimed, StockLevel, WarehouseLevel,
};
use contracts::notification::{LetterFailed, LetterKind, LetterSent};
use contracts::{
    Actor, Cents, Currency, InvoiceId, ItemUnits, Language, LetterId, LineUnits, OrderId,
    OrderKind, OrderLine, Place, Status, Terms, Tier, Timestamp, Uuid,
};
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::json;

use super::story_goods::goods;
use crate::Inbound;

/// Reads a story.
pub(crate) fn story(text: &str) -> Vec<Inbound> {
    let lines = text.split([';', '\n']).map(str::trim).filter(|it| !it.is_empty());
    lines.enumerate().map(|(nth, line)| read(nth, line)).collect()
}

/// A whole life on account, without a hitch.
pub(super) const PLAIN: &str = "
    place a 113000 on_account; status a 1 checking
    approve a 113000; plan a 1 1; claim a 1 SH1 2 wait 0; status a 2 confirmed
    pick a 1 SH1 2; status a 3 released; letter a confirmed
    start a 1 SH1; status a 4 picking; picked a 1 SH1 2 short 0; packed a 1 SH1; status a 5 packed
    ship a 1 SH1; status a 6 shipped; deliver a 1; status a 7 delivered
    invoice a 1 113000; status a 8 completed; settle a 113000 0; pay a 1 113000";

/// A few lives of every kind, one after the other, with all that the gateway hears.
pub(crate) const EVERYTHING: &str = "
    level KB-87 1 240; place a 113000 on_account; status a 1 checking
    hold a 113000 overdue_60; plan a 1 1; claim a 1 SH1 2 wait 0; status a 2 credit_hold
    let-go a wang.fang; promote a SH1 2; status a 3 confirmed
    pick a 1 SH1 2; status a 4 released; letter a confirmed; level KB-87 2 238
    ask-back a; withdraw a 1; keep a SH1; start a 1 SH1; status a 5 picking
    picked a 1 SH1 1 short 1; source a 2; plan a 2 1; claim a 2 BJ1 0 wait 1; fill a BJ1 1
    pick a 2 BJ1 1; packed a 1 SH1; ship a 1 SH1; status a 6 partially_shipped
    ship a 2 BJ1; status a 7 shipped; deliver a 1; status a 8 partially_delivered
    deliver a 2; status a 9 delivered; invoice a 1 56500; invoice a 2 56500
    status a 10 completed; settle a 113000 0; pay a 1 113000
    place b 5000 prepaid; status b 1 checking; approve b 0; plan b 1 1; claim b 1 SH1 1 wait 0
    ask-payment b 5000; status b 2 awaiting_payment; capture b 5000; promote b SH1 1
    status b 3 confirmed; pick b 1 SH1 1; status b 4 released; start b 1 SH1
    picked b 1 SH1 1 short 0; packed b 1 SH1; ship b 1 SH1; status b 5 shipped
    refused b 1; return b 1 SH1; cancel b returned; status b 6 cancelled; refund b 5000
    letter-failed b cancelled
    place c 700 on_account; status c 1 checking; fail c; cancel c supply; status c 2 cancelled
    place d 900 on_account; status d 1 checking; hold d 900 -
    plan d 1 1; claim d 1 SH1 1 wait 0; lapse d; deny d wang.fang; free d; taken d
    status d 2 cancelled";

pub(crate) fn order(name: &str) -> OrderId {
    OrderId(Uuid::from_u128(name.bytes().next().unwrap().into()))
}

pub(crate) const START: Timestamp = Timestamp::UNIX_EPOCH;

fn at(nth: usize) -> Timestamp {
    START + SignedDuration::from_mins(i64::try_from(nth).unwrap())
}

fn read(nth: usize, line: &str) -> Inbound {
    let words: Vec<&str> = line.split_whitespace().collect();
    let about = order(words[1]);
    commerce(nth, about, &words)
        .or_else(|| sourcing(about, &words))
        .or_else(|| money(about, &words))
        .or_else(|| goods(at(nth), about, &words))
        .unwrap_or_else(|| panic!("what does {line:?} mean?"))
}

fn commerce(nth: usize, order: OrderId, words: &[&str]) -> Option<Inbound> {
    let by = Actor("webshop".to_owned());
    let remark = "ordered twice".to_owned();
    Some(match *words {
        ["place", name, total, terms] => placed(nth, order, name, (total, terms)).into(),
        ["status", name, number, status] => OrderStatus {
            channel: "webshop".parse().unwrap(),
            external_id: format!("W-{name}").parse().unwrap(),
            number: number.parse().unwrap(),
            status: Status::named(status).unwrap(),
            order: Some(order),
            order_no: Some(format!("K-{name}")),
            at: at(nth),
            reason: String::new(),
            by: Actor::house(),
            problems: vec![],
        }
        .into(),
        ["ask-back", _] => CancellationRequested { order, by, reason: remark }.into(),
        ["cancel", _, why] => OrderCancelled {
            order,
            customer: "C-7".parse().unwrap(),
            because: match why {
                "returned" => CancelReason::ReturnedUndelivered,
                "supply" => CancelReason::NoSupply,
                _ => CancelReason::Asked,
            },
            by,
            remark,
        }
        .into(),
        ["letter", _, kind] => {
            let (letter, kind) = (LetterId(order.0), letter_kind(kind));
            LetterSent { letter, order, kind, language: Language::Chinese }.into()
        }
        ["letter-failed", _, kind] => {
            let (letter, kind) = (LetterId(order.0), letter_kind(kind));
            LetterFailed { letter, order, kind, reason: "no address".to_owned() }.into()
        }
        _ => return None,
    })
}

fn letter_kind(name: &str) -> LetterKind {
    LetterKind::ALL.into_iter().find(|it| it.name() == name).unwrap()
}

/// One line of two keyboards, whatever it costs.
fn placed(nth: usize, order: OrderId, name: &str, (total, terms): (&str, &str)) -> OrderPlaced {
    let total: i64 = total.parse().unwrap();
    let (net, tax) = (Cents(total - total / 10), Cents(total / 10));
    OrderPlaced {
        order,
        order_no: format!("K-{name}"),
        channel: "webshop".parse().unwrap(),
        external_id: format!("W-{name}").parse().unwrap(),
        customer: "C-7".parse().unwrap(),
        tier: Tier::Gold,
        kind: OrderKind::Standard,
        urgent: name == "u",
        terms: if terms == "prepaid" { Terms::Prepaid } else { Terms::OnAccount },
        currency: Currency::CNY,
        lines: vec![OrderLine {
            line: 1,
            sku: "KB-87".parse().unwrap(),
            name: "机械键盘".to_owned(),
            category: "keyboards".to_owned(),
            quantity: 2,
            unit_price: Cents(net.0 / 2),
            net,
            tax,
            unit_cost: Cents(1),
            weight_g: 900,
        }],
        net,
        tax,
        freight: Cents(0),
        total: Cents(total),
        ship_to: Place {
            country: "CN".to_owned(),
            province: "江苏".to_owned(),
            city: "南京".to_owned(),
            district: "玄武".to_owned(),
            postcode: "210018".to_owned(),
        },
        language: Language::Chinese,
        has_email: true,
        remark: "ring at Wang Fang's door".to_owned(),
        placed_at: at(nth),
        entered_by: Actor("webshop".to_owned()),
    }
}

fn sourcing(order: OrderId, words: &[&str]) -> Option<Inbound> {
    let number = |it: &str| it.parse::<i32>().unwrap();
    let units = |it: &str| vec![item(it.parse().unwrap())];
    Some(match *words {
        ["plan", _, attempt, round, ref km @ ..] => SourcingPlanned {
            order,
            attempt: number(attempt),
            round: number(round),
            wanted: units("2"),
            plans: vec![],
            otherwise: Otherwise::Backorder,
            eligible: vec![],
            lease: false,
            ship_complete: false,
            priority: 2_400,
            estimate: Some(START + SignedDuration::from_hours(48)),
            team: Some("east".to_owned()),
            rule: "R10-east".to_owned(),
            ruleset: "cn-default/42".to_owned(),
            because: "nearest with all of it".to_owned(),
            findings: km.first().map(|it| {
                json!({ "reason": { "code": "one_has_all", "node": "SH1", "km": number(it) } })
            }),
        }
        .into(),
        ["source", _, attempt] => SourcingRequested {
            order,
            attempt: number(attempt),
            lines: vec![LineUnits { line: 1, quantity: 1 }],
            not_from: vec![],
            because: SourcingReason::ShortPick,
        }
        .into(),
        ["fail", _] => SourcingFailed {
            order,
            attempt: 1,
            lines: vec![LineUnits { line: 1, quantity: 2 }],
            rule: "R99".to_owned(),
            because: "nobody has any, and nothing is on its way".to_owned(),
            findings: Some(json!({ "reason": { "code": "nobody_may" }, "eliminated": [
                { "node": "SH1", "code": "inactive", "why": "inactive" },
            ] })),
        }
        .into(),
        ["claim", _, attempt, warehouse, quantity, "wait", rest] => StockClaimed {
            order,
            attempt: number(attempt),
            claims: claims(warehouse, quantity),
            backordered: units(rest).into_iter().filter(|it| it.quantity > 0).collect(),
            lease_until: None,
        }
        .into(),
        ["fill", _, warehouse, quantity] => {
            BackorderFilled { order, claims: claims(warehouse, quantity) }.into()
        }
        ["promote", _, warehouse, quantity] => {
            ClaimsPromoted { order, claims: claims(warehouse, quantity) }.into()
        }
        ["free", _] => ClaimsReleased { order, claims: claims("SH1", "1") }.into(),
        ["taken", _] => ClaimsWithdrawn { order, claims: claims("SH1", "1") }.into(),
        ["lapse", _] => LeaseExpired { order }.into(),
        ["level", sku, nth, sellable] => {
            let sellable = sellable.parse().unwrap();
            let warehouses = vec![WarehouseLevel { warehouse: "SH1".parse().unwrap(), sellable }];
            let (sku, number) = (sku.parse().unwrap(), number(nth).into());
            StockLevel { sku, number, sellable, warehouses, at: START }.into()
        }
        _ => return None,
    })
}

fn claims(warehouse: &str, quantity: &str) -> Vec<Claim> {
    let ItemUnits { line, sku, quantity } = item(quantity.parse().unwrap());
    let claim = Claim { line, sku, warehouse: warehouse.parse().unwrap(), quantity };
    if quantity == 0 { vec![] } else { vec![claim] }
}

pub(super) fn item(quantity: i64) -> ItemUnits {
    ItemUnits { line: 1, sku: "KB-87".parse().unwrap(), quantity }
}

fn money(order: OrderId, words: &[&str]) -> Option<Inbound> {
    let cents = |it: &str| Cents(it.parse().unwrap());
    let by = |it: &str| Actor(it.to_owned());
    let (customer, currency) = ("C-7".parse().unwrap(), Currency::CNY);
    let (provider, payment) = ("alipay".parse().unwrap(), "2026112822001".parse().unwrap());
    let (until, value_date) = (START + SignedDuration::from_hours(1), date(1970, 1, 2));
    let reason = "pays tomorrow".to_owned();
    Some(match *words {
        ["approve", _, amount] => {
            let (authorised, decision) = (cents(amount), decision(Verdict::Approve, "-"));
            CreditApproved { order, customer, authorised, payment_days: 30, decision }.into()
        }
        ["hold", _, amount, stop] => {
            let decision = decision(Verdict::Review { tier: 2 }, stop);
            CreditHeld { order, customer, amount: cents(amount), decision }.into()
        }
        ["let-go", _, who] => {
            let (authorised, by) = (Cents(113_000), by(who));
            HoldReleased { order, customer, authorised, payment_days: 30, by, reason }.into()
        }
        ["deny", _, who] => HoldRefused { order, customer, by: by(who), reason }.into(),
        ["ask-payment", _, amount] => {
            PaymentRequested { order, customer, amount: cents(amount), currency, until }.into()
        }
        ["capture", _, amount] => {
            let amount = cents(amount);
            PaymentCaptured { order, customer, provider, payment, amount, currency }.into()
        }
        ["pay", _, pick, amount] => {
            let (invoice, amount) = (invoice(order, pick), cents(amount));
            let paid = PaymentReceived {
                order,
                customer,
                invoice,
                provider,
                payment,
                amount,
                currency,
                value_date,
            };
            paid.into()
        }
        ["invoice", name, pick, gross] => {
            let number = format!("1970-{name}{pick}");
            invoiced(order, pick, number, cents(gross)).into()
        }
        ["refund", _, amount] => {
            RefundDue { order, customer, amount: cents(amount), currency }.into()
        }
        ["settle", _, invoiced, open] => OrderSettled {
            order,
            customer,
            currency,
            ordered: cents(invoiced),
            invoiced: cents(invoiced),
            paid: cents(invoiced) - cents(open),
            open: cents(open),
            cost: Cents(60_000),
            margin: Cents(40_000),
        }
        .into(),
        _ => return None,
    })
}

fn invoiced(order: OrderId, pick: &str, number: String, gross: Cents) -> InvoiceIssued {
    InvoiceIssued {
        invoice: invoice(order, pick),
        number,
        order,
        shipment: super::story_goods::shipment(order, pick),
        customer: "C-7".parse().unwrap(),
        currency: Currency::CNY,
        net: gross,
        tax: Cents(0),
        gross,
        prepaid: Cents(0),
        issued_on: date(1970, 1, 1),
        due_on: date(1970, 1, 31),
    }
}

fn invoice(order: OrderId, pick: &str) -> InvoiceId {
    InvoiceId(Uuid::new_v5(&order.0, pick.as_bytes()))
}

fn decision(verdict: Verdict, stop: &str) -> CreditDecision {
    CreditDecision {
        verdict,
        class: RiskClass::B,
        score: 8_900,
        repayment_rate: 9_800,
        due: Cents(0),
        paid: Cents(0),
        limit: Cents(5_000_000),
        exposure: Exposure::default(),
        exposure_after: Cents(113_000),
        stop: (stop != "-").then(|| stop.to_owned()),
        rule: "class-b".to_owned(),
        counterfactual: None,
    }
}
