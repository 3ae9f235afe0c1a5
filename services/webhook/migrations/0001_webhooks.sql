-- Which order is whose: written once when it is placed, and never changed. Nothing personal.
create table placed_order (
    order_id    uuid primary key,
    order_no    text not null,
    channel     text not null,
    external_id text not null
);

-- Where channels are called. Written only by the worker of the endpoint's partition; the workers
-- of orders read it, without a lock: an event beside a change may go either way.
create table endpoint (
    endpoint_id      text        primary key,
    channel          text        not null,
    url              text        not null,
    events           text[]      not null check (cardinality(events) > 0),
    state            text        not null check (state in ('active', 'off', 'disabled')),
    reason           text        check ((state = 'disabled') = (reason is not null)),
    secret           text        not null,
    old_secret       text,
    old_secret_until timestamptz check ((old_secret is null) = (old_secret_until is null))
);

create index endpoint_channel on endpoint (channel);

-- One row for every event and endpoint, for good: it is what makes telling one twice under two ids
-- impossible. Only the worker of the order's partition writes here; the courier reads, and tells
-- the worker. A strand is what is delivered one after the other: an order's events.
create table delivery (
    strand          text        not null,
    delivery_id     uuid        not null,   -- derived from the event and the endpoint
    endpoint_id     text        not null,
    number          integer     not null,   -- 1, 2, 3 … in the strand, to this endpoint
    event           text        not null,
    body            text        not null,   -- as it is signed, byte for byte
    written_at      timestamptz not null,
    state           text        not null check (state in ('waiting', 'delivered', 'given_up')),
    attempts        integer     not null default 0,
    -- How many of the attempts were made before it was last replayed.
    earlier         integer     not null default 0 check (earlier between 0 and attempts),
    next_attempt_at timestamptz check ((state = 'waiting') = (next_attempt_at is not null)),
    primary key (strand, delivery_id),
    unique (endpoint_id, strand, number)
);

-- What the courier looks for. Most deliveries are made, and not in here.
create index delivery_waiting on delivery (endpoint_id, next_attempt_at) where state = 'waiting';

-- Which come first in their strand.
create index delivery_ahead on delivery (endpoint_id, strand, number) where state = 'waiting';

-- What is replayed.
create index delivery_written on delivery (endpoint_id, written_at);

-- What came of every call, for whoever wants to know why nothing arrives.
create table call (
    strand      text        not null,
    delivery_id uuid        not null,
    attempt     integer     not null,
    endpoint_id text        not null,
    at          timestamptz not null,
    millis      bigint      not null,
    status      integer,    -- null: there was no answer
    answer      text        not null,
    primary key (strand, delivery_id, attempt)
);

create index call_endpoint on call (endpoint_id, at desc);
