-- Keys of machines. Of a secret only its SHA-256 is kept: it has 256 random bits.
create table access_key (
    id         text        primary key,
    name       text        not null unique,   -- in whose name it acts; never given again
    roles      text[]      not null,
    channel    text,                          -- that a storefront is bound to
    warehouse  text,                          -- that a warehouse is bound to
    actions    text[],                        -- what it is narrowed to; null: all that its roles may
    secret     bytea       not null,
    old_secret bytea,                         -- the one before, valid until `old_until`
    old_until  timestamptz,
    made_at    timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    used_at    timestamptz                    -- to the minute
);

-- People who sign in.
create table person (
    name       text        primary key,       -- in whose name they act; never given again
    password   text        not null,          -- argon2id, as a PHC string
    roles      text[]      not null,
    channel    text,
    warehouse  text,
    tier       smallint    not null,          -- 1 clerk, 2 manager, 3 finance director
    disabled   boolean     not null,
    made_at    timestamptz not null
);

-- Who is signed in. Of a token only its SHA-256 is kept.
create table session (
    token   bytea       primary key,
    person  text        not null references person on delete cascade,
    made_at timestamptz not null,
    used_at timestamptz not null,             -- to the minute
    ends_at timestamptz not null
);
create index session_person on session (person);
create index session_used on session (used_at);

-- Who changed what of this, when. Nothing is changed or taken out again.
create table access_log (
    number bigint      generated always as identity primary key,
    at     timestamptz not null,
    who    text        not null,
    what   text        not null,
    about  text        not null,
    detail text        not null
);

create function access_log_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the access log is only added to';
end $$;

create trigger access_log_stays before update or delete or truncate on access_log
    for each statement execute function access_log_stays();
