//! What all books say of the orders of a run, in a form in which two runs can be compared: by the
//! names of the orders, without ids and times, and whichever warehouse served them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use uuid::Uuid;

use super::{Site, eventually};
use crate::audit::Premises;
use crate::ledgers;

/// For each service, what it knows of an order: lines of text.
const OF_ORDERS: [(&str, &str); 16] = [
    (
        "intake",
        "select order_id, format('%s %s told %s', shown, course -> 'lines', number)
           from sales_order where order_id = any($1)",
    ),
    (
        "credit",
        "select order_id, format('%s %s: %s %s %s %s %s', state, amount_cents, pending_cents,
                authorised_cents, delivered_cents, billed_cents, prepaid_cents)
           from commitment where order_id = any($1)",
    ),
    (
        "credit",
        "select order_id, format('%s %s: %s %s %s %s %s', count(*), kind, sum(pending_cents),
                sum(authorised_cents), sum(delivered_cents), sum(billed_cents), sum(prepaid_cents))
           from entry where order_id = any($1) group by order_id, kind",
    ),
    (
        "allocation",
        "select order_id, format('attempt %s ended %s open %s', attempt, ended, open)
           from sourcing where order_id = any($1)",
    ),
    (
        "inventory",
        "select order_id, format('attempt %s %s', attempt, standing)
           from demand where order_id = any($1)",
    ),
    (
        "inventory",
        "select order_id, format('claim %s %s: %s %s %s', line, sku, sum(soft), sum(firm), sum(lapsed))
           from claim where order_id = any($1) group by order_id, line, sku",
    ),
    (
        "inventory",
        "select order_id, format('backorder %s %s: %s', line, sku, quantity)
           from backorder where order_id = any($1)",
    ),
    (
        "inventory",
        "select order_id, format('%s %s: good %s quarantine %s reserved %s allocated %s',
                case when kind in ('HOLD', 'ALLOCATE', 'DEMOTE', 'PROMOTE') then 'CLAIM' else kind end,
                sku, sum(good), sum(quarantine), sum(reserved), sum(allocated))
           from stock_move where order_id = any($1)
          group by order_id, sku,
                case when kind in ('HOLD', 'ALLOCATE', 'DEMOTE', 'PROMOTE') then 'CLAIM' else kind end",
    ),
    (
        "fulfilment",
        "select order_id, format('%s, %s picks', course, picks)
           from dispatch where order_id = any($1)",
    ),
    (
        "fulfilment",
        "select order_id, format('pick %s %s', pick, state)
           from shipment where order_id = any($1)",
    ),
    (
        "finance",
        "select order_id, format('%s %s captured %s', state, total_cents, captured)
           from sale where order_id = any($1)",
    ),
    (
        "finance",
        "select order_id, format('%s parcels %s: cost %s net %s tax %s paid %s', count(*), state,
                sum(cost_cents), sum(net_cents), sum(tax_cents), sum(paid_cents))
           from parcel where order_id = any($1) group by order_id, state",
    ),
    (
        "finance",
        "select order_id, format('settled %s %s %s %s %s', ordered_cents, invoiced_cents, cost_cents,
                margin_cents, invoiced_cents - paid_cents - open_cents)
           from settlement where order_id = any($1)",
    ),
    (
        "finance",
        "select order_id, format('%s in %s debit %s credit %s', rule, account, sum(debit_cents),
                sum(credit_cents))
           from journal join posting using (entry_id)
          where order_id = any($1) group by order_id, rule, account",
    ),
    (
        "notification",
        "select order_id, format('%s letters %s', count(*), kind)
           from letter where order_id = any($1) group by order_id, kind",
    ),
    (
        "gateway",
        "select order_id, format('shows %s told %s, timeline %s', status, status_number,
                (select count(*) from timeline where timeline.order_id = order_state.order_id))
           from order_state where order_id = any($1)",
    ),
];

/// All books' words on the orders of a run.
pub async fn of(site: &Site, prefix: &str) -> anyhow::Result<Vec<String>> {
    let intake = site.books("intake")?;
    let orders: Vec<(Uuid, String)> = sqlx::query_as(
        "select order_id, external_id from sales_order where starts_with(external_id, $1)",
    )
    .bind(format!("{prefix}-"))
    .fetch_all(&intake)
    .await?;
    let short = |it: String| it.get(prefix.len() + 1..).unwrap_or_default().to_owned();
    let names: BTreeMap<Uuid, String> = orders.into_iter().map(|it| (it.0, short(it.1))).collect();
    let ids: Vec<Uuid> = names.keys().copied().collect();
    let mut said = vec![format!("{} orders", ids.len())];
    for (service, statement) in OF_ORDERS {
        let rows: Vec<(Uuid, String)> = sqlx::query_as(statement)
            .bind(&ids)
            .fetch_all(&site.books(service)?)
            .await
            .with_context(|| format!("{service}: {statement}"))?;
        for (order, line) in rows {
            let name = names.get(&order).map_or("?", String::as_str);
            // Credit and stock answer a held order in either order, and what was short is on its way
            // beside the rest: they are told accordingly.
            let either = ["held", "short"].iter().any(|it| name.starts_with(it));
            let line = match line.split_once(" told ") {
                Some((line, _)) if either => line,
                _ => &line,
            };
            said.push(format!("{name} {service}: {line}"));
        }
    }
    let accounts: Vec<(String, String)> = sqlx::query_as(
        "select customer_id, format('%s %s %s %s %s', pending_cents, authorised_cents,
                delivered_cents, billed_cents, prepaid_cents)
           from book where starts_with(customer_id, $1)",
    )
    .bind(format!("{prefix}-"))
    .fetch_all(&site.books("credit")?)
    .await?;
    said.extend(accounts.into_iter().map(|(name, line)| format!("{} owes {line}", short(name))));
    said.sort();
    Ok(said)
}

/// Waits until the books say the same of one run as of another; if they never do, tells where they
/// differ.
pub async fn agree(site: &Site, expected: &[String], prefix: &str) -> anyhow::Result<()> {
    eventually("the books agree with those of an undisturbed run", || async {
        let found = of(site, prefix).await?;
        let missing: Vec<_> = expected.iter().filter(|it| !found.contains(it)).take(20).collect();
        let instead: Vec<_> = found.iter().filter(|it| !expected.contains(it)).take(20).collect();
        ensure!(
            missing.is_empty() && instead.is_empty(),
            "missing: {missing:#?}\ninstead: {instead:#?}"
        );
        Ok(())
    })
    .await
}

/// Waits until every order of a run has come to its end, and all is quiet.
pub async fn settled(site: &Site, prefix: &str) -> anyhow::Result<()> {
    let (intake, finance) = (site.books("intake")?, site.books("finance")?);
    let prefix = format!("{prefix}-");
    eventually("every order comes to its end", || async {
        let orders: Vec<(Uuid, String, String)> = sqlx::query_as(
            "select order_id, external_id, shown from sales_order where starts_with(external_id, $1)",
        )
        .bind(&prefix)
        .fetch_all(&intake)
        .await?;
        let mut paying = Vec::new();
        for (order, name, shown) in orders {
            let end = super::world::end(&name).with_context(|| name.clone())?;
            ensure!(shown == end.status.name(), "{name} is {shown}");
            paying.extend(end.paid_later.then_some(order));
        }
        let open: i64 = sqlx::query_scalar(
            "select count(*) from parcel
              where order_id = any($1) and paid_cents < net_cents + tax_cents",
        )
        .bind(&paying)
        .fetch_one(&finance)
        .await?;
        ensure!(open == 0, "{open} invoices are to be paid");
        Ok(())
    })
    .await?;
    quiet(site).await
}

/// Waits until nothing is left to be done.
pub async fn quiet(site: &Site) -> anyhow::Result<()> {
    let ledgers = ledgers::open(&site.suite);
    Premises { suite: &site.suite, ledgers: &ledgers }.is_quiet().await
}

/// Looks whether the books of all services agree, and the public streams with them; and whether the
/// checker, which shares no code with any of it, finds every promise kept.
pub async fn audit(site: &Site) -> anyhow::Result<()> {
    let ledgers = ledgers::open(&site.suite);
    Premises { suite: &site.suite, ledgers: &ledgers }.audit().await?;
    keeps_its_promises(site).await
}

/// Looks whether the books of all services agree, the public streams aside: they were lost.
pub async fn audit_without_streams(site: &Site) -> anyhow::Result<()> {
    let ledgers = ledgers::open(&site.suite);
    Premises { suite: &site.suite, ledgers: &ledgers }.audit_books().await?;
    keeps_its_promises(site).await
}

async fn keeps_its_promises(site: &Site) -> anyhow::Result<()> {
    let report = checker::check_databases(&site.databases()).await?;
    ensure!(report.violated().is_empty(), "the checker finds:\n{report}");
    Ok(())
}
