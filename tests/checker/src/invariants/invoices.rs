//! V9: what finance billed is what customers got, to the minor unit, one invoice a parcel.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, known};
use crate::report::Report;

const NUMBERS: &str = "select count(*) from invoice_number";

const PROMISES: &[Promise] = &[
    Promise {
        about: ("V9", "numbers", "invoice numbers are 1, 2, 3 … in each series and year"),
        service: "finance",
        looked: NUMBERS,
        wrong: "
            select format('%s %s: %s numbers up to %s, and %s was given last', series, year,
                          count(number), coalesce(max(number), 0), coalesce(last, 0))
              from series full join invoice_number using (series, year)
             group by series, year, last
            having count(distinct number) <> coalesce(last, 0)
                or coalesce(max(number), 0) <> coalesce(last, 0)",
    },
    Promise {
        about: (
            "V9",
            "register",
            "each invoice bears the number that it was given, and no two the same",
        ),
        service: "finance",
        looked: NUMBERS,
        wrong: "
            with billed as (
                select order_id, number, count(*) as parcels
                  from parcel where number is not null group by order_id, number),
            given as (
                select order_id, format('%s-%s', lpad(year::text, 4, '0'),
                                        lpad(number::text, greatest(6, length(number::text)), '0'))
                           as number
                  from invoice_number)
            select format('%s: on %s parcels of %s, and %s', number, coalesce(parcels, 0), order_id,
                          case when given.number is null then 'never given' else 'given' end)
              from billed full join given using (order_id, number)
             where parcels is distinct from 1 or given.number is null",
    },
    Promise {
        about: ("V9", "total", "no order is billed above its total; whole, exactly it"),
        service: "finance",
        looked: "select count(*) from sale",
        wrong: "
            with billed as (
                select order_id, sum(net_cents + tax_cents) as gross
                  from parcel where state = 'invoiced' group by order_id)
            select format('%s is %s, and billed %s', order_id, total_cents, gross)
              from sale join billed using (order_id)
             where gross > total_cents
                or gross <> total_cents and not exists (
                       select from json_array_elements(lines) as line
                        where (line ->> 1)::bigint <> (line ->> 5)::bigint)",
    },
];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, PROMISES).await?;
    report.check(
        ("V9", "revenue", "an order's revenue is the net of what its customer got"),
        |it| {
            let accounts = known(&facts.money.accounts)?;
            for (id, order) in &known(&facts.orders)?.all {
                if facts.is_parked("finance", *id) || facts.is_parked("intake", *id) {
                    continue;
                }
                let booked = accounts.get(&(*id, "6001".to_owned())).copied().unwrap_or_default();
                let what = format!("revenue of {id}, {}, and delivered", order.shown);
                it.same(what, -booked, order.delivered().0);
            }
            Ok(())
        },
    );
    report.check(("V9", "once", "a parcel that arrived has one invoice, of its amount"), |it| {
        facts.said.by("finance")?;
        let mut told: BTreeMap<(Uuid, Uuid), Vec<(&str, i64)>> = BTreeMap::new();
        for invoice in facts.said.invoices.values() {
            let of = told.entry((invoice.order, invoice.shipment)).or_default();
            of.push((&invoice.number, invoice.gross));
        }
        for parcel in known(&facts.money.parcels)? {
            let told = told.remove(&(parcel.order_id, parcel.shipment_id)).unwrap_or_default();
            let number = parcel.number.as_deref().unwrap_or_default();
            let is =
                if parcel.state == "invoiced" { vec![(number, parcel.gross())] } else { vec![] };
            let what = format!("invoices of {} that were told, and are", parcel.shipment_id);
            it.same(what, told, is);
        }
        for ((order, shipment), told) in told {
            it.wrong(format!(
                "{told:?} was invoiced for {shipment} of {order}, which nobody shipped"
            ));
        }
        Ok(())
    });
    report.check(("V9", "posted", "each invoice was posted once, and nothing else as one"), |it| {
        let posted = known(&facts.money.posted)?;
        let invoices: BTreeSet<(Uuid, Uuid)> = known(&facts.money.parcels)?
            .iter()
            .filter(|it| it.state == "invoiced" && it.gross() != 0)
            .map(|it| (it.order_id, it.invoice()))
            .collect();
        let entries = posted.iter().filter(|it| it.0.1 == "E6");
        let entries: BTreeMap<(Uuid, Uuid), i64> =
            entries.map(|((order, _, cause), times)| ((*order, *cause), *times)).collect();
        for name in invoices.iter().chain(entries.keys().filter(|it| !invoices.contains(it))) {
            let times = entries.get(name).copied().unwrap_or_default();
            let what = format!("invoice {} of {} was posted, and was to be", name.1, name.0);
            it.same(what, times, i64::from(invoices.contains(name)));
        }
        Ok(())
    });
    prices(facts, report);
    Ok(())
}

fn prices(facts: &Facts, report: &mut Report) {
    report.check(("V9", "known", "an order knows which of its parcels are invoiced"), |it| {
        let parcels = known(&facts.money.parcels)?.iter().filter(|it| it.state == "invoiced");
        let invoiced: BTreeSet<Uuid> = parcels.map(|it| it.shipment_id).collect();
        for (id, order) in &known(&facts.orders)?.all {
            for sent in &order.course().shipments {
                let what = format!("shipment {} of {id}: known as invoiced, and is", sent.id);
                it.same(what, sent.invoiced, invoiced.contains(&sent.id));
            }
        }
        Ok(())
    });
    report.check(("V9", "prices", "finance and credit have each order at its own price"), |it| {
        let (sales, commitments) = (known(&facts.money.sales)?, known(&facts.money.commitments)?);
        for (id, order) in &known(&facts.orders)?.all {
            if let Some(sale) = sales.get(id) {
                let own = (order.total, order.currency.as_str());
                let what = format!("price of {id}: own, and finance's");
                it.same(what, own, (sale.total, &sale.currency));
            }
            if let Some(commitment) = commitments.get(id) {
                let asked = if order.terms == "on_account" { order.total } else { 0 };
                it.same(format!("price of {id}: own, and credit's"), asked, commitment.amount);
            }
        }
        Ok(())
    });
}
