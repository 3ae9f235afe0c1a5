//! What everybody outside did and saw, written down as it happens: one JSON object a line.

use std::fs::File;
use std::io::{LineWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, anyhow, ensure};
use async_nats::jetstream;
use chassis::clock;
use contracts::{OrderId, ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::Fault;

/// The records of a run.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    attempts: Record,
    picks: Record,
    status: Record,
    mails: Record,
    webhooks: Record,
    faults: Record,
    /// The first that could not be written.
    broken: OnceLock<String>,
}

#[derive(Debug)]
struct Record(Mutex<LineWriter<File>>);

/// What a client wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Op {
    /// An order over NATS, waiting for the answer.
    Place,
    /// An order over the stream. What was acknowledged is not known to be taken in before its status
    /// tells: a stream may be lost.
    Submit,
    HttpPlace,
    Cancel,
    /// What has to be refused.
    Garbage,
    /// What may have to be parked.
    Poison,
}

/// What came of it, as far as the client knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Accepted,
    Duplicate,
    Conflict,
    Rejected,
    Cancelled,
    Refused,
    Unknown,
}

/// One attempt of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) at: Timestamp,
    pub(super) client: String,
    pub(super) op: Op,
    pub(super) channel: String,
    /// Empty, if what was sent has none.
    pub(super) external_id: String,
    /// The `Idempotency-Key`, if there was one.
    pub(super) key: Option<String>,
    /// SHA-256 of what was sent, in hexadecimal digits.
    pub(super) body: String,
    pub(super) outcome: Outcome,
    pub(super) order: Option<OrderId>,
    /// Why it was rejected or refused.
    pub(super) codes: Vec<String>,
    /// The trace in which it was sent: 32 hexadecimal digits.
    pub(super) trace: Option<String>,
}

/// What a warehouse was told.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    pub(super) at: Timestamp,
    pub(super) warehouse: &'a str,
    pub(super) order: OrderId,
    pub(super) shipment: ShipmentId,
    /// Of the message. Empty, if it was told by hand: the stream that told it was lost.
    pub(super) id: &'a str,
    pub(super) what: &'a str,
}

/// What a warehouse reported.
#[derive(Debug, Serialize)]
pub(super) struct Reported<'a> {
    pub(super) at: Timestamp,
    pub(super) warehouse: &'a str,
    pub(super) order: OrderId,
    pub(super) shipment: ShipmentId,
    pub(super) report: &'a str,
    /// Whether the stream said that it keeps it.
    pub(super) acked: bool,
}

/// A status that a storefront was told.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    pub(super) at: Timestamp,
    /// When the stream took it in, in nanoseconds since 1970: what was not acknowledged comes again, and
    /// later than what stands behind it.
    pub(super) stood: i64,
    pub(super) client: &'a str,
    pub(super) channel: &'a str,
    pub(super) external_id: &'a str,
    pub(super) number: i64,
    pub(super) status: &'a str,
}

/// When the stream took this in, in nanoseconds since 1970.
pub(super) fn stood(message: &jetstream::Message) -> anyhow::Result<i64> {
    let info = message.info().map_err(|error| anyhow!("no place on a stream: {error}"))?;
    Ok(i64::try_from(info.published.unix_timestamp_nanos())?)
}

/// A letter that a mail server took.
#[derive(Debug, Serialize)]
pub(super) struct Mail<'a> {
    pub(super) at: Timestamp,
    /// Its `Message-ID`.
    pub(super) id: &'a str,
    /// SHA-256 of all that a reader sees of it.
    pub(super) says: String,
    /// SHA-256 of the address.
    pub(super) to_hash: String,
}

/// A call that a channel's own server got.
#[derive(Debug, Serialize)]
pub(super) struct Call<'a> {
    pub(super) at: Timestamp,
    /// Its `webhook-id`.
    pub(super) id: &'a str,
    pub(super) endpoint: &'a str,
    pub(super) answered: u16,
}

/// What was done to the house.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Done {
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) fault: Fault,
    /// When the fault was over.
    pub(super) healed_at: Timestamp,
    /// When the house did all of its work again; none, if it never did.
    pub(super) recovered_at: Option<Timestamp>,
    /// What is to be known besides.
    pub(super) remark: String,
}

impl Journal {
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let record = |name: &str| {
            let path = dir.join(format!("{name}.jsonl"));
            let file = File::create(&path).with_context(|| path.display().to_string())?;
            anyhow::Ok(Record(Mutex::new(LineWriter::new(file))))
        };
        Ok(Self {
            dir: dir.to_owned(),
            attempts: record("journal")?,
            picks: record("picks")?,
            status: record("status")?,
            mails: record("mails")?,
            webhooks: record("webhooks")?,
            faults: record("faults")?,
            broken: OnceLock::new(),
        })
    }

    pub(super) fn attempt(&self, it: &Attempt) {
        self.write(&self.attempts, it);
    }

    pub(super) fn told(&self, it: &Told<'_>) {
        self.write(&self.picks, it);
    }

    pub(super) fn reported(&self, it: &Reported<'_>) {
        self.write(&self.picks, it);
    }

    pub(super) fn status(&self, it: &Shown<'_>) {
        self.write(&self.status, it);
    }

    pub(super) fn mail(&self, it: &Mail<'_>) {
        self.write(&self.mails, it);
    }

    pub(super) fn call(&self, it: &Call<'_>) {
        self.write(&self.webhooks, it);
    }

    pub(super) fn fault(&self, it: &Done) {
        self.write(&self.faults, it);
    }

    /// Whatever is not written down makes the run worthless: it is told at the end.
    fn write(&self, record: &Record, it: &impl Serialize) {
        let written = serde_json::to_vec(it).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            record.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        });
        if let Err(error) = written {
            self.broken.get_or_init(|| error.to_string());
        }
    }

    /// Every attempt so far, as it was written down.
    pub(super) fn attempts(&self) -> anyhow::Result<Vec<Attempt>> {
        ensure!(self.broken.get().is_none(), "the journal has holes: {:?}", self.broken.get());
        let text = std::fs::read_to_string(self.dir.join("journal.jsonl"))?;
        let read = text.lines().map(serde_json::from_str);
        read.collect::<Result<_, _>>().context("journal.jsonl is as it was written")
    }
}

/// SHA-256, in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|it| format!("{it:02x}")).collect::<Vec<_>>().concat()
}

pub(super) fn now() -> Timestamp {
    clock::real()
}
