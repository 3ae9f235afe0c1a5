//! A transaction failed: is it the database, or one of the inputs?

/// How often a batch fails on a database that can be reached until the fault is looked for in it.
const TRIES: u32 = 3;

/// Grows with each failure that the database cannot be blamed for.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    failures: u32,
}

impl Suspicion {
    /// A transaction failed, and the database could be reached afterwards, or not. Returns whether to
    /// look for the fault in the inputs: which means to try them apart from each other, and takes much
    /// longer than to try again.
    pub(crate) fn grows(&mut self, reachable: bool) -> bool {
        self.failures = if reachable { self.failures + 1 } else { 0 };
        self.failures >= TRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_not_to_blame_for_a_database_that_was_away() {
        let mut suspicion = Suspicion::default();
        for (reachable, suspects) in [
            (true, false),
            (true, false),
            (false, false), // It was killed, and is away for long …
            (false, false),
            (false, false),
            (true, false), // … and is back: the transaction that failed last is tried once more.
            (true, false),
            (true, true),
            (true, true),
        ] {
            assert_eq!(suspicion.grows(reachable), suspects);
        }
    }
}
