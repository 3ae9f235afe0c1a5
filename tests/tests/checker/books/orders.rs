//! Orders: at intake, at the gateway, with those who are told of them.

use crate::Damage;
use crate::Harm::Books;

pub(super) const DAMAGES: &[Damage] = &[
    Damage {
        what: "two orders have one name",
        harm: Books(&[(
            "intake",
            "alter table placement drop constraint one_order_a_name;
             update placement set external_id = (select min(external_id) from placement
                                                  where channel = 'web')
              where external_id = (select max(external_id) from placement where channel = 'web')",
        )]),
        found: &["V1 accepted", "V1 names"],
    },
    Damage {
        what: "an order was placed, and nobody knows how it stands",
        harm: Books(&[(
            "intake",
            "insert into placement
             select gen_random_uuid(), channel, 'lost-1', digest, placed_at, lines
               from placement where channel = 'web' limit 1",
        )]),
        found: &["V1 nobody's", "V1 rows"],
    },
    Damage {
        what: "a customer's order number stands for an order that is nowhere",
        harm: Books(&[(
            "intake",
            "update shared_key set order_id = gen_random_uuid() where order_id is not null",
        )]),
        found: &["V2 keys"],
    },
    Damage {
        what: "an order has ended for finance in another way",
        harm: Books(&[(
            "finance",
            "update sale set state = 'cancelled'
              where order_id = (select order_id from sale where state = 'completed'
                                 order by order_id limit 1)",
        )]),
        found: &["V5 same end"],
    },
    Damage {
        what: "an order waits for a payment that nothing will end",
        harm: Books(&[(
            "intake",
            "delete from timer
              where convert_from(envelope, 'UTF8') like '%intake.payment-overdue.v1%'",
        )]),
        found: &["V5 waits"],
    },
    Damage {
        what: "an order waits for a pick that the warehouse was never told of",
        harm: Books(&[(
            "fulfilment",
            "update shipment set state = 'withdrawn'
              where (order_id, pick) = (select order_id, pick from shipment where state = 'open'
                                           and units not like '%000%' order by order_id limit 1)",
        )]),
        found: &["V10 orders", "V11 shipments", "V5 waits"],
    },
    Damage {
        what: "sourcing was asked for and never answered",
        harm: Books(&[(
            "intake",
            "update sales_order set course = jsonb_set(course::jsonb, '{sourcing}', 'true')::json
              where external_id = 'wait-pick'",
        )]),
        found: &["V5 asked"],
    },
    Damage {
        what: "an order moved, and the last status was not told",
        harm: Books(&[(
            "intake",
            "update sales_order set number = number + 1 where external_id = 'wait-pick'",
        )]),
        found: &["V14 last"],
    },
    Damage {
        what: "a warehouse's pick is counted that is not there",
        harm: Books(&[(
            "fulfilment",
            "update dispatch set picks = picks + 1
              where order_id = (select order_id from dispatch order by order_id limit 1)",
        )]),
        found: &["V10 numbers"],
    },
    Damage {
        what: "the gateway shows a status that is no more",
        harm: Books(&[(
            "gateway",
            "update order_state set status = 'packed', status_number = status_number - 1
              where order_id = (select order_id from order_state where status = 'completed'
                                   and summary -> 'carried_over' is null order by order_id limit 1)",
        )]),
        found: &["V11 status"],
    },
    Damage {
        what: "the gateway shows another total",
        harm: Books(&[(
            "gateway",
            "update order_head set total_cents = total_cents + 1
              where order_id = (select order_id from order_head where kind = 'standard'
                                 order by order_id limit 1)",
        )]),
        found: &["V11 totals"],
    },
    Damage {
        what: "an entry is missing in a timeline",
        harm: Books(&[(
            "gateway",
            "delete from timeline_part where (order_id, number) =
                 (select order_id, number from timeline_part order by order_id, number limit 1)",
        )]),
        found: &["V11 timeline"],
    },
    Damage {
        what: "the gateway shows half an order",
        harm: Books(&[(
            "gateway",
            "delete from order_head
              where order_id = (select order_id from order_head order by order_id limit 1)",
        )]),
        found: &["V11 halves", "V11 orders"],
    },
    Damage {
        what: "the gateway shows that credit refused an order that it let pass",
        harm: Books(&[(
            "gateway",
            r#"update order_state
                  set summary = jsonb_set(summary::jsonb, '{credit,state}', '"refused"')::json
                where status = 'awaiting_payment'"#,
        )]),
        found: &["V11 credit"],
    },
    Damage {
        what: "the gateway shows less than can be sold",
        harm: Books(&[(
            "gateway",
            "update stock_level set sellable = sellable - 1
              where sku = (select min(sku) from stock_level)",
        )]),
        found: &["V11 levels"],
    },
    Damage {
        what: "a channel is not called for something",
        harm: Books(&[(
            "webhook",
            "delete from delivery where number = 1
                and strand = (select strand from delivery group by strand
                              having count(*) > 1 order by strand limit 1)",
        )]),
        found: &["V12 numbers", "V12 webhooks"],
    },
    Damage {
        what: "a letter counts as sent, and no mail came in",
        harm: Books(&[(
            "notification",
            "insert into letter
             select order_id, gen_random_uuid(), kind, facts, written_at, 'sent', 1, null, null
               from letter where kind = 'shipped' limit 1",
        )]),
        found: &["V12 sent", "V4 letters"],
    },
    Damage {
        what: "a webhook counts as delivered, and was never answered well",
        harm: Books(&[(
            "webhook",
            "update delivery set state = 'delivered', next_attempt_at = null
              where delivery_id = (select delivery_id from delivery order by delivery_id limit 1)",
        )]),
        found: &["V12 delivered"],
    },
];
