-- Picks of which something was not there: few of all, so they have a list of their own. What became
-- of them is seen from the order.
create table short_pick (
    order_id  uuid        not null,
    pick      integer     not null,   -- 1, 2, 3 … within the order
    warehouse text        not null,
    units     bigint      not null,   -- that were not there
    at        timestamptz not null,   -- when it was heard
    primary key (order_id, pick)
);
create index short_pick_at on short_pick (at, order_id);

insert into short_pick (order_id, pick, warehouse, units, at)
select order_id, (it ->> 'pick')::integer, it ->> 'warehouse', (it ->> 'short')::bigint, status_at
  from order_state cross join lateral json_array_elements(summary -> 'shipments') as it
 where (it ->> 'short')::bigint > 0;
