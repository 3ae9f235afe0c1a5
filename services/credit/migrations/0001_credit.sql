-- What we agreed on with each customer. Orders of every partition meet in these rows, so whoever
-- decides about a customer locks the row here first; whatever else is kept of a customer changes
-- under that lock only. Customers are compared byte by byte, as the rules order them.
create table account (
    customer_id     text        collate "C" primary key,

    -- Null until we agree on a limit: whoever we know nothing of orders against payment only.
    limit_cents     bigint      check (limit_cents >= 0),
    currency        text        check (currency ~ '^[A-Z]{3}$'),
    limit_until     date,       -- the last day on which it holds; for good, if null
    payment_days    integer     check (payment_days >= 0),
    limit_by        text,

    blocked         boolean     not null default false,
    blocked_by      text,
    blocked_because text,

    changed_at      timestamptz not null,

    constraint limit_is_whole check (
        (limit_cents is null) = (currency is null) and (limit_cents is null) = (payment_days is null))
);

-- How a customer stands in one currency. No amount is ever changed into another currency, for
-- there is no rate: what is ordered in a currency without a limit is kept apart.
create table book (
    customer_id      text   collate "C" not null,
    currency         text   not null,

    -- The sums of the customer's entries, kept so that a decision reads one row, however many
    -- orders are open; a test holds the two together.
    pending_cents    bigint not null check (pending_cents >= 0),
    authorised_cents bigint not null check (authorised_cents >= 0),
    delivered_cents  bigint not null check (delivered_cents >= 0),
    billed_cents     bigint not null check (billed_cents >= 0),
    prepaid_cents    bigint not null check (prepaid_cents >= 0),

    -- What the score needs to know of the items below, as of the start of `figured_on`. An item
    -- that changes is worked in at once; a new day has them summed up anew.
    figured_on       date   not null,
    due_cents        bigint not null,  -- fell due in the last three months
    settled_cents    bigint not null,  -- of that, paid
    year_cents       bigint not null,  -- fell due in the last twelve months
    overdue_cents    bigint not null,  -- open, and due more than sixty days ago
    brought_cents    bigint not null,  -- of that, from another system

    changed_at       timestamptz not null,
    primary key (customer_id, currency)
);

-- The credit of one order, one row for every order that credit has heard of, for good: it is what
-- makes deciding twice impossible. Only the order's own partition writes it. The stages are sums
-- of its entries. No foreign keys here and below: only this service's one `save` writes the rows,
-- in one transaction, and a check for each row would cost as much as the row.
create table commitment (
    order_id         uuid     primary key,
    customer_id      text     collate "C" not null,
    currency         text     not null,
    state            text     not null check (state in ('held', 'approved', 'refused', 'ended')),
    tier             smallint check ((tier is null) = (state <> 'held')),         -- may release it
    entered_by       text     check ((entered_by is null) = (state <> 'held')),   -- may not
    amount_cents     bigint   not null check (amount_cents >= 0),
    freight_cents    bigint   not null,  -- what of it was not delivered yet
    lines            text     not null,  -- [[line, quantity, net, tax, delivered, returned], …]
    pending_cents    bigint   not null check (pending_cents >= 0),
    authorised_cents bigint   not null check (authorised_cents >= 0),
    delivered_cents  bigint   not null check (delivered_cents >= 0),
    billed_cents     bigint   not null check (billed_cents >= 0),
    prepaid_cents    bigint   not null check (prepaid_cents >= 0)
) with (fillfactor = 80);  -- a row is written at each stage, and fits beside itself

-- Every move of every amount. The cause is the shipment, the invoice or the payment that moved it,
-- or the order itself; that it cannot be counted twice is the key.
create table entry (
    order_id         uuid        not null,
    kind             text        not null check (kind in ('HOLD', 'AUTHORISE', 'CONVERT_DELIVERED',
                                                 'CONVERT_BILLED', 'SETTLE', 'RELEASE', 'EXPIRE')),
    cause            uuid        not null,
    at               timestamptz not null,
    pending_cents    bigint      not null,
    authorised_cents bigint      not null,
    delivered_cents  bigint      not null,
    billed_cents     bigint      not null,
    prepaid_cents    bigint      not null,
    remark           text,       -- who decided it and why, where a person did
    constraint counted_once primary key (order_id, kind, cause)
);

create function entries_are_for_good() returns trigger language plpgsql as
$$ begin raise exception 'an entry is put right by another entry'; end $$;

create trigger entries_are_for_good before update or delete or truncate on entry
    for each statement execute function entries_are_for_good();

-- What was due when, and what was paid of it: invoices, and what a customer brings along from
-- another system. Written by the partition of the order, or of the customer.
create table item (
    item_id      uuid   primary key,
    customer_id  text   collate "C" not null,
    currency     text   not null,
    brought      boolean not null,  -- from another system: no order's debt
    due_on       date   not null,
    amount_cents bigint not null check (amount_cents >= 0),
    paid_cents   bigint not null check (paid_cents >= 0),

    -- What was paid counts for the score from the next day on. So the last day on which something
    -- was paid is kept, and how much on that day.
    paid_on      date,
    that_day_cents bigint not null check (that_day_cents >= 0)
);

-- For the sums of a book on a new day: the year's items, and those that are open, however old.
create index item_due on item (customer_id, currency, due_on);
create index item_open on item (customer_id, currency, due_on) where paid_cents < amount_cents;

-- Why each order was decided as it was: the figures as they stood in that transaction.
create table decision (
    order_id   uuid        primary key,
    decided_at timestamptz not null,
    body       json        not null
);
