//! The house without a machine under it: all services over tables in memory, one thread, one clock that
//! jumps, and a seed that decides everything that chance decides. What runs is what runs in production
//! ([`Worker`](crate::Worker), the ear, the codec of pages, each service's rules); what is simulated is
//! the broker, the database and the clock, with every fault that we know.
//!
//! Whoever uses it plays the outside: gives commands, publishes reports, reads public messages, and is
//! told of everything that happens ([`House::go_on`]).

mod faults;
mod heard;
mod house;
mod luck;
mod outside;
mod owner;
mod queue;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toys;
mod turn;

pub use faults::{Faults, Kind};
pub use house::House;
pub use outside::Unanswerable;

use std::sync::Arc;

use crate::{Envelope, MessageId, Outcome, Page};

/// Something that happened.
#[derive(Debug)]
pub enum Happening {
    /// A transaction was committed. Its page, if it said something.
    Committed { service: &'static str, partition: u32, page: Option<Arc<Page>> },
    /// A public message left the house. After a crash it may leave once more, with the same id.
    Published(Envelope),
    /// A command was answered.
    Answered(MessageId, Outcome),
    /// Whoever gave a command has hung up: it may have happened or not, or happen yet.
    HungUp(MessageId),
    /// A time that was asked for has come ([`House::remind`]).
    Reminded(u64),
    /// Nothing is on its way, and everyone has heard everything. Time goes on with the next timer.
    Quiet,
    /// As before, and no timer is left either.
    Over,
    /// A rule of the log is broken.
    Broken(String),
}
