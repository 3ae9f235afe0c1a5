use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;

use crate::access::AccessSettings;
/// In which zone a shop counts its days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ShopZone(TimeZone);

impl ShopZone {
    pub(crate) fn zone(&self) -> TimeZone {
        self.0.clone()
    }
}

impl Default for ShopZone {
    /// China's: without summer time since 1991, so that it is known where no database of zones is.
    fn default() -> Self {
        let fixed = || TimeZone::fixed(Offset::constant(8));
        Self(TimeZone::get("Asia/Shanghai").unwrap_or_else(|_| fixed()))
    }
}

impl TryFrom<String> for ShopZone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let unknown = || format!("{name:?} is no zone of the IANA database, as Asia/Shanghai is");
        TimeZone::get(&name).map(Self).map_err(|_| unknown())
    }
}

impl Display for ShopZone {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC+08:00"))
    }
}

/// How the gateway is set up. Each limit is a number, and stands here with its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewaySettings {
    /// Where the HTTP server listens. Port 0 takes a free one, which `Gateway::address` tells.
    /// `127.0.0.1:0`
    pub listen: SocketAddr,

    /// In which zone the shop counts its days, where a page or a query names one: a name of the IANA
    /// database. `Asia/Shanghai`
    pub zone: ShopZone,

    /// How large the body of one order may be, in bytes. 65,536
    pub order_bytes: usize,

    /// How large any other body may be, in bytes: a ruleset is the largest. 1,048,576
    pub body_bytes: usize,

    /// How many requests are served at a time; beyond that the answer is 503, at once. 1,024
    pub at_once: usize,

    /// How long one request may take, in milliseconds. What it had told a service by then is
    /// carried out all the same. 15,000
    pub request_ms: u64,

    /// How long a reader is kept waiting for the page that it wants to have been heard, in
    /// milliseconds. 2,000
    pub page_wait_ms: u64,

    /// How many may follow statuses at a time; beyond that the answer is 503, at once. 256
    pub followers: usize,

    /// How long one who follows hears nothing, at most: then they are told that we are still there,
    /// in milliseconds. 15,000
    pub heartbeat_ms: u64,

    /// How many rows an exported file may have. 200,000
    pub export_rows: usize,

    /// How many files are written at a time; beyond that the answer is 503, at once. 4
    pub exports: usize,

    /// How long a client may take nothing of what is written to it before it is hung up on, in
    /// milliseconds. 30,000
    pub stall_ms: u64,

    /// Who gets in.
    pub access: AccessSettings,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            zone: ShopZone::default(),
            order_bytes: 64 * 1024,
            body_bytes: 1024 * 1024,
            at_once: 1024,
            request_ms: 15_000,
            page_wait_ms: 2_000,
            followers: 256,
            heartbeat_ms: 15_000,
            export_rows: 200_000,
            exports: 4,
            stall_ms: 30_000,
            access: AccessSettings::default(),
        }
    }
}

impl GatewaySettings {
    pub(crate) fn request(&self) -> Duration {
        Duration::from_millis(self.request_ms)
    }

    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.max(1))
    }

    pub(crate) fn stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms)
    }

    pub(crate) fn page_wait(&self) -> Duration {
        Duration::from_millis(self.page_wait_ms)
    }
}
