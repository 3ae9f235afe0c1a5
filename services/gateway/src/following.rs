//! Statuses as they come, for everyone who follows. One reader a process reads the stream that keeps
//! them, and shows what it reads to all who follow; whoever is behind reads the stream until they
//! meet it. It rests while nobody follows.

mod seam;
#[cfg(test)]
pub(crate) mod tests;
mod viewer;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chassis::{Kept, PublicStream, StreamState};
use contracts::intake::OrderStatus;
use contracts::{ChannelId, ExternalId, Message};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, watch};

use crate::GatewaySettings;
pub(crate) use seam::{Begin, Place, Reset};
use seam::{Seam, begin};
pub(crate) use viewer::{Shown, Viewer};

/// How often the stream is looked at while somebody follows: so much later than it is kept, at most,
/// a status is shown.
const LOOK: Duration = Duration::from_millis(50);

/// How long it is left alone after it could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// How many messages are read at once, and how many bytes: as much as one client holds.
pub(crate) const TOGETHER: usize = 128;
const BYTES: usize = 128 * 1024;

/// How many readings are kept for those who are a little behind, once a process.
pub(crate) const READINGS: usize = 32;

/// What comes of reading the stream.
pub(crate) type Reading<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// The stream that keeps the statuses. A test puts something else in its place.
pub(crate) trait Statuses: Send + Sync + 'static {
    fn state(&self) -> Reading<'_, StreamState>;
    /// What is kept after this sequence and passes the filter. The last ones may be missing yet.
    fn read<'a>(&'a self, filter: &'a str, after: u64) -> Reading<'a, Vec<Kept>>;
    /// The first one after this sequence that passes the filter; for certain.
    fn next<'a>(&'a self, filter: &'a str, after: u64) -> Reading<'a, Option<Kept>>;
}

impl Statuses for PublicStream {
    fn state(&self) -> Reading<'_, StreamState> {
        Box::pin(PublicStream::state(self))
    }

    fn read<'a>(&'a self, filter: &'a str, after: u64) -> Reading<'a, Vec<Kept>> {
        Box::pin(PublicStream::read(self, filter, after, TOGETHER, BYTES))
    }

    fn next<'a>(&'a self, filter: &'a str, after: u64) -> Reading<'a, Option<Kept>> {
        Box::pin(PublicStream::next(self, filter, after))
    }
}

/// What the one reader shows to everyone.
#[derive(Debug, Clone)]
pub(crate) enum Live {
    /// All that the stream took in after one sequence, up to another.
    Read(Arc<Stretch>),
    /// The stream is not the one that it was: nobody can go on.
    Torn,
}

/// All that a stream took in after one sequence, up to another.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) after: u64,
    pub(crate) up_to: u64,
    pub(crate) statuses: Vec<Arc<Kept>>,
}

/// Everyone who follows, and what they follow.
#[derive(Clone)]
pub(crate) struct Following {
    source: Arc<dyn Statuses>,
    live: broadcast::Sender<Live>,
    /// Wakes the reader.
    came: Arc<Notify>,
    seats: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
    heartbeat: Duration,
}

/// Why somebody cannot follow.
#[derive(Debug)]
pub(crate) enum Unseen {
    /// So many follow that there is no room for another.
    Full,
    /// The stream cannot be read.
    Unreadable(anyhow::Error),
}

impl Following {
    /// Nobody yet. All are sent away when `closing` says so.
    pub(crate) fn new(
        source: Arc<dyn Statuses>,
        closing: watch::Receiver<bool>,
        settings: &GatewaySettings,
    ) -> Self {
        Self {
            source,
            live: broadcast::Sender::new(READINGS),
            came: Arc::default(),
            seats: Arc::new(Semaphore::new(settings.followers)),
            closing,
            heartbeat: settings.heartbeat(),
        }
    }

    /// Lets somebody follow what is published to such addresses.
    pub(crate) async fn follow(&self, of: Wanted, from: Begin) -> Result<Viewer, Unseen> {
        let admitted = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| Unseen::Full)?;
        // First listen, then look where the stream is: nothing falls between the two.
        let live = self.live.subscribe();
        self.came.notify_one();
        let state = self.source.state().await.map_err(Unseen::Unreadable)?;
        let (seam, reset) = begin(from, &state);
        Ok(Viewer::new(self.clone(), admitted, live, of, (seam, reset)))
    }

    /// Reads what comes, for as long as it is not dropped.
    pub(crate) async fn read_on(&self) {
        let mut tail = None;
        loop {
            if self.live.receiver_count() == 0 {
                tail = None;
                self.came.notified().await;
                continue;
            }
            match self.look(&mut tail).await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(LOOK).await,
                Err(error) => {
                    tracing::warn!(%error, "the statuses cannot be followed: {error:#}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Looks at the stream once. Tells whether there may be more at once.
    async fn look(&self, tail: &mut Option<Tail>) -> anyhow::Result<bool> {
        let state = self.source.state().await?;
        let Some(known) = tail else {
            *tail = Some(Tail { made: state.made, at: state.last, read: vec![] });
            // Whoever was faster than the reader sees by this that they are behind.
            self.show(state.last, state.last, vec![]);
            return Ok(false);
        };
        if known.made != state.made || state.last < known.at {
            *tail = None;
            self.live.send(Live::Torn).ok(); // Nobody follows, then.
            return Ok(true);
        }
        // Read before it was seen that the stream is still the same: so it was of this one.
        let read = std::mem::take(&mut known.read);
        if let Some(last) = read.last() {
            let after = std::mem::replace(&mut known.at, last.sequence);
            self.show(after, known.at, read);
        } else if known.at + 1 < state.first {
            // What was between was put away before anyone read it.
            let after = std::mem::replace(&mut known.at, state.first - 1);
            self.show(after, known.at, vec![]);
        }
        if known.at >= state.last {
            return Ok(false);
        }
        known.read = self.source.read(&everything(), known.at).await?;
        Ok(!known.read.is_empty())
    }

    fn show(&self, after: u64, up_to: u64, statuses: Vec<Kept>) {
        let statuses = statuses.into_iter().map(Arc::new).collect();
        let stretch = Stretch { after, up_to, statuses };
        self.live.send(Live::Read(Arc::new(stretch))).ok(); // Nobody follows, then.
    }
}

/// How far the one reader is.
struct Tail {
    made: u64,
    /// The last sequence that was shown.
    at: u64,
    /// What follows it, read and not yet shown.
    read: Vec<Kept>,
}

/// Which statuses somebody follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    filter: String,
    /// What all their addresses begin with.
    prefix: String,
}

impl Wanted {
    /// All of a channel, or of one of its orders.
    pub(crate) fn of(channel: &ChannelId, order: Option<&ExternalId>) -> Self {
        let token = |it: &'static str| match it {
            "{channel}" => channel.as_str().to_owned(),
            "{external_id}" => order.map_or("*", ExternalId::as_str).to_owned(),
            it if it.starts_with('{') => "*".to_owned(),
            it => it.to_owned(),
        };
        let tokens: Vec<String> = pattern().split('.').map(token).collect();
        let known: Vec<&str> =
            tokens.iter().map(String::as_str).take_while(|it| *it != "*").collect();
        Self { filter: tokens.join("."), prefix: known.join(".") + "." }
    }

    fn holds(&self, status: &Kept) -> bool {
        status.subject.starts_with(&self.prefix)
    }
}

fn pattern() -> &'static str {
    OrderStatus::DOOR.map_or("", |it| it.pattern)
}

fn everything() -> String {
    OrderStatus::DOOR.map_or(String::new(), |it| it.filter())
}

/// The seat of one who follows: free again when it is dropped.
type Seat = OwnedSemaphorePermit;
