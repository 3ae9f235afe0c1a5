//! What credit says, and what it can be told. Every order is answered once: approved, or held for a
//! person to decide. What was authorised is converted by delivery and invoice, or voided.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, Cents, Currency, CustomerId, OrderId, Silence, message, message_set};

/// Credit for the whole order is authorised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditApproved {
    pub order: OrderId,
    pub customer: CustomerId,
    /// Zero for a prepaid order.
    pub authorised: Cents,
    /// Within how many days of its date an invoice is to be paid.
    pub payment_days: i32,
    pub decision: CreditDecision,
}
message!(CreditApproved, "credit.approved.v1", keyed by order);

/// The order waits for a person; the decision says who may release it, and what would help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditHeld {
    pub order: OrderId,
    pub customer: CustomerId,
    pub amount: Cents,
    pub decision: CreditDecision,
}
message!(CreditHeld, "credit.held.v1", keyed by order);

/// A person released the hold: the order's credit is authorised, over the limit if need be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldReleased {
    pub order: OrderId,
    pub customer: CustomerId,
    pub authorised: Cents,
    /// Within how many days of its date an invoice is to be paid.
    pub payment_days: i32,
    pub by: Actor,
    pub reason: String,
}
message!(HoldReleased, "credit.hold-released.v1", keyed by order);

/// A person refused the order's credit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldRefused {
    pub order: OrderId,
    pub customer: CustomerId,
    pub by: Actor,
    pub reason: String,
}
message!(HoldRefused, "credit.hold-refused.v1", keyed by order);

/// What was authorised for the order, and not delivered, is free again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuthorisationVoided {
    pub order: OrderId,
    pub customer: CustomerId,
    pub amount: Cents,
}
message!(AuthorisationVoided, "credit.authorisation-voided.v1", keyed by order);

/// Why credit decided as it did: the figures as they stood in that transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditDecision {
    pub verdict: Verdict,
    pub class: RiskClass,
    /// In 1/100 points: 8900 is 89.00.
    pub score: i64,
    /// Three-month repayment rate after shrinking, in 1/10,000.
    pub repayment_rate: i64,
    /// Due in the last three months, and paid of it.
    pub due: Cents,
    pub paid: Cents,
    pub limit: Cents,
    /// What the customer owes and was promised, without this order.
    pub exposure: Exposure,
    /// With this order.
    pub exposure_after: Cents,
    /// What stopped it before any score: `blocked`, `overdue_60`, `limit_expired`, `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// Which rule spoke: a cell of the class table, `A.within` to `D.beyond`, or one before it:
    /// `stop`, `prepaid`, `free`, `no_limit`.
    pub rule: String,
    /// What would have made it pass: so much paid, or an order of no more than that. Absent where
    /// neither helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterfactual: Option<Counterfactual>,
}

/// A customer's debt by stage. Each amount of an order is in exactly one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// Held: waits for a person.
    pub pending: Cents,
    pub authorised: Cents,
    pub delivered_unbilled: Cents,
    pub billed_open: Cents,
    /// Paid ahead.
    pub prepaid: Cents,
}

impl Exposure {
    /// What counts against the limit; pending amounts do not, until they are released.
    pub fn total(&self) -> Cents {
        let owed = self.authorised + self.delivered_unbilled + self.billed_open;
        Cents((owed - self.prepaid).0.max(0))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Verdict {
    Approve,
    /// A person of this tier or above has to look: 1 clerk, 2 manager, 3 finance director.
    Review {
        tier: u8,
    },
    /// Only against payment in advance, unless a person of tier 3 releases it.
    Prepay,
    /// Not at all, unless a person of tier 3 releases it.
    Refuse,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum RiskClass {
    A,
    B,
    C,
    D,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counterfactual {
    /// The order would pass if so much were paid first.
    pub pay: Cents,
    /// Or if its total were no more than this. Zero: no order is small enough.
    pub at_most: Cents,
}

/// Agree with a customer on what they may owe us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetCreditLimit {
    pub customer: CustomerId,
    pub limit: Cents,
    pub currency: Currency,
    /// The last day on which the limit holds; for good, if none is given.
    pub until: Option<Date>,
    /// Days from the invoice to when it is due.
    pub payment_days: i32,
    pub by: Actor,
}
message!(SetCreditLimit, "credit.set-limit.v1", keyed by customer, answered by Silence);

/// Let a customer order on account no more, or again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockCustomer {
    pub customer: CustomerId,
    pub blocked: bool,
    pub by: Actor,
    pub reason: String,
}
message!(BlockCustomer, "credit.block.v1", keyed by customer, answered by Silence);

/// Bring a customer's past into the books: what was due when, and paid of it. For a merchant who
/// comes from another system. It tells how the customer pays, and what is overdue; what is open of
/// it does not count against the limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordHistory {
    pub customer: CustomerId,
    /// Unique a customer; the same number again changes the same item.
    pub document: String,
    pub due: Date,
    pub amount: Cents,
    pub paid: Cents,
}
message!(RecordHistory, "credit.record-history.v1", keyed by customer, answered by Silence);

/// Authorise the credit of an order that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseHold {
    pub order: OrderId,
    pub by: Actor,
    /// The approver's tier: 1 clerk, 2 manager, 3 finance director.
    pub tier: u8,
    pub reason: String,
}
message!(ReleaseHold, "credit.release-hold.v1", keyed by order, answered by ReleaseHoldAnswer);

message_set! {
    /// What comes of [`ReleaseHold`].
    pub enum ReleaseHoldAnswer { HoldReleased, ReleaseRefused }
}

/// Refuse the credit of an order that is held: the order ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefuseHold {
    pub order: OrderId,
    pub by: Actor,
    pub reason: String,
}
message!(RefuseHold, "credit.refuse-hold.v1", keyed by order, answered by RefuseHoldAnswer);

message_set! {
    /// What comes of [`RefuseHold`].
    pub enum RefuseHoldAnswer { HoldRefused, ReleaseRefused }
}

/// The hold stays as it is, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseRefused {
    pub order: OrderId,
    pub because: ReleaseRefusal,
}
message!(ReleaseRefused, "credit.release-refused.v1", keyed by order, in reply);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ReleaseRefusal {
    /// No hold of this order is open.
    NotHeld,
    /// Someone of this tier or above has to release it.
    TierTooLow { needed: u8 },
    /// Nobody releases an order that they entered.
    FourEyes,
}

/// How does this customer stand?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountOf {
    pub customer: CustomerId,
}
message!(AccountOf, "credit.account-of.v1", keyed by customer, asked for Option<AccountView>);

/// A customer's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    pub customer: CustomerId,
    pub limit: Cents,
    pub currency: Currency,
    pub blocked: bool,
    pub exposure: Exposure,
    pub changed_at: Timestamp,
}

/// Why was this order's credit decided so?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyCredit {
    pub order: OrderId,
}
message!(WhyCredit, "credit.why.v1", keyed by order, asked for Vec<CreditDecision>);
