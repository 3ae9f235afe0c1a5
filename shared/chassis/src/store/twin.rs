//! What a service brings to be kept in memory, and what may become of a commit there.

use std::collections::BTreeMap;

use crate::{Batch, Decided, Service};

/// A service whose tables can be kept in memory as well: what the simulation runs.
///
/// Both methods together do what [`Service::handle`] does over Postgres, row for row.
pub trait InMemory: Service {
    /// Its tables, of all partitions.
    type Tables: Default + Send + 'static;

    /// What a batch changes in them.
    type Change: Send + 'static;

    /// Decides a batch over the tables as they are.
    fn decide(
        &self,
        tables: &Self::Tables,
        batch: Batch<Self::Inbound>,
    ) -> (Decided<Self::Outbound>, Self::Change);

    /// Writes down what a batch changed: its transaction is committed.
    fn keep(tables: &mut Self::Tables, change: Self::Change);

    /// The rows of each table as Postgres would show them (`to_jsonb`), in any order: to compare the
    /// two.
    fn rows(tables: &Self::Tables) -> BTreeMap<&'static str, Vec<serde_json::Value>>;
}

/// What becomes of the next commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    #[default]
    Happens,
    /// It does not happen, and whoever commits is told so.
    Fails,
    /// It happens, and whoever commits is told that it did not.
    HappensUnheard,
}
