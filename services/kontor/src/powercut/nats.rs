//! Power cuts of NATS: the outside publishes into the inbound streams, as Kontor makes them.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use async_nats::jetstream;
use chassis::clock::Stopwatch;
use chassis::task;
use contracts::Uuid;
use futures::{StreamExt, stream};
use servers::{Home, Nats, NatsOptions, Progress};

use super::report::Report;
use super::{Powercut, WRITERS, a_while, body, thrown};
use crate::{house, provision};

/// How many messages are looked at at a time.
const AT_ONCE: usize = 64;

/// A message that a stream has said it keeps.
#[derive(Debug, Clone)]
struct Kept {
    stream: String,
    sequence: u64,
    body: Vec<u8>,
}

type Journal = Arc<Mutex<Vec<Kept>>>;

pub(super) async fn run(
    powercut: &Powercut,
    home: &Home,
    progress: Progress<'_>,
) -> anyhow::Result<Report> {
    let binary = servers::nats_binary(home, progress).await?;
    let durable = !powercut.forgetful;
    let options = NatsOptions { durable, ..NatsOptions::default() };
    let mut nats = Nats::start(&binary, home, options).await?;
    let mut disk = nats.onto_disk().await?;
    let admin = provision::admin(&nats.url(), None).await?;
    provision::provision(&admin, &house::plain(), &[], 2, 1).await?;
    if powercut.forgetful {
        disk.settle().await?; // Else the very streams would be gone.
    }

    let mut report = Report::of(powercut);
    let mut all = Vec::new();
    for round in 0..powercut.times {
        let journal = write_on(&nats, powercut.seed, round).await?;
        a_while(powercut.seed, round).await;
        let watch = Stopwatch::start();
        nats.cut_power(&mut disk).await?;
        let kept = journal.end();
        nats.restart().await.context("after a power cut")?;
        report.acknowledged += kept.len() as u64;
        report.lost.extend(missing(&nats, &kept).await?);
        report.took.push(watch.millis());
        progress(&format!("cut {} of {}: {} acknowledged", round + 1, powercut.times, kept.len()));
        all.extend(kept);
    }
    if report.lost.is_empty() {
        progress("looking at all of them once more");
        report.lost.extend(missing(&nats, &all).await?);
    }
    nats.stop().await?;
    drop(disk);
    Ok(report)
}

/// Those who write, and what was acknowledged to them.
struct Writing {
    writers: Vec<tokio::task::JoinHandle<()>>,
    journal: Journal,
}

impl Writing {
    /// Ends them; tells what was acknowledged.
    fn end(self) -> Vec<Kept> {
        self.writers.iter().for_each(tokio::task::JoinHandle::abort);
        std::mem::take(&mut *self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Has many write at a time.
async fn write_on(nats: &Nats, seed: u64, round: u32) -> anyhow::Result<Writing> {
    let streams = jetstream::new(provision::admin(&nats.url(), None).await?);
    let journal = Journal::default();
    let begin = |writer| {
        let (streams, journal) = (streams.clone(), Arc::clone(&journal));
        task::spawn("power cut: a writer", async move {
            for nth in 0.. {
                let nth = u64::from(round) << 32 | nth;
                let Some(kept) = publish(&streams, seed, writer, nth).await else { return };
                journal.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
            }
        })
    };
    let writers = (0..WRITERS).map(begin).collect();
    Ok(Writing { writers, journal })
}

/// Publishes one message, and waits until the stream says that it keeps it. Nothing, if it does not.
async fn publish(streams: &jetstream::Context, seed: u64, writer: u32, nth: u64) -> Option<Kept> {
    let body = body(seed, writer, nth);
    let name = format!("{seed}: writer {writer} writes {nth}");
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let subject = match thrown(seed, &name, 0..4) {
        0 => format!("payments.bank.{id}"),
        1 => format!("warehouse.WH-A.report.{id}.picked"),
        _ => format!("orders.submit.web.{writer}-{nth}"),
    };
    let published = streams.publish(subject, body.clone().into()).await.ok()?.await.ok()?;
    Some(Kept { stream: published.stream, sequence: published.sequence, body })
}

/// Those that are not where they were said to be kept.
async fn missing(nats: &Nats, kept: &[Kept]) -> anyhow::Result<Vec<String>> {
    let streams = jetstream::new(provision::admin(&nats.url(), None).await?);
    let looked: Vec<_> = stream::iter(kept)
        .map(|it| {
            let streams = streams.clone();
            async move {
                let stream = match streams.get_stream_no_info(&it.stream).await {
                    Ok(stream) => stream,
                    Err(error) => return Some(format!("{}: {error}", it.stream)),
                };
                let place = format!("{} {}", it.stream, it.sequence);
                match stream.direct_get(it.sequence).await {
                    Ok(found) if found.payload == it.body => None,
                    Ok(_) => Some(format!("{place} holds another message than was acknowledged")),
                    Err(error) => Some(format!("{place}: {error}")),
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    Ok(looked.into_iter().flatten().collect())
}
