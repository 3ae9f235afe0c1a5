mod anything;
mod database;
mod differential;
mod handler;
mod properties;
mod rules;
mod stories;

use std::collections::VecDeque;

use contracts::credit::HoldReleased;
use contracts::finance::{PaymentReport, PaymentReported, PaymentStatus};
use contracts::fulfilment::{Delivered, Returned, Shipped};
use contracts::intake::{CancelReason, OrderCancelled, OrderCompleted, OrderExpired, OrderPlaced};
use contracts::inventory::StockReceived;
use contracts::{
    Actor, Cents, ChannelId, Currency, CustomerId, ExternalId, InvoiceId, ItemUnits, Language,
    OrderId, OrderKind, OrderLine, PaymentId, Place, ProviderId, ShipmentId, Sku, Terms, Tier,
    Timestamp, Uuid, WarehouseId,
};

use crate::books::Books;
use crate::journal::Entry;
use crate::sale::invoice_of;
use crate::{Inbound, Outbound};

const START: Timestamp = Timestamp::UNIX_EPOCH;

// ---- Telling the books -------------------------------------------------------------------------

/// Tells the books one message, and then the notes that come of it, as the house would. Returns
/// what everyone hears.
pub(crate) fn tell(books: &mut Books, message: Inbound) -> Vec<Outbound> {
    let mut waiting = VecDeque::from([message]);
    let mut said = Vec::new();
    while let Some(message) = waiting.pop_front() {
        for it in books.decide(START, message) {
            match to_itself(&it) {
                Some(note) => waiting.push_back(note),
                None => said.push(it),
            }
        }
    }
    said
}

/// A note is heard by finance itself; everything else by the others.
fn to_itself(said: &Outbound) -> Option<Inbound> {
    match said {
        Outbound::PaymentNoted(it) => Some(it.clone().into()),
        Outbound::NumberWanted(it) => Some(it.clone().into()),
        Outbound::NumberGiven(it) => Some(it.clone().into()),
        Outbound::PaymentCaptured(_)
        | Outbound::PaymentReceived(_)
        | Outbound::InvoiceIssued(_)
        | Outbound::RefundDue(_)
        | Outbound::OrderSettled(_) => None,
    }
}

// ---- Reading -----------------------------------------------------------------------------------

/// Reads a story, one message per `;`.
pub(crate) fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

/// Reads one line of a story. Orders have small letters, parcels have numbers, and `2:30` is thirty
/// units of line 2. A line of an order is `3x5074+660@600`: quantity, net, tax, cost of one unit.
fn read(line: &str) -> Inbound {
    let order = |it: &str| order_called(it.as_bytes()[0] - b'a');
    let customer = token(CustomerId::new, "C-1");
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["place", o, terms, ref lines @ ..] => placed(order(o), terms, lines).into(),
        [what @ ("ship" | "deliver" | "return"), o, nth, ref units @ ..] => moved(
            what,
            order(o),
            nth.parse().unwrap(),
            units.iter().map(|it| units_of(it)).collect(),
        ),
        ["cancel", o] => {
            let (because, by) = (CancelReason::Asked, Actor::house());
            let order = order(o);
            OrderCancelled { order, customer, because, by, remark: String::new() }.into()
        }
        ["agree", o, days] => {
            let (order, payment_days) = (order(o), days.parse().unwrap());
            let (authorised, by, reason) = (Cents(0), Actor::house(), String::new());
            HoldReleased { order, customer, authorised, payment_days, by, reason }.into()
        }
        ["expire", o] => OrderExpired { order: order(o), customer }.into(),
        ["complete", o] => OrderCompleted { order: order(o), customer }.into(),
        ["pay", p, o, amount] => reported(p, captured(order(o), amount, "CNY")),
        ["pay", p, o, amount, currency] => reported(p, captured(order(o), amount, currency)),
        ["fail", p, o, amount] => {
            let status = PaymentStatus::Failed;
            reported(p, PaymentReport { status, ..captured(order(o), amount, "CNY") })
        }
        ["garble", p] => payment_reported(p, serde_json::json!({ "amount": "a lot\u{0}" })),
        ["receive", sku, what, document] => {
            let (quantity, cost) = what.split_once('@').unwrap();
            StockReceived {
                sku: token(Sku::new, sku),
                warehouse: token(WarehouseId::new, "W1"),
                quantity: quantity.parse().unwrap(),
                unit_cost: cents(cost),
                document: document.to_owned(),
            }
            .into()
        }
        _ => panic!("what does {line:?} mean?"),
    }
}

fn placed(order: OrderId, terms: &str, lines: &[&str]) -> OrderPlaced {
    let freight = lines.iter().find_map(|it| it.strip_prefix("freight")).map_or(Cents(0), cents);
    let lines = lines.iter().filter(|it| !it.starts_with("freight"));
    let lines: Vec<OrderLine> = (1..).zip(lines).map(|(nth, it)| order_line(nth, it)).collect();
    let (net, tax) = (lines.iter().map(|it| it.net).sum(), lines.iter().map(|it| it.tax).sum());
    OrderPlaced {
        order,
        order_no: "K-1".to_owned(),
        channel: token(ChannelId::new, "web"),
        external_id: token(ExternalId::new, "X-1"),
        customer: token(CustomerId::new, "C-1"),
        tier: Tier::Regular,
        kind: OrderKind::Standard,
        urgent: false,
        terms: if terms == "prepaid" { Terms::Prepaid } else { Terms::OnAccount },
        currency: Currency::CNY,
        lines,
        net,
        tax,
        freight,
        total: net + tax + freight,
        ship_to: place(),
        language: Language::Chinese,
        has_email: true,
        remark: String::new(),
        placed_at: START,
        entered_by: Actor::house(),
    }
}

fn place() -> Place {
    let [country, province, city, district, postcode] =
        ["CN", "江苏", "苏州", "姑苏", "215000"].map(str::to_owned);
    Place { country, province, city, district, postcode }
}

fn order_line(line: u16, text: &str) -> OrderLine {
    let (quantity, rest) = text.split_once('x').unwrap();
    let (net, rest) = rest.split_once('+').unwrap();
    let (tax, unit_cost) = rest.split_once('@').unwrap();
    OrderLine {
        line,
        sku: token(Sku::new, "S-1"),
        name: "螺丝".to_owned(),
        category: String::new(),
        quantity: quantity.parse().unwrap(),
        unit_price: Cents(0),
        net: cents(net),
        tax: cents(tax),
        unit_cost: cents(unit_cost),
        weight_g: 1,
    }
}

fn units_of(text: &str) -> ItemUnits {
    let (line, quantity) = text.split_once(':').unwrap();
    units(line.parse().unwrap(), quantity.parse().unwrap())
}

fn units(line: u16, quantity: i64) -> ItemUnits {
    ItemUnits { line, sku: token(Sku::new, "S-1"), quantity }
}

fn moved(what: &str, order: OrderId, nth: u8, units: Vec<ItemUnits>) -> Inbound {
    let (customer, warehouse) = (token(CustomerId::new, "C-1"), token(WarehouseId::new, "W1"));
    let (shipment, currency) = (shipment_called(order, nth), Currency::CNY);
    match what {
        "ship" => {
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
        "deliver" => {
            let delivered_at = START;
            Delivered { order, customer, currency, shipment, units, delivered_at }.into()
        }
        "return" => Returned { order, customer, shipment, warehouse, units }.into(),
        _ => panic!("how do goods {what:?}?"),
    }
}

fn captured(order: OrderId, amount: &str, currency: &str) -> PaymentReport {
    let (amount, currency) = (cents(amount), Currency::new(currency).unwrap());
    PaymentReport { order, amount, currency, status: PaymentStatus::Captured, value_date: None }
}

fn reported(payment: &str, report: PaymentReport) -> Inbound {
    payment_reported(payment, serde_json::to_value(report).unwrap())
}

fn payment_reported(payment: &str, body: serde_json::Value) -> Inbound {
    let (provider, payment) = (token(ProviderId::new, "alipay"), token(PaymentId::new, payment));
    PaymentReported { provider, payment, body }.into()
}

fn cents(text: &str) -> Cents {
    Cents(text.parse().unwrap())
}

fn token<T>(new: impl Fn(String) -> Result<T, contracts::BadToken>, text: &str) -> T {
    new(text.to_owned()).unwrap()
}

pub(crate) fn order_called(nth: u8) -> OrderId {
    OrderId(Uuid::from_u128(nth.into()))
}

fn shipment_called(order: OrderId, nth: u8) -> ShipmentId {
    ShipmentId(Uuid::new_v5(&order.0, &[nth]))
}

// ---- Writing down ------------------------------------------------------------------------------

/// Tells what finance said, one line each.
fn write(said: &Outbound) -> String {
    let name = |it: OrderId| char::from(b'a' + it.0.as_bytes()[15]);
    let parcel = |order: OrderId, invoice: InvoiceId| {
        (0..=u8::MAX).find(|it| invoice_of(shipment_called(order, *it)) == invoice).unwrap()
    };
    match said {
        Outbound::PaymentCaptured(it) => format!("{} captured {}\n", name(it.order), it.amount),
        Outbound::PaymentReceived(it) => {
            let parcel = parcel(it.order, it.invoice);
            format!(
                "{} received {} of {} for parcel {parcel}\n",
                name(it.order),
                it.amount,
                it.payment
            )
        }
        Outbound::InvoiceIssued(it) => format!(
            "{} invoice {} for parcel {}: {} + {} = {}, prepaid {}, issued {}, due {}\n",
            name(it.order),
            it.number,
            parcel(it.order, it.invoice),
            it.net,
            it.tax,
            it.gross,
            it.prepaid,
            it.issued_on,
            it.due_on,
        ),
        Outbound::RefundDue(it) => format!("{} refund {}\n", name(it.order), it.amount),
        Outbound::OrderSettled(it) => format!(
            "{} settled: ordered {}, invoiced {}, paid {}, open {}, cost {}, margin {}\n",
            name(it.order),
            it.ordered,
            it.invoiced,
            it.paid,
            it.open,
            it.cost,
            it.margin,
        ),
        Outbound::PaymentNoted(_) | Outbound::NumberWanted(_) | Outbound::NumberGiven(_) => {
            panic!("a note is heard by nobody else")
        }
    }
}

/// Writes an entry as the chart of accounts does: debits, and then credits.
fn write_entry(entry: &Entry) -> String {
    let side = |of: fn(&crate::journal::Line) -> Cents| {
        let lines = entry.lines.iter().filter(|it| of(it) != Cents::ZERO);
        let lines = lines.map(|it| format!("{} {}", it.account.code(), of(it)));
        lines.collect::<Vec<_>>().join("; ")
    };
    format!("{}: {} / {}\n", entry.rule.name(), side(|it| it.debit), side(|it| it.credit))
}
