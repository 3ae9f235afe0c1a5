//! A table to begin from: the headings of new orders, and an order.

use rust_xlsxwriter::{Format, IgnoreError, Workbook, XlsxError};

use super::orders::TEMPLATE;

/// As many rows as a file that is brought may have.
const ROWS: u32 = 2_000;

/// As CSV in UTF-8, with the mark by which spreadsheets know it.
pub(crate) fn as_csv() -> String {
    let line = |at: usize| TEMPLATE.iter().map(|it| it[at]).collect::<Vec<_>>().join(",");
    format!("\u{feff}{}\r\n{}\r\n", line(0), line(1))
}

/// As XLSX, the headings of which stay while somebody scrolls. Every cell is text, so that what is typed
/// there stays as it was typed: an amount with its noughts, a telephone, a postcode.
///
/// # Errors
///
/// It cannot be packed.
pub(crate) fn as_xlsx() -> Result<Vec<u8>, XlsxError> {
    let (mut book, heading) = (Workbook::new(), Format::new().set_bold());
    let text = Format::new().set_num_format("@");
    let sheet = book.add_worksheet();
    sheet.set_name("orders")?.set_freeze_panes(1, 0)?;
    for (column, [name, example]) in (0_u16..).zip(TEMPLATE) {
        sheet.set_column_width(column, 14)?.set_column_format(column, &text)?;
        sheet.write_string_with_format(0, column, *name, &heading)?;
        sheet.write_string_with_format(1, column, *example, &text)?;
        let stored_as_text = IgnoreError::NumberStoredAsText;
        sheet.ignore_error_range(1, column, ROWS, column, stored_as_text)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Kind, plan};

    #[test]
    fn both_templates_are_the_same_order() {
        let csv = plan(as_csv().as_bytes()).unwrap();
        let xlsx = plan(&as_xlsx().unwrap()).unwrap();
        assert_eq!((csv.kind, csv.entries.len(), &csv.faults), (Kind::Orders, 1, &vec![]));
        assert_eq!((xlsx.kind, &xlsx.faults), (Kind::Orders, &vec![]));
        assert_eq!(csv.entries, xlsx.entries);
    }
}
