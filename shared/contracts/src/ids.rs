//! Names of things. Every name may become a token of a subject, so its alphabet is limited.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuids {
    ($($(#[$doc:meta])* $id:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $id(pub Uuid);

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl From<$id> for Uuid {
            fn from(id: $id) -> Self {
                id.0
            }
        }
    )+};
}

uuids! {
    /// An order (a `UUIDv7`). It is minted so that its partition is that of the worker that took it.
    OrderId,
    /// What leaves one warehouse for one order at one time.
    ShipmentId,
    /// An invoice; its legal number comes later, from one writer.
    InvoiceId,
    /// A letter to somebody outside.
    LetterId,
    /// A webhook on its way to one endpoint: its `webhook-id`.
    DeliveryId,
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $id:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("pattern" = r#"^[!#$&'()+,/:;=?@A-Z\[\]^_`a-z{|}~0-9-]{1,64}$"#))]
        pub struct $id(String);

        impl $id {
            /// Takes the text, if it can stand in a subject.
            pub fn new(text: impl Into<String>) -> Result<Self, BadToken> {
                let text = text.into();
                if is_token(&text) { Ok(Self(text)) } else { Err(BadToken(text)) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $id {
            type Err = BadToken;
            fn from_str(text: &str) -> Result<Self, BadToken> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $id {
            type Error = BadToken;
            fn try_from(text: String) -> Result<Self, BadToken> {
                Self::new(text)
            }
        }

        impl From<$id> for String {
            fn from(id: $id) -> Self {
                id.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

tokens! {
    /// A way by which orders come in: a web shop, a market place, the telephone.
    ChannelId,
    /// How a channel calls its order. Unique within the channel for ever.
    ExternalId,
    /// A customer, as the merchant numbers them.
    CustomerId,
    /// A warehouse, or any other place that goods leave from.
    WarehouseId,
    /// A stock keeping unit.
    Sku,
    /// Who carries goods to customers.
    CarrierId,
    /// How a carrier calls a parcel.
    TrackingNo,
    /// Who takes payments: a bank, a payment platform.
    ProviderId,
    /// How a provider calls a payment.
    PaymentId,
    /// Where a channel wants its webhooks, as it calls the place.
    EndpointId,
}

/// A name that cannot be a token of a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not 1 to 64 printable ASCII characters without space . * > \" % < or \\")]
pub struct BadToken(String);

fn is_token(text: &str) -> bool {
    let allowed = |it: u8| it.is_ascii_graphic() && !b".*>\"%<\\".contains(&it);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a name is: it is taken as it is, and can stand in a subject, or it is refused.
        #[test]
        fn a_name_is_one_token_of_a_subject_or_refused(text in "\\PC{0,70}|[ -~]{0,70}|[\0-\u{20}]{0,4}") {
            match Sku::new(text.clone()) {
                Ok(it) => {
                    prop_assert_eq!(it.as_str(), &*text);
                    prop_assert!(!text.is_empty() && text.is_ascii());
                    let harmful = |it: char| ".*> \t\r\n\0".contains(it);
                    prop_assert!(!text.contains(harmful));
                    let json = serde_json::to_string(&it).unwrap();
                    prop_assert_eq!(serde_json::from_str::<Sku>(&json).unwrap(), it);
                }
                Err(error) => prop_assert_eq!(error, BadToken(text)),
            }
        }
    }
}
