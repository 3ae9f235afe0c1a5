//! The documents that are generated from the contracts, as they are committed, to be shown.

/// What the outside says and hears: an `AsyncAPI` 3 document.
pub(crate) const ASYNCAPI: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/contracts/asyncapi.json"));

/// Every message of the house: its kind, who says it and hears it, its JSON Schema, and an example.
pub(crate) const MESSAGES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/contracts/messages.json"));
