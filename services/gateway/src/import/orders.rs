//! A table of new orders: rows with the same reference are the lines of one order. What belongs to the
//! order as a whole stands in its first row, and in the others again or not at all.

use std::collections::BTreeMap;

use contracts::intake::{CarriedFlag, Problem as Fault};
use contracts::{Currency, ExternalId};
use serde_json::{Map, Value, json};

use super::{Entry, Field, Step, Table};
use crate::http::checked::MOST;
use crate::http::problem::fault;

const fn field(name: &'static str, headings: &'static [&'static str], is_required: bool) -> Field {
    Field { name, headings, is_required }
}

pub(super) const FIELDS: &[Field] = &[
    field("reference", &["外部单号", "external_id", "channel_reference"], true),
    field("customer", &["客户编号", "客户"], true),
    field("sku", &["货号", "item"], true),
    field("quantity", &["数量"], true),
    field("unit_price", &["单价"], true),
    field("terms", &["付款方式"], true),
    field("currency", &["币种"], true),
    field("tax", &["税额"], true),
    field("freight", &["运费"], false),
    field("discount", &["折扣"], false),
    field("recipient", &["收件人"], true),
    field("phone", &["电话"], true),
    field("province", &["省份"], true),
    field("city", &["城市"], true),
    field("district", &["区县"], false),
    field("address", &["地址"], true),
    field("postcode", &["邮编"], true),
    field("urgency", &["紧急"], false),
    field("remark", &["备注"], false),
];

/// What stands once an order.
const OF_THE_ORDER: &[&str] = &[
    "customer",
    "terms",
    "currency",
    "tax",
    "freight",
    "discount",
    "recipient",
    "phone",
    "province",
    "city",
    "district",
    "address",
    "postcode",
    "urgency",
    "remark",
];

/// A table to begin from.
pub(crate) const TEMPLATE: &[[&str; 2]] = &[
    ["reference", "W-1001"],
    ["customer", "C-1002"],
    ["sku", "TEA-GREEN"],
    ["quantity", "2"],
    ["unit_price", "128.00"],
    ["terms", "on_account"],
    ["currency", "CNY"],
    ["tax", "33.28"],
    ["freight", "12.00"],
    ["discount", "0"],
    ["recipient", "王小明"],
    ["phone", "13800138000"],
    ["province", "江苏省"],
    ["city", "南京"],
    ["district", "玄武区"],
    ["address", "中山路 1 号"],
    ["postcode", "210018"],
    ["urgency", "no"],
    ["remark", ""],
];

type Understood = (Vec<Entry>, Vec<Fault>, Vec<(usize, Vec<CarriedFlag>)>);

pub(super) fn understand(table: &Table<'_>) -> Understood {
    let mut groups: BTreeMap<ExternalId, Vec<&(usize, Vec<String>)>> = BTreeMap::new();
    let mut reader = Reader { table, faults: vec![] };
    for row in &table.sheet.rows {
        match ExternalId::new(table.cell(&row.1, "reference")) {
            Ok(name) => groups.entry(name).or_default().push(row),
            Err(error) => reader.wrong(row, "reference", &error.to_string()),
        }
    }
    let mut entries = vec![];
    for (external_id, rows) in groups {
        if let Some(order) = reader.order(&rows) {
            let rows = rows.iter().map(|it| it.0).collect();
            entries.push(Entry { rows, external_id, step: Step::Place(order) });
        }
    }
    entries.sort_by(|one, other| one.rows.cmp(&other.rows));
    (entries, reader.faults, vec![])
}

type Row = (usize, Vec<String>);

struct Reader<'a> {
    table: &'a Table<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn wrong(&mut self, row: &Row, name: &str, expected: &str) {
        let found = self.table.cell(&row.1, name);
        let code = if found.is_empty() { "required" } else { "value" };
        self.faults.push(fault(code, self.table.at(row.0, name), found, expected));
    }

    /// The order of these rows, as a storefront would hand it in.
    fn order(&mut self, rows: &[&Row]) -> Option<Value> {
        let first = *rows.first()?;
        for row in &rows[1..] {
            for name in OF_THE_ORDER {
                let (is, was) = (self.table.cell(&row.1, name), self.table.cell(&first.1, name));
                if !is.is_empty() && is != was {
                    let expected = format!("as in row {}: {was:?}", first.0);
                    self.wrong(row, name, &expected);
                }
            }
        }
        let currency = Currency::new(self.table.cell(&first.1, "currency")).ok();
        if currency.is_none() {
            self.wrong(first, "currency", "an ISO 4217 code such as CNY");
        }
        let lines: Vec<Option<(Value, i64)>> =
            rows.iter().map(|row| self.line(row, currency?)).collect();
        let amounts = ["tax", "freight", "discount"].map(|name| {
            let is_empty = self.table.cell(&first.1, name).is_empty();
            if is_empty && name != "tax" { Some(0) } else { self.money(first, name, currency?) }
        });
        let urgent = self.urgency(first);
        let terms = self.terms(first);
        let needed = ["customer", "recipient", "phone", "province", "city", "address", "postcode"];
        for name in needed {
            if self.table.cell(&first.1, name).is_empty() {
                self.wrong(first, name, "a value");
            }
        }
        let [tax, freight, discount] = amounts;
        let lines: Vec<(Value, i64)> = lines.into_iter().collect::<Option<_>>()?;
        let net = lines.iter().try_fold(0_i64, |sum, it| sum.checked_add(it.1))?;
        let total = net.checked_add(tax?)?.checked_add(freight?)?.checked_sub(discount?)?;
        let text = |name: &str| self.table.cell(&first.1, name).to_owned();
        let mut ship_to = Map::new();
        let parts = [
            ("name", "recipient"),
            ("phone", "phone"),
            ("province", "province"),
            ("city", "city"),
            ("district", "district"),
            ("street", "address"),
            ("postcode", "postcode"),
        ];
        for (field, column) in parts {
            let value = text(column);
            if !value.is_empty() {
                ship_to.insert(field.to_owned(), json!(value));
            }
        }
        let mut order = json!({
            "customer": text("customer"), "terms": terms?, "currency": currency?, "urgent": urgent?,
            "lines": lines.into_iter().map(|it| it.0).collect::<Vec<_>>(),
            "tax": tax, "freight": freight, "discount": discount, "total": total,
            "ship_to": ship_to,
        });
        let remark = text("remark");
        if let Some(fields) = order.as_object_mut().filter(|_| !remark.is_empty()) {
            fields.insert("remark".to_owned(), json!(remark));
        }
        Some(order)
    }

    /// A line, and what it comes to, net.
    fn line(&mut self, row: &Row, currency: Currency) -> Option<(Value, i64)> {
        let sku = self.table.cell(&row.1, "sku").to_owned();
        if sku.is_empty() {
            self.wrong(row, "sku", "an item");
        }
        let quantity = self.table.cell(&row.1, "quantity").parse::<i64>().ok();
        let quantity = quantity.filter(|it| (1..=1_000_000).contains(it));
        if quantity.is_none() {
            self.wrong(row, "quantity", "a whole number from 1 to 1,000,000");
        }
        let price = self.money(row, "unit_price", currency);
        let (quantity, price) = (quantity?, price?);
        let net = price.checked_mul(quantity).filter(|it| *it <= MOST);
        if net.is_none() {
            self.wrong(row, "unit_price", "a line of less money");
        }
        Some((json!({ "sku": sku, "quantity": quantity, "unit_price": price }), net?))
    }

    fn money(&mut self, row: &Row, name: &str, currency: Currency) -> Option<i64> {
        let amount = minor(self.table.cell(&row.1, name), currency.exponent());
        if amount.is_none() {
            let digits = currency.exponent();
            let expected = format!("an amount of {currency}, with {digits} decimals at most");
            self.wrong(row, name, &expected);
        }
        amount
    }

    fn urgency(&mut self, row: &Row) -> Option<bool> {
        match &*self.table.cell(&row.1, "urgency").to_lowercase() {
            "" | "no" | "normal" | "false" | "否" | "普通" => Some(false),
            "yes" | "urgent" | "true" | "是" | "紧急" => Some(true),
            _ => {
                self.wrong(row, "urgency", "yes, no, 是 or 否");
                None
            }
        }
    }

    fn terms(&mut self, row: &Row) -> Option<&'static str> {
        match &*self.table.cell(&row.1, "terms").to_lowercase() {
            "prepaid" | "预付" => Some("prepaid"),
            "on_account" | "on account" | "账期" => Some("on_account"),
            _ => {
                self.wrong(row, "terms", "prepaid, on_account, 预付 or 账期");
                None
            }
        }
    }
}

/// A decimal number in minor units, exactly: `128.5` of two digits is 12850.
pub(super) fn minor(text: &str, digits: u32) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = usize::try_from(digits).ok()?;
    let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > digits {
        return None;
    }
    let amount: i64 = format!("{whole}{fraction:0<digits$}").parse().ok()?;
    (amount <= MOST).then_some(amount)
}
