//! A file as a sheet of texts: CSV in any of the ways in which spreadsheets write it, or XLSX. However
//! a file is made, it takes no more memory than its limits allow.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};
use encoding_rs::{Encoding, GB18030};

use super::{MOST_BYTES, bad_file, unreadable};
use crate::http::problem::{Problem, fault};

/// How many rows and columns are read, and how much a spreadsheet may come to when it is unpacked.
const MOST_ROWS: usize = 2_000;
const MOST_COLUMNS: usize = 64;
const MOST_UNPACKED: u64 = 32 * 1024 * 1024;

/// A heading and rows, each with its number as a spreadsheet shows it.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Problem> {
    if bytes.len() > MOST_BYTES {
        return Err(too_large(&format!("at most {MOST_BYTES} bytes")));
    }
    let rows = if bytes.starts_with(b"PK") { from_xlsx(bytes)? } else { from_csv(bytes)? };
    let mut rows = rows.into_iter().filter(|it| it.1.iter().any(|it| !it.trim().is_empty()));
    let Some((_, mut head)) = rows.next() else {
        return Err(unreadable("a heading row, and rows below it: the file is empty"));
    };
    while head.last().is_some_and(|it| it.trim().is_empty()) {
        head.pop();
    }
    let sheet = Sheet { head, rows: rows.collect() };
    if sheet.rows.is_empty() {
        return Err(unreadable("at least one row below the headings"));
    }
    Ok(sheet)
}

type Rows = Vec<(usize, Vec<String>)>;

fn too_large(expected: &str) -> Problem {
    bad_file().with(vec![fault("too-large", "", "more", expected)])
}

fn from_csv(bytes: &[u8]) -> Result<Rows, Problem> {
    let text = decoded(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut rows = vec![];
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|it| unreadable(&format!("CSV: {it}")))?;
        if rows.len() > MOST_ROWS || record.len() > MOST_COLUMNS {
            return Err(too_many());
        }
        let cells = record.iter().map(unguarded).collect();
        rows.push((at + 1, cells));
    }
    Ok(rows)
}

fn too_many() -> Problem {
    too_large(&format!("at most {MOST_ROWS} rows of {MOST_COLUMNS} columns"))
}

/// UTF-8, with its mark or without; UTF-16 with its mark; GB18030, as Excel in China saves it.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let is_text = |text: &str| !text.contains('\0');
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, _, is_bad) = encoding.decode(&bytes[mark..]);
        if !is_bad && is_text(&text) {
            return Ok(text);
        }
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        if is_text(text) {
            return Ok(Cow::Borrowed(text));
        }
    } else {
        let (text, is_bad) = GB18030.decode_without_bom_handling(bytes);
        if !is_bad && is_text(&text) {
            return Ok(text);
        }
    }
    Err(unreadable("a table: XLSX, or CSV in UTF-8 or GB18030"))
}

/// What parts the headings: whichever stands between them most often.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
    let (mut quoted, mut counts) = (false, [(0, b'\t'), (0, b';'), (0, b',')]);
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        for count in counts.iter_mut().filter(|it| !quoted && it.1 == byte) {
            count.0 += 1;
        }
    }
    counts.into_iter().max_by_key(|it| it.0).map_or(b',', |it| it.1)
}

/// Without the apostrophe that an export puts before what looks like a formula.
fn unguarded(text: &str) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest.to_owned(),
        _ => text.to_owned(),
    }
}

fn from_xlsx(bytes: &[u8]) -> Result<Rows, Problem> {
    unpacks(bytes)?;
    let bad = |it: calamine::XlsxError| unreadable(&format!("XLSX: {it}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(bad)?;
    let Some(name) = book.sheet_names().first().cloned() else {
        return Err(unreadable("a spreadsheet with a sheet"));
    };
    // Cell by cell: a sheet of two cells in its far corners would take all memory as a whole.
    let mut cells = book.worksheet_cells_reader(&name).map_err(bad)?;
    let mut rows: Rows = vec![];
    while let Some(cell) = cells.next_cell().map_err(bad)? {
        let (row, column) = cell.get_position();
        let (row, column) = (row as usize, column as usize);
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if rows.len() > MOST_ROWS || column >= MOST_COLUMNS {
            return Err(too_many());
        }
        if rows.last().is_none_or(|it| it.0 != row + 1) {
            rows.push((row + 1, vec![]));
        }
        if let Some((_, cells)) = rows.last_mut() {
            cells.resize(cells.len().max(column + 1), String::new());
            cells[column] = text;
        }
    }
    Ok(rows)
}

/// Whether it unpacks to no more than it may: what it says of itself is not believed.
fn unpacks(bytes: &[u8]) -> Result<(), Problem> {
    let bad = || unreadable("a spreadsheet (XLSX) that can be unpacked");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| bad())?;
    let mut left = MOST_UNPACKED;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|_| bad())?;
        let read = std::io::copy(&mut file.take(left + 1), &mut std::io::sink());
        let read = read.map_err(|_| bad())?;
        left = left.checked_sub(read).ok_or_else(|| {
            too_large(&format!("at most {MOST_UNPACKED} bytes when it is unpacked"))
        })?;
    }
    Ok(())
}

/// A cell as a person would write it: numbers plainly, days as 2024-03-15.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(it) => it.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::Error(error) => error.to_string(),
    }
}
