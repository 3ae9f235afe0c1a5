#![doc = include_str!("../README.md")]

mod letter;
mod mail;
pub mod memory;
mod postman;
mod settings;
mod smtp;
mod store;
#[cfg(test)]
mod tests;
mod wording;

use chassis::{Batch, Decided, Duty, Migration, Pace, Service, migrations};
use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{Delivered, Shipped};
use contracts::intake::{OrderCancelled, OrderConfirmed, OrderExpired, OrderPlaced, WhoOrdered};
use contracts::notification::{LetterFailed, LetterSent, LetterWritten, RecordAttempt};
use contracts::{Contract, Silence, message_set};
pub use settings::{NotificationSettings, Password, Security, Sender, Smtp};
use sqlx::PgConnection;

message_set! {
    /// What notification hears: what is worth a letter, and what its own postman tells it.
    pub enum Inbound {
        OrderPlaced,
        OrderConfirmed,
        OrderCancelled,
        OrderExpired,
        Shipped,
        Delivered,
        InvoiceIssued,
        RecordAttempt,
    }
}

message_set! {
    /// What notification says.
    pub enum Outbound {
        LetterWritten,
        LetterSent,
        LetterFailed,
    }
}

/// Writes letters, and has them sent.
#[derive(Debug, Default)]
pub struct Notification {
    settings: NotificationSettings,
}

impl Notification {
    /// Notification, as it is set.
    pub fn new(settings: NotificationSettings) -> Self {
        Self { settings }
    }
}

impl Service for Notification {
    const NAME: &'static str = "notification";
    const PACE: Pace = Pace::Leisurely;
    const MIGRATIONS: &'static [Migration] = migrations!["0001_letters", "0002_has_email"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Silence;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let mut books = store::load(db, &batch).await?;
        let now = batch.now();
        let decided = batch.decide(|now, message| books.decide(now, message));
        store::save(db, now, &books).await?;
        Ok(decided)
    }

    fn calls(&self) -> Vec<Contract> {
        vec![Contract::of::<WhoOrdered>(), Contract::of::<RecordAttempt>()]
    }

    fn duties(&self) -> Vec<Duty> {
        let settings = self.settings.clone();
        vec![Duty::new("postman", move |office| postman::run(office, settings.clone()))]
    }
}
