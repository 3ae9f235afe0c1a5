//! V3: all that was said is heard, and all that is public is published. (That pages have no gaps, is
//! seen while they are read.)

use crate::facts::Facts;
use crate::report::Report;

/// Who listens to whom.
const HEARERS: [(&str, &[&str]); 9] = [
    ("intake", &["credit", "finance", "fulfilment", "inventory"]),
    ("credit", &["finance", "fulfilment", "intake"]),
    ("allocation", &["fulfilment", "intake", "inventory"]),
    ("inventory", &["allocation", "fulfilment", "intake"]),
    ("fulfilment", &["allocation", "intake", "inventory"]),
    ("finance", &["credit", "fulfilment", "intake", "inventory"]),
    ("notification", &["finance", "fulfilment", "intake"]),
    ("webhook", &["finance", "fulfilment", "intake"]),
    (
        "gateway",
        &["allocation", "credit", "finance", "fulfilment", "intake", "inventory", "notification"],
    ),
];

pub(super) fn check(facts: &Facts, report: &mut Report) {
    report.check(("V3", "heard", "every hearer is at the last page of all it listens to"), |it| {
        for (hearer, speakers) in HEARERS {
            let desks = facts.log.heard.iter().filter(|it| it.0.0 == hearer);
            for ((_, partition), heard) in desks {
                for speaker in speakers {
                    if facts.said.by(speaker).is_err() {
                        continue;
                    }
                    let head = facts.said.heads.get(&((*speaker).to_owned(), *partition));
                    let taken = heard.get(*speaker).copied().unwrap_or_default();
                    let what = format!("{hearer}/{partition} heard of {speaker}, and there are");
                    it.same(what, taken, head.copied().unwrap_or_default());
                }
            }
        }
        Ok(())
    });
    report.check(("V3", "published", "all that is public was published"), |it| {
        for (desk, published) in &facts.log.published {
            let head = facts.said.heads.get(desk).copied().unwrap_or_default();
            let what = format!("{}/{} published up to, and said", desk.0, desk.1);
            it.same(what, *published, head);
        }
        Ok(())
    });
    report.check(("V3", "timers", "no timer is a minute late"), |it| {
        it.looked += facts.log.timer_count;
        for (service, subject, key) in &facts.log.overdue {
            it.wrong(format!("{service}: {subject} about {key} should have rung"));
        }
        Ok(())
    });
}
