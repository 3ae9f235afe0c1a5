//! JSON: `{"rows": [...], "totals": {...}}`. Amounts are whole minor units, and decimals as texts.

use std::fs::File;
use std::io::{BufWriter, Write};

use serde_json::{Map, Value, json};

use super::Paper;
use super::cell::{Cell, Table, Totals, decimal, instant};

/// A table as JSON.
pub(super) struct Json {
    file: BufWriter<File>,
    table: Table,
    is_first: bool,
}

impl Json {
    pub(super) fn open(mut file: BufWriter<File>, table: Table) -> anyhow::Result<Self> {
        file.write_all(b"{\"rows\":[")?;
        Ok(Self { file, table, is_first: true })
    }
}

impl Paper for Json {
    fn line(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        let before: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.file.write_all(before)?;
        self.is_first = false;
        let names = self.table.columns.iter().map(|it| it.0.to_owned());
        let row: Map<String, Value> = names.zip(cells.iter().map(value)).collect();
        Ok(serde_json::to_writer(&mut self.file, &row)?)
    }

    fn end(mut self: Box<Self>, totals: &Totals) -> anyhow::Result<BufWriter<File>> {
        self.file.write_all(b"\n],\"totals\":")?;
        let counted = self.table.counted.0;
        let Totals { rows, units, amounts } = totals;
        // Written as it is: a sum may be longer than any number that is kept.
        let amounts: Vec<String> =
            amounts.iter().map(|it| format!("\"{}\":{}", it.0, it.1)).collect();
        let amounts = amounts.join(",");
        write!(
            self.file,
            "{{\"{counted}\":{rows},\"units\":{units},\"amounts\":{{{amounts}}}}}}}"
        )?;
        self.file.write_all(b"\n")?;
        Ok(self.file)
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Word(code, _, _) => json!(code),
        Cell::Number(number) => json!(number),
        Cell::Money(currency, minor) => json!(decimal(currency, *minor)),
        Cell::At(at) => json!(instant(*at)),
        Cell::Day(day) => json!(day.to_string()),
    }
}
