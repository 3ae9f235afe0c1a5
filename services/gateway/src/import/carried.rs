//! A table of orders that another system kept: a row an order.

use std::collections::BTreeMap;

use contracts::intake::{CarriedFlag, CarriedOrder, Problem as Fault};
use contracts::{ExternalId, Language, Status};
use jiff::civil::{Date, DateTime};

use super::{Entry, Field, Step, Table};
use crate::console::words;
use crate::http::problem::fault;

const fn field(name: &'static str, headings: &'static [&'static str], is_required: bool) -> Field {
    Field { name, headings, is_required }
}

pub(super) const FIELDS: &[Field] = &[
    field("order_no", &["订单号", "order", "order_number"], true),
    field("customer", &["客户名称", "客户", "customer_name"], true),
    field("product", &["产品名称", "产品", "product_name"], true),
    field("quantity", &["数量", "units"], true),
    field("status", &["订单状态", "状态", "order_status"], true),
    field("estimated", &["预计完成时间", "预计完成", "estimated_completion"], true),
    field("completed", &["实际完成时间", "实际完成", "actual_completion"], true),
    field("source", &["订单来源", "order_source"], false),
    field("remark", &["客户备注", "customer_remark"], false),
    field("step", &["流程节点", "process_step"], false),
    field("priority", &["优先级"], false),
];

/// Other words for statuses, as tables have them.
const OTHERS: &[(&str, Status)] = &[
    ("待确认", Status::Checking),
    ("pending", Status::Checking),
    ("待付款", Status::AwaitingPayment),
    ("处理中", Status::Confirmed),
    ("备货中", Status::Picking),
    ("待发货", Status::Released),
    ("运输中", Status::Shipped),
    ("已交付", Status::Delivered),
    ("done", Status::Completed),
    ("canceled", Status::Cancelled),
];

type Understood = (Vec<Entry>, Vec<Fault>, Vec<(usize, Vec<CarriedFlag>)>);

pub(super) fn understand(table: &Table<'_>) -> Understood {
    let (mut entries, mut faults, mut flags) = (vec![], vec![], vec![]);
    let mut seen = BTreeMap::new();
    for (row, cells) in &table.sheet.rows {
        let mut cell = Read { table, row: *row, cells, faults: &mut faults };
        let name: Option<ExternalId> = cell.name();
        let order = cell.order();
        let (Some(external_id), Some(order)) = (name, order) else { continue };
        if let Some(before) = seen.insert(external_id.clone(), *row) {
            let expected = format!("each number once: it stands in row {before}");
            let pointer = table.at(*row, "order_no");
            faults.push(fault("duplicate", pointer, external_id.as_str(), &expected));
        }
        flags.push((*row, order.flags()));
        entries.push(Entry { rows: vec![*row], external_id, step: Step::Carry(order) });
    }
    (entries, faults, flags)
}

/// The cells of one row, and what is wrong with them.
struct Read<'a> {
    table: &'a Table<'a>,
    row: usize,
    cells: &'a [String],
    faults: &'a mut Vec<Fault>,
}

impl Read<'_> {
    fn wrong(&mut self, name: &str, expected: &str) {
        let found = self.table.cell(self.cells, name).to_owned();
        let code = if found.is_empty() { "required" } else { "value" };
        self.faults.push(fault(code, self.table.at(self.row, name), &found, expected));
    }

    fn name(&mut self) -> Option<ExternalId> {
        let name = ExternalId::new(self.table.cell(self.cells, "order_no")).ok();
        if name.is_none() {
            let expected = "1 to 64 printable ASCII characters without space . * > \" % < \\";
            self.wrong("order_no", expected);
        }
        name
    }

    fn order(&mut self) -> Option<CarriedOrder> {
        let customer = self.text("customer", 1, 100);
        let product = self.text("product", 1, 200);
        let quantity = self.table.cell(self.cells, "quantity").parse::<i64>().ok();
        let quantity = quantity.filter(|it| (1..=1_000_000_000).contains(it));
        if quantity.is_none() {
            self.wrong("quantity", "a whole number from 1 to 1,000,000,000");
        }
        let stated = self.table.cell(self.cells, "status").to_owned();
        let status = status(&stated);
        if status.is_none() {
            self.wrong(
                "status",
                "a status such as 待确认, 已确认, 已发货, 已完成, confirmed, shipped",
            );
        }
        let (estimated, completed) = (self.day("estimated"), self.day("completed"));
        let (source, remark) = (self.text("source", 0, 200), self.text("remark", 0, 1000));
        let (step, priority) = (self.text("step", 0, 200), self.text("priority", 0, 100));
        Some(CarriedOrder {
            customer: customer?,
            product: product?,
            quantity: quantity?,
            status: status?,
            stated,
            estimated: estimated.ok()?,
            completed: completed.ok()?,
            source: source?,
            remark: remark?,
            step: step?,
            priority: priority?,
        })
    }

    fn text(&mut self, name: &str, least: usize, most: usize) -> Option<String> {
        let text = self.table.cell(self.cells, name);
        let is_fine = (least..=most).contains(&text.chars().count());
        if is_fine && !text.chars().any(char::is_control) {
            return Some(text.to_owned());
        }
        self.wrong(name, &format!("{least} to {most} printable characters"));
        None
    }

    fn day(&mut self, name: &str) -> Result<Option<Date>, ()> {
        let text = self.table.cell(self.cells, name).replace(['/', '.'], "-");
        if text.is_empty() {
            return Ok(None);
        }
        let day = day(&text);
        if day.is_none() {
            self.wrong(name, "a day as in 2024-03-15, or nothing");
        }
        day.map(Some).ok_or(())
    }
}

/// `2024-03-15`, `2024-3-5`, or an instant of such a day.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-').map(str::parse::<i16>);
    let mut plain = || {
        let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    plain().or_else(|| text.parse::<DateTime>().ok().map(DateTime::date))
}

fn status(stated: &str) -> Option<Status> {
    let stated = stated.to_lowercase();
    let ours = Status::ALL.into_iter().filter(|it| *it != Status::Rejected).find(|it| {
        let words = [Language::Chinese, Language::English].map(|tag| words::status(tag, *it));
        it.name() == stated || words.iter().any(|it| it.to_lowercase() == stated)
    });
    ours.or_else(|| OTHERS.iter().find(|it| it.0 == stated).map(|it| it.1))
}
