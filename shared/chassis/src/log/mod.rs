//! The log: pages, and the rules by which they are taken. The whole protocol is two motions,
//! *announce* and *ask*; what decides is here, free of I/O, and is driven by the simulation with every
//! fault that we know.

mod ear;
mod page;
mod position;
mod recent;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use ear::{Ear, Head, PutBack};
pub use page::{Envelope, Heard, MessageId, Missing, Page};
pub(crate) use position::{Position, Take};
pub(crate) use recent::{read, remember};
pub use wire::pack;
pub(crate) use wire::{Piece, Portion, Read, head_subject, page_subject, read_subject, unpack};
