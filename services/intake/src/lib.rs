#![doc = include_str!("../README.md")]

mod address;
mod books;
mod cancellation;
mod carrying;
mod catalogue;
mod changes;
mod confirmation;
mod counter;
mod document;
pub mod machine;
pub mod memory;
mod order;
mod placement;
mod shelf;
mod shipment;
mod store;
mod submission;
#[cfg(test)]
mod tests;
mod vault;
mod wanted;

use chassis::{Batch, Counter, Decided, Migration, Service, migrations};
use contracts::credit::{CreditApproved, CreditHeld, HoldRefused, HoldReleased};
use contracts::finance::{InvoiceIssued, PaymentCaptured};
use contracts::fulfilment::{
    Delivered, DeliveryRefused, GivenUp, Packed, PickRequested, PickStarted, Picked,
    ReleaseWithdrawn, Returned, Shipped, WithdrawalRefused,
};
use contracts::intake::{
    CancelOrder, CancelRefused, CancellationRequested, CarryOver, CarryOverKnown, CarryOverRefused,
    ConsigneeNamed, HoldOverdue, ListItem, OrderCancelled, OrderCarriedOver, OrderCompleted,
    OrderConfirmed, OrderExpired, OrderHeld, OrderPlaced, OrderStatus, OrderSubmitted,
    PaymentOverdue, PaymentRequested, PlaceOrder, PlacementAccepted, PlacementConflict,
    PlacementDuplicate, PlacementRejected, PromotionRequested, RegisterCustomer, SourcingRequested,
    UnitsOf, WhoOrdered,
};
use contracts::inventory::{
    BackorderFilled, ClaimsPromoted, ClaimsWithdrawn, LeaseExpired, PromotionRefused, StockClaimed,
};
use contracts::{Contract, RawValue, message_set};
use sqlx::PgConnection;

message_set! {
    /// What intake hears: orders that are handed in and taken back, what the others say of them, what
    /// it is told of items and customers, and its own timers.
    pub enum Inbound {
        PlaceOrder,
        OrderSubmitted,
        CancelOrder,
        CarryOver,
        ListItem,
        RegisterCustomer,
        CreditApproved,
        CreditHeld,
        HoldReleased,
        HoldRefused,
        HoldOverdue,
        StockClaimed,
        BackorderFilled,
        ClaimsWithdrawn,
        LeaseExpired,
        ClaimsPromoted,
        PromotionRefused,
        PaymentCaptured,
        PaymentOverdue,
        PickRequested,
        PickStarted,
        Picked,
        Packed,
        Shipped,
        Delivered,
        DeliveryRefused,
        Returned,
        InvoiceIssued,
        ReleaseWithdrawn,
        WithdrawalRefused,
        GivenUp,
    }
}

message_set! {
    /// What intake says: to everyone, to whoever told it to do something, and to itself, later.
    pub enum Outbound {
        PlacementAccepted,
        PlacementDuplicate,
        PlacementConflict,
        PlacementRejected,
        OrderPlaced,
        OrderStatus,
        ConsigneeNamed,
        PaymentRequested,
        OrderHeld,
        PromotionRequested,
        SourcingRequested,
        OrderConfirmed,
        CancellationRequested,
        CancelRefused,
        OrderCancelled,
        OrderExpired,
        OrderCompleted,
        OrderCarriedOver,
        CarryOverKnown,
        CarryOverRefused,
        PaymentOverdue,
        HoldOverdue,
    }
}

message_set! {
    /// What intake can be asked.
    pub enum Questions { WhoOrdered, UnitsOf }
}

/// Intake.
#[derive(Debug)]
pub struct Intake;

impl Service for Intake {
    const NAME: &'static str = "intake";
    const MIGRATIONS: &'static [Migration] = migrations!["0001_orders"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let (mut books, before) = store::load(db, &batch).await?;
        let decided = batch.decide(|now, message| books.decide(now, message));
        store::save(db, &books, &before).await?;
        Ok(decided)
    }

    fn calls(&self) -> Vec<Contract> {
        vec![Contract::of::<PlaceOrder>(), Contract::of::<CancelOrder>()]
    }

    fn counters(&self) -> Vec<Counter> {
        counter::all()
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        match question {
            Questions::WhoOrdered(it) => {
                let entry = store::entry(db, it.order).await?;
                Ok(contracts::answer::<WhoOrdered>(&entry.map(vault::Entry::recipient)))
            }
            Questions::UnitsOf(it) => {
                Ok(contracts::answer::<UnitsOf>(&store::units(db, it.order).await?))
            }
        }
    }
}

/// What people wrote, as it is kept: without control characters, and so long at most.
fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|it| !it.is_control()).take(most).collect()
}
