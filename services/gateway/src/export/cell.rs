//! What a table is made of, whatever it is written as.

use std::collections::BTreeMap;

use contracts::{Cents, Currency, Timestamp};
use jiff::civil::Date;

use crate::console::texts::Texts;
use crate::views::Colour;

/// What sort of table it is: its name, what is counted in it, and its columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    /// As the file is called: `orders`.
    pub(crate) name: &'static str,
    /// What a row is, for programs and for people.
    pub(crate) counted: (&'static str, fn(&Texts) -> &'static str),
    pub(crate) columns: &'static [Column],
}

/// How a column is called by programs and by people, and how wide it is, in characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column(
    pub(crate) &'static str,
    pub(crate) fn(&Texts) -> &'static str,
    pub(crate) u32,
);

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Empty,
    /// Anybody may have written it: it is never taken for a formula.
    Text(String),
    /// A word of ours: for programs, for people, and how it is marked.
    Word(String, String, Option<Colour>),
    Number(i64),
    /// In minor units of the currency.
    Money(String, i64),
    At(Timestamp),
    Day(Date),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    pub(crate) fn some_time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::At)
    }
}

/// A row, and what it adds to the totals.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) cells: Vec<Cell>,
    pub(crate) units: i64,
    /// In minor units of the currency; of some rows no amount is known.
    pub(crate) amount: Option<(String, i64)>,
}

/// What all rows come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) rows: i64,
    pub(crate) units: i128,
    /// In minor units, by currency.
    pub(crate) amounts: BTreeMap<String, i128>,
}

impl Totals {
    pub(crate) fn add(&mut self, line: Line) {
        self.rows += 1;
        self.units += i128::from(line.units);
        if let Some((currency, amount)) = line.amount {
            *self.amounts.entry(currency).or_default() += i128::from(amount);
        }
    }

    /// What the totals are called, and what they come to, as a reader sees them below a table.
    pub(crate) fn shown(&self, table: Table, t: &Texts) -> Vec<(String, i128)> {
        let mut all = vec![
            (format!("{}: {}", t.in_all, table.counted.1(t)), i128::from(self.rows)),
            (format!("{}: {}", t.in_all, t.units), self.units),
        ];
        let amount = |(currency, amount): (&String, &i128)| {
            (format!("{}: {currency}, {}", t.in_all, t.minor_units), *amount)
        };
        all.extend(self.amounts.iter().map(amount));
        all
    }
}

/// An amount as a decimal number of the currency, exactly: `1130.00`.
pub(crate) fn decimal(currency: &str, minor: i64) -> Option<String> {
    Currency::new(currency).ok().map(|it| it.format(Cents(minor)))
}

/// `2026-11-22T02:31:37Z`
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
