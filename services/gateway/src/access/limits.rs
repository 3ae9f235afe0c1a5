//! How often somebody may ask, and try to sign in. Counted in each process by itself.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderValue, Response};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::keyed::DashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use super::AccessSettings;
use super::principal::{Kind, Principal};
use crate::http::problem::Problem;

type Counted<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// So many names and addresses are remembered before those that rest are forgotten.
const REMEMBERED: usize = 10_000;

pub(super) struct Limits {
    requests: Counted<String>,
    names: Counted<String>,
    peers: Counted<IpAddr>,
}

/// How much somebody has left.
pub(super) struct Left(StateSnapshot);

impl Limits {
    pub(super) fn new(settings: &AccessSettings) -> Self {
        let some = |it: u32| NonZeroU32::new(it).unwrap_or(NonZeroU32::MIN);
        let requests = Quota::per_second(some(settings.requests)).allow_burst(some(settings.burst));
        let tries = Quota::per_minute(some(settings.sign_ins));
        Self { requests: counted(requests), names: counted(tries), peers: counted(tries) }
    }

    /// Counts a request.
    pub(super) fn request(&self, who: &Principal) -> Result<Left, Problem> {
        let kind = match who.kind {
            Kind::Key => "key",
            Kind::Person => "person",
        };
        self.requests.check_key(&format!("{kind} {}", who.id)).map(Left).map_err(|it| too_many(&it))
    }

    /// Counts a try to sign in by this name, from this address.
    pub(super) fn sign_in(&self, name: &str, peer: Option<IpAddr>) -> Result<(), Problem> {
        if self.names.len() > REMEMBERED || self.peers.len() > REMEMBERED {
            self.names.retain_recent();
            self.peers.retain_recent();
        }
        if let Some(peer) = peer {
            self.peers.check_key(&peer).map_err(|it| too_many(&it))?;
        }
        self.names.check_key(&name.to_owned()).map(drop).map_err(|it| too_many(&it))
    }
}

fn counted<K: std::hash::Hash + Eq + Clone>(quota: Quota) -> Counted<K> {
    RateLimiter::dashmap(quota).with_middleware()
}

fn too_many(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Problem {
    let wait = until.wait_time_from(DefaultClock::default().now());
    let wait = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
    Problem::too_many(policy(&until.quota()), wait)
}

/// So many in so many seconds: the burst, and how long it takes to come back.
fn policy(quota: &Quota) -> String {
    let window = whole_seconds(quota.burst_size_replenished_in());
    format!("\"requests\";q={};w={window}", quota.burst_size())
}

fn whole_seconds(it: Duration) -> u128 {
    it.as_millis().div_ceil(1_000).max(1)
}

impl Left {
    /// Says so in an answer, as the IETF's draft has it.
    pub(super) fn say<B>(&self, response: &mut Response<B>) {
        let (quota, left) = (self.0.quota(), self.0.remaining_burst_capacity());
        let back = quota.replenish_interval() * quota.burst_size().get().saturating_sub(left);
        let limit = format!("\"requests\";r={left};t={}", back.as_millis().div_ceil(1_000));
        for (name, value) in [("ratelimit-policy", policy(&quota)), ("ratelimit", limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
}
