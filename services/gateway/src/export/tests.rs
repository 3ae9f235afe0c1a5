//! Whatever stands in a cell comes back from CSV as it was, and never as a formula.

use std::io::Read;

use contracts::Language;
use proptest::prelude::*;

use super::cell::{Cell, Line, Table};
use super::csv::guarded;
use super::{Column, Format, write};
use crate::http::problem::Problem;

const TABLE: Table = Table {
    name: "texts",
    counted: ("rows", |t| t.lines),
    columns: &[Column("a", |t| t.what, 10), Column("b", |t| t.why, 10), Column("c", |t| t.who, 9)],
};

fn read_back(rows: &[[String; 3]]) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let lines = rows.iter().map(|it| {
        let cells = it.iter().map(Cell::text).collect();
        Ok::<_, Problem>(Line { cells, units: 0, amount: None })
    });
    let lines = futures::stream::iter(lines.collect::<Vec<_>>());
    let written = write(Language::English, Format::Csv, TABLE, lines, usize::MAX);
    let mut text = vec![];
    runtime.block_on(written).unwrap().read_to_end(&mut text).unwrap();
    let mut reader = ::csv::ReaderBuilder::new().from_reader(&text[3..]);
    let records = reader.records().map(|it| it.unwrap().iter().map(str::to_owned).collect());
    records.take(rows.len()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_text_comes_back(
        rows in prop::collection::vec(prop::array::uniform3("([=+@\t\r\n\"',;-]|\\PC){0,12}"), 0..20),
    ) {
        let back = read_back(&rows);
        prop_assert_eq!(back.len(), rows.len());
        for (back, row) in back.iter().flatten().zip(rows.iter().flatten()) {
            prop_assert_eq!(back, &guarded(row));
            prop_assert!(!back.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(back.strip_prefix('\'').filter(|_| back != row).unwrap_or(back), row);
        }
    }
}
