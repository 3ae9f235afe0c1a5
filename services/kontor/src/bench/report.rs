//! What the bench prints.

use std::fmt;

use super::Bench;

/// What was measured.
#[derive(Debug)]
pub struct Report {
    pub(super) bench: Bench,
    /// Orders a second, a round: from the first order placed to the last pick requested.
    pub(super) rates: Vec<u64>,
    /// The same, until the last answer to a storefront.
    pub(super) answered: Vec<u64>,
    /// Milliseconds from the order placed to its pick requested, at the steady rate.
    pub(super) steady: Vec<u64>,
    /// Microseconds of CPU an order, this process and its servers together, a round.
    pub(super) cpu: Vec<u64>,
    /// The rate while many look, in thousandths of that while nobody does, a pair of rounds.
    pub(super) viewed: Vec<u64>,
    /// Bytes that those who looked were sent.
    pub(super) told: u64,
    /// Orders a second whose rows are only written.
    pub(super) limit: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bench { orders, lines, rate, seconds, rounds, .. } = &self.bench;
        writeln!(
            f,
            "placed → pick requested, {lines} lines an order, {rounds} rounds of {orders}:"
        )?;
        writeln!(f, "  {:>8} orders/s, median of {:?}", median(&self.rates), self.rates)?;
        writeln!(f, "  {:>8} orders/s answered, median", median(&self.answered))?;
        writeln!(f, "  {:>8} µs of CPU an order, median of {:?}", median(&self.cpu), self.cpu)?;
        let part = median(&self.rates) * 100 / self.limit.max(1);
        writeln!(f, "  {part:>8} % of the {} orders/s whose rows are only written", self.limit)?;
        if !self.viewed.is_empty() {
            let (many, kept) = (self.bench.viewers, median(&self.viewed));
            let share = format!("{}.{}", kept / 10, kept % 10);
            let (each, megabytes) = (&self.viewed, self.told / 1_000_000);
            writeln!(
                f,
                "  {share:>8} % of that rate while {many} look on ({megabytes} MB told); \
                median of {each:?} ‰, a pair of rounds each"
            )?;
        }
        writeln!(f, "at {rate} orders/s for {seconds} s, one after the other:")?;
        let at = |part: usize| f64_millis(&self.steady, part);
        write!(f, "  p50 {} ms, p99 {} ms, {} orders", at(50), at(99), self.steady.len())
    }
}

fn median(figures: &[u64]) -> u64 {
    percentile(figures, 50)
}

fn percentile(figures: &[u64], part: usize) -> u64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() * part / 100).copied().unwrap_or_default()
}

/// Microseconds as milliseconds with one digit.
fn f64_millis(micros: &[u64], part: usize) -> String {
    let it = percentile(micros, part);
    format!("{}.{}", it / 1000, it % 1000 / 100)
}
