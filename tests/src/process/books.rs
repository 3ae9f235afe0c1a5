//! What all books say of the orders of a run, in a form in which two runs can be compared: by the
//! names of the orders, without ids and times, and whichever warehouse served them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::{Site, eventually};

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
    let intake = site.books("intake").await?;
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
            .fetch_all(&site.books(service).await?)
            .await
            .with_context(|| format!("{service}: {statement}"))?;
        for (order, line) in rows {
            let name = names.get(&order).map_or("?", String::as_str);
            // Credit and stock answer a held order in either order, and it is told accordingly.
            let line = match line.split_once(" told ") {
                Some((line, _)) if name.starts_with("held") => line,
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
    .fetch_all(&site.books("credit").await?)
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
    let (intake, finance) = (site.books("intake").await?, site.books("finance").await?);
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

/// Waits until nothing is left to be done: nobody has pages to hear, public messages to publish,
/// reports to read, or notes that are due.
pub async fn quiet(site: &Site) -> anyhow::Result<()> {
    eventually("all is quiet", || async {
        let mut heads: BTreeMap<(String, i32), i64> = BTreeMap::new();
        let mut books = Vec::new();
        for service in site.services() {
            let db = site.books(service).await?;
            let said: Vec<(i32, i64)> =
                sqlx::query_as("select partition, max(number) from page group by partition")
                    .fetch_all(&db)
                    .await?;
            heads.extend(said.into_iter().map(|it| ((service.to_owned(), it.0), it.1)));
            books.push((service, db));
        }
        for (service, db) in books {
            still(service, &db, &heads).await?;
        }
        let nats = async_nats::jetstream::new(site.suite.admin().await?);
        for stream in ["WAREHOUSE_REPORT", "PAYMENTS", "ORDERS_SUBMIT", "STOCK_REPORT"] {
            for partition in 0..4 {
                let name = format!("p{partition}");
                let it: async_nats::jetstream::consumer::PullConsumer = nats
                    .get_consumer_from_stream(name, stream)
                    .await
                    .map_err(|it| anyhow::anyhow!("{it}"))?;
                let info = it.cached_info();
                let waiting = info.num_pending + u64::try_from(info.num_ack_pending)?;
                ensure!(waiting == 0, "{waiting} messages of {stream} wait for {partition}");
            }
        }
        Ok(())
    })
    .await
}

async fn still(
    service: &str,
    db: &PgPool,
    heads: &BTreeMap<(String, i32), i64>,
) -> anyhow::Result<()> {
    let heard: Vec<(i32, String, i64)> = sqlx::query_as(
        "select partition, key, value::bigint from position, jsonb_each_text(heard)",
    )
    .fetch_all(db)
    .await?;
    for (partition, speaker, number) in heard {
        let head = heads.get(&(speaker.clone(), partition)).copied().unwrap_or_default();
        ensure!(number == head, "{service} {partition} heard {number} of {head} of {speaker}");
    }
    let published: Vec<(i32, i64)> =
        sqlx::query_as("select partition, number from outlet").fetch_all(db).await?;
    for (partition, number) in published {
        let head = heads.get(&(service.to_owned(), partition)).copied().unwrap_or_default();
        ensure!(number == head, "{service} {partition} published {number} of {head}");
    }
    let due: i64 =
        sqlx::query_scalar("select count(*) from timer where due <= now()").fetch_one(db).await?;
    ensure!(due == 0, "{service} has {due} notes to read");
    Ok(())
}

/// Looks whether the books are sound in themselves, whatever happened: nothing parked, pages and
/// invoices without a gap, shelves that are the sums of their moves, accounts that balance.
pub async fn sound(site: &Site) -> anyhow::Result<()> {
    for service in site.services() {
        let faults = [
            ("something is parked", "select count(*) from parked"),
            (
                "pages are missing",
                "select count(*) from (select partition from page group by partition
                   having max(number) <> count(*)) as it",
            ),
        ];
        check(service, &site.books(service).await?, &faults).await?;
    }
    let faults = [
        (
            "a shelf is not the sum of its moves",
            "select count(*) from stock_level natural left join (
                 select sku, warehouse_id, sum(good) as g, sum(reserved) as r, sum(allocated) as a,
                        sum(quarantine) as q
                   from stock_move group by sku, warehouse_id) as it
              where (good, reserved, allocated, quarantine) is distinct from (g, r, a, q)",
        ),
        (
            "a shelf's claims are not the sum of its orders'",
            "select count(*) from stock_level natural left join (
                 select sku, warehouse_id, sum(soft) as s, sum(firm) as f
                   from claim group by sku, warehouse_id) as it
              where (reserved, allocated) is distinct from (coalesce(s, 0), coalesce(f, 0))",
        ),
    ];
    check("inventory", &site.books("inventory").await?, &faults).await?;
    let faults = [
        (
            "an invoice number is missing",
            "select count(*) from series
              where last <> (select count(*) from invoice_number as it
                              where it.series = series.series and it.year = series.year)",
        ),
        (
            "the journal does not balance",
            "select sum(debit_cents - credit_cents)::bigint from posting",
        ),
        (
            "the sums of accounts are not those of the journal",
            "select count(*) from (
                 select account, sum(debit_cents) as d, sum(credit_cents) as c from posting
                  group by account) as one
               full join (
                 select account, sum(debit_cents) as d, sum(credit_cents) as c from balance
                  group by account) as two using (account)
              where (one.d, one.c) is distinct from (two.d, two.c)",
        ),
    ];
    check("finance", &site.books("finance").await?, &faults).await
}

async fn check(service: &str, db: &PgPool, faults: &[(&str, &'static str)]) -> anyhow::Result<()> {
    for (fault, count) in faults {
        let found: Option<i64> = sqlx::query_scalar(AssertSqlSafe(*count))
            .fetch_one(db)
            .await
            .with_context(|| format!("{service}: {count}"))?;
        ensure!(found.unwrap_or_default() == 0, "{service}: {fault} ({found:?})");
    }
    Ok(())
}
