//! Where the units of an order line are, and what an order shows because of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Status;

/// Where a unit of an order line may be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// Nothing is kept for it.
    Unsourced,
    /// It waits for supply.
    Backordered,
    /// It is being made.
    InProduction,
    /// It is kept on a shelf.
    Reserved,
    /// A warehouse was told to pick it.
    Released,
    Picked,
    Packed,
    Shipped,
    /// The customer did not take it.
    Refused,
    Delivered,
    /// The customer sends it back.
    Returning,
    Returned,
    /// It went missing on its way.
    Lost,
    /// It will not be delivered.
    Cancelled,
}

impl Bucket {
    pub const ALL: [Self; 14] = [
        Self::Unsourced,
        Self::Backordered,
        Self::InProduction,
        Self::Reserved,
        Self::Released,
        Self::Picked,
        Self::Packed,
        Self::Shipped,
        Self::Refused,
        Self::Delivered,
        Self::Returning,
        Self::Returned,
        Self::Lost,
        Self::Cancelled,
    ];

    /// Where units may go from here. Nothing leaves what is returned, lost or cancelled.
    pub fn next(self) -> &'static [Self] {
        use Bucket::{
            Backordered, Cancelled, Delivered, InProduction, Lost, Packed, Picked, Refused,
            Released, Reserved, Returned, Returning, Shipped, Unsourced,
        };
        match self {
            Unsourced => &[Reserved, Backordered, InProduction, Cancelled],
            Backordered | InProduction => &[Reserved, Cancelled, Unsourced],
            Reserved => &[Released, Unsourced, Cancelled],
            // Back to unsourced: it was not where the books said.
            Released => &[Picked, Reserved, Unsourced, Cancelled],
            // Back to reserved: it was put away again.
            Picked => &[Packed, Reserved],
            Packed => &[Shipped, Picked],
            Shipped => &[Delivered, Refused, Lost],
            Refused => &[Shipped, Cancelled, Lost],
            Delivered => &[Returning],
            // Back to delivered: the customer thought better of it.
            Returning => &[Returned, Delivered, Lost],
            Returned | Lost | Cancelled => &[],
        }
    }
}

/// It left the house, whatever became of it.
const OUT: [Bucket; 6] = [
    Bucket::Shipped,
    Bucket::Refused,
    Bucket::Delivered,
    Bucket::Returning,
    Bucket::Returned,
    Bucket::Lost,
];

/// The customer has it, or had it.
const DELIVERED: [Bucket; 3] = [Bucket::Delivered, Bucket::Returning, Bucket::Returned];

/// The units of one order line, each in exactly one bucket. What was ordered is their sum: units
/// can be moved, and neither made nor lost. On the wire only the buckets that hold something are
/// named: `{"reserved":3,"backordered":2}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "BTreeMap<Bucket, i64>", into = "BTreeMap<Bucket, i64>")]
#[schemars(with = "BTreeMap<Bucket, i64>")]
pub struct Buckets([i64; Bucket::ALL.len()]);

/// Why units were not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMove {
    #[error("nothing goes from {from:?} to {to:?}")]
    NotAllowed { from: Bucket, to: Bucket },
    #[error("{from:?} holds {held}, not {wanted}")]
    TooFew { from: Bucket, held: i64, wanted: i64 },
    #[error("{0} units cannot be")]
    Negative(i64),
}

impl Buckets {
    /// A line as it was ordered: nothing is kept for it yet.
    pub fn ordered(units: i64) -> Self {
        let mut line = Self::default();
        line.0[Bucket::Unsourced as usize] = units.max(0);
        line
    }

    /// How many units are in the bucket.
    pub fn units(&self, bucket: Bucket) -> i64 {
        self.0[bucket as usize]
    }

    /// How many units are in any of the buckets.
    pub fn units_in(&self, buckets: &[Bucket]) -> i64 {
        buckets.iter().map(|it| self.units(*it)).sum()
    }

    /// How many units there are.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    /// How many units are not cancelled.
    pub fn live(&self) -> i64 {
        self.total() - self.units(Bucket::Cancelled)
    }

    /// How many units left the house.
    pub fn out(&self) -> i64 {
        self.units_in(&OUT)
    }

    /// Moves units, or none of them.
    pub fn shift(&mut self, from: Bucket, to: Bucket, units: i64) -> Result<(), BadMove> {
        if !from.next().contains(&to) {
            return Err(BadMove::NotAllowed { from, to });
        }
        if units < 0 {
            return Err(BadMove::Negative(units));
        }
        let held = self.units(from);
        if held < units {
            return Err(BadMove::TooFew { from, held, wanted: units });
        }
        self.0[from as usize] -= units;
        self.0[to as usize] += units;
        Ok(())
    }

    /// Moves as many of these units as there are, and tells how many that was: what comes late, or
    /// twice, finds nothing to move.
    pub fn shift_up_to(&mut self, from: Bucket, to: Bucket, units: i64) -> i64 {
        let units = units.clamp(0, self.units(from));
        if self.shift(from, to, units).is_ok() { units } else { 0 }
    }
}

impl TryFrom<BTreeMap<Bucket, i64>> for Buckets {
    type Error = BadMove;

    fn try_from(named: BTreeMap<Bucket, i64>) -> Result<Self, BadMove> {
        let mut line = Self::default();
        for (bucket, units) in named {
            if units < 0 {
                return Err(BadMove::Negative(units));
            }
            line.0[bucket as usize] = units;
        }
        Ok(line)
    }
}

impl From<Buckets> for BTreeMap<Bucket, i64> {
    fn from(line: Buckets) -> Self {
        let named = Bucket::ALL.into_iter().map(|it| (it, line.units(it)));
        named.filter(|it| it.1 != 0).collect()
    }
}

/// What an order shows: its stored process state until it is confirmed, and what its units are
/// doing from then on. Nobody ever writes a derived state by hand.
///
/// Two exceptions have no name of their own: what is being made shows as backordered, and an order
/// of which everything was lost shows as shipped, until somebody decides what becomes of it.
pub fn roll_up(process: Status, lines: &[Buckets]) -> Status {
    if process.is_final() {
        return process;
    }
    let sum = |buckets: &[Bucket]| lines.iter().map(|it| it.units_in(buckets)).sum::<i64>();
    let live: i64 = lines.iter().map(Buckets::live).sum();
    let (out, delivered, lost) = (sum(&OUT), sum(&DELIVERED), sum(&[Bucket::Lost]));
    if live == 0 {
        return Status::Cancelled;
    }
    if 0 < out && out < live {
        return Status::PartiallyShipped;
    }
    if out == live {
        return match delivered {
            0 => Status::Shipped,
            it if it < live - lost => Status::PartiallyDelivered,
            _ if process == Status::Completed => Status::Completed,
            _ => Status::Delivered,
        };
    }
    let confirmed = process == Status::Confirmed;
    if sum(&[Bucket::Packed]) == live {
        Status::Packed
    } else if sum(&[Bucket::Picked, Bucket::Packed]) > 0 {
        Status::Picking
    } else if sum(&[Bucket::Released]) > 0 {
        Status::Released
    } else if confirmed && sum(&[Bucket::Reserved]) > 0 {
        Status::Confirmed
    } else if confirmed && sum(&[Bucket::InProduction, Bucket::Backordered]) > 0 {
        Status::Backordered
    } else {
        process
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_these_moves_are_allowed() {
        let told = |it: Bucket| format!("{it:?} -> {:?}\n", it.next()).replace(['[', ']', ','], "");
        let moves = Bucket::ALL.map(told).concat();
        expect_test::expect![[r"
            Unsourced -> Reserved Backordered InProduction Cancelled
            Backordered -> Reserved Cancelled Unsourced
            InProduction -> Reserved Cancelled Unsourced
            Reserved -> Released Unsourced Cancelled
            Released -> Picked Reserved Unsourced Cancelled
            Picked -> Packed Reserved
            Packed -> Shipped Picked
            Shipped -> Delivered Refused Lost
            Refused -> Shipped Cancelled Lost
            Delivered -> Returning
            Returning -> Returned Delivered Lost
            Returned -> 
            Lost -> 
            Cancelled -> 
        "]]
        .assert_eq(&moves);
    }

    #[test]
    fn a_refused_move_moves_nothing() {
        let mut line = Buckets::ordered(5);
        let before = line;
        let few = BadMove::TooFew { from: Bucket::Unsourced, held: 5, wanted: 6 };
        assert_eq!(line.shift(Bucket::Unsourced, Bucket::Reserved, 6), Err(few));
        assert!(line.shift(Bucket::Unsourced, Bucket::Shipped, 1).is_err());
        assert!(line.shift(Bucket::Unsourced, Bucket::Reserved, -1).is_err());
        assert_eq!(line, before);
        assert_eq!(line.shift_up_to(Bucket::Unsourced, Bucket::Reserved, 6), 5);
        assert_eq!(line.units(Bucket::Reserved), 5);
    }

    /// Process state, the units of one or more lines, and what is shown.
    #[test]
    fn the_header_follows_the_units() {
        let shown = [
            "checking reserved:2",
            "checking reserved:1 backordered:1",
            "awaiting_payment reserved:1 backordered:1",
            "confirmed unsourced:2",
            "confirmed reserved:2",
            "confirmed reserved:1 backordered:1",
            "confirmed backordered:2",
            "confirmed in_production:1 unsourced:1",
            "confirmed released:1 reserved:1",
            "confirmed picked:1 released:1",
            "confirmed packed:2 cancelled:1",
            "confirmed shipped:1 packed:1",
            "confirmed delivered:1 reserved:1",
            "confirmed shipped:2",
            "confirmed refused:2",
            "confirmed lost:2",
            "confirmed delivered:1 shipped:1",
            "confirmed delivered:1 refused:1",
            "confirmed delivered:1 lost:1",
            "confirmed delivered:2 cancelled:1",
            "completed delivered:1 returning:1",
            "confirmed cancelled:2",
            "expired cancelled:2",
        ]
        .map(|it| format!("{it} = {}\n", told(it)))
        .concat();
        expect_test::expect![[r#"
            checking reserved:2 = checking
            checking reserved:1 backordered:1 = checking
            awaiting_payment reserved:1 backordered:1 = awaiting_payment
            confirmed unsourced:2 = confirmed
            confirmed reserved:2 = confirmed
            confirmed reserved:1 backordered:1 = confirmed
            confirmed backordered:2 = backordered
            confirmed in_production:1 unsourced:1 = backordered
            confirmed released:1 reserved:1 = released
            confirmed picked:1 released:1 = picking
            confirmed packed:2 cancelled:1 = packed
            confirmed shipped:1 packed:1 = partially_shipped
            confirmed delivered:1 reserved:1 = partially_shipped
            confirmed shipped:2 = shipped
            confirmed refused:2 = shipped
            confirmed lost:2 = shipped
            confirmed delivered:1 shipped:1 = partially_delivered
            confirmed delivered:1 refused:1 = partially_delivered
            confirmed delivered:1 lost:1 = delivered
            confirmed delivered:2 cancelled:1 = delivered
            completed delivered:1 returning:1 = completed
            confirmed cancelled:2 = cancelled
            expired cancelled:2 = expired
        "#]]
        .assert_eq(&shown);
    }

    /// Reads a process state and lines with units in one bucket each.
    fn told(row: &str) -> Status {
        let (process, units) = row.split_once(' ').unwrap();
        let lines: Vec<Buckets> = units
            .split(' ')
            .map(|it| it.split_once(':').unwrap())
            .map(|(bucket, units)| {
                serde_json::from_str(&format!("{{{bucket:?}:{units}}}")).unwrap()
            })
            .collect();
        roll_up(Status::named(process).unwrap(), &lines)
    }

    #[test]
    fn only_what_holds_something_is_written() {
        let mut line = Buckets::ordered(5);
        line.shift(Bucket::Unsourced, Bucket::Reserved, 3).unwrap();
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(text, r#"{"unsourced":2,"reserved":3}"#);
        assert_eq!(serde_json::from_str::<Buckets>(&text).unwrap(), line);
        assert!(serde_json::from_str::<Buckets>(r#"{"reserved":-1}"#).is_err());
    }

    proptest! {
        #[test]
        fn units_are_neither_made_nor_lost(
            ordered in 0_i64..100,
            moves in vec((0_usize..14, 0_usize..14, -3_i64..60, any::<bool>()), 0..60),
        ) {
            let mut line = Buckets::ordered(ordered);
            for (from, to, units, exactly) in moves {
                let (from, to) = (Bucket::ALL[from], Bucket::ALL[to]);
                if exactly {
                    let before = line;
                    let moved = line.shift(from, to, units);
                    prop_assert!(moved.is_ok() || line == before);
                    prop_assert!(moved.is_err() || from.next().contains(&to));
                } else {
                    line.shift_up_to(from, to, units);
                }
                prop_assert_eq!(line.total(), ordered);
                prop_assert!(Bucket::ALL.iter().all(|it| line.units(*it) >= 0));
            }
        }

        #[test]
        fn every_order_shows_something(
            process in 0_usize..16,
            lines in vec(vec(0_i64..3, 14), 0..4),
        ) {
            let lines: Vec<Buckets> = lines.iter()
                .map(|it| Buckets(it.as_slice().try_into().unwrap())).collect();
            let process = Status::ALL[process];
            let shown = roll_up(process, &lines);
            let live: i64 = lines.iter().map(Buckets::live).sum();
            prop_assert!(!process.is_final() || shown == process);
            prop_assert!(process.is_final() || (live == 0) == (shown == Status::Cancelled));
        }
    }
}
