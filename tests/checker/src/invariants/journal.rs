//! V8: the journal by itself. (The twelve equations with the other books are beside it.)

use crate::books::{Books, Promise};
use crate::report::Report;

const ENTRIES: &str = "select count(*) from journal";
const POSTINGS: &str = "select count(*) from posting";

const PROMISES: &[Promise] = &[
    Promise {
        about: ("V8", "entries", "each entry has lines, and its debits equal its credits"),
        service: "finance",
        looked: ENTRIES,
        wrong: "
            select format('entry %s, %s for %s: %s lines, debits %s, credits %s', entry_id, rule,
                          coalesce(order_id, cause), count(nth), coalesce(sum(debit_cents), 0),
                          coalesce(sum(credit_cents), 0))
              from journal full join posting using (entry_id)
             group by entry_id, rule, order_id, cause
            having count(nth) < 2 or count(rule) = 0 or sum(debit_cents) <> sum(credit_cents)",
    },
    Promise {
        about: ("V8", "once", "a cause is posted once by a rule"),
        service: "finance",
        looked: ENTRIES,
        wrong: "
            select format('%s was posted %s times by %s', cause, count(*), rule)
              from journal group by cause, rule having count(*) > 1",
    },
    Promise {
        about: ("V8", "Q1", "all debits equal all credits, in each currency"),
        service: "finance",
        looked: POSTINGS,
        wrong: "
            select format('%s: debits %s, credits %s', currency, sum(debit_cents),
                          sum(credit_cents))
              from posting join journal using (entry_id) group by currency
            having sum(debit_cents) <> sum(credit_cents)",
    },
    Promise {
        about: ("V8", "balances", "the sums that are kept are those of the postings"),
        service: "finance",
        looked: "select count(*) from balance",
        wrong: "
            with posted as (
                select currency, account, sum(debit_cents) as debit, sum(credit_cents) as credit
                  from posting join journal using (entry_id) group by currency, account),
            kept as (
                select currency, account, sum(debit_cents) as debit, sum(credit_cents) as credit
                  from balance group by currency, account)
            select format('%s in %s: kept %s, posted %s', account, currency,
                          (kept.debit, kept.credit), (posted.debit, posted.credit))
              from kept full join posted using (currency, account)
             where (coalesce(kept.debit, 0), coalesce(kept.credit, 0))
                <> (coalesce(posted.debit, 0), coalesce(posted.credit, 0))",
    },
    Promise {
        about: ("V8", "chart", "every line is on an account of the chart"),
        service: "finance",
        looked: POSTINGS,
        wrong: "
            select format('entry %s has a line on %s', entry_id, account)
              from posting where account not in (select code from account)",
    },
];

pub(super) async fn check(books: &mut Books, report: &mut Report) -> anyhow::Result<()> {
    books.look(report, PROMISES).await
}
