use std::collections::BTreeSet;

use contracts::Timestamp;
use contracts::allocation::{SourcingFailed, SourcingPlanned};
use contracts::intake::SourcingRequested;
use contracts::inventory::{BackorderFilled, Claim, ClaimsPromoted, ClaimsWithdrawn, StockClaimed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Summary;

/// Where the goods come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SourcingSummary {
    pub(crate) state: SourcingState,
    /// 1 was asked for with the placement; each further request counts one up.
    #[schema(example = 1)]
    pub(crate) attempt: i32,
    /// How often it was planned within the attempt.
    #[schema(example = 1)]
    pub(crate) round: i32,
    /// The last attempt that was claimed; 0 if none was.
    #[schema(example = 1)]
    pub(crate) claimed: i32,
    /// Which rule decided.
    #[schema(example = "R10-east-large")]
    pub(crate) rule: String,
    /// The sales team in charge, if a rule named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "east")]
    pub(crate) team: Option<String>,
    /// Warehouses that hold goods for the order.
    #[schema(example = json!(["SH1"]))]
    pub(crate) warehouses: BTreeSet<String>,
    /// Units that wait for supply.
    #[schema(example = 0)]
    pub(crate) backordered: i64,
    /// When the last of it is expected at the customer's, as sourcing estimates it; missing while any
    /// of it waits for supply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) estimate: Option<Timestamp>,
    /// Until when, if the goods are held softly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease_until: Option<Timestamp>,
}

/// `requested` anew, `planned`, then `claimed` or `backordered` (some of it, or all); `failed` if
/// nothing can serve it; `lapsed` when a soft claim ended, `short` when a claim was taken away,
/// `released` when the order needs nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourcingState {
    Requested,
    Planned,
    Claimed,
    Backordered,
    Failed,
    Lapsed,
    Short,
    Released,
}

impl Summary {
    pub(crate) fn request_sourcing(&mut self, it: &SourcingRequested) -> bool {
        let newer = |known: &SourcingSummary| it.attempt > known.attempt;
        match &mut self.sourcing {
            Some(known) if newer(known) => {
                (known.state, known.attempt, known.round) =
                    (SourcingState::Requested, it.attempt, 0);
                true
            }
            Some(_) | None => false, // An older request was overtaken by its own plan.
        }
    }

    pub(crate) fn plan(&mut self, it: &SourcingPlanned) -> bool {
        let known = self.sourcing.get_or_insert_with(SourcingSummary::unplanned);
        if (it.attempt, it.round) <= (known.attempt, known.round) {
            return false;
        }
        (known.attempt, known.round) = (it.attempt, it.round);
        known.state = SourcingState::Planned;
        known.rule.clone_from(&it.rule);
        known.team.clone_from(&it.team);
        known.estimate = it.estimate;
        true
    }

    pub(crate) fn fail_sourcing(&mut self, it: &SourcingFailed) -> bool {
        let known = self.sourcing.get_or_insert_with(SourcingSummary::unplanned);
        let failed = known.state == SourcingState::Failed;
        if it.attempt < known.attempt || (it.attempt == known.attempt && failed) {
            return false;
        }
        (known.state, known.attempt) = (SourcingState::Failed, it.attempt);
        known.rule.clone_from(&it.rule);
        true
    }

    pub(crate) fn claim(&mut self, it: &StockClaimed) -> bool {
        let Some(known) = &mut self.sourcing else { return false }; // Nothing is claimed unplanned.
        if it.attempt <= known.claimed {
            return false;
        }
        known.claimed = it.attempt;
        known.hold_in(&it.claims);
        known.backordered += it.backordered.iter().map(|it| it.quantity).sum::<i64>();
        known.lease_until = it.lease_until;
        known.claimed_or_waiting();
        true
    }

    pub(crate) fn fill_backorder(&mut self, it: &BackorderFilled) -> bool {
        let Some(known) = &mut self.sourcing else { return false };
        let filled: i64 = it.claims.iter().map(|it| it.quantity).sum();
        known.hold_in(&it.claims);
        known.backordered = (known.backordered - filled).max(0);
        known.claimed_or_waiting();
        true
    }

    /// The claims may be others than those that lapsed.
    pub(crate) fn promote(&mut self, it: &ClaimsPromoted) -> bool {
        let Some(known) = &mut self.sourcing else { return false };
        known.warehouses.clear();
        known.hold_in(&it.claims);
        known.lease_until = None;
        known.claimed_or_waiting();
        true
    }

    pub(crate) fn withdraw_claims(&mut self, _: &ClaimsWithdrawn) -> bool {
        self.sourcing_becomes(SourcingState::Short)
    }

    pub(crate) fn let_lease_lapse(&mut self) -> bool {
        self.let_go(SourcingState::Lapsed)
    }

    pub(crate) fn release_claims(&mut self) -> bool {
        self.let_go(SourcingState::Released)
    }

    fn let_go(&mut self, state: SourcingState) -> bool {
        let changed = self.sourcing_becomes(state);
        if let Some(known) = &mut self.sourcing {
            known.warehouses.clear();
            (known.backordered, known.lease_until) = (0, None);
        }
        changed
    }

    fn sourcing_becomes(&mut self, state: SourcingState) -> bool {
        let Some(known) = &mut self.sourcing else { return false };
        std::mem::replace(&mut known.state, state) != state
    }
}

impl SourcingSummary {
    fn unplanned() -> Self {
        Self {
            state: SourcingState::Requested,
            attempt: 0,
            round: 0,
            claimed: 0,
            rule: String::new(),
            team: None,
            warehouses: BTreeSet::new(),
            backordered: 0,
            estimate: None,
            lease_until: None,
        }
    }

    fn hold_in(&mut self, claims: &[Claim]) {
        for claim in claims {
            if !self.warehouses.contains(claim.warehouse.as_str()) {
                self.warehouses.insert(claim.warehouse.to_string());
            }
        }
    }

    fn claimed_or_waiting(&mut self) {
        let waits = self.backordered > 0;
        if waits {
            self.estimate = None; // It was for goods that are there.
        }
        self.state = if waits { SourcingState::Backordered } else { SourcingState::Claimed };
    }
}
