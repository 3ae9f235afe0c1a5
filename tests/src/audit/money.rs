//! Money: the books balance, what customers owe is the same in finance and in credit, and what the
//! books say of goods is what left the shelves.

use std::collections::BTreeMap;

use contracts::Uuid;

use super::{Faults, Orders, Premises, Promise, table};

const FINANCE: &[Promise] = &[
    (
        "Q1: each entry balances",
        "select format('entry %s (%s of %s) does not', entry_id, rule, order_id)
           from journal left join posting using (entry_id)
          group by entry_id, rule, order_id
         having coalesce(sum(debit_cents) - sum(credit_cents), 1) <> 0",
    ),
    (
        "Q1: all entries of a currency balance",
        "select format('%s is %s off', currency, sum(debit_cents) - sum(credit_cents))
           from posting join journal using (entry_id) group by currency
         having sum(debit_cents) <> sum(credit_cents)",
    ),
    (
        "balances are the sums of postings",
        "select format('%s is not', account)
           from (select account, sum(debit_cents) as debit, sum(credit_cents) as credit
                   from posting group by account) as posted
           full join (select account, sum(debit_cents) as debit_kept, sum(credit_cents) as credit_kept
                        from balance group by account) as kept using (account)
          where (debit, credit) is distinct from (debit_kept, credit_kept)",
    ),
    (
        "Q7: 2204 is the money in hand",
        "select format('it is %s, and %s is in hand', booked, in_hand)
           from (select coalesce(sum(credit_cents - debit_cents), 0) as booked
                   from posting where account = '2204') as account,
                (select coalesce(sum(unapplied_cents), 0) as in_hand from deposit) as deposits
          where booked <> in_hand",
    ),
    (
        "Q8: 1012 is all that was captured",
        "select format('it is %s, and %s was', booked, captured)
           from (select coalesce(sum(debit_cents - credit_cents), 0) as booked
                   from posting where account = '1012') as account,
                (select coalesce(sum(amount_cents), 0) as captured from deposit
                  where state = 'booked') as deposits
          where booked <> captured",
    ),
    (
        "Q5: 1406 is what is on its way",
        "select format('it is %s, and %s is', booked, dispatched)
           from (select coalesce(sum(debit_cents - credit_cents), 0) as booked
                   from posting where account = '1406') as account,
                (select coalesce(sum(cost_cents), 0) as dispatched from parcel
                  where state = 'dispatched') as parcels
          where booked <> dispatched",
    ),
    (
        "Q2: 1122 is what is owed by invoice",
        "select format('it is %s, and %s is', booked, owed)
           from (select coalesce(sum(debit_cents - credit_cents), 0) as booked
                   from posting where account = '1122') as account,
                (select coalesce(sum(net_cents + tax_cents - paid_cents), 0) as owed from parcel
                  where state = 'invoiced') as parcels
          where booked <> owed",
    ),
    (
        "Q3: whatever is delivered is invoiced",
        "select format('shipment %s of %s is not', shipment_id, order_id) from parcel
          where state = 'delivered'",
    ),
    (
        "Q6: revenue is what was invoiced, net",
        "select format('it is %s, and %s was', booked, net)
           from (select coalesce(sum(credit_cents - debit_cents), 0) as booked
                   from posting where account = '6001') as account,
                (select coalesce(sum(net_cents), 0) as net from parcel
                  where state = 'invoiced') as parcels
          where booked <> net",
    ),
    (
        "an order that was delivered whole is billed whole, to the last cent",
        "select format('%s of %s is, for %s', billed, total_cents, order_id)
           from sale
           join (select order_id, sum(net_cents + tax_cents) as billed from parcel
                  where state = 'invoiced' group by order_id) as invoices using (order_id)
          where billed > total_cents
             or billed <> total_cents and not exists (
                    select from json_array_elements(lines) as line
                     where (line ->> 1)::bigint <> (line ->> 5)::bigint)",
    ),
    (
        "invoice numbers are 1, 2, 3 …",
        "select format('of %s in %s %s are given, up to %s, and %s is the last',
                       series, year, count(number), max(number), last)
           from series left join invoice_number using (series, year) group by series, year, last
         having count(number) <> last or coalesce(max(number), 0) <> last",
    ),
    (
        "reports of payments fit",
        "select format('%s of %s is %s', payment_id, provider, reason) from to_clarify",
    ),
];

const CREDIT: &[Promise] = &[
    (
        "an order's stages are the sums of its entries",
        "select format('those of %s are not', order_id)
           from commitment
           left join (
               select order_id, sum(pending_cents) as pending, sum(authorised_cents) as authorised,
                      sum(delivered_cents) as delivered, sum(billed_cents) as billed,
                      sum(prepaid_cents) as prepaid
                 from entry group by order_id
           ) as entered using (order_id)
          where (pending_cents, authorised_cents, delivered_cents, billed_cents, prepaid_cents)
             <> (coalesce(pending, 0), coalesce(authorised, 0), coalesce(delivered, 0),
                 coalesce(billed, 0), coalesce(prepaid, 0))",
    ),
    (
        "a customer's stages are the sums of their entries",
        "select format('those of %s in %s are not', customer_id, currency)
           from book
           full join (
               select customer_id, currency, sum(entry.pending_cents) as pending,
                      sum(entry.authorised_cents) as authorised,
                      sum(entry.delivered_cents) as delivered, sum(entry.billed_cents) as billed,
                      sum(entry.prepaid_cents) as prepaid
                 from entry join commitment using (order_id) group by customer_id, currency
           ) as entered using (customer_id, currency)
          where (coalesce(pending_cents, 0), coalesce(authorised_cents, 0),
                 coalesce(delivered_cents, 0), coalesce(billed_cents, 0),
                 coalesce(prepaid_cents, 0))
             <> (coalesce(pending, 0), coalesce(authorised, 0), coalesce(delivered, 0),
                 coalesce(billed, 0), coalesce(prepaid, 0))",
    ),
];

const COMMITTED: &str = "
    select order_id, array[pending_cents, authorised_cents, delivered_cents, billed_cents]
      from commitment";
const OWED: &str = "
    select order_id, coalesce(sum(net_cents + tax_cents - paid_cents)
                              filter (where state = 'invoiced'), 0)::bigint
      from parcel group by order_id";
const MERCHANDISE: &str = "
    select currency, sum(debit_cents - credit_cents)::bigint
      from posting join journal using (entry_id)
     where account in ('1405', '1405.Q') group by currency";
const COSTS: &str = "select sku, unit_cost_cents from item";
/// Counts, damage and short picks are not in the books of finance.
const MOVED: &str = "
    select sku, sum(good + quarantine)::bigint from stock_move
     where kind in ('RECEIPT', 'SHIP', 'RETURN_IN') group by sku";

pub(super) async fn audit(
    house: &Premises<'_>,
    orders: &Orders,
    faults: &mut Faults,
) -> anyhow::Result<()> {
    let ledgers = house.ledgers;
    faults.look(ledgers, "finance", FINANCE).await?;
    faults.look(ledgers, "credit", CREDIT).await?;

    let committed: BTreeMap<Uuid, Vec<i64>> = table(ledgers, "credit", COMMITTED).await?;
    let owed: BTreeMap<Uuid, i64> = table(ledgers, "finance", OWED).await?;
    for (id, order) in orders {
        let stages = committed.get(id).cloned().unwrap_or_else(|| vec![0; 4]);
        let what = format!("{id}, {}", order.shown);
        // Whoever pays ahead has no credit.
        let owed = owed.get(id).filter(|_| order.terms == "on_account");
        let owed = owed.copied().unwrap_or_default();
        faults.compare(format!("Q2: {what}: owed by invoice, billed"), owed, stages[3]);
        faults.compare(format!("Q3: {what}: delivered and not billed"), 0, stages[2]);
        if order.is_ended() {
            faults.compare(
                format!("{what}: pending and authorised"),
                [0, 0],
                [stages[0], stages[1]],
            );
        }
        if stages.iter().sum::<i64>() > order.total {
            faults.add(format!("{what}: more is committed than the order's total: {stages:?}"));
        }
    }

    let costs: BTreeMap<String, i64> = table(ledgers, "intake", COSTS).await?;
    let moved: BTreeMap<String, i64> = table(ledgers, "inventory", MOVED).await?;
    let cost = |it: &String| costs.get(it).copied().unwrap_or_default();
    let value: i64 = moved.iter().map(|(sku, units)| units * cost(sku)).sum();
    let booked: BTreeMap<String, i64> = table(ledgers, "finance", MERCHANDISE).await?;
    let booked = booked.get("CNY").copied().unwrap_or_default();
    faults.compare("Q4: 1405 and the value of what came and left", booked, value);
    Ok(())
}
