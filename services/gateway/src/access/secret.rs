//! Secrets: how they are made, kept and compared. None of them is kept as it is.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every key begins with.
pub(crate) const PREFIX: &str = "kontor_";

/// What the operator's key is called, in place of an id.
pub(crate) const OPERATOR: &str = "ops";

/// SHA-256 of a secret. Secrets have 256 random bits, so that no slower hash is needed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Hashed(pub(crate) Vec<u8>);

impl Hashed {
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).to_vec())
    }

    /// As 64 hexadecimal digits.
    pub(crate) fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// From 64 hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let is_hex = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
        let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        if is_hex { (0..64).step_by(2).map(byte).collect::<Option<_>>().map(Self) } else { None }
    }

    /// Compares in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed")
    }
}

/// What stands in `ops_key_hash` for this key of an operator: its SHA-256, as hexadecimal digits.
pub fn fingerprint(key: &str) -> String {
    Hashed::of(key).to_hex()
}

/// What is known to the one who bears it, and is shown once.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new one, of 256 random bits.
    pub(crate) fn fresh() -> Result<Self, getrandom::Error> {
        Ok(Self(hex(&random::<32>()?)))
    }

    /// The same as the key of this id.
    pub(crate) fn as_key(&self, id: &str) -> Self {
        Self(format!("{PREFIX}{id}_{}", self.0))
    }

    pub(crate) fn hashed(&self) -> Hashed {
        Hashed::of(&self.0)
    }

    /// To be shown to the one whose it is.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The id of a new key.
pub(crate) fn fresh_id() -> Result<String, getrandom::Error> {
    Ok(hex(&random::<8>()?))
}

/// The id in a key: `kontor_<id>_<secret>`.
pub(crate) fn id_of(key: &str) -> Option<&str> {
    let (id, secret) = key.strip_prefix(PREFIX)?.split_once('_')?;
    let is_plain =
        |it: &str| (1..=64).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric());
    (is_plain(id) && is_plain(secret)).then_some(id)
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // A string takes whatever is written.
        write!(text, "{byte:02x}").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_an_id_and_a_secret() {
        let key = Secret::fresh().unwrap().as_key("0123456789abcdef");
        assert_eq!(id_of(key.reveal()), Some("0123456789abcdef"));
        assert_eq!(key.reveal().len(), "kontor_0123456789abcdef_".len() + 64);
        for bad in
            ["", "kontor_", "kontor_a", "kontor_a_", "kontor__b", "kantor_a_b", "kontor_a_b c"]
        {
            assert_eq!(id_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_shown_by_nobody_but_itself() {
        let secret = Secret::fresh().unwrap();
        let shown = format!("{secret:?} {:?}", secret.hashed());
        assert_eq!(shown, "Secret Hashed");
        assert_ne!(secret.reveal(), Secret::fresh().unwrap().reveal());
    }

    #[test]
    fn a_hash_is_read_from_hexadecimal_digits() {
        let text = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(Hashed::of("test").is(&Hashed::from_hex(text).unwrap()));
        assert!(!Hashed::of("tesu").is(&Hashed::from_hex(text).unwrap()));
        assert_eq!(Hashed::from_hex(&text[1..]), None);
        assert_eq!(Hashed::from_hex(&text.replace('9', "x")), None);
    }
}
