//! What of the books a message touches: so that all of it is loaded, and an account is locked before
//! anything about its customer changes.

use contracts::finance::PaymentReceived;
use contracts::{Cents, CustomerId, OrderId};
use uuid::Uuid;

use crate::Inbound;
use crate::account::history;
use crate::commitment::Kind;
use crate::ledger::{Cause, Ledger};

/// Whose account a message is about, if it can change or has to be looked at.
pub(crate) fn concerned<'a>(message: &'a Inbound, ledger: &'a Ledger) -> Option<&'a CustomerId> {
    let commitment = order(message).and_then(|it| ledger.commitments.get(&it));
    // Nothing of an order that asked for no credit is in any stage, and so nothing moves.
    let asked = commitment.filter(|it| it.amount > Cents::ZERO);
    let moved = match message {
        Inbound::OrderPlaced(_)
        | Inbound::SetCreditLimit(_)
        | Inbound::BlockCustomer(_)
        | Inbound::RecordHistory(_) => return names(message),
        Inbound::InvoiceIssued(it) if it.gross > it.prepaid => commitment,
        Inbound::PaymentReceived(_) => commitment,
        Inbound::InvoiceIssued(_)
        | Inbound::Delivered(_)
        | Inbound::Returned(_)
        | Inbound::OrderCancelled(_)
        | Inbound::OrderExpired(_)
        | Inbound::OrderCompleted(_)
        | Inbound::ReleaseHold(_)
        | Inbound::RefuseHold(_) => asked,
    };
    moved.map(|it| &it.customer)
}

/// The customer whom a message may be the first to name. Those of orders are known.
pub(crate) fn names(message: &Inbound) -> Option<&CustomerId> {
    match message {
        Inbound::OrderPlaced(it) => Some(&it.customer),
        Inbound::SetCreditLimit(it) => Some(&it.customer),
        Inbound::BlockCustomer(it) => Some(&it.customer),
        Inbound::RecordHistory(it) => Some(&it.customer),
        Inbound::OrderCancelled(_)
        | Inbound::OrderExpired(_)
        | Inbound::OrderCompleted(_)
        | Inbound::Delivered(_)
        | Inbound::Returned(_)
        | Inbound::InvoiceIssued(_)
        | Inbound::PaymentReceived(_)
        | Inbound::ReleaseHold(_)
        | Inbound::RefuseHold(_) => None,
    }
}

/// The order that a message is about.
pub(crate) fn order(message: &Inbound) -> Option<OrderId> {
    match message {
        Inbound::OrderPlaced(it) => Some(it.order),
        Inbound::OrderCancelled(it) => Some(it.order),
        Inbound::OrderExpired(it) => Some(it.order),
        Inbound::OrderCompleted(it) => Some(it.order),
        Inbound::Delivered(it) => Some(it.order),
        Inbound::Returned(it) => Some(it.order),
        Inbound::InvoiceIssued(it) => Some(it.order),
        Inbound::PaymentReceived(it) => Some(it.order),
        Inbound::ReleaseHold(it) => Some(it.order),
        Inbound::RefuseHold(it) => Some(it.order),
        Inbound::SetCreditLimit(_) | Inbound::BlockCustomer(_) | Inbound::RecordHistory(_) => None,
    }
}

/// The item that a message changes, if it is there. An invoice opens one, and does so once.
pub(crate) fn item(message: &Inbound) -> Option<Uuid> {
    if let Inbound::PaymentReceived(it) = message {
        return Some(it.invoice.0);
    }
    let Inbound::RecordHistory(it) = message else { return None };
    Some(history(&it.customer, &it.document))
}

/// What the entries of a message are caused by, and those whose amounts its rule looks at.
pub(crate) fn causes(message: &Inbound) -> Vec<Cause> {
    match message {
        Inbound::Delivered(it) => vec![(it.order, Kind::ConvertDelivered, it.shipment.0)],
        Inbound::Returned(it) => vec![(it.order, Kind::Release, it.shipment.0)],
        Inbound::InvoiceIssued(it) => vec![
            (it.order, Kind::ConvertBilled, it.invoice.0),
            (it.order, Kind::ConvertDelivered, it.shipment.0),
        ],
        Inbound::PaymentReceived(it) => vec![settled(it)],
        Inbound::OrderPlaced(_)
        | Inbound::OrderCancelled(_)
        | Inbound::OrderExpired(_)
        | Inbound::OrderCompleted(_)
        | Inbound::ReleaseHold(_)
        | Inbound::RefuseHold(_) => vec![], // What the state of the order allows once.
        Inbound::SetCreditLimit(_) | Inbound::BlockCustomer(_) | Inbound::RecordHistory(_) => {
            vec![] // No order's amounts move.
        }
    }
}

/// A payment may be applied to several invoices, to each of them once.
pub(crate) fn settled(it: &PaymentReceived) -> Cause {
    let payment = format!("{}/{}", it.provider, it.payment);
    (it.order, Kind::Settle, Uuid::new_v5(&it.invoice.0, payment.as_bytes()))
}
