//! What finance says, and what payment providers tell it. Finance owns money: payments, invoices
//! and the double-entry journal.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Cents, Currency, CustomerId, InvoiceId, OrderId, PaymentId, ProviderId, ShipmentId, message,
};

/// A prepaid order is paid in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCaptured {
    pub order: OrderId,
    pub customer: CustomerId,
    pub provider: ProviderId,
    pub payment: PaymentId,
    /// All that was paid for the order by now.
    pub amount: Cents,
    pub currency: Currency,
}
message!(PaymentCaptured, "finance.captured.v1", keyed by order);

/// A customer paid for what they owed. A payment that pays several invoices is told for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReceived {
    pub order: OrderId,
    pub customer: CustomerId,
    pub invoice: InvoiceId,
    pub provider: ProviderId,
    pub payment: PaymentId,
    /// What was applied to the invoice.
    pub amount: Cents,
    pub currency: Currency,
    pub value_date: Date,
}
message!(PaymentReceived, "finance.received.v1", keyed by order);

/// The customer owes us for what was delivered, or has paid it ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceIssued {
    pub invoice: InvoiceId,
    /// Gapless within a year: `2026-000001`.
    pub number: String,
    pub order: OrderId,
    pub shipment: ShipmentId,
    pub customer: CustomerId,
    pub currency: Currency,
    /// With the freight, which bears no tax of its own, if this is the order's first invoice.
    pub net: Cents,
    pub tax: Cents,
    /// `net + tax`.
    pub gross: Cents,
    /// What of it was paid ahead, if the order is prepaid. Money that came early for an order on
    /// account is told as a [`PaymentReceived`] right after.
    pub prepaid: Cents,
    pub issued_on: Date,
    pub due_on: Date,
}
message!(InvoiceIssued, "finance.invoiced.v1", keyed by order);

/// What the customer paid ahead goes back, because the order ended, or had ended when the money
/// came. It may be said again for an order when more money comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefundDue {
    pub order: OrderId,
    pub customer: CustomerId,
    pub amount: Cents,
    pub currency: Currency,
}
message!(RefundDue, "finance.refund-due.v1", keyed by order);

/// The settlement document of a completed order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSettled {
    pub order: OrderId,
    pub customer: CustomerId,
    pub currency: Currency,
    pub ordered: Cents,
    pub invoiced: Cents,
    pub paid: Cents,
    /// Invoiced, not paid.
    pub open: Cents,
    pub cost: Cents,
    /// Net invoiced, less cost.
    pub margin: Cents,
}
message!(OrderSettled, "finance.settled.v1", keyed by order);

/// A payment provider tells of a payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReported {
    pub provider: ProviderId,
    pub payment: PaymentId,
    /// A [`PaymentReport`], unread.
    pub body: Value,
}
message!(PaymentReported, "finance.payment-reported.v1", keyed by provider / payment,
    reported on "payments" / provider / payment to "PAYMENTS", carrying PaymentReport);

/// What a provider says of a payment. The provider and its number of the payment name it for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReport {
    pub order: OrderId,
    pub amount: Cents,
    pub currency: Currency,
    /// `captured`, or `failed`: then nothing is booked.
    pub status: PaymentStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_date: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Captured,
    Failed,
}

// ---- Notes -------------------------------------------------------------------------------------

/// A note to the order's own worker: a payment for it was reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentNoted {
    pub order: OrderId,
    pub provider: ProviderId,
    pub payment: PaymentId,
    pub report: PaymentReport,
    pub at: Timestamp,
}
message!(PaymentNoted, "finance.payment-noted.v1", keyed by order, due at at);

/// A note to the one writer of invoice numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberWanted {
    /// The series, and the partition in which it is written: `invoice`.
    pub series: String,
    pub order: OrderId,
    pub invoice: InvoiceId,
    pub at: Timestamp,
}
message!(NumberWanted, "finance.number-wanted.v1", keyed by series, due at at);

/// A note back to the order's own worker: the invoice has its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberGiven {
    pub order: OrderId,
    pub invoice: InvoiceId,
    pub number: String,
    pub at: Timestamp,
}
message!(NumberGiven, "finance.number-given.v1", keyed by order, due at at);

/// What do the books say of this order?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BooksOf {
    pub order: OrderId,
}
message!(BooksOf, "finance.books-of.v1", keyed by order, asked for Vec<JournalEntry>);

/// One entry of the journal; its debits equal its credits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JournalEntry {
    /// The business event by its number in the service's README: `E4`.
    pub rule: String,
    pub currency: Currency,
    pub posted_at: Timestamp,
    pub postings: Vec<Posting>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Posting {
    /// `1122`, `2221.O`
    pub account: String,
    pub debit: Cents,
    pub credit: Cents,
}

/// What does each account hold? Answered with all that was debited and all that was credited to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialBalance {
    pub currency: Currency,
}
message!(TrialBalance, "finance.trial-balance.v1", keyed by currency, asked for Vec<Posting>);
