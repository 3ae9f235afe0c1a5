//! What webhook says, and what it can be told: where channels want to be called, and what came of it.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::intake::Problem;
use crate::{ChannelId, DeliveryId, EndpointId, Silence, message, message_set};

/// What a channel can be called for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum HookEvent {
    /// An order moved, or a submission was rejected.
    #[serde(rename = "order.status")]
    OrderStatus,
    /// A parcel left.
    #[serde(rename = "order.shipped")]
    OrderShipped,
    /// A parcel arrived.
    #[serde(rename = "order.delivered")]
    OrderDelivered,
    /// What was delivered is billed.
    #[serde(rename = "order.invoiced")]
    OrderInvoiced,
    /// Somebody wants to see whether the endpoint answers. Sent on demand, wanted or not.
    #[serde(rename = "webhook.test")]
    Test,
}

impl HookEvent {
    pub const ALL: [Self; 5] = [
        Self::OrderStatus,
        Self::OrderShipped,
        Self::OrderDelivered,
        Self::OrderInvoiced,
        Self::Test,
    ];

    /// Its name on the wire and in tables: `order.status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderStatus => "order.status",
            Self::OrderShipped => "order.shipped",
            Self::OrderDelivered => "order.delivered",
            Self::OrderInvoiced => "order.invoiced",
            Self::Test => "webhook.test",
        }
    }

    /// The event of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// What webhooks to an endpoint are signed with: `whsec_` and 24 to 64 bytes in base64. No log gets
/// to see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct HookSecret(pub String);

impl HookSecret {
    /// Tells secrets apart and gives none away: the first 16 hexadecimal digits of their SHA-256.
    pub fn mark(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        let first = digest.first_chunk().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

// ---- Endpoints ---------------------------------------------------------------------------------

/// A channel wants to be called there, or differently from now on. An endpoint that was disabled
/// is called again if it is set active.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetEndpoint {
    pub endpoint: EndpointId,
    /// Whose events it gets. It stays with its channel for ever.
    pub channel: ChannelId,
    /// Where: `https`, without a user or a fragment, at a public address.
    pub url: String,
    /// What it is called for: at least one, and not `webhook.test`.
    pub events: Vec<HookEvent>,
    /// Whether it is called at all. What happens while it is not active is never sent.
    pub active: bool,
    /// Drawn at random by whoever gives the command. Needed for a new endpoint; later it may be left
    /// out, and is replaced by [`RotateSecret`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<HookSecret>,
}
message!(SetEndpoint, "webhook.set-endpoint.v1", keyed by endpoint, answered by SetEndpointAnswer);

message_set! {
    /// What comes of [`SetEndpoint`].
    pub enum SetEndpointAnswer { EndpointSet, EndpointRefused }
}

/// The endpoint is as it was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointSet {
    pub endpoint: EndpointId,
    pub channel: ChannelId,
    /// The [mark](HookSecret::mark) of the secret that it is signed with. Who drew a secret for a
    /// command that had been carried out before sees by it that it is not the one.
    pub signs_with: String,
}
message!(EndpointSet, "webhook.endpoint-set.v1", keyed by endpoint, in reply);

/// The command about the endpoint cannot be carried out, for all of these reasons. Nothing changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointRefused {
    pub endpoint: EndpointId,
    pub problems: Vec<Problem>,
}
message!(EndpointRefused, "webhook.endpoint-refused.v1", keyed by endpoint, in reply);

/// Webhooks are signed with another secret, and for 24 hours with the old one beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RotateSecret {
    pub endpoint: EndpointId,
    /// Drawn at random by whoever gives the command.
    pub secret: HookSecret,
}
message!(RotateSecret, "webhook.rotate-secret.v1", keyed by endpoint,
    answered by RotateSecretAnswer);

message_set! {
    /// What comes of [`RotateSecret`].
    pub enum RotateSecretAnswer { SecretRotated, EndpointRefused }
}

/// Webhooks are signed with the new secret from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SecretRotated {
    pub endpoint: EndpointId,
    /// Until when the old one signs beside it. None if the secret was in use already.
    pub old_until: Option<Timestamp>,
    /// The [mark](HookSecret::mark) of the new secret.
    pub signs_with: String,
}
message!(SecretRotated, "webhook.secret-rotated.v1", keyed by endpoint, in reply);

/// Calls the endpoint once with nothing but a test. Whether it answers changes nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestEndpoint {
    pub endpoint: EndpointId,
    /// Chosen by whoever asks: the same test is sent once.
    pub test: Uuid,
}
message!(TestEndpoint, "webhook.test-endpoint.v1", keyed by endpoint,
    answered by TestEndpointAnswer);

message_set! {
    /// What comes of [`TestEndpoint`].
    pub enum TestEndpointAnswer { TestWritten, EndpointRefused }
}

/// The test will be sent; [`CallsOf`] the endpoint tells what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestWritten {
    pub endpoint: EndpointId,
    pub delivery: DeliveryId,
}
message!(TestWritten, "webhook.test-written.v1", keyed by endpoint, in reply);

/// Sends again, under its old id, whatever was written for the endpoint since then and does not
/// wait to be sent anyway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replay {
    pub endpoint: EndpointId,
    pub since: Timestamp,
}
message!(Replay, "webhook.replay.v1", keyed by endpoint, answered by ReplayAnswer);

message_set! {
    /// What comes of [`Replay`].
    pub enum ReplayAnswer { ReplayBegun, EndpointRefused }
}

/// So many deliveries are sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayBegun {
    pub endpoint: EndpointId,
    pub deliveries: i64,
}
message!(ReplayBegun, "webhook.replay-begun.v1", keyed by endpoint, in reply);

/// The endpoint is not called any more until it is set active: it is gone (410), or did not take a
/// delivery however often it was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointDisabled {
    pub endpoint: EndpointId,
    pub channel: ChannelId,
    /// Why, in a sentence.
    pub reason: String,
    /// The same as a code and its figures, for whoever tells it in another language. Missing in what was
    /// said before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<DisabledBecause>,
    pub at: Timestamp,
}
message!(EndpointDisabled, "webhook.endpoint-disabled.v1", keyed by endpoint);

/// Why an endpoint is not called any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum DisabledBecause {
    /// It answered 410: it is gone.
    Gone,
    /// It did not take this delivery, however often it was tried.
    GivenUp {
        delivery: DeliveryId,
        /// How often.
        attempts: i32,
        /// The HTTP status of its last answer, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Why the last call had no answer, if it had none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<CallFault>,
    },
}

/// Why a call had no answer. Details are as the machine tells them, in English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum CallFault {
    /// It did not answer in time.
    TooSlow,
    /// Nobody knows the name in its URL.
    UnknownName { name: String },
    /// The name in its URL leads to no address.
    NoAddress,
    /// Its URL leads to an address that is not public, and so is not called.
    NotPublic { address: String },
    /// Its URL asks for a call without encryption, which is not made.
    NotEncrypted,
    /// It refused the connection.
    ConnectionRefused,
    /// There was no connection.
    NoConnection { detail: String },
    /// There was no secure connection: TLS, or its certificate.
    NotSecure { detail: String },
    /// The connection broke before there was an answer.
    Broken { detail: String },
    /// Its URL or its secret is none that can be used.
    Unusable { detail: String },
}

// ---- What the service tells itself -------------------------------------------------------------

/// What the service's own courier tells its worker of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordCall {
    pub delivery: DeliveryId,
    /// What is delivered one after the other: the order's events, by its channel and external id.
    pub strand: String,
    /// 1, 2, 3 … within the delivery: the same call counts once, however often it is told.
    pub attempt: i32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: i64,
    pub outcome: CallOutcome,
}
message!(RecordCall, "webhook.record-call.v1", keyed by strand, answered by Silence);

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum CallOutcome {
    /// There was an answer, with this HTTP status.
    Answered {
        status: u16,
        /// As it begins: 200 characters at most.
        answer: String,
    },
    /// There was none, and why: no connection, an address that is not called, too slow.
    Failed {
        reason: String,
        /// The same as a code and its figures. Missing in what was said before there were any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<CallFault>,
    },
}

/// A note: one order's deliveries to an endpoint are sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayStrand {
    pub endpoint: EndpointId,
    pub strand: String,
    pub since: Timestamp,
    pub due: Timestamp,
}
message!(ReplayStrand, "webhook.replay-strand.v1", keyed by strand, due at due);

/// A note: the endpoint is not to be called any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisableEndpoint {
    pub endpoint: EndpointId,
    pub reason: String,
    /// The same as a code and its figures, for whoever tells it in another language. Missing in what was
    /// said before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<DisabledBecause>,
    pub due: Timestamp,
}
message!(DisableEndpoint, "webhook.disable-endpoint.v1", keyed by endpoint, due at due);

// ---- Questions ---------------------------------------------------------------------------------

/// Where is this channel called?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointsOf {
    pub channel: ChannelId,
}
message!(EndpointsOf, "webhook.endpoints-of.v1", keyed by channel, asked for Vec<EndpointView>);

/// An endpoint, without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointView {
    pub endpoint: EndpointId,
    pub url: String,
    pub events: Vec<HookEvent>,
    /// `active`, `off` (as it was told) or `disabled` (by us).
    pub state: String,
    /// Why it is disabled, in a sentence.
    pub reason: Option<String>,
    /// The same as a code and its figures, for whoever tells it in another language. Missing if it was
    /// disabled before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<DisabledBecause>,
    /// Until when the old secret signs beside the new one, if it was rotated.
    pub old_secret_until: Option<Timestamp>,
    /// How many deliveries wait to be sent.
    pub waiting: i64,
    /// How many deliveries were given up.
    pub given_up: i64,
}

/// What came of the latest 200 calls to this endpoint?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallsOf {
    pub endpoint: EndpointId,
}
message!(CallsOf, "webhook.calls-of.v1", keyed by endpoint, asked for Vec<CallView>);

/// A call that was made, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallView {
    pub delivery: DeliveryId,
    pub event: HookEvent,
    /// 1, 2, 3 … within the delivery.
    pub attempt: i32,
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How the answer begins, or why there was none.
    pub answer: String,
    /// Why there was none, as a code and its figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<CallFault>,
}
