//! What webhooks say: `{"type": …, "timestamp": …, "data": …}`. No names, no addresses, and nothing
//! of what a customer wrote.

use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{Delivered, Shipped};
use contracts::intake::OrderStatus;
use contracts::webhook::HookEvent;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::books::Order;

/// Something that happened, as an endpoint is told of it.
pub(crate) struct Happening {
    pub(crate) event: HookEvent,
    /// What distinguishes it from others of its kind: a number, a shipment.
    pub(crate) what: String,
    pub(crate) body: String,
}

impl Happening {
    fn new(event: HookEvent, what: String, at: Timestamp, data: &Value) -> Self {
        let body = json!({ "type": event.name(), "timestamp": at, "data": data }).to_string();
        Self { event, what, body }
    }

    pub(crate) fn status(it: &OrderStatus) -> Self {
        // Not what was found, which may be somebody's telephone number; not who did it.
        let problem = |it: &contracts::intake::Problem| json!({ "code": it.code, "pointer": it.pointer, "expected": it.expected });
        let problems: Vec<Value> = it.problems.iter().map(problem).collect();
        let data = json!({
            "channel": it.channel,
            "external_id": it.external_id,
            "order": it.order,
            "order_no": it.order_no,
            "number": it.number,
            "status": it.status,
            "reason": it.reason,
            "problems": problems,
        });
        let what = format!("{} {} {}", it.channel, it.external_id, it.number);
        Self::new(HookEvent::OrderStatus, what, it.at, &data)
    }

    pub(crate) fn shipped(order: &Order, it: &Shipped) -> Self {
        let data = json!({
            "channel": order.channel,
            "external_id": order.external_id,
            "order": it.order,
            "order_no": order.number,
            "shipment": it.shipment,
            "units": it.units,
            "carrier": it.carrier,
            "tracking_no": it.tracking_no,
        });
        Self::new(HookEvent::OrderShipped, it.shipment.to_string(), it.shipped_at, &data)
    }

    pub(crate) fn delivered(order: &Order, it: &Delivered) -> Self {
        let data = json!({
            "channel": order.channel,
            "external_id": order.external_id,
            "order": it.order,
            "order_no": order.number,
            "shipment": it.shipment,
            "units": it.units,
        });
        Self::new(HookEvent::OrderDelivered, it.shipment.to_string(), it.delivered_at, &data)
    }

    /// An invoice knows the day, not the time: it is told as of now.
    pub(crate) fn invoiced(order: &Order, now: Timestamp, it: &InvoiceIssued) -> Self {
        let data = json!({
            "channel": order.channel,
            "external_id": order.external_id,
            "order": it.order,
            "order_no": order.number,
            "invoice": it.invoice,
            "number": it.number,
            "shipment": it.shipment,
            "currency": it.currency,
            "net": it.net,
            "tax": it.tax,
            "gross": it.gross,
            "prepaid": it.prepaid,
            "issued_on": it.issued_on,
            "due_on": it.due_on,
        });
        Self::new(HookEvent::OrderInvoiced, it.invoice.to_string(), now, &data)
    }

    pub(crate) fn test(now: Timestamp, endpoint: &str, test: &str) -> Self {
        let data = json!({ "endpoint": endpoint, "test": test });
        Self::new(HookEvent::Test, test.to_owned(), now, &data)
    }
}
