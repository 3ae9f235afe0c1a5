use std::collections::BTreeSet;

use contracts::{DeliveryId, EndpointId};
use jiff::Timestamp;

use super::{EndpointState, Tables};
use crate::delivery::DeliveryState;

/// A delivery that is due: what a courier calls, and tells the worker of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub delivery: DeliveryId,
    pub endpoint: EndpointId,
    pub strand: String,
    /// How often it was tried.
    pub attempts: i32,
    pub url: String,
    pub body: String,
}

impl Tables {
    /// What is due, the longest waiting first, at most so many for each endpoint, without these: the
    /// first of each strand that waits.
    pub fn due(&self, now: Timestamp, without: &BTreeSet<DeliveryId>, each: usize) -> Vec<Waiting> {
        let mut due = Vec::new();
        for (id, endpoint) in &self.endpoints {
            if endpoint.state != EndpointState::Active {
                continue;
            }
            let mut own = self.due_at(id, &endpoint.url, now);
            own.retain(|it| !without.contains(&it.1.delivery));
            own.sort_by_key(|it| (it.0, it.1.delivery));
            due.extend(own.into_iter().take(each));
        }
        due.sort_by_key(|it| (it.0, it.1.delivery));
        due.into_iter().map(|it| it.1).collect()
    }

    fn due_at(&self, id: &EndpointId, url: &str, now: Timestamp) -> Vec<(Timestamp, Waiting)> {
        let own = self.numbers.range((id.clone(), String::new())..);
        let own = own.take_while(|it| it.0.0 == *id);
        let first = own.filter_map(|((_, strand), ids)| {
            let written = self.deliveries.get(strand)?;
            let mut waiting = ids.values().filter_map(|it| {
                let found = written.get(it)?;
                let DeliveryState::Waiting { next_attempt_at } = found.delivery.state else {
                    return None;
                };
                Some((next_attempt_at, *it, found))
            });
            let (at, delivery, found) = waiting.next()?;
            let due = Waiting {
                delivery,
                endpoint: id.clone(),
                strand: strand.clone(),
                attempts: found.delivery.attempts,
                url: url.to_owned(),
                body: found.body.clone(),
            };
            (at <= now).then_some((at, due))
        });
        first.collect()
    }
}
