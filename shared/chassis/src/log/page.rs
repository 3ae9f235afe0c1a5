use std::collections::BTreeMap;

use contracts::{Key, RawValue, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

use crate::TraceContext;

/// Names a message for good. Derived from what caused it, so that deciding again gives it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

impl MessageId {
    /// The nth message that a service says because of this one. Others say something because of it too,
    /// and whoever hears both has to tell them apart.
    pub(crate) fn led_to(self, service: &str, nth: u32) -> Self {
        let name = [service.as_bytes(), b" ", &nth.to_be_bytes()].concat();
        Self(Uuid::new_v5(&self.0, &name))
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
