//! Tables that people bring: read, checked cell by cell, and shown before anything is done about them.
//! Nothing of a file is kept here: who confirms it sends it again, and its content names what it leads
//! to, so that it is carried out once.

mod carried;
mod carrying_out;
mod orders;
mod sheet;
mod template;
#[cfg(test)]
mod tests;

use axum::http::StatusCode;
use contracts::intake::{CarriedFlag, CarriedOrder, Problem as Fault};
use contracts::{ChannelId, ExternalId, Uuid};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::http::problem::{Problem, fault};
pub(crate) use carrying_out::{Became, Outcome};
use sheet::Sheet;
pub(crate) use template::{as_csv, as_xlsx};

/// The name space of the ids that are derived from files.
const FILES: Uuid = Uuid::from_u128(0x6b6f_6e74_6f72_5f67_6174_6577_6179_0002);

/// How large a file may be, in bytes.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;

/// A column that is known: how programs call it, how a heading may call it, and whether it must be there.
struct Field {
    name: &'static str,
    headings: &'static [&'static str],
    is_required: bool,
}

/// What sort of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// New orders, to be placed.
    Orders,
    /// Orders that another system kept.
    CarriedOver,
}

/// What a row leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Place(Value),
    Carry(CarriedOrder),
}

/// An order of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Which rows it is made of, as a spreadsheet numbers them.
    pub(crate) rows: Vec<usize>,
    pub(crate) external_id: ExternalId,
    pub(crate) step: Step,
}

/// A row as it was read, and what does not fit together in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) number: usize,
    pub(crate) cells: Vec<String>,
    pub(crate) flags: Vec<CarriedFlag>,
}

/// A table as it was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// Every bad cell: its row and column stand in the pointer, `/3/数量`.
    pub(crate) faults: Vec<Fault>,
    pub(crate) entries: Vec<Entry>,
    digest: [u8; 32],
}

impl Plan {
    /// The id under which an entry is carried out once: of the same file, by the same channel.
    pub(crate) fn id(&self, channel: &ChannelId, entry: &Entry) -> Uuid {
        let row = entry.rows.first().copied().unwrap_or_default();
        let name = format!("{channel}\n{row}\n");
        Uuid::new_v5(&FILES, &[name.as_bytes(), &self.digest].concat())
    }
}

/// Reads a file, off the runtime.
pub(crate) async fn read(bytes: Vec<u8>) -> Result<Plan, Problem> {
    let read = tokio::task::spawn_blocking(move || plan(&bytes)).await;
    read.unwrap_or_else(|error| {
        tracing::error!(%error, "a file cannot be read: {error}");
        Err(unreadable("a table that can be read"))
    })
}

/// Understands a file.
fn plan(bytes: &[u8]) -> Result<Plan, Problem> {
    let sheet = sheet::read(bytes)?;
    let digest = Sha256::digest(bytes).into();
    let known = |fields: &[Field]| {
        sheet.head.iter().filter(|it| fields.iter().any(|field| field.is(it))).count()
    };
    let kind = if known(carried::FIELDS) >= known(orders::FIELDS) {
        Kind::CarriedOver
    } else {
        Kind::Orders
    };
    let fields = match kind {
        Kind::Orders => orders::FIELDS,
        Kind::CarriedOver => carried::FIELDS,
    };
    let columns = columns(&sheet, fields)?;
    let table = Table { sheet: &sheet, fields, columns };
    let (entries, faults, flags) = match kind {
        Kind::Orders => orders::understand(&table),
        Kind::CarriedOver => carried::understand(&table),
    };
    let rows = sheet.rows.iter().map(|(number, cells)| Row {
        number: *number,
        cells: cells.clone(),
        flags: flags.iter().filter(|it| it.0 == *number).flat_map(|it| it.1.clone()).collect(),
    });
    let rows = rows.collect();
    Ok(Plan { kind, headings: sheet.head.clone(), rows, faults, entries, digest })
}

impl Field {
    fn is(&self, heading: &str) -> bool {
        let heading = heading.trim().to_lowercase().replace([' ', '-'], "_");
        self.name == heading || self.headings.iter().any(|it| *it == heading)
    }

    fn shown(&self) -> String {
        [self.name].iter().chain(self.headings.first()).copied().collect::<Vec<_>>().join(" / ")
    }
}

/// Which column each field stands in; or what is wrong with the headings, all of it.
fn columns(sheet: &Sheet, fields: &[Field]) -> Result<Vec<Option<usize>>, Problem> {
    let mut faults = vec![];
    let all = fields.iter().map(Field::shown).collect::<Vec<_>>().join(", ");
    for (at, heading) in sheet.head.iter().enumerate() {
        if !fields.iter().any(|it| it.is(heading)) {
            let expected = format!("one of the columns {all}");
            faults.push(fault("unknown", format!("/1/{}", at + 1), heading, &expected));
        }
    }
    let mut columns = vec![];
    for field in fields {
        let found = sheet.head.iter().enumerate().filter(|it| field.is(it.1)).map(|it| it.0);
        let found: Vec<usize> = found.collect();
        if found.is_empty() && field.is_required {
            let expected = format!("a heading {}", field.shown());
            faults.push(fault("required", format!("/1/{}", field.name), "", &expected));
        }
        if found.len() > 1 {
            let expected = "each heading once";
            faults.push(fault("duplicate", format!("/1/{}", found[1] + 1), field.name, expected));
        }
        columns.push(found.first().copied());
    }
    if faults.is_empty() { Ok(columns) } else { Err(bad_file().with(faults)) }
}

/// A sheet whose columns are known.
struct Table<'a> {
    sheet: &'a Sheet,
    fields: &'static [Field],
    columns: Vec<Option<usize>>,
}

impl Table<'_> {
    /// What stands in a row under a field; nothing, if nobody wrote anything there.
    fn cell<'a>(&self, cells: &'a [String], name: &str) -> &'a str {
        let at = self.fields.iter().position(|it| it.name == name);
        let column = at.and_then(|it| self.columns[it]);
        let text = column.and_then(|it| cells.get(it)).map_or("", |it| it.trim());
        match text {
            "-" | "/" | "无" | "none" | "(none)" => "",
            text => text,
        }
    }

    /// Names a cell as its reader sees it: row and heading.
    fn at(&self, row: usize, name: &str) -> String {
        let at = self.fields.iter().position(|it| it.name == name);
        let column = at.and_then(|it| self.columns[it]);
        let heading = column.and_then(|it| self.sheet.head.get(it)).map_or(name, |it| it);
        format!("/{row}/{heading}")
    }
}

fn bad_file() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-file", "The table cannot be understood")
}

fn unreadable(expected: &str) -> Problem {
    bad_file().with(vec![fault("file", "", "", expected)])
}
