//! The signature of Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over
//! `<id>.<timestamp>.<body>`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contracts::webhook::HookSecret;
use contracts::{DeliveryId, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// The header `webhook-signature`: one signature for each of the secrets, or nothing if one of them
/// is none.
pub(crate) fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a HookSecret>,
    id: DeliveryId,
    at: Timestamp,
    body: &str,
) -> Option<String> {
    let signed = format!("{id}.{}.{body}", at.as_second());
    let signatures: Option<Vec<String>> =
        secrets.into_iter().map(|it| sign(it, signed.as_bytes())).collect();
    Some(signatures?.join(" "))
}

fn sign(secret: &HookSecret, text: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).ok()?;
    mac.update(text);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The bytes that the secret stands for, if it is one: 24 to 64 of them.
pub(crate) fn key(secret: &HookSecret) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(secret.0.strip_prefix(PREFIX)?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}
