//! What arrives for one partition of one service, from the broker, as events for its owner.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::{Client, Message, Subject, Subscriber};
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use crate::client::owner_subject;
use crate::log::{self, Head, Portion, Read, head_subject, page_subject, read_subject, unpack};
use crate::task::Helpers;
use crate::{Envelope, Missing, Outcome, Page, telemetry};

/// How many events wait for the owner. Pages beyond it wait in the client, and beyond that are a
/// gap, which is asked for.
pub(crate) const WAITING: usize = 1024;

/// How long one ask is waited for: longer than until it is asked again. What a busy speaker answers
/// late is as good; who did not wait for it would have had it worked for nothing.
const ASKING: Duration = Duration::from_secs(10);

/// Something that the owner of a partition is to look at.
pub(crate) enum Event {
    Page(Arc<Page>),
    Head(Head),
    /// A speaker's answer to an ask.
    Answer(Missing, Head, Vec<Arc<Page>>),
    /// And who waits for the outcome.
    Command(Envelope, Option<Caller>),
    /// And who is told when they are decided.
    Reports(Vec<Envelope>, Receipt),
    /// Another partition left a note.
    Wake,
    /// The connection was lost and is there again: anything may have been missed.
    Reconnected,
}

/// Who is told that reports were decided.
pub(crate) enum Receipt {
    /// The broker, by acknowledging this message, and with it all before it.
    Broker(Box<async_nats::jetstream::Message>),
    /// Whoever read them.
    Reader(oneshot::Sender<()>),
}

impl Receipt {
    /// Tells it. What is not told comes again.
    pub(crate) async fn give(self) {
        match self {
            Self::Broker(last) => {
                if let Err(error) = last.ack().await {
                    tracing::warn!(%error, "a report will come again: {error}");
                }
            }
            Self::Reader(told) => drop(told.send(())), // It may have gone.
        }
    }
}

/// Who gave a command.
pub(crate) enum Caller {
    /// Somebody in this process.
    Here(oneshot::Sender<Outcome>),
    /// Somebody who listens on this subject.
    At(Subject),
}

/// The subject on which a partition is told that there is a note for it.
pub(crate) fn wake_subject(service: &str, partition: u32) -> String {
    format!("wake.{partition}.{service}")
}

/// Subscribes to all that one partition of a service hears, and passes it on.
pub(crate) async fn listen(
    nats: &Client,
    (service, partition): (&'static str, u32),
    speakers: impl Iterator<Item = &str>,
    events: &mpsc::Sender<Event>,
    helpers: &mut Helpers,
) -> anyhow::Result<()> {
    for speaker in speakers {
        let pages = nats.subscribe(page_subject(partition, speaker)).await?;
        let pages = hear(pages, (service, speaker.to_owned(), partition), events.clone());
        helpers.spawn(format!("{service} hears {speaker}"), pages);
        let heads = nats.subscribe(head_subject(partition, speaker)).await?;
        let heads = hear_heads(heads, (service, speaker.to_owned()), events.clone());
        helpers.spawn(format!("{service} hears heads of {speaker}"), heads);
    }
    let commands = nats.subscribe(owner_subject(service, partition)).await?;
    let commands = obey(commands, service, nats.clone(), events.clone());
    helpers.spawn(format!("{service} is told"), commands);
    let wakes = nats.subscribe(wake_subject(service, partition)).await?;
    helpers.spawn(format!("{service} is woken"), wake(wakes, events.clone()));
    nats.flush().await.context("subscribed")?;
    Ok(())
}

/// Passes on the pages of one speaker and partition. What does not read, and what is another's than
/// it is said to be, is counted, and asked for as if it had been lost: it stands in its speaker's
/// table.
async fn hear(
    mut pages: Subscriber,
    (service, speaker, partition): (&'static str, String, u32),
    events: mpsc::Sender<Event>,
) {
    while let Some(message) = pages.next().await {
        let read = log::read(&message.payload).and_then(|page| {
            let of = (page.speaker.as_str(), page.partition);
            ensure!(of == (speaker.as_str(), partition), "it says that it is of {of:?}");
            Ok(page)
        });
        match read {
            Ok(page) => send(&events, Event::Page(page)).await,
            Err(error) => {
                telemetry::unreadable(service, "page");
                tracing::warn!(%error, "a page on {} is unreadable", message.subject);
            }
        }
    }
}

async fn hear_heads(
    mut heads: Subscriber,
    (service, speaker): (&'static str, String),
    events: mpsc::Sender<Event>,
) {
    while let Some(message) = heads.next().await {
        match serde_json::from_slice(&message.payload) {
            Ok(number) => {
                send(&events, Event::Head(Head { speaker: speaker.clone(), number })).await;
            }
            Err(_) => telemetry::unreadable(service, "head"),
        }
    }
}

async fn obey(
    mut commands: Subscriber,
    service: &'static str,
    nats: Client,
    events: mpsc::Sender<Event>,
) {
    while let Some(Message { payload, reply, .. }) = commands.next().await {
        let refusal = match serde_json::from_slice::<Envelope>(&payload) {
            Ok(command) => {
                let caller = reply.clone().map(Caller::At);
                match events.try_send(Event::Command(command, caller)) {
                    Ok(()) => continue,
                    Err(_) => Outcome::Busy,
                }
            }
            Err(error) => {
                telemetry::unreadable(service, "command");
                Outcome::Refused { cause: error.to_string() }
            }
        };
        if let (Some(reply), Ok(body)) = (reply, serde_json::to_vec(&refusal)) {
            nats.publish(reply, body.into()).await.ok(); // It asks again.
        }
    }
}

async fn wake(mut wakes: Subscriber, events: mpsc::Sender<Event>) {
    while wakes.next().await.is_some() {
        events.try_send(Event::Wake).ok(); // Full means awake.
    }
}

pub(crate) async fn send(events: &mpsc::Sender<Event>, event: Event) {
    // If nobody receives, the owner is gone, and this task with it.
    events.send(event).await.ok();
}

/// Asks a speaker for the pages of a partition from a number on, and passes on what it answers. If
/// it does not, it is asked again by and by.
pub(crate) async fn ask(
    nats: Client,
    partition: u32,
    missing: Missing,
    events: mpsc::Sender<Event>,
) {
    match tokio::time::timeout(ASKING, read(&nats, partition, &missing)).await {
        Ok(Ok((head, pages))) => send(&events, Event::Answer(missing, head, pages)).await,
        Ok(Err(error)) => tracing::debug!(%error, "{} did not answer", missing.speaker),
        Err(_) => tracing::debug!("{} did not answer in time", missing.speaker),
    }
}

async fn read(
    nats: &Client,
    partition: u32,
    missing: &Missing,
) -> anyhow::Result<(Head, Vec<Arc<Page>>)> {
    let subject = read_subject(&missing.speaker);
    let mut read = Read { partition, from: missing.from, offset: 0 };
    let (mut pages, mut piece) = (Vec::new(), Vec::new());
    loop {
        let reply = nats.request(subject.clone(), serde_json::to_vec(&read)?.into()).await?;
        let portion = Portion::from_bytes(&reply.payload)?;
        for it in portion.pieces {
            piece.extend(it.bytes);
            if piece.len() == it.of {
                pages.push(Arc::new(unpack(&piece)?));
                piece.clear();
            }
        }
        if piece.is_empty() {
            let head = Head { speaker: missing.speaker.clone(), number: portion.head };
            return Ok((head, pages));
        }
        read.offset = piece.len(); // A page larger than a message: the rest of it.
    }
}
