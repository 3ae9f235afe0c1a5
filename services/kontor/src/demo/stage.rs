//! What everyone who plays a part has: their pace, when to stop, and what they tell of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::{self, consumer::PullConsumer};
use chassis::{clock, task};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tracing::warn;

use super::Play;
use super::tally::Tally;

/// Orders a minute at which everybody takes the time that is pleasant to look at. Who has more to do
/// works faster, so that about as much is under way at any pace.
const USUAL: u32 = 30;

/// As fast as anybody works: a twentieth of the usual time.
const FASTEST: u32 = 20;

/// A customer pays within so much of the suite's time, if at all: half of what they are given.
const SOON: Duration = Duration::from_mins(15);

/// Where the parts are played. Each part has a copy.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) play: Play,
    pub(super) tally: Arc<Tally>,
    closing: watch::Receiver<bool>,
    #[expect(dead_code, reason = "only held: the curtain waits until the last one is dropped")]
    busy: mpsc::Sender<()>,
}

/// Ends the play.
pub(super) struct Curtain {
    close: watch::Sender<bool>,
    gone: mpsc::Receiver<()>,
}

impl Curtain {
    /// Has every part end where it stands, and waits until it has. What a warehouse had not done is
    /// given to it again at the next start.
    pub(super) async fn fall(mut self) {
        self.close.send_replace(true);
        let gone = async { while self.gone.recv().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(1), gone).await.is_err() {
            warn!("a part of the demo does not end");
        }
    }
}

impl Stage {
    pub(super) fn open(play: Play) -> (Self, Curtain) {
        let (close, closing) = watch::channel(false);
        let (busy, gone) = mpsc::channel(1);
        let tally = Arc::default();
        (Self { play, tally, closing, busy }, Curtain { close, gone })
    }

    /// Begins a part, which ends with the play.
    pub(super) fn begin(
        &self,
        name: &'static str,
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let stage = self.clone();
        let played = async move {
            let mut closing = stage.closing.clone();
            tokio::select! {
                _ = closing.wait_for(|it| *it) => {}
                ended = part => if let Err(error) = ended {
                    warn!(%error, "the demo's {name} stopped: {error:#}");
                }
            }
        };
        drop(task::spawn(name, played));
    }

    /// Takes so many milliseconds, less at a high pace.
    pub(super) async fn takes(&self, millis: u32) {
        let usual = Duration::from_millis(millis.into());
        let faster = usual * USUAL / self.play.pace.max(USUAL);
        tokio::time::sleep(faster.max(usual / FASTEST)).await;
    }

    /// The same, but no longer than a customer who pays may take.
    pub(super) async fn takes_soon(&self, millis: u32) {
        tokio::time::timeout(SOON / clock::speed(), self.takes(millis)).await.ok(); // Enough.
    }
}

/// Something that happens every so many times, to the next one to whom it can happen.
#[derive(Debug, Default)]
pub(super) struct Every {
    times: AtomicU64,
    struck: AtomicU64,
}

impl Every {
    /// Whether it happens now. Never, if it happens every zero times.
    pub(super) fn strikes(&self, every: u64, possible: bool) -> bool {
        let times = self.times.fetch_add(1, Ordering::Relaxed) + 1;
        let struck = self.struck.load(Ordering::Relaxed);
        let due = every > 0 && possible && times / every > struck;
        let next = struck + 1;
        due && self
            .struck
            .compare_exchange(struck, next, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

/// A consumer that was made for a client.
pub(super) async fn consumer(
    nats: &async_nats::Client,
    stream: &str,
    name: &str,
) -> anyhow::Result<PullConsumer> {
    let streams = jetstream::new(nats.clone());
    let consumer = streams.get_consumer_from_stream(name, stream).await;
    consumer.map_err(|it| anyhow::anyhow!("{name} on {stream}: {it}"))
}

pub(super) fn read<T: DeserializeOwned>(payload: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(payload).context("a public message is as it is declared")
}

/// Publishes on a stream, and waits until it is kept.
pub(super) async fn send(
    streams: &jetstream::Context,
    subject: String,
    body: &impl Serialize,
) -> anyhow::Result<()> {
    let payload = serde_json::to_vec(body)?.into();
    let ack = streams.publish(subject.clone(), payload).await?;
    ack.await.with_context(|| format!("{subject} was not taken"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_strikes_whoever_it_can_every_so_often() {
        let (every, never) = (Every::default(), Every::default());
        let struck: Vec<u32> =
            (1..=12).filter(|it| every.strikes(3, !(6..=7).contains(it))).collect();
        assert_eq!(struck, [3, 8, 9, 12]);
        assert!((0..12).all(|_| !never.strikes(0, true)));
    }
}
