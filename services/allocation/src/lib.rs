#![doc = include_str!("../README.md")]

mod because;
mod decision;
pub mod memory;
mod node;
mod order;
mod place;
mod plan;
mod record;
mod ruleset;
mod sourcing;
mod store;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use chassis::{Batch, Decided, Migration, Service, migrations};
use contracts::allocation::{
    RulesetRefused, RulesetSaved, SaveRuleset, SetNode, SourcingFailed, SourcingPlanned, WhySource,
};
use contracts::fulfilment::Picked;
use contracts::intake::{
    OrderCancelled, OrderExpired, OrderPlaced, PromotionRequested, SourcingRequested,
};
use contracts::inventory::{ClaimRefused, StockLevel};
use contracts::{RawValue, message_set};
use sqlx::PgConnection;

use crate::ruleset::Ruleset;

message_set! {
    /// What allocation hears: what is to be sourced, what came of its proposals, what there is, and
    /// what the merchant tells it.
    pub enum Inbound {
        OrderPlaced,
        SourcingRequested,
        PromotionRequested,
        OrderCancelled,
        OrderExpired,
        ClaimRefused,
        StockLevel,
        Picked,
        SaveRuleset,
        SetNode,
    }
}

message_set! {
    /// What allocation says.
    pub enum Outbound {
        SourcingPlanned,
        SourcingFailed,
        RulesetSaved,
        RulesetRefused,
    }
}

message_set! {
    /// What allocation can be asked.
    pub enum Questions { WhySource }
}

/// Allocation.
#[derive(Debug, Default)]
pub struct Allocation {
    rules: RulesInForce,
}

impl Allocation {
    /// Sources orders by the ruleset of this name, not by `cn-default`.
    #[must_use]
    pub fn ruled_by(name: impl Into<String>) -> Self {
        Self { rules: RulesInForce { name: name.into(), ..RulesInForce::default() } }
    }
}

/// Which ruleset is in force, and what it says. Versions never change, so that one that was read
/// need not be read again.
#[derive(Debug)]
pub(crate) struct RulesInForce {
    pub(crate) name: String,
    known: Mutex<Arc<Ruleset>>,
}

impl Default for RulesInForce {
    fn default() -> Self {
        let known = Mutex::new(Arc::new(Ruleset::built_in()));
        Self { name: ruleset::DEFAULT_NAME.to_owned(), known }
    }
}

impl RulesInForce {
    pub(crate) fn known(&self) -> Arc<Ruleset> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn remember(&self, ruleset: &Arc<Ruleset>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(ruleset);
    }
}

impl Service for Allocation {
    const NAME: &'static str = "allocation";
    const MIGRATIONS: &'static [Migration] = migrations!["0001_sourcing"];
    type Inbound = Inbound;
    type Outbound = Outbound;
    type Questions = Questions;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Inbound>,
    ) -> anyhow::Result<Decided<Outbound>> {
        let (now, partition) = (batch.now(), batch.partition());
        let mut books = store::load(db, &batch, &self.rules).await?;
        let decided = batch.decide(|now, message| books.decide(now, message));
        store::save(db, &books, now, partition).await?;
        Ok(decided)
    }

    async fn answer(
        &self,
        db: &mut PgConnection,
        question: Questions,
    ) -> anyhow::Result<Box<RawValue>> {
        match question {
            Questions::WhySource(it) => {
                let records = store::archive::records(db, it.order).await?;
                Ok(contracts::answer::<WhySource>(&records))
            }
        }
    }
}
