//! What is due and not called yet, and what is under way.

use std::collections::{BTreeMap, VecDeque};

use contracts::DeliveryId;

use crate::settings::WebhookSettings;
use crate::store::Due;

pub(crate) struct Queue {
    at_once: usize,
    at_once_each: usize,
    /// What the last look found and nobody has called, the longest waiting first.
    ahead: VecDeque<Due>,
    /// The calls under way, and to which endpoint each goes.
    under_way: BTreeMap<DeliveryId, String>,
}

impl Queue {
    pub(crate) fn new(settings: &WebhookSettings) -> Self {
        let (at_once, at_once_each) = (settings.at_once, settings.at_once_each);
        Self { at_once, at_once_each, ahead: VecDeque::new(), under_way: BTreeMap::new() }
    }

    /// Until the worker has written down what came of a call, it stays due: a look leaves these out.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = DeliveryId> {
        self.under_way.keys().copied()
    }

    /// What a look found. It says more than what the last one left.
    pub(crate) fn found(&mut self, due: Vec<Due>) {
        self.ahead = due.into();
    }

    /// The next to call, unless as many as may be are under way.
    pub(crate) fn next(&mut self) -> Option<Due> {
        if self.under_way.len() >= self.at_once {
            return None;
        }
        let nth = self.ahead.iter().position(|it| self.calls(&it.endpoint) < self.at_once_each)?;
        let due = self.ahead.remove(nth)?;
        self.under_way.insert(due.delivery, due.endpoint.clone());
        Some(due)
    }

    /// That call is over. Returns whether it is time to look again: of its endpoint nothing is ahead.
    pub(crate) fn ends(&mut self, delivery: DeliveryId) -> bool {
        let endpoint = self.under_way.remove(&delivery);
        endpoint.is_some_and(|endpoint| self.ahead.iter().all(|it| it.endpoint != endpoint))
    }

    fn calls(&self, endpoint: &str) -> usize {
        self.under_way.values().filter(|it| *it == endpoint).count()
    }
}

#[cfg(test)]
mod tests {
    use contracts::Uuid;

    use super::*;

    fn due(endpoint: &str, nth: u128) -> Due {
        Due {
            delivery: DeliveryId(Uuid::from_u128(nth)),
            endpoint: endpoint.to_owned(),
            strand: nth.to_string(),
            attempts: 0,
            body: String::new(),
            url: String::new(),
            secrets: vec![],
        }
    }

    fn queue(at_once: usize, at_once_each: usize) -> Queue {
        Queue::new(&WebhookSettings { at_once, at_once_each, ..WebhookSettings::default() })
    }

    fn nexts(queue: &mut Queue) -> Vec<u128> {
        std::iter::from_fn(|| queue.next()).map(|it| it.delivery.0.as_u128()).collect()
    }

    fn ends(queue: &mut Queue, nth: u128) -> bool {
        queue.ends(DeliveryId(Uuid::from_u128(nth)))
    }

    #[test]
    fn each_endpoint_is_called_so_often_at_once_and_none_waits_for_another() {
        let mut queue = queue(64, 2);
        queue.found(vec![due("slow", 1), due("slow", 2), due("slow", 3), due("quick", 4)]);
        assert_eq!(nexts(&mut queue), [1, 2, 4]);
        assert_eq!(queue.under_way().count(), 3);
        assert!(ends(&mut queue, 4), "nothing of the quick one is known to be due");
        queue.found(vec![due("slow", 3), due("quick", 5)]);
        assert_eq!(nexts(&mut queue), [5]);
    }

    #[test]
    fn one_look_serves_several_calls() {
        let mut queue = queue(64, 2);
        queue.found((1..=4).map(|nth| due("erp", nth)).collect());
        assert_eq!(nexts(&mut queue), [1, 2]);
        assert!(!ends(&mut queue, 1));
        assert_eq!(nexts(&mut queue), [3]);
        assert!(!ends(&mut queue, 3));
        assert_eq!(nexts(&mut queue), [4]);
        assert!(ends(&mut queue, 2), "nothing is ahead");
    }

    #[test]
    fn no_more_than_so_many_are_under_way_in_all() {
        let mut queue = queue(3, 2);
        queue.found(vec![due("a", 1), due("a", 2), due("b", 3), due("b", 4)]);
        assert_eq!(nexts(&mut queue), [1, 2, 3]);
        assert!(ends(&mut queue, 1));
        assert_eq!(nexts(&mut queue), [4]);
    }
}
