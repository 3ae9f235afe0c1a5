//! Goods: shelves, claims, the ledger of moves, parcels.

use crate::Damage;
use crate::Harm::Books;

pub(super) const DAMAGES: &[Damage] = &[
    Damage {
        what: "a shelf has less than nothing in quarantine",
        harm: Books(&[(
            "inventory",
            "alter table stock_level drop constraint never_negative;
             update stock_level set quarantine = -1
              where (sku, warehouse_id) = (select sku, warehouse_id from stock_level
                                            where quarantine = 0 limit 1)",
        )]),
        found: &["V6 I1", "V6 I3"],
    },
    Damage {
        what: "units are oversold: a count found fewer than are claimed, and nothing was withdrawn",
        harm: Books(&[(
            "inventory",
            "alter table stock_level drop constraint never_oversold;
             with oversold as (
                 update stock_level set good = reserved + allocated - 1, ledger_pos = ledger_pos + 1
                  where (sku, warehouse_id) = (select sku, warehouse_id from stock_level
                                                where good > 0 and reserved + allocated = good
                                                order by sku, warehouse_id limit 1)
                 returning *)
             insert into stock_move (sku, warehouse_id, number, kind, good, quarantine, damaged,
                                     reserved, allocated, document, at, cause, rule)
             select sku, warehouse_id, ledger_pos, 'COUNT_ADJUST',
                    good - (select sum(moved.good) from stock_move as moved
                             where (moved.sku, moved.warehouse_id)
                                 = (oversold.sku, oversold.warehouse_id)),
                    0, 0, 0, 0, 'count', now(), gen_random_uuid(), 'count'
               from oversold",
        )]),
        found: &["V6 I2"],
    },
    Damage {
        what: "a move is missing",
        harm: Books(&[(
            "inventory",
            "delete from stock_move where number = 1
                and (sku, warehouse_id) = (select sku, warehouse_id from stock_move limit 1)",
        )]),
        found: &["V6 I10", "V6 I3"],
    },
    Damage {
        what: "a level changed without a move",
        harm: Books(&[(
            "inventory",
            "update stock_level set damaged = damaged + 1
              where (sku, warehouse_id) = (select sku, warehouse_id from stock_level limit 1)",
        )]),
        found: &["V6 I3"],
    },
    Damage {
        what: "a claim grew by itself",
        harm: Books(&[(
            "inventory",
            "update claim set firm = firm + 1
              where (order_id, line, sku, warehouse_id) =
                    (select order_id, line, sku, warehouse_id from claim where firm > 0 limit 1)",
        )]),
        found: &["V6 I4", "V6 I6", "V8 Q10"],
    },
    Damage {
        what: "a claim leaked: the order is cancelled, and keeps units",
        harm: Books(&[
            (
                "inventory",
                "with kept as (
                     insert into claim
                     select order_id, sku, 1, warehouse_id, 0, 1, 0, 0, 0, 0
                       from demand cross join (select sku, warehouse_id from stock_level
                                                where good > allocated + reserved + 1
                                                order by sku, warehouse_id limit 1) as shelf
                      where standing = 'ended' order by order_id limit 1
                     returning *),
                 level as (
                     update stock_level set allocated = allocated + 1, ledger_pos = ledger_pos + 1
                       from kept
                      where (stock_level.sku, stock_level.warehouse_id)
                          = (kept.sku, kept.warehouse_id)
                     returning stock_level.*, kept.order_id)
                 insert into stock_move (sku, warehouse_id, number, kind, good, quarantine, damaged,
                                         reserved, allocated, order_id, at, cause, rule)
                 select sku, warehouse_id, ledger_pos, 'ALLOCATE', 0, 0, 0, 0, 1, order_id, now(),
                        order_id, 'plan 9.9' from level",
            ),
            (
                "gateway",
                "update stock_level set sellable = sellable - 1
                  where sku = (select min(sku) from stock_level)",
            ),
        ]),
        found: &["V6 I5", "V6 I5 ended", "V6 I6", "V8 Q10"],
    },
    Damage {
        what: "an order believes that it keeps a unit which it does not",
        harm: Books(&[(
            "intake",
            "update sales_order
                set course = jsonb_set(course::jsonb, '{lines,0,reserved}',
                        to_jsonb((course #>> '{lines,0,reserved}')::bigint + 1))::json
              where external_id = 'wait-pay'",
        )]),
        found: &["V6 I6", "V8 Q10"],
    },
    Damage {
        what: "a supply that somebody waits for is forgotten",
        harm: Books(&[("inventory", "delete from backorder")]),
        found: &["V5 waits", "V6 I6"],
    },
    Damage {
        what: "a hold made goods appear",
        harm: Books(&[(
            "inventory",
            "update stock_move set kind = 'HOLD' where kind = 'RECEIPT'
                and (sku, warehouse_id) = (select sku, warehouse_id from stock_move limit 1)",
        )]),
        found: &["V6 I7"],
    },
    Damage {
        what: "one cause moved a shelf twice",
        harm: Books(&[(
            "inventory",
            "alter table stock_move drop constraint posted_once;
             with twice as (
                 select sku, warehouse_id, rule, min(number) as first, max(number) as last
                   from stock_move where kind = 'ALLOCATE'
                  group by sku, warehouse_id, rule having count(*) > 1 limit 1)
             update stock_move as it set cause = (
                    select cause from stock_move as other
                     where (other.sku, other.warehouse_id) = (it.sku, it.warehouse_id)
                       and other.number = first)
               from twice
              where (it.sku, it.warehouse_id, it.number)
                  = (twice.sku, twice.warehouse_id, twice.last)",
        )]),
        found: &["V6 I8"],
    },
    Damage {
        what: "an order gave back what it never had",
        harm: Books(&[(
            "inventory",
            "update stock_move set order_id = null
              where (sku, warehouse_id, number) =
                    (select given.sku, given.warehouse_id, given.number
                       from stock_move as given join stock_move as taken
                         on (taken.sku, taken.warehouse_id, taken.order_id)
                          = (given.sku, given.warehouse_id, given.order_id)
                      where given.kind = 'ALLOCATE' and taken.kind = 'SHIP' limit 1)",
        )]),
        found: &["V6 I9"],
    },
    Damage {
        what: "a move bears a number too high",
        harm: Books(&[(
            "inventory",
            "update stock_move as it set number = number + 1
              where number = (select max(number) from stock_move as other
                               where (other.sku, other.warehouse_id) = (it.sku, it.warehouse_id))
                and (sku, warehouse_id) = (select sku, warehouse_id from stock_move limit 1)",
        )]),
        found: &["V6 I10"],
    },
    Damage {
        what: "units are claimed softly, without a lease",
        harm: Books(&[(
            "inventory",
            "update demand set lease_until = null
              where order_id = (select order_id from claim where soft > 0 order by order_id limit 1)",
        )]),
        found: &["V6 I11 lease"],
    },
    Damage {
        what: "a lease ended long ago, and the units are still claimed",
        harm: Books(&[(
            "inventory",
            "update demand set lease_until = '2020-01-01'
              where order_id = (select order_id from claim where soft > 0 order by order_id limit 1)",
        )]),
        found: &["V6 I11 lease"],
    },
    Damage {
        what: "a lease runs, and nothing ends it",
        harm: Books(&[(
            "inventory",
            "delete from timer where convert_from(envelope, 'UTF8') like '%inventory.lease-ends.v1%'",
        )]),
        found: &["V6 I11 timer"],
    },
    Damage {
        what: "the token of a lease went back",
        harm: Books(&[(
            "inventory",
            "update demand set token = 0
              where order_id = (select order_id from stock_move where rule like 'promote %'
                                 order by order_id limit 1)",
        )]),
        found: &["V6 I11 token"],
    },
    Damage {
        what: "a parcel had one unit more than left the shelf",
        harm: Books(&[(
            "fulfilment",
            r#"update shipment set units = (units::jsonb || jsonb_build_object('1',
                        coalesce((units::json ->> '1')::bigint, 0) + 1))::text
                where (order_id, pick) = (select order_id, pick from shipment
                                           where state = 'delivered' order by order_id, pick limit 1)"#,
        )]),
        found: &["V10 orders", "V10 shelves"],
    },
];
