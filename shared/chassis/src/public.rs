//! A public stream, read as the outside reads it: for a duty that tells others what it keeps.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use async_nats::StatusCode;
use async_nats::header::{NATS_SEQUENCE, NATS_SUBJECT};
use async_nats::jetstream;
use async_nats::jetstream::stream::RawMessageErrorKind;
use bytes::Bytes;
use contracts::Door;
use futures::StreamExt;
use serde_json::json;

/// How long the broker's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The broker ends what it reads at once with this.
const END_OF_BATCH: u16 = 204;

/// A public stream, to read. Nothing is left with the broker: no consumer, no acknowledgement.
/// A service may do so that declares it ([`crate::Service::follows`]).
#[derive(Clone)]
pub struct PublicStream {
    nats: async_nats::Client,
    streams: jetstream::Context,
    door: Door,
}

/// How a public stream stands, as its leader says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamState {
    /// When it was made, in nanoseconds since 1970. A stream that was lost and made anew gives its
    /// sequences out again, and was made at another time.
    pub made: u64,
    /// The sequence of the first message that is still kept: one above `last`, if there is none.
    pub first: u64,
    /// The sequence of the last message that was ever kept; 0, if there was none.
    pub last: u64,
}

/// A message that a public stream keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// 1, 2, 3 … in the order in which the stream took them in.
    pub sequence: u64,
    /// The address to which it was published.
    pub subject: String,
    pub body: Bytes,
}

impl PublicStream {
    pub(crate) fn new(nats: async_nats::Client, door: Door) -> Self {
        let mut streams = jetstream::new(nats.clone());
        streams.set_timeout(PATIENCE);
        Self { nats, streams, door }
    }

    /// How it stands. An error, if nobody says so within two seconds.
    pub async fn state(&self) -> anyhow::Result<StreamState> {
        let name = self.door.stream;
        let stream = self.streams.get_stream(name).await;
        let stream = stream.with_context(|| format!("how stream {name} stands"))?;
        let info = stream.cached_info();
        Ok(StreamState {
            made: u64::try_from(info.created.unix_timestamp_nanos())?,
            first: info.state.first_sequence,
            last: info.state.last_sequence,
        })
    }

    /// The messages after this sequence whose subject passes the filter, in order: so many at most,
    /// and beyond the first no more than so many bytes. Whichever server is near answers: it may not
    /// have the last ones yet, but leaves none out before the last that it gives.
    pub async fn read(
        &self,
        filter: &str,
        after: u64,
        most: usize,
        bytes: usize,
    ) -> anyhow::Result<Vec<Kept>> {
        let name = self.door.stream;
        let inbox = self.nats.new_inbox();
        let mut answers = self.nats.subscribe(inbox.clone()).await?;
        let wanted = json!({
            "seq": after + 1, "next_by_subj": filter, "batch": most, "max_bytes": bytes,
        });
        let (subject, wanted) = (format!("$JS.API.DIRECT.GET.{name}"), wanted.to_string());
        self.nats.publish_with_reply(subject, inbox, wanted.into()).await?;
        let reading = async {
            let mut read = Vec::new();
            while let Some(message) = answers.next().await {
                match message.status {
                    None | Some(StatusCode::OK) => read.push(kept(message)?),
                    Some(StatusCode::NOT_FOUND) => return Ok(read),
                    Some(it) if it.as_u16() == END_OF_BATCH => return Ok(read),
                    Some(other) => {
                        let why = message.description.unwrap_or_default();
                        bail!("the broker does not read {name}: {other} {why}");
                    }
                }
            }
            bail!("the connection ended while {name} was read");
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.with_context(|| format!("nobody read {name} to its end in time"))?
    }

    /// The first message after this sequence whose subject passes the filter, if there is one: the
    /// leader says so, which knows of every message that was ever shown.
    pub async fn next(&self, filter: &str, after: u64) -> anyhow::Result<Option<Kept>> {
        let name = self.door.stream;
        let stream = self.streams.get_stream_no_info(name).await?;
        let asked = stream.raw_message_builder().sequence(after + 1).next_by_subject(filter);
        match asked.send().await {
            Ok(it) => Ok(Some(Kept {
                sequence: it.sequence,
                subject: it.subject.to_string(),
                body: it.payload,
            })),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(anyhow!(error).context(format!("the next message of {name}"))),
        }
    }
}

fn kept(message: async_nats::Message) -> anyhow::Result<Kept> {
    let headers = message.headers.as_ref().context("a message without its place")?;
    let sequence = headers.get(NATS_SEQUENCE).context("a message without its sequence")?;
    let subject = headers.get(NATS_SUBJECT).context("a message without its subject")?;
    Ok(Kept {
        sequence: sequence.as_str().parse()?,
        subject: subject.as_str().to_owned(),
        body: message.payload,
    })
}
