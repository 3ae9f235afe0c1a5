//! What the bench prints.

use std::fmt;

use super::limit::Table;
use super::{Bench, Cpu};

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
    /// CPU an order, a round.
    pub(super) cpu: Vec<Cpu>,
    /// The rate while many look, in thousandths of that while nobody does, a pair of rounds.
    pub(super) viewed: Vec<u64>,
    /// Bytes that those who looked were sent.
    pub(super) told: u64,
    /// Orders a second whose rows are only written.
    pub(super) limit: u64,
    /// What the rows of each table cost, the dearest first.
    pub(super) tables: Vec<Table>,
    /// How many orders' rows there are.
    pub(super) orders: u64,
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
        let cpu = |of: fn(&Cpu) -> u64| self.cpu.iter().map(of).collect::<Vec<_>>();
        let sums = cpu(|it| it.sum());
        write!(f, "  {:>8} µs of CPU an order, median of {sums:?}: ", median(&sums))?;
        let [kontor, postgres, nats] =
            [cpu(|it| it.kontor), cpu(|it| it.postgres), cpu(|it| it.nats)].map(|it| median(&it));
        writeln!(f, "Kontor and the load {kontor}, Postgres {postgres}, NATS {nats}")?;
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
        write!(f, "  p50 {} ms, p99 {} ms, {} orders", at(50), at(99), self.steady.len())?;
        self.tell_tables(f)
    }
}

impl Report {
    fn tell_tables(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tables.is_empty() {
            return Ok(());
        }
        let an_order = |all: u64| all * 10 / self.orders.max(1);
        let line = |f: &mut fmt::Formatter<'_>, name: &str, of: &[&Table]| {
            let sum = |figure: fn(&Table) -> u64| an_order(of.iter().map(|it| figure(it)).sum());
            let [micros, rows, bytes] =
                [sum(|it| it.micros), sum(|it| it.rows), sum(|it| it.bytes)].map(digit);
            let entries = digit(sum(|it| it.rows * it.indexes));
            write!(f, "\n  {name:<34} {micros:>9} {rows:>7} {bytes:>9} {entries:>8}")
        };
        write!(f, "\nthe rows of an order, one table after the other:")?;
        let heads = ["table", "µs", "rows", "bytes", "entries"];
        let [table, micros, rows, bytes, entries] = heads;
        write!(f, "\n  {table:<34} {micros:>9} {rows:>7} {bytes:>9} {entries:>8}")?;
        let is_small = |it: &&Table| it.rows < self.orders / 2;
        let (small, large): (Vec<_>, Vec<_>) = self.tables.iter().partition(is_small);
        for table in large {
            line(f, &table.name, &[table])?;
        }
        line(f, &format!("{} with fewer rows than orders", small.len()), &small)?;
        line(f, "all", &self.tables.iter().collect::<Vec<_>>())
    }
}

/// Tenths, with their digit.
fn digit(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
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
