use contracts::{Contract, MessageSet, RawValue};
use sqlx::PgConnection;

use crate::{Batch, Counter, Decided, Duty, Migration};

/// How eagerly a service hears what others say. Commands, reports and timers never wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once: others wait for what it says.
    Eager,
    /// Nobody waits for it by the millisecond, so it rests between its transactions, five times as
    /// long as the last one took: what it hears meanwhile about one order is one change of its rows.
    Leisurely,
}

/// A service: what it is called, what it hears and says, what it remembers, and what it does.
pub trait Service: Send + Sync + 'static {
    /// Its name: on the command line, in traces, as the speaker of its messages, and of its
    /// database.
    const NAME: &'static str;

    /// How eagerly it hears what others say.
    const PACE: Pace = Pace::Eager;

    /// Its schema. The tables of the log are not among these; the chassis brings its own.
    const MIGRATIONS: &'static [Migration];

    /// All that it listens to: events of others, commands, reports from outside, its own timers.
    type Inbound: MessageSet;

    /// All that it can say: events, replies to commands, and timers for itself.
    type Outbound: MessageSet;

    /// All that it can be asked.
    type Questions: MessageSet;

    /// Handles messages that arrived together, in one transaction that the caller commits.
    ///
    /// Refusing is not an error: it is something to say. An error means *try again*; what was
    /// written is rolled back, and nothing is said.
    fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Self::Inbound>,
    ) -> impl Future<Output = anyhow::Result<Decided<Self::Outbound>>> + Send;

    /// Answers a question out of the books, and changes nothing. [`contracts::answer`] writes the
    /// answer down.
    fn answer(
        &self,
        _db: &mut PgConnection,
        question: Self::Questions,
    ) -> impl Future<Output = anyhow::Result<Box<RawValue>>> + Send {
        async move { anyhow::bail!("{} has no answer to {}", Self::NAME, question.contract().subject) }
    }

    /// What its counters and duties tell and ask, its own worker included: it may, because it says
    /// so.
    fn calls(&self) -> Vec<Contract> {
        vec![]
    }

    /// Whether its duties look after what services set aside, on behalf of people: it may, because it
    /// says so. They ask each owner, with [`Client::parked`](crate::Client::parked) and its likes.
    fn tends_parked(&self) -> bool {
        false
    }

    /// Public messages that its duties read from their stream, as the outside does: it may, because
    /// it says so.
    fn follows(&self) -> Vec<Contract> {
        vec![]
    }

    /// Where the outside asks for something and waits for the answer.
    fn counters(&self) -> Vec<Counter> {
        vec![]
    }

    /// What the service does beside its worker, for as long as the process runs: a postman, a web
    /// server.
    fn duties(&self) -> Vec<Duty> {
        vec![]
    }
}
