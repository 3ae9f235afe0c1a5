//! What an order goes through, which is in its name: so two runs of the same orders come to the same
//! end.

use anyhow::Context;
use contracts::intake::{Submission, SubmissionLine};
use contracts::{Cents, CustomerId, Sku, Status, Terms};
use kontor::seed::ITEMS;

use crate::Draft;

/// What an order goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Paid ahead, and delivered.
    Paid,
    /// On account, delivered, and every other one paid.
    Account,
    /// A unit was not on its shelf, and came from another.
    Short,
    /// Nobody took it at the door.
    Refused,
    /// Called off before it was paid.
    Dropped,
    /// Beyond the limit, and released by a person.
    Held,
}

impl Course {
    /// Ten orders of every sort.
    pub const MIX: [Self; 10] = [
        Self::Paid,
        Self::Account,
        Self::Paid,
        Self::Short,
        Self::Account,
        Self::Held,
        Self::Paid,
        Self::Refused,
        Self::Account,
        Self::Dropped,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Account => "account",
            Self::Short => "short",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
            Self::Held => "held",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::MIX.into_iter().find(|it| it.name() == name)
    }

    pub(super) fn terms(self) -> Terms {
        match self {
            Self::Paid | Self::Dropped | Self::Refused => Terms::Prepaid,
            Self::Account | Self::Short | Self::Held => Terms::OnAccount,
        }
    }
}

/// The name of an order of a run.
pub fn name(prefix: &str, nth: u64) -> String {
    let mix = Course::MIX.len() as u64;
    let course = Course::MIX[usize::try_from(nth % mix).unwrap_or_default()];
    format!("{prefix}-{}-{nth}", course.name())
}

pub(super) fn parts(external_id: &str) -> Option<(&str, Course, u64)> {
    let (rest, nth) = external_id.rsplit_once('-')?;
    let (prefix, course) = rest.rsplit_once('-')?;
    Some((prefix, Course::named(course)?, nth.parse().ok()?))
}

/// Where an order of this name ends.
#[derive(Debug, Clone, Copy)]
pub struct End {
    pub status: Status,
    /// It is on account, and paid once it is completed.
    pub paid_later: bool,
}

/// Where an order of this name ends.
pub fn end(external_id: &str) -> Option<End> {
    let (_, course, nth) = parts(external_id)?;
    let status = match course {
        Course::Paid | Course::Account | Course::Short | Course::Held => Status::Completed,
        Course::Refused | Course::Dropped => Status::Cancelled,
    };
    Some(End { status, paid_later: course == Course::Account && nth.is_multiple_of(2) })
}

/// What the storefront hands in under this name: always the same.
pub fn order(external_id: &str) -> anyhow::Result<Submission> {
    let (prefix, course, nth) = parts(external_id).context("a name of an order of a run")?;
    let mut order = Draft::prepaid(external_id)?.freight(Cents(1_200)).order();
    order.urgent = nth.is_multiple_of(11);
    let first = usize::try_from(nth)? % 9;
    let (mut net, mut tax) = (Cents::ZERO, Cents::ZERO);
    order.lines.clear();
    for (at, quantity) in [(first, 2 + nth % 3), ((first + 4) % 10, 1)] {
        let item = ITEMS[at];
        let quantity = i64::try_from(quantity)?;
        let amount = Cents(item.3).times(quantity);
        net += amount;
        tax += amount.ratio(item.5, 10_000);
        let (sku, unit_price) = (Sku::new(item.0)?, Cents(item.3));
        order.lines.push(SubmissionLine { sku, quantity, unit_price });
    }
    (order.tax, order.total, order.terms) = (tax, net + tax + order.freight, course.terms());
    order.customer = CustomerId::new(match course {
        Course::Held => format!("{prefix}-H"),
        Course::Account | Course::Short => format!("{prefix}-K"),
        Course::Paid | Course::Refused | Course::Dropped => format!("{prefix}-guest-{nth}"),
    })?;
    order.ship_to.name = course.name().to_owned(); // So that the warehouse knows.
    Ok(order)
}
