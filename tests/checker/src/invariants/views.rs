//! V11: what the gateway shows is what the owners have, once all is heard.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, Order, View, known};
use crate::report::{Check, Missing, Report};

const PROMISES: &[Promise] = &[
    Promise {
        about: ("V11", "halves", "an order's head and state come together"),
        service: "gateway",
        looked: "select count(*) from order_head",
        wrong: "
            select format('%s has one of them only', order_id)
              from order_head full join order_state using (order_id)
             where order_head.order_id is null or order_state.order_id is null",
    },
    Promise {
        about: ("V11", "timeline", "a timeline is 1, 2, 3 …, and its last entry is the version"),
        service: "gateway",
        looked: "select count(*) from order_state",
        wrong: "
            with told as (
                select order_id, count(*) as entries, count(distinct number) as numbers,
                       max(number) as last
                  from timeline group by order_id)
            select format('%s: %s entries, %s numbers up to %s, version %s', order_id,
                          coalesce(entries, 0), coalesce(numbers, 0), coalesce(last, 0), version)
              from order_state left join told using (order_id)
             where (entries, numbers, last) is distinct from (version, version, version)",
    },
];

/// How the gateway calls the states of a shipment.
const SHOWN_AS: [(&str, &str); 11] = [
    ("open", "requested"),
    ("withdrawing", "withdrawn"),
    ("withdrawn", "withdrawn"),
    ("picking", "started"),
    ("picked", "picked"),
    ("empty", "picked"),
    ("packed", "packed"),
    ("shipped", "shipped"),
    ("refused", "refused"),
    ("delivered", "delivered"),
    ("returned", "returned"),
];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, PROMISES).await?;
    orders(facts, report);
    each(
        facts,
        report,
        ("V11", "status", "status and number are the order's own"),
        |it, id, own, shown| {
            let what = format!("status of {id}: own, and shown");
            let (status, number) = (shown.status.as_str(), shown.status_number);
            // What was refused under its name since is counted there, and is not about the order.
            let name = (own.channel.clone(), own.external_id.clone());
            let told = facts.said.statuses.get(&name).into_iter().flatten();
            let told = told.filter(|it| it.order == Some(id)).map(|it| it.number).max();
            it.same(what, (own.shown.as_str(), told.unwrap_or(own.number)), (status, number));
            Ok(())
        },
    );
    each(
        facts,
        report,
        ("V11", "totals", "what was placed is what is shown"),
        |it, id, own, shown| {
            let net: i64 = own.lines.iter().map(|it| it.net).sum();
            let tax: i64 = own.lines.iter().map(|it| it.tax).sum();
            let texts = |it: [&String; 5]| it.map(String::as_str).join(" ");
            let one =
                texts([&own.channel, &own.external_id, &own.customer, &own.terms, &own.currency]);
            let other = [
                &shown.channel,
                &shown.external_id,
                &shown.customer,
                &shown.terms,
                &shown.currency,
            ];
            it.same(format!("{id}: own, and shown"), one, texts(other));
            let one = [net, tax, own.freight(), own.total];
            let other = [shown.net, shown.tax, shown.freight, shown.total];
            it.same(format!("net, tax, freight and total of {id}: own, and shown"), one, other);
            let one: Vec<_> = own
                .lines
                .iter()
                .map(|it| (it.number, &it.sku, it.quantity, it.net, it.tax))
                .collect();
            let other = shown
                .lines
                .iter()
                .map(|it| (it.line, &it.sku, it.quantity, it.net, it.tax))
                .collect();
            it.same(format!("lines of {id}: own, and shown"), one, other);
            Ok(())
        },
    );
    shipments(facts, report);
    money(facts, report);
    report.check(("V11", "levels", "what can be sold is what inventory told last"), |it| {
        let (own, shown) = (known(&facts.views.own_levels)?, known(&facts.views.levels)?);
        for sku in own.keys().chain(shown.keys()).collect::<BTreeSet<_>>() {
            it.same(format!("{sku}: own, and shown"), own.get(sku), shown.get(sku));
        }
        Ok(())
    });
    Ok(())
}

fn orders(facts: &Facts, report: &mut Report) {
    report.check(("V11", "orders", "each order is shown once, and no other"), |it| {
        let (own, shown) = (known(&facts.orders)?, known(&facts.views.orders)?);
        for id in own.all.keys().chain(own.carried.keys()) {
            let there = shown.contains_key(id) || facts.is_parked("gateway", *id);
            it.holds(there, || format!("{id} is not shown"));
        }
        for id in shown.keys() {
            if !own.all.contains_key(id) && !own.carried.contains_key(id) {
                it.wrong(format!("{id} is shown, and intake has no such order"));
            }
        }
        for (id, status) in &own.carried {
            let shown = shown.get(id).map(|it| it.status.as_str());
            it.same(
                format!("status of {id}, carried over: own, and shown"),
                Some(&**status),
                shown,
            );
        }
        Ok(())
    });
}

/// Looks at each order that is shown beside its own row.
fn each(
    facts: &Facts,
    report: &mut Report,
    about: (&'static str, &'static str, &'static str),
    mut look: impl FnMut(&mut Check, Uuid, &Order, &View) -> Result<(), Missing>,
) {
    report.check(about, |it| {
        let (own, shown) = (known(&facts.orders)?, known(&facts.views.orders)?);
        for (id, order) in own.all.iter().filter(|it| !facts.is_parked("gateway", *it.0)) {
            if let Some(view) = shown.get(id) {
                look(it, *id, order, view)?;
            }
        }
        Ok(())
    });
}

fn shipments(facts: &Facts, report: &mut Report) {
    let about = ("V11", "shipments", "shipments and their states are fulfilment's");
    each(facts, report, about, |it, id, _, view| {
        let shown_as = |state: &str| SHOWN_AS.iter().find(|it| it.0 == state).map(|it| it.1);
        let own = known(&facts.goods.shipments)?.get(&id).into_iter().flatten();
        let own: BTreeSet<(i32, &str, &str)> = own
            .map(|it| (it.pick, it.warehouse.as_str(), shown_as(&it.state).unwrap_or(&it.state)))
            .collect();
        let shown = view.summary.shipments.iter();
        let shown = shown.map(|it| (it.pick, it.warehouse.as_str(), it.state.as_str())).collect();
        it.same(format!("shipments of {id}: own, and shown"), own, shown);
        Ok(())
    });
}

fn money(facts: &Facts, report: &mut Report) {
    let mut invoices: BTreeMap<Uuid, BTreeSet<(&str, i64)>> = BTreeMap::new();
    for parcel in facts.money.parcels.iter().flatten().filter(|it| it.state == "invoiced") {
        let number = parcel.number.as_deref().unwrap_or_default();
        invoices.entry(parcel.order_id).or_default().insert((number, parcel.gross()));
    }
    let about = ("V11", "money", "invoices and what goes back are finance's");
    each(facts, report, about, |it, id, _, view| {
        let accounts = known(&facts.money.accounts)?;
        let own = invoices.get(&id).cloned().unwrap_or_default();
        let shown = view.summary.money.invoices.iter();
        let shown = shown.map(|it| (it.number.as_str(), it.gross)).collect();
        it.same(format!("invoices of {id}: own, and shown"), own, shown);
        let refund = -accounts.get(&(id, "2241".to_owned())).copied().unwrap_or_default();
        let shown = view.summary.money.refund.unwrap_or_default();
        it.same(format!("refund of {id}: own, and shown"), refund, shown);
        Ok(())
    });
    let about = ("V11", "credit", "what credit decided is what is shown");
    each(facts, report, about, |it, id, _, view| {
        let Some(own) = known(&facts.money.commitments)?.get(&id) else { return Ok(()) };
        let shown = view.summary.credit.as_ref().map(|it| it.state.as_str());
        let fits: &[&str] = match own.state.as_str() {
            "held" => &["held"],
            "refused" => &["refused"],
            "approved" => &["approved", "released"],
            _ => &["approved", "released", "held", "refused"],
        };
        it.holds(shown.is_some_and(|it| fits.contains(&it)), || {
            format!("credit of {id} is {}, and shown as {shown:?}", own.state)
        });
        Ok(())
    });
}
