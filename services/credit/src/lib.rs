#![doc = include_str!("../README.md")]

mod account;
mod commitment;
mod course;
mod item;
mod ledger;
pub mod memory;
mod score;
mod store;
#[cfg(test)]
mod tests;
mod touch;

use chassis::{Batch, Decided, Migration, Service, migrations};
use contracts::credit::{
    AccountOf, AuthorisationVoided, BlockCustomer, CreditApproved, CreditHeld, HoldRefused,
    HoldReleased, RecordHistory, RefuseHold, ReleaseHold, ReleaseRefused, SetCreditLimit,
    WhyCredit,
};
use contracts::finance::{InvoiceIssued, PaymentReceived};
use contracts::fulfilment::{Delivered, Returned};
use contracts::intake::{OrderCancelled, OrderCompleted, OrderExpired, OrderPlaced};
use contracts::{RawValue, message_set};
use sqlx::PgConnection;

message_set! {
    /// What credit hears: what happened elsewhere, and what it is told to do.
    pub enum Inbound {
        OrderPlaced,
        OrderCancelled,
        OrderExpired,
        OrderCompleted,
        Delivered,
        Returned,
        InvoiceIssued,
        PaymentReceived,
        SetCreditLimit,
        BlockCustomer,
        RecordHistory,
        ReleaseHold,
        RefuseHold,
    }
}

message_set! {
    /// What credit says: to everyone, and to whoever told it to do something.
    pub enum Outbound {
        CreditApproved,
        CreditHeld,
        HoldReleased,
        HoldRefused,
        AuthorisationVoided,
        ReleaseRefused,
    }
}

message_set! {
    /// What credit can be asked.
    pub enum Questions { AccountOf, WhyCredit }
}

/// Credit control.
#[derive(Debug)]
pub struct Credit;

impl Service for Credit {
    const NAME: &'static str = "credit";
    const MIGRATIONS: &'static [Migration] = migrations!["0001_credit"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let now = batch.now();
        let mut ledger = store::load(db, &batch).await?;
        let decided = batch.decide(|now, message| ledger.decide(now, message));
        store::save(db, now, &ledger).await?;
        Ok(decided)
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        Ok(match question {
            Questions::AccountOf(it) => {
                contracts::answer::<AccountOf>(&store::account_of(db, &it.customer).await?)
            }
            Questions::WhyCredit(it) => {
                contracts::answer::<WhyCredit>(&store::why(db, it.order).await?)
            }
        })
    }
}
