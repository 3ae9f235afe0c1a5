use std::collections::BTreeMap;
use std::sync::Arc;

use super::position::judge;
use super::{Heard, Missing, Page, Take};
use crate::plant::{Bug, planted};

/// How many pages of one speaker wait at most. What does not fit is a gap, and is asked for.
const WAITING: usize = 256;

/// How long a missing page is waited for before it is asked for, in milliseconds: most often it is
/// on its way, overtaken by one that needs it.
const GRACE: u64 = 20;

/// How long an answer is waited for before it is asked again the first time, in milliseconds.
const REPEAT: u64 = 250;

/// And at most. Each time that nothing comes of it, twice as long is waited as the time before: after a
/// long pause on a busy machine, hundreds of ears that ask four times a second ask more than the
/// speakers can answer, and go on asking because nobody answers them.
const SELDOM: u64 = 4_000;

/// One hearer of the log in one partition: takes what arrives in any order, with losses and
/// repeats, and gives it out in the only order there is. No I/O: times come with the calls, in
/// milliseconds from any start.
#[derive(Debug)]
pub(crate) struct Ear {
    /// What was given out. Whoever took it keeps it until it is committed.
    taken: Heard,
    /// What arrived and was not given out.
    waiting: BTreeMap<String, BTreeMap<i64, Arc<Page>>>,
    /// The highest number known of each speaker.
    heads: BTreeMap<String, i64>,
    wanted: BTreeMap<String, Wanted>,
}

/// Pages of one speaker are missing.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    since: u64,
    asked: Option<Asked>,
    /// Ask without waiting for what may be on its way.
    at_once: bool,
}

/// What was asked last.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: u64,
    from: i64,
    /// How long to wait for the answer.
    patience: u64,
}

/// A speaker's highest page number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) speaker: String,
    pub(crate) number: i64,
}

/// A speaker that has said less than was heard of it: its database was put back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{speaker} has said {said} pages, and {heard} of them were heard: its database was put back in \
     time; see \"A database was restored\" in the chassis's README"
)]
pub(crate) struct PutBack {
    speaker: String,
    said: i64,
    heard: i64,
}

impl Ear {
    /// Listens to whoever is named in `heard`, from there on.
    pub(crate) fn new(heard: Heard) -> Self {
        let waiting = heard.keys().map(|it| (it.clone(), BTreeMap::new())).collect();
        Self { taken: heard, waiting, heads: BTreeMap::new(), wanted: BTreeMap::new() }
    }

    /// A page arrived.
    pub(crate) fn page(&mut self, page: Arc<Page>) {
        let Some(&seen) = self.taken.get(&page.speaker) else {
            return; // Nobody whom we listen to.
        };
        self.raise(&page.speaker, page.number);
        if page.number <= seen && !planted(Bug::HeardAgain) {
            return; // Given out before.
        }
        let Some(waiting) = self.waiting.get_mut(&page.speaker) else { return };
        waiting.insert(page.number, page);
        if waiting.len() > WAITING {
            waiting.pop_last(); // The furthest away is the last to be needed.
        }
    }

    /// A speaker announced the number of its last page. It may be an old announcement.
    pub(crate) fn head(&mut self, head: &Head, now: u64) {
        let Some(&seen) = self.taken.get(&head.speaker) else { return };
        self.raise(&head.speaker, head.number);
        if head.number < seen {
            // Late, or the speaker's database was put back. Its own answer will tell.
            self.want(&head.speaker, now);
        }
    }

    /// A speaker answered this ask out of its own table: these pages, and its head as it was then.
    ///
    /// What was known when it was asked, it must have; a page that it said since may have overtaken the
    /// answer.
    pub(crate) fn answer(
        &mut self,
        asked: &Missing,
        head: &Head,
        pages: Vec<Arc<Page>>,
        now: u64,
    ) -> Result<(), PutBack> {
        if !self.taken.contains_key(&head.speaker) {
            return Ok(());
        }
        let known = asked.from - 1;
        if head.number < known {
            let speaker = head.speaker.clone();
            return Err(PutBack { speaker, said: head.number, heard: known });
        }
        // One that was asked again since is followed by the answer to that: to ask on because of each
        // would multiply the asks of a speaker that is slow.
        let is_latest = self.wanted.get(&head.speaker).is_some_and(|it| it.asks_from(asked.from));
        if is_latest {
            self.wanted.remove(&head.speaker);
        }
        // The speaker itself knows: an announcement that went too far is asked about once.
        let waits = self.waiting.get(&head.speaker).and_then(|it| it.keys().next_back());
        let furthest = waits.copied().unwrap_or_default().max(head.number);
        self.heads.insert(head.speaker.clone(), furthest);
        for page in pages {
            self.page(page);
        }
        let is_more = self.first_missing(&head.speaker) <= head.number;
        if is_more && self.has_room(&head.speaker) && !self.wanted.contains_key(&head.speaker) {
            self.wanted.insert(head.speaker.clone(), Wanted::at_once(now)); // The next portion.
        }
        Ok(())
    }

    /// Everything may have been missed: ask everyone.
    pub(crate) fn connected(&mut self, now: u64) {
        let speakers: Vec<String> = self.taken.keys().cloned().collect();
        for speaker in speakers {
            self.wanted.insert(speaker, Wanted::at_once(now));
        }
    }

    /// Gives out pages in order: the next of each speaker, causes first, until `messages` are out.
    pub(crate) fn take(&mut self, messages: usize, now: u64) -> Vec<Arc<Page>> {
        let mut out: Vec<Arc<Page>> = Vec::new();
        let mut count = 0;
        loop {
            let mut moved = false;
            let mut missing = Vec::new();
            for (speaker, waiting) in &mut self.waiting {
                while let Some(entry) = waiting.first_entry() {
                    match judge(&self.taken, entry.get()) {
                        Take::Duplicate => drop(entry.remove()),
                        Take::Missing(it) => {
                            missing.push(it.speaker);
                            break;
                        }
                        Take::Next if count >= messages => break,
                        Take::Next => {
                            let page = entry.remove();
                            self.taken.insert(speaker.clone(), page.number);
                            if let Some(wanted) = self.wanted.get_mut(speaker) {
                                wanted.has_come();
                            }
                            count += page.said.len().max(1);
                            out.push(page);
                            moved = true;
                        }
                    }
                }
            }
            if !moved || count >= messages {
                self.wonder(missing, now);
                break;
            }
        }
        out
    }

    /// Whether there is a page to give out.
    pub(crate) fn is_ready(&self) -> bool {
        let mut next = self.waiting.values().filter_map(|it| it.values().next());
        next.any(|it| judge(&self.taken, it) == Take::Next)
    }

    /// Whom to ask now, from which page on.
    pub(crate) fn asks(&mut self, now: u64) -> Vec<Missing> {
        if planted(Bug::NeverAsk) {
            return vec![];
        }
        let due = self.wanted.iter().filter(|(_, it)| it.due() <= now);
        let missing = |speaker: &String| Missing {
            speaker: speaker.clone(),
            from: self.first_missing(speaker),
        };
        let asks: Vec<Missing> = due.map(|it| missing(it.0)).collect();
        for ask in &asks {
            if let Some(wanted) = self.wanted.get_mut(&ask.speaker) {
                wanted.is_asked(now, ask.from);
            }
        }
        asks
    }

    /// When to call [`Ear::asks`] again, if nothing arrives.
    pub(crate) fn next_ask(&self) -> Option<u64> {
        self.wanted.values().map(Wanted::due).min()
    }

    /// How many pages are known to be said and not taken, a speaker.
    pub(crate) fn lag(&self) -> impl Iterator<Item = (&str, i64)> {
        self.taken.iter().map(|(speaker, taken)| {
            let head = self.heads.get(speaker).copied().unwrap_or_default();
            (speaker.as_str(), head.saturating_sub(*taken).max(0))
        })
    }

    /// Finds out what is missing: what blocks a page that waits, and gaps below a known head.
    fn wonder(&mut self, missing: Vec<String>, now: u64) {
        let behind = |(speaker, head): (&String, &i64)| {
            (self.taken.get(speaker)? < head).then(|| speaker.clone())
        };
        let mut wanted: Vec<String> = self.heads.iter().filter_map(behind).collect();
        wanted.extend(missing);
        wanted.retain(|it| {
            let next = self.taken.get(it).copied().unwrap_or_default() + 1;
            !self.is_waiting(it, next)
        });
        self.wanted.retain(|speaker, it| it.at_once || wanted.contains(speaker));
        for speaker in wanted {
            self.want(&speaker, now);
        }
    }

    fn want(&mut self, speaker: &str, now: u64) {
        if !self.wanted.contains_key(speaker) {
            let wanted = Wanted { since: now, asked: None, at_once: false };
            self.wanted.insert(speaker.to_owned(), wanted);
        }
    }

    fn is_waiting(&self, speaker: &str, number: i64) -> bool {
        self.waiting.get(speaker).is_some_and(|it| it.contains_key(&number))
    }

    /// Whether the next portion would find a place. If not, it is asked for when there is one: else
    /// whoever waits for a cause would ask for it, and drop it, as fast as it is answered.
    fn has_room(&self, speaker: &str) -> bool {
        self.waiting.get(speaker).is_some_and(|it| it.len() < WAITING)
    }

    /// The first page of a speaker that is neither taken nor here.
    fn first_missing(&self, speaker: &str) -> i64 {
        let mut next = self.taken.get(speaker).copied().unwrap_or_default() + 1;
        while self.is_waiting(speaker, next) {
            next += 1;
        }
        next
    }

    fn raise(&mut self, speaker: &str, number: i64) {
        match self.heads.get_mut(speaker) {
            Some(head) => *head = number.max(*head),
            None => drop(self.heads.insert(speaker.to_owned(), number)),
        }
    }
}

impl Wanted {
    fn at_once(now: u64) -> Self {
        Self { since: now, asked: None, at_once: true }
    }

    fn due(&self) -> u64 {
        match self.asked {
            Some(asked) => asked.at + asked.patience,
            None if self.at_once => self.since,
            None => self.since + GRACE,
        }
    }

    fn is_asked(&mut self, at: u64, from: i64) {
        let patience = self.asked.map_or(REPEAT, |it| (it.patience * 2).min(SELDOM));
        self.asked = Some(Asked { at, from, patience });
    }

    fn asks_from(&self, from: i64) -> bool {
        self.asked.is_some_and(|it| it.from == from)
    }

    /// A page of this speaker was given out: it is not as slow as it seemed.
    fn has_come(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.patience = REPEAT;
        }
    }
}
