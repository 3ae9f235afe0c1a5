//! What can be set, each setting beside its default.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// Who is called, and how many at once.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Addresses that are called though they are not public, also over plain HTTP:
    /// `["127.0.0.1:8000"]`, for tests and development. None by default.
    pub allow: Vec<SocketAddr>,
    /// A file with certificates (PEM) to trust besides the public authorities. None by default.
    pub ca_file: Option<PathBuf>,
    /// How many calls are under way at the same time. 64 by default.
    pub at_once: usize,
    /// How many of these go to one endpoint at most. 8 by default.
    pub at_once_each: usize,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { allow: vec![], ca_file: None, at_once: 64, at_once_each: 8 }
    }
}
