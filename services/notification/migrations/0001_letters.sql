-- What letters say of an order, written once when it is placed and never changed: the order's
-- number, its money and its lines. Nothing personal: whom to write to is asked when a letter leaves.
create table placed_order (
    order_id      uuid   primary key,
    order_no      text   not null,
    currency      text   not null,
    total_cents   bigint not null,
    freight_cents bigint not null,

    -- [[line, name, quantity, gross], …]. Arrays, for there is one such row for every order.
    lines         json   not null
);

-- One row for every letter, for good: it is what makes writing one twice impossible. Only the
-- worker of the order's partition writes here; the postman reads, and tells the worker.
create table letter (
    order_id        uuid        not null,   -- no foreign key: the rule looks the order up anyway
    letter_id       uuid        not null,   -- derived from the order, the kind and the cause
    kind            text        not null
        check (kind in ('confirmed', 'shipped', 'delivered', 'cancelled', 'invoiced')),

    -- What the event told. The order's own facts stand in placed_order.
    facts           json        not null,
    written_at      timestamptz not null,
    state           text        not null check (state in ('queued', 'sent', 'failed')),
    attempts        integer     not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz check ((state = 'queued') = (next_attempt_at is not null)),

    -- Why the last attempt did not succeed. Never names the recipient.
    reason          text        check (state <> 'failed' or reason is not null),

    -- The order first: its id begins with the time, so that new rows stand beside each other.
    primary key (order_id, letter_id)
);

-- What the postman looks for. Most letters are sent, and not in here.
create index letter_queued on letter (next_attempt_at) where state = 'queued';
