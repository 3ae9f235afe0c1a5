#![doc = include_str!("../README.md")]

mod access;
mod commands;
mod console;
mod documents;
mod export;
mod following;
mod http;
mod import;
pub mod memory;
mod order;
mod settings;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;
mod views;

use std::net::SocketAddr;

use chassis::{Batch, Decided, Duty, Migration, Pace, Service, migrations};
use contracts::allocation::{SourcingFailed, SourcingPlanned};
use contracts::credit::{CreditApproved, CreditHeld, HoldRefused, HoldReleased};
use contracts::finance::{
    InvoiceIssued, OrderSettled, PaymentCaptured, PaymentReceived, RefundDue,
};
use contracts::fulfilment::{
    Delivered, DeliveryRefused, Packed, PickRequested, PickStarted, PickWithdrawn, Picked,
    Returned, Shipped, WithdrawalRefused,
};
use contracts::intake::{
    CancellationRequested, OrderCancelled, OrderCarriedOver, OrderPlaced, OrderStatus,
    PaymentRequested, SourcingRequested,
};
use contracts::inventory::{
    BackorderFilled, ClaimsPromoted, ClaimsReleased, ClaimsWithdrawn, LeaseExpired, StockClaimed,
    StockLevel,
};
use contracts::notification::{LetterFailed, LetterSent};
use contracts::{Contract, Silence, message_set};
use sqlx::PgConnection;
use tokio::sync::watch;

pub use access::{AccessSettings, fingerprint};
pub use http::openapi;
pub use settings::{GatewaySettings, ShopZone};
use views::Views;

message_set! {
    /// What the gateway hears: everything of an order that is worth showing, and stock levels.
    pub enum Inbound {
        OrderPlaced,
        OrderCarriedOver,
        OrderStatus,
        OrderCancelled,
        CancellationRequested,
        PaymentRequested,
        SourcingRequested,
        CreditApproved,
        CreditHeld,
        HoldReleased,
        HoldRefused,
        SourcingPlanned,
        SourcingFailed,
        StockClaimed,
        BackorderFilled,
        ClaimsPromoted,
        ClaimsReleased,
        ClaimsWithdrawn,
        LeaseExpired,
        StockLevel,
        PickRequested,
        PickWithdrawn,
        WithdrawalRefused,
        PickStarted,
        Picked,
        Packed,
        Shipped,
        Delivered,
        DeliveryRefused,
        Returned,
        PaymentCaptured,
        PaymentReceived,
        InvoiceIssued,
        RefundDue,
        OrderSettled,
        LetterSent,
        LetterFailed,
    }
}

/// The read model of all orders, and the way in over HTTP.
#[derive(Debug, Clone)]
pub struct Gateway {
    settings: GatewaySettings,
    address: watch::Sender<Option<SocketAddr>>,
}

impl Gateway {
    pub fn new(settings: GatewaySettings) -> Self {
        Self { settings, address: watch::Sender::new(None) }
    }

    /// Where the HTTP server listens, once it does.
    pub fn address(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.address.subscribe()
    }
}

/// Enters a batch into as much of the views as it is about.
fn decide(batch: Batch<Inbound>, mut views: Views) -> (Decided<Silence>, Views) {
    let decided = batch.decide(|now, message| {
        views.hear(now, message);
        None
    });
    (decided, views)
}

impl Service for Gateway {
    const NAME: &'static str = "gateway";
    const PACE: Pace = Pace::Leisurely;
    const MIGRATIONS: &'static [Migration] = migrations![
        "0001_views",
        "0002_external_ids",
        "0003_access",
        "0004_saved_views",
        "0005_short_picks"
    ];
    type Inbound = Inbound;
    type Outbound = Silence;
    type Questions = Silence;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Silence>> {
        let (views, partition) = (store::load(db, &batch).await?, batch.partition());
        let (decided, views) = decide(batch, views);
        store::save(db, partition, &views).await?;
        Ok(decided)
    }

    fn calls(&self) -> Vec<Contract> {
        commands::ALL.to_vec()
    }

    fn tends_parked(&self) -> bool {
        true
    }

    fn follows(&self) -> Vec<Contract> {
        vec![Contract::of::<OrderStatus>()]
    }

    fn duties(&self) -> Vec<Duty> {
        let Self { settings, address } = self.clone();
        vec![Duty::new("http", move |office| {
            http::serve(office, settings.clone(), address.clone())
        })]
    }
}
