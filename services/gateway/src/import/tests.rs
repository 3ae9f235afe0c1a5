//! Files as people and programs make them, and as nobody should.

use contracts::Status;
use contracts::intake::CarriedFlag::{CompletedTooEarly, Late};
use encoding_rs::GB18030;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::orders::TEMPLATE;
use super::orders::minor;
use super::{Kind, Plan, Step, plan};

/// The process table of another system, as it was told to us.
pub(crate) const SAMPLE: &str = "订单号,客户名称,产品名称,数量,订单状态,预计完成时间,实际完成时间\r\n\
    123456,张三,商品A,100,已确认,2024-03-15,2024-03-17\r\n\
    789012,李四,商品B,200,待确认,2024-03-20,\r\n\
    345678,王五,商品C,50,已发货,2024-03-22,2024-03-24\r\n";

fn sample_xlsx() -> Vec<u8> {
    let mut book = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet();
    for (row, line) in (0_u32..).zip(SAMPLE.lines()) {
        for (column, cell) in (0_u16..).zip(line.split(',')) {
            if row > 0 && column >= 5 && !cell.is_empty() {
                let at = ExcelDateTime::parse_from_str(cell).unwrap();
                sheet.write_datetime_with_format(row, column, at, &day).unwrap();
            } else if row > 0 && (column == 0 || column == 3) {
                sheet.write_number(row, column, cell.parse::<f64>().unwrap()).unwrap();
            } else {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// Numbers, statuses, days and flags.
fn shown(plan: &Plan) -> Vec<String> {
    let line = |it: &super::Entry| {
        let Step::Carry(order) = &it.step else { panic!("{it:?}") };
        let day =
            |it: Option<jiff::civil::Date>| it.map_or_else(|| "-".to_owned(), |it| it.to_string());
        format!(
            "{} {} {} {} {} {} {} {:?}",
            it.external_id,
            order.customer,
            order.product,
            order.quantity,
            order.status,
            day(order.estimated),
            day(order.completed),
            order.flags(),
        )
    };
    plan.entries.iter().map(line).collect()
}

#[test]
fn the_process_table_is_read_however_it_was_saved() {
    let with_mark = ["\u{feff}", SAMPLE].concat().into_bytes();
    let (chinese, _, _) = GB18030.encode(SAMPLE);
    let semicolons = SAMPLE.replace(',', ";").into_bytes();
    let tabs = SAMPLE.replace(',', "\t").into_bytes();
    let english = SAMPLE.replace(
        "订单号,客户名称,产品名称,数量,订单状态,预计完成时间,实际完成时间",
        "Order number,Customer,Product,Quantity,Status,Estimated completion,Actual completion",
    );
    let files = [
        SAMPLE.as_bytes().to_vec(),
        with_mark,
        chinese.to_vec(),
        semicolons,
        tabs,
        english.into_bytes(),
        sample_xlsx(),
    ];
    for file in files {
        let plan = plan(&file).unwrap_or_else(|it| panic!("{it:?}"));
        assert_eq!((plan.kind, plan.faults.len()), (Kind::CarriedOver, 0), "{:?}", plan.faults);
        assert_eq!(
            shown(&plan),
            [
                "123456 张三 商品A 100 confirmed 2024-03-15 2024-03-17 [Late, CompletedTooEarly]",
                "789012 李四 商品B 200 checking 2024-03-20 - []",
                "345678 王五 商品C 50 shipped 2024-03-22 2024-03-24 [Late]",
            ]
        );
        let flags: Vec<_> = plan.rows.iter().map(|it| (it.number, it.flags.clone())).collect();
        assert_eq!(flags, [(2, vec![Late, CompletedTooEarly]), (3, vec![]), (4, vec![Late])]);
    }
}

fn faults(file: &str) -> Vec<String> {
    let faults = match plan(file.as_bytes()) {
        Ok(plan) => plan.faults,
        Err(problem) => problem.faults().to_vec(),
    };
    faults.iter().map(|it| format!("{} {} {:?}", it.code, it.pointer, it.found)).collect()
}

#[test]
fn every_bad_cell_is_named() {
    let bad = SAMPLE.replace("100", "many").replace("待确认", "somewhere");
    let bad = bad.replace("2024-03-22", "soon").replace("345678", "34 56").replace("李四", "");
    assert_eq!(
        faults(&bad),
        [
            "value /2/数量 \"many\"",
            "required /3/客户名称 \"\"",
            "value /3/订单状态 \"somewhere\"",
            "value /4/订单号 \"34 56\"",
            "value /4/预计完成时间 \"soon\"",
        ]
    );
    let twice = SAMPLE.replace("345678", "123456");
    assert_eq!(faults(&twice), ["duplicate /4/订单号 \"123456\""]);
}

#[test]
fn bad_files_are_told_what_they_lack() {
    assert_eq!(faults(""), ["file  \"\""]);
    assert_eq!(faults("\u{feff}\r\n\r\n"), ["file  \"\""]);
    assert_eq!(faults("PK\u{3}\u{4} no spreadsheet"), ["file  \"\""]);
    assert_eq!(faults("a\0b"), ["file  \"\""]);
    assert_eq!(faults(SAMPLE.lines().next().unwrap()), ["file  \"\""]);
    let unknown = SAMPLE.replace("产品名称", "颜色").replace("订单状态", "数量");
    assert_eq!(
        faults(&unknown),
        [
            "unknown /1/3 \"颜色\"",
            "required /1/product \"\"",
            "duplicate /1/5 \"quantity\"",
            "required /1/status \"\"",
        ]
    );
    let row = SAMPLE.lines().nth(1).unwrap();
    let long = format!("{}\n{}", SAMPLE.lines().next().unwrap(), format!("{row}\n").repeat(2001));
    assert_eq!(faults(&long), ["too-large  \"more\""]);
    assert_eq!(faults(&"x".repeat(super::MOST_BYTES + 1)), ["too-large  \"more\""]);
}

#[test]
fn a_bomb_is_not_unpacked() {
    use std::io::Write;
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    let options = zip::write::SimpleFileOptions::default();
    bomb.start_file("xl/workbook.xml", options).unwrap();
    for _ in 0..40 {
        bomb.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let problem = plan(&bomb).unwrap_err();
    assert_eq!(problem.faults()[0].code, "too-large");
}

#[test]
fn rows_of_one_reference_are_lines_of_one_order() {
    let head: Vec<&str> = TEMPLATE.iter().map(|it| it[0]).collect();
    let row: Vec<&str> = TEMPLATE.iter().map(|it| it[1]).collect();
    let second = "W-1001,,CUP,3,10.5,,,,,,,,,,,,,,";
    let table = format!("{}\n{}\n{second}\n", head.join(","), row.join(","));
    let read = plan(table.as_bytes()).unwrap();
    assert_eq!((read.kind, &read.faults), (Kind::Orders, &vec![]));
    assert_eq!(read.entries.len(), 1);
    assert_eq!(read.entries[0].rows, [2, 3]);
    let Step::Place(order) = &read.entries[0].step else { panic!("{:?}", read.entries) };
    assert_eq!(order["lines"][1]["unit_price"], 1050);
    // 2 × 128.00 + 3 × 10.50 + 33.28 + 12.00
    assert_eq!(order["total"], 33_278);
    assert_eq!(order["ship_to"]["name"], "王小明");

    let other = table.replace("W-1001,,CUP,3,10.5,,", "W-1001,C-9,CUP,0,10.505,,");
    assert_eq!(
        faults(&other),
        ["value /3/customer \"C-9\"", "value /3/quantity \"0\"", "value /3/unit_price \"10.505\""]
    );
}

#[test]
fn amounts_are_exact() {
    assert_eq!(minor("128.5", 2), Some(12_850));
    assert_eq!(minor("0.290", 2), Some(29));
    assert_eq!(minor("7", 0), Some(7));
    for bad in ["", ".5", "1.005", "-1", "1e3", "1,000", "٣"] {
        assert_eq!(minor(bad, 2), None, "{bad}");
    }
    assert_eq!(Status::ALL.len(), 16, "a new status wants words for tables");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        plan(&bytes).map(drop).ok();
        plan(&[b"PK\x03\x04", &*bytes].concat()).map(drop).ok();
    }

    #[test]
    fn no_text_makes_it_panic(text in "([,;\t\"\r\n']|订单号|数量|reference|2024-03-15|\\PC){0,80}") {
        plan(text.as_bytes()).map(drop).ok();
        plan(&[SAMPLE, &text].concat().into_bytes()).map(drop).ok();
    }

    #[test]
    fn no_broken_spreadsheet_makes_it_panic(at in 0_usize..4000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = sample_xlsx();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        plan(&bytes).map(drop).ok();
    }
}
