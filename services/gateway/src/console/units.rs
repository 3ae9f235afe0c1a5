//! Where the units of each line are, as the page of an order shows it.

use contracts::intake::LineBuckets;
use contracts::{Bucket, Language};

use super::format::number;
use super::words;
use crate::order::LineView;

/// The way that most units go: these columns are always there. The others are there if they hold
/// something.
const WAY: [Bucket; 8] = [
    Bucket::Unsourced,
    Bucket::Backordered,
    Bucket::Reserved,
    Bucket::Released,
    Bucket::Picked,
    Bucket::Packed,
    Bucket::Shipped,
    Bucket::Delivered,
];

/// The table of units.
pub(super) struct UnitsShown {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<UnitsRow>,
}

/// A line and its units, column by column; nothing where there are none.
pub(super) struct UnitsRow {
    pub(super) line: u16,
    pub(super) item: String,
    pub(super) units: Vec<String>,
}

pub(super) fn units(language: Language, lines: &[LineView], known: &[LineBuckets]) -> UnitsShown {
    let holds = |it: Bucket| known.iter().any(|line| line.buckets.units(it) != 0);
    let columns = Bucket::ALL.into_iter().filter(|it| WAY.contains(it) || holds(*it));
    let columns: Vec<Bucket> = columns.collect();
    let figure = |units: i64| if units == 0 { String::new() } else { number(units) };
    let rows = known.iter().map(|it| UnitsRow {
        line: it.line,
        item: lines
            .iter()
            .find(|line| line.line == it.line)
            .map(|it| it.sku.clone())
            .unwrap_or_default(),
        units: columns.iter().map(|bucket| figure(it.buckets.units(*bucket))).collect(),
    });
    UnitsShown {
        rows: rows.collect(),
        columns: columns.iter().map(|it| words::bucket(language, *it)).collect(),
    }
}
