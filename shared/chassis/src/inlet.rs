//! Reads what the outside says on public streams, for one partition: the broker has sorted it.

mod careful;

use std::time::Duration;

use async_nats::jetstream::{self, consumer::PullConsumer};
use contracts::{Contract, Door, Key, Uuid};
use futures::StreamExt;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{mpsc, watch};

use crate::hearing::{Event, Receipt, send};
use crate::streams::consumer_name;
use crate::{Envelope, MessageId, TraceContext};

/// How many reports are passed on together.
const TOGETHER: usize = 256;

/// How long to wait until it is read again what somebody else was given meanwhile.
const AGAIN: Duration = Duration::from_millis(20);

/// Passes on what arrives on one stream for one partition. Ends with an error when the consumer
/// does; whoever runs it tries again.
///
/// A client of NATS drops its connection over a message whose headers or subject it cannot read, and
/// is given the same message again: such a one would keep all behind it out for ever. So whenever the
/// connection was lost, what comes next is read in another way, which knows no such messages.
pub(crate) async fn run(
    nats: &async_nats::Client,
    (contract, door): (Contract, Door),
    partition: u32,
    mut reconnected: watch::Receiver<u64>,
    events: mpsc::Sender<Event>,
) -> anyhow::Result<()> {
    let stream = jetstream::new(nats.clone()).get_stream(door.stream).await?;
    let mut consumer: PullConsumer =
        stream.get_consumer(&consumer_name(partition)).await.map_err(|error| {
            anyhow::anyhow!("{} has no consumer for partition {partition}: {error}", door.stream)
        })?;
    let inlet = Inlet { nats, contract, door, partition, events };
    loop {
        tokio::select! {
            read = inlet.read(&mut consumer) => read?,
            lost = reconnected.changed() => {
                lost?;
                inlet.read_carefully(&mut consumer).await?;
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// One stream, read for one partition.
struct Inlet<'a> {
    nats: &'a async_nats::Client,
    contract: Contract,
    door: Door,
    partition: u32,
    events: mpsc::Sender<Event>,
}

impl Inlet<'_> {
    /// Reads on from the last acknowledgement, until somebody else is given something.
    ///
    /// An acknowledgement is for all that came before it as well. So what was given to an earlier
    /// owner who did not get to acknowledge it has to come again first; and when something is given
    /// to another reader (who has lost the partition and does not know it yet), nothing after it may
    /// be taken.
    async fn read(&self, consumer: &mut PullConsumer) -> anyhow::Result<()> {
        let mut given = consumer.reset(None).await?.info.delivered.consumer_sequence;
        let reports = consumer
            .stream()
            .max_messages_per_batch(2 * TOGETHER)
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await?;
        let mut reports = reports.ready_chunks(TOGETHER);
        while let Some(together) = reports.next().await {
            let (mut envelopes, mut last, mut gap) = (Vec::new(), None, false);
            for report in together {
                let report = report?;
                given += 1;
                gap = report.info().is_ok_and(|it| it.consumer_sequence != given);
                if gap {
                    break;
                }
                envelopes.push(envelope(&self.contract, &self.door, said(&report)));
                last = Some(report);
            }
            if let Some(last) = last {
                let receipt = Receipt::Broker(Box::new(last));
                send(&self.events, Event::Reports(envelopes, receipt)).await;
            }
            if gap {
                tracing::debug!("somebody else is given what {} has", self.door.stream);
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Something that was said on a public stream.
pub(crate) struct Said<'a> {
    /// The subject under which it was published.
    pub(crate) tokens: &'a str,
    pub(crate) payload: &'a [u8],
    /// Its sequence in the stream, and when it was published, in nanoseconds.
    pub(crate) place: (u64, i128),
    pub(crate) trace: TraceContext,
}

/// A subject as it was published: the stream put `in.<partition>.` before it.
fn inner(subject: &str) -> &str {
    subject.splitn(3, '.').nth(2).unwrap_or_default()
}

fn said(report: &jetstream::Message) -> Said<'_> {
    let tokens = inner(&report.subject);
    let place = report
        .info()
        .map_or((0, 0), |it| (it.stream_sequence, it.published.unix_timestamp_nanos()));
    let trace = crate::front::trace(report.headers.as_ref());
    Said { tokens, payload: &report.payload, place, trace }
}

/// A report as a message of the house: the tokens of its subject, and what was sent as `body`. What
/// is not JSON becomes a JSON text, so that it can be refused by name.
pub(crate) fn envelope(contract: &Contract, door: &Door, said: Said<'_>) -> Envelope {
    let named = door.pattern.split('.').zip(said.tokens.split('.'));
    let named: Vec<(&str, &str)> = named
        .filter_map(|(name, token)| Some((name.strip_prefix('{')?.strip_suffix('}')?, token)))
        .collect();
    let keyed = |key: &&str| named.iter().find(|it| it.0 == *key).map_or("", |it| it.1);
    let sent = match serde_json::from_slice::<&RawValue>(said.payload) {
        Ok(json) => json.get().to_owned(),
        Err(_) => quoted(&String::from_utf8_lossy(said.payload)),
    };
    let mut body = String::from("{");
    for (name, token) in &named {
        body.extend([&quoted(name), ":", &quoted(token), ","]);
    }
    body.extend(["\"body\":", &sent, "}"]);
    let (sequence, published) = said.place;
    // A stream that was lost gives its sequences out again, but not at the same instant.
    let id = format!("{} {sequence} {published}", door.stream);
    Envelope {
        id: MessageId(Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes())),
        cause: None,
        subject: contract.subject.to_owned(),
        key: Key(door.keyed_by.iter().map(keyed).collect()),
        address: None,
        trace: said.trace,
        body: RawValue::from_string(body).unwrap_or_default(),
    }
}

fn quoted(text: &str) -> String {
    to_raw_value(text).map(|it| it.get().to_owned()).unwrap_or_default()
}
