#![doc = include_str!("../README.md")]

mod books;
mod invoice;
mod journal;
pub mod memory;
mod payment;
mod sale;
mod store;
#[cfg(test)]
mod tests;

use chassis::{Batch, Decided, Migration, Pace, Service, TraceContext, migrations};
use contracts::credit::{CreditApproved, HoldReleased};
use contracts::finance::{
    BooksOf, InvoiceIssued, NumberGiven, NumberWanted, OrderSettled, PaymentCaptured, PaymentNoted,
    PaymentReceived, PaymentReported, RefundDue, TrialBalance,
};
use contracts::fulfilment::{Delivered, Returned, Shipped};
use contracts::intake::{OrderCancelled, OrderCompleted, OrderExpired, OrderPlaced};
use contracts::inventory::StockReceived;
use contracts::{RawValue, Uuid, message_set};
use sqlx::PgConnection;

use crate::books::Books;
use crate::store::{Change, Needs};

message_set! {
    /// What finance hears: what happened to orders and goods, what providers report, and its own
    /// notes.
    pub enum Inbound {
        OrderPlaced,
        CreditApproved,
        HoldReleased,
        Shipped,
        Delivered,
        Returned,
        OrderCancelled,
        OrderExpired,
        OrderCompleted,
        StockReceived,
        PaymentReported,
        PaymentNoted,
        NumberWanted,
        NumberGiven,
    }
}

message_set! {
    /// What finance says: to everyone, and in notes to itself.
    pub enum Outbound {
        PaymentCaptured,
        PaymentReceived,
        InvoiceIssued,
        RefundDue,
        OrderSettled,
        PaymentNoted,
        NumberWanted,
        NumberGiven,
    }
}

message_set! {
    /// What finance can be asked.
    pub enum Questions { BooksOf, TrialBalance }
}

/// Finance: payments, invoices, the books.
#[derive(Debug)]
pub struct Finance;

impl Service for Finance {
    const NAME: &'static str = "finance";
    const PACE: Pace = Pace::Leisurely;
    const MIGRATIONS: &'static [Migration] = migrations!["0001_books", "0002_closing"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let before = store::load(db, &Needs::of(&batch)).await?;
        let (decided, change) = decide(batch, &before);
        store::save(db, &change).await?;
        Ok(decided)
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        Ok(match question {
            Questions::BooksOf(it) => {
                contracts::answer::<BooksOf>(&store::books_of(db, it.order).await?)
            }
            Questions::TrialBalance(it) => {
                contracts::answer::<TrialBalance>(&store::trial_balance(db, it.currency).await?)
            }
        })
    }
}

/// Decides a batch over as much of the books as it needs. Returns what is said, and what to write.
fn decide(batch: Batch<Inbound>, before: &Books) -> (Decided<Outbound>, Change) {
    let (mut books, partition) = (before.clone(), batch.partition());
    let decided = batch.decide(|now, message| {
        let said = books.decide(now, message);
        books.journal.note_trace(current_trace);
        said
    });
    (decided, Change::between(partition, before, books))
}

/// The trace of the decision that is being made, if somebody collects it: the second part of a
/// `traceparent`.
fn current_trace() -> Option<Uuid> {
    let fields = serde_json::to_value(TraceContext::current()).ok()?;
    let trace = fields.get("traceparent")?.as_str()?.split('-').nth(1)?;
    Uuid::try_parse(trace).ok()
}
