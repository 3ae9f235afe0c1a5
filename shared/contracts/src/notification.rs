//! What notification says: letters to people outside, and what became of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Language, LetterId, OrderId, Silence, message};

/// What a letter is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    Confirmed,
    Shipped,
    Delivered,
    Cancelled,
    Invoiced,
}

/// A letter was written, and waits to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LetterWritten {
    pub letter: LetterId,
    pub order: OrderId,
    pub kind: LetterKind,
}
message!(LetterWritten, "notification.written.v1", keyed by order);

/// A mail server took the letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LetterSent {
    pub letter: LetterId,
    pub order: OrderId,
    pub kind: LetterKind,
    pub language: Language,
}
message!(LetterSent, "notification.sent.v1", keyed by order);

/// The letter cannot be sent, and why: no address, refused for good, tried too often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LetterFailed {
    pub letter: LetterId,
    pub order: OrderId,
    pub kind: LetterKind,
    pub reason: String,
}
message!(LetterFailed, "notification.failed.v1", keyed by order);

/// What the service's own postman tells its worker of an attempt to send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordAttempt {
    pub letter: LetterId,
    pub order: OrderId,
    pub outcome: Attempt,
}
message!(RecordAttempt, "notification.record-attempt.v1", keyed by order, answered by Silence);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Attempt {
    Sent {
        language: Language,
    },
    /// Try again later.
    Deferred {
        reason: String,
    },
    /// Do not try again.
    Refused {
        reason: String,
    },
}
