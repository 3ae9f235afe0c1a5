//! Passwords: argon2id, with the parameters that OWASP advises (19 MiB, two passes).

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// How long a password has to be, in characters; and how long it may be.
pub(crate) const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// How many are worked on at once in this process: each takes 19 MiB and a core.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// In place of the password of somebody who is not there, so that it takes as long to refuse them.
static NOBODY: LazyLock<String> = LazyLock::new(|| hashed("nobody").unwrap_or_default());

/// As it is kept.
pub(crate) async fn hash(password: String) -> anyhow::Result<String> {
    let _at_once = AT_ONCE.acquire().await?;
    tokio::task::spawn_blocking(move || hashed(&password)).await?
}

/// Whether this is the password that is kept. Where none is, it takes as long to say no.
pub(crate) async fn is(password: String, kept: Option<String>) -> anyhow::Result<bool> {
    let _at_once = AT_ONCE.acquire().await?;
    let verify = move || {
        let kept_one = kept.as_deref().unwrap_or(&NOBODY);
        Argon2::default().verify_password(password.as_bytes(), kept_one).is_ok() && kept.is_some()
    };
    Ok(tokio::task::spawn_blocking(verify).await?)
}

fn hashed(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow::anyhow!("a password cannot be hashed: {error}"))?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let kept = hash("correct horse".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is("correct horse".to_owned(), Some(kept.clone())).await.unwrap());
        assert!(!is("correct house".to_owned(), Some(kept)).await.unwrap());
        assert!(!is("nobody".to_owned(), None).await.unwrap(), "nobody has no password");
    }
}
