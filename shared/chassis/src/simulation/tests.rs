//! The chassis alone, under every fault: three toy services throw stones to one another.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Timestamp, Uuid};

use super::toys::{CURSED, East, North, Seen, South, Throw};
use super::{Faults, Happening, House};
use crate::plant::{Bug, plant};
use crate::{Database, MessageId};

const STONES: u128 = 8;
const TIMES: u32 = 6;

/// Plays until nothing moves any more. How much happened, or what was wrong.
fn play(seed: u64, faults: Faults) -> Result<(u64, BTreeMap<&'static str, u64>), String> {
    let mut house = House::new(seed, faults, 2, Timestamp::UNIX_EPOCH);
    let (north, south, east) = (house.install(North), house.install(South), house.install(East));
    house.open().unwrap();
    for stone in 0..STONES {
        house.remind(u64::try_from(stone).unwrap() * 300, u64::try_from(stone).unwrap());
    }
    CURSED.set(seed.is_multiple_of(4));
    let mut told: BTreeMap<Uuid, Vec<u32>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut at: BTreeMap<(&str, u32), Timestamp> = BTreeMap::new();
    loop {
        match house.go_on() {
            Happening::Reminded(nth) => {
                let throw = Throw { stone: stone(nth.into()), times: TIMES };
                let id = MessageId(Uuid::from_u128(u128::from(nth) + 1));
                house.tell(id, &throw, None).unwrap();
            }
            Happening::Published(it) => {
                if ids.insert(it.id) {
                    let it: Seen = serde_json::from_str(it.body.get()).unwrap();
                    told.entry(it.stone).or_default().push(it.number);
                }
            }
            Happening::Committed { service, partition, page: Some(page) } => {
                let before = at.insert((service, partition), page.at);
                if before.is_some_and(|before| before > page.at) {
                    return Err("time goes back".to_owned());
                }
            }
            Happening::Broken(what) => return Err(what),
            Happening::HungUp(id) => return Err(format!("{id:?} was never answered")),
            Happening::Quiet | Happening::Over if CURSED.get() && at.len() > 3 => {
                CURSED.set(false);
                house.replay_parked();
            }
            Happening::Over => break,
            Happening::Committed { .. } | Happening::Answered(..) | Happening::Quiet => {}
        }
        if house.steps() > 100_000 {
            return Err("it never ends".to_owned());
        }
    }
    let parked = [&north, &south, &east].map(Database::parked).concat();
    if !parked.is_empty() {
        return Err(format!("parked: {}", parked[0].1));
    }
    agree(&told, &north, &south, &east)?;
    Ok((house.steps(), house.counts().clone()))
}

fn agree(
    seen: &BTreeMap<Uuid, Vec<u32>>,
    north: &Database,
    south: &Database,
    east: &Database,
) -> Result<(), String> {
    for nth in 0..STONES {
        let it = stone(nth);
        let thrown = north.look::<North, _>(|all| all.0[&it].0);
        let returned = south.look::<South, _>(|all| all.0[&it].0);
        if (thrown, returned) != (TIMES, TIMES) {
            return Err(format!("thrown {thrown} times, returned {returned} times"));
        }
        let numbers: Vec<u32> = (1..=2 * TIMES).collect();
        if seen.get(&it) != Some(&numbers) {
            return Err(format!("the outside has seen {:?}", seen.get(&it)));
        }
        let other = Uuid::from_u128(it.as_u128() ^ 1);
        let notes = east.look::<East, _>(|all| all.0.get(&other).map(|it| it.1));
        if notes != Some(TIMES) {
            return Err(format!("{notes:?} notes arrived"));
        }
        if east.look::<East, _>(|all| all.0[&it].0) != 0 {
            return Err("a stone came back before it was thrown".to_owned());
        }
    }
    Ok(())
}

fn stone(nth: u128) -> Uuid {
    Uuid::from_u128(0x1000 + nth * 2)
}

#[test]
fn every_message_takes_effect_once_whatever_happens() {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..60 {
        let (steps, counts) = play(seed, Faults::MANY).unwrap_or_else(|it| panic!("{seed}: {it}"));
        assert!(steps > 500, "seed {seed} took {steps} steps");
        for (what, times) in counts {
            *happened.entry(what).or_default() += times;
        }
    }
    let faults = Faults::KINDS.iter().map(|it| it.0).chain(["parked", "fenced"]);
    let rare: Vec<&str> = faults.filter(|it| !happened.contains_key(it)).collect();
    assert!(rare.is_empty(), "never happened: {rare:?}");
}

#[test]
fn one_seed_is_one_story() {
    for seed in 0..10 {
        assert_eq!(play(seed, Faults::MANY), play(seed, Faults::MANY));
    }
}

#[test]
fn each_planted_fault_is_found() {
    let mut missed = Vec::new();
    for bug in Bug::ALL.iter().filter(|it| it.is_of_the_log()) {
        assert!(plant(Some(*bug)));
        let found = (0..100).find_map(|seed| play(seed, Faults::MANY).err().map(|it| (seed, it)));
        if found.is_none() {
            missed.push(bug);
        }
    }
    plant(None);
    assert!(missed.is_empty(), "not found: {missed:?}");
}
