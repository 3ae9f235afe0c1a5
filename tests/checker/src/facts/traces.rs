//! Which trace each message bears, and which message led to it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::page::Envelope;

/// What the pages tell of traces.
#[derive(Default)]
pub(crate) struct Traces {
    /// The trace of each message, as a number; none, if nobody traces it.
    pub(crate) of: HashMap<Uuid, Option<u128>>,
    /// Messages that another led to, and that other. It may be no page's: then it came from outside.
    pub(crate) led: Vec<(Uuid, Uuid)>,
    /// The trace of the message that an order was placed, by order.
    pub(crate) placed: HashMap<Uuid, Option<u128>>,
}

impl Traces {
    pub(super) fn note(&mut self, it: &Envelope) {
        let trace = it.trace_id().and_then(trace);
        self.of.insert(it.id, trace);
        self.led.extend(it.cause.map(|cause| (it.id, cause)));
        if let ("intake.placed.v1", Ok(order)) = (it.subject.as_str(), it.key.parse()) {
            self.placed.insert(order, trace);
        }
    }
}

/// A trace's id, 32 hexadecimal digits, as a number.
pub(crate) fn trace(id: &str) -> Option<u128> {
    u128::from_str_radix(id, 16).ok()
}
