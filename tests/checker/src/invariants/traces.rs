//! V16: one trace from the storefront through all services, as the pages carry it. V17: what takes
//! more than one look at the databases.

use std::collections::BTreeSet;

use crate::facts::{Facts, known, trace};
use crate::hashes::Hashes;
use crate::report::{Missing, Report};
use crate::witnesses::Witnesses;

pub(super) fn check(facts: &Facts, seen: &Witnesses, report: &mut Report) {
    let traces = &facts.said.traces;
    report.check(("V16", "begun", "an order that a client traced is placed in that trace"), |it| {
        facts.said.by("intake")?;
        for attempt in known(&seen.journal)? {
            let accepted = matches!(attempt.outcome.as_str(), "accepted" | "duplicate");
            let (Some(order), Some(wanted), true) = (attempt.order, &attempt.trace, accepted)
            else {
                continue;
            };
            let found = traces.placed.get(&order).copied().flatten();
            it.same(format!("trace of {order}: the client's, and its own"), trace(wanted), found);
        }
        Ok(())
    });
    report.check(
        ("V16", "kept", "what a message leads to bears the trace of that message"),
        |it| {
            for (message, cause) in &traces.led {
                // What came from outside has no page.
                let Some(Some(wanted)) = traces.of.get(cause) else { continue };
                let found = traces.of.get(message).copied().flatten();
                it.holds(found == Some(*wanted), || {
                    let found = found.map_or_else(|| "none".to_owned(), |it| format!("{it:032x}"));
                    format!(
                        "{message} is in trace {found}, {cause}, which led to it, in {wanted:032x}"
                    )
                });
            }
            Ok(())
        },
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
