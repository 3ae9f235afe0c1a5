//! What a storefront sends: read without trust, so that everything that is wrong is found at once.

use contracts::intake::{ShipTo, Submission, SubmissionLine};
use contracts::{Cents, Currency, CustomerId, ExternalId, Language, OrderKind, Sku, Terms};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::address::{self, Province};
use crate::document::{
    Object, Problems, Wrong, flag, line, lines, text_of, token, whole, word, wrong,
};

/// How many lines an order has at most.
pub(crate) const MOST_LINES: usize = 500;

/// How many units a line has at most.
pub(crate) const MOST_UNITS: i64 = 1_000_000;

/// How much any amount is at most: so much that no sum of an order's amounts overflows.
pub(crate) const MOST_CENTS: i64 = 100_000_000_000_000;

const FIELDS: &[&str] = &[
    "external_id",
    "customer",
    "terms",
    "currency",
    "po_number",
    "kind",
    "urgent",
    "language",
    "remark",
    "lines",
    "tax",
    "freight",
    "discount",
    "total",
    "ship_to",
];
const LINE_FIELDS: &[&str] = &["sku", "quantity", "unit_price"];
const SHIP_TO_FIELDS: &[&str] =
    &["name", "phone", "email", "country", "province", "city", "district", "street", "postcode"];

const TERMS: &[(&str, Terms)] = &[("prepaid", Terms::Prepaid), ("on_account", Terms::OnAccount)];
const KINDS: &[(&str, OrderKind)] = &[("standard", OrderKind::Standard), ("bulk", OrderKind::Bulk)];
const LANGUAGES: &[(&str, Language)] = &[("zh-CN", Language::Chinese), ("en", Language::English)];

/// As much of a submission as could be read. What is missing is among the problems.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) terms: Option<Terms>,
    pub(crate) currency: Option<Currency>,
    pub(crate) lines: Vec<DraftLine>,
    po_number: Option<String>,
    kind: OrderKind,
    urgent: bool,
    language: Option<Language>,
    remark: String,
    amounts: Option<Amounts>,
    ship_to: Option<ShipTo>,
}

/// As much of a line as could be read.
#[derive(Debug, Default)]
pub(crate) struct DraftLine {
    pub(crate) sku: Option<Sku>,
    pub(crate) quantity: Option<i64>,
    pub(crate) unit_price: Option<Cents>,
}

#[derive(Debug, Clone, Copy)]
struct Amounts {
    tax: Cents,
    freight: Cents,
    discount: Cents,
    total: Cents,
}

impl Draft {
    /// Reads a submission that came under this external id.
    pub(crate) fn read(body: &Value, external_id: &ExternalId, problems: &mut Problems) -> Self {
        let Some(order) = Object::of(body, "", FIELDS, problems) else { return Self::default() };
        order.optional("external_id", problems, |it| same(it, external_id));
        let draft = Self {
            customer: order.required("customer", problems, token),
            terms: order.required("terms", problems, word(TERMS)),
            currency: order.required("currency", problems, currency),
            po_number: order.optional("po_number", problems, line(1..=64)).flatten(),
            kind: order.optional("kind", problems, word(KINDS)).flatten().unwrap_or_default(),
            urgent: order.optional("urgent", problems, flag).flatten().unwrap_or_default(),
            language: order.optional("language", problems, word(LANGUAGES)).flatten(),
            remark: order
                .optional("remark", problems, lines(0..=1000))
                .flatten()
                .unwrap_or_default(),
            lines: read_lines(&order, problems),
            amounts: read_amounts(&order, problems),
            ship_to: read_ship_to(&order, problems),
        };
        draft.add_up(&order, problems);
        draft
    }

    /// The whole of it, if nothing is missing.
    pub(crate) fn complete(self) -> Option<Submission> {
        let whole = |it: DraftLine| {
            let (sku, quantity, unit_price) = (it.sku?, it.quantity?, it.unit_price?);
            Some(SubmissionLine { sku, quantity, unit_price })
        };
        let Amounts { tax, freight, discount, total } = self.amounts?;
        Some(Submission {
            external_id: None, // The subject has it.
            customer: self.customer?,
            terms: self.terms?,
            currency: self.currency?,
            po_number: self.po_number,
            kind: self.kind,
            urgent: self.urgent,
            language: self.language,
            remark: self.remark,
            lines: self.lines.into_iter().map(whole).collect::<Option<_>>()?,
            tax,
            freight,
            discount,
            total,
            ship_to: self.ship_to?,
        })
    }

    /// The sum has to be exact, and a discount is no more than what it is taken from.
    fn add_up(&self, order: &Object<'_>, problems: &mut Problems) {
        let Some(Amounts { tax, freight, discount, total }) = self.amounts else { return };
        if self.lines.len() == MOST_LINES && order.value("lines").map_or(0, count) > MOST_LINES {
            return; // Not all of them were read.
        }
        let mut net = 0_i128;
        for (at, it) in self.lines.iter().enumerate() {
            let (Some(quantity), Some(price)) = (it.quantity, it.unit_price) else { return };
            let amount = i128::from(quantity) * i128::from(price.0);
            if amount > i128::from(MOST_CENTS) {
                let expected = format!("a line of no more than {MOST_CENTS}");
                let pointer = format!("/lines/{at}/unit_price");
                return problems.add(wrong("range", expected), &pointer, &price.to_string());
            }
            net += amount;
        }
        if i128::from(discount.0) > net {
            let expected = format!("no more than the lines, {net}");
            let pointer = order.pointer("discount");
            problems.add(wrong("discount.range", expected), &pointer, &discount.to_string());
        }
        let sum = net + i128::from(tax.0 + freight.0 - discount.0);
        if sum != i128::from(total.0) {
            let expected = format!("lines + tax + freight - discount = {sum}");
            problems.add(wrong("sum.total", expected), &order.pointer("total"), &total.to_string());
        }
    }
}

/// What tells whether two submissions are the same order: a digest of the content with its names
/// in order. How the channel calls the order is not content.
pub(crate) fn digest(body: &Value) -> [u8; 32] {
    let mut content = String::new();
    if let Value::Object(fields) = body {
        let fields = fields.iter().filter(|it| it.0 != "external_id");
        write_fields(fields.collect(), &mut content);
    } else {
        write(body, &mut content);
    }
    Sha256::digest(content.as_bytes()).into()
}

fn write(value: &Value, content: &mut String) {
    match value {
        Value::Object(fields) => write_fields(fields.iter().collect(), content),
        Value::Array(items) => {
            content.push('[');
            for it in items {
                write(it, content);
                content.push(',');
            }
            content.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            content.push_str(&value.to_string());
        }
    }
}

fn write_fields(mut fields: Vec<(&String, &Value)>, content: &mut String) {
    fields.sort_unstable_by_key(|it| it.0);
    content.push('{');
    for (name, value) in fields {
        content.push_str(&Value::from(name.as_str()).to_string());
        content.push(':');
        write(value, content);
        content.push(',');
    }
    content.push('}');
}

/// The items that a submission names, as far as that can be seen without reading it.
pub(crate) fn items_of(body: &Value) -> impl Iterator<Item = Sku> {
    let lines = body.get("lines").and_then(Value::as_array).into_iter().flatten();
    lines.take(MOST_LINES).filter_map(|it| it.get("sku")?.as_str()?.parse().ok())
}

/// The customer that a submission names.
pub(crate) fn customer_of(body: &Value) -> Option<CustomerId> {
    body.get("customer")?.as_str()?.parse().ok()
}

/// How the customer calls the order.
pub(crate) fn po_number_of(body: &Value) -> Option<String> {
    line(1..=64)(body.get("po_number")?).ok()
}

fn count(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

fn same(value: &Value, external_id: &ExternalId) -> Result<(), Wrong> {
    let expected = || wrong("external_id.other", format!("the subject's, {external_id}"));
    (value.as_str() == Some(external_id.as_str())).then_some(()).ok_or_else(expected)
}

fn currency(value: &Value) -> Result<Currency, Wrong> {
    let text = value.as_str().ok_or_else(|| wrong("type", "a text"))?;
    Currency::new(text).map_err(|_| wrong("currency", "an ISO 4217 code: CNY"))
}

fn read_lines(order: &Object<'_>, problems: &mut Problems) -> Vec<DraftLine> {
    let array = |it| Value::as_array(it).ok_or_else(|| wrong("type", "an array"));
    let Some(lines) = order.required("lines", problems, array) else { return vec![] };
    if lines.is_empty() || lines.len() > MOST_LINES {
        let expected = format!("1 to {MOST_LINES} lines");
        problems.add(wrong("length", expected), &order.pointer("lines"), &lines.len().to_string());
    }
    let numbered = lines.iter().take(MOST_LINES).enumerate();
    numbered.map(|(at, it)| read_line(it, format!("/lines/{at}"), problems)).collect()
}

fn read_line(value: &Value, pointer: String, problems: &mut Problems) -> DraftLine {
    let Some(line) = Object::of(value, pointer, LINE_FIELDS, problems) else {
        return DraftLine::default();
    };
    DraftLine {
        sku: line.required("sku", problems, token),
        quantity: line.required("quantity", problems, whole(1..=MOST_UNITS)),
        unit_price: line.required("unit_price", problems, whole(0..=MOST_CENTS)).map(Cents),
    }
}

fn read_amounts(order: &Object<'_>, problems: &mut Problems) -> Option<Amounts> {
    let mut amount = |name| order.required(name, problems, whole(0..=MOST_CENTS)).map(Cents);
    let (tax, freight) = (amount("tax"), amount("freight"));
    let (discount, total) = (amount("discount"), amount("total"));
    Some(Amounts { tax: tax?, freight: freight?, discount: discount?, total: total? })
}

/// Reads where it goes, normalised: the province without its suffix, the telephone in E.164.
fn read_ship_to(order: &Object<'_>, problems: &mut Problems) -> Option<ShipTo> {
    let value = order.required("ship_to", problems, Ok)?;
    let to = Object::of(value, "/ship_to", SHIP_TO_FIELDS, problems)?;
    // Of a country that cannot be read, nothing else is known.
    let country = to.optional("country", problems, country).map(|it| it.unwrap_or_else(china));
    let code = country.clone().unwrap_or_default();
    let (name, phone) =
        (to.required("name", problems, line(1..=100)), read_phone(&to, &code, problems));
    let email = to.optional("email", problems, email);
    let place = if code == "CN" {
        read_chinese_place(&to, problems)
    } else {
        let mut text =
            |name, most| to.optional(name, problems, line(0..=most)).map(Option::unwrap_or_default);
        let (province, district) = (text("province", 100), text("district", 100));
        let postcode = text("postcode", 20);
        (|| Some((province?, district?, postcode?)))()
    };
    let (city, street) = (
        to.required("city", problems, line(1..=100)),
        to.required("street", problems, line(1..=200)),
    );
    let (province, district, postcode) = place?;
    Some(ShipTo {
        name: name?,
        phone: phone?,
        email: email?,
        country: country?,
        province,
        city: city?,
        district,
        street: street?,
        postcode,
    })
}

fn read_phone(to: &Object<'_>, country: &str, problems: &mut Problems) -> Option<String> {
    to.required("phone", problems, |it| {
        let text = line(1..=40)(it)?;
        let expected = "a mobile number of mainland China, or a number in E.164";
        address::phone(&text, country).ok_or_else(|| wrong("phone.format", expected))
    })
}

/// Province, district and postcode, which have to agree.
fn read_chinese_place(
    to: &Object<'_>,
    problems: &mut Problems,
) -> Option<(String, String, String)> {
    let province: Option<&Province> = to.required("province", problems, |it| {
        let text = line(1..=100)(it)?;
        address::province(&text).ok_or_else(|| wrong("province", "a province of China: 江苏"))
    });
    let district = to.required("district", problems, line(1..=100));
    let postcode = to.required("postcode", problems, |it| {
        let text = text_of(it).trim().to_owned();
        let right = address::is_postcode(&text) && it.is_string();
        right.then_some(text).ok_or_else(|| wrong("postcode.format", "six digits, as a text"))
    });
    if let (Some(province), Some(postcode)) = (province, &postcode)
        && !province.has(postcode)
    {
        let first = province.postcodes.join(" or ");
        let expected = format!("a postcode of {}, which begins with {first}", province.name);
        problems.add(wrong("postcode.province", expected), &to.pointer("postcode"), postcode);
    }
    Some((province?.name.to_owned(), district?, postcode?))
}

fn china() -> String {
    "CN".to_owned()
}

fn country(value: &Value) -> Result<String, Wrong> {
    let text = value.as_str().ok_or_else(|| wrong("type", "a text"))?;
    let right = text.len() == 2 && text.bytes().all(|it| it.is_ascii_uppercase());
    let expected = || wrong("country", "two capital letters of ISO 3166-1: CN");
    right.then(|| text.to_owned()).ok_or_else(expected)
}

fn email(value: &Value) -> Result<String, Wrong> {
    let text = line(3..=254)(value)?;
    let right = address::is_email(&text);
    right.then_some(text).ok_or_else(|| wrong("email", "a mail address"))
}
