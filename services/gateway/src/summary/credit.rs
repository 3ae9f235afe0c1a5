use contracts::credit::{CreditApproved, CreditDecision, CreditHeld, HoldRefused, HoldReleased};
use contracts::{Actor, Cents};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Summary;

/// Credit's decision about the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CreditSummary {
    pub(crate) state: CreditState,
    /// The customer's risk class.
    #[schema(example = "B")]
    pub(crate) class: String,
    /// What is authorised, or waits for a person; in the minor unit of the order's currency.
    #[schema(value_type = i64, example = 113_000)]
    pub(crate) amount: Cents,
    /// What stopped it before any score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "overdue_60")]
    pub(crate) stop: Option<String>,
    /// Who released or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "wang.fang")]
    pub(crate) by: Option<Actor>,
}

/// `approved` at once; `held` until a person has `released` or `refused` it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CreditState {
    Approved,
    Held,
    Released,
    Refused,
}

impl Summary {
    pub(crate) fn approve(&mut self, it: &CreditApproved) -> bool {
        self.decide(CreditState::Approved, it.authorised, &it.decision)
    }

    pub(crate) fn hold(&mut self, it: &CreditHeld) -> bool {
        self.decide(CreditState::Held, it.amount, &it.decision)
    }

    fn decide(&mut self, state: CreditState, amount: Cents, decision: &CreditDecision) -> bool {
        if self.credit.is_some() {
            return false; // Every order is answered once.
        }
        let (class, stop) = (format!("{:?}", decision.class), decision.stop.clone());
        self.credit = Some(CreditSummary { state, class, amount, stop, by: None });
        true
    }

    pub(crate) fn release(&mut self, it: &HoldReleased) -> bool {
        self.settle_hold(CreditState::Released, it.authorised, &it.by)
    }

    pub(crate) fn refuse(&mut self, it: &HoldRefused) -> bool {
        self.settle_hold(CreditState::Refused, Cents::ZERO, &it.by)
    }

    fn settle_hold(&mut self, state: CreditState, amount: Cents, by: &Actor) -> bool {
        match &mut self.credit {
            Some(credit) if credit.state == CreditState::Held => {
                *credit = CreditSummary { state, amount, by: Some(by.clone()), ..credit.clone() };
                true
            }
            Some(_) | None => false, // A hold ends once.
        }
    }
}
