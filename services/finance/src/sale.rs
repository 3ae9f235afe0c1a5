//! An order as finance sees it: what was sold, what left for it, and what was paid for it.

use std::collections::BTreeMap;

use contracts::{
    Cents, Currency, CustomerId, InvoiceId, ItemUnits, PaymentId, ProviderId, ShipmentId, Terms,
    Timestamp, Uuid,
};
use jiff::civil::Date;

/// All that is on file about one order. Money may come before the order does.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct File {
    pub(crate) sale: Option<Sale>,
    pub(crate) parcels: BTreeMap<ShipmentId, Parcel>,
    pub(crate) deposits: BTreeMap<PaymentKey, Deposit>,
}

/// What names a payment for ever.
pub(crate) type PaymentKey = (ProviderId, PaymentId);

/// What was sold, and on what terms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sale {
    pub(crate) customer: CustomerId,
    pub(crate) terms: Terms,
    pub(crate) currency: Currency,
    pub(crate) total: Cents,
    pub(crate) freight: Cents,
    pub(crate) state: State,
    /// That it is paid in full was said.
    pub(crate) captured: bool,
    /// Within how many days of its date an invoice is to be paid, on account.
    pub(crate) payment_days: i32,
    pub(crate) lines: Vec<SaleLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Cancelled,
    Expired,
    /// All has arrived or is back; the closing account waits for the number of an invoice.
    Completing,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SaleLine {
    pub(crate) line: u16,
    pub(crate) quantity: i64,
    pub(crate) net: Cents,
    pub(crate) tax: Cents,
    pub(crate) unit_cost: Cents,
    pub(crate) delivered: i64,
}

/// What left in one shipment, and the invoice for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parcel {
    pub(crate) stage: Stage,
    /// What its goods cost us. What left the shelf at this cost also arrives at it, or comes back.
    pub(crate) cost: Cents,
    /// What is billed, freight included. Nothing until it is delivered.
    pub(crate) net: Cents,
    pub(crate) tax: Cents,
    pub(crate) paid: Cents,
}

/// Where a parcel is. It goes from one to the next, and never back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    Dispatched,
    /// And its invoice waits for a number.
    Delivered,
    Invoiced(Invoice),
    Returned,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invoice {
    pub(crate) number: String,
    pub(crate) issued_on: Date,
    pub(crate) due_on: Date,
}

/// Money that came for an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deposit {
    pub(crate) amount: Cents,
    pub(crate) currency: Currency,
    pub(crate) state: DepositState,
    /// What of it has neither paid an invoice nor gone back.
    pub(crate) unapplied: Cents,
    pub(crate) value_date: Date,
    pub(crate) noted_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DepositState {
    /// There is no such order yet.
    Waiting,
    /// The order is in another currency. A person has to look at it.
    Foreign,
    Booked,
}

/// A part of a deposit that was taken for something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) payment: PaymentKey,
    pub(crate) amount: Cents,
    pub(crate) value_date: Date,
}

impl Sale {
    /// What these units cost us. Units of unknown lines cost nothing; they were never sold.
    pub(crate) fn cost_of(&self, units: &[ItemUnits]) -> Cents {
        let cost = |it: &ItemUnits| {
            let line = self.lines.iter().find(|line| line.line == it.line);
            line.map_or(Cents::ZERO, |line| line.unit_cost.times(it.quantity.max(0)))
        };
        units.iter().map(cost).sum()
    }

    /// Delivers these units. Returns the net and the tax that they add to what is billed: all
    /// deliveries of a line add up to the line exactly. Nothing is billed beyond what was ordered.
    pub(crate) fn deliver(&mut self, units: &[ItemUnits]) -> (Cents, Cents) {
        let (mut net, mut tax) = (Cents::ZERO, Cents::ZERO);
        for unit in units {
            if let Some(line) = self.lines.iter_mut().find(|line| line.line == unit.line) {
                let before = line.delivered;
                line.delivered = (before + unit.quantity.max(0)).min(line.quantity);
                let share = |of| {
                    share(of, line.quantity, line.delivered) - share(of, line.quantity, before)
                };
                net += share(line.net);
                tax += share(line.tax);
            }
        }
        (net, tax)
    }
}

/// What the first so many of all units of a line have of its amount, by largest remainder: the
/// units that come first have the odd cents.
pub(crate) fn share(amount: Cents, quantity: i64, units: i64) -> Cents {
    if quantity <= 0 {
        return Cents::ZERO;
    }
    let (each, odd) = (amount.0.div_euclid(quantity), amount.0.rem_euclid(quantity));
    Cents(each).times(units) + Cents(odd.min(units))
}

impl Parcel {
    pub(crate) fn gross(&self) -> Cents {
        self.net + self.tax
    }

    /// What is owed for it by invoice.
    pub(crate) fn open(&self) -> Cents {
        match self.stage {
            Stage::Invoiced(_) => self.gross() - self.paid,
            Stage::Dispatched | Stage::Delivered | Stage::Returned => Cents::ZERO,
        }
    }

    pub(crate) fn is_delivered(&self) -> bool {
        matches!(self.stage, Stage::Delivered | Stage::Invoiced(_))
    }
}

impl File {
    /// What is unpaid by invoice, the oldest first.
    pub(crate) fn open_invoices(&self) -> Vec<ShipmentId> {
        let mut open: Vec<_> = self
            .parcels
            .iter()
            .filter_map(|(shipment, it)| match &it.stage {
                Stage::Invoiced(invoice) if it.open() > Cents::ZERO => {
                    // 2026-1000000 is younger than 2026-999999.
                    Some(((invoice.issued_on, invoice.number.len(), &invoice.number), *shipment))
                }
                Stage::Dispatched | Stage::Delivered | Stage::Invoiced(_) | Stage::Returned => None,
            })
            .collect();
        open.sort();
        open.into_iter().map(|(_, shipment)| shipment).collect()
    }

    /// What was paid and booked, whatever became of it.
    pub(crate) fn paid(&self) -> Cents {
        let booked = self.deposits.values().filter(|it| it.state == DepositState::Booked);
        booked.map(|it| it.amount).sum()
    }

    /// Money in hand that nothing needs: neither an invoice, nor one that waits for its number.
    pub(crate) fn unneeded(&self) -> Cents {
        let in_hand: Cents = self.deposits.values().map(|it| it.unapplied).sum();
        let pending = self.parcels.values().filter(|it| it.stage == Stage::Delivered);
        (in_hand - pending.map(Parcel::gross).sum()).max(Cents::ZERO)
    }

    /// Takes up to this much of the money in hand, the oldest first.
    pub(crate) fn draw(&mut self, most: Cents) -> Vec<Drawn> {
        let mut left = most;
        let mut deposits: Vec<_> = self.deposits.iter_mut().collect();
        deposits.sort_by_key(|(_, it)| it.noted_at); // Stable: the key decides between equals.
        let mut drawn = Vec::new();
        for (payment, deposit) in deposits {
            let amount = deposit.unapplied.min(left);
            if amount > Cents::ZERO {
                deposit.unapplied -= amount;
                left -= amount;
                let (payment, value_date) = (payment.clone(), deposit.value_date);
                drawn.push(Drawn { payment, amount, value_date });
            }
        }
        drawn
    }
}

/// The invoice for a shipment: there is one at most.
pub(crate) fn invoice_of(shipment: ShipmentId) -> InvoiceId {
    InvoiceId(Uuid::new_v5(&shipment.0, b"invoice"))
}
