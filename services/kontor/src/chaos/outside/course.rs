//! What happens to the order of a number: with the same seed always the same, as far as it is up to
//! the outside.

use bytes::Bytes;
use contracts::intake::Submission;
use contracts::{CustomerId, Terms, Uuid};

use crate::dice::Dice;
use crate::load::Shop;

/// What is sold, and to how many.
pub(in crate::chaos) const SHOP: Shop = Shop { items: 60, customers: 40 };

/// An order, and what goes wrong with it outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chaos) struct Course {
    pub(in crate::chaos) nth: u64,
    pub(in crate::chaos) channel: &'static str,
    pub(in crate::chaos) external_id: String,
    pub(super) seed: u64,
    mishaps: Vec<Mishap>,
}

/// What goes wrong with an order outside, or beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// Handed in once more, though it was answered: 5 in 100.
    Twice,
    /// The client does not wait for the first answer: 2 in 100.
    HangsUp,
    /// Called off: 3 in 100.
    Regretted,
    /// Something beside it that has to be refused: 1 in 100.
    Garbage,
    /// Something about it that may have to be parked: 1 in 1,000.
    Poison,
}

/// How many in 1,000 orders.
const MISHAPS: [(Mishap, u32); 5] = [
    (Mishap::Twice, 50),
    (Mishap::HangsUp, 20),
    (Mishap::Regretted, 30),
    (Mishap::Garbage, 10),
    (Mishap::Poison, 1),
];

impl Course {
    pub(in crate::chaos) fn of(seed: u64, nth: u64) -> Self {
        let mut dice = Dice::of(seed, &format!("course {nth}"));
        let channel = match dice.between(1, 100) {
            1..=45 => "web",
            46..=70 => "market",
            _ => "wholesale",
        };
        let mishaps = MISHAPS.iter().filter(|it| dice.between(1, 1_000) <= it.1);
        let mishaps = mishaps.map(|it| it.0).collect();
        Self { nth, channel, external_id: format!("{channel}-{seed}-{nth}"), seed, mishaps }
    }

    /// An order by which it is seen whether the house works.
    pub(in crate::chaos) fn probe(seed: u64, nth: u64) -> Self {
        Self {
            nth,
            channel: "web",
            external_id: format!("probe-{seed}-{nth}"),
            seed,
            mishaps: vec![],
        }
    }

    pub(super) fn has(&self, mishap: Mishap) -> bool {
        self.mishaps.contains(&mishap)
    }

    /// The dice for one matter of this order.
    pub(super) fn dice(&self, about: &str) -> Dice {
        Dice::of(self.seed, &format!("{about} {}", self.external_id))
    }

    /// What is handed in.
    pub(super) fn order(&self) -> anyhow::Result<Submission> {
        let mut dice = self.dice("order");
        let lines = usize::try_from(dice.between(1, 3))?;
        let mut order = SHOP.order(&self.external_id, self.nth, lines)?;
        // Nobody has to pay before it is seen that a probe gets on.
        if dice.percent(40) && !self.external_id.starts_with("probe") {
            order.terms = Terms::Prepaid;
            order.customer = CustomerId::new(format!("guest-{}", self.nth))?;
        }
        if dice.percent(20) {
            order.ship_to.email = Some(format!("customer{}@example.com", self.nth));
        }
        Ok(order)
    }

    /// The trace in which all is sent that is about it (W3C Trace Context). One order in ten is sampled.
    pub(super) fn traceparent(&self) -> String {
        let sampled = u8::from(self.nth.is_multiple_of(10));
        format!("00-{}-00f067aa0ba902b7-{sampled:02x}", self.trace())
    }

    /// The id of that trace: 32 hexadecimal digits.
    pub(super) fn trace(&self) -> String {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, self.external_id.as_bytes()).simple().to_string()
    }

    /// The same, as bytes.
    pub(super) fn body(&self) -> anyhow::Result<Bytes> {
        Ok(serde_json::to_vec(&self.order()?)?.into())
    }

    /// Knows an order again by its name.
    pub(super) fn named(external_id: &str) -> Option<Self> {
        let [kind, seed, nth] = external_id.split('-').collect::<Vec<_>>()[..] else { return None };
        let (seed, nth) = (seed.parse().ok()?, nth.parse().ok()?);
        if kind == "probe" {
            return Some(Self::probe(seed, nth));
        }
        Some(Self::of(seed, nth)).filter(|it| it.external_id == external_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_known_by_its_name() {
        for nth in 0..50 {
            let course = Course::of(9, nth);
            assert_eq!(Course::named(&course.external_id), Some(course.clone()));
            assert_eq!(course.order().unwrap(), course.order().unwrap());
        }
        assert_eq!(Course::named("probe-9-4"), Some(Course::probe(9, 4)));
        assert_eq!(Course::named("W-1001"), None);
    }

    #[test]
    fn as_much_goes_wrong_as_is_said() {
        let all: Vec<Course> = (0..10_000).map(|nth| Course::of(1, nth)).collect();
        for (mishap, share) in MISHAPS {
            let count = all.iter().filter(|it| it.has(mishap)).count();
            let expected = 10 * share as usize;
            assert!((expected / 2..expected * 2).contains(&count), "{mishap:?}: {count}");
        }
    }
}
