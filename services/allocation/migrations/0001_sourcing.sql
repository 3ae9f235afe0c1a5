-- The merchant's rules of sourcing, every version that was ever saved: a decision names the version
-- by which it was made. Only added to, and only by the partition of the ruleset's name; all others
-- read. Version 0 is built in and has no row.
create table ruleset (
    name           text        not null,
    version        integer     not null check (version > 0),
    -- JSON, as the merchant wrote it and as it was checked.
    rules          text        not null,
    -- Of several versions the highest whose time it is, is in force.
    effective_from timestamptz,
    effective_to   timestamptz check (effective_to > effective_from),
    saved_at       timestamptz not null,
    primary key (name, version)
);

-- Warehouses, every version: a decision names those that it saw. Only added to, by the partition of
-- the warehouse; the highest version is what is so.
create table node (
    warehouse_id   text    not null,
    version        integer not null check (version > 0),
    name           text    not null,
    kind           text    not null check (kind in ('regional', 'forward', 'plant')),
    province       text    not null,
    city           text    not null,
    -- Provinces; all, if none is named.
    serves         text[]  not null,
    -- Nothing or less: it can pick nothing just now.
    lines_per_hour bigint  not null,
    active         boolean not null,
    primary key (warehouse_id, version)
);

-- How many order lines each warehouse was chosen for and has not picked. Orders of every partition
-- add to it, so each partition has a row of its own and locks nobody; the sum is what counts. One row
-- may be below zero, if partitions were split meanwhile.
create table backlog (
    partition    integer not null,
    warehouse_id text    not null,
    lines        bigint  not null,
    primary key (warehouse_id, partition)
);

-- What was last heard of an item's stock: a hint for planning, read without locks. A row is replaced
-- whole, and only by a later figure, whichever partition hears it.
create table level (
    sku        text   primary key,
    number     bigint not null check (number >= 0),
    -- JSON: what each warehouse can sell. One row an item, because it is read and written as one.
    warehouses text   not null
);

-- How far the sourcing of each order has come. Only the order's own partition writes it. Kept narrow,
-- with room for the later updates of a row on its own page.
create table sourcing (
    order_id uuid    primary key,
    attempt  integer not null check (attempt > 0),
    round    integer not null check (round > 0),
    ended    boolean not null,
    firm     boolean not null,
    -- Lines that are counted in the backlog, each with its warehouse: `1@WH-A 2@WH-B`.
    open     text    not null
) with (fillfactor = 80);

-- Every decision, for good: written once, never changed. What the order was is in the record too, so
-- that it is kept once.
create table decision (
    order_id uuid        not null,
    attempt  integer     not null,
    round    integer     not null,
    at       timestamptz not null,
    ruleset  text        not null,
    rule     text        not null,
    -- JSON, compressed (an lz4 block with its size before it): half the bytes to log and to keep, and
    -- what is written thousands of times a second is neither parsed nor packed by the database.
    record   bytea       not null,
    primary key (order_id, attempt, round)
);

alter table decision alter column record set storage external;
