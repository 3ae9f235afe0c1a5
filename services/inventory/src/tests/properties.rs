//! What holds in every world, and how we know that it is looked at.

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use super::world::{Dice, Step, World};
use crate::books::{Demand, Kind};

/// Everything that the auditor looks at, over worlds of 1 to 8 items; the steps are given.
fn live(skus: u8, steps: &[Step], unguarded: bool) -> Result<World, String> {
    let mut world = World::of(skus);
    world.books.unguarded = unguarded;
    for item in 0..skus {
        // Some goods to begin with.
        world.step([19, 0, item, item, 5 + item, 5])?;
        world.step([19, 0, item, item + 1, 2 + item, 5])?;
    }
    for step in steps {
        world.step(*step)?;
    }
    world.settle()?;
    Ok(world)
}

fn schedule(seed: u64) -> (u8, Vec<Step>) {
    let mut dice = Dice(seed);
    let skus = u8::try_from(1 + dice.roll() % 8).unwrap();
    let length = 15 + dice.roll() % 16;
    (skus, (0..length).map(|_| dice.step()).collect())
}

#[test]
fn ten_thousand_random_schedules() {
    let work = |seeds: Range<u64>| {
        let mut seen = BTreeMap::<Kind, u32>::new();
        for seed in seeds {
            let (skus, steps) = schedule(seed);
            let world = live(skus, &steps, false);
            for (kind, times) in
                world.unwrap_or_else(|it| panic!("schedule {seed}: {it}")).audit.seen
            {
                *seen.entry(kind).or_default() += times;
            }
        }
        seen
    };
    let mut seen = BTreeMap::<Kind, u32>::new();
    thread::scope(|scope| {
        let parts = [0..2_500, 2_500..5_000, 5_000..7_500, 7_500..10_000];
        for part in parts.map(|it| scope.spawn(|| work(it))) {
            for (kind, times) in part.join().unwrap() {
                *seen.entry(kind).or_default() += times;
            }
        }
    });
    // All kinds of moves there are, and often enough.
    assert_eq!(seen.len(), 13);
    assert!(seen.values().all(|it| *it > 1_000), "{seen:?}");
}

/// A check that cannot fail is none: without the guard, units are sold twice, and it is seen.
#[test]
fn a_planted_bug_is_caught() {
    let caught = (0..200).filter(|seed| {
        let (skus, steps) = schedule(*seed);
        live(skus, &steps, true).is_err_and(|it| it.starts_with("I2: oversold"))
    });
    assert!(caught.count() > 50);
}

proptest! {
    /// The same, with schedules that are made smaller when they fail.
    #[test]
    fn nothing_is_ever_oversold(skus in 1_u8..=4, steps in vec(any::<Step>(), 0..60)) {
        prop_assert_eq!(live(skus, &steps, false).err(), None);
    }

    /// What is heard twice is decided once, but for what others did meanwhile.
    #[test]
    fn saying_it_twice_changes_nothing(
        steps in vec(any::<Step>(), 0..40),
        plan in (0_u8..6, any::<[u8; 5]>()),
    ) {
        let mut world = World::of(2);
        for step in steps {
            prop_assert_eq!(world.step(step), Ok(()));
        }
        let (what, [who, item, place, much, how]) = plan;
        let kinds = [0, 12, 13, 16, 18, 19];
        let step = [kinds[usize::from(what)], who, item, place, much, how];
        if let Some(message) = world.message(step) {
            world.books.decide(world.now, &message);
            let once = world.books.clone();
            world.books.decide(world.now, &message);
            prop_assert_eq!(&world.books, &once);
        }
    }

    /// Who waits long enough goes first, whoever comes later: in 80 hours a priority of 0 has
    /// passed every newcomer's 4,000.
    #[test]
    fn nobody_waits_for_ever(
        arrivals in (0_i64..1_000_000_000, 0_i64..1_000_000_000),
        priorities in (0_i64..=4_000, 0_i64..=4_000),
        hours in 300_i64..10_000,
    ) {
        let rank = |at, priority| {
            Demand::new(Timestamp::from_millisecond(at).unwrap()).rank(priority)
        };
        let (one, other) = (rank(arrivals.0, priorities.0), rank(arrivals.1, priorities.1));
        // Priority with 50 for each hour of waiting, in parts of an hour that come out even.
        let aged = |at, priority| priority * 3_600_000 + 50 * (hours * 3_600_000 - at);
        let aged = (aged(arrivals.0, priorities.0), aged(arrivals.1, priorities.1));
        prop_assert_eq!(one.cmp(&other), aged.1.cmp(&aged.0));
        prop_assert!(rank(arrivals.0, 0) <= rank(arrivals.0 + 80 * 3_600_000, priorities.1));
    }
}
