use std::pin::Pin;

use contracts::{Contract, Kind, MessageSet, RawValue, Timestamp};
use sqlx::PgConnection;

use crate::batch::Delivery;
use crate::{Batch, Duty, Envelope, Migration, Partition, Service};

/// A service with its types rubbed out, so that the worker is compiled once, not once a service.
pub trait Desk: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn migrations(&self) -> &'static [Migration];
    fn hears(&self) -> &'static [Contract];
    fn says(&self) -> &'static [Contract];
    fn is_asked(&self) -> &'static [Contract];
    fn duties(&self) -> Vec<Duty>;

    /// Answers a question that came as this subject and body.
    fn answer<'a>(
        &'a self,
        db: &'a mut PgConnection,
        subject: &'a str,
        body: &'a RawValue,
    ) -> Answering<'a>;

    /// Reads the envelopes, has the service handle them, and seals what it says.
    fn work<'a>(
        &'a self,
        db: &'a mut PgConnection,
        now: Timestamp,
        partition: Partition,
        inputs: Vec<Envelope>,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Vec<Sealed>>> + Send + 'a>>;
}

type Answering<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Box<RawValue>>> + Send + 'a>>;

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

    fn answer<'a>(
        &'a self,
        db: &'a mut PgConnection,
        subject: &'a str,
        body: &'a RawValue,
    ) -> Answering<'a> {
        Box::pin(async move { Service::answer(self, db, S::Questions::decode(subject, body)?).await })
    }

    fn work<'a>(
        &'a self,
        db: &'a mut PgConnection,
        now: Timestamp,
        partition: Partition,
        inputs: Vec<Envelope>,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Vec<Sealed>>> + Send + 'a>> {
        Box::pin(async move {
            let deliveries = inputs.into_iter().map(open).collect::<Result<_, _>>()?;
            let decided = self.handle(db, Batch { now, partition, deliveries }).await?;
            Ok(decided.0.into_iter().map(seal).collect())
        })
    }
}

fn open<M: MessageSet>(it: Envelope) -> Result<Delivery<M>, contracts::Undecodable> {
    let message = M::decode(&it.subject, &it.body)?;
    Ok(Delivery { id: it.id, trace: it.trace, message })
}

fn seal<M: MessageSet>(it: crate::batch::Outgoing<M>) -> Sealed {
    let contract = it.message.contract();
    Sealed {
        contract,
        due: it.message.due(),
        envelope: Envelope {
            id: it.id,
            cause: Some(it.cause),
            subject: contract.subject.to_owned(),
            key: it.message.key(),
            trace: it.trace,
            body: it.message.encode(),
        },
    }
}
