//! The servers that Kontor stands on, a real nats-server and a real Postgres, found or fetched and
//! started on this machine: for `kontor up`, where a newcomer has neither, and for tests.
//!
//! Both listen on the loopback address only, never run as root, and do not outlive the process
//! that started them, however it ends. A home serves one process at a time.
//!
//! Linux only: processes are looked up in `/proc`, and that is what the fetched binaries are for.

mod binaries;
mod daemon;
mod disk;
mod frozen;
mod home;
mod nats;
mod postgres;
#[cfg(test)]
mod tests;
mod wheel;

pub use binaries::{nats_binary, postgres_binaries};
pub use disk::Disk;
pub use home::{Home, secret};
pub use nats::{Nats, NatsOptions};
pub use postgres::{Postgres, PostgresOptions};

/// Told, in a line of words, whatever takes long or is not as expected.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
