use std::pin::Pin;
use std::sync::Arc;

use contracts::{Contract, Kind, MessageSet, RawValue, Timestamp};
use sqlx::PgConnection;

use crate::batch::{Delivery, Outgoing, Panicked};
use crate::{Batch, Counter, Duty, Envelope, MessageId, Migration, Pace, Partition, Service};

/// A service with its types rubbed out, so that the worker is compiled once, not once a service.
pub trait Desk: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn pace(&self) -> Pace;
    fn migrations(&self) -> &'static [Migration];
    fn hears(&self) -> &'static [Contract];
    fn says(&self) -> &'static [Contract];
    fn is_asked(&self) -> &'static [Contract];
    fn duties(&self) -> Vec<Duty>;
    fn calls(&self) -> Vec<Contract>;
    fn tends_parked(&self) -> bool;
    fn follows(&self) -> Vec<Contract>;
    fn counters(&self) -> Vec<Counter>;

    /// Reads the envelopes, has the service handle them, and seals what it says.
    fn work<'a>(
        &'a self,
        db: &'a mut PgConnection,
        now: Timestamp,
        partition: Partition,
        inputs: &'a [&'a Envelope],
    ) -> Promise<'a, Result<Vec<Sealed>, Failure>>;

    /// Answers a question that came as this subject and body.
    fn answer<'a>(
        &'a self,
        db: &'a mut PgConnection,
        subject: &'a str,
        body: &'a RawValue,
    ) -> Promise<'a, anyhow::Result<Box<RawValue>>>;
}

type Promise<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a batch was not handled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// These inputs cannot be decided, each for its cause; the rest can, without them.
    #[error("{} inputs cannot be decided", .0.len())]
    Poison(Vec<(MessageId, String)>),
    /// Try again.
    #[error(transparent)]
    Other(anyhow::Error),
}

/// A message that leaves, and what the worker needs to know of it.
#[derive(Debug)]
pub struct Sealed {
    pub(crate) contract: Contract,
    pub(crate) due: Option<Timestamp>,
    pub(crate) envelope: Envelope,
}

impl Sealed {
    /// Whether it goes into the page.
    pub(crate) fn is_for_everyone(&self) -> bool {
        matches!(self.contract.kind, Kind::Event | Kind::Public)
    }
}

impl<S: Service> Desk for S {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn pace(&self) -> Pace {
        S::PACE
    }

    fn migrations(&self) -> &'static [Migration] {
        S::MIGRATIONS
    }

    fn hears(&self) -> &'static [Contract] {
        S::Inbound::CONTRACTS
    }

    fn says(&self) -> &'static [Contract] {
        S::Outbound::CONTRACTS
    }

    fn is_asked(&self) -> &'static [Contract] {
        S::Questions::CONTRACTS
    }

    fn duties(&self) -> Vec<Duty> {
        Service::duties(self)
    }

    fn calls(&self) -> Vec<Contract> {
        Service::calls(self)
    }

    fn tends_parked(&self) -> bool {
        Service::tends_parked(self)
    }

    fn follows(&self) -> Vec<Contract> {
        Service::follows(self)
    }

    fn counters(&self) -> Vec<Counter> {
        Service::counters(self)
    }

    fn work<'a>(
        &'a self,
        db: &'a mut PgConnection,
        now: Timestamp,
        partition: Partition,
        inputs: &'a [&'a Envelope],
    ) -> Promise<'a, Result<Vec<Sealed>, Failure>> {
        Box::pin(async move {
            let deliveries = open(inputs)?;
            let (service, panicked) = (S::NAME, Panicked::default());
            let batch =
                Batch { service, now, partition, deliveries, panicked: Arc::clone(&panicked) };
            let handled = self.handle(db, batch).await;
            if let Some(found) = panicked.get() {
                return Err(Failure::Poison(vec![found.clone()])); // Whatever came after it.
            }
            let decided = handled.map_err(Failure::Other)?;
            Ok(decided.0.into_iter().map(seal).collect())
        })
    }

    fn answer<'a>(
        &'a self,
        db: &'a mut PgConnection,
        subject: &'a str,
        body: &'a RawValue,
    ) -> Promise<'a, anyhow::Result<Box<RawValue>>> {
        Box::pin(
            async move { Service::answer(self, db, S::Questions::decode(subject, body)?).await },
        )
    }
}

/// Reads all envelopes; if some cannot be read, says which.
pub(crate) fn open<M: MessageSet>(inputs: &[&Envelope]) -> Result<Vec<Delivery<M>>, Failure> {
    let mut deliveries = Vec::with_capacity(inputs.len());
    let mut unreadable = Vec::new();
    for it in inputs {
        match M::decode(&it.subject, &it.body) {
            Ok(message) => {
                deliveries.push(Delivery { id: it.id, trace: it.trace.clone(), message });
            }
            Err(error) => unreadable.push((it.id, error.to_string())),
        }
    }
    if unreadable.is_empty() { Ok(deliveries) } else { Err(Failure::Poison(unreadable)) }
}

pub(crate) fn seal<M: MessageSet>(it: Outgoing<M>) -> Sealed {
    let contract = it.message.contract();
    Sealed {
        contract,
        due: it.message.due(),
        envelope: Envelope {
            id: it.id,
            cause: Some(it.cause),
            subject: contract.subject.to_owned(),
            key: it.message.key(),
            address: it.message.address(),
            trace: it.trace,
            body: it.message.encode(),
        },
    }
}
