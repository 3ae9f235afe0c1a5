//! When an owner does what it does: hear pages, announce its last one, write its position down. Times
//! are milliseconds since the owner began.

use std::ops::RangeInclusive;

use crate::Pace;

/// How many messages one transaction decides at most: beyond it, batches gain little.
const TOGETHER: usize = 512;

/// The same of a leisurely service.
const TOGETHER_AT_LEISURE: usize = 8192;

/// How long a leisurely service rests, and how many times as long as it worked.
const REST: RangeInclusive<u64> = 50..=1000;
const REST_FOR_WORK: u64 = 5;

/// How often the number of the last page is announced by whoever has nothing to say.
const ANNOUNCE: u64 = 1000;

/// How long a position moves in memory alone: whoever looks into the books for what was heard waits no
/// longer.
const UNSAVED: u64 = 50;

pub(crate) struct Agenda {
    pace: Pace,
    /// Until when pages wait.
    resting: u64,
    /// When the last page was announced.
    announced: u64,
    /// Since when the position is in memory alone.
    unsaved: Option<u64>,
}

impl Agenda {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, resting: 0, announced: 0, unsaved: None }
    }

    /// How many messages one transaction decides at most.
    pub(crate) fn together(&self) -> usize {
        match self.pace {
            Pace::Eager => TOGETHER,
            Pace::Leisurely => TOGETHER_AT_LEISURE,
        }
    }

    /// Whether pages are heard now.
    pub(crate) fn may_hear(&self, now: u64) -> bool {
        self.resting <= now
    }

    /// So many messages were decided: a leisurely service has a rest, unless it has to catch up.
    pub(crate) fn decided(&mut self, messages: usize, began: u64, done: u64) {
        let few = (1..self.together() / 2).contains(&messages);
        if self.pace == Pace::Leisurely && few {
            let rest = REST_FOR_WORK * (done - began);
            self.resting = done + rest.clamp(*REST.start(), *REST.end());
        }
    }

    /// Whether the last page is to be announced. Then it is.
    pub(crate) fn announces(&mut self, now: u64) -> bool {
        let due = self.announced + ANNOUNCE <= now;
        if due {
            self.announced = now;
        }
        due
    }

    /// Have the last page announced at the next opportunity.
    pub(crate) fn announce_soon(&mut self) {
        self.announced = 0;
    }

    /// Whether the position is to be written down by itself, for nothing else did for a while.
    pub(crate) fn saves(&mut self, is_unsaved: bool, now: u64) -> bool {
        let since = self.unsaved.filter(|_| is_unsaved);
        let due = since.is_some_and(|it| it + UNSAVED <= now);
        self.unsaved = if due { None } else { is_unsaved.then(|| since.unwrap_or(now)) };
        due
    }

    /// When there is something to do again, if nothing arrives.
    pub(crate) fn next(&self, pages_are_ready: bool) -> u64 {
        let save = self.unsaved.map_or(u64::MAX, |since| since + UNSAVED);
        let pages = if pages_are_ready { self.resting } else { u64::MAX };
        (self.announced + ANNOUNCE).min(save).min(pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leisurely_service_rests_as_long_as_it_worked_and_catches_up_without() {
        let mut agenda = Agenda::new(Pace::Leisurely);
        for (messages, took, rest) in [(1, 0, 50), (1, 40, 200), (1, 900, 1000), (8000, 900, 0)] {
            agenda.resting = 0;
            agenda.decided(messages, 1000, 1000 + took);
            assert_eq!(agenda.resting.saturating_sub(1000 + took), rest, "{messages} in {took} ms");
        }
        let mut eager = Agenda::new(Pace::Eager);
        eager.decided(1, 1000, 1040);
        assert!(eager.may_hear(1040));
    }

    #[test]
    fn a_position_is_written_down_after_a_while_in_memory() {
        let mut agenda = Agenda::new(Pace::Eager);
        assert!(!agenda.saves(true, 100));
        assert_eq!(agenda.next(false), 150);
        assert!(!agenda.saves(true, 149));
        assert!(agenda.saves(true, 150));
        assert!(!agenda.saves(true, 151), "it begins anew");
        assert!(!agenda.saves(false, 300), "it was written down with something else");
        assert!(!agenda.saves(true, 301));
    }

    #[test]
    fn whoever_has_nothing_to_say_announces_each_second() {
        let mut agenda = Agenda::new(Pace::Eager);
        assert!(agenda.announces(1000));
        assert!(!agenda.announces(1999));
        assert_eq!(agenda.next(false), 2000);
        agenda.announce_soon();
        assert!(agenda.announces(1999));
    }
}
