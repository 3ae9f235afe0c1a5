//! What every service stands on: batches, the worker, the log, the list of services.

mod batch;
mod client;
mod desk;
mod duty;
mod house;
mod log;
mod migration;
mod service;
mod trace;
mod worker;

pub use batch::{Batch, Decided};
pub use client::{Client, PageRef, Told, Unanswered};
pub use desk::Desk;
pub use duty::{Duty, Office};
pub use house::House;
pub use log::{Envelope, Heard, MessageId, Missing, Page};
pub use migration::{LOG, Migration, migrate};
pub use service::Service;
pub use trace::TraceContext;
pub use worker::{Answer, Answers, Committed, Input, Partition, Worker};
