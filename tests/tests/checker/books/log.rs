//! The log: pages, positions, what they said and what it led to.

use serde_json::{Value, json};

use crate::Damage;
use crate::Harm::{Books, Page};

pub(super) const DAMAGES: &[Damage] = &[
    Damage {
        what: "a page is missing: the last one bears a later number",
        harm: Books(&[(
            "notification",
            "update page set number = number + 1
              where (partition, number) = (select partition, max(number) from page
                                            group by partition order by partition limit 1)",
        )]),
        found: &["V3 gapless", "V3 sound", "V3 heard"],
    },
    Damage {
        what: "a page is garbage",
        harm: Books(&[(
            "notification",
            r"update page set body = '\x00'
               where (partition, number) = (select partition, number from page limit 1)",
        )]),
        found: &["V3 sound"],
    },
    Damage {
        what: "a page had heard less than the one before it",
        harm: Page("credit", |page| {
            page["heard"]["intake"] = json!(1_000_000);
            page["number"] == 1
        }),
        found: &["V3 causal"],
    },
    Damage {
        what: "a position is behind the head",
        harm: Books(&[(
            "credit",
            "update position set heard = jsonb_set(heard, '{intake}',
                                                   to_jsonb((heard ->> 'intake')::bigint - 1))
              where partition = 0",
        )]),
        found: &["V3 heard"],
    },
    Damage {
        what: "a position is ahead of the head: a database was put back",
        harm: Books(&[(
            "gateway",
            "update position set heard = jsonb_set(heard, '{finance}',
                                                   to_jsonb((heard ->> 'finance')::bigint + 1))
              where partition = 0",
        )]),
        found: &["V3 heard"],
    },
    Damage {
        what: "what is public was not published",
        harm: Books(&[(
            "intake",
            "update outlet set number = number - 1
              where partition = (select min(partition) from outlet where number > 1)",
        )]),
        found: &["V3 published"],
    },
    Damage {
        what: "a timer never rang",
        harm: Books(&[(
            "intake",
            "update timer set due = '2000-01-01' where id = (select id from timer limit 1)",
        )]),
        found: &["V3 timers"],
    },
    Damage {
        what: "a message stands twice in the log, under one id",
        harm: Page("notification", |page| {
            let Some(said) = page["said"].as_array_mut() else { return false };
            let twice = said.first().cloned();
            said.extend(twice);
            !said.is_empty()
        }),
        found: &["V4 ids"],
    },
    Damage {
        what: "an order was confirmed twice",
        harm: Page("intake", |page| again(page, "intake.confirmed.v1", |_| ())),
        found: &["V4 said once"],
    },
    Damage {
        what: "something is parked without a cause",
        harm: Books(&[(
            "credit",
            r#"insert into parked (id, partition, key, subject, cause, parked_at, envelope)
               values (gen_random_uuid(), 0, 'C-1', 'intake.placed.v1', ' ', now(),
                       '{"subject": "intake.placed.v1", "key": "C-1", "body": {}}')"#,
        )]),
        found: &["V4 parked"],
    },
    Damage {
        what: "webhook never heard of an order",
        harm: Books(&[(
            "webhook",
            "delete from placed_order
              where order_id = (select order_id from placed_order order by order_id limit 1)",
        )]),
        found: &["V4 placed"],
    },
    Damage {
        what: "webhook never heard of an order, and says why",
        harm: Books(&[(
            "webhook",
            r#"with gone as (
                   delete from placed_order
                    where order_id = (select order_id from placed_order order by order_id limit 1)
                   returning order_id)
               insert into parked (id, partition, key, subject, cause, parked_at, envelope)
               select gen_random_uuid(), 0, order_id::text, 'intake.placed.v1', 'it is odd', now(),
                      '{"subject": "intake.placed.v1", "key": "?", "body": {}}'
                 from gone"#,
        )]),
        found: &[],
    },
    Damage {
        what: "notification knows an order that nobody placed",
        harm: Books(&[(
            "notification",
            "insert into placed_order
             select gen_random_uuid(), order_no, currency, total_cents, freight_cents, lines,
                    has_email
               from placed_order limit 1",
        )]),
        found: &["V4 placed"],
    },
    Damage {
        what: "a letter was never written",
        harm: Books(&[(
            "notification",
            // Of an order of one parcel: of two, one letter would seem to have been sent twice.
            "delete from letter
              where kind = 'delivered'
                and order_id = (select order_id from letter where kind = 'delivered'
                                 group by order_id having count(*) = 1 limit 1)",
        )]),
        found: &["V12 mails", "V4 letters"],
    },
    Damage {
        what: "what a message led to lost its trace",
        harm: Page("inventory", |page| {
            let mut said = page["said"].as_array_mut().into_iter().flatten();
            let traced = said.find(|it| it["cause"].is_string() && it["trace"].is_object());
            traced.and_then(|it| it.as_object_mut()?.remove("trace")).is_some()
        }),
        found: &["V16 kept"],
    },
    Damage {
        what: "a status was skipped",
        harm: Page("intake", |page| {
            let said = page["said"].as_array_mut().into_iter().flatten();
            let mut packed = said.filter(|it| it["body"]["status"] == "packed");
            packed.next().is_some_and(|it| {
                it["body"]["status"] = json!("delivered");
                true
            })
        }),
        found: &["V13 same", "V14 paths"],
    },
    Damage {
        what: "a status bears a number that was given before",
        harm: Page("intake", |page| {
            again(page, "intake.status.v1", |it| it["body"]["order"] = Value::Null)
        }),
        found: &["V14 last", "V14 numbers", "V14 paths"],
    },
    Damage {
        what: "an order was said to be expired, and is completed",
        harm: Page("intake", |page| {
            again(page, "intake.completed.v1", |it| it["subject"] = json!("intake.expired.v1"))
        }),
        found: &["V4 letters", "V5 one end"],
    },
    Damage {
        what: "a parcel was invoiced a second time, under another number",
        harm: Page("finance", |page| {
            // What is paid ahead is no debt, and does not concern credit.
            let on_account = |it: &Value| it["body"]["prepaid"] == 0;
            again_if(page, "finance.invoiced.v1", on_account, |it| {
                it["body"]["invoice"] = json!("0199c0de-0000-7000-8000-000000000001");
                it["body"]["number"] = json!("2026-999999");
            })
        }),
        found: &["V4 billed", "V4 letters", "V9 once"],
    },
];

/// Says one of these messages again, under another id and with a change.
fn again(page: &mut Value, subject: &str, change: fn(&mut Value)) -> bool {
    again_if(page, subject, |_| true, change)
}

/// The same, of the first that is fit for it.
fn again_if(
    page: &mut Value,
    subject: &str,
    is_fit: fn(&Value) -> bool,
    change: fn(&mut Value),
) -> bool {
    let Some(said) = page["said"].as_array_mut() else { return false };
    let mut fit = said.iter().filter(|it| it["subject"] == subject && is_fit(it));
    let Some(mut it) = fit.next().cloned() else { return false };
    it["id"] = json!("0199c0de-0000-7000-8000-00000000000f");
    change(&mut it);
    said.push(it);
    true
}
