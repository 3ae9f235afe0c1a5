//! What the schema calls the states that things are in.

use contracts::Terms;
use contracts::finance::PaymentStatus;

use crate::sale::{DepositState, Stage, State};

pub(crate) fn terms_name(terms: Terms) -> &'static str {
    match terms {
        Terms::Prepaid => "prepaid",
        Terms::OnAccount => "on_account",
    }
}

pub(crate) fn terms_named(name: &str) -> Terms {
    match name {
        "prepaid" => Terms::Prepaid,
        "on_account" => Terms::OnAccount,
        other => unreachable!("the schema forbids the terms {other}"),
    }
}

pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Cancelled => "cancelled",
        State::Expired => "expired",
        State::Completing => "completing",
        State::Completed => "completed",
    }
}

pub(crate) fn state_named(name: &str) -> State {
    match name {
        "open" => State::Open,
        "cancelled" => State::Cancelled,
        "expired" => State::Expired,
        "completing" => State::Completing,
        "completed" => State::Completed,
        other => unreachable!("the schema forbids an order that is {other}"),
    }
}

pub(crate) fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Dispatched => "dispatched",
        Stage::Delivered => "delivered",
        Stage::Invoiced(_) => "invoiced",
        Stage::Returned => "returned",
    }
}

pub(crate) fn deposit_state_name(state: DepositState) -> &'static str {
    match state {
        DepositState::Waiting => "waiting",
        DepositState::Foreign => "foreign",
        DepositState::Booked => "booked",
    }
}

pub(crate) fn deposit_state_named(name: &str) -> DepositState {
    match name {
        "waiting" => DepositState::Waiting,
        "foreign" => DepositState::Foreign,
        "booked" => DepositState::Booked,
        other => unreachable!("the schema forbids a deposit that is {other}"),
    }
}

pub(crate) fn status_name(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Captured => "captured",
        PaymentStatus::Failed => "failed",
    }
}

pub(crate) fn status_named(name: &str) -> PaymentStatus {
    match name {
        "captured" => PaymentStatus::Captured,
        "failed" => PaymentStatus::Failed,
        other => unreachable!("the schema forbids a payment that is {other}"),
    }
}
