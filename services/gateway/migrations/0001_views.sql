-- An order as it was placed. Written once and never changed, so all the indexes by which orders are
-- found stand here, and nothing of what happens to an order later has to touch them.
create table order_head (
    order_id      uuid        primary key,
    partition     integer     not null,   -- whose position tells how much of the order is heard
    -- Not unique: that is for intake to keep, and a view that stops is worse than one that shows it.
    -- "C", so that the beginning of a number finds it by the index.
    order_no      text        collate "C" not null,
    channel       text        not null,
    external_id   text        not null,
    customer      text        not null,
    tier          text        not null,
    kind          text        not null,
    urgent        boolean     not null,
    terms         text        not null,
    currency      text        not null,
    net_cents     bigint      not null,
    tax_cents     bigint      not null,
    freight_cents bigint      not null,
    total_cents   bigint      not null,
    entered_by    text        not null,
    placed_at     timestamptz not null,
    lines         json        not null    -- read and written whole, so kept as it was written
);

-- Each list is walked by its sort and the id, from a known place on: the keyset.
create index order_head_no on order_head (order_no);
create index order_head_placed on order_head (placed_at, order_id);
create index order_head_customer on order_head (customer, placed_at, order_id);
create index order_head_channel on order_head (channel, placed_at, order_id);
create index order_head_total on order_head (total_cents, order_id);

-- Where an order is. One narrow row an order, written by the order's own partition alone, some
-- twenty times in its life: a page keeps room so that a new version mostly stays where the old was.
create table order_state (
    order_id      uuid        primary key,
    status        text        not null,
    status_number bigint      not null,   -- of intake's last status; a lower one never counts
    status_at     timestamptz not null,
    reason        text        not null,
    version       bigint      not null,   -- counts what was heard of the order: only grows
    priority      bigint,                 -- null until it is planned
    changed_at    timestamptz not null,
    confirmed_at  timestamptz,
    released_at   timestamptz,
    shipped_at    timestamptz,
    delivered_at  timestamptz,
    completed_at  timestamptz,
    summary       json        not null    -- credit, sourcing, shipments, money
) with (fillfactor = 80);
create index order_state_status on order_state (status);

-- What people mean by "the order".
create view order_view as
select * from order_head join order_state using (order_id);

-- What happened to each order, as it was heard, written once: a row for what one batch heard of it,
-- for a row an entry cost the gateway more than all else. No reference to the order: it is written
-- in the same transaction, and the check would cost as much as the row.
create table timeline_part (
    order_id uuid   not null,
    number   bigint not null,   -- of the last of the entries: the order's version then
    entries  json   not null,   -- [{at, service, what, who, why, data}, …]
    primary key (order_id, number)
);

-- The same, an entry a row: 1, 2, 3 … an order.
create view timeline as
select order_id, part.number - json_array_length(entries) + nth as number,
       (entry ->> 'at')::timestamptz as at, entry ->> 'service' as service,
       entry ->> 'what' as what, entry ->> 'who' as who, coalesce(entry ->> 'why', '') as why,
       entry -> 'data' as data
  from timeline_part part
 cross join lateral json_array_elements(entries) with ordinality as told (entry, nth);

-- What can be sold of each item. Inventory numbers its levels an item; the highest one counts.
-- Levels of one item may come from any partition.
create table stock_level (
    sku        text        primary key,
    number     bigint      not null,
    sellable   bigint      not null,
    warehouses json        not null,
    at         timestamptz not null
);
