//! Reads messages one by one, as the broker tells of them in JSON: whatever their subjects and headers
//! are.

use anyhow::{Context, bail};
use async_nats::jetstream::consumer::PullConsumer;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contracts::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use super::{Inlet, Said, envelope, inner};
use crate::TraceContext;
use crate::hearing::{Event, Receipt, send};

/// How many are read so after a connection was lost. If none of them was to blame, it is lost once
/// more, and as many are read again.
const AT_MOST: usize = 64;

/// What the broker answers when there is no such message.
const NOT_FOUND: u16 = 404;

#[derive(Debug, Deserialize)]
struct Answer {
    message: Option<Kept>,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: u16,
    #[serde(default)]
    description: String,
}

/// A message as the broker tells of it: what is not UTF-8 in its subject was replaced.
#[derive(Debug, Deserialize)]
struct Kept {
    subject: String,
    seq: u64,
    time: Timestamp,
    /// In base64, as is `data`; absent, if there are none.
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl Inlet<'_> {
    /// Reads on from the last acknowledgement, a few messages, each when the one before it is decided.
    pub(super) async fn read_carefully(&self, consumer: &mut PullConsumer) -> anyhow::Result<()> {
        for _ in 0..AT_MOST {
            let decided = consumer.reset(None).await?.info.ack_floor.stream_sequence;
            let Some(kept) = self.next(decided).await? else { return Ok(()) };
            let payload = BASE64_STANDARD.decode(&kept.data).context("a payload in base64")?;
            let headers = BASE64_STANDARD.decode(&kept.hdrs).context("headers in base64")?;
            let said = Said {
                tokens: inner(&kept.subject),
                payload: &payload,
                place: (kept.seq, kept.time.as_nanosecond()),
                trace: trace(&headers),
            };
            let (told, decided) = oneshot::channel();
            let envelopes = vec![envelope(&self.contract, &self.door, said)];
            send(&self.events, Event::Reports(envelopes, Receipt::Reader(told))).await;
            decided.await.context("the partition is somebody else's")?;
            consumer.reset(Some(kept.seq + 1)).await?;
        }
        Ok(())
    }

    /// The first message after this one that is for this partition.
    async fn next(&self, after: u64) -> anyhow::Result<Option<Kept>> {
        let name = self.door.stream;
        let wanted =
            json!({ "seq": after + 1, "next_by_subj": format!("in.{}.>", self.partition) });
        let subject = format!("$JS.API.STREAM.MSG.GET.{name}");
        let answer = self.nats.request(subject, wanted.to_string().into()).await?;
        let answer: Answer = serde_json::from_slice(&answer.payload)?;
        match answer.error {
            None => Ok(answer.message),
            Some(it) if it.code == NOT_FOUND => Ok(None),
            Some(it) => bail!("the next message of {name}: {} {}", it.code, it.description),
        }
    }
}

/// The trace that stands in these headers, if they read.
fn trace(headers: &[u8]) -> TraceContext {
    let text = String::from_utf8_lossy(headers);
    let fields = text.lines().filter_map(|it| it.split_once(':'));
    TraceContext::from_fields(fields.map(|(name, value)| (name, value.trim())))
}
