use contracts::Timestamp;

use super::{Heard, Missing, Page};
use crate::plant::{Bug, planted};

/// Where a worker is in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Counts transactions. It is what two owners of a partition compare and swap.
    pub(crate) version: i64,
    pub(crate) heard: Heard,
    /// Counts pages: a transaction that says nothing to others makes none.
    pub(crate) said: i64,
    pub(crate) at: Timestamp,
}

/// What to do with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Take {
    /// Hear it.
    Next,
    /// It was heard before.
    Duplicate,
    /// Hear others first.
    Missing(Missing),
}

impl Position {
    /// One transaction further, at this time, or at the last one if the clock was put back.
    pub(crate) fn after(&self, now: Timestamp) -> Self {
        // In whole microseconds, as Postgres keeps it.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let at = if planted(Bug::TimeGoesBack) { now } else { self.at.max(now) };
        Self { version: self.version + 1, at, ..self.clone() }
    }

    /// Takes the page, if it is the next of its speaker and its causes were heard.
    pub(crate) fn take(&mut self, page: &Page) -> Take {
        let take = judge(&self.heard, page);
        if take == Take::Next {
            self.heard.insert(page.speaker.clone(), page.number);
        }
        take
    }
}

/// The next number only, and causes first.
pub(super) fn judge(heard: &Heard, page: &Page) -> Take {
    let seen = heard.get(&page.speaker).copied().unwrap_or_default();
    if page.number <= seen {
        return if planted(Bug::HeardAgain) { Take::Next } else { Take::Duplicate };
    }
    if page.number > seen + 1 && !planted(Bug::AnyLaterNumber) {
        return Take::Missing(Missing { speaker: page.speaker.clone(), from: seen + 1 });
    }
    for (speaker, number) in &page.heard {
        if let Some(seen) = heard.get(speaker)
            && seen < number
            && !planted(Bug::CausesIgnored)
        {
            return Take::Missing(Missing { speaker: speaker.clone(), from: seen + 1 });
        }
    }
    Take::Next
}
