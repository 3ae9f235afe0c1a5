//! The time of a suite on one machine: it may run faster than the machine's, and goes on from where
//! it was after a restart.

use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use anyhow::Context;
use chassis::{clock, task};
use contracts::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use servers::Home;
use tokio::task::AbortHandle;

/// Its name below `run/` of the home: beside the data, whose stamps it must never fall behind.
const FILE: &str = "time.json";

/// How often the time is written down.
const BEAT: Duration = Duration::from_secs(1);

/// How far ahead: as long as the machine may hang between two beats.
const AHEAD: SignedDuration = SignedDuration::from_secs(3);

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// No stamp in the books is later: a suite that is started again begins here.
    not_before: Timestamp,
}

/// Writes the suite's time down while it is another one than the machine's.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    home: Home,
    beat: Option<AbortHandle>,
}

impl Timekeeper {
    /// Sets the clock of this process: `speed` times as fast as the machine's, from the machine's
    /// time on, or from where the suite's time was when it was last written down, if that is later.
    pub(crate) fn start(home: &Home, speed: u32) -> anyhow::Result<Self> {
        let (kept, real, home) = (read(home)?, clock::real(), home.clone());
        let begin = kept.map_or(real, |it| it.not_before.max(real));
        if begin <= real && speed <= 1 {
            home.forget(FILE)?; // The machine's time has caught up with it.
            return Ok(Self { home, beat: None });
        }
        clock::run(begin, speed);
        keep_ahead(&home)?;
        let kept = home.clone();
        let beat = task::spawn("timekeeper", async move {
            loop {
                tokio::time::sleep(BEAT).await;
                if let Err(error) = keep_ahead(&kept) {
                    tracing::warn!(%error, "the suite's time was not written down: {error:#}");
                }
            }
        });
        Ok(Self { home, beat: Some(beat.abort_handle()) })
    }

    /// Writes down where the time stands, once nobody stamps anything any more.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        if self.beat.is_some() { keep(&self.home, clock::now()) } else { Ok(()) }
    }
}

impl Drop for Timekeeper {
    fn drop(&mut self) {
        if let Some(beat) = &self.beat {
            beat.abort();
        }
    }
}

/// Writes down a time that will not be reached before the next beat. After a crash the suite begins
/// there, a few seconds of the machine later than it was.
fn keep_ahead(home: &Home) -> anyhow::Result<()> {
    let ahead = AHEAD * i32::try_from(clock::speed()).unwrap_or(i32::MAX);
    keep(home, clock::now().checked_add(ahead).unwrap_or(Timestamp::MAX))
}

fn keep(home: &Home, not_before: Timestamp) -> anyhow::Result<()> {
    home.keep(FILE, &serde_json::to_string(&Kept { not_before })?)
}

fn read(home: &Home) -> anyhow::Result<Option<Kept>> {
    let file = home.path().join("run").join(FILE);
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| file.display().to_string())?,
    };
    // Without it the time could go back behind what is in the books: better not to start.
    serde_json::from_str(&text).map(Some).with_context(|| {
        format!("{}: expected {{\"not_before\": <time>}}, found {text:?}", file.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, for there is one clock a process.
    #[tokio::test]
    async fn it_goes_on_from_where_it_was_and_never_back() {
        let name = format!("kontor-time-{}", std::process::id());
        let home = Home::open(&std::env::temp_dir().join(name), &|_| ()).unwrap();
        let plain = Timekeeper::start(&home, 1).unwrap();
        assert!(!clock::is_own(), "nobody asked for another time");
        plain.close().unwrap();
        assert_eq!(read(&home).unwrap(), None);

        let fast = Timekeeper::start(&home, 1000).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let crashed = (clock::now(), read(&home).unwrap().unwrap().not_before);
        assert!(crashed.0 < crashed.1, "it is written down ahead: {crashed:?}");
        fast.close().unwrap();
        let closed = read(&home).unwrap().unwrap().not_before;
        assert!(closed <= clock::now() && closed > clock::real() + SignedDuration::from_secs(50));

        let slow = Timekeeper::start(&home, 1).unwrap();
        assert_eq!((clock::speed(), clock::is_own()), (1, true));
        assert!(clock::now() >= closed, "it went back to {} from {closed}", clock::now());
        slow.close().unwrap();

        home.keep(FILE, "{\"not_before\": \"soon\"}").unwrap();
        let error = format!("{:#}", Timekeeper::start(&home, 1).unwrap_err());
        assert!(error.contains("time.json") && error.contains("soon"), "{error}");
        home.keep(FILE, "{\"not_before\": \"2001-01-01T00:00:00Z\"}").unwrap();
        Timekeeper::start(&home, 1).unwrap();
        assert_eq!(read(&home).unwrap(), None, "the machine's time has caught up");
        fs::remove_dir_all(home.path()).unwrap();
    }
}
