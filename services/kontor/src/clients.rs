//! Who connects from outside: storefronts, warehouses, payment providers, carriers. Each has a
//! user of its own, which may say and hear what is its own, and nothing else.

use std::path::Path;

use anyhow::{Context, ensure};
use chassis::Counter;
use contracts::{ChannelId, Contract, Door, Kind};

/// The kinds of clients, by the token of a subject that names them.
pub const KINDS: [&str; 4] = ["channel", "warehouse", "provider", "carrier"];

/// Somebody outside: what sort of client, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outsider {
    /// One of [`KINDS`].
    pub kind: &'static str,
    pub name: String,
    pub password: String,
}

/// A stream of which a kind of client reads its own part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub stream: &'static str,
    /// The consumer that is made for the client.
    pub consumer: String,
    /// What it gives: `warehouse.north.pick.>`.
    pub filter: String,
}

impl Outsider {
    /// Reads a file that names them, one a line: the user, a space, the password, or its bcrypt
    /// hash, which NATS takes as well. Empty lines and those that begin with `#` say nothing.
    pub fn read_all(file: &Path) -> anyhow::Result<Vec<Self>> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let lines = (1..).zip(text.lines().map(str::trim));
        let named = lines.filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
        let read = |(number, line)| {
            Self::read(line).with_context(|| format!("{}, line {number}", file.display()))
        };
        named.map(read).collect()
    }

    fn read(line: &str) -> anyhow::Result<Self> {
        let (user, password) = line.split_once(' ').context("a user, a space, a password")?;
        let (kind, name) = user.split_once('-').context("a user is a kind, a hyphen, a name")?;
        let kind = KINDS.into_iter().find(|it| *it == kind);
        let kind = kind.with_context(|| format!("{user} is none of {}", KINDS.join(", ")))?;
        ChannelId::new(name)?; // Names of every kind become tokens of subjects.
        let password = password.trim();
        ensure!(!password.is_empty(), "{user} has no password");
        Ok(Self { kind, name: name.to_owned(), password: password.to_owned() })
    }

    /// The user's name: `warehouse-north`.
    pub fn user(&self) -> String {
        format!("{}-{}", self.kind, self.name)
    }

    /// The subjects on which this client may speak.
    pub fn speaks(&self, contracts: &[Contract], counters: &[Counter]) -> Vec<String> {
        let reports = contracts.iter().filter(|it| it.kind == Kind::Report);
        let reports = reports.filter_map(|it| it.door).map(|it| it.pattern);
        let patterns = reports.chain(counters.iter().map(|it| it.pattern));
        let own = patterns.filter(|it| it.contains(&format!("{{{}}}", self.kind)));
        own.map(|it| self.own(it)).collect()
    }

    /// The streams of which this client reads its own part, and what is for every storefront.
    pub fn reads(&self, contracts: &[Contract]) -> Vec<Reading> {
        let public = contracts.iter().filter(|it| it.kind == Kind::Public);
        let mut readings: Vec<Reading> = Vec::new();
        for door in public.filter_map(|it| it.door).filter(|it| self.may_read(it)) {
            let filter = self.own(door.pattern);
            match readings.iter_mut().find(|it| it.stream == door.stream) {
                // Two subjects of one stream: what they have in common.
                Some(reading) => reading.filter = common(&reading.filter, &filter),
                None => {
                    readings.push(Reading { stream: door.stream, consumer: self.user(), filter });
                }
            }
        }
        readings
    }

    fn may_read(&self, door: &Door) -> bool {
        let for_all = !door.tokens().any(|it| KINDS.contains(&it));
        door.tokens().any(|it| it == self.kind) || for_all && self.kind == "channel"
    }

    /// The pattern with this client's name in its place, and `*` for every other token.
    fn own(&self, pattern: &str) -> String {
        let token = |it: &str| match it.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(kind) if kind == self.kind => self.name.clone(),
            Some(_) => "*".to_owned(),
            None => it.to_owned(),
        };
        pattern.split('.').map(token).collect::<Vec<_>>().join(".")
    }
}

/// The narrowest filter that lets both through, token by token.
fn common(one: &str, other: &str) -> String {
    let token = |(a, b): (&str, &str)| if a == b { a.to_owned() } else { "*".to_owned() };
    one.split('.').zip(other.split('.')).map(token).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_client_and_its_password() {
        let read = |line| Outsider::read(line).map_err(|it| it.to_string());
        let password = "$2a$11$x".to_owned();
        let expected = Outsider { kind: "warehouse", name: "WH-A".to_owned(), password };
        assert_eq!(read("warehouse-WH-A $2a$11$x"), Ok(expected));
        for (line, wrong) in [
            ("channel-web", "a user, a space, a password"),
            ("web secret", "a user is a kind, a hyphen, a name"),
            ("shop-web x", "shop-web is none of channel, warehouse, provider, carrier"),
            ("channel-a.b x", "\"a.b\" is not 1 to 64 printable ASCII characters"),
            ("channel-web  ", "channel-web has no password"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.starts_with(wrong), "{line}: {error}");
        }
    }
}
