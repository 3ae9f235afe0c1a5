use std::collections::BTreeMap;

use contracts::{Key, RawValue, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

use crate::TraceContext;

/// Names a message for good. Derived from what caused it, so that deciding again gives it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

impl MessageId {
    pub(crate) fn nth_answer(self, nth: u32) -> Self {
        Self(Uuid::new_v5(&self.0, &nth.to_be_bytes()))
    }
}

/// A message on its way, unread.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    pub id: MessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<MessageId>,
    pub subject: String,
    /// What it is about.
    pub key: Key,
    #[serde(default, skip_serializing_if = "TraceContext::is_empty")]
    pub trace: TraceContext,
    pub body: Box<RawValue>,
}

/// What one commit of one worker said to everyone, numbered without gaps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page {
    pub speaker: String,
    pub partition: u32,
    pub number: i64,
    pub at: Timestamp,
    /// What the speaker had heard by then.
    pub heard: Heard,
    pub said: Vec<Envelope>,
}

/// For each service listened to, the number of the last page taken.
pub type Heard = BTreeMap<String, i64>;

/// Where a worker is in the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Position {
    pub(crate) version: i64,
    pub(crate) heard: Heard,
    pub(crate) said: i64,
    pub(crate) at: Timestamp,
}

/// What to do with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Take {
    /// Hear it.
    Next,
    /// It was heard before.
    Duplicate,
    /// Hear others first.
    Missing(Missing),
}

/// Pages to ask a service for, from this number on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub speaker: String,
    pub from: i64,
}

impl Position {
    /// One transaction further, at this time, or at the last one if the clock was put back.
    pub(crate) fn after(&self, now: Timestamp) -> Self {
        // In whole microseconds, as Postgres keeps it.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        Self { version: self.version + 1, at: self.at.max(now), ..self.clone() }
    }

    /// Takes the next number only, and causes first.
    pub(crate) fn take(&mut self, page: &Page) -> Take {
        let seen = self.heard(&page.speaker);
        if page.number <= seen {
            return Take::Duplicate;
        }
        if page.number > seen + 1 {
            return Take::Missing(Missing { speaker: page.speaker.clone(), from: seen + 1 });
        }
        for (speaker, number) in &page.heard {
            if let Some(seen) = self.heard.get(speaker)
                && seen < number
            {
                return Take::Missing(Missing { speaker: speaker.clone(), from: seen + 1 });
            }
        }
        self.heard.insert(page.speaker.clone(), page.number);
        Take::Next
    }

    fn heard(&self, speaker: &str) -> i64 {
        self.heard.get(speaker).copied().unwrap_or_default()
    }
}
