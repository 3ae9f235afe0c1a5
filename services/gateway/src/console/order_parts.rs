//! The parts of an order's page, as they are written.

use contracts::{Language, Timestamp};
use serde_json::Value;

use super::format::{Moment, money, number};
use super::sourcing_words::sentence;
use super::texts::Texts;
use super::words;
use crate::order::{EntryView, LineView, OrderView, status_named};
use crate::summary::{CreditSummary, ShipmentSummary, SourcingSummary};

/// A step in the life of an order.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) at: Option<Moment>,
}

pub(super) fn steps(t: &'static Texts, it: &OrderView) -> Vec<Step> {
    let step = |name, at: Option<contracts::Timestamp>| Step { name, at: at.map(Moment::from) };
    vec![
        step(t.placed_at, Some(it.placed_at)),
        step(t.confirmed_at, it.confirmed_at),
        step(t.released_at, it.released_at),
        step(t.shipped_at, it.shipped_at),
        step(t.delivered_at, it.delivered_at),
        step(t.completed_at, it.completed_at),
    ]
}

pub(super) struct LineShown {
    pub(super) line: u16,
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) quantity: String,
    pub(super) unit_price: String,
    pub(super) net: String,
    pub(super) tax: String,
}

pub(super) fn lines(currency: &str, lines: &[LineView]) -> Vec<LineShown> {
    let line = |it: &LineView| LineShown {
        line: it.line,
        sku: it.sku.clone(),
        name: it.name.clone(),
        quantity: number(it.quantity),
        unit_price: money(currency, it.unit_price.0),
        net: money(currency, it.net.0),
        tax: money(currency, it.tax.0),
    };
    lines.iter().map(line).collect()
}

pub(super) struct SourcingShown {
    pub(super) state: String,
    pub(super) rule: String,
    pub(super) team: String,
    pub(super) warehouses: String,
    pub(super) backordered: String,
    pub(super) attempt: i32,
    pub(super) round: i32,
}

pub(super) fn sourcing(language: Language, it: &SourcingSummary) -> SourcingShown {
    let warehouses: Vec<&str> = it.warehouses.iter().map(String::as_str).collect();
    SourcingShown {
        state: words::sourcing(language, it.state).to_owned(),
        rule: it.rule.clone(),
        team: it.team.clone().unwrap_or_default(),
        warehouses: warehouses.join(", "),
        backordered: number(it.backordered),
        attempt: it.attempt,
        round: it.round,
    }
}

pub(super) struct CreditShown {
    pub(super) state: String,
    pub(super) class: String,
    pub(super) amount: String,
    pub(super) stop: String,
    pub(super) by: String,
}

pub(super) fn credit(language: Language, currency: &str, it: &CreditSummary) -> CreditShown {
    CreditShown {
        state: code(language, &name_of(&it.state)),
        class: it.class.clone(),
        amount: money(currency, it.amount.0),
        stop: it.stop.as_deref().map(|it| code(language, it)).unwrap_or_default(),
        by: it.by.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

pub(super) struct ShipmentShown {
    pub(super) pick: i32,
    pub(super) warehouse: String,
    pub(super) state: &'static str,
    pub(super) units: String,
    pub(super) short: String,
    pub(super) carrier: String,
    pub(super) tracking_no: String,
    pub(super) shipped_at: Option<Moment>,
    pub(super) delivered_at: Option<Moment>,
}

pub(super) fn shipments(language: Language, those: &[ShipmentSummary]) -> Vec<ShipmentShown> {
    let shipment = |it: &ShipmentSummary| ShipmentShown {
        pick: it.pick,
        warehouse: it.warehouse.clone(),
        state: words::shipment(language, it.state),
        units: number(it.units),
        short: if it.short == 0 { String::new() } else { number(it.short) },
        carrier: it.carrier.clone().unwrap_or_default(),
        tracking_no: it.tracking_no.clone().unwrap_or_default(),
        shipped_at: it.shipped_at.map(Moment::from),
        delivered_at: it.delivered_at.map(Moment::from),
    };
    those.iter().map(shipment).collect()
}

/// Something about money: what, how much, by which document, when.
pub(super) struct MoneyShown {
    pub(super) what: &'static str,
    pub(super) amount: String,
    pub(super) document: String,
    pub(super) at: Option<Moment>,
}

pub(super) fn money_of(t: &'static Texts, it: &OrderView) -> Vec<MoneyShown> {
    let sums = &it.summary.money;
    let shown = |what, amount: i64, document: String| MoneyShown {
        what,
        amount: money(&it.currency, amount),
        document,
        at: None,
    };
    let mut rows = Vec::new();
    if let (Some(until), None) = (sums.pay_until, sums.prepaid) {
        let due = shown(t.pay_until, it.total, String::new());
        rows.push(MoneyShown { at: Some(until.into()), ..due });
    }
    rows.extend(sums.prepaid.map(|paid| shown(t.prepaid_amount, paid.0, String::new())));
    rows.extend(sums.invoices.iter().map(|it| {
        let document = format!("{} ({} {})", it.number, t.due_on, it.due_on);
        shown(t.invoice, it.gross.0, document)
    }));
    rows.extend(
        sums.payments
            .iter()
            .map(|it| shown(t.payment, it.amount.0, format!("{} {}", it.provider, it.payment))),
    );
    rows.extend(sums.refund.map(|refund| shown(t.refund, refund.0, String::new())));
    rows.extend(sums.open.map(|open| shown(t.open, open.0, String::new())));
    rows
}

/// Something that happened.
pub(super) struct Event {
    pub(super) number: i64,
    pub(super) at: Moment,
    pub(super) service: String,
    pub(super) what: String,
    pub(super) who: String,
    pub(super) why: String,
    /// Its figures, by their names.
    pub(super) data: Vec<(String, Figure)>,
}

/// A figure, as people read it.
pub(super) enum Figure {
    Text(String),
    At(Moment),
}

/// Letters that were sent, or were not.
pub(super) fn letters(language: Language, currency: &str, entries: &[EntryView]) -> Vec<Event> {
    let letters = entries.iter().filter(|it| it.service == "notification");
    letters.map(|it| event(language, currency, it)).collect()
}

/// The latest first.
pub(super) fn events(language: Language, currency: &str, entries: &[EntryView]) -> Vec<Event> {
    entries.iter().rev().map(|it| event(language, currency, it)).collect()
}

fn event(language: Language, currency: &str, it: &EntryView) -> Event {
    let mut what = words::what(language, &it.service, &it.what).unwrap_or(&it.what).to_owned();
    let mut data = Vec::new();
    for (name, value) in it.data.as_object().into_iter().flatten() {
        match (&**name, value) {
            ("status", Value::String(status)) => {
                let status = words::status(language, status_named(status));
                what = format!("{what}: {status}");
            }
            // The currency stands before each amount, findings are told as why, and what is empty says
            // nothing.
            ("currency" | "findings", _) | (_, Value::Null) => {}
            (_, Value::Array(all)) if all.is_empty() => {}
            // Allocation's own entry tells it in the reader's language.
            ("remark", _) if it.why == "no_supply" => {}
            _ => {
                let called = words::figure(language, name).unwrap_or(name);
                let at = value.as_str().and_then(|it| it.parse::<Timestamp>().ok());
                let shown = match at {
                    Some(at) => Figure::At(at.into()),
                    None => Figure::Text(figure(language, name, value, currency)),
                };
                data.push((called.to_owned(), shown));
            }
        }
    }
    Event {
        number: it.number,
        at: it.at.into(),
        service: words::service(language, &it.service).unwrap_or(&it.service).to_owned(),
        what,
        who: words::who(language, &it.who),
        why: sentence(language, &it.data["findings"]).unwrap_or_else(|| code(language, &it.why)),
        data,
    }
}

/// A figure of an entry. Those that are amounts are written as such.
fn figure(language: Language, name: &str, value: &Value, currency: &str) -> String {
    const AMOUNTS: [&str; 5] = ["amount", "total", "gross", "paid", "open"];
    match (value, value.as_i64()) {
        _ if name == "verdict" => code(language, value["kind"].as_str().unwrap_or_default()),
        (_, Some(amount)) if AMOUNTS.contains(&name) => money(currency, amount),
        (_, Some(figure)) => number(figure),
        (Value::String(text), _) => text.clone(),
        (Value::Array(all), _) => {
            let all: Vec<String> =
                all.iter().map(|it| figure(language, "", it, currency)).collect();
            all.join("; ")
        }
        (Value::Object(fields), _) => {
            let field = |(name, it): (&String, &Value)| {
                let called = words::figure(language, name).unwrap_or(name);
                format!("{called} {}", figure(language, name, it, currency))
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        _ => value.to_string(),
    }
}

/// A code in words, if there are any.
pub(super) fn code(language: Language, code: &str) -> String {
    words::reason(language, code).unwrap_or(code).to_owned()
}

/// How a state is called where it is kept.
fn name_of(state: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(state).ok();
    name.and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}
