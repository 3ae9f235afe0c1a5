//! V12: a letter or a webhook may come twice, under the same id; never under two.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, known};
use crate::report::Report;
use crate::witnesses::Witnesses;

const PROMISES: &[Promise] = &[Promise {
    about: ("V12", "numbers", "what an endpoint is told of an order is 1, 2, 3 …"),
    service: "webhook",
    looked: "select count(*) from delivery",
    wrong: "
        select format('%s to %s: %s deliveries up to %s', strand, endpoint_id, count(*), max(number))
          from delivery group by endpoint_id, strand
        having count(*) <> max(number) or count(distinct number) <> count(*)",
}];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    seen: &Witnesses,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, PROMISES).await?;
    mails(facts, seen, report);
    webhooks(facts, seen, report);
    Ok(())
}

fn mails(facts: &Facts, seen: &Witnesses, report: &mut Report) {
    report.check(
        ("V12", "mails", "each mail that came in is one letter, to one recipient"),
        |it| {
            let letters = known(&facts.views.letters)?;
            let letters: BTreeSet<Uuid> = letters.iter().map(|it| it.0).collect();
            let mut recipients: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for mail in known(&seen.mails)? {
                let is_ours = letter(&mail.id).is_some_and(|it| letters.contains(&it));
                it.holds(is_ours, || format!("{} is no letter of ours", mail.id));
                recipients.entry(&mail.id).or_default().insert(&mail.to_hash);
            }
            for (id, to) in recipients.iter().filter(|it| it.1.len() > 1) {
                it.wrong(format!("{id} went to {} recipients", to.len()));
            }
            Ok(())
        },
    );
    report.check(("V12", "sent", "each letter that was sent came in"), |it| {
        let letters = known(&facts.views.letters)?;
        let came: BTreeSet<Uuid> =
            known(&seen.mails)?.iter().filter_map(|it| letter(&it.id)).collect();
        for (id, order, kind, _) in letters.iter().filter(|it| it.3 == "sent") {
            it.holds(came.contains(id), || {
                format!("letter {id} ({kind} of {order}) never came in")
            });
        }
        Ok(())
    });
    report.check(("V12", "one mail", "a customer is told the same under one id"), |it| {
        // Two parcels of an order may hold the same: as many letters may read alike as it has of a kind.
        let mut all: BTreeMap<(Uuid, &str), usize> = BTreeMap::new();
        let mut letters: BTreeMap<Uuid, (Uuid, &str)> = BTreeMap::new();
        for (letter, order, kind, _) in known(&facts.views.letters)? {
            *all.entry((*order, kind)).or_default() += 1;
            letters.insert(*letter, (*order, kind));
        }
        let mut alike: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for mail in known(&seen.mails)? {
            alike.entry((&mail.to_hash, &mail.says)).or_default().insert(&mail.id);
        }
        for ((to, _), ids) in alike {
            let about: BTreeSet<_> =
                ids.iter().filter_map(|it| letters.get(&letter(it)?)).collect();
            let one_kind = about.len() <= 1;
            let most = about.first().and_then(|it| all.get(it)).copied().unwrap_or(1);
            it.holds(one_kind && ids.len() <= most, || {
                format!("{to} was told the same {} times, about {about:?}: {ids:?}", ids.len())
            });
        }
        Ok(())
    });
}

fn webhooks(facts: &Facts, seen: &Witnesses, report: &mut Report) {
    report.check(
        ("V12", "webhooks", "each webhook that came in is one delivery, to its endpoint"),
        |it| {
            let deliveries = known(&facts.views.deliveries)?;
            let deliveries: BTreeMap<String, &str> =
                deliveries.iter().map(|it| (it.0.to_string(), it.1.as_str())).collect();
            for call in known(&seen.webhooks)? {
                let endpoint = deliveries.get(&call.id).copied();
                it.holds(endpoint == Some(&call.endpoint), || {
                    let (id, to) = (&call.id, &call.endpoint);
                    format!("{id} came in at {to}; by this id it was to go to {endpoint:?}")
                });
            }
            Ok(())
        },
    );
    report.check(
        ("V12", "delivered", "each webhook that counts as delivered was answered well"),
        |it| {
            let answered: BTreeSet<&str> = known(&seen.webhooks)?
                .iter()
                .filter(|it| (200..300).contains(&it.answered))
                .map(|it| it.id.as_str())
                .collect();
            for (id, endpoint, _) in
                known(&facts.views.deliveries)?.iter().filter(|it| it.2 == "delivered")
            {
                it.holds(answered.contains(id.to_string().as_str()), || {
                    format!(
                        "{id} counts as delivered to {endpoint}, which answered it never, or badly"
                    )
                });
            }
            Ok(())
        },
    );
}

/// Which letter a `Message-ID` names: `<letter@domain>`.
fn letter(id: &str) -> Option<Uuid> {
    let name = id.trim_start_matches('<').split('@').next()?;
    Uuid::from_str(name).ok()
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn a_letter_is_named_by_its_mail() {
        let id = "0199c0de-0000-7000-8000-000000000001";
        let named = letter(&format!("<{id}@shop.example>")).map(|it| it.to_string());
        assert_eq!(named.as_deref(), Some(id));
        assert_eq!(letter("<other@shop.example>"), None);
    }
}
