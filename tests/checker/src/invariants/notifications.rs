//! V12: a letter or a webhook may come twice, under the same id; never under two.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, known};
use crate::report::Report;
use crate::witnesses::{Mail, Witnesses};

const PROMISES: &[Promise] = &[Promise {
    about: ("V12", "numbers", "what an endpoint is told of an order is 1, 2, 3 …"),
    service: "webhook",
    looked: "select count(*) from delivery",
    wrong: "
        select format('%s to %s: %s deliveries up to %s', strand, endpoint_id, count(*), max(number))
          from delivery group by endpoint_id, strand
        having count(*) <> max(number) or count(distinct number) <> count(*)",
}];

/// What a letter is about. A receiver may call it otherwise: then that tells nothing.
const KINDS: [&str; 5] = ["confirmed", "shipped", "delivered", "cancelled", "invoiced"];

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
    report.check(("V12", "mails", "each mail that came in is one letter, to one recipient"), |it| {
        let letters = known(&facts.views.letters)?;
        let letters: BTreeMap<Uuid, (Uuid, &str)> =
            letters.iter().map(|it| (it.0, (it.1, it.2.as_str()))).collect();
        let mut recipients: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for mail in known(&seen.mails)? {
            let letter = letter(&mail.id).and_then(|it| letters.get(&it));
            let order = mail.order.is_none_or(|order| letter.is_some_and(|it| it.0 == order));
            let kind = kind(mail).is_none_or(|kind| letter.is_some_and(|it| it.1 == kind));
            it.holds(letter.is_some() && order && kind, || {
                let (id, order, kind) = (&mail.id, mail.order, &mail.kind);
                format!("{id} ({kind:?} of {order:?}) is no letter of ours; under this id: {letter:?}")
            });
            recipients.entry(&mail.id).or_default().insert(&mail.to_hash);
        }
        for (id, to) in recipients.iter().filter(|it| it.1.len() > 1) {
            it.wrong(format!("{id} went to {} recipients", to.len()));
        }
        Ok(())
    });
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
    report.check(("V12", "one mail", "a customer is told of one thing under one id"), |it| {
        // How many letters of a kind an order has, is known; more ids than that are repeats.
        let mut letters: BTreeMap<(Uuid, &str), usize> = BTreeMap::new();
        for (_, order, kind, _) in known(&facts.views.letters)? {
            *letters.entry((*order, kind)).or_default() += 1;
        }
        let mut ids: BTreeMap<(Uuid, &str, &str), BTreeSet<&str>> = BTreeMap::new();
        for mail in known(&seen.mails)? {
            if let (Some(order), Some(kind)) = (mail.order, kind(mail)) {
                ids.entry((order, kind, &mail.to_hash)).or_default().insert(&mail.id);
            }
        }
        for ((order, kind, to), ids) in ids {
            let letters = letters.get(&(order, kind)).copied().unwrap_or_default();
            it.holds(ids.len() <= letters, || {
                format!("{to} got {} mails {kind} of {order}, which has {letters}", ids.len())
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

fn kind(mail: &Mail) -> Option<&str> {
    mail.kind.as_deref().filter(|it| KINDS.contains(it))
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
