use contracts::{MessageSet, Timestamp};
use tracing::{Span, info_span};

use crate::{MessageId, Partition, TraceContext};

/// Messages that arrived together, in the order in which they are to be decided, and the time at
/// which that happens. Each remembers where it came from, so that whatever it leads to can be
/// traced back to it.
#[derive(Debug)]
pub struct Batch<M> {
    pub(crate) now: Timestamp,
    pub(crate) partition: Partition,
    pub(crate) deliveries: Vec<Delivery<M>>,
}

/// What is to be said, each with the message that caused it.
#[derive(Debug)]
#[must_use = "what was decided is only said if the handler returns it"]
pub struct Decided<M>(pub(crate) Vec<Outgoing<M>>);

/// A message that arrived.
#[derive(Debug)]
pub(crate) struct Delivery<M> {
    pub(crate) id: MessageId,
    pub(crate) trace: TraceContext,
    pub(crate) message: M,
}

/// A message that leaves.
#[derive(Debug)]
pub(crate) struct Outgoing<M> {
    pub(crate) id: MessageId,
    pub(crate) cause: MessageId,
    pub(crate) trace: TraceContext,
    pub(crate) message: M,
}

impl<M: MessageSet> Batch<M> {
    /// The partition in which all of this is decided.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// The time at which all of this is decided.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The messages, without deciding them: to find out what to load.
    pub fn messages(&self) -> impl Iterator<Item = &M> {
        self.deliveries.iter().map(|it| &it.message)
    }

    /// Decides the messages one by one, in order. What a decision returns is said because of the
    /// message it was given: same trace, and an id derived from it.
    ///
    /// The time is the same for the whole batch, is written down with it, and never goes back.
    /// When something *happened* is a field of the message that tells of it.
    pub fn decide<O, Said>(self, mut decide: impl FnMut(Timestamp, M) -> Said) -> Decided<O>
    where
        Said: IntoIterator<Item = O>,
    {
        let mut outgoing = Vec::new();
        for Delivery { id: cause, trace, message } in self.deliveries {
            let span = span(&message, &trace); // A child of the span in which it was said.
            let said = span.in_scope(|| decide(self.now, message));
            let trace = TraceContext::of(&span);
            outgoing.extend((0..).zip(said).map(|(nth, message)| Outgoing {
                id: cause.nth_answer(nth),
                cause,
                trace: trace.clone(),
                message,
            }));
        }
        Decided(outgoing)
    }
}

fn span(message: &impl MessageSet, trace: &TraceContext) -> Span {
    let subject = message.contract().subject;
    let span = info_span!("decide", otel.name = subject, about = %message.key());
    trace.adopt(&span);
    span
}
