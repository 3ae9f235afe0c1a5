//! What came of power cuts.

use std::fmt;

use super::Powercut;

/// How many losses are told one by one.
const TOLD: usize = 10;

/// What came of power cuts.
#[derive(Debug)]
pub struct Report {
    pub(super) powercut: Powercut,
    /// How many writes were acknowledged.
    pub acknowledged: u64,
    /// Those of them that were not there afterwards, and what else was not as it has to be; a line
    /// each.
    pub lost: Vec<String>,
    /// From the power going off until the server answered again and all was looked at, in
    /// milliseconds, a cut.
    pub took: Vec<u64>,
}

impl Report {
    pub(super) fn of(powercut: &Powercut) -> Self {
        Self { powercut: powercut.clone(), acknowledged: 0, lost: vec![], took: vec![] }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { powercut, acknowledged, lost, took } = self;
        let mut sorted = took.clone();
        sorted.sort_unstable();
        let at = |part: usize| sorted.get(sorted.len() * part / 100).copied().unwrap_or_default();
        write!(
            f,
            "{:?}: {} power cuts of seed {}, {acknowledged} writes acknowledged, {} lost; a cut \
             took {} ms, 95 % of them at most {} ms",
            powercut.server,
            took.len(),
            powercut.seed,
            lost.len(),
            at(50),
            at(95),
        )?;
        for line in lost.iter().take(TOLD) {
            write!(f, "\n  {line}")?;
        }
        if lost.len() > TOLD {
            write!(f, "\n  … and {} more", lost.len() - TOLD)?;
        }
        Ok(())
    }
}
