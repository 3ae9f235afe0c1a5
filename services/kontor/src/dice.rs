//! Chance that can be repeated: what is thrown depends on the seed and on what it is about.

/// Numbers that look thrown (`SplitMix64`): the same seed and the same matter, the same numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice for one matter: `order 42`.
    pub(crate) fn of(seed: u64, about: &str) -> Self {
        let hash = about.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both among them.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        let range = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.throw() % range).unwrap_or_default()
    }

    /// Whether it happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, times: u32) -> bool {
        self.between(1, 100) <= times
    }

    /// One of them; of none there is nothing to pick.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let last = u32::try_from(of.len().checked_sub(1)?).unwrap_or(u32::MAX);
        of.get(self.between(0, last) as usize).copied()
    }

    /// Puts them into another order.
    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let other = self.between(0, u32::try_from(last).unwrap_or(u32::MAX));
            all.swap(last, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_matter_throw_the_same() {
        let throws = |seed, about: &str| -> Vec<u32> {
            let mut dice = Dice::of(seed, about);
            (0..8).map(|_| dice.between(1, 1_000_000)).collect()
        };
        assert_eq!(throws(7, "order 1"), throws(7, "order 1"));
        assert_ne!(throws(7, "order 1"), throws(7, "order 2"));
        assert_ne!(throws(7, "order 1"), throws(8, "order 1"));
    }

    #[test]
    fn every_face_comes_up_and_no_other() {
        let mut dice = Dice::of(1, "faces");
        let mut seen = [0; 7];
        for _ in 0..600 {
            seen[dice.between(1, 6) as usize] += 1;
        }
        assert_eq!(seen[0], 0);
        assert!(seen[1..].iter().all(|it| (60..140).contains(it)), "{seen:?}");
        assert_eq!(dice.pick::<u8>(&[]), None);
        let mut all: Vec<u32> = (0..20).collect();
        dice.shuffle(&mut all);
        assert!(!all.is_sorted());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..20));
    }
}
