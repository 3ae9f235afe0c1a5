-- Where each partition is. One row, one writer: it is advanced by compare-and-swap.
create table position (
    partition integer     primary key,
    version   bigint      not null,
    heard     jsonb       not null,   -- for each service listened to, the last page taken
    at        timestamptz not null    -- `now` of the last batch; it never goes back
);

-- What was said, for good. The stream is transport; this is the truth.
create table page (
    partition integer not null,
    number    bigint  not null check (number > 0),
    body      bytea   not null,
    primary key (partition, number)
);

-- What a service reminds itself of. A row is heard once, and gone.
create table timer (
    id        uuid        primary key,
    partition integer     not null,
    due       timestamptz not null,
    envelope  jsonb       not null
);
create index timer_due on timer (partition, due, id);

-- What each command was answered with: the same id, the same answer.
create table answer (
    command_id  uuid        primary key,
    answered_at timestamptz not null,
    body        bytea       not null
);
