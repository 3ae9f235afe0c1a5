use std::collections::BTreeMap;

use contracts::{Key, RawValue, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

use crate::TraceContext;

/// Names a message for good. Derived from what caused it, so that deciding again gives it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

impl MessageId {
    /// What a service says in answer to this, its first, second … message. Several services answer
    /// the same message, and each answer is another one.
    pub(crate) fn nth_answer(self, speaker: &str, nth: u32) -> Self {
        Self(Uuid::new_v5(&self.0, &[speaker.as_bytes(), &nth.to_be_bytes()].concat()))
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
    /// The public subject, if it is published outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
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

/// Pages to ask a service for, from this number on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub speaker: String,
    pub from: i64,
}

#[cfg(test)]
mod tests {
    use contracts::Uuid;

    use super::MessageId;

    /// Each service that hears of an order answers it: with one id, two answers would be taken for one
    /// by whoever hears both, and the second would be lost where ids are kept unique.
    #[test]
    fn answers_of_two_services_are_two_messages() {
        let placed = MessageId(Uuid::from_u128(1));
        assert_ne!(placed.nth_answer("credit", 0), placed.nth_answer("finance", 0));
        assert_ne!(placed.nth_answer("credit", 0), placed.nth_answer("credit", 1));
        assert_eq!(placed.nth_answer("credit", 0), placed.nth_answer("credit", 0), "decided again");
    }
}
