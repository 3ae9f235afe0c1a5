use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use contracts::{MessageSet, Timestamp};
use tracing::{Span, info_span};

use crate::{MessageId, Partition, TraceContext};

/// Messages that arrived together, in the order in which they are to be decided, and the time at
/// which that happens. Each remembers where it came from, so that whatever it leads to can be
/// traced back to it.
#[derive(Debug)]
pub struct Batch<M> {
    /// Who decides them.
    pub(crate) service: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) partition: Partition,
    pub(crate) deliveries: Vec<Delivery<M>>,
    pub(crate) panicked: Panicked,
}

/// The message on which a decision panicked, and what it said: the transaction comes to nothing,
/// and is tried again without it.
pub(crate) type Panicked = Arc<OnceLock<(MessageId, String)>>;

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
    ///
    /// A decision that panics ends the batch: nothing of it is kept, the message is parked, and the
    /// rest is decided anew.
    pub fn decide<O, Said>(self, mut decide: impl FnMut(Timestamp, M) -> Said) -> Decided<O>
    where
        Said: IntoIterator<Item = O>,
    {
        let mut outgoing = Vec::new();
        for Delivery { id: cause, trace, message } in self.deliveries {
            let span = span(self.service, &message, &trace); // A child of the span in which it was said.
            let decision = || span.in_scope(|| Vec::from_iter(decide(self.now, message)));
            // What the panic may have left half done in the books is thrown away with them.
            let said = match catch_unwind(AssertUnwindSafe(decision)) {
                Ok(said) => said,
                Err(panic) => {
                    self.panicked.get_or_init(|| (cause, words(&*panic)));
                    return Decided(vec![]);
                }
            };
            let trace = trace.continued_by(&span);
            outgoing.extend((0..).zip(said).map(|(nth, message)| Outgoing {
                id: cause.led_to(self.service, nth),
                cause,
                trace: trace.clone(),
                message,
            }));
        }
        Decided(outgoing)
    }
}

/// One span a message, though the transaction around it serves hundreds. None for what nobody
/// traces.
fn span(service: &'static str, message: &impl MessageSet, trace: &TraceContext) -> Span {
    if !trace.is_sampled() {
        return Span::none();
    }
    let subject = message.contract().subject;
    let span = info_span!(
        target: "kontor::message",
        "process",
        otel.name = format!("process {subject}"),
        otel.kind = "consumer",
        kontor.service = service,
        messaging.system = "nats",
        messaging.operation.type = "process",
        messaging.destination.name = subject,
        messaging.message.conversation_id = %message.key(),
    );
    trace.adopt(&span);
    span
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the decision panicked".to_owned())
}
