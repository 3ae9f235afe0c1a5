//! V8: the equations that hold between the journal and the other books, each account against what
//! it stands for, when all is at rest. (Q1 is the journal's own; Q11, that all that was said is
//! heard, is V3.)

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, Money, Orders, known};
use crate::report::{Missing, Report};

/// Amounts by currency.
type Sums = BTreeMap<String, i64>;

/// Amounts by order.
type ByOrder = BTreeMap<Uuid, i64>;

const DEPOSITS: &[Promise] = &[
    Promise {
        about: ("V8", "Q7", "2204 is the money in hand; 2241 is what came and neither paid nor is"),
        service: "finance",
        looked: "select count(*) from deposit where state = 'booked'",
        wrong: "
            with booked as (
                select currency,
                       coalesce(sum(credit_cents - debit_cents) filter (where account = '2204'), 0)
                           as in_hand,
                       coalesce(sum(credit_cents - debit_cents) filter (where account = '2241'), 0)
                           as refunds
                  from posting join journal using (entry_id) group by currency),
            came as (
                select currency, sum(amount_cents) as came, sum(unapplied_cents) as unapplied
                  from deposit where state = 'booked' group by currency),
            used as (
                select currency, sum(paid_cents) as paid
                  from parcel join sale using (order_id) group by currency)
            select format('%s: 2204 is %s and in hand are %s; 2241 is %s, of %s that came %s paid',
                          currency, in_hand, coalesce(unapplied, 0), refunds, coalesce(came, 0),
                          coalesce(paid, 0))
              from booked full join came using (currency) left join used using (currency)
             where coalesce(in_hand, 0) <> coalesce(unapplied, 0)
                or coalesce(refunds, 0) <> coalesce(came, 0) - coalesce(paid, 0) - coalesce(unapplied, 0)",
    },
    Promise {
        about: ("V8", "Q8", "1012 is all that providers captured; nothing was settled or paid out"),
        service: "finance",
        looked: "select count(*) from payment where status = 'captured'",
        wrong: "
            with booked as (
                select currency, sum(debit_cents - credit_cents) as amount
                  from posting join journal using (entry_id)
                 where account = '1012' group by currency),
            captured as (
                select payment.currency, sum(payment.amount_cents) as amount
                  from payment join deposit using (order_id, provider, payment_id)
                 where status = 'captured' and state = 'booked' group by payment.currency)
            select format('%s: 1012 is %s, and %s was captured', currency,
                          coalesce(booked.amount, 0), coalesce(captured.amount, 0))
              from booked full join captured using (currency)
             where coalesce(booked.amount, 0) <> coalesce(captured.amount, 0)
            union all
            select format('payment %s of %s for %s was captured, and is on no file', payment_id,
                          provider, payment.order_id)
              from payment left join deposit using (order_id, provider, payment_id)
             where status = 'captured' and deposit.state is null",
    },
    Promise {
        about: ("V8", "Q12", "2801 is nothing: nobody grants coupons or warranties yet"),
        service: "finance",
        looked: "select count(*) from posting",
        wrong: "
            select format('entry %s has a line on 2801', entry_id)
              from posting where account = '2801'",
    },
];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, DEPOSITS).await?;
    receivables(facts, report);
    goods(facts, report);
    revenue(facts, report);
    Ok(())
}

fn receivables(facts: &Facts, report: &mut Report) {
    report.check(
        ("V8", "Q2", "1122 is what is owed by invoice, as credit has it, order by order"),
        |it| {
            let (owed, _) = owed(&facts.money)?;
            let accounts = known(&facts.money.accounts)?;
            let commitments = known(&facts.money.commitments)?;
            for (order, sale) in known(&facts.money.sales)? {
                let owed = owed.get(order).copied().unwrap_or_default();
                let booked =
                    accounts.get(&(*order, "1122".to_owned())).copied().unwrap_or_default();
                let what = format!("{order}, {}", sale.state);
                it.same(format!("{what}: 1122, and owed by invoice"), booked, owed);
                if let Some(commitment) = commitments.get(order).filter(|it| it.amount > 0)
                    && !facts.is_parked("credit", *order)
                {
                    it.same(format!("{what}: owed, and billed to credit"), owed, commitment.billed);
                }
            }
            Ok(())
        },
    );
    report.check(
        ("V8", "Q3", "1122.9 is what is delivered and not invoiced, as credit has it"),
        |it| {
            let (_, unbilled) = owed(&facts.money)?;
            let accounts = known(&facts.money.accounts)?;
            let commitments = known(&facts.money.commitments)?;
            for (order, sale) in known(&facts.money.sales)? {
                let unbilled = unbilled.get(order).copied().unwrap_or_default();
                let booked =
                    accounts.get(&(*order, "1122.9".to_owned())).copied().unwrap_or_default();
                let what = format!("{order}, {}", sale.state);
                it.same(format!("{what}: 1122.9, and delivered without invoice"), booked, unbilled);
                if let Some(commitment) = commitments.get(order).filter(|it| it.amount > 0)
                    && !facts.is_parked("credit", *order)
                {
                    let delivered = commitment.delivered;
                    it.same(
                        format!("{what}: unbilled, and delivered to credit"),
                        unbilled,
                        delivered,
                    );
                }
            }
            Ok(())
        },
    );
}

/// By order: what is owed by invoice, and what is delivered and not invoiced.
fn owed(money: &Money) -> Result<(ByOrder, ByOrder), Missing> {
    let (mut owed, mut unbilled) = (ByOrder::new(), ByOrder::new());
    for parcel in known(&money.parcels)? {
        *owed.entry(parcel.order_id).or_default() += parcel.open();
        if parcel.state == "delivered" {
            *unbilled.entry(parcel.order_id).or_default() += parcel.gross();
        }
    }
    Ok((owed, unbilled))
}

fn goods(facts: &Facts, report: &mut Report) {
    report.check(("V8", "Q4", "1405 is what came, less what left, at the cost of each"), |it| {
        let orders = known(&facts.orders)?;
        facts.said.by("inventory")?;
        let mut value = Sums::new();
        for (quantity, cost) in facts.said.receipts.values() {
            it.looked += 1;
            *value.entry("CNY".to_owned()).or_default() += quantity * cost;
        }
        for moved in known(&facts.goods.parcelled)?.iter().filter(|it| it.kind != "SHORT_PICK") {
            it.looked += 1;
            let Some(order) = orders.all.get(&moved.order_id) else { continue };
            let line = order.lines.iter().find(|it| it.sku == moved.sku);
            let cost = line.map_or(0, |it| it.unit_cost);
            let units = moved.good + moved.quarantine;
            *value.entry(order.currency.clone()).or_default() += units * cost;
        }
        compare(
            it,
            "1405 and 1405.Q, and came less left",
            booked(facts, &["1405", "1405.Q"])?,
            value,
        );
        Ok(())
    });
    report.check(("V8", "Q5", "1406 is what is on its way, or on its way back, at cost"), |it| {
        let orders = known(&facts.orders)?;
        let mut value = Sums::new();
        for order in orders.all.values() {
            it.looked += 1;
            for line in &order.lines {
                let units = order.units(line.number, &["shipped", "refused"]);
                let cost = units * order.cost_of(line.number);
                *value.entry(order.currency.clone()).or_default() += cost;
            }
        }
        compare(it, "1406, and units on their way", booked(facts, &["1406"])?, value);
        Ok(())
    });
    report.check(("V8", "Q10", "claims without a line, and lines without a claim: none"), |it| {
        let orders = known(&facts.orders)?;
        let claimed: i64 = known(&facts.goods.claims)?.iter().map(|it| it.units).sum();
        let kept = |it: &Orders| -> i64 {
            let kept = ["reserved", "released", "picked", "packed"];
            it.all.values().map(|it| it.all_units(&kept)).sum()
        };
        it.looked += orders.all.len() as u64;
        let kept = kept(orders);
        if facts.log.parked.is_empty() && claimed != kept {
            it.wrong(format!("{claimed} units are claimed, and {kept} are kept for lines"));
        }
        Ok(())
    });
}

fn revenue(facts: &Facts, report: &mut Report) {
    report.check(("V8", "Q6", "6001 is the net of what was delivered"), |it| {
        let sales = known(&facts.money.sales)?;
        let mut net = Sums::new();
        for parcel in known(&facts.money.parcels)? {
            it.looked += 1;
            let currency = sales.get(&parcel.order_id).map(|it| it.currency.clone());
            *net.entry(currency.unwrap_or_default()).or_default() -= parcel.net;
        }
        compare(
            it,
            "6001, and what parcels earned (credits are below zero)",
            booked(facts, &["6001"])?,
            net,
        );
        Ok(())
    });
    report.check(
        ("V8", "Q9", "what an order was invoiced is the share of its lines that arrived"),
        |it| {
            let mut invoiced: BTreeMap<Uuid, i64> = BTreeMap::new();
            for parcel in known(&facts.money.parcels)?.iter().filter(|it| it.state == "invoiced") {
                *invoiced.entry(parcel.order_id).or_default() += parcel.gross();
            }
            for (id, order) in &known(&facts.orders)?.all {
                if facts.is_parked("finance", *id) || facts.is_parked("intake", *id) {
                    continue;
                }
                let (net, tax) = order.delivered();
                let invoiced = invoiced.get(id).copied().unwrap_or_default();
                let what =
                    format!("{id}, {} of {}: invoiced, and delivered", order.shown, order.total);
                it.same(what, invoiced, net + tax);
            }
            Ok(())
        },
    );
}

/// Debits less credits of these accounts, by currency.
fn booked(facts: &Facts, accounts: &[&str]) -> Result<Sums, Missing> {
    let mut sums = Sums::new();
    for ((currency, account), amount) in known(&facts.money.balances)? {
        if accounts.contains(&account.as_str()) {
            *sums.entry(currency.clone()).or_default() += amount;
        }
    }
    Ok(sums)
}

/// Compares without counting: what was looked at are the things, not the sums.
fn compare(it: &mut crate::report::Check, what: &str, mut one: Sums, mut other: Sums) {
    one.retain(|_, amount| *amount != 0);
    other.retain(|_, amount| *amount != 0);
    if one != other {
        it.wrong(format!("{what}: {one:?} and {other:?}"));
    }
}
