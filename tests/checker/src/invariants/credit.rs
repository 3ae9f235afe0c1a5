//! V7: what customers owe is the sum of what they ordered; and nobody is let beyond their limit but by
//! a person.

use crate::books::{Books, Promise};
use crate::facts::{Facts, known};
use crate::report::Report;

const COMMITMENTS: &str = "select count(*) from commitment";
const BOOKS: &str = "select count(*) from book";

const PROMISES: &[Promise] = &[
    Promise {
        about: ("V7", "entries", "an order's stages are the sums of its entries"),
        service: "credit",
        looked: COMMITMENTS,
        wrong: "
            with entered as (
                select order_id, sum(pending_cents) as pending, sum(authorised_cents) as authorised,
                       sum(delivered_cents) as delivered, sum(billed_cents) as billed,
                       sum(prepaid_cents) as prepaid
                  from entry group by order_id)
            select format('%s: %s, entries %s', order_id,
                          (pending_cents, authorised_cents, delivered_cents, billed_cents,
                           prepaid_cents),
                          (pending, authorised, delivered, billed, prepaid))
              from commitment full join entered using (order_id)
             where (coalesce(pending_cents, 0), coalesce(authorised_cents, 0),
                    coalesce(delivered_cents, 0), coalesce(billed_cents, 0),
                    coalesce(prepaid_cents, 0))
                <> (coalesce(pending, 0), coalesce(authorised, 0), coalesce(delivered, 0),
                    coalesce(billed, 0), coalesce(prepaid, 0))",
    },
    Promise {
        about: ("V7", "exposure", "a customer's exposure is the sum of the orders', by stage"),
        service: "credit",
        looked: BOOKS,
        wrong: "
            with summed as (
                select customer_id, currency, sum(pending_cents) as pending,
                       sum(authorised_cents) as authorised, sum(delivered_cents) as delivered,
                       sum(billed_cents) as billed, sum(prepaid_cents) as prepaid
                  from commitment group by customer_id, currency)
            select format('%s in %s: %s, orders %s', customer_id, currency,
                          (pending_cents, authorised_cents, delivered_cents, billed_cents,
                           prepaid_cents),
                          (pending, authorised, delivered, billed, prepaid))
              from book full join summed using (customer_id, currency)
             where (coalesce(pending_cents, 0), coalesce(authorised_cents, 0),
                    coalesce(delivered_cents, 0), coalesce(billed_cents, 0),
                    coalesce(prepaid_cents, 0))
                <> (coalesce(pending, 0), coalesce(authorised, 0), coalesce(delivered, 0),
                    coalesce(billed, 0), coalesce(prepaid, 0))",
    },
    Promise {
        about: ("V7", "negative", "no stage of an order is negative, nor all above what it asked for"),
        service: "credit",
        looked: COMMITMENTS,
        wrong: "
            select format('%s asked for %s: pending %s, authorised %s, delivered %s, billed %s',
                          order_id, amount_cents, pending_cents, authorised_cents, delivered_cents,
                          billed_cents)
              from commitment
             where least(pending_cents, authorised_cents, delivered_cents, billed_cents,
                         prepaid_cents) < 0
                or pending_cents + authorised_cents + delivered_cents + billed_cents > amount_cents",
    },
    Promise {
        about: ("V7", "decisions", "what nobody released was approved within the limit of that moment"),
        service: "credit",
        looked: "
            select count(*) from entry where kind = 'AUTHORISE' and remark is null",
        wrong: "
            select format('%s was let through with %s: %s', order_id, authorised_cents,
                          coalesce(body::text, 'no decision'))
              from entry left join decision using (order_id)
             where kind = 'AUTHORISE' and remark is null
               and (body is null or body -> 'verdict' ->> 'kind' <> 'approve'
                    or (body ->> 'exposure_after')::bigint > (body ->> 'limit')::bigint)",
    },
    Promise {
        about: ("V7", "limit", "what nobody released is within the highest limit that was ever used"),
        service: "credit",
        looked: "select count(distinct (customer_id, currency)) from commitment where amount_cents > 0",
        // An order's own sum may fall below zero, when more was paid than it owes.
        wrong: "
            with released as (
                select distinct order_id from entry where kind = 'AUTHORISE' and remark is not null),
            owed as (
                select customer_id, currency,
                       sum(authorised_cents + delivered_cents + billed_cents - prepaid_cents)
                           as total,
                       sum(authorised_cents + delivered_cents + billed_cents - prepaid_cents)
                           filter (where released.order_id is null) as unreleased
                  from commitment left join released using (order_id)
                 group by customer_id, currency),
            allowed as (
                select customer_id, commitment.currency,
                       max((body ->> 'limit')::bigint)
                           filter (where body -> 'verdict' ->> 'kind' = 'approve') as most
                  from commitment join decision using (order_id)
                 group by customer_id, commitment.currency)
            select format('%s in %s: %s, of it %s released by nobody, and the limit was at most %s',
                          customer_id, currency, total, unreleased, coalesce(most, 0))
              from owed left join allowed using (customer_id, currency)
             where least(total, coalesce(unreleased, 0)) > coalesce(most, 0)",
    },
];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, PROMISES).await?;
    report.check(("V7", "ended", "nothing is authorised for an order that is over"), |it| {
        let commitments = known(&facts.money.commitments)?;
        for (id, order) in known(&facts.orders)?.all.iter().filter(|it| it.1.is_over()) {
            if let Some(commitment) = commitments.get(id)
                && !facts.is_parked("credit", *id)
            {
                let stages = [commitment.pending, commitment.authorised];
                it.same(
                    format!("pending and authorised of {id}, {}", order.process),
                    stages,
                    [0, 0],
                );
            }
        }
        Ok(())
    });
    Ok(())
}
