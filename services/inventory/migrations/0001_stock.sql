-- One row an item: its latch. Whoever changes anything of an item (levels, moves, claims,
-- backorders) holds this row's lock, and locks are taken in the order of the names. A backorder may
-- be served by any of several warehouses, so a lock on one shelf would not be enough.
create table item (
    sku         text   collate "C" primary key,

    -- The number of the last level that was told; two workers never tell the same.
    number      bigint not null default 0 check (number >= 0),

    -- The sum of the backorders below: most items have none, and then nobody looks for them.
    backordered bigint not null default 0 check (backordered >= 0)
) with (fillfactor = 50);

-- One row a shelf: an item in a warehouse. These are the hottest rows of the house; half of each
-- page is free, so that an update stays on it.
create table stock_level (
    sku          text   collate "C" not null,
    warehouse_id text   collate "C" not null,

    -- What is there.
    good         bigint not null default 0,
    quarantine   bigint not null default 0,
    damaged      bigint not null default 0,

    -- What of `good` is claimed: softly, until a lease ends, and firmly.
    reserved     bigint not null default 0,
    allocated    bigint not null default 0,

    -- What of `good` is kept from sale.
    protected    bigint not null default 0,

    -- The number of the last move of this shelf.
    ledger_pos   bigint not null default 0,

    -- The partition that is going to tell the level, if it changed since it was told.
    untold       integer,

    primary key (sku, warehouse_id),
    constraint never_negative check (good >= 0 and quarantine >= 0 and damaged >= 0
        and reserved >= 0 and allocated >= 0 and protected >= 0),
    constraint never_oversold check (reserved + allocated <= good)
) with (fillfactor = 50);
create index stock_level_untold on stock_level (untold) where untold is not null;

-- Every change of every shelf, for good: the levels are its sums. No row takes another one back:
-- what is given back is a move of its own, with a cause of its own.
create table stock_move (
    sku          text        collate "C" not null,
    warehouse_id text        collate "C" not null,
    number       bigint      not null check (number > 0),   -- 1, 2, 3 … within the shelf
    kind         text        not null,
    good         bigint      not null,
    quarantine   bigint      not null,
    damaged      bigint      not null,
    reserved     bigint      not null,
    allocated    bigint      not null,
    order_id     uuid,
    document     text,
    at           timestamptz not null,

    -- What brought it about (an order, a shipment, a document), and by which rule.
    cause        uuid        not null,
    rule         text        not null,

    primary key (sku, warehouse_id, number),
    constraint posted_once unique (cause, rule, sku, warehouse_id)
);

create function stays_as_it_is() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name;
end $$;
create trigger stock_move_stays before update or delete or truncate on stock_move
    for each statement execute function stays_as_it_is();

-- What inventory knows of an order, for good: which plan it acted on last, and how firm its claims
-- are. Only the order's own partition writes it.
create table demand (
    order_id    uuid        primary key,
    attempt     integer     not null,
    round       integer     not null,
    standing    text        not null check (standing in ('open', 'held', 'promoted', 'ended')),

    -- Counts the leases of the order; what was said under an older one is void.
    token       bigint      not null check (token >= 0),
    lease_until timestamptz,
    arrived_at  timestamptz not null,

    -- The items of its claims and backorders, or more: what to lock before looking at them.
    skus        text[]      not null
) with (fillfactor = 80);

-- Units that are kept for a line, as long as there are any. Soft ones end with the order's lease,
-- firm ones do not, lapsed ones are given up and only remembered, to be claimed anew.
create table claim (
    order_id     uuid    not null,
    sku          text    collate "C" not null,
    line         integer not null,
    warehouse_id text    collate "C" not null,
    soft         bigint  not null check (soft >= 0),
    firm         bigint  not null check (firm >= 0),
    lapsed       bigint  not null check (lapsed >= 0),

    -- What other workers gave to it or took from it, and the order's own has not told yet.
    fresh        bigint  not null check (fresh >= 0),
    taken        bigint  not null check (taken >= 0),

    -- Lower goes first. Priority grows with waiting, for all alike: so the order of any two rows
    -- is settled when they arrive.
    rank         bigint  not null,
    primary key (order_id, sku, line, warehouse_id)
) with (fillfactor = 80);
create index claim_by_shelf on claim (sku, warehouse_id);

-- Units that wait for supply.
create table backorder (
    order_id    uuid        not null,
    sku         text        collate "C" not null,
    line        integer     not null,
    quantity    bigint      not null check (quantity > 0),
    eligible    text[]      not null,   -- warehouses, best first
    rank        bigint      not null,   -- as a claim's
    lease_until timestamptz,            -- a copy of the order's: nothing is claimed after it
    primary key (order_id, sku, line)
);
create index backorder_by_rank on backorder (sku, rank, order_id, line);

-- Receipts, counts and reports of damage that were booked, and how the shelf stood then: the same
-- document again gets the same answer.
create table document (
    sku          text   collate "C" not null,
    warehouse_id text   collate "C" not null,
    kind         text   not null,
    document     text   not null,
    good         bigint not null,
    reserved     bigint not null,
    allocated    bigint not null,
    primary key (sku, warehouse_id, kind, document)
);

-- When a partition is going to tell the levels that it marked; null if it marked none.
create table level_timer (
    partition integer     primary key,
    due       timestamptz
);
