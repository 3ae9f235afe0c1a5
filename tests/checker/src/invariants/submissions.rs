//! V1 and V2: what clients were answered, and what intake has.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, Orders, known};
use crate::report::Report;
use crate::witnesses::{Attempt, Lines, Witnesses};

/// Attempts by channel and external id.
type ByName<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Attempt>>;

const PROMISES: &[Promise] = &[Promise {
    about: ("V2", "keys", "each key and order number stands for an order that is there"),
    service: "intake",
    looked: "select count(*) from shared_key where order_id is not null",
    wrong: "
        select format('%s %s of %s stands for %s, which nobody placed', kind, key, owner, order_id)
          from shared_key left join placement using (order_id)
         where order_id is not null and placement.order_id is null",
}];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    seen: &Witnesses,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, PROMISES).await?;
    report.check(("V1", "names", "no name of a channel has two orders"), |it| {
        let orders = known(&facts.orders)?;
        for (name, ids) in &orders.names {
            it.holds(ids.len() == 1, || format!("{name:?} has {}: {ids:?}", ids.len()));
        }
        Ok(())
    });
    report.check(
        ("V1", "rows", "an order that was placed has a row that says how it stands"),
        |it| {
            let orders = known(&facts.orders)?;
            it.looked += orders.all.len() as u64;
            for order in &orders.without_course {
                it.wrong(format!("{order} was placed, and nobody says how it stands"));
            }
            Ok(())
        },
    );
    accepted(facts, &seen.journal, report);
    report.check(("V1", "nobody's", "no order is there that nobody handed in"), |it| {
        let (orders, attempts) = (known(&facts.orders)?, known(&seen.journal)?);
        let tried = by_name(attempts);
        for ((channel, external_id), ids) in &orders.names {
            it.holds(tried.contains_key(&(channel.as_str(), external_id.as_str())), || {
                format!("{channel}/{external_id}, {ids:?}, was handed in by no client")
            });
        }
        Ok(())
    });
    answers(facts, &seen.journal, report);
    Ok(())
}

fn accepted(facts: &Facts, journal: &Lines<Attempt>, report: &mut Report) {
    report.check(
        ("V1", "accepted", "what was accepted is in intake, as the order that was told"),
        |it| {
            let (orders, attempts) = (known(&facts.orders)?, known(journal)?);
            for attempt in attempts.iter().filter(|it| is_taken(it)) {
                it.holds(is_there(orders, attempt), || {
                    let Attempt { client, op, channel, external_id, outcome, order, .. } = attempt;
                    let found = orders.names.get(&(channel.clone(), external_id.clone()));
                    format!(
                        "{client}: {op} of {channel}/{external_id} was {outcome} as {order:?}, and \
                     intake has {found:?}"
                    )
                });
            }
            Ok(())
        },
    );
    report.check(("V1", "rejected", "what was only ever rejected is not in intake"), |it| {
        let (orders, attempts) = (known(&facts.orders)?, known(journal)?);
        let tried = attempts.iter().filter(|it| it.op != "cancel" && !it.external_id.is_empty());
        for ((channel, external_id), tried) in by_name_of(tried) {
            if tried.iter().any(|it| it.outcome != "rejected") {
                continue; // An unknown outcome may have been any.
            }
            let found = orders.names.get(&(channel.to_owned(), external_id.to_owned()));
            it.holds(found.is_none(), || {
                format!("{channel}/{external_id} was rejected, and intake has {found:?}")
            });
        }
        Ok(())
    });
    report.check(("V1", "cancelled", "what was answered as cancelled is cancelled"), |it| {
        let (orders, attempts) = (known(&facts.orders)?, known(journal)?);
        let cancelled = attempts.iter().filter(|it| it.op == "cancel" && it.outcome == "cancelled");
        for attempt in cancelled {
            let order = attempt.order.and_then(|it| orders.all.get(&it));
            let process = order.map(|it| it.process.as_str());
            let what = format!("{:?} was answered as cancelled; it is", attempt.order);
            it.same(what, process, Some("cancelled"));
        }
        Ok(())
    });
}

fn answers(facts: &Facts, journal: &Lines<Attempt>, report: &mut Report) {
    report.check(("V2", "one id", "the same under one name is one order in all answers"), |it| {
        for ((channel, external_id), tried) in by_name(known(journal)?) {
            let ids: BTreeSet<Uuid> =
                tried.iter().filter(|it| is_taken(it)).filter_map(|it| it.order).collect();
            it.holds(ids.len() <= 1, || {
                format!("{channel}/{external_id} was answered with several orders: {ids:?}")
            });
        }
        Ok(())
    });
    report.check(("V2", "conflict", "other content under the same name is never taken in"), |it| {
        for ((channel, external_id), tried) in by_name(known(journal)?) {
            // A stream takes anything; what comes of it is a status.
            let taken = tried.iter().filter(|it| is_taken(it) && it.op != "submit");
            let bodies: BTreeSet<&str> = taken.filter_map(|it| it.body.as_deref()).collect();
            it.holds(bodies.len() <= 1, || {
                format!("{channel}/{external_id} was taken in with several contents: {bodies:?}")
            });
        }
        Ok(())
    });
    report.check(("V2", "held", "a conflict is with an order that is there"), |it| {
        let (orders, attempts) = (known(&facts.orders)?, known(journal)?);
        for attempt in attempts.iter().filter(|it| it.outcome == "conflict") {
            let Some(order) = attempt.order else { continue };
            let there = orders.all.contains_key(&order) || orders.carried.contains_key(&order);
            it.holds(there, || {
                let Attempt { channel, external_id, .. } = attempt;
                format!("{channel}/{external_id} conflicted with {order}, which is not there")
            });
        }
        Ok(())
    });
}

/// Whether it was to place an order, and that was answered with yes.
fn is_taken(it: &Attempt) -> bool {
    is_placing(it) && ["accepted", "duplicate"].contains(&&*it.outcome)
}

fn is_placing(it: &Attempt) -> bool {
    ["place", "submit", "http_place"].contains(&&*it.op)
}

fn is_there(orders: &Orders, it: &Attempt) -> bool {
    let name = (it.channel.clone(), it.external_id.clone());
    let own = orders.names.get(&name);
    match (it.outcome.as_str(), it.order) {
        // The order may have another name: its idempotency key told.
        ("duplicate", Some(order)) => {
            orders.all.contains_key(&order) || orders.carried.contains_key(&order)
        }
        (_, Some(order)) => own.is_some_and(|ids| ids == &[order]),
        // The stream has it; what came of it was told.
        (_, None) => own.is_some() || orders.refused.contains_key(&name),
    }
}

fn by_name(attempts: &[Attempt]) -> ByName<'_> {
    by_name_of(attempts.iter().filter(|it| is_placing(it)))
}

fn by_name_of<'a>(attempts: impl Iterator<Item = &'a Attempt>) -> ByName<'a> {
    let mut names = ByName::new();
    for it in attempts {
        names.entry((&it.channel, &it.external_id)).or_default().push(it);
    }
    names
}
