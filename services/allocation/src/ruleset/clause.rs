//! One comparison of a rule: `order.total_cny gt 50000`.

use contracts::allocation::NodeKind;
use contracts::{Cents, Currency, OrderKind, Terms, Tier};
use serde::{Deserialize, Serialize, Serializer};

use crate::node::kind_name;
use crate::order::{Line, Order};

/// What clauses look at.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) order: &'a Order,
    /// What kinds of active warehouses there are in the city that it goes to.
    pub(crate) same_city: Vec<NodeKind>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clause {
    /// As people read it: `order.total_cny gt X_wan * 10000`.
    pub(crate) text: String,
    pub(crate) of: Of,
    pub(crate) test: Test,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Order(Field),
    /// Something of each line, and how many of the lines must satisfy it.
    Lines(LineField, Quantifier),
}

/// How a clause came out: what it says, whether it held, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Outcome<'a>(pub(crate) &'a str, pub(crate) bool, pub(crate) Found<'a>);

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Found<'a> {
    /// It cannot be told of this order.
    Nothing,
    Flag(bool),
    Number(i64),
    Text(&'a str),
    Money(Yuan),
    Kinds(Vec<&'static str>),
    /// So many lines of so many.
    Lines(usize, usize),
}

/// Money in CNY; told as people write it, compared in cents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Yuan(i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quantifier {
    Any,
    All,
    None,
}

/// The comparison. Numbers compare with numbers, texts with texts: the check sees to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Is(Operand),
    IsNot(Operand),
    Above(i64),
    AtLeast(i64),
    Below(i64),
    AtMost(i64),
    /// Both ends belong to it.
    Between(i64, i64),
    OneOf(Vec<Operand>),
    NoneOf(Vec<Operand>),
    StartsWith(String),
    Exists(bool),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Number(i64),
    Text(String),
    Flag(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    TotalCny,
    TotalUnits,
    LineCount,
    TotalWeight,
    Kind,
    Urgent,
    Channel,
    Currency,
    Terms,
    Customer,
    Tier,
    Country,
    Province,
    City,
    District,
    Postcode,
    SameCityKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineField {
    Category,
    Sku,
    Quantity,
    Weight,
}

/// What a field holds, and so what it may be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Whole yuan in the rule, cents in the order.
    Amount,
    Number,
    Flag,
    Text,
    /// Only these texts.
    Words(&'static [&'static str]),
    /// A province, which is in a region or is not.
    Region,
}

const TIERS: &[&str] = &["regular", "silver", "gold", "key"];
const NODE_KINDS: &[&str] = &["regional", "forward", "plant"];

/// All fields of orders by name.
pub(crate) const FIELDS: [(&str, Field, Sort); 18] = [
    ("order.total_cny", Field::TotalCny, Sort::Amount),
    ("order.total_units", Field::TotalUnits, Sort::Number),
    ("order.lines", Field::LineCount, Sort::Number),
    ("order.weight_g", Field::TotalWeight, Sort::Number),
    ("order.type", Field::Kind, Sort::Words(&["standard", "bulk"])),
    ("order.urgent", Field::Urgent, Sort::Flag),
    ("order.channel", Field::Channel, Sort::Text),
    ("order.currency", Field::Currency, Sort::Text),
    ("order.terms", Field::Terms, Sort::Words(&["prepaid", "on_account"])),
    ("customer.id", Field::Customer, Sort::Text),
    ("customer.tier", Field::Tier, Sort::Words(TIERS)),
    ("ship_to.country", Field::Country, Sort::Text),
    ("ship_to.province", Field::Province, Sort::Text),
    ("ship_to.city", Field::City, Sort::Text),
    ("ship_to.district", Field::District, Sort::Text),
    ("ship_to.postcode", Field::Postcode, Sort::Text),
    ("ship_to.region", Field::Province, Sort::Region),
    ("ship_to.same_city_as_node_type", Field::SameCityKind, Sort::Words(NODE_KINDS)),
];

/// All fields of lines by name.
pub(crate) const LINE_FIELDS: [(&str, LineField, Sort); 4] = [
    ("lines.category", LineField::Category, Sort::Text),
    ("lines.sku", LineField::Sku, Sort::Text),
    ("lines.quantity", LineField::Quantity, Sort::Number),
    ("lines.weight_g", LineField::Weight, Sort::Number),
];

impl Clause {
    /// Whether it holds, and on what.
    pub(crate) fn outcome<'a>(&'a self, subject: &Subject<'a>) -> Outcome<'a> {
        let (field, quantifier) = match self.of {
            Of::Lines(field, quantifier) => (field, quantifier),
            Of::Order(field) => {
                let found = field.of(subject);
                return Outcome(&self.text, self.test.holds(&found), found);
            }
        };
        let lines = &subject.order.lines;
        let held = lines.iter().filter(|it| self.test.holds(&field.of(it))).count();
        let holds = match quantifier {
            Quantifier::Any => held > 0,
            Quantifier::All => held == lines.len() && held > 0,
            Quantifier::None => held == 0,
        };
        Outcome(&self.text, holds, Found::Lines(held, lines.len()))
    }
}

impl Field {
    fn of<'a>(self, subject: &Subject<'a>) -> Found<'a> {
        let order = subject.order;
        let sum = |of: fn(&Line) -> i64| {
            Found::Number(order.lines.iter().fold(0, |sum, it| of(it).saturating_add(sum)))
        };
        match self {
            Self::TotalCny => order.fen().map_or(Found::Nothing, |it| Found::Money(Yuan(it))),
            Self::TotalUnits => sum(|it| it.quantity),
            Self::LineCount => sum(|_| 1),
            Self::TotalWeight => sum(|it| it.quantity.saturating_mul(it.weight_g)),
            Self::Kind => Found::Text(match order.kind {
                OrderKind::Standard => "standard",
                OrderKind::Bulk => "bulk",
            }),
            Self::Urgent => Found::Flag(order.urgent),
            Self::Channel => Found::Text(order.channel.as_str()),
            Self::Currency => Found::Text(order.currency.code()),
            Self::Terms => Found::Text(match order.terms {
                Terms::Prepaid => "prepaid",
                Terms::OnAccount => "on_account",
            }),
            Self::Customer => Found::Text(order.customer.as_str()),
            Self::Tier => Found::Text(match order.tier {
                Tier::Regular => "regular",
                Tier::Silver => "silver",
                Tier::Gold => "gold",
                Tier::Key => "key",
            }),
            Self::Country => Found::Text(&order.ship_to.country),
            Self::Province => Found::Text(&order.ship_to.province),
            Self::City => Found::Text(&order.ship_to.city),
            Self::District => Found::Text(&order.ship_to.district),
            Self::Postcode => Found::Text(&order.ship_to.postcode),
            Self::SameCityKind => {
                Found::Kinds(subject.same_city.iter().map(|it| kind_name(*it)).collect())
            }
        }
    }
}

impl LineField {
    fn of(self, line: &Line) -> Found<'_> {
        match self {
            Self::Category => Found::Text(&line.category),
            Self::Sku => Found::Text(line.sku.as_str()),
            Self::Quantity => Found::Number(line.quantity),
            Self::Weight => Found::Number(line.weight_g),
        }
    }
}

impl Test {
    /// What is not known satisfies nothing, not even "is not".
    fn holds(&self, found: &Found<'_>) -> bool {
        if *found == Found::Nothing {
            return *self == Self::Exists(false);
        }
        match self {
            Self::Is(it) => it.is(found),
            Self::IsNot(it) => !it.is(found),
            Self::Above(it) => found.number().is_some_and(|found| found > *it),
            Self::AtLeast(it) => found.number().is_some_and(|found| found >= *it),
            Self::Below(it) => found.number().is_some_and(|found| found < *it),
            Self::AtMost(it) => found.number().is_some_and(|found| found <= *it),
            Self::Between(low, high) => {
                found.number().is_some_and(|found| (*low..=*high).contains(&found))
            }
            Self::OneOf(all) => all.iter().any(|it| it.is(found)),
            Self::NoneOf(all) => !all.iter().any(|it| it.is(found)),
            Self::StartsWith(start) => matches!(found, Found::Text(it) if it.starts_with(start)),
            Self::Exists(it) => *it == found.is_there(),
        }
    }
}

impl Operand {
    fn is(&self, found: &Found<'_>) -> bool {
        match (self, found) {
            (Self::Flag(it), Found::Flag(found)) => it == found,
            (Self::Number(it), _) => found.number() == Some(*it),
            (Self::Text(it), Found::Text(found)) => it == found,
            (Self::Text(it), Found::Kinds(kinds)) => kinds.contains(&it.as_str()),
            (Self::Flag(_) | Self::Text(_), _) => false,
        }
    }
}

impl Found<'_> {
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(it) | Self::Money(Yuan(it)) => Some(*it),
            Self::Nothing | Self::Flag(_) | Self::Text(_) | Self::Kinds(_) | Self::Lines(..) => {
                None
            }
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Text(it) => !it.is_empty(),
            Self::Kinds(it) => !it.is_empty(),
            Self::Flag(_) | Self::Number(_) | Self::Money(_) | Self::Lines(..) => true,
        }
    }
}

impl Serialize for Yuan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Currency::CNY.format(Cents(self.0)))
    }
}
