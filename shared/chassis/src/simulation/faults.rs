use std::collections::BTreeMap;

use fastrand::Rng;

/// A kind of fault: how often it happens.
pub type Kind = fn(&mut Faults) -> &mut u32;

/// How often each fault happens, in ten thousands: of messages, of transactions, or of turns.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// A message between two is lost.
    pub lost: u32,
    /// … comes twice.
    pub doubled: u32,
    /// … comes seconds late, behind others.
    pub late: u32,
    /// The broker loses all that is on its way.
    pub wiped: u32,
    /// A commit fails.
    pub fails: u32,
    /// A commit happens, and its answer is lost.
    pub unheard: u32,
    /// An owner dies after its commit: nothing is published or answered.
    pub dies_committed: u32,
    /// An owner dies after it has published: nobody is answered, no report acknowledged.
    pub dies_published: u32,
    /// An owner dies at any other moment.
    pub dies: u32,
    /// A second owner takes a partition that has one.
    pub second_owner: u32,
    /// A publisher of public messages dies before it remembers how far it is.
    pub outlet_forgets: u32,
    /// A stream gives reports again that were acknowledged.
    pub given_again: u32,
    /// The clock of an owner jumps, by ten minutes at most.
    pub clock_jumps: u32,
    /// All pages of a speaker are published again, from the first.
    pub replayed: u32,
}

impl Faults {
    /// Every kind, by the name that it is counted by.
    pub const KINDS: [(&'static str, Kind); 16] = [
        ("message lost", |it| &mut it.lost),
        ("answer lost", |it| &mut it.lost),
        ("ask lost", |it| &mut it.lost),
        ("message doubled", |it| &mut it.doubled),
        ("message late", |it| &mut it.late),
        ("broker wiped", |it| &mut it.wiped),
        ("commit fails", |it| &mut it.fails),
        ("commit unheard", |it| &mut it.unheard),
        ("dies committed", |it| &mut it.dies_committed),
        ("dies published", |it| &mut it.dies_published),
        ("dies", |it| &mut it.dies),
        ("second owner", |it| &mut it.second_owner),
        ("outlet forgets", |it| &mut it.outlet_forgets),
        ("given again", |it| &mut it.given_again),
        ("clock jumps", |it| &mut it.clock_jumps),
        ("pages again", |it| &mut it.replayed),
    ];

    /// A world without faults.
    pub const NONE: Self = Self {
        lost: 0,
        doubled: 0,
        late: 0,
        wiped: 0,
        fails: 0,
        unheard: 0,
        dies_committed: 0,
        dies_published: 0,
        dies: 0,
        second_owner: 0,
        outlet_forgets: 0,
        given_again: 0,
        clock_jumps: 0,
        replayed: 0,
    };

    /// A bad day.
    pub const MANY: Self = Self {
        lost: 500,
        doubled: 300,
        late: 200,
        wiped: 5,
        fails: 150,
        unheard: 150,
        dies_committed: 50,
        dies_published: 50,
        dies: 30,
        second_owner: 20,
        outlet_forgets: 300,
        given_again: 50,
        clock_jumps: 20,
        replayed: 3,
    };
}

/// What chance decides, and how often each fault happened.
pub(super) struct Chance {
    pub(super) dice: Rng,
    pub(super) faults: Faults,
    pub(super) happened: BTreeMap<&'static str, u64>,
}

impl Chance {
    pub(super) fn of(seed: u64, faults: Faults) -> Self {
        Self { dice: Rng::with_seed(seed), faults, happened: BTreeMap::new() }
    }

    /// Whether a fault of this name happens, so often in ten thousand.
    pub(super) fn strikes(&mut self, name: &'static str, often: u32) -> bool {
        let strikes = often > 0 && self.dice.u32(..10_000) < often;
        if strikes {
            self.count(name);
        }
        strikes
    }

    pub(super) fn count(&mut self, name: &'static str) {
        *self.happened.entry(name).or_default() += 1;
    }
}
