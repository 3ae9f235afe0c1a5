#![doc = include_str!("../README.md")]

mod backorder;
mod books;
mod claim;
mod lease;
pub mod memory;
mod parcel;
mod shelf;
mod store;
#[cfg(test)]
mod tests;

use chassis::{Batch, Decided, Migration, Service, migrations};
use contracts::allocation::SourcingPlanned;
use contracts::fulfilment::{Picked, Returned, Shipped};
use contracts::intake::{
    OrderCancelled, OrderCompleted, OrderExpired, OrderHeld, PromotionRequested,
};
use contracts::inventory::{
    BackorderFilled, BackorderServed, BackordersDue, ClaimRefused, ClaimsPromoted, ClaimsReleased,
    ClaimsTaken, ClaimsWithdrawn, CountStock, LeaseEnds, LeaseExpired, LevelsDue, MovesOf,
    PromotionRefused, ReceiveStock, StockBooked, StockClaimed, StockLevel, StockOf, StockReceived,
    StockRefused, StockReported,
};
use contracts::{RawValue, message_set};
use sqlx::PgConnection;

message_set! {
    /// What inventory hears: plans and the course of orders, what warehouses did and found, and its
    /// own timers and notes.
    pub enum Inbound {
        SourcingPlanned,
        OrderHeld,
        PromotionRequested,
        OrderCancelled,
        OrderExpired,
        OrderCompleted,
        Picked,
        Shipped,
        Returned,
        ReceiveStock,
        CountStock,
        StockReported,
        LeaseEnds,
        LevelsDue,
        BackorderServed,
        ClaimsTaken,
        BackordersDue,
    }
}

message_set! {
    /// What inventory says: what is claimed, refused, released; how much there is; and what it
    /// reminds itself of.
    pub enum Outbound {
        StockClaimed,
        ClaimRefused,
        ClaimsPromoted,
        PromotionRefused,
        LeaseExpired,
        ClaimsReleased,
        BackorderFilled,
        ClaimsWithdrawn,
        StockLevel,
        StockReceived,
        StockBooked,
        StockRefused,
        LeaseEnds,
        LevelsDue,
        BackorderServed,
        ClaimsTaken,
        BackordersDue,
    }
}

message_set! {
    /// What inventory can be asked.
    pub enum Questions { StockOf, MovesOf }
}

/// The keeper of the stock.
#[derive(Debug)]
pub struct Inventory;

impl Service for Inventory {
    const NAME: &'static str = "inventory";
    const MIGRATIONS: &'static [Migration] = migrations!["0001_stock"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let mut books = store::load(db, &batch).await?;
        let decided = batch.decide(|now, message| books.decide(now, &message));
        store::save(db, &books).await?;
        Ok(decided)
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        Ok(match question {
            Questions::StockOf(it) => {
                contracts::answer::<StockOf>(&store::stock_of(db, &it.sku).await?)
            }
            Questions::MovesOf(it) => {
                contracts::answer::<MovesOf>(&store::moves_of(db, &it).await?)
            }
        })
    }
}
