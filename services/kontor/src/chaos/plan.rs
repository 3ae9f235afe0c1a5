//! The faults of a run: drawn by a seed, written down before anything starts, and read again to have
//! the same once more.

use std::fmt;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// What can be done to a house. One more kind is a variant here, its entry in [`Kind::ALL`], how long
/// it lasts and at what it aims below, and how it is done in `faults.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A process is killed, and started again.
    Kill,
    /// A process dies at a point of its own loop: `inventory/1:before-commit:7`.
    Abort,
    /// A process is stopped for longer than any time-out, and goes on as if nothing had been.
    Pause,
    /// Both replicas of a service are stopped in peace and started, one after the other.
    Roll,
    /// NATS is killed, and started on what it had on its disk.
    NatsKill,
    /// NATS is killed, loses every stream, and is provisioned anew.
    NatsWipe,
    /// Postgres is killed, and recovers.
    PostgresKill,
    /// Every connection to one database is cut by Postgres.
    Backends,
    /// Every connection of a process to a server is reset.
    Reset,
    /// What a process and a server say to each other is lost, both ways; at the end all is reset.
    BlackHole,
    /// Every piece of it takes a while.
    Slow,
    /// What the server says does not arrive until the end.
    Deaf,
    /// What the process says does not arrive until the end.
    Mute,
    /// Pages are published again, out of order, beside the new ones.
    Republish,
}

/// Something that is done to the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// Not before so many milliseconds of the phase of faults, and not before the house has
    /// recovered from the one before.
    pub(super) at_ms: u64,
    pub(super) kind: Kind,
    /// A process (`credit/0`), a point of it (`credit/0:decided:7`), an edge (`credit/0>postgres`),
    /// a service (`credit`), or a server (`nats`).
    pub(super) target: String,
    /// How long it lasts.
    pub(super) for_ms: u64,
}

/// All that is done, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Plan(pub(super) Vec<Fault>);

/// Each service runs twice.
pub(super) const REPLICAS: [&str; 2] = ["0", "1"];

/// Where a process can be told to die.
const POINTS: [&str; 5] =
    ["decided", "before-commit", "after-commit", "after-publish", "before-answer"];

impl Kind {
    pub(super) const ALL: [Self; 14] = [
        Self::Kill,
        Self::Abort,
        Self::Pause,
        Self::Roll,
        Self::NatsKill,
        Self::NatsWipe,
        Self::PostgresKill,
        Self::Backends,
        Self::Reset,
        Self::BlackHole,
        Self::Slow,
        Self::Deaf,
        Self::Mute,
        Self::Republish,
    ];

    /// How long it lasts, in milliseconds: from, to.
    fn lasts(self) -> (u32, u32) {
        match self {
            Self::Kill => (200, 1_500),
            // No longer is waited for the process to come to the point.
            Self::Abort => (6_000, 6_000),
            // The house's databases lose patience with who sleeps in a transaction after 3 s here.
            Self::Pause => (6_000, 8_000),
            Self::Roll | Self::Backends | Self::Reset => (0, 0),
            Self::NatsKill | Self::NatsWipe | Self::PostgresKill => (300, 1_500),
            Self::BlackHole | Self::Deaf | Self::Mute => (2_000, 6_000),
            Self::Slow => (2_000, 4_000),
            Self::Republish => (1_000, 2_000),
        }
    }

    /// Whether it is known to have ended when it has begun: recovery counts from there.
    pub(super) fn is_a_kill(self) -> bool {
        matches!(self, Self::Kill | Self::Abort | Self::Roll | Self::Backends | Self::Reset)
    }

    fn aims(self, services: &[&str], dice: &mut Dice) -> String {
        let service = dice.pick(services).unwrap_or_default();
        let replica = dice.pick(&REPLICAS).unwrap_or_default();
        match self {
            Self::Kill | Self::Pause => format!("{service}/{replica}"),
            Self::Abort => {
                // Who says little is not often at the points of saying.
                let quiet = ["gateway", "webhook"].contains(&service);
                let points = if quiet { &POINTS[..3] } else { &POINTS[..] };
                let point = dice.pick(points).unwrap_or_default();
                format!("{service}/{replica}:{point}:{}", dice.between(2, 12))
            }
            Self::Roll | Self::Backends => service.to_owned(),
            Self::NatsKill | Self::NatsWipe => "nats".to_owned(),
            Self::PostgresKill => "postgres".to_owned(),
            Self::Reset | Self::BlackHole | Self::Slow | Self::Deaf | Self::Mute => {
                let server = dice.pick(&["nats", "postgres"]).unwrap_or_default();
                format!("{service}/{replica}>{server}")
            }
            Self::Republish => "log".to_owned(),
        }
    }
}

/// As it is written in a plan.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Plan {
    /// So many faults of these services' house, within so many seconds: every kind before any kind
    /// again.
    pub(super) fn draw(seed: u64, faults: usize, services: &[&str], seconds: u64) -> Self {
        let mut kinds: Vec<Kind> = Vec::new();
        for round in 0..faults.div_ceil(Kind::ALL.len()) {
            let mut deck = Kind::ALL;
            Dice::of(seed, &format!("faults {round}")).shuffle(&mut deck);
            kinds.extend(deck);
        }
        let apart = seconds * 1_000 / u64::try_from(faults).unwrap_or(1).max(1);
        let fault = |(nth, kind): (u64, Kind)| {
            let mut dice = Dice::of(seed, &format!("fault {nth}"));
            let (from, to) = kind.lasts();
            let for_ms = u64::from(dice.between(from, to));
            Fault { at_ms: nth * apart, kind, target: kind.aims(services, &mut dice), for_ms }
        };
        Self((0..).zip(kinds.into_iter().take(faults)).map(fault).collect())
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let plan: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no plan of faults", path.display()))?;
        ensure!(
            plan.0.is_sorted_by_key(|it| it.at_ms),
            "{}: at_ms must not go back",
            path.display()
        );
        Ok(plan)
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let faults: Vec<String> =
            self.0.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let text = format!("[\n  {}\n]\n", faults.join(",\n  "));
        std::fs::write(path, text).with_context(|| path.display().to_string())
    }

    /// Whether streams are lost: then what the outside said may have to be said again.
    pub(super) fn loses_streams(&self) -> bool {
        self.0.iter().any(|it| it.kind == Kind::NatsWipe)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SERVICES: [&str; 3] = ["intake", "gateway", "credit"];

    #[test]
    fn a_seed_draws_the_same_faults_and_another_seed_others() {
        let draw = |seed| Plan::draw(seed, 20, &SERVICES, 60);
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn every_kind_comes_before_any_comes_again() {
        let plan = Plan::draw(3, 20, &SERVICES, 60);
        let kinds: BTreeSet<Kind> = plan.0[..Kind::ALL.len()].iter().map(|it| it.kind).collect();
        assert_eq!((plan.0.len(), kinds.len()), (20, Kind::ALL.len()));
        assert!(plan.0.is_sorted_by_key(|it| it.at_ms) && plan.0[19].at_ms < 60_000);
        assert!(plan.loses_streams());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let plan = Plan::draw(3, 5, &SERVICES, 10);
        let path = std::env::temp_dir().join(format!("kontor-plan-{}.json", std::process::id()));
        plan.write(&path).unwrap();
        assert_eq!(Plan::read(&path).unwrap(), plan);
        std::fs::write(&path, r#"[{"at_ms":0,"kind":"flood","target":"nats","for_ms":1}]"#)
            .unwrap();
        let error = format!("{:#}", Plan::read(&path).unwrap_err());
        assert!(error.contains("is no plan of faults") && error.contains("`flood`"), "{error}");
        std::fs::remove_file(path).unwrap();
    }
}
