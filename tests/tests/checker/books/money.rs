//! Money: the journal, invoices, payments, and what customers owe.

use crate::Damage;
use crate::Harm::Books;

/// Posts a yuan more than there was, in the first entry by a rule. The journal stays balanced.
macro_rules! a_yuan_more {
    ($rule:literal, $debited:literal, $credited:literal) => {
        concat!(
            "with it as (select entry_id from journal where rule = '",
            $rule,
            "' order by entry_id limit 1)
             update posting set debit_cents = debit_cents + 100 from it
              where posting.entry_id = it.entry_id and debit_cents > 0 and account = '",
            $debited,
            "';
             with it as (select entry_id from journal where rule = '",
            $rule,
            "' order by entry_id limit 1)
             update posting set credit_cents = credit_cents + 100 from it
              where posting.entry_id = it.entry_id and credit_cents > 0 and account = '",
            $credited,
            "';
             update balance set debit_cents = debit_cents + 100
              where account = '",
            $debited,
            "' and partition = (select min(partition) from balance where account = '",
            $debited,
            "');
             update balance set credit_cents = credit_cents + 100
              where account = '",
            $credited,
            "' and partition = (select min(partition) from balance where account = '",
            $credited,
            "');"
        )
    };
}

pub(super) const DAMAGES: &[Damage] = &[
    Damage {
        what: "an entry does not balance",
        harm: Books(&[(
            "finance",
            "update posting set credit_cents = credit_cents + 1
              where account = '2202.G' and entry_id = (select min(entry_id) from posting
                                                        where account = '2202.G')",
        )]),
        found: &["V8 Q1", "V8 balances", "V8 entries"],
    },
    Damage {
        what: "a kept balance is not the sum",
        harm: Books(&[(
            "finance",
            "update balance set debit_cents = debit_cents + 1
              where (partition, account) = (select partition, account from balance limit 1)",
        )]),
        found: &["V8 balances"],
    },
    Damage {
        what: "a line is on an account for coupons, which nobody grants",
        harm: Books(&[(
            "finance",
            "update posting set account = '2801'
              where account = '6401' and entry_id = (select min(entry_id) from posting
                                                      where account = '6401')",
        )]),
        found: &["V8 Q12", "V8 balances", "V8 chart"],
    },
    Damage {
        what: "a receipt was posted twice",
        harm: Books(&[(
            "finance",
            "alter table journal drop constraint posted_once;
             with first as (select * from journal where rule = 'E18' order by entry_id limit 1),
             twice as (
                 insert into journal (cause, rule, order_id, currency, posted_at)
                 select cause, rule, order_id, currency, posted_at from first
                 returning entry_id)
             insert into posting
             select twice.entry_id, nth, account, debit_cents, credit_cents
               from first join posting using (entry_id) cross join twice;
             delete from balance;
             insert into balance
             select 0, currency, account, sum(debit_cents), sum(credit_cents)
               from posting join journal using (entry_id) group by currency, account",
        )]),
        found: &["V4 receipts", "V8 Q4", "V8 once"],
    },
    Damage {
        what: "the cost of a delivery was never posted",
        harm: Books(&[(
            "finance",
            "with gone as (
                 delete from journal
                  where entry_id = (select min(entry_id) from journal where rule = 'E5')
                 returning entry_id)
             delete from posting using gone where posting.entry_id = gone.entry_id;
             delete from balance;
             insert into balance
             select 0, currency, account, sum(debit_cents), sum(credit_cents)
               from posting join journal using (entry_id) group by currency, account",
        )]),
        found: &["V4 shipped", "V8 Q5"],
    },
    Damage {
        what: "goods came in at another value",
        harm: Books(&[("finance", a_yuan_more!("E18", "1405", "2202.G"))]),
        found: &["V8 Q4"],
    },
    Damage {
        what: "goods left at another value",
        harm: Books(&[("finance", a_yuan_more!("E3", "1406", "1405"))]),
        found: &["V8 Q4", "V8 Q5"],
    },
    Damage {
        what: "too much revenue was posted",
        harm: Books(&[("finance", a_yuan_more!("E4", "1122.9", "6001"))]),
        found: &["V8 Q3", "V8 Q6", "V9 revenue"],
    },
    Damage {
        what: "a customer is debited more than their invoice",
        harm: Books(&[("finance", a_yuan_more!("E6", "1122", "1122.9"))]),
        found: &["V8 Q2", "V8 Q3"],
    },
    Damage {
        what: "more was booked than was captured",
        harm: Books(&[("finance", a_yuan_more!("E1", "1012", "2204"))]),
        found: &["V8 Q7", "V8 Q8"],
    },
    Damage {
        what: "money in hand was lost",
        harm: Books(&[(
            "finance",
            "update deposit set unapplied_cents = unapplied_cents + 1
              where payment_id = (select min(payment_id) from deposit
                                   where unapplied_cents < amount_cents)",
        )]),
        found: &["V8 Q7"],
    },
    Damage {
        what: "a payment was captured, and booked for nobody",
        harm: Books(&[(
            "finance",
            "insert into payment
             select provider, 'LOST', order_id, amount_cents, currency, status
               from payment where status = 'captured' limit 1",
        )]),
        found: &["V8 Q8"],
    },
    Damage {
        what: "an invoice is a cent too high",
        harm: Books(&[(
            "finance",
            "update parcel set net_cents = net_cents + 1
              where shipment_id = (select shipment_id from parcel
                                    where state = 'invoiced' and paid_cents = net_cents + tax_cents
                                    order by shipment_id limit 1)",
        )]),
        found: &["V11 money", "V8 Q2", "V8 Q6", "V8 Q9", "V9 once", "V9 total"],
    },
    Damage {
        what: "an invoice number was given for nothing",
        harm: Books(&[(
            "finance",
            "update series set last = last + 1;
             insert into invoice_number
             select gen_random_uuid(), order_id, series, year, number + 1
               from invoice_number order by number desc limit 1",
        )]),
        found: &["V9 register"],
    },
    Damage {
        what: "an invoice number was skipped",
        harm: Books(&[("finance", "update series set last = last + 1")]),
        found: &["V9 numbers"],
    },
    Damage {
        what: "an invoice was posted twice, under another cause",
        harm: Books(&[(
            "finance",
            "with first as (select * from journal where rule = 'E6' order by entry_id limit 1),
             twice as (
                 insert into journal (cause, rule, order_id, currency, posted_at)
                 select gen_random_uuid(), rule, order_id, currency, posted_at from first
                 returning entry_id)
             insert into posting
             select twice.entry_id, nth, account, debit_cents, credit_cents
               from first join posting using (entry_id) cross join twice;
             delete from balance;
             insert into balance
             select 0, currency, account, sum(debit_cents), sum(credit_cents)
               from posting join journal using (entry_id) group by currency, account",
        )]),
        found: &["V8 Q2", "V8 Q3", "V9 posted"],
    },
    Damage {
        what: "an order does not know that a parcel of it is invoiced",
        harm: Books(&[(
            "intake",
            "update sales_order
                set course = jsonb_set(course::jsonb, '{shipments,0,invoiced}', 'false')::json
              where order_id = (select order_id from sales_order
                                 where course #>> '{shipments,0,invoiced}' = 'true'
                                 order by order_id limit 1)",
        )]),
        found: &["V9 known"],
    },
    Damage {
        what: "finance has another price of an order",
        harm: Books(&[(
            "finance",
            "update sale set total_cents = total_cents + 1
              where order_id = (select order_id from sale where state = 'open'
                                 order by order_id limit 1)",
        )]),
        found: &["V9 prices"],
    },
    Damage {
        what: "an entry of credit changed",
        harm: Books(&[(
            "credit",
            "update entry set billed_cents = billed_cents - 1
              where cause = (select cause from entry where kind = 'SETTLE' order by cause limit 1)",
        )]),
        found: &["V7 entries"],
    },
    Damage {
        what: "a customer's exposure is not that of their orders",
        harm: Books(&[(
            "credit",
            "update book set authorised_cents = authorised_cents + 1
              where (customer_id, currency) = (select customer_id, currency from book limit 1)",
        )]),
        found: &["V7 exposure"],
    },
    Damage {
        what: "credit billed an invoice that nobody issued",
        harm: Books(&[(
            "credit",
            "update entry set cause = gen_random_uuid()
              where cause = (select cause from entry where kind = 'CONVERT_BILLED'
                              order by cause limit 1)",
        )]),
        found: &["V4 billed"],
    },
    Damage {
        what: "an order was approved though it is beyond the limit",
        harm: Books(&[(
            "credit",
            "update decision
                set body = jsonb_set(body::jsonb, '{exposure_after}',
                                     to_jsonb((body ->> 'limit')::bigint + 1))::json
              where order_id = (select order_id from entry
                                 where kind = 'AUTHORISE' and remark is null
                                 order by order_id limit 1)",
        )]),
        found: &["V7 decisions"],
    },
    Damage {
        what: "nobody is known to have released an order that is beyond the limit",
        harm: Books(&[("credit", "update entry set remark = null where kind = 'AUTHORISE'")]),
        found: &["V7 decisions", "V7 limit"],
    },
    Damage {
        what: "something is authorised for an order that is over",
        harm: Books(&[(
            "credit",
            "with over as (
                 update commitment set authorised_cents = 5
                  where order_id = (select order_id from commitment
                                     where state = 'ended' and amount_cents > 0 and billed_cents = 0
                                     order by order_id limit 1)
                 returning order_id, customer_id, currency),
             entered as (
                 insert into entry
                 select order_id, 'AUTHORISE', gen_random_uuid(), now(), 0, 5, 0, 0, 0, 'a person'
                   from over)
             update book set authorised_cents = authorised_cents + 5 from over
              where (book.customer_id, book.currency) = (over.customer_id, over.currency)",
        )]),
        found: &["V7 ended"],
    },
    Damage {
        what: "an order uses more credit than it asked for",
        harm: Books(&[(
            "credit",
            "with greedy as (
                 update commitment set pending_cents = pending_cents + 1
                  where state = 'held' returning order_id, customer_id, currency),
             entered as (
                 update entry set pending_cents = pending_cents + 1 from greedy
                  where entry.order_id = greedy.order_id and kind = 'HOLD')
             update book set pending_cents = pending_cents + 1 from greedy
              where (book.customer_id, book.currency) = (greedy.customer_id, greedy.currency)",
        )]),
        found: &["V7 negative"],
    },
];
