//! How letters are worded. Each language has three templates: the subject, the text and the HTML.
//! They are compiled: a kind of letter that a language forgets, a reason without a sentence, or a
//! placeholder that does not exist, is an error of the compiler.

use askama::Template;
use contracts::intake::CancelReason;
use contracts::{Cents, Currency, ItemUnits, Language};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::letter::{Bill, Facts, Order};

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Who writes, and where the days are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shop<'a> {
    pub(crate) name: &'a str,
    pub(crate) time_zone: &'a TimeZone,
}

/// Puts a letter to somebody into words.
pub(crate) fn words(
    shop: Shop<'_>,
    name: &str,
    language: Language,
    order: &Order,
    facts: &Facts,
) -> askama::Result<Words> {
    let about = About::of(facts, order, shop.time_zone, language);
    let page = &Page { shop: shop.name, name, order_no: &order.number, about };
    let (subject, text, html) = match language {
        Language::Chinese => (
            ChineseSubject { page }.render()?,
            ChineseText { page }.render()?,
            ChineseHtml { page }.render()?,
        ),
        Language::English => (
            EnglishSubject { page }.render()?,
            EnglishText { page }.render()?,
            EnglishHtml { page }.render()?,
        ),
    };
    Ok(Words { subject: subject.trim().to_owned(), text, html })
}

/// All that a template may use.
#[derive(Debug)]
struct Page<'a> {
    /// How the shop calls itself.
    shop: &'a str,
    /// Whom the letter is to; empty, if nobody said.
    name: &'a str,
    order_no: &'a str,
    about: About<'a>,
}

/// What the letter is about, one struct a kind, with figures and dates as the language writes them.
#[derive(Debug)]
enum About<'a> {
    Confirmed(Confirmed<'a>),
    Shipped(Parcel<'a>),
    Delivered(Arrival<'a>),
    Cancelled(Ending),
    Lapsed,
    Invoiced(Invoice<'a>),
}

#[derive(Debug)]
struct Confirmed<'a> {
    lines: Vec<Priced<'a>>,
    /// Nothing, if it is free.
    freight: Option<String>,
    total: String,
}

#[derive(Debug)]
struct Priced<'a> {
    name: &'a str,
    quantity: i64,
    gross: String,
}

#[derive(Debug)]
struct Parcel<'a> {
    items: Vec<Item<'a>>,
    shipped_on: String,
    carrier: Option<&'a str>,
    tracking_no: Option<&'a str>,
}

#[derive(Debug)]
struct Arrival<'a> {
    items: Vec<Item<'a>>,
    delivered_on: String,
}

#[derive(Debug)]
struct Item<'a> {
    name: &'a str,
    quantity: i64,
}

#[derive(Debug)]
struct Ending {
    because: CancelReason,
}

#[derive(Debug)]
struct Invoice<'a> {
    number: &'a str,
    issued_on: String,
    net: String,
    tax: String,
    gross: String,
    /// Nothing, if nothing was paid ahead.
    prepaid: Option<String>,
    /// Nothing, if all of it was paid ahead.
    open: Option<Open>,
}

/// What is left to pay, and until when.
#[derive(Debug)]
struct Open {
    amount: String,
    due_on: String,
}

impl<'a> About<'a> {
    fn of(facts: &'a Facts, order: &'a Order, zone: &TimeZone, language: Language) -> Self {
        let money = |it| money(order.currency, it, language);
        let day = |it: &Timestamp| date(it.to_zoned(zone.clone()).date(), language);
        match facts {
            Facts::Confirmed => Self::Confirmed(Confirmed {
                lines: order
                    .lines
                    .iter()
                    .map(|it| Priced {
                        name: &it.name,
                        quantity: it.quantity,
                        gross: money(it.gross),
                    })
                    .collect(),
                freight: (order.freight != Cents::ZERO).then(|| money(order.freight)),
                total: money(order.total),
            }),
            Facts::Shipped { units, carrier, tracking_no, shipped_at } => Self::Shipped(Parcel {
                items: items(units, order),
                shipped_on: day(shipped_at),
                carrier: carrier.as_ref().map(contracts::CarrierId::as_str),
                tracking_no: tracking_no.as_ref().map(contracts::TrackingNo::as_str),
            }),
            Facts::Delivered { units, delivered_at } => Self::Delivered(Arrival {
                items: items(units, order),
                delivered_on: day(delivered_at),
            }),
            Facts::Cancelled { because } => Self::Cancelled(Ending { because: *because }),
            Facts::Lapsed => Self::Lapsed,
            Facts::Invoiced(bill) => Self::Invoiced(Invoice::of(bill, language)),
        }
    }
}

impl<'a> Invoice<'a> {
    fn of(bill: &'a Bill, language: Language) -> Self {
        let money = |it| money(bill.currency, it, language);
        let open = bill.gross - bill.prepaid;
        Self {
            number: &bill.number,
            issued_on: date(bill.issued_on, language),
            net: money(bill.net),
            tax: money(bill.tax),
            gross: money(bill.gross),
            prepaid: (bill.prepaid != Cents::ZERO).then(|| money(bill.prepaid)),
            open: (open > Cents::ZERO)
                .then(|| Open { amount: money(open), due_on: date(bill.due_on, language) }),
        }
    }
}

/// Units by the names that the order gave them; by their SKU, if it has no such line.
fn items<'a>(units: &'a [ItemUnits], order: &'a Order) -> Vec<Item<'a>> {
    let name = |unit: &'a ItemUnits| {
        let line = order.lines.iter().find(|it| it.nth == unit.line);
        line.map_or(unit.sku.as_str(), |it| it.name.as_str())
    };
    units.iter().map(|it| Item { name: name(it), quantity: it.quantity }).collect()
}

/// An amount with the digits of its currency, in groups of three: `¥1,130.00`, `JPY 1,130`.
fn money(currency: Currency, amount: Cents, language: Language) -> String {
    let written = currency.format(amount);
    let (sign, digits) = written.strip_prefix('-').map_or(("", written.as_str()), |it| ("-", it));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let unit = match language {
        Language::Chinese if currency == Currency::CNY => "¥".to_owned(),
        Language::Chinese | Language::English => format!("{currency} "),
    };
    format!("{sign}{unit}{grouped}{fraction}")
}

/// A day as people write it: `2026年3月5日`, `5 March 2026`.
fn date(day: Date, language: Language) -> String {
    let pattern = match language {
        Language::Chinese => "%Y年%-m月%-d日",
        Language::English => "%-d %B %Y",
    };
    day.strftime(pattern).to_string()
}

/// Declares templates over a [`Page`].
macro_rules! templates {
    ($($name:ident in $path:literal),+ $(,)?) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            page: &'a Page<'a>,
        }
    )+};
}

templates! {
    ChineseSubject in "zh-CN/subject.txt",
    ChineseText in "zh-CN/letter.txt",
    ChineseHtml in "zh-CN/letter.html",
    EnglishSubject in "en/subject.txt",
    EnglishText in "en/letter.txt",
    EnglishHtml in "en/letter.html",
}
