//! Where what is read of the stream meets what is shown to everyone: without a gap, and nothing twice.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chassis::{Kept, StreamState};

use super::Stretch;

/// A place on a stream: behind this sequence of the stream that was made then. Clients know it as the
/// id of an event, and go on after it: `18f0c2a9b3d4e5f6-1042`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) made: u64,
    pub(crate) at: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.made, self.at)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (made, at) = text.split_once('-').ok_or(())?;
        let is_fine =
            |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit());
        if !is_fine(made) || !is_fine(at) {
            return Err(());
        }
        let made = u64::from_str_radix(made, 16).map_err(drop)?;
        Ok(Self { made, at: at.parse().map_err(drop)? })
    }
}

/// Where somebody begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// With what comes.
    Now,
    /// With the first that is kept.
    Start,
    /// With what follows this place.
    After(Place),
}

/// Why somebody cannot go on where they were, and begins with the first that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// The stream was made anew, or has lost its end.
    Lost,
    /// What follows was kept for its time, and put away.
    Expired,
}

impl Reset {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Expired => "expired",
        }
    }
}

/// Where somebody begins, by how the stream stands.
pub(crate) fn begin(from: Begin, state: &StreamState) -> (Seam, Option<Reset>) {
    let start = state.first.saturating_sub(1);
    let (at, reset) = match from {
        Begin::Now => (state.last, None),
        Begin::Start => (start, None),
        Begin::After(it) if it.made != state.made || it.at > state.last => {
            (start, Some(Reset::Lost))
        }
        Begin::After(it) if it.at < start => (start, Some(Reset::Expired)),
        Begin::After(it) => (it.at, None),
    };
    (Seam { made: state.made, at, until: state.last }, reset)
}

/// How far somebody is, and how far they are known to be behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seam {
    made: u64,
    /// All up to here was shown.
    at: u64,
    /// So far the stream is to be read before what comes may be shown.
    until: u64,
}

impl Seam {
    /// All up to here was shown: whoever resumes after it misses nothing.
    pub(crate) fn place(&self) -> Place {
        Place { made: self.made, at: self.at }
    }

    /// Whether the stream is to be read first.
    pub(crate) fn is_behind(&self) -> bool {
        self.at < self.until
    }

    /// Takes what the stream keeps next, in order.
    pub(crate) fn read(&mut self, read: impl IntoIterator<Item = Kept>) -> Vec<Arc<Kept>> {
        let mut new = Vec::new();
        for it in read {
            if it.sequence > self.at {
                self.at = it.sequence;
                new.push(Arc::new(it));
            }
        }
        new
    }

    /// The leader knows of nothing more up to where it was to be read.
    pub(crate) fn nothing_more(&mut self) {
        self.at = self.at.max(self.until);
    }

    /// Takes what everyone is shown, or leaves it, if something before it is still to be read: then
    /// it is read of the stream, together with that.
    pub(crate) fn meet(&mut self, stretch: &Stretch) -> Vec<Arc<Kept>> {
        if stretch.after > self.at {
            self.until = self.until.max(stretch.up_to);
            return vec![];
        }
        let known = stretch.statuses.partition_point(|it| it.sequence <= self.at);
        self.at = self.at.max(stretch.up_to);
        stretch.statuses[known..].to_vec()
    }
}
