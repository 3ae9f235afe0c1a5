//! V4: what was said took effect in each service that hears it, once; or it is parked, with a cause.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use crate::facts::{Facts, Found, known};
use crate::report::{Check, Missing, Report};

pub(super) fn check(facts: &Facts, report: &mut Report) {
    report.check(
        ("V4", "said once", "what happens once to an order or a shipment is said once"),
        |it| {
            for ((subject, order, which), times) in &facts.said.events {
                it.holds(*times == 1, || {
                    format!("{subject} of {order} ({which}) was said {times} times")
                });
            }
            Ok(())
        },
    );
    report.check(("V4", "parked", "what is set aside has a cause, and can be read"), |it| {
        for (service, subject, key, cause, readable) in &facts.log.set_aside {
            let sound = *readable && !cause.trim().is_empty();
            it.holds(sound, || {
                format!("{service}: {subject} about {key} (cause {cause:?}, readable {readable})")
            });
        }
        Ok(())
    });
    placed(facts, report);
    shipments(facts, report);
    billed(facts, report);
    letters(facts, report);
    report.check(("V4", "receipts", "each receipt of goods was posted once"), |it| {
        facts.said.by("inventory")?;
        let said = facts.said.receipts.values().filter(|it| it.0 * it.1 != 0).count();
        it.looked += said as u64;
        let (said, posted) =
            (i64::try_from(said).unwrap_or(i64::MAX), *known(&facts.money.receipts)?);
        if said != posted {
            it.wrong(format!("{said} receipts were told, and {posted} posted"));
        }
        Ok(())
    });
}

/// Orders that a service knows.
fn ids<T>(found: &Found<BTreeMap<Uuid, T>>) -> Found<BTreeSet<Uuid>> {
    Ok(known(found)?.keys().copied().collect())
}

fn placed(facts: &Facts, report: &mut Report) {
    let sourced = known(&facts.goods.sourced).map(|it| it.iter().map(|it| it.0).collect());
    let hearers: [(&str, Found<BTreeSet<Uuid>>); 6] = [
        ("credit", ids(&facts.money.commitments)),
        ("allocation", sourced),
        ("fulfilment", ids(&facts.goods.dispatches)),
        ("finance", ids(&facts.money.sales)),
        ("notification", known(&facts.views.notified).cloned()),
        ("webhook", known(&facts.views.hooked).cloned()),
    ];
    report.check(
        ("V4", "placed", "each order that was placed is known to all, and no other"),
        |it| {
            facts.said.by("intake")?;
            let placed: HashSet<Uuid> = facts.said.all("intake.placed.v1").map(|it| it.0).collect();
            let mut all_missing = None;
            for (service, known) in &hearers {
                let known = match known {
                    Ok(known) => known,
                    Err(missing) => {
                        all_missing = Some(missing.clone());
                        continue;
                    }
                };
                for order in &placed {
                    let there = known.contains(order) || facts.is_parked(service, *order);
                    it.holds(there, || format!("{service} knows nothing of {order}"));
                }
                for order in known.iter().filter(|it| !placed.contains(it)) {
                    it.wrong(format!("{service} knows {order}, which nobody placed"));
                }
            }
            if let Ok(orders) = &facts.orders {
                for order in placed.iter().filter(|it| !orders.all.contains_key(it)) {
                    it.wrong(format!(
                        "{order} was said to be placed, and intake has no such order"
                    ));
                }
                for order in orders.all.keys().filter(|it| !placed.contains(it)) {
                    it.wrong(format!("intake has {order}, and never said so"));
                }
            }
            match all_missing {
                Some(missing) if it.looked == 0 => Err(missing),
                _ => Ok(()),
            }
        },
    );
}

fn shipments(facts: &Facts, report: &mut Report) {
    report.check(("V4", "shipped", "what left, arrived or came back was posted, once"), |it| {
        facts.said.by("fulfilment")?;
        let posted = known(&facts.money.posted)?;
        let mut parcels = BTreeMap::new();
        for parcel in known(&facts.money.parcels)? {
            parcels.insert((parcel.order_id, parcel.shipment_id), parcel);
        }
        let rules = [
            ("fulfilment.shipped.v1", "E3", true),
            ("fulfilment.delivered.v1", "E4", false),
            ("fulfilment.delivered.v1", "E5", true),
            ("fulfilment.returned.v1", "E15", true),
        ];
        for (subject, rule, of_cost) in rules {
            for (order, shipment) in facts.said.all(subject) {
                if facts.is_parked("finance", order) {
                    continue;
                }
                let Some(parcel) = parcels.get(&(order, shipment)) else {
                    it.wrong(format!("{subject}: finance has no parcel {shipment} of {order}"));
                    continue;
                };
                // Nothing is posted for nothing.
                let amount = if of_cost { parcel.cost } else { parcel.gross() };
                let times = posted.get(&(order, rule.to_owned(), shipment)).copied();
                let what = format!("{rule} for {shipment} of {order} was posted, and was to be");
                it.same(what, times.unwrap_or_default(), i64::from(amount != 0));
            }
        }
        posted_without_cause(facts, it)
    });
}

/// What finance posted for a shipment that nobody told of.
fn posted_without_cause(facts: &Facts, it: &mut Check) -> Result<(), Missing> {
    let told = |subject| facts.said.all(subject).collect::<HashSet<_>>();
    let left = told("fulfilment.shipped.v1");
    let arrived = told("fulfilment.delivered.v1");
    let back = told("fulfilment.returned.v1");
    for (order, rule, cause) in known(&facts.money.posted)?.keys() {
        let told = match rule.as_str() {
            "E3" => left.contains(&(*order, *cause)) || arrived.contains(&(*order, *cause)),
            "E4" | "E5" => arrived.contains(&(*order, *cause)),
            "E15" => back.contains(&(*order, *cause)),
            _ => continue,
        };
        it.holds(told, || {
            format!("{rule} was posted for {cause} of {order}, which nobody told of")
        });
    }
    Ok(())
}

fn billed(facts: &Facts, report: &mut Report) {
    report.check(
        ("V4", "billed", "each invoice and payment moved the customer's debt, once"),
        |it| {
            facts.said.by("finance")?;
            let entries = known(&facts.money.entries)?;
            let commitments = known(&facts.money.commitments)?;
            let on_account = |order: &Uuid| commitments.get(order).is_some_and(|it| it.amount > 0);
            let moved = |kind: &str| -> HashSet<(Uuid, Uuid)> {
                entries.iter().filter(|it| it.1 == kind).map(|it| (it.0, it.2)).collect()
            };
            let billed = moved("CONVERT_BILLED");
            let mut paid: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
            for (order, _) in &facts.said.payments {
                paid.entry(*order).or_default().0 += 1;
            }
            for (order, _, _) in entries.iter().filter(|it| it.1 == "SETTLE") {
                paid.entry(*order).or_default().1 += 1;
            }
            for invoice in facts.said.invoices.values() {
                if on_account(&invoice.order) && !facts.is_parked("credit", invoice.order) {
                    it.holds(billed.contains(&(invoice.order, invoice.invoice)), || {
                        let (number, order) = (&invoice.number, invoice.order);
                        format!("credit never heard of invoice {number} of {order}")
                    });
                }
            }
            for (order, invoice) in &billed {
                let told = facts.said.invoices.contains_key(invoice);
                it.holds(told, || {
                    format!("credit billed {invoice} of {order}, which nobody issued")
                });
            }
            for (order, (told, entered)) in paid {
                if !facts.is_parked("credit", order) {
                    it.same(
                        format!("payments of {order} told, and entered by credit"),
                        told,
                        entered,
                    );
                }
            }
            Ok(())
        },
    );
}

fn letters(facts: &Facts, report: &mut Report) {
    report.check(
        ("V4", "letters", "what a customer is to be told was written to them, once"),
        |it| {
            let letters = known(&facts.views.letters)?;
            for speaker in ["intake", "fulfilment", "finance"] {
                facts.said.by(speaker)?;
            }
            let mut wanted: BTreeMap<(Uuid, &str), (i64, i64)> = BTreeMap::new();
            for (subject, kind) in [
                ("intake.confirmed.v1", "confirmed"),
                ("fulfilment.shipped.v1", "shipped"),
                ("fulfilment.delivered.v1", "delivered"),
                ("finance.invoiced.v1", "invoiced"),
                ("intake.cancelled.v1", "cancelled"),
                ("intake.expired.v1", "cancelled"),
            ] {
                for (order, _) in facts.said.all(subject) {
                    wanted.entry((order, kind)).or_default().0 += 1;
                }
            }
            for (_, order, kind, _) in letters {
                wanted.entry((*order, kind)).or_default().1 += 1;
            }
            for ((order, kind), (wanted, written)) in wanted {
                if !facts.is_parked("notification", order) {
                    it.same(
                        format!("letters {kind} of {order} wanted, and written"),
                        wanted,
                        written,
                    );
                }
            }
            Ok(())
        },
    );
}
