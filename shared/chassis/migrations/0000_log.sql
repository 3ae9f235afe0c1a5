-- How many partitions this deployment has. Said once; a different number later is an error, for
-- everything would be looked for in the wrong place.
create table deployment (
    only_row   boolean primary key default true check (only_row),
    partitions integer not null check (partitions > 0)
);

-- Where each partition is. One row, one writer: it is advanced by compare-and-swap.
create table position (
    partition integer     primary key,
    version   bigint      not null,
    heard     jsonb       not null,   -- for each service listened to, the last page taken
    at        timestamptz not null    -- `now` of the last batch; it never goes back
);

-- What was said, for good. NATS is transport; this is the truth.
create table page (
    partition integer not null,
    number    bigint  not null check (number > 0),
    body      bytea   not null,       -- JSON, compressed by lz4
    primary key (partition, number)
);
alter table page alter body set storage external;   -- compressed once is enough

-- Up to where the public messages of the pages were published and acknowledged.
create table outlet (
    partition integer primary key,
    number    bigint  not null
);

-- What a service reminds itself of. A row is heard once, and gone.
create table timer (
    id        uuid        primary key,
    partition integer     not null,
    due       timestamptz not null,
    envelope  bytea       not null
);
create index timer_due on timer (partition, due, id);

-- What each command was answered with: the same id, the same answer. The id comes first in the key:
-- with the partition first, a plan made while the table was small reads all of a partition for ever.
create table answer (
    partition   integer     not null,
    command_id  uuid        not null,
    answered_at timestamptz not null,
    body        bytea       not null,
    primary key (command_id, partition)
);
-- Answers are added as time goes on: a range of pages is a range of times, and costs an insert nothing.
create index answer_age on answer using brin (answered_at);

-- What could not be decided, and all that came later about the same thing, in order, so that it can
-- be decided again in that order.
create table parked (
    id        uuid        primary key,
    ordinal   bigint      generated always as identity,
    partition integer     not null,
    key       text        not null,
    subject   text        not null,
    cause     text        not null,
    parked_at timestamptz not null,
    envelope  bytea       not null
);
create index parked_in_order on parked (partition, key, ordinal);

-- What was parked and is not wanted any more, and why.
create table discarded (
    id           uuid        primary key,
    key          text        not null,
    subject      text        not null,
    cause        text        not null,
    discarded_at timestamptz not null,
    reason       text        not null,
    envelope     bytea       not null
);
