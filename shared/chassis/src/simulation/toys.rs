//! Three toy services that throw stones to one another: north throws when it is told to, or when south
//! has thrown; south waits a second before it throws back; east watches both, leaves notes to another
//! partition, and tells the outside.

use std::cell::Cell;
use std::collections::BTreeMap;

use contracts::{MessageSet, Silence, Timestamp, Uuid, message, message_set};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{Batch, Decided, InMemory, Migration, Service};

macro_rules! said {
    ($name:ident, { $($field:ident: $type:ty),* }, $($declared:tt)*) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub(super) struct $name { pub(super) stone: Uuid, $(pub(super) $field: $type),* }
        message!($name, $($declared)*);
    };
}

said!(Throw, { times: u32 }, "north.throw.v1", keyed by stone, answered by Answers);
said!(Thrown, { left: u32 }, "north.thrown.v1", keyed by stone);
said!(Rested, { left: u32, at: Timestamp }, "south.rested.v1", keyed by stone, due at at);
said!(Returned, { left: u32 }, "south.returned.v1", keyed by stone);
said!(Noted, { other: Uuid, at: Timestamp }, "east.noted.v1", keyed by other, due at at);
said!(Seen, { number: u32 }, "east.seen.v1", keyed by stone, published to "seen" / stone on "SEEN");

message_set! { pub(super) enum Answers { Thrown } }
message_set! { pub(super) enum NorthHears { Throw, Returned } }
message_set! { pub(super) enum SouthHears { Thrown, Rested } }
message_set! { pub(super) enum SouthSays { Rested, Returned } }
message_set! { pub(super) enum EastHears { Thrown, Returned, Noted } }
message_set! { pub(super) enum EastSays { Seen, Noted } }

thread_local! {
    /// Whether east cannot decide some of what it hears: it is parked, and what follows behind it.
    pub(super) static CURSED: Cell<bool> = const { Cell::new(false) };
}

const TOO_EARLY: u32 = 1000;

/// How often each stone was thrown, and what was seen of it.
#[derive(Debug, Default)]
pub(super) struct Stones(pub(super) BTreeMap<Uuid, (u32, u32)>);

macro_rules! toy {
    ($toy:ident, $name:literal, $hears:ident, $says:ident, $decide:expr) => {
        #[derive(Debug)]
        pub(super) struct $toy;

        impl Service for $toy {
            const NAME: &'static str = $name;
            const MIGRATIONS: &'static [Migration] = &[];
            type Inbound = $hears;
            type Outbound = $says;
            type Questions = Silence;

            async fn handle(
                &self,
                _: &mut PgConnection,
                _: Batch<$hears>,
            ) -> anyhow::Result<Decided<$says>> {
                anyhow::bail!("a toy has no database")
            }
        }

        impl InMemory for $toy {
            type Tables = Stones;
            type Change = BTreeMap<Uuid, (u32, u32)>;

            fn decide(&self, all: &Stones, batch: Batch<$hears>) -> (Decided<$says>, Self::Change) {
                let keys = batch.messages().filter_map(|it| it.key().0.parse().ok());
                let mut stones: Self::Change =
                    keys.map(|it| (it, all.0.get(&it).copied().unwrap_or_default())).collect();
                let decide: fn(&mut Self::Change, Timestamp, $hears) -> Vec<$says> = $decide;
                (batch.decide(|now, message| decide(&mut stones, now, message)), stones)
            }

            fn keep(all: &mut Stones, change: Self::Change) {
                all.0.extend(change);
            }

            fn rows(_: &Stones) -> BTreeMap<&'static str, Vec<serde_json::Value>> {
                BTreeMap::new()
            }
        }
    };
}

message_set! { pub(super) enum NorthSays { Thrown } }

toy!(North, "north", NorthHears, NorthSays, |stones, _, message| {
    let (stone, left) = match message {
        NorthHears::Throw(it) => (it.stone, it.times),
        NorthHears::Returned(it) => (it.stone, it.left),
    };
    let Some(left) = left.checked_sub(1) else { return vec![] };
    stones.entry(stone).or_default().0 += 1;
    vec![Thrown { stone, left }.into()]
});

toy!(South, "south", SouthHears, SouthSays, |stones, now, message| match message {
    SouthHears::Thrown(Thrown { stone, left }) => {
        let at = now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now);
        vec![Rested { stone, left, at }.into()]
    }
    SouthHears::Rested(Rested { stone, left, .. }) => {
        stones.entry(stone).or_default().0 += 1;
        vec![Returned { stone, left }.into()]
    }
});

toy!(East, "east", EastHears, EastSays, |stones, now, message| match message {
    EastHears::Thrown(Thrown { stone, .. }) => {
        assert!(!CURSED.get() || stone.as_u128() % 4 != 0, "east is cursed");
        let (thrown, seen) = stones.entry(stone).or_default();
        (*thrown, *seen) = (*thrown + 1, *seen + 1);
        let other = Uuid::from_u128(stone.as_u128() ^ 1);
        vec![Seen { stone, number: *seen }.into(), Noted { stone, other, at: now }.into()]
    }
    EastHears::Returned(Returned { stone, .. }) => {
        let (thrown, seen) = stones.entry(stone).or_default();
        // It must not come back before it was thrown.
        (*thrown, *seen) = (thrown.checked_sub(1).unwrap_or(TOO_EARLY), *seen + 1);
        vec![Seen { stone, number: *seen }.into()]
    }
    EastHears::Noted(it) => {
        stones.entry(it.other).or_default().1 += 1;
        vec![]
    }
});
