//! Why a call had no answer, and why an endpoint is not called any more, in English. Whoever tells it in
//! another language does so from the codes and figures, which the contracts have.

use contracts::webhook::{CallFault, CallOutcome, DisabledBecause};

/// Why there was no answer.
pub(crate) fn fault_in_english(it: &CallFault) -> String {
    match it {
        CallFault::TooSlow => "it did not answer in time".to_owned(),
        CallFault::UnknownName { name } => format!("{name} is not known"),
        CallFault::NoAddress => "its name leads nowhere".to_owned(),
        CallFault::NotPublic { address } => format!("{address} is not called: it is not public"),
        CallFault::NotEncrypted => "it is not called without encryption".to_owned(),
        CallFault::ConnectionRefused => "the connection was refused".to_owned(),
        CallFault::NoConnection { detail } => format!("no connection: {detail}"),
        CallFault::NotSecure { detail } => format!("no secure connection: {detail}"),
        CallFault::Broken { detail } => format!("the connection broke: {detail}"),
        CallFault::Unusable { detail } => detail.clone(),
    }
}

/// What came of a call that had no answer.
pub(crate) fn failed(fault: CallFault) -> CallOutcome {
    CallOutcome::Failed { reason: fault_in_english(&fault), fault: Some(fault) }
}

/// Why it is not called any more, if this came of the last call.
pub(crate) fn disabled_in_english(it: &DisabledBecause, last: &CallOutcome) -> String {
    let last = match last {
        CallOutcome::Answered { status, .. } => format!("it answers {status}"),
        CallOutcome::Failed { reason, .. } => reason.clone(),
    };
    match it {
        DisabledBecause::Gone => format!("it is gone: {last}"),
        DisabledBecause::GivenUp { delivery, attempts, .. } => {
            format!("{delivery} was given up after {attempts} attempts: {last}")
        }
    }
}
