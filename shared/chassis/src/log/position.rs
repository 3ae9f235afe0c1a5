use contracts::Timestamp;

use super::{Heard, Missing, Page};

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

/// A fault that is planted in the rules, to see that the tests find it. No release build has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "planted by tests only"))]
pub(crate) enum Flaw {
    AnyLaterNumber,
    IgnoreCauses,
    NoFence,
    NeverAsk,
}

impl Position {
    /// One transaction further, at this time, or at the last one if the clock was put back.
    pub(crate) fn after(&self, now: Timestamp) -> Self {
        // In whole microseconds, as Postgres keeps it.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        Self { version: self.version + 1, at: self.at.max(now), ..self.clone() }
    }

    #[cfg(test)] // In the database it is the `where` of one statement.
    /// Whether this is what may come after what is stored: if not, the partition has another owner.
    pub(crate) fn may_follow(&self, stored_version: i64, flaw: Option<Flaw>) -> bool {
        self.version == stored_version + 1 || flaw == Some(Flaw::NoFence)
    }

    /// Takes the page, if it is the next of its speaker and its causes were heard.
    pub(crate) fn take(&mut self, page: &Page) -> Take {
        let take = judge(&self.heard, page, None);
        if take == Take::Next {
            self.heard.insert(page.speaker.clone(), page.number);
        }
        take
    }
}

/// The next number only, and causes first.
pub(super) fn judge(heard: &Heard, page: &Page, flaw: Option<Flaw>) -> Take {
    let seen = heard.get(&page.speaker).copied().unwrap_or_default();
    if page.number <= seen {
        return Take::Duplicate;
    }
    if page.number > seen + 1 && flaw != Some(Flaw::AnyLaterNumber) {
        return Take::Missing(Missing { speaker: page.speaker.clone(), from: seen + 1 });
    }
    for (speaker, number) in &page.heard {
        if let Some(seen) = heard.get(speaker)
            && seen < number
            && flaw != Some(Flaw::IgnoreCauses)
        {
            return Take::Missing(Missing { speaker: speaker.clone(), from: seen + 1 });
        }
    }
    Take::Next
}
