//! The rules of deliveries: when they are tried again, and when that ends.

use contracts::webhook::{CallOutcome, DisabledBecause, HookEvent};
use contracts::{DeliveryId, EndpointId, Uuid};
use jiff::{SignedDuration, Timestamp};

use crate::because::disabled_in_english;

/// How long to wait after each call that came to nothing, as Standard Webhooks recommends. After the
/// tenth it is given up: then more than three days have passed.
pub(crate) const PAUSES: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// A webhook on its way to one endpoint, without what it says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) endpoint: EndpointId,
    /// What is delivered one after the other.
    pub(crate) strand: String,
    /// 1, 2, 3 … in the strand, to this endpoint.
    pub(crate) number: i32,
    pub(crate) event: HookEvent,
    pub(crate) written_at: Timestamp,
    pub(crate) attempts: i32,
    /// How many of the attempts were made before it was last replayed.
    pub(crate) earlier: i32,
    pub(crate) state: DeliveryState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    Waiting { next_attempt_at: Timestamp },
    Delivered,
    GivenUp,
}

/// What a call means for its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Consequence {
    None,
    /// It is not called any more, because of this: in English, and as a code.
    Disable(String, DisabledBecause),
}

impl Consequence {
    fn disable(because: DisabledBecause, last: &CallOutcome) -> Self {
        Self::Disable(disabled_in_english(&because, last), because)
    }
}

impl Delivery {
    /// Enters what came of a call. Returns nothing if that was counted before.
    pub(crate) fn called(
        &mut self,
        now: Timestamp,
        id: DeliveryId,
        attempt: i32,
        outcome: &CallOutcome,
    ) -> Option<Consequence> {
        if attempt <= self.attempts {
            return None;
        }
        self.attempts = attempt;
        if self.state == DeliveryState::Delivered {
            return Some(Consequence::None);
        }
        let (status, fault) = match outcome {
            CallOutcome::Answered { status: 200..=299, .. } => {
                self.state = DeliveryState::Delivered;
                return Some(Consequence::None);
            }
            CallOutcome::Answered { status, .. } => (Some(*status), None),
            CallOutcome::Failed { fault, .. } => (None, fault.clone()),
        };
        if self.event == HookEvent::Test {
            self.state = DeliveryState::GivenUp; // Whoever asked for it looks, and asks again.
            return Some(Consequence::None);
        }
        if status == Some(410) {
            self.state = DeliveryState::GivenUp;
            return Some(Consequence::disable(DisabledBecause::Gone, outcome));
        }
        let tried = attempt.saturating_sub(self.earlier);
        if let Some(pause) = pause_after(id, tried) {
            self.state = DeliveryState::Waiting { next_attempt_at: now + pause };
            return Some(Consequence::None);
        }
        self.state = DeliveryState::GivenUp;
        let because = DisabledBecause::GivenUp { delivery: id, attempts: tried, status, fault };
        Some(Consequence::disable(because, outcome))
    }

    /// Sends it again, from the first attempt on, unless it waits anyway.
    pub(crate) fn replay(&mut self, now: Timestamp) -> bool {
        if let DeliveryState::Waiting { .. } = self.state {
            return false;
        }
        self.earlier = self.attempts;
        self.state = DeliveryState::Waiting { next_attempt_at: now };
        true
    }
}

/// The delivery's name for ever. The event is named by what it is, not by the message that told of
/// it, so that it has this name however it comes to be told.
pub(crate) fn delivery_id(endpoint: &EndpointId, event: HookEvent, what: &str) -> DeliveryId {
    let name = format!("webhook {endpoint} {} {what}", event.name());
    DeliveryId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// How long to wait after this attempt; nothing, if it was the last. Up to a tenth is added, which
/// follows from the delivery: what failed together does not come back together.
pub(crate) fn pause_after(id: DeliveryId, tried: i32) -> Option<SignedDuration> {
    let nth = usize::try_from(tried.checked_sub(1)?).ok()?;
    let pause = PAUSES.get(nth).copied()?;
    let [high, low, ..] = Uuid::new_v5(&id.0, tried.to_string().as_bytes()).into_bytes();
    let share = i128::from(u16::from_be_bytes([high, low]));
    let more = pause.as_millis() * share / (10 * i128::from(u16::MAX));
    Some(pause + SignedDuration::from_millis(i64::try_from(more).unwrap_or_default()))
}
