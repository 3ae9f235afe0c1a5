use std::collections::BTreeMap;
use std::sync::Arc;

use crate::log::Head;
use crate::{Envelope, MessageId, Missing, Outcome, Page};

/// An owner, and which of its lives: what was on its way to an earlier one is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) owner: usize,
    pub(super) nth: u64,
}

/// Something that is going to happen.
pub(super) enum Event {
    /// A message arrives at an owner.
    Arrives(Life, Message),
    /// An owner looks at what it has.
    Turn(Life),
    /// A speaker's replica is asked.
    Asked(Life, Missing),
    /// An answer arrives at whoever gave the command.
    Outcome(MessageId, Outcome),
    /// Whoever gave a command asks once more.
    Again(MessageId),
    /// A service publishes public messages of a partition.
    Publish { service: usize, partition: u32 },
    /// A stream gives what it has to a partition's owners.
    Feed { service: usize, inlet: usize },
    /// The outside wants to be reminded.
    Remind(u64),
}

#[derive(Clone)]
pub(super) enum Message {
    Page(Arc<Page>),
    Head(Head),
    Answer(Missing, Head, Vec<Arc<Page>>),
    Command(Envelope),
    /// Reports of an inlet, up to this one.
    Reports {
        inlet: usize,
        upto: usize,
        envelopes: Vec<Envelope>,
    },
    Wake,
}

/// What is going to happen, in the order of its time, in milliseconds since the beginning.
#[derive(Default)]
pub(super) struct Queue {
    events: BTreeMap<(u64, u64), Event>,
    count: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert((at, self.count), event);
    }

    pub(super) fn next_at(&self) -> Option<u64> {
        self.events.first_key_value().map(|it| it.0.0)
    }

    pub(super) fn pop(&mut self) -> Option<(u64, Event)> {
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }

    /// All that is on its way over the broker is lost.
    pub(super) fn wipe(&mut self) {
        self.events.retain(|_, it| {
            let kept = |it: &Message| matches!(it, Message::Reports { .. });
            match it {
                Event::Arrives(_, message) => kept(message),
                Event::Asked(..) | Event::Outcome(..) => false,
                Event::Turn(_)
                | Event::Again(_)
                | Event::Publish { .. }
                | Event::Feed { .. }
                | Event::Remind(_) => true,
            }
        });
    }
}
