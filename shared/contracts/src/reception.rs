//! What storefronts send to end an order, and what they read in answer, over whichever way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::OrderId;
use crate::intake::{
    CancelOrderAnswer, CancelRefused, CancellationRequested, OrderCancelled, PlaceOrderAnswer,
    PlacementAccepted, PlacementConflict, PlacementDuplicate, Problem,
};

/// What a storefront reads in answer to an order that it hands in, over whichever way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Placement {
    Accepted(PlacementAccepted),
    Duplicate(PlacementDuplicate),
    Conflict(PlacementConflict),
    Rejected {
        problems: Vec<Problem>,
    },
    /// It is not known whether the order was taken in: hand it in again, it will not be doubled.
    Unknown {
        reason: String,
    },
}

impl From<PlaceOrderAnswer> for Placement {
    fn from(answer: PlaceOrderAnswer) -> Self {
        match answer {
            PlaceOrderAnswer::PlacementAccepted(it) => Self::Accepted(it),
            PlaceOrderAnswer::PlacementDuplicate(it) => Self::Duplicate(it),
            PlaceOrderAnswer::PlacementConflict(it) => Self::Conflict(it),
            PlaceOrderAnswer::PlacementRejected(it) => Self::Rejected { problems: it.problems },
        }
    }
}

/// What a storefront sends to end one of its orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    pub order: OrderId,
    pub reason: String,
}

/// What a storefront reads in answer to a [`Cancellation`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Cancelled {
    /// It is cancelled.
    Done(OrderCancelled),
    /// A warehouse has it, and is asked to leave it alone; the status stream will tell.
    Requested(CancellationRequested),
    Refused(CancelRefused),
    /// What was sent does not read.
    Rejected {
        problems: Vec<Problem>,
    },
    /// It is not known whether it was cancelled: ask again.
    Unknown {
        reason: String,
    },
}

impl From<CancelOrderAnswer> for Cancelled {
    fn from(answer: CancelOrderAnswer) -> Self {
        match answer {
            CancelOrderAnswer::OrderCancelled(it) => Self::Done(it),
            CancelOrderAnswer::CancellationRequested(it) => Self::Requested(it),
            CancelOrderAnswer::CancelRefused(it) => Self::Refused(it),
        }
    }
}
