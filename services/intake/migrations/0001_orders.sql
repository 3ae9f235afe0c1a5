-- Names are compared byte by byte: they are tokens, and no language orders them.

-- How an order stands. The one row of an order that every event changes, hence narrow, with room on
-- its page, and with no index but the key, so that a change stays on that page and touches no index.
-- Only the order's own partition writes it.
create table sales_order (
    order_id    uuid   primary key,

    -- What never changes, and stands in every status that is told.
    order_no    text   not null,
    channel     text   collate "C" not null,
    external_id text   collate "C" not null,
    customer    text   collate "C" not null,
    terms       text   not null check (terms in ('prepaid', 'on_account')),
    currency    text   not null check (currency ~ '^[A-Z]{3}$'),
    total_cents bigint not null check (total_cents >= 0),

    -- The stored state; what is shown follows from the units, too.
    process     text   not null check (process in ('checking', 'credit_hold', 'awaiting_payment',
                                                   'confirmed', 'completed', 'cancelled', 'expired')),
    -- The state that was told last, and how many were told under the external id: the next is told
    -- with the next number, so that whoever listens sees a gap.
    shown       text   not null,
    number      bigint not null check (number > 0),

    -- The units of each line by bucket, the shipments, and what the order waits for. One column, not
    -- a row a line: it is read and written as a whole, and nobody searches in it. It is kept as it
    -- was written (`json`, here and below): to take it apart for `jsonb` costs more than to store it.
    course      json  not null
) with (fillfactor = 50);

-- What was placed under which name, for good: an external id is never used twice. Written once.
create table placement (
    order_id    uuid        primary key,
    channel     text        collate "C" not null,
    external_id text        collate "C" not null,
    digest      bytea       not null check (length(digest) = 32),
    placed_at   timestamptz not null,
    lines       json       not null,   -- as they were priced and told

    -- The rules look before they place; this holds even if they should not.
    constraint one_order_a_name unique (channel, external_id)
);

-- Who gets the goods, and whom we write to. Personal data, and nothing else: it can be erased
-- without touching an order.
create table vault (
    order_id  uuid  primary key,
    consignee json not null,
    place     json not null,
    email     text,
    language  text  not null check (language in ('zh-CN', 'en'))
);

-- What was refused on the stream, which may bring it again. Only the name's own partition writes it.
create table refusal (
    channel     text    collate "C" not null,
    external_id text    collate "C" not null,
    -- How many statuses were told under the name before there was an order; from then on, the order
    -- counts them.
    told        bigint  not null check (told >= 0),
    digests     bytea   not null,   -- 32 bytes each
    primary key (channel, external_id)
);

-- Names of orders that may come up in any partition: the key of a request that differs from the
-- external id, and the order number of a customer. They are opened, locked in key order, and then
-- decided about. Without an order, a key is only opened.
create table shared_key (
    kind     text        collate "C" not null check (kind in ('idempotency_key', 'po_number')),
    owner    text        collate "C" not null,   -- the channel; the customer
    key      text        collate "C" not null,
    order_id uuid,
    digest   bytea       check (length(digest) = 32),
    since    timestamptz,
    primary key (kind, owner, key),
    check ((order_id is null) = (digest is null) and (order_id is null) = (since is null))
);

-- The last number that a partition gave to an order. Numbers are taken before it is known how many
-- are needed: there may be gaps.
create table counter (
    partition integer primary key,
    last      bigint  not null
);

-- What can be sold. An item has one writer, the partition of its number; all partitions read it.
create table item (
    sku              text    collate "C" primary key,
    name             text    not null,
    category         text    not null,
    unit_price_cents bigint  not null check (unit_price_cents >= 0),
    currency         text    not null check (currency ~ '^[A-Z]{3}$'),
    unit_cost_cents  bigint  not null check (unit_cost_cents >= 0),
    tax_rate         bigint  not null check (tax_rate >= 0),   -- in 1/10,000
    weight_g         bigint  not null check (weight_g >= 0),
    pack             bigint  not null check (pack >= 1),
    max_quantity     bigint  not null check (max_quantity >= 0),
    active           boolean not null
);

-- Whom we know. A customer has one writer, too.
create table customer (
    customer   text    collate "C" primary key,
    name       text    not null,
    tier       text    not null check (tier in ('regular', 'silver', 'gold', 'key')),
    on_account boolean not null,
    language   text    not null check (language in ('zh-CN', 'en'))
);
