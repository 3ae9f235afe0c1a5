//! Where each worker is in the log, and what it set aside.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::types::Json;
use uuid::Uuid;

use crate::books::Books;

/// A worker: a service and a partition.
pub(crate) type Desk = (String, i32);

/// Where each worker is.
#[derive(Default)]
pub(crate) struct Log {
    /// For each service that it listens to, the last page taken.
    pub(crate) heard: BTreeMap<Desk, BTreeMap<String, i64>>,
    /// Up to which page its public messages were published.
    pub(crate) published: BTreeMap<Desk, i64>,
    /// What is set aside: service and key.
    pub(crate) parked: BTreeSet<(String, String)>,
    /// The same: service, subject, key, cause, whether what was set aside can be read.
    pub(crate) set_aside: Vec<(String, String, String, String, bool)>,
    /// Inventory's timers that end leases: order and token.
    pub(crate) leases: BTreeSet<(Uuid, i64)>,
    /// Orders with a timer of this service and subject.
    pub(crate) timers: BTreeSet<(String, String, String)>,
    /// Notes and timers that are more than a minute overdue: service, subject, key.
    pub(crate) overdue: Vec<(String, String, String)>,
    /// How many timers there are.
    pub(crate) timer_count: u64,
}

const POSITIONS: &str = "select partition, heard from position";
const OUTLETS: &str = "select partition, number from outlet";
const PARKED: &str = "select subject, key, cause, envelope from parked";
/// The time of a service is that of its last decision: it may run faster than the machine's.
const TIMERS: &str = "
    select envelope, due < (select max(at) from position) - interval '1 minute' from timer";

type Position = (i32, Json<BTreeMap<String, i64>>);
type Parked = (String, String, String, Vec<u8>);

#[derive(Deserialize)]
struct Timer {
    subject: String,
    key: String,
    body: Box<RawValue>,
}

#[derive(Deserialize)]
struct Lease {
    order: Uuid,
    token: i64,
}

pub(super) async fn read(books: &mut Books) -> anyhow::Result<Log> {
    let mut log = Log::default();
    for service in books.services() {
        for (partition, heard) in books.rows::<Position>(&service, POSITIONS).await? {
            log.heard.insert((service.clone(), partition), heard.0);
        }
        for (partition, number) in books.rows::<(i32, i64)>(&service, OUTLETS).await? {
            log.published.insert((service.clone(), partition), number);
        }
        for (subject, key, cause, envelope) in books.rows::<Parked>(&service, PARKED).await? {
            let readable = serde_json::from_slice::<Timer>(&envelope).is_ok();
            log.parked.insert((service.clone(), key.clone()));
            log.set_aside.push((service.clone(), subject, key, cause, readable));
        }
        for (envelope, overdue) in books.rows::<(Vec<u8>, Option<bool>)>(&service, TIMERS).await? {
            let timer: Timer = serde_json::from_slice(&envelope)
                .with_context(|| format!("a timer of {service} is not one"))?;
            log.timer_count += 1;
            let Timer { subject, key, body } = timer;
            if subject == "inventory.lease-ends.v1" {
                let lease: Lease = serde_json::from_str(body.get())?;
                log.leases.insert((lease.order, lease.token));
            }
            if overdue == Some(true) {
                log.overdue.push((service.clone(), subject.clone(), key.clone()));
            }
            log.timers.insert((service.clone(), subject, key));
        }
    }
    Ok(log)
}
