//! `kontor sim`: the rules of all services and the worker itself, in one thread, under every fault that
//! we know, from a seed. What it plays and what it looks for: the README of this crate.

mod chance;
mod invariants;
mod people;
mod report;
mod shop;
mod world;

use std::collections::BTreeMap;
use std::num::Wrapping;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyhow::Context;
use chassis::clock::Stopwatch;
use chassis::plant::{Bug, plant};
use chassis::simulation::{Faults, Happening, House};
use clap::Args;
use contracts::Timestamp;

use invariants::Services;
pub use report::Report;
use world::World;

/// How long a story may be, in steps: each of a few dozen orders takes some hundred.
const LONGEST: u64 = 500_000;

/// After how many stories a planted fault counts as not found.
const MOST_SEEDS: u64 = 200;

/// How many partitions a simulated service has.
const PARTITIONS: u32 = 2;

/// What is simulated.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags, in any combination")]
pub struct Sim {
    /// The first seed; each seed is another story.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many seeds; as many as the time allows, if it is not said.
    #[arg(long)]
    pub seeds: Option<u64>,
    /// For how many seconds.
    #[arg(long, default_value_t = 60, conflicts_with = "seeds")]
    pub seconds: u64,
    /// How many orders a story has.
    #[arg(long, default_value_t = 30)]
    pub orders: u32,
    /// On how many threads.
    #[arg(long, default_value_t = 2)]
    pub threads: u64,
    /// Without faults.
    #[arg(long)]
    pub calm: bool,
    /// Plants this fault, or each one by one (`all`), and looks whether it is found. Builds with debug
    /// assertions only.
    #[arg(long, value_name = "FAULT")]
    pub planted: Option<String>,
    /// Finds the least that still goes wrong: fewer orders, fewer kinds of faults.
    #[arg(long)]
    pub shrink: bool,
    /// Fails if a kind of fault, or a turn of an order, never happens: in 50 stories each does.
    #[arg(long)]
    pub reach_all: bool,
    /// Writes JSON.
    #[arg(long)]
    pub json: bool,
}

/// One story: its seed, how many orders, which faults.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    pub seed: u64,
    pub orders: u32,
    pub faults: Faults,
}

/// What came of a story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub steps: u64,
    /// Of everything that was said, in order.
    pub trace: u64,
    pub counts: BTreeMap<String, u64>,
}

/// What was wrong, and where.
#[derive(Debug, Clone)]
pub struct Violation {
    pub seed: u64,
    pub step: u64,
    pub what: String,
}

/// A fault that was planted, and how it was found.
#[derive(Debug, Clone)]
pub struct Found {
    pub bug: Bug,
    pub violation: Option<Violation>,
    pub took: Duration,
}

/// Plays as it is told, and tells what came of it.
///
/// # Errors
///
/// An unknown fault, or one that this build cannot plant.
pub fn run(sim: &Sim) -> anyhow::Result<Report> {
    let bug = sim.planted.as_deref().map(bug).transpose()?;
    let faults = if sim.calm { Faults::NONE } else { Faults::MANY };
    let began = Stopwatch::start();
    let time = Duration::from_secs(sim.seconds);
    let plays = |first: u64| {
        plant(bug);
        let mut report = Report::default();
        for seed in (sim.seed + first..).step_by(usize::try_from(sim.threads).unwrap_or(1)) {
            let enough = match sim.seeds {
                Some(seeds) => seed >= sim.seed + seeds,
                None => began.elapsed() >= time,
            };
            if enough {
                break;
            }
            let story = Story { seed, orders: sim.orders, faults };
            let played = play(story);
            if seed.is_multiple_of(100) {
                report.repeat(story, &played, &play(story)); // Again, word for word.
            }
            report.add(played);
            if bug.is_some() && !report.violations.is_empty() {
                break;
            }
        }
        report
    };
    let mut report = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..sim.threads.max(1)).map(|nth| scope.spawn(move || plays(nth))).collect();
        let reports = threads.into_iter().filter_map(|it| it.join().ok());
        reports.fold(Report::default(), Report::and)
    });
    report.took = began.elapsed();
    report.threads = sim.threads.max(1);
    if sim.shrink
        && let Some(it) = report.violations.first().cloned()
    {
        plant(bug);
        report.shrunk = Some(shrink(Story { seed: it.seed, orders: sim.orders, faults }));
    }
    Ok(report)
}

/// Plants each fault by itself, and plays until it is found.
///
/// # Errors
///
/// A build that cannot plant any.
pub fn plant_all(sim: &Sim) -> anyhow::Result<Vec<Found>> {
    let seeds = sim.seeds.unwrap_or(MOST_SEEDS);
    let found = |bug: &Bug| {
        anyhow::ensure!(plant(Some(*bug)), "--planted: this build has no faults to plant");
        let began = Stopwatch::start();
        let faults = if sim.calm { Faults::NONE } else { Faults::MANY };
        let story = |seed| Story { seed, orders: sim.orders, faults };
        let violation = (sim.seed..sim.seed + seeds).find_map(|seed| play(story(seed)).err());
        plant(None);
        Ok(Found { bug: *bug, violation, took: began.elapsed() })
    };
    // Nothing is poisonous in these stories: what shows in parking is found by the chassis's own.
    let bugs: Vec<&Bug> = Bug::ALL.iter().filter(|it| !it.wants_poison()).collect();
    let threads = usize::try_from(sim.threads.max(1))?;
    let share = |nth| bugs.iter().skip(nth).step_by(threads).map(|it| found(it)).collect();
    let mut all: Vec<Found> = std::thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> = (0..threads).map(|nth| scope.spawn(move || share(nth))).collect();
        let shares = threads.into_iter().filter_map(|it| it.join().ok());
        shares.collect::<anyhow::Result<Vec<Vec<Found>>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    all.sort_by_key(|it| bugs.iter().position(|bug| **bug == it.bug));
    Ok(all)
}

fn bug(name: &str) -> anyhow::Result<Bug> {
    let known = || Bug::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
    let bug = Bug::ALL.iter().copied().find(|it| it.name() == name);
    let bug = bug.with_context(|| format!("--planted: {name} is not one of {}", known()))?;
    anyhow::ensure!(plant(Some(bug)), "--planted: this build has no faults to plant");
    plant(None);
    Ok(bug)
}

/// Plays one story to its end. A panic is a violation like any other.
pub fn play(story: Story) -> Result<Tally, Violation> {
    let wrong = |step, what| Violation { seed: story.seed, step, what };
    match catch_unwind(AssertUnwindSafe(|| Stage::set(story)?.play())) {
        Ok(Ok(result)) => result.map_err(|(step, what)| wrong(step, what)),
        Ok(Err(error)) => Err(wrong(0, format!("{error:#}"))),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            Err(wrong(0, format!("a panic: {}", words.unwrap_or_default())))
        }
    }
}

struct Stage {
    story: Story,
    house: House,
    services: Services,
    world: World,
    trace: Wrapping<u64>,
    healed: bool,
}

type Wrong = (u64, String);

impl Stage {
    fn set(story: Story) -> anyhow::Result<Self> {
        let began: Timestamp = "2026-03-02T01:00:00Z".parse()?;
        let mut house = House::new(story.seed, story.faults, PARTITIONS, began);
        let services = Services::install(&mut house);
        house.open()?;
        shop::furnish(&mut house, "2026-03-02".parse()?)?;
        let mut world = World::of(story.seed, story.orders)?;
        world.plan(&mut house);
        Ok(Self { story, house, services, world, trace: Wrapping(0), healed: false })
    }

    fn play(mut self) -> anyhow::Result<Result<Tally, Wrong>> {
        loop {
            let happening = self.house.go_on();
            self.remember(&happening);
            let mut wrong = match &happening {
                Happening::Broken(what) => Some(what.clone()),
                Happening::Committed { service, .. } => self.services.after(service),
                Happening::Published(_)
                | Happening::Answered(..)
                | Happening::HungUp(_)
                | Happening::Reminded(_)
                | Happening::Quiet
                | Happening::Over => None,
            };
            wrong = match wrong {
                None => self.world.notice(&mut self.house, &happening)?,
                some => some,
            };
            if wrong.is_none() && matches!(happening, Happening::Over) {
                if self.heal() {
                    continue;
                }
                wrong = self.services.at_rest(&self.world, self.house.now());
                if wrong.is_none() {
                    return Ok(Ok(self.tally()));
                }
            }
            if let Some(what) = wrong {
                return Ok(Err((self.house.steps(), what)));
            }
            if self.house.steps() > LONGEST {
                let so_far = self.house.counts();
                let now = self.house.now();
                return Ok(Err((self.house.steps(), format!("it never ends: {now}, {so_far:?}"))));
            }
        }
    }

    /// When all is over, what was parked is decided, without faults. Whether there is more to come.
    fn heal(&mut self) -> bool {
        if self.healed {
            return false;
        }
        self.healed = true;
        self.house.suffer(Faults::NONE);
        self.house.replay_parked();
        self.house.remind(1, u64::MAX);
        true
    }

    fn remember(&mut self, happening: &Happening) {
        let ids = match happening {
            Happening::Committed { page: Some(page), .. } => {
                page.said.iter().map(|it| it.id.0).collect()
            }
            Happening::Published(it) => vec![it.id.0],
            Happening::Answered(id, _) => vec![id.0],
            Happening::Committed { .. }
            | Happening::HungUp(_)
            | Happening::Reminded(_)
            | Happening::Quiet
            | Happening::Over
            | Happening::Broken(_) => vec![],
        };
        for id in ids {
            let (high, low) = id.as_u64_pair();
            self.trace = (self.trace ^ Wrapping(high ^ low)) * Wrapping(0x0100_0000_01b3);
        }
    }

    fn tally(&self) -> Tally {
        let house = self.house.counts().iter().map(|(what, n)| ((*what).to_owned(), *n));
        let world = self.world.counts.iter().map(|(what, n)| (what.clone(), *n));
        let mut counts: BTreeMap<String, u64> = house.chain(world).collect();
        for (what, n) in self.services.ends() {
            *counts.entry(what).or_default() += n;
        }
        counts.insert("orders".to_owned(), self.story.orders.into());
        Tally { steps: self.house.steps(), trace: self.trace.0, counts }
    }
}

/// The least of a story that still goes wrong: each kind of fault is left out that is not needed, and
/// as many orders as possible.
fn shrink(mut story: Story) -> Story {
    let fails = |it: Story| play(it).is_err();
    for (_, kind) in Faults::KINDS {
        let mut less = story;
        *kind(&mut less.faults) = 0;
        if fails(less) {
            story = less;
        }
    }
    while story.orders > 1 {
        let fewer = [story.orders / 2, story.orders - 1].map(|orders| Story { orders, ..story });
        match fewer.into_iter().find(|it| it.orders > 0 && fails(*it)) {
            Some(less) => story = less,
            None => break,
        }
    }
    story
}
