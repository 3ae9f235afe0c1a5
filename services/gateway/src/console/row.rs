//! An order as a row of the process table.

use askama::Template;
use contracts::Language;

use super::format::{Moment, money, number};
use super::texts::{Texts, texts};
use super::words;
use crate::access::Sight;
use crate::order::{LineView, OrderView, status_named};
use crate::views::Colour;

/// An order as a row of the process table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) order_no: String,
    pub(crate) external_id: String,
    pub(crate) channel: String,
    pub(crate) customer: String,
    /// The first line's.
    pub(crate) product: String,
    /// How many lines more there are.
    pub(crate) more: usize,
    /// Of all lines together.
    pub(crate) quantity: String,
    pub(crate) urgent: bool,
    pub(crate) status: &'static str,
    /// `red`
    pub(crate) colour: &'static str,
    pub(crate) meaning: &'static str,
    /// Microseconds, to sort by.
    pub(crate) placed: i64,
    pub(crate) placed_at: Moment,
    /// When the last of it is expected at the customer's.
    pub(crate) estimated_at: Option<Moment>,
    /// Whether that is past, and it is not over.
    pub(crate) is_late: bool,
    /// Another system kept it, and what does not fit together in what it told.
    pub(crate) imported: bool,
    pub(crate) flags: Vec<&'static str>,
    pub(crate) completed_at: Option<Moment>,
    pub(crate) reason: String,
    /// Which service has it.
    pub(crate) node: &'static str,
    pub(crate) warehouses: String,
    pub(crate) priority: String,
    /// Empty for who does not see prices.
    pub(crate) total: String,
}

/// A row by itself, as it is sent when something changed.
#[derive(Template)]
#[template(path = "console/row.html")]
struct RowAlone<'a> {
    row: &'a Row,
    t: &'static Texts,
}

impl Row {
    pub(crate) fn of(
        (language, sight): (Language, Sight),
        it: &OrderView,
        lines: &[LineView],
    ) -> Self {
        let reason = words::reason(language, &it.reason).unwrap_or(&it.reason);
        let carried = it.summary.carried_over.as_ref();
        let done = carried.and_then(|it| it.completed);
        let sourced = it.summary.sourcing.as_ref().and_then(|it| it.estimate);
        let told = carried.and_then(|it| it.estimated);
        Self {
            id: it.order.simple().to_string(),
            version: it.version,
            order_no: it.order_no.clone(),
            external_id: it.external_id.clone(),
            channel: it.channel.clone(),
            customer: it.customer.clone(),
            product: lines.first().map(|it| it.name.clone()).unwrap_or_default(),
            more: lines.len().saturating_sub(1),
            quantity: number(lines.iter().fold(0, |sum, it| sum.saturating_add(it.quantity))),
            urgent: it.urgent,
            status: words::status(language, status_named(&it.status)),
            colour: colour(it.colour),
            meaning: words::colour(language, it.colour),
            placed: it.placed_at.as_microsecond(),
            placed_at: it.placed_at.into(),
            estimated_at: sourced.map(Moment::from).or_else(|| told.map(Moment::from)),
            is_late: it.is_late,
            imported: carried.is_some(),
            flags: carried
                .map(|it| it.flags.iter().map(|it| words::flag(language, *it)).collect())
                .unwrap_or_default(),
            completed_at: done.map(Moment::from).or_else(|| it.completed_at.map(Moment::from)),
            reason: reason.to_owned(),
            node: words::node(language, status_named(&it.status)),
            warehouses: warehouses(it),
            priority: it.priority.map(number).unwrap_or_default(),
            total: match carried {
                None if sight.prices => money(&it.currency, it.total),
                _ => String::new(), // Nobody told of any; or it is not shown.
            },
        }
    }

    /// As it stands in the table.
    pub(crate) fn html(&self, language: Language) -> askama::Result<String> {
        RowAlone { row: self, t: texts(language) }.render()
    }
}

/// The name of a colour, for style sheets.
pub(crate) fn colour(colour: Colour) -> &'static str {
    match colour {
        Colour::Red => "red",
        Colour::Green => "green",
        Colour::Yellow => "yellow",
        Colour::Grey => "grey",
    }
}

/// Where its goods come from: the warehouses that were told to pick, else those that hold some.
pub(crate) fn warehouses(it: &OrderView) -> String {
    let mut names: Vec<&str> = it.summary.shipments.iter().map(|it| &*it.warehouse).collect();
    if names.is_empty() {
        let held = it.summary.sourcing.iter().flat_map(|it| &it.warehouses);
        names = held.map(String::as_str).collect();
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
