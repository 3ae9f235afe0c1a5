//! The parts of an order's page, as they are written.

use contracts::allocation::SourcingRecord;
use contracts::credit::{CreditDecision, Verdict};
use contracts::{Language, Timestamp};
use serde_json::Value;

use super::format::{Moment, money, number};
use super::frame::Frame;
use super::texts::Texts;
use super::words;
use crate::http::orders::Explanation;
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
            // The currency stands before each amount, and what is empty says nothing.
            ("currency", _) | (_, Value::Null) => {}
            (_, Value::Array(all)) if all.is_empty() => {}
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
        who: it.who.clone(),
        why: code(language, &it.why),
        data,
    }
}

/// A figure of an entry. Those that are amounts are written as such.
fn figure(language: Language, name: &str, value: &Value, currency: &str) -> String {
    const AMOUNTS: [&str; 5] = ["amount", "total", "gross", "paid", "open"];
    match (value, value.as_i64()) {
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
        _ if name == "verdict" => code(language, value["kind"].as_str().unwrap_or_default()),
                let called = words::figure(language, name).unwrap_or(name);
                format!("{called} {}", figure(language, name, it, currency))
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        _ => value.to_string(),
    }
}

/// Why credit and allocation decided so.
#[derive(Default)]
pub(super) struct Why {
    pub(super) credit: Vec<CreditWhy>,
    pub(super) sourcing: Vec<SourcingWhy>,
}

pub(super) struct CreditWhy {
    pub(super) verdict: String,
    pub(super) class: String,
    pub(super) rule: String,
    pub(super) stop: String,
    /// `89.00`
    pub(super) score: String,
    /// `93.10 %`
    pub(super) repayment: String,
    pub(super) limit: String,
    pub(super) exposure: String,
    pub(super) exposure_after: String,
    /// What would have helped: so much paid, or an order of no more than that. Empty where no
    /// order is small enough.
    pub(super) helps: Option<(String, String)>,
}

pub(super) struct SourcingWhy {
    pub(super) attempt: i32,
    pub(super) round: i32,
    pub(super) at: Moment,
    pub(super) ruleset: String,
    pub(super) rule: String,
    /// Warehouses and what each would cost, the cheapest first.
    pub(super) candidates: Vec<(String, String)>,
    /// Those that may not serve it, and why.
    pub(super) eliminated: Vec<(String, String)>,
    pub(super) record: String,
}

impl Why {
    pub(super) fn of(frame: &Frame, order: &OrderView, it: &Explanation) -> Self {
        let credit = |it: &CreditDecision| credit_why(frame.language, &order.currency, it);
        Self {
            credit: it.credit.iter().map(credit).collect(),
            sourcing: it.sourcing.iter().map(sourcing_why).collect(),
        }
    }
}

fn credit_why(language: Language, currency: &str, it: &CreditDecision) -> CreditWhy {
    let amount = |cents: contracts::Cents| money(currency, cents.0);
    let verdict = match it.verdict {
        Verdict::Approve => code(language, "approve"),
        Verdict::Review { tier } => format!("{} (≥ {tier})", code(language, "review")),
        Verdict::Prepay => code(language, "prepay"),
        Verdict::Refuse => code(language, "refuse"),
    };
    CreditWhy {
        verdict,
        class: format!("{:?}", it.class),
        rule: code(language, &it.rule),
        stop: it.stop.as_deref().map(|it| code(language, it)).unwrap_or_default(),
        score: hundredths(it.score),
        repayment: format!("{} %", hundredths(it.repayment_rate)),
        limit: amount(it.limit),
        exposure: amount(it.exposure.total()),
        exposure_after: amount(it.exposure_after),
        helps: it.counterfactual.map(|it| {
            let at_most = if it.at_most.0 > 0 { amount(it.at_most) } else { String::new() };
            (amount(it.pay), at_most)
        }),
    }
}

/// `8912` is `89.12`.
fn hundredths(it: i64) -> String {
    format!("{}.{:02}", it / 100, it.unsigned_abs() % 100)
}

fn sourcing_why(it: &SourcingRecord) -> SourcingWhy {
    let list = |name: &str| it.record.pointer(name).and_then(Value::as_array);
    let text = |of: &Value, names: &[&str]| {
        let found = names.iter().find_map(|name| of.get(name));
        found.map(|it| figure(Language::English, "", it, "")).unwrap_or_default()
    };
    let pair = |first: &'static [&'static str], second: &'static [&'static str]| {
        move |it: &Value| (text(it, first), text(it, second))
    };
    let all = |name: &str, first, second| -> Vec<(String, String)> {
        list(name).into_iter().flatten().map(pair(first, second)).collect()
    };
    SourcingWhy {
        attempt: it.attempt,
        round: it.round,
        at: it.at.into(),
        ruleset: it.ruleset.clone(),
        rule: it.rule.clone(),
        candidates: all("/findings/candidates", &["warehouse", "node"], &["alone", "fixed"]),
        eliminated: all("/findings/eliminated", &["warehouse", "node"], &["because", "why"]),
        record: serde_json::to_string_pretty(&it.record).unwrap_or_default(),
    }
}

/// A code in words, if there are any.
fn code(language: Language, code: &str) -> String {
    words::reason(language, code).unwrap_or(code).to_owned()
}

/// How a state is called where it is kept.
fn name_of(state: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(state).ok();
    name.and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}
