use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use chassis::{Envelope, Input, MessageId, Page, Partition, Service};
use contracts::{Key, Kind, Message, MessageSet, RawValue, Timestamp, Uuid};

/// Puts messages on their way to one partition of a service, with the numbers and ids that they would
/// have.
pub struct Post<S> {
    partition: Partition,
    /// How many pages each of the others has said.
    pages: BTreeMap<&'static str, i64>,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> Post<S> {
    pub fn of(partition: Partition) -> Self {
        Self { partition, pages: BTreeMap::new(), service: PhantomData }
    }

    /// An event comes in a page of its speaker; a command, a report, a timer with an id.
    pub fn post(&mut self, now: Timestamp, message: &S::Inbound) -> Input {
        let contract = message.contract();
        let speaker = contract.subject.split('.').next().expect("a subject has a speaker");
        let number = self.pages.entry(speaker).or_default();
        *number += 1;
        let id = name(&format!("{speaker} {number} {}", self.partition.number));
        let envelope = envelope(id, contract.subject, message.key(), message.encode());
        match contract.kind {
            Kind::Command | Kind::Report | Kind::Timer => Input::Command(envelope),
            Kind::Event | Kind::Public => Input::Page(Arc::new(Page {
                speaker: speaker.to_owned(),
                partition: 0,
                number: *number,
                at: now,
                heard: BTreeMap::new(),
                said: vec![envelope],
            })),
            Kind::Reply | Kind::Question => panic!("{} is not for others to say", contract.subject),
        }
    }
}

/// A command with an id of its own.
pub fn command<M: Message>(id: &str, message: &M) -> Input {
    Input::Command(envelope(name(id), M::SUBJECT, message.key(), contracts::encode(message)))
}

pub(crate) fn name(text: &str) -> MessageId {
    MessageId(Uuid::new_v5(&Uuid::nil(), text.as_bytes()))
}

pub(crate) fn envelope(id: MessageId, subject: &str, key: Key, body: Box<RawValue>) -> Envelope {
    let trace = chassis::TraceContext::default();
    Envelope { id, cause: None, subject: subject.to_owned(), key, address: None, trace, body }
}
