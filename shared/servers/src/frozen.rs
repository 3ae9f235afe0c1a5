//! A process and all that it began, stopped in the middle of what they do.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::bail;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

/// How often it is looked whether all stand still.
const TICK: Duration = Duration::from_millis(2);

/// How often at most. A thread that waits for the disk stops when the disk has answered.
const LOOKS: u32 = 5_000;

/// A process and all that it began, none of whose threads does anything. They are killed when this
/// is dropped: what stood still for long is of no use to anybody.
#[derive(Debug)]
pub(crate) struct Frozen(Vec<Pid>);

impl Frozen {
    /// Stops a process and all that it began, and waits until they stand still.
    pub(crate) async fn family(head: Pid) -> anyhow::Result<Self> {
        let mut frozen = Self(vec![head]);
        for _ in 0..LOOKS {
            let family = family(head)?;
            for it in &family {
                kill_process(*it, Signal::STOP).ok(); // It may have ended.
            }
            let grown = family != frozen.0;
            frozen.0 = family;
            if !grown && frozen.0.iter().all(|it| stands_still(*it)) {
                return Ok(frozen);
            }
            sleep(TICK).await;
        }
        bail!("process {head} does not stand still")
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for it in &self.0 {
            kill_process(*it, Signal::KILL).ok(); // It may have ended.
        }
    }
}

/// A process, its children, and theirs.
fn family(head: Pid) -> anyhow::Result<Vec<Pid>> {
    let mut children: BTreeMap<i32, Vec<Pid>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|it| it.parse().ok()).and_then(Pid::from_raw);
        let Some(pid) = pid else { continue };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = after_name(&stat).nth(1).and_then(|it| it.parse().ok());
        children.entry(parent.unwrap_or_default()).or_default().push(pid);
    }
    let mut family = vec![head];
    let mut nth = 0;
    while let Some(parent) = family.get(nth) {
        let own = children.remove(&parent.as_raw_nonzero().get()).unwrap_or_default();
        family.extend(own);
        nth += 1;
    }
    family.sort_unstable_by_key(|it| it.as_raw_nonzero());
    Ok(family)
}

/// Whether every thread of a process is stopped, or has ended.
fn stands_still(pid: Pid) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat"));
        stat.is_ok_and(|it| matches!(after_name(&it).next(), Some("T" | "Z" | "X")))
    })
}

/// What a `stat` tells after the name in brackets, in which anything may stand: state, parent, …
fn after_name(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit(')').next().unwrap_or_default().split_whitespace()
}
