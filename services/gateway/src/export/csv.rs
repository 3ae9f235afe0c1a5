//! CSV (RFC 4180) as spreadsheets open it: with the mark by which they know that it is UTF-8, and
//! without anything that they would take for a formula.

use std::fs::File;
use std::io::{BufWriter, Write};

use contracts::Language;

use super::Paper;
use super::cell::{Cell, Table, Totals, decimal, instant};
use crate::console::texts::{Texts, texts};

/// A table as CSV.
pub(super) struct Csv {
    writer: ::csv::Writer<BufWriter<File>>,
    table: Table,
    t: &'static Texts,
}

impl Csv {
    pub(super) fn open(
        mut file: BufWriter<File>,
        table: Table,
        language: Language,
    ) -> anyhow::Result<Self> {
        file.write_all(b"\xef\xbb\xbf")?;
        let terminator = ::csv::Terminator::CRLF;
        let mut writer = ::csv::WriterBuilder::new().terminator(terminator).from_writer(file);
        let t = texts(language);
        writer.write_record(table.columns.iter().map(|it| it.1(t)))?;
        Ok(Self { writer, table, t })
    }
}

impl Paper for Csv {
    fn line(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        Ok(self.writer.write_record(cells.iter().map(text))?)
    }

    /// Below the table: what is counted, and how much it is, as wide as the table.
    fn end(mut self: Box<Self>, totals: &Totals) -> anyhow::Result<BufWriter<File>> {
        let padding = self.table.columns.len().saturating_sub(2);
        for (name, figure) in totals.shown(self.table, self.t) {
            let cells = [name, figure.to_string()].into_iter();
            self.writer.write_record(cells.chain(std::iter::repeat_n(String::new(), padding)))?;
        }
        self.writer.flush()?;
        self.writer.into_inner().map_err(|it| anyhow::anyhow!("{}", it.error()))
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => guarded(text),
        Cell::Word(_, words, _) => guarded(words),
        Cell::Number(number) => number.to_string(),
        Cell::Money(currency, minor) => decimal(currency, *minor).unwrap_or_default(),
        Cell::At(at) => instant(*at),
        Cell::Day(day) => day.to_string(),
    }
}

/// With an apostrophe before whatever a spreadsheet would take for a formula.
pub(super) fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
