//! V16 and V17: what takes more than one look at the databases.

use std::collections::BTreeSet;

use crate::hashes::Hashes;
use crate::report::{Missing, Report};
use crate::witnesses::Witnesses;

pub(super) fn check(seen: &Witnesses, report: &mut Report) {
    report.check(
        ("V16", "traces", "each sampled order has one trace over all that touched it"),
        |_| Err(Missing("no databases hold traces; ask whoever collects them".to_owned())),
    );
    report.check(("V17", "tables", "no business table changed when all was heard again"), |it| {
        let hashed = seen.hashes.as_ref().map_err(Missing::clone)?;
        compare(it, &hashed.before, &hashed.after);
        Ok(())
    });
}

/// Compares what tables held before and after.
fn compare(it: &mut crate::report::Check, before: &Hashes, after: &Hashes) {
    let none = std::collections::BTreeMap::new();
    for service in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (one, other) =
            (before.get(service).unwrap_or(&none), after.get(service).unwrap_or(&none));
        for table in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
            let what = format!("{service}.{table} before, and after");
            it.same(what, one.get(table), other.get(table));
        }
    }
}
