#![doc = include_str!("../README.md")]

mod books;
mod dispatch;
pub mod memory;
mod parcel;
mod release;
mod report;
mod shipment;
mod store;
#[cfg(test)]
mod tests;

use chassis::{Batch, Decided, Migration, Service, migrations};
use contracts::allocation::{SourcingFailed, SourcingPlanned};
use contracts::fulfilment::{
    CarrierReported, Delivered, DeliveryRefused, GivenUp, Packed, ParcelNoted, PickRequested,
    PickStarted, PickWithdrawn, Picked, ReleaseWithdrawn, ReportsRefused, Returned, ShipmentsOf,
    Shipped, WarehouseReported, WithdrawalRefused,
};
use contracts::intake::{
    CancellationRequested, ConsigneeNamed, OrderCancelled, OrderConfirmed, OrderExpired,
    OrderPlaced,
};
use contracts::inventory::{
    BackorderFilled, ClaimsPromoted, ClaimsWithdrawn, LeaseExpired, PromotionRefused, StockClaimed,
};
use contracts::{RawValue, message_set};
use sqlx::PgConnection;

message_set! {
    /// What fulfilment hears: what happened to the order, what is claimed for it, what warehouses
    /// and carriers report, and its own notes.
    pub enum Inbound {
        OrderPlaced,
        ConsigneeNamed,
        OrderConfirmed,
        CancellationRequested,
        OrderCancelled,
        OrderExpired,
        SourcingPlanned,
        SourcingFailed,
        StockClaimed,
        BackorderFilled,
        ClaimsPromoted,
        ClaimsWithdrawn,
        LeaseExpired,
        PromotionRefused,
        WarehouseReported,
        CarrierReported,
        ParcelNoted,
    }
}

message_set! {
    /// What fulfilment says: to warehouses, to everyone, and to an order's own worker.
    pub enum Outbound {
        PickRequested,
        PickWithdrawn,
        PickStarted,
        Picked,
        Packed,
        Shipped,
        Delivered,
        DeliveryRefused,
        Returned,
        ReleaseWithdrawn,
        WithdrawalRefused,
        GivenUp,
        ParcelNoted,
    }
}

message_set! {
    /// What fulfilment can be asked.
    pub enum Questions {
        ShipmentsOf,
        ReportsRefused,
    }
}

/// Fulfilment.
#[derive(Debug)]
pub struct Fulfilment;

impl Service for Fulfilment {
    const NAME: &'static str = "fulfilment";
    const MIGRATIONS: &'static [Migration] = migrations!["0001_dispatch"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let mut books = store::load(db, &batch).await?;
        let decided = batch.decide(|now, message| books.decide(now, message));
        store::save(db, &books).await?;
        Ok(decided)
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        Ok(match question {
            Questions::ShipmentsOf(it) => {
                contracts::answer::<ShipmentsOf>(&store::shipments_of(db, it.order).await?)
            }
            Questions::ReportsRefused(it) => {
                contracts::answer::<ReportsRefused>(&store::refused_of(db, &it.reporter).await?)
            }
        })
    }
}
