//! Open items, and what they tell of how a customer pays.

use contracts::{Cents, Currency, CustomerId};
use jiff::ToSpan;
use jiff::civil::Date;

/// From how many days over its due date on an open item stops every order.
const TOO_LATE: i32 = 60;

/// The days between which items count, as of the start of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) today: Date,
    /// Three calendar months ago: the repayment rate looks at what fell due since.
    pub(crate) quarter: Date,
    /// Twelve calendar months ago: a customer's usual month is an average since.
    pub(crate) year: Date,
    /// What was due before this day, and is open, is too late.
    pub(crate) late: Date,
}

impl Window {
    pub(crate) fn of(today: Date) -> Self {
        Self {
            today,
            quarter: today.saturating_sub(3.months()),
            year: today.saturating_sub(12.months()),
            late: today.saturating_sub(TOO_LATE.days()),
        }
    }
}

/// Something that is or was to be paid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) customer: CustomerId,
    pub(crate) currency: Currency,
    /// From another system: it is no order's debt.
    pub(crate) brought: bool,
    pub(crate) due: Date,
    pub(crate) amount: Cents,
    pub(crate) paid: Cents,
    /// The last day on which something was paid, and how much that day.
    pub(crate) paid_on: Option<Date>,
    pub(crate) that_day: Cents,
}

/// What the score needs to know of a customer's items in one currency: sums, so that one item's
/// part can be taken out and put in again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Fell due in the last three months, today not counted.
    pub(crate) due: Cents,
    /// What was paid of that, before today.
    pub(crate) paid: Cents,
    /// Fell due in the last twelve months.
    pub(crate) year: Cents,
    /// Open, and more than sixty days over its due date.
    pub(crate) overdue: Cents,
    /// What of that was brought along from another system: paying it lowers no order's debt.
    pub(crate) brought: Cents,
}

impl Item {
    /// Books a payment. Money that we have heard of has come: a later day means today.
    pub(crate) fn pay(&mut self, amount: Cents, value_date: Date, today: Date) {
        self.paid += amount;
        if value_date < today {
            return; // It counts at once, whatever came today.
        }
        if self.paid_on != Some(today) {
            self.that_day = Cents::ZERO;
        }
        self.paid_on = Some(today);
        self.that_day += amount;
    }

    /// What this item adds to its customer's figures. Nobody gains by paying too much.
    pub(crate) fn figures(&self, window: &Window) -> Figures {
        let counts = |it: bool, amount: Cents| if it { amount } else { Cents::ZERO };
        let in_year = window.year <= self.due && self.due < window.today;
        let in_quarter = in_year && window.quarter <= self.due;
        let today = counts(self.paid_on.is_some_and(|it| window.today <= it), self.that_day);
        let open = Cents((self.amount - self.paid).0.max(0));
        let overdue = counts(self.due < window.late, open);
        Figures {
            due: counts(in_quarter, self.amount),
            paid: counts(in_quarter, self.amount.min(self.paid - today)),
            year: counts(in_year, self.amount),
            overdue,
            brought: counts(self.brought, overdue),
        }
    }
}

impl Figures {
    /// The figures after an item changed from what it added before to what it adds now.
    pub(crate) fn change(&mut self, before: Self, after: Self) {
        self.due += after.due - before.due;
        self.paid += after.paid - before.paid;
        self.year += after.year - before.year;
        self.overdue += after.overdue - before.overdue;
        self.brought += after.brought - before.brought;
    }
}
