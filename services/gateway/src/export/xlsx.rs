//! XLSX: the rows on the first sheet, under a heading that stays, the totals on the second. Rows go to
//! a file as they come. Whatever is written as text stays text, so nothing is taken for a formula.

use std::fs::File;
use std::io::BufWriter;

use contracts::{Language, Timestamp};
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Color, Format, Workbook, Worksheet};

use super::Paper;
use super::cell::{Cell, Table, Totals, decimal};
use crate::console::texts::{Texts, texts};
use crate::views::Colour;

/// Whole numbers beyond are not exact in a spreadsheet: they are written as text.
const EXACT: i128 = 1 << 53;

/// A table as XLSX.
pub(super) struct Xlsx {
    workbook: Workbook,
    file: BufWriter<File>,
    table: Table,
    t: &'static Texts,
    formats: Formats,
    /// The next row.
    row: u32,
}

struct Formats {
    plain: Format,
    heading: Format,
    whole: Format,
    moment: Format,
    day: Format,
}

impl Xlsx {
    pub(super) fn open(
        file: BufWriter<File>,
        table: Table,
        language: Language,
    ) -> anyhow::Result<Self> {
        let (mut workbook, t) = (Workbook::new(), texts(language));
        let formats = Formats {
            plain: Format::new(),
            heading: Format::new().set_bold().set_background_color(Color::RGB(0x00EE_F1F4)),
            whole: Format::new().set_num_format("#,##0"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
        };
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(table.counted.1(t))?.set_freeze_panes(1, 0)?;
        for (at, column) in (0_u16..).zip(table.columns) {
            sheet.set_column_width(at, column.2)?;
            sheet.write_string_with_format(0, at, column.1(t), &formats.heading)?;
        }
        Ok(Self { workbook, file, table, t, formats, row: 1 })
    }
}

impl Paper for Xlsx {
    fn line(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (at, cell) in (0_u16..).zip(cells) {
            write(sheet, (self.row, at), cell, &self.formats)?;
        }
        self.row += 1;
        Ok(())
    }

    fn end(mut self: Box<Self>, totals: &Totals) -> anyhow::Result<BufWriter<File>> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(self.t.in_all)?.set_column_width(0, 40)?.set_column_width(1, 24)?;
        for (row, (name, figure)) in (0_u32..).zip(totals.shown(self.table, self.t)) {
            sheet.write_string_with_format(row, 0, name, &self.formats.heading)?;
            whole(sheet, (row, 1), figure, &self.formats.whole)?;
        }
        self.workbook.save_to_writer(&mut self.file)?;
        Ok(self.file)
    }
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    formats: &Formats,
) -> anyhow::Result<()> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => {
            sheet.write_string_with_format(row, column, text, &formats.plain)?;
        }
        Cell::Word(_, words, None) => {
            sheet.write_string_with_format(row, column, words, &formats.plain)?;
        }
        Cell::Word(_, words, Some(colour)) => {
            sheet.write_string_with_format(row, column, words, &marked(*colour))?;
        }
        Cell::Number(number) => {
            whole(sheet, (row, column), i128::from(*number), &formats.whole)?;
        }
        Cell::Money(currency, minor) => money(sheet, (row, column), (currency, *minor), formats)?,
        Cell::At(at) => {
            let at = second(*at);
            sheet.write_datetime_with_format(row, column, at, &formats.moment)?;
        }
        Cell::Day(day) => {
            sheet.write_datetime_with_format(row, column, *day, &formats.day)?;
        }
    }
    Ok(())
}

/// A whole number as a number where a spreadsheet keeps it exactly, else as text.
fn whole(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    number: i128,
    format: &Format,
) -> anyhow::Result<()> {
    let text = number.to_string();
    if number.abs() <= EXACT {
        sheet.write_number_with_format(row, column, text.parse::<f64>()?, format)?;
    } else {
        sheet.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}

/// The number that a person would have typed. What is summed is the column of minor units.
fn money(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (currency, minor): (&str, i64),
    formats: &Formats,
) -> anyhow::Result<()> {
    let Some(text) = decimal(currency, minor) else { return Ok(()) };
    let digits = text.split_once('.').map_or(0, |it| it.1.len());
    let format = match digits {
        0 => formats.whole.clone(),
        _ => Format::new().set_num_format(format!("#,##0.{}", "0".repeat(digits))),
    };
    sheet.write_number_with_format(row, column, text.parse::<f64>()?, &format)?;
    Ok(())
}

fn second(at: Timestamp) -> jiff::civil::DateTime {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}

/// As it is marked on the page.
fn marked(colour: Colour) -> Format {
    let (ink, ground) = match colour {
        Colour::Red => (0x00B3_201B, 0x00FD_EEED),
        Colour::Green => (0x001A_7037, 0x00EA_F6EE),
        Colour::Yellow => (0x008A_5A00, 0x00FF_F6E0),
        Colour::Grey => (0x005B_6470, 0x00F1_F3F5),
    };
    Format::new().set_font_color(Color::RGB(ink)).set_background_color(Color::RGB(ground))
}
