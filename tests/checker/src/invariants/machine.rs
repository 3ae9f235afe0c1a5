//! V13 and V14: what an order showed, in which order, as it was said and as followers saw it.

use std::collections::BTreeMap;

use crate::facts::{Facts, known};
use crate::machine::may_follow;
use crate::report::Report;
use crate::witnesses::{Seen, Witnesses};

/// Who follows which order: client, channel, external id.
type Following<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a Seen>>;

pub(super) fn check(facts: &Facts, seen: &Witnesses, report: &mut Report) {
    followed(facts, seen, report);
    report.check(("V14", "numbers", "statuses are said as 1, 2, 3 … under each name"), |it| {
        facts.said.by("intake")?;
        for (name, statuses) in &facts.said.statuses {
            let numbers: Vec<i64> = statuses.iter().map(|it| it.number).collect();
            it.holds((1..).zip(&numbers).all(|(nth, it)| nth == *it), || {
                format!("statuses of {name:?} are numbered {numbers:?}")
            });
        }
        Ok(())
    });
    report.check(
        ("V14", "paths", "what an order showed is a path of the published machine"),
        |it| {
            facts.said.by("intake")?;
            for (name, statuses) in &facts.said.statuses {
                let mut before = "";
                for status in statuses {
                    if status.order.is_none() {
                        // Another submission under a name that is taken moves no order.
                        let shown = &status.shown;
                        it.holds(shown == "rejected", || {
                            format!("{name:?} was {shown}, of no order")
                        });
                        continue;
                    }
                    let shown = status.shown.as_str();
                    it.holds(may_follow(before, shown), || {
                        format!(
                            "{name:?} showed {shown} after {before:?} (number {})",
                            status.number
                        )
                    });
                    before = shown;
                }
            }
            Ok(())
        },
    );
    report.check(
        ("V14", "last", "the status said last is the order's, and as many were said"),
        |it| {
            facts.said.by("intake")?;
            let orders = known(&facts.orders)?;
            for (id, order) in &orders.all {
                let name = (order.channel.clone(), order.external_id.clone());
                let told = facts.said.statuses.get(&name);
                let count = told.map_or(0, Vec::len);
                let last = told.and_then(|it| it.iter().rev().find(|it| it.order == Some(*id)));
                let last = last.map(|it| it.shown.as_str());
                let said = (last, i64::try_from(count).unwrap_or(i64::MAX));
                it.same(
                    format!("{id}: said last, and is"),
                    said,
                    (Some(&*order.shown), order.number),
                );
            }
            for (name, told) in &orders.refused {
                if orders.names.contains_key(name) {
                    continue; // From then on, the order counts.
                }
                let said = facts.said.statuses.get(name).map_or(0, Vec::len);
                let said = i64::try_from(said).unwrap_or(i64::MAX);
                it.same(format!("refusals of {name:?} said, and kept"), said, *told);
            }
            Ok(())
        },
    );
}

fn followed(facts: &Facts, seen: &Witnesses, report: &mut Report) {
    report.check(
        ("V13", "numbers", "each follower saw each order's statuses as 1, 2, 3 …"),
        |it| {
            for ((client, channel, external_id), mut statuses) in following(known(&seen.statuses)?)
            {
                // As they stood on the stream: what was under way when the broker died comes again when
                // its time to be acknowledged is over, and others came meanwhile.
                statuses.sort_by_key(|it| it.stood);
                let mut saw: BTreeMap<i64, &str> = BTreeMap::new();
                let mut wrong = false;
                // What a stream lost with all that it kept is not said on it again: whoever sees the gap
                // asks. Events of a browser come out of the books.
                let skips = seen.streams_were_lost() && !client.starts_with("sse");
                let numbers: Vec<i64> = statuses.iter().map(|it| it.number).collect();
                let mut lost = 0;
                for status in statuses {
                    // A stream that is made anew is told once more what was not known to stand on the
                    // one before it, for instance what that one took in a moment before it was lost.
                    let before = seen.streams_lost_at.partition_point(|it| *it <= status.stood);
                    if skips && before > lost {
                        lost = before;
                        saw.clear();
                    }
                    let next = saw.keys().next_back().map_or(1, |it| it + 1);
                    // A stream brings again what it does not know to have arrived; the events of a
                    // browser come once.
                    let again = saw.get(&status.number) == Some(&status.status.as_str());
                    let follows = status.number == next || skips && status.number > next;
                    wrong |= !follows && (!again || client.starts_with("sse"));
                    saw.insert(status.number, &status.status);
                }
                it.holds(!wrong, || format!("{client} saw {channel}/{external_id} as {numbers:?}"));
            }
            Ok(())
        },
    );
    report.check(("V13", "same", "followers saw what was said, under its number"), |it| {
        facts.said.by("intake")?;
        for status in known(&seen.statuses)? {
            let Seen { client, channel, external_id, number, status, .. } = status;
            let name = (channel.clone(), external_id.clone());
            let said = facts.said.statuses.get(&name);
            let said = said.and_then(|it| it.iter().find(|it| it.number == *number));
            let what = format!("{number} of {channel}/{external_id} for {client}: said, and seen");
            it.same(what, said.map(|it| it.shown.as_str()), Some(status));
        }
        Ok(())
    });
    report.check(
        ("V13", "last", "whoever follows a channel saw the last status of each of its orders"),
        |it| {
            facts.said.by("intake")?;
            let mut channels: BTreeMap<(&str, &str), BTreeMap<&str, i64>> = BTreeMap::new();
            for status in known(&seen.statuses)? {
                let of = channels.entry((&status.client, &status.channel)).or_default();
                let last = of.entry(&status.external_id).or_default();
                *last = status.number.max(*last);
            }
            for ((client, channel), numbers) in channels {
                // Who saw one order alone follows that order.
                let whole = numbers.len() > 1;
                for ((of, external_id), said) in &facts.said.statuses {
                    let saw = numbers.get(external_id.as_str()).copied();
                    if of != channel || !whole && saw.is_none() {
                        continue;
                    }
                    let said = said.iter().map(|it| it.number).max();
                    it.same(
                        format!("last of {channel}/{external_id} said, and seen by {client}"),
                        said,
                        saw,
                    );
                }
            }
            Ok(())
        },
    );
}

fn following(seen: &[Seen]) -> Following<'_> {
    let mut following = Following::new();
    for it in seen {
        following.entry((&it.client, &it.channel, &it.external_id)).or_default().push(it);
    }
    following
}
