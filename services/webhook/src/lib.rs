#![doc = include_str!("../README.md")]

mod because;
mod body;
mod books;
mod caller;
mod courier;
mod delivery;
mod endpoint;
mod guard;
pub mod memory;
mod queue;
mod settings;
mod signature;
mod store;
#[cfg(test)]
mod tests;

use chassis::{Batch, Decided, Duty, Migration, Pace, Service, migrations};
use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{Delivered, Shipped};
use contracts::intake::{OrderPlaced, OrderStatus};
use contracts::webhook::{
    CallsOf, DisableEndpoint, EndpointDisabled, EndpointRefused, EndpointSet, EndpointsOf,
    RecordCall, Replay, ReplayBegun, ReplayStrand, RotateSecret, SecretRotated, SetEndpoint,
    TestEndpoint, TestWritten,
};
use contracts::{Contract, RawValue, answer, message_set};
pub use settings::WebhookSettings;
use sqlx::PgConnection;

use crate::books::Books;

message_set! {
    /// What webhook hears: what channels are called for, where, and what its own courier tells it.
    pub enum Inbound {
        OrderPlaced,
        OrderStatus,
        Shipped,
        Delivered,
        InvoiceIssued,
        SetEndpoint,
        RotateSecret,
        TestEndpoint,
        Replay,
        RecordCall,
        ReplayStrand,
        DisableEndpoint,
    }
}

message_set! {
    /// What webhook says.
    pub enum Outbound {
        EndpointSet,
        EndpointRefused,
        SecretRotated,
        TestWritten,
        ReplayBegun,
        EndpointDisabled,
        ReplayStrand,
        DisableEndpoint,
    }
}

message_set! {
    /// What webhook can be asked.
    pub enum Questions { EndpointsOf, CallsOf }
}

/// Calls the endpoints of channels.
#[derive(Debug, Default)]
pub struct Webhook {
    settings: WebhookSettings,
}

impl Webhook {
    /// Webhook, as it is set.
    pub fn new(settings: WebhookSettings) -> Self {
        Self { settings }
    }

    /// Decides a batch over as much of the books as it touches. Returns them as they are then.
    fn decide_over(&self, mut books: Books, batch: Batch<Inbound>) -> (Decided<Outbound>, Books) {
        books.allow.clone_from(&self.settings.allow);
        let decided = batch.decide(|now, message| books.decide(now, message));
        (decided, books)
    }
}

impl Service for Webhook {
    const NAME: &'static str = "webhook";
    const PACE: Pace = Pace::Leisurely;
    const MIGRATIONS: &'static [Migration] =
        migrations!["0001_webhooks", "0002_because", "0003_first_in_line"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let (books, now) = (store::load(db, &batch).await?, batch.now());
        let (decided, books) = self.decide_over(books, batch);
        store::save(db, now, &books).await?;
        Ok(decided)
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        Ok(match question {
            Questions::EndpointsOf(it) => {
                answer::<EndpointsOf>(&store::endpoints_of(db, &it).await?)
            }
            Questions::CallsOf(it) => answer::<CallsOf>(&store::calls_of(db, &it).await?),
        })
    }

    fn calls(&self) -> Vec<Contract> {
        vec![Contract::of::<RecordCall>()]
    }

    fn duties(&self) -> Vec<Duty> {
        let settings = self.settings.clone();
        vec![Duty::new("courier", move |office| courier::run(office, settings.clone()))]
    }
}
