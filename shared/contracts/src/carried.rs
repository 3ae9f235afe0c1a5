//! Orders that another system kept and ended, or will end: they stand in the register, and nothing is
//! done about them.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::intake::Problem;
use crate::{Actor, ChannelId, ExternalId, OrderId, Status, message, message_set};

/// An order as the other system told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CarriedOrder {
    /// As the other system calls the customer: 1 to 100 characters.
    pub customer: String,
    /// As it calls what was ordered: 1 to 200 characters.
    pub product: String,
    /// 1 to 1,000,000,000.
    pub quantity: i64,
    /// Which of our statuses comes closest; never `rejected`.
    pub status: Status,
    /// The status in its own word.
    pub stated: String,
    /// When it was to be completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated: Option<Date>,
    /// When it was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<Date>,
    /// Where the order came from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The step of the process at which it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub priority: String,
}

/// What does not fit together in an order that was carried over. It is taken as it was told all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarriedFlag {
    /// It was completed after the day that was estimated.
    Late,
    /// It bears a day of completion, and a status before the goods leave.
    CompletedTooEarly,
    /// It is completed, and nobody says when.
    NoCompletion,
}

impl CarriedOrder {
    /// What does not fit together.
    pub fn flags(&self) -> Vec<CarriedFlag> {
        let has_left = matches!(
            self.status,
            Status::PartiallyShipped
                | Status::Shipped
                | Status::PartiallyDelivered
                | Status::Delivered
                | Status::Completed
        );
        let mut flags = vec![];
        if self.estimated.zip(self.completed).is_some_and(|(due, done)| done > due) {
            flags.push(CarriedFlag::Late);
        }
        if self.completed.is_some() && !has_left {
            flags.push(CarriedFlag::CompletedTooEarly);
        }
        if self.completed.is_none() && self.status == Status::Completed {
            flags.push(CarriedFlag::NoCompletion);
        }
        flags
    }
}

/// Take an order into the register that another system kept. It is not checked, sourced or shipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarryOver {
    /// Stands for the system that kept it.
    pub channel: ChannelId,
    /// How that system numbered it.
    pub external_id: ExternalId,
    pub entered_by: Actor,
    pub order: CarriedOrder,
}
message!(CarryOver, "intake.carry-over.v1", keyed by channel / external_id,
    answered by CarryOverAnswer);

message_set! {
    /// What comes of [`CarryOver`]: in the register now, there before, or not taken.
    pub enum CarryOverAnswer { OrderCarriedOver, CarryOverKnown, CarryOverRefused }
}

/// An order that another system kept stands in the register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCarriedOver {
    pub order: OrderId,
    pub channel: ChannelId,
    /// How that system numbered it, and how people call it.
    pub external_id: ExternalId,
    pub carried: CarriedOrder,
    pub flags: Vec<CarriedFlag>,
    pub at: Timestamp,
    pub entered_by: Actor,
}
message!(OrderCarriedOver, "intake.carried-over.v1", keyed by order);

/// The same order was taken over before; this is it. Nothing changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarryOverKnown {
    pub order: OrderId,
    pub external_id: ExternalId,
}
message!(CarryOverKnown, "intake.carry-over-known.v1", keyed by order, in reply);

/// It was not taken, for all of these reasons: its number stands for something else, or it cannot be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarryOverRefused {
    pub channel: ChannelId,
    pub external_id: ExternalId,
    pub problems: Vec<Problem>,
}
message!(CarryOverRefused, "intake.carry-over-refused.v1", keyed by channel / external_id,
    in reply);
