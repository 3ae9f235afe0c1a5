//! Public streams: what keeps messages from and to the outside. They are made by whoever sets the
//! house up, and only checked by the services.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, RetentionPolicy, StorageType, SubjectTransform,
};
use contracts::{Contract, Door, Kind};

/// The largest message that the outside may send, in bytes.
const LARGEST: i32 = 64 * 1024;

/// How long a report may go without acknowledgement before it comes again.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// How much of each stream is kept, in bytes: the broker sets it aside. Beyond it a message is
/// refused with a clear error, which a full disk would not give.
const QUOTA: i64 = 512 * 1024 * 1024;

/// How long public messages are kept: within this time whoever was away misses nothing.
const KEPT: Duration = Duration::from_hours(14 * 24);

/// What there is to know of one public stream.
#[derive(Debug, Clone)]
struct Wanted {
    door: Door,
    /// The subjects that it keeps.
    subjects: Vec<String>,
    /// Whether it is for what the outside says.
    inbound: bool,
}

/// The consumer of a partition on an inbound stream.
pub(crate) fn consumer_name(partition: u32) -> String {
    format!("p{partition}")
}

/// Makes every stream and consumer that these contracts need, or brings it up to date.
pub async fn provision(
    streams: &jetstream::Context,
    contracts: &[Contract],
    partitions: u32,
    replicas: usize,
) -> anyhow::Result<()> {
    for wanted in wanted(contracts) {
        let config = config(&wanted, partitions, replicas);
        let name = config.name.clone();
        streams.create_or_update_stream(config).await.with_context(|| format!("stream {name}"))?;
        if !wanted.inbound {
            continue;
        }
        for partition in 0..partitions {
            let consumer = consumer(partition);
            streams
                .create_consumer_on_stream(consumer, name.clone())
                .await
                .with_context(|| format!("stream {name}, partition {partition}"))?;
        }
    }
    Ok(())
}

/// Checks that the streams that these contracts need are there and keep their promises.
pub(crate) async fn check(
    streams: &jetstream::Context,
    contracts: &[Contract],
    partitions: u32,
) -> anyhow::Result<()> {
    let faults = faults(streams, contracts, partitions).await;
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

/// What is wrong with the streams that these contracts need, a line each.
pub async fn faults(
    streams: &jetstream::Context,
    contracts: &[Contract],
    partitions: u32,
) -> Vec<String> {
    let mut faults = Vec::new();
    for wanted in wanted(contracts) {
        let name = wanted.door.stream;
        let stream = match streams.get_stream(name).await {
            Ok(stream) => stream,
            Err(error) => {
                faults.push(format!(
                    "there is no stream {name}; `kontor provision` makes the streams ({error})"
                ));
                continue;
            }
        };
        let found = &stream.cached_info().config;
        let expected = config(&wanted, partitions, found.num_replicas);
        for (what, right) in [
            ("kept in files", found.storage == StorageType::File),
            ("limited, not a work queue", found.retention == RetentionPolicy::Limits),
            ("refusing what does not fit", found.discard == DiscardPolicy::New),
            (
                "sorted into this many partitions",
                found.subject_transform == expected.subject_transform,
            ),
            ("open to atomic batches", found.allow_atomic_publish || wanted.inbound),
        ] {
            if !right {
                faults.push(format!("stream {name} is not {what}; `kontor provision` mends it"));
            }
        }
    }
    faults
}

/// How full a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub stream: &'static str,
    /// In bytes.
    pub used: u64,
    /// In bytes; what goes beyond is refused.
    pub quota: u64,
    /// Consumers of partitions that it has not: what it keeps for them is not read.
    pub unread: Vec<String>,
}

/// How full the streams of these contracts are, and who does not read them. Streams that are not
/// there are left out.
pub async fn rooms(
    streams: &jetstream::Context,
    contracts: &[Contract],
    partitions: u32,
) -> Vec<Room> {
    let mut rooms = Vec::new();
    for wanted in wanted(contracts) {
        let Ok(stream) = streams.get_stream(wanted.door.stream).await else { continue };
        let mut unread = Vec::new();
        for name in (0..partitions).filter(|_| wanted.inbound).map(consumer_name) {
            if stream.consumer_info(&name).await.is_err() {
                unread.push(name);
            }
        }
        let info = stream.cached_info();
        let quota = u64::try_from(info.config.max_bytes).unwrap_or(u64::MAX);
        rooms.push(Room { stream: wanted.door.stream, used: info.state.bytes, quota, unread });
    }
    rooms
}

fn wanted(contracts: &[Contract]) -> Vec<Wanted> {
    let mut wanted: BTreeMap<&str, Wanted> = BTreeMap::new();
    for contract in contracts {
        let Some(door) = contract.door else { continue };
        let inbound = contract.kind == Kind::Report;
        let entry = wanted.entry(door.stream);
        let stream = entry.or_insert(Wanted { door, subjects: vec![], inbound });
        if !stream.subjects.contains(&door.filter()) {
            stream.subjects.push(door.filter());
        }
    }
    wanted.into_values().collect()
}

fn config(wanted: &Wanted, partitions: u32, replicas: usize) -> Config {
    Config {
        name: wanted.door.stream.to_owned(),
        subjects: wanted.subjects.clone(),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: QUOTA,
        max_age: KEPT,
        max_message_size: if wanted.inbound { LARGEST } else { -1 },
        num_replicas: replicas,
        duplicate_window: Duration::from_mins(2),
        allow_atomic_publish: !wanted.inbound,
        allow_direct: true,
        subject_transform: wanted.inbound.then(|| sorted(&wanted.door, partitions)),
        ..Config::default()
    }
}

/// Has the broker put the partition before each subject: the hash that the house uses as well
/// (32-bit FNV-1a of the key's tokens, joined), so that a message reaches the worker of its key
/// without another hop.
fn sorted(door: &Door, partitions: u32) -> SubjectTransform {
    let variable: Vec<&str> = door.tokens().collect();
    let place = |it: &&str| variable.iter().position(|name| name == it).unwrap_or_default() + 1;
    let keys: Vec<String> = door.keyed_by.iter().map(|it| place(it).to_string()).collect();
    let mut nth = 0;
    let token = |it: &str| {
        if it.starts_with('{') {
            nth += 1;
            format!("{{{{wildcard({nth})}}}}")
        } else {
            it.to_owned()
        }
    };
    let rest: Vec<String> = door.pattern.split('.').map(token).collect();
    SubjectTransform {
        source: door.filter(),
        destination: format!(
            "in.{{{{partition({partitions},{})}}}}.{}",
            keys.join(","),
            rest.join(".")
        ),
    }
}

fn consumer(partition: u32) -> pull::Config {
    pull::Config {
        durable_name: Some(consumer_name(partition)),
        ack_policy: AckPolicy::All, // One acknowledgement a batch.
        ack_wait: ACK_WAIT,
        max_ack_pending: 10_000,
        filter_subject: format!("in.{partition}.>"),
        ..pull::Config::default()
    }
}
