//! What intake says, and what it can be told. Intake owns the commercial order: it takes it in,
//! confirms it when credit, stock and payment have answered, and ends it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Actor, Cents, ChannelId, Consignee, Currency, CustomerId, ExternalId, Language, LineUnits,
    OrderId, OrderKind, OrderLine, Place, Silence, Sku, Status, Terms, Tier, WarehouseId, message,
    message_set,
};

pub use crate::carried::{
    CarriedFlag, CarriedOrder, CarryOver, CarryOverAnswer, CarryOverKnown, CarryOverRefused,
    OrderCarriedOver,
};
pub use crate::reception::{Cancellation, Cancelled, Placement};
pub use crate::submission::{Recipient, ShipTo, Submission, SubmissionLine};
pub use crate::whereabouts::{LineBuckets, UnitsOf};

// ---- Taking an order in ------------------------------------------------------------------------

/// A storefront hands in an order and waits for the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceOrder {
    /// From the subject or the credentials, never from the body.
    pub channel: ChannelId,
    /// How the channel calls the order.
    pub external_id: ExternalId,
    /// The transport's key, if it differs from the external id: HTTP's `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    pub entered_by: Actor,
    /// What the storefront sent, unread.
    pub order: Value,
}
message!(PlaceOrder, "intake.place.v1", keyed by channel / external_id,
    answered by PlaceOrderAnswer);

message_set! {
    /// What comes of an order that is handed in.
    pub enum PlaceOrderAnswer {
        PlacementAccepted, PlacementDuplicate, PlacementConflict, PlacementRejected,
    }
}

/// A storefront hands in an order and does not wait; the stream keeps it while the suite is away.
/// What comes of it is told on the status stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSubmitted {
    pub channel: ChannelId,
    /// The idempotency key.
    pub external_id: ExternalId,
    /// What the storefront sent, unread.
    pub body: Value,
}
message!(OrderSubmitted, "intake.submitted.v1", keyed by channel / external_id,
    reported on "orders" / "submit" / channel / external_id to "ORDERS_SUBMIT", carrying Submission);

/// The order was taken in; it will not be lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementAccepted {
    pub order: OrderId,
    /// What people call it.
    pub order_no: String,
    pub external_id: ExternalId,
    pub status: Status,
}
message!(PlacementAccepted, "intake.placement-accepted.v1", keyed by order, in reply);

/// The same order was taken in before; this is it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementDuplicate {
    pub order: OrderId,
    pub order_no: String,
    pub external_id: ExternalId,
    /// Where that order is now.
    pub status: Status,
    /// What told that they are the same: `external_id`, `idempotency_key`, `po_number`.
    pub by: String,
}
message!(PlacementDuplicate, "intake.placement-duplicate.v1", keyed by order, in reply);

/// The key was used before for an order of other content. Nothing changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementConflict {
    /// The order that the key belongs to.
    pub order: OrderId,
    pub order_no: String,
    pub external_id: ExternalId,
    /// Which key: `external_id`, `idempotency_key`, `po_number`.
    pub by: String,
}
message!(PlacementConflict, "intake.placement-conflict.v1", keyed by order, in reply);

/// The order cannot be taken in, for all of these reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementRejected {
    pub channel: ChannelId,
    pub external_id: ExternalId,
    pub problems: Vec<Problem>,
}
message!(PlacementRejected, "intake.placement-rejected.v1", keyed by channel / external_id,
    in reply);

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A stable word for programs: `required`, `phone.format`, `sum.total`.
    pub code: String,
    /// A JSON pointer (RFC 6901) into what was sent: `/lines/0/quantity`.
    pub pointer: String,
    /// What stood there, cut to 100 characters; empty if nothing did.
    pub found: String,
    pub expected: String,
}

/// An order was taken in, and is checked. Everything that others need to know of it but who gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    pub order: OrderId,
    pub order_no: String,
    pub channel: ChannelId,
    pub external_id: ExternalId,
    pub customer: CustomerId,
    pub tier: Tier,
    pub kind: OrderKind,
    pub urgent: bool,
    pub terms: Terms,
    pub currency: Currency,
    pub lines: Vec<OrderLine>,
    /// Sum of the lines' net.
    pub net: Cents,
    /// Sum of the lines' tax.
    pub tax: Cents,
    /// Tax included.
    pub freight: Cents,
    /// `net + tax + freight`: what the customer pays.
    pub total: Cents,
    pub ship_to: Place,
    pub language: Language,
    /// Whether a mail address is known: to nobody without one are letters sent. Pages that do not say
    /// it are older than it is.
    #[serde(default = "perhaps")]
    pub has_email: bool,
    pub remark: String,
    pub placed_at: Timestamp,
    pub entered_by: Actor,
}
message!(OrderPlaced, "intake.placed.v1", keyed by order);

fn perhaps() -> bool {
    true
}

/// Who receives the goods: said for fulfilment, when the order is confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConsigneeNamed {
    pub order: OrderId,
    pub consignee: Consignee,
    pub place: Place,
}
message!(ConsigneeNamed, "intake.consignee-named.v1", keyed by order);

// ---- The course of an order --------------------------------------------------------------------

/// The order moved. Numbered 1, 2, 3 … for each external id of a channel, without gaps; a rejected
/// submission is told here too, and then has no order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderStatus {
    pub channel: ChannelId,
    pub external_id: ExternalId,
    pub number: i64,
    pub status: Status,
    pub order: Option<OrderId>,
    pub order_no: Option<String>,
    pub at: Timestamp,
    /// Why, as a stable word: `credit_review`, `paid`, `short_pick`; empty where the status says all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub by: Actor,
    /// What was wrong, if it was rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}
message!(OrderStatus, "intake.status.v1", keyed by channel / external_id,
    published to "orders" / "status" / channel / external_id / status on "ORDERS_STATUS");

/// A prepaid order has its goods; the customer is to pay by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRequested {
    pub order: OrderId,
    pub customer: CustomerId,
    pub amount: Cents,
    pub currency: Currency,
    pub until: Timestamp,
}
message!(PaymentRequested, "intake.payment-requested.v1", keyed by order);

/// Credit wants a person to look: firm claims become leases meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderHeld {
    pub order: OrderId,
    pub customer: CustomerId,
}
message!(OrderHeld, "intake.held.v1", keyed by order);

/// What stood in the way of firm claims is gone (paid, or released by credit): inventory promotes
/// the order's leases to firm claims, or claims anew where they lapsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PromotionRequested {
    pub order: OrderId,
}
message!(PromotionRequested, "intake.promotion-requested.v1", keyed by order);

/// Units of the order have no source (any more): short picked, a claim withdrawn, a lease lapsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcingRequested {
    pub order: OrderId,
    /// 1 was said with the placement; each request counts one further.
    pub attempt: i32,
    pub lines: Vec<LineUnits>,
    /// Not from there: it just failed to deliver.
    pub not_from: Vec<WarehouseId>,
    pub because: SourcingReason,
}
message!(SourcingRequested, "intake.sourcing-requested.v1", keyed by order);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourcingReason {
    ShortPick,
    ClaimWithdrawn,
    LeaseLapsed,
}

/// Credit, stock and payment are settled. Fulfilment acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderConfirmed {
    pub order: OrderId,
    pub customer: CustomerId,
}
message!(OrderConfirmed, "intake.confirmed.v1", keyed by order);

/// Somebody wants a released order back; the warehouse has to agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationRequested {
    pub order: OrderId,
    pub by: Actor,
    pub reason: String,
}
message!(CancellationRequested, "intake.cancellation-requested.v1", keyed by order);

/// The order will not be carried out: what was held for it is free, what was paid is given back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCancelled {
    pub order: OrderId,
    pub customer: CustomerId,
    pub because: CancelReason,
    pub by: Actor,
    pub remark: String,
}
message!(OrderCancelled, "intake.cancelled.v1", keyed by order);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer, or somebody for them, asked for it.
    Asked,
    /// There is no stock, and no date for it.
    NoSupply,
    /// Credit said no.
    CreditRefused,
    /// Nobody decided about the credit in time.
    HoldOverdue,
    /// The parcel came back.
    ReturnedUndelivered,
}

/// A prepaid order was not paid in time, or its goods were gone when it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderExpired {
    pub order: OrderId,
    pub customer: CustomerId,
}
message!(OrderExpired, "intake.expired.v1", keyed by order);

/// Every live unit is delivered and invoiced. Finance settles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCompleted {
    pub order: OrderId,
    pub customer: CustomerId,
}
message!(OrderCompleted, "intake.completed.v1", keyed by order);

// ---- Ending an order ---------------------------------------------------------------------------

/// The order is not wanted any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CancelOrder {
    pub order: OrderId,
    /// The channel that asks, if one does: it may end its own orders only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    pub by: Actor,
    pub reason: String,
}
message!(CancelOrder, "intake.cancel.v1", keyed by order, answered by CancelOrderAnswer);

message_set! {
    /// What comes of [`CancelOrder`]: done, asked of the warehouse, or refused.
    pub enum CancelOrderAnswer { OrderCancelled, CancellationRequested, CancelRefused }
}

/// The order stays as it is, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CancelRefused {
    pub order: OrderId,
    pub status: Option<Status>,
    pub because: CancelRefusal,
}
message!(CancelRefused, "intake.cancel-refused.v1", keyed by order, in reply);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelRefusal {
    /// There is no such order, or it is another channel's.
    Unknown,
    /// It ended before.
    AlreadyFinal,
    /// It is being asked of the warehouse.
    AlreadyRequested,
    /// It is picked: it has to be put away by hand first.
    Picked,
    /// It left. Only a recall or a return can bring it back.
    PastPointOfNoReturn,
}

// ---- Timers ------------------------------------------------------------------------------------

/// The time to pay is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentOverdue {
    pub order: OrderId,
    pub at: Timestamp,
}
message!(PaymentOverdue, "intake.payment-overdue.v1", keyed by order, due at at);

/// Nobody decided about the order's credit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldOverdue {
    pub order: OrderId,
    pub at: Timestamp,
}
message!(HoldOverdue, "intake.hold-overdue.v1", keyed by order, due at at);

// ---- Master data and questions -----------------------------------------------------------------

/// Put an item into the catalogue, or change it. Later orders follow it, earlier ones do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListItem {
    pub sku: Sku,
    pub name: String,
    pub category: String,
    /// Net, in the minor unit of `currency`.
    pub unit_price: Cents,
    pub currency: Currency,
    pub unit_cost: Cents,
    /// In 1/10,000.
    pub tax_rate: i64,
    pub weight_g: i64,
    /// Orders are for multiples of this.
    pub pack: i64,
    pub max_quantity: i64,
    pub active: bool,
}
message!(ListItem, "intake.list-item.v1", keyed by sku, answered by Silence);

/// Make a customer known, or change what is known of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterCustomer {
    pub customer: CustomerId,
    pub name: String,
    pub tier: Tier,
    /// Whether the customer may order on account at all; how much is for credit to say.
    pub on_account: bool,
    pub language: Language,
}
message!(RegisterCustomer, "intake.register-customer.v1", keyed by customer,
    answered by Silence);

/// Whom do we write to about this order?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhoOrdered {
    pub order: OrderId,
}
message!(WhoOrdered, "intake.who-ordered.v1", keyed by order, asked for Option<Recipient>);
