//! What has happened in the demo so far, told in a line now and then.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use contracts::Status;

/// Counts what the storefronts are told, and what goes wrong.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) placed: Count,
    pub(super) short: Count,
    refused: Count,
    paid: Count,
    held: Count,
    backordered: Count,
    shipped: Count,
    completed: Count,
    ended: Count,
}

/// How often something happened.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// A storefront was told this of an order.
    pub(super) fn told(&self, status: Status) {
        match status {
            Status::CreditHold => self.held.up(),
            Status::Backordered => self.backordered.up(),
            Status::Shipped => self.shipped.up(),
            Status::Completed => self.completed.up(),
            Status::Cancelled | Status::Expired | Status::Rejected => self.ended.up(),
            Status::Checking
            | Status::AwaitingPayment
            | Status::Confirmed
            | Status::Released
            | Status::Picking
            | Status::Packed
            | Status::PartiallyShipped
            | Status::PartiallyDelivered
            | Status::Delivered => {}
        }
    }

    /// Money was sent.
    pub(super) fn paid(&self) {
        self.paid.up();
    }

    /// A customer did not take a parcel.
    pub(super) fn refused(&self) {
        self.refused.up();
    }

    /// Writes the line.
    pub(super) fn tell(&self) {
        writeln!(io::stdout(), "  {self}").ok(); // Nobody looks any more.
    }
}

/// `orders placed: 31 · 12 payments …`, without what did not happen.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "orders placed: {}", self.placed.get())?;
        for (count, what) in [
            (&self.paid, "payments"),
            (&self.held, "held for credit"),
            (&self.backordered, "out of stock"),
            (&self.short, "picked short"),
            (&self.shipped, "shipped"),
            (&self.refused, "refused at the door"),
            (&self.completed, "completed"),
            (&self.ended, "cancelled or expired"),
        ] {
            if count.get() > 0 {
                write!(f, " · {} {what}", count.get())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let tally = Tally::default();
        tally.placed.up();
        assert_eq!(tally.to_string(), "orders placed: 1");
        tally.told(Status::Expired);
        tally.told(Status::Cancelled);
        tally.told(Status::Checking);
        assert_eq!(tally.to_string(), "orders placed: 1 · 2 cancelled or expired");
    }
}
