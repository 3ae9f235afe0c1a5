//! What a carrier carries. It knows its own numbers, and nothing of orders.

use contracts::OrderId;
use contracts::fulfilment::CarrierReport;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::report::Refusal;

/// How long what a carrier said waits for the warehouse to name the parcel. Carriers use their
/// numbers again after some months.
const HOLDS_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A parcel: whose goods are in it, and what the carrier said of it. Either may come first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parcel {
    /// Orders and their picks: several may travel together.
    pub(crate) shipments: Vec<(OrderId, i32)>,
    /// The first outcome that was reported.
    pub(crate) said: Option<CarrierSaid>,
    /// Whether it differs from what is stored.
    pub(crate) changed: bool,
}

/// A carrier's report, as it waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CarrierSaid {
    pub(crate) what: String,
    pub(crate) report: CarrierReport,
    pub(crate) heard_at: Timestamp,
}

impl Parcel {
    /// Puts a shipment into the parcel. Returns what the carrier said of it before.
    pub(crate) fn join(
        &mut self,
        now: Timestamp,
        order: OrderId,
        pick: i32,
    ) -> Option<CarrierSaid> {
        if self.shipments.contains(&(order, pick)) {
            return None; // What was said since then was noted.
        }
        self.shipments.push((order, pick));
        self.changed = true;
        self.said.clone().filter(|it| holds(it, now))
    }

    /// The carrier says something of the parcel. Returns whom it concerns, as far as it is known.
    pub(crate) fn hear(&mut self, said: CarrierSaid) -> Result<&[(OrderId, i32)], Refusal> {
        match &self.said {
            Some(before) if holds(before, said.heard_at) => {
                if before.what == said.what {
                    return Err(Refusal::Repeated); // Whoever joins later hears the first.
                }
                // The shipments know which of two outcomes can be.
            }
            Some(_) | None => {
                self.said = Some(said);
                self.changed = true;
            }
        }
        Ok(&self.shipments)
    }
}

fn holds(said: &CarrierSaid, now: Timestamp) -> bool {
    now.duration_since(said.heard_at) <= HOLDS_FOR
}
