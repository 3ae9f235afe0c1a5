//! What storefronts know of their orders.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::{OrderId, Status};

/// By the name that a channel gave the order; names are not given twice in a run.
#[derive(Debug, Default)]
pub(in crate::chaos) struct Book(Mutex<BTreeMap<String, Known>>);

/// What is known of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::chaos) struct Known {
    /// By all answers and statuses that named one.
    pub(in crate::chaos) order: Option<OrderId>,
    /// What was told last, and its number.
    pub(in crate::chaos) status: Option<(i64, Status)>,
    /// Its problems, if it was rejected.
    pub(in crate::chaos) codes: Vec<String>,
    /// Whether somebody is paying it.
    pub(in crate::chaos) paid: bool,
}

impl Book {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::chaos) fn of(&self, external_id: &str) -> Known {
        self.all().get(external_id).cloned().unwrap_or_default()
    }

    /// The names and ids of the orders of which no end was told.
    pub(in crate::chaos) fn open(&self) -> Vec<(String, OrderId)> {
        let all = self.all();
        let has_ended = |it: Status| it.is_final() || it == Status::Completed;
        let open = all.iter().filter(|(_, it)| !it.status.is_some_and(|it| has_ended(it.1)));
        open.filter_map(|(name, it)| Some((name.clone(), it.order?))).collect()
    }

    /// Changes what is known of an order, and tells something of it.
    pub(super) fn note<T>(&self, external_id: &str, change: impl FnOnce(&mut Known) -> T) -> T {
        change(self.all().entry(external_id.to_owned()).or_default())
    }

    /// An answer or a status named this order. Returns another one that was named before.
    pub(super) fn is(&self, external_id: &str, order: OrderId) -> Option<OrderId> {
        self.note(external_id, |it| {
            let before = it.order.filter(|it| *it != order);
            it.order = Some(order);
            before
        })
    }
}
