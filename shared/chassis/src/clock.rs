//! The only place that reads the clock.
//!
//! There are two times. The **suite's** time is the one in the books: every stamp, timer, expiry and
//! due date follows it. It is the machine's time, unless [`run`] made it another: for demos and
//! trials it may run faster. The **real** time is the machine's: it is for whatever is agreed with
//! others on the network. Pauses and time-outs of connections are real, too.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use contracts::Timestamp;
use jiff::SignedDuration;

/// How the suite's time runs in this process; as the machine's, if nobody said anything else.
static COURSE: RwLock<Option<Course>> = RwLock::new(None);

/// A time of its own, in a straight line from where it began.
#[derive(Debug, Clone, Copy)]
struct Course {
    begin: Timestamp,
    since: Stopwatch,
    speed: u32,
}

impl Course {
    fn now(&self) -> Timestamp {
        let passed = self.since.elapsed().saturating_mul(self.speed);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.begin.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// What time it is for the suite.
pub fn now() -> Timestamp {
    course().map_or_else(real, |it| it.now())
}

/// What time it is for the machine.
#[expect(clippy::disallowed_methods, reason = "the one place where the time comes in")]
pub fn real() -> Timestamp {
    Timestamp::now()
}

/// How many times as fast as the machine's time the suite's runs: 1, unless [`run`] said more.
pub fn speed() -> u32 {
    course().map_or(1, |it| it.speed)
}

/// Whether the suite's time is another one than the machine's.
pub fn is_own() -> bool {
    course().is_some()
}

/// From now on the suite's time is `begin`, and runs `speed` times as fast as the machine's. For the
/// whole process, before its services start: whoever reads the clock while it jumps back notices.
pub fn run(begin: Timestamp, speed: u32) {
    let course = Course { begin, since: Stopwatch::start(), speed: speed.max(1) };
    *COURSE.write().unwrap_or_else(PoisonError::into_inner) = Some(course);
}

/// For how long, really, to wait until the suite's time is `due`. Zero, if it was.
pub fn until(due: Timestamp) -> Duration {
    let whole = Duration::try_from(due.duration_since(now())).unwrap_or_default();
    whole / speed()
}

fn course() -> Option<Course> {
    *COURSE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the one place where durations are measured")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    pub fn millis(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, for there is one clock a process.
    #[test]
    fn it_runs_as_fast_as_it_is_told_and_from_where_it_is_told() {
        assert_eq!((speed(), is_own()), (1, false));
        let real_pause = until(real() + SignedDuration::from_secs(1000));
        assert!(real_pause > Duration::from_secs(999), "{real_pause:?}");

        let begin: Timestamp = "2031-01-01T00:00:00Z".parse().unwrap();
        run(begin, 1000);
        assert_eq!((speed(), is_own()), (1000, true));
        let real_pause = until(begin + SignedDuration::from_secs(1000));
        assert!(real_pause <= Duration::from_secs(1), "{real_pause:?}");
        std::thread::sleep(Duration::from_millis(20));
        assert!(now() >= begin + SignedDuration::from_secs(20), "{}", now());
        assert_eq!(until(begin), Duration::ZERO, "it was");

        let never_over = Course { begin: Timestamp::MAX, since: Stopwatch::start(), speed: 2 };
        assert_eq!(never_over.now(), Timestamp::MAX);
    }
}
