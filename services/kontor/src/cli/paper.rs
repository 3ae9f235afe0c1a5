//! What is written for people: lines, columns, colours; and for programs: JSON.

use std::io::{self, Write};

use chassis::is_coloured;
use contracts::Timestamp;
use serde::Serialize;

/// A colour of terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Red,
    Green,
    Yellow,
    Dim,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Self::Red => "\x1b[31m",
            Self::Green => "\x1b[32m",
            Self::Yellow => "\x1b[33m",
            Self::Dim => "\x1b[2m",
        }
    }
}

/// Tells what is being done, on standard error: standard output is for results.
pub(crate) fn say(line: &str) {
    let line = painted(Some(Colour::Dim), &format!("… {line}"), is_coloured(&io::stderr()));
    writeln!(io::stderr(), "{line}").ok(); // A closed pipe wants no progress.
}

/// Tells on standard error what went wrong.
pub(super) fn complain(error: &anyhow::Error) {
    // Nobody can be told if this fails, too.
    writeln!(io::stderr(), "kontor: {error:#}").ok();
}

/// Writes one line of a result.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Writes a result for programs, on one line.
pub(super) fn json(it: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(it)?)
}

/// The text in this colour, if standard output is a terminal that wants colours.
pub(super) fn paint(colour: Option<Colour>, text: &str) -> String {
    painted(colour, text, is_coloured(&io::stdout()))
}

fn painted(colour: Option<Colour>, text: &str, coloured: bool) -> String {
    match colour.filter(|_| coloured) {
        Some(colour) => format!("{}{text}\x1b[0m", colour.code()),
        None => text.to_owned(),
    }
}

/// The text as it may be shown: without anything that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { '\u{b7}' } else { it }).collect()
}

/// Rows with their columns aligned, one line each. The last column is as long as it likes.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let wide = |nth: usize| {
        let cells = rows.iter().filter_map(|it| it.get(nth));
        cells.map(|it| it.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let row = |it: &Vec<String>| {
        let cells = it.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(row).collect()
}

/// A moment, to the second, in UTC: `2026-11-20 08:15:30Z`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The colour of an order's status.
pub(super) fn status_colour(status: &str) -> Option<Colour> {
    match status {
        "completed" | "delivered" => Some(Colour::Green),
        "credit_hold" | "backordered" | "awaiting_payment" => Some(Colour::Yellow),
        "rejected" => Some(Colour::Red),
        "cancelled" | "expired" => Some(Colour::Dim),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = table(&[row(["a", "bcd", "e"]), row(["四五", "", "a longer one"])]);
        assert_eq!(rows, ["a   bcd  e", "四五       a longer one"]);
    }

    #[test]
    fn a_terminal_is_not_given_orders() {
        assert_eq!(plain("a\x1b[31mb\nc"), "a·[31mb·c");
    }

    #[test]
    fn colours_are_for_those_who_want_them() {
        assert_eq!(painted(Some(Colour::Red), "no", true), "\x1b[31mno\x1b[0m");
        assert_eq!(painted(Some(Colour::Red), "no", false), "no");
        assert_eq!(painted(None, "no", true), "no");
    }
}
