use fastrand::Rng;

/// What people do, from a seed of its own: it does not change because the broker's luck does.
pub(super) struct Chance(Rng);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(Rng::with_seed(seed ^ 0x5eed_0f5e_edf0_0d00))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.u64(..bound.max(1))
    }

    pub(super) fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    pub(super) fn one_of<T: Copy, const N: usize>(&mut self, of: &[T; N]) -> T {
        of[self.0.usize(..N)]
    }
}
