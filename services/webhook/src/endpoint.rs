//! The rules of endpoints: what may be one, and what it is signed with.

use std::net::{IpAddr, SocketAddr};

use contracts::ChannelId;
use contracts::intake::Problem;
use contracts::webhook::{DisabledBecause, HookEvent, HookSecret, RotateSecret, SetEndpoint};
use jiff::{SignedDuration, Timestamp};
use url::{Host, Url};

use crate::guard::may_call;
use crate::signature;

/// How long the old secret signs beside the new one.
pub(crate) const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// How long a URL may be, in bytes.
const URL_LENGTH: usize = 2048;

/// Where a channel is called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) channel: ChannelId,
    pub(crate) url: String,
    pub(crate) events: Vec<HookEvent>,
    pub(crate) state: EndpointState,
    pub(crate) secret: HookSecret,
    /// The secret before this one, and until when it signs too.
    pub(crate) old_secret: Option<(HookSecret, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EndpointState {
    Active,
    /// As it was told. What happens meanwhile is not kept for it.
    Off,
    /// By us, and why: in English, and as a code if there is one. What happens meanwhile is written
    /// down, to be replayed.
    Disabled(String, Option<DisabledBecause>),
}

impl Endpoint {
    /// The endpoint as it is after this command, or all that is wrong with it.
    pub(crate) fn after(
        it: SetEndpoint,
        before: Option<&Self>,
        allow: &[SocketAddr],
    ) -> Result<Self, Vec<Problem>> {
        let SetEndpoint { channel, url, mut events, active, secret, .. } = it;
        let mut problems = url_faults(&url, allow);
        events.sort_unstable();
        events.dedup();
        if events.is_empty() || events.contains(&HookEvent::Test) {
            let found = events.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
            let expected = "at least one event, and not webhook.test, which is sent on demand";
            problems.push(problem("events", "/events", &found, expected));
        }
        if let Some(before) = before.filter(|it| it.channel != channel) {
            let expected = format!("{}, whose endpoint it is for ever", before.channel);
            problems.push(problem("channel", "/channel", channel.as_str(), &expected));
        }
        problems.extend(secret.as_ref().and_then(secret_fault));
        let secret = match (secret, before) {
            (Some(new), Some(before)) if new != before.secret => {
                let expected = "the secret in use, or none: RotateSecret replaces it";
                problems.push(problem("secret.rotate", "/secret", "another", expected));
                None
            }
            (Some(new), _) => Some(new),
            (None, Some(before)) => Some(before.secret.clone()),
            (None, None) => {
                problems.push(problem("required", "/secret", "", SECRET));
                None
            }
        };
        let Some(secret) = secret.filter(|_| problems.is_empty()) else { return Err(problems) };
        let state = if active { EndpointState::Active } else { EndpointState::Off };
        let old_secret = before.and_then(|it| it.old_secret.clone());
        Ok(Self { channel, url, events, state, secret, old_secret })
    }

    /// Takes the new secret, and keeps the old one for a while. Returns until when; nothing if the
    /// secret is in use already.
    pub(crate) fn rotate(
        &mut self,
        now: Timestamp,
        it: RotateSecret,
    ) -> Result<Option<Timestamp>, Vec<Problem>> {
        if let Some(fault) = secret_fault(&it.secret) {
            return Err(vec![fault]);
        }
        if it.secret == self.secret {
            return Ok(None);
        }
        let until = now + OVERLAP;
        let old = std::mem::replace(&mut self.secret, it.secret);
        self.old_secret = Some((old, until));
        Ok(Some(until))
    }

    pub(crate) fn wants(&self, event: HookEvent) -> bool {
        self.events.contains(&event)
    }
}

const SECRET: &str = "whsec_ and 24 to 64 random bytes in base64";

fn secret_fault(secret: &HookSecret) -> Option<Problem> {
    // What was found is not told: it may be a secret, of something else.
    let fault = || problem("secret.format", "/secret", "", SECRET);
    signature::key(secret).is_none().then(fault)
}

/// What is wrong with a URL, as far as it can be told without looking the name up.
fn url_faults(text: &str, allow: &[SocketAddr]) -> Vec<Problem> {
    let parsed = Url::parse(text);
    let named =
        parsed.as_ref().is_ok_and(|it| !it.username().is_empty() || it.password().is_some());
    // A password is not told, wherever else the fault may be.
    let found = if named { "" } else { text };
    let fault = |code: &str, expected: &str| problem(code, "/url", found, expected);
    if text.len() > URL_LENGTH {
        return vec![fault("url.length", "at most 2048 bytes")];
    }
    let Ok(url) = parsed else {
        return vec![fault("url.format", "a URL: https://example.com/hooks")];
    };
    let mut problems = Vec::new();
    let plain = url.scheme() == "http" && !allow.is_empty();
    if url.scheme() != "https" && !plain {
        problems.push(fault("url.scheme", "https"));
    }
    if named {
        problems.push(fault("url.user", "no user and no password"));
    }
    if url.fragment().is_some() {
        problems.push(fault("url.fragment", "no fragment"));
    }
    let address: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(it)) => Some(it.into()),
        Some(Host::Ipv6(it)) => Some(it.into()),
        Some(Host::Domain(_)) => None,
        None => {
            problems.push(fault("url.host", "a host"));
            None
        }
    };
    let port = url.port_or_known_default().unwrap_or_default();
    if address.is_some_and(|it| !may_call(it) && !allow.contains(&SocketAddr::new(it, port))) {
        problems.push(fault("url.address", "a public address"));
    }
    problems
}

/// One thing that is wrong with a command.
pub(crate) fn problem(code: &str, pointer: &str, found: &str, expected: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        pointer: pointer.to_owned(),
        found: found.chars().take(100).collect(),
        expected: expected.to_owned(),
    }
}
