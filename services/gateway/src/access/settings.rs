use std::time::Duration;

use serde::Deserialize;

/// Who gets in. Each setting stands here with its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// SHA-256, in 64 hexadecimal digits, of the operator's key (`kontor_ops_…`), which may do what
    /// the role `ops` may. With it the first keys and people are made. Nobody's, if it is empty.
    pub ops_key_hash: String,

    /// How long a key or a session is remembered before it is looked up again, in milliseconds: so
    /// long after it was revoked elsewhere it is still let in here. 2,000
    pub remember_ms: u64,

    /// How long the old secret of a key stays valid after it was rotated, in minutes. 1,440
    pub overlap_minutes: u32,

    /// After so long without a request a person is signed out, in minutes. 60
    pub idle_minutes: u32,

    /// After so long a person is signed out whatever they do, in minutes. 720
    pub session_minutes: u32,

    /// How often a minute somebody may try to sign in by one name, or from one address. 10
    pub sign_ins: u32,

    /// How many requests a second one key or person may make, over time, in one process. 200
    pub requests: u32,

    /// How many of them may come at once. 400
    pub burst: u32,

    /// Whether browsers reach the console by HTTPS: cookies are then for HTTPS alone. false
    pub https: bool,

    /// Whether what stands before the gateway says in `X-Forwarded-For` who asks: its last address
    /// is believed. Only where nothing else reaches the gateway. false
    pub forwarded: bool,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            ops_key_hash: String::new(),
            remember_ms: 2_000,
            overlap_minutes: 1_440,
            idle_minutes: 60,
            session_minutes: 720,
            sign_ins: 10,
            requests: 200,
            burst: 400,
            https: false,
            forwarded: false,
        }
    }
}

impl AccessSettings {
    pub(crate) fn remember(&self) -> Duration {
        Duration::from_millis(self.remember_ms)
    }

    pub(crate) fn overlap(&self) -> Duration {
        minutes(self.overlap_minutes)
    }

    pub(crate) fn idle(&self) -> Duration {
        minutes(self.idle_minutes)
    }

    pub(crate) fn session(&self) -> Duration {
        minutes(self.session_minutes)
    }
}

fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(60 * u64::from(minutes))
}
