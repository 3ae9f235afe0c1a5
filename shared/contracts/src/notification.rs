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
    /// The order is taken on: credit, stock and payment are settled.
    Confirmed,
    /// A parcel left.
    Shipped,
    /// A parcel arrived.
    Delivered,
    /// The order ended without being carried out: cancelled, or not paid in time.
    Cancelled,
    /// What was delivered is billed.
    Invoiced,
}

impl LetterKind {
    pub const ALL: [Self; 5] =
        [Self::Confirmed, Self::Shipped, Self::Delivered, Self::Cancelled, Self::Invoiced];

    /// Its name on the wire and in tables: `confirmed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Invoiced => "invoiced",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
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
    /// 1, 2, 3 … within the letter: the same attempt counts once, however often it is told.
    pub attempt: i32,
    pub outcome: Attempt,
}
message!(RecordAttempt, "notification.record-attempt.v1", keyed by order, answered by Silence);

/// What came of an attempt to send a letter. A reason never names the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Attempt {
    /// A mail server took it.
    Sent { language: Language },
    /// Try again later.
    Deferred { reason: String },
    /// Do not try again.
    Refused { reason: String },
}
