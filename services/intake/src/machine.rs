//! The published state machine: what an order may show after what. What an order shows follows from
//! its units and never from this table; the tests hold the one to the other.

use contracts::Status;

/// What may follow on each state, and what begins.
pub const AFTER: &[(Option<Status>, &[Status])] = {
    use Status::{
        AwaitingPayment, Backordered, Cancelled, Checking, Completed, Confirmed, CreditHold,
        Delivered, Expired, Packed, PartiallyDelivered, PartiallyShipped, Picking, Rejected,
        Released, Shipped,
    };
    &[
        (None, &[Checking, Rejected]),
        (Some(Checking), &[CreditHold, AwaitingPayment, Confirmed, Backordered, Cancelled]),
        (Some(CreditHold), &[Checking, AwaitingPayment, Confirmed, Backordered, Cancelled]),
        (Some(AwaitingPayment), &[Confirmed, Backordered, Expired, Cancelled]),
        (Some(Confirmed), &[Backordered, Released, Picking, Cancelled]),
        // Picking: what a count took, and nobody had any more, was found by its picker all the same.
        (Some(Backordered), &[Confirmed, Picking, Cancelled]),
        (Some(Released), &[Picking, Cancelled]),
        (Some(Picking), &[Confirmed, Backordered, Released, Packed, PartiallyShipped]),
        (Some(Packed), &[PartiallyShipped, Shipped]),
        (
            Some(PartiallyShipped),
            &[
                Confirmed,
                Backordered,
                Released,
                Picking,
                Packed,
                Shipped,
                PartiallyDelivered,
                Delivered,
            ],
        ),
        (Some(Shipped), &[PartiallyDelivered, Delivered, Cancelled]),
        (Some(PartiallyDelivered), &[Delivered]),
        (Some(Delivered), &[Completed]),
        (Some(Completed), &[]),
        (Some(Cancelled), &[]),
        (Some(Expired), &[]),
        // Of another submission under the same name.
        (Some(Rejected), &[Checking, Rejected]),
    ]
};

/// Whether this may be shown after that.
pub fn may_follow(before: Option<Status>, shown: Status) -> bool {
    AFTER.iter().any(|(it, after)| *it == before && after.contains(&shown))
}
