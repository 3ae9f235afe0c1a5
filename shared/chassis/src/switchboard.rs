//! Who owns which partition in this process: a command to one of them need not leave it, which saves
//! two messages over the broker and reading and writing both.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::mpsc;

use crate::hearing::Event;

/// The lines to the owners of this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Switchboard(Arc<RwLock<Lines>>);

type Lines = BTreeMap<&'static str, BTreeMap<u32, mpsc::Sender<Event>>>;

/// An owner's line, for as long as this lives.
pub(crate) struct Connected {
    board: Switchboard,
    service: &'static str,
    partition: u32,
    line: mpsc::Sender<Event>,
}

impl Switchboard {
    #[must_use = "the line is there for as long as this lives"]
    pub(crate) fn connect(
        &self,
        (service, partition): (&'static str, u32),
        line: mpsc::Sender<Event>,
    ) -> Connected {
        let mut lines = self.0.write().unwrap_or_else(PoisonError::into_inner);
        lines.entry(service).or_default().insert(partition, line.clone());
        Connected { board: self.clone(), service, partition, line }
    }

    /// The line to the owner of a partition, if that is in this process.
    pub(crate) fn line(&self, service: &str, partition: u32) -> Option<mpsc::Sender<Event>> {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        lines.get(service)?.get(&partition).cloned()
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut lines = self.board.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(of_service) = lines.get_mut(self.service) else { return };
        // The next owner may have connected already.
        if of_service.get(&self.partition).is_some_and(|it| it.same_channel(&self.line)) {
            of_service.remove(&self.partition);
        }
    }
}
