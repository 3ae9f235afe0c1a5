//! One who follows: what they are shown next. They hold one reading at most, however slow they are;
//! whoever falls behind what is kept for everyone reads the stream at their own pace.

use std::collections::VecDeque;
use std::sync::Arc;

use chassis::Kept;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior};

use super::{Following, Live, Place, Reset, Seam, Seat, Wanted};

/// One who follows.
pub(crate) struct Viewer {
    following: Following,
    /// Given back when they go.
    _seat: Seat,
    live: broadcast::Receiver<Live>,
    of: Wanted,
    seam: Seam,
    reset: Option<Reset>,
    has_begun: bool,
    /// What is to be shown before anything else is looked at.
    waiting: VecDeque<Arc<Kept>>,
    beat: Interval,
}

/// What somebody who follows is shown. Each bears the place after which it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// First of all: from here on.
    From(Place),
    /// They cannot go on where they were.
    Reset(Place, Reset),
    Status(Place, Arc<Kept>),
    /// Nothing happened, and we are still there.
    Alive(Place),
}

impl Viewer {
    pub(super) fn new(
        following: Following,
        admitted: Seat,
        live: broadcast::Receiver<Live>,
        of: Wanted,
        (seam, reset): (Seam, Option<Reset>),
    ) -> Self {
        let mut beat = tokio::time::interval(following.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        let waiting = VecDeque::new();
        Self { following, _seat: admitted, live, of, seam, reset, has_begun: false, waiting, beat }
    }

    /// What is shown next; nothing, if it is over. They may come again, and go on.
    pub(crate) async fn next(&mut self) -> Option<Shown> {
        if !self.has_begun {
            self.has_begun = true;
            return Some(Shown::From(self.seam.place()));
        }
        if let Some(reset) = self.reset.take() {
            return Some(Shown::Reset(self.seam.place(), reset));
        }
        let mut closing = self.following.closing.clone();
        let shown = tokio::select! {
            biased;
            _closed = closing.wait_for(|it| *it) => None,
            shown = self.look() => shown,
        };
        self.beat.reset();
        shown
    }

    async fn look(&mut self) -> Option<Shown> {
        loop {
            if let Some(status) = self.waiting.pop_front() {
                let place = Place { at: status.sequence, ..self.seam.place() };
                return Some(Shown::Status(place, status));
            }
            if self.seam.is_behind() {
                if let Err(error) = self.catch_up().await {
                    tracing::info!(%error, "one who follows is sent away: {error:#}");
                    return None;
                }
                continue;
            }
            tokio::select! {
                live = self.live.recv() => match live {
                    Ok(Live::Read(stretch)) => {
                        let new = self.seam.meet(&stretch);
                        self.waiting.extend(new.into_iter().filter(|it| self.of.holds(it)));
                    }
                    // What was missed is before what comes next, and is read then.
                    Err(RecvError::Lagged(_)) => {}
                    Ok(Live::Torn) | Err(RecvError::Closed) => return None,
                },
                _beat = self.beat.tick() => return Some(Shown::Alive(self.seam.place())),
            }
        }
    }

    /// Reads the stream on, towards what everyone is shown.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        let Self { following, of, seam, .. } = self;
        let (source, at) = (&following.source, seam.place().at);
        let mut read = source.read(&of.filter, at).await?;
        if read.is_empty() {
            read.extend(source.next(&of.filter, at).await?);
        }
        // Read before it was seen that the stream is still the same: so it was of this one.
        let state = source.state().await?;
        anyhow::ensure!(state.made == seam.place().made, "the stream was made anew");
        if read.is_empty() {
            seam.nothing_more();
        } else {
            self.waiting.extend(seam.read(read));
        }
        Ok(())
    }
}
