//! What a customer's past and present debt say about one more order. Whole numbers only: rates are
//! in 1/10,000, scores in 1/100 points, halves go to even.

use chassis::plant::{Bug, planted};
use contracts::credit::{Counterfactual, CreditDecision, Exposure, RiskClass, Verdict};
use contracts::{Cents, Terms, half_even};

use crate::item::Figures;

/// How much of what falls due is taken to be paid by someone of whom we know nothing.
const PRIOR_RATE: i64 = 8_000;

/// What a customer of the merchant has due in a usual month, the median of all. It stands in for
/// the own average of a customer to whom nothing fell due for a year. Nothing fell due to them in
/// three months either then, so their rate is the prior one whatever stands here but zero.
const USUAL_MONTH: Cents = Cents(10_000_000);

/// Up to what part of the limit a customer of class B is let through, in tenths.
const B_TENTHS: i64 = 9;

/// Up to what part of the limit an order is only slightly over it, in tenths.
const SLIGHTLY_OVER_TENTHS: i64 = 11;

/// How far over the limit a clerk may let somebody go: part of it in percent, and at the most.
const CLERK: (i64, Cents) = (5, Cents(5_000_000));

/// The same for a manager. Beyond that it is for the finance director to say.
const MANAGER: (i64, Cents) = (20, Cents(50_000_000));

/// What is to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) terms: Terms,
    /// The order's total.
    pub(crate) total: Cents,
    /// In the order's currency; zero if there is none.
    pub(crate) limit: Cents,
    /// Without the order.
    pub(crate) exposure: Exposure,
    pub(crate) figures: Figures,
    pub(crate) stop: Option<Stop>,
}

/// What stops an order before any score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Blocked,
    /// Something is open for more than sixty days, here or in another currency.
    Overdue {
        elsewhere: bool,
    },
    LimitExpired,
    /// The limit is in another one, and there is no rate.
    Currency,
}

impl Stop {
    fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Overdue { .. } => "overdue_60",
            Self::LimitExpired => "limit_expired",
            Self::Currency => "currency",
        }
    }

    /// Where only the limit is not to be had, payment in advance does. Whoever pays in advance
    /// already cannot be asked for that again.
    fn verdict(self, terms: Terms) -> Verdict {
        match (self, terms) {
            (Self::LimitExpired | Self::Currency, Terms::OnAccount) => Verdict::Prepay,
            (Self::LimitExpired | Self::Currency, Terms::Prepaid)
            | (Self::Blocked | Self::Overdue { .. }, _) => Verdict::Refuse,
        }
    }
}

/// Judges an order.
pub(crate) fn judge(case: &Case) -> CreditDecision {
    let Case { terms, total, limit, exposure, figures, stop } = *case;
    let asked = if terms == Terms::Prepaid { Cents::ZERO } else { total };
    let rate = repayment_rate(&figures);
    let without = owed(&exposure);
    let after = Cents((without + asked).0.max(0));
    let score = score(rate, after, limit);
    let class = class(score);
    let (verdict, rule) = match (stop, terms) {
        (Some(stop), terms) => (stop.verdict(terms), "stop"),
        (None, Terms::Prepaid) => (Verdict::Approve, "prepaid"),
        (None, Terms::OnAccount) if asked == Cents::ZERO => (Verdict::Approve, "free"),
        (None, Terms::OnAccount) if planted(Bug::OverLimit) => (Verdict::Approve, "planted"),
        (None, Terms::OnAccount) => table(class, after, limit),
    };
    CreditDecision {
        verdict,
        class,
        score,
        repayment_rate: rate,
        due: figures.due,
        paid: figures.paid,
        limit,
        exposure,
        exposure_after: after,
        stop: stop.map(|it| it.name().to_owned()),
        rule: rule.to_owned(),
        counterfactual: if verdict == Verdict::Approve {
            None
        } else {
            counterfactual(case, rate, after, asked)
        },
    }
}

/// Three-month repayment rate. A month's worth of the prior rate is mixed in, so that few invoices
/// do not make a saint or a sinner: `(P + m · p0) / (D + m)`, times twelve, for the usual month is
/// a twelfth of the year's sum and need not be whole.
pub(crate) fn repayment_rate(figures: &Figures) -> i64 {
    let twelve = |it: Cents| i128::from(it.0) * 12;
    let year =
        if figures.year > Cents::ZERO { i128::from(figures.year.0) } else { twelve(USUAL_MONTH) };
    let paid = twelve(figures.paid) * 10_000 + year * i128::from(PRIOR_RATE);
    half_even(paid, twelve(figures.due) + year)
}

/// 60 points for the repayment rate, 40 for the part of the limit that is free.
pub(crate) fn score(rate: i64, debt: Cents, limit: Cents) -> i64 {
    if limit <= Cents::ZERO {
        return half_even(i128::from(rate) * 6, 10);
    }
    let (debt, limit) = (i128::from(debt.min(limit).0), i128::from(limit.0));
    half_even(i128::from(rate) * 6 * limit + 40_000 * (limit - debt), 10 * limit)
}

pub(crate) fn class(score: i64) -> RiskClass {
    match score {
        8_000.. => RiskClass::A,
        6_000.. => RiskClass::B,
        4_000.. => RiskClass::C,
        _ => RiskClass::D,
    }
}

/// The verdict on a class of customer who, with the order, would owe so much.
pub(crate) fn table(class: RiskClass, after: Cents, limit: Cents) -> (Verdict, &'static str) {
    use RiskClass::{A, B, C, D};
    use Room::{Beyond, Slightly, Within};
    let review = |tier| Verdict::Review { tier };
    if limit <= Cents::ZERO {
        let verdict = if class == D { Verdict::Refuse } else { Verdict::Prepay };
        return (verdict, "no_limit");
    }
    match (class, Room::of(after, limit)) {
        (A, Within) => (Verdict::Approve, "A.within"),
        (A, Slightly) => (review(1), "A.slightly_over"),
        (A, Beyond) => (review(tier(after - limit, limit)), "A.beyond"),
        (B, Within) if at_most_tenths(after, limit, B_TENTHS) => (Verdict::Approve, "B.within_90"),
        (B, Within) => (review(1), "B.above_90"),
        (B, Slightly) => (review(2), "B.slightly_over"),
        (B, Beyond) => (Verdict::Prepay, "B.beyond"),
        (C, Within) => (review(1), "C.within"),
        (C, Slightly) => (Verdict::Prepay, "C.slightly_over"),
        (C, Beyond) => (Verdict::Refuse, "C.beyond"),
        (D, Within) => (Verdict::Prepay, "D.within"),
        (D, Slightly) => (Verdict::Refuse, "D.slightly_over"),
        (D, Beyond) => (Verdict::Refuse, "D.beyond"),
    }
}

/// The limit, and what a customer would owe with the order.
#[derive(Debug, Clone, Copy)]
enum Room {
    Within,
    Slightly,
    Beyond,
}

impl Room {
    fn of(after: Cents, limit: Cents) -> Self {
        if after <= limit {
            Self::Within
        } else if at_most_tenths(after, limit, SLIGHTLY_OVER_TENTHS) {
            Self::Slightly
        } else {
            Self::Beyond
        }
    }
}

fn at_most_tenths(part: Cents, whole: Cents, tenths: i64) -> bool {
    i128::from(part.0) * 10 <= i128::from(whole.0) * i128::from(tenths)
}

/// Who may let somebody go so far over the limit: 1 clerk, 2 manager, 3 finance director.
pub(crate) fn tier(over: Cents, limit: Cents) -> u8 {
    let within = |(percent, most): (i64, Cents)| {
        over <= most && i128::from(over.0) * 100 <= i128::from(limit.0) * i128::from(percent)
    };
    match (within(CLERK), within(MANAGER)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 3,
    }
}

/// Who may release an order that was judged so.
pub(crate) fn releasing_tier(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Approve => 0,
        Verdict::Review { tier } => tier,
        Verdict::Prepay | Verdict::Refuse => 3,
    }
}

/// What is owed and promised, less what was paid ahead. Below zero for whoever has paid ahead more.
fn owed(exposure: &Exposure) -> Cents {
    exposure.authorised + exposure.delivered_unbilled + exposure.billed_open - exposure.prepaid
}

/// What would have made the order pass. What is paid today lowers the debt at once, but counts for
/// the repayment rate from tomorrow on; so the rate is taken as it stands, and the figures are
/// exact. Nothing is said where no payment helps.
fn counterfactual(case: &Case, rate: i64, after: Cents, asked: Cents) -> Option<Counterfactual> {
    let Figures { overdue, brought, .. } = match case.stop {
        None => Figures::default(),
        Some(Stop::Overdue { elsewhere: false }) => case.figures,
        Some(
            Stop::Overdue { elsewhere: true } | Stop::Blocked | Stop::LimitExpired | Stop::Currency,
        ) => return None,
    };
    if asked == Cents::ZERO {
        // The limit does not matter; and without a stop it would have passed.
        return Some(Counterfactual { pay: overdue, at_most: Cents::ZERO });
    }
    let debt = most_debt(rate, case.limit)?;
    let room = Cents((debt - owed(&case.exposure)).0.max(0));
    Some(Counterfactual {
        pay: brought + (overdue - brought).max(after - debt),
        // While something is overdue, no order is small enough.
        at_most: if overdue > Cents::ZERO { Cents::ZERO } else { room },
    })
}

/// The most debt with which an order still passes, its own amount included. The more debt, the
/// lower the score and the less room: so there is one such point, found by halving.
fn most_debt(rate: i64, limit: Cents) -> Option<Cents> {
    let passes = |debt: i64| {
        let class = class(score(rate, Cents(debt), limit));
        table(class, Cents(debt), limit).0 == Verdict::Approve
    };
    if !passes(0) {
        return None;
    }
    let (mut most, mut too_much) = (0, limit.0 + 1);
    while too_much - most > 1 {
        let middle = most + (too_much - most) / 2;
        if passes(middle) { most = middle } else { too_much = middle }
    }
    Some(Cents(most))
}
