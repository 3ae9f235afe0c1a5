//! The credit of one order: what of it is in which stage, and what moved it there.

use contracts::credit::Exposure;
use contracts::{Actor, Cents, Currency, CustomerId, ItemUnits, OrderId, OrderLine, Timestamp};
use uuid::Uuid;

/// The credit of one order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Commitment {
    pub(crate) customer: CustomerId,
    pub(crate) currency: Currency,
    pub(crate) state: State,
    /// What the order asks of the customer's credit: its total, or nothing if it is prepaid.
    pub(crate) amount: Cents,
    /// What of it is freight. It goes with the first delivery; then nothing is left of it.
    pub(crate) freight: Cents,
    pub(crate) lines: Vec<Share>,
    /// The sums of its entries.
    pub(crate) stages: Exposure,
}

/// What became of an order's credit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Someone of this tier, who did not enter the order, has to decide.
    Held {
        tier: u8,
        entered_by: Actor,
    },
    Approved,
    Refused,
    /// The order is over. What is billed may still be open.
    Ended,
}

/// A line, and how many of its units have left what is authorised. What is delivered is counted
/// from the first unit on, what came back from the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) line: u16,
    pub(crate) quantity: i64,
    pub(crate) net: Cents,
    pub(crate) tax: Cents,
    pub(crate) delivered: i64,
    pub(crate) returned: i64,
}

/// A move of amounts between the stages of an order. Written once, and never changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) order: OrderId,
    pub(crate) kind: Kind,
    /// The shipment, the invoice or the payment that moved it, or a name of the order's own.
    pub(crate) cause: Uuid,
    pub(crate) at: Timestamp,
    /// What each stage gains; what it loses is below zero.
    pub(crate) change: Exposure,
    /// Who decided it and why, where a person did.
    pub(crate) remark: Option<String>,
}

/// What moves amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Hold,
    Authorise,
    ConvertDelivered,
    ConvertBilled,
    Settle,
    Release,
    Expire,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Hold,
        Self::Authorise,
        Self::ConvertDelivered,
        Self::ConvertBilled,
        Self::Settle,
        Self::Release,
        Self::Expire,
    ];

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hold => "HOLD",
            Self::Authorise => "AUTHORISE",
            Self::ConvertDelivered => "CONVERT_DELIVERED",
            Self::ConvertBilled => "CONVERT_BILLED",
            Self::Settle => "SETTLE",
            Self::Release => "RELEASE",
            Self::Expire => "EXPIRE",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl State {
    /// Its name in tables.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }
}

impl Share {
    pub(crate) fn of(line: &OrderLine) -> Self {
        let OrderLine { line, quantity, net, tax, .. } = *line;
        Self { line, quantity, net, tax, delivered: 0, returned: 0 }
    }

    /// Delivers the next units, as far as there are any, and tells their share of the gross.
    pub(crate) fn deliver(&mut self, units: i64) -> Cents {
        let from = self.delivered;
        self.delivered += units.clamp(0, self.left());
        self.of_first(self.delivered) - self.of_first(from)
    }

    /// Takes the last units back, as far as there are any, and tells their share of the gross.
    pub(crate) fn give_back(&mut self, units: i64) -> Cents {
        let to = self.quantity - self.returned;
        let units = units.clamp(0, self.left());
        self.returned += units;
        self.of_first(to) - self.of_first(to - units)
    }

    fn left(&self) -> i64 {
        (self.quantity - self.delivered - self.returned).max(0)
    }

    /// The share of the first so many units.
    fn of_first(&self, units: i64) -> Cents {
        part(self.net, self.quantity, units) + part(self.tax, self.quantity, units)
    }
}

/// What the first so many of all units have of an amount. Each has the same, to the whole minor
/// unit; what is left over goes to the first ones, one each. So parts of any size add up.
fn part(amount: Cents, quantity: i64, units: i64) -> Cents {
    if quantity <= 0 {
        return Cents::ZERO;
    }
    let (each, over) = (amount.0.div_euclid(quantity), amount.0.rem_euclid(quantity));
    Cents(each).times(units) + Cents(over.min(units))
}

impl Commitment {
    /// What these units come to, and the lines without them, when each line has them taken off in
    /// this way. Lines that the order does not have come to nothing: a prepaid order has none.
    pub(crate) fn without(
        &self,
        units: &[ItemUnits],
        take: fn(&mut Share, i64) -> Cents,
    ) -> (Cents, Vec<Share>) {
        let (mut sum, mut lines) = (Cents::ZERO, self.lines.clone());
        for it in units {
            if let Some(share) = lines.iter_mut().find(|share| share.line == it.line) {
                sum += take(share, it.quantity);
            }
        }
        (sum, lines)
    }
}

/// Stages, with what each of them gains.
pub(crate) fn plus(stages: Exposure, change: &Exposure) -> Exposure {
    Exposure {
        pending: stages.pending + change.pending,
        authorised: stages.authorised + change.authorised,
        delivered_unbilled: stages.delivered_unbilled + change.delivered_unbilled,
        billed_open: stages.billed_open + change.billed_open,
        prepaid: stages.prepaid + change.prepaid,
    }
}
