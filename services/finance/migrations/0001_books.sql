-- ---- The journal -------------------------------------------------------------------------------

-- The chart of accounts. It is data, to be checked by an accountant; the rules name codes of it.
create table account (
    code text primary key,
    zh   text not null,
    en   text not null
);

insert into account (code, zh, en) values
    ('1012',   '其他货币资金（支付平台）', 'Payment platform clearing'),
    ('1122',   '应收账款',                 'Accounts receivable'),
    ('1122.9', '应收账款（未开票）',       'Unbilled receivable'),
    ('1405',   '库存商品',                 'Merchandise'),
    ('1405.Q', '库存商品（待检）',         'Merchandise in quarantine'),
    ('1406',   '发出商品',                 'Goods dispatched'),
    ('2202.G', '应付账款（暂估）',         'Goods received, not invoiced'),
    ('2204',   '合同负债',                 'Contract liabilities (customer deposits)'),
    ('2221.O', '应交税费（销项税额）',     'Output VAT'),
    ('2221.P', '应交税费（待转销项税额）', 'Pending output VAT'),
    ('2241',   '其他应付款（退款）',       'Refunds payable'),
    ('6001',   '主营业务收入',             'Revenue'),
    ('6401',   '主营业务成本',             'Cost of sales');

-- One row an entry. What caused it and by which rule is its name, so nothing is posted twice,
-- whoever tells it again. The cause is a thing of the business (a shipment, an invoice, a payment,
-- an order), not a message: the same fact in another message is still the same fact.
create table journal (
    entry_id  bigint      primary key generated always as identity,  -- ascending, with gaps
    cause     uuid        not null,
    rule      text        not null,
    order_id  uuid,       -- none where goods were received
    currency  text        not null,
    trace     uuid,       -- the trace in which it was decided, if somebody collected traces
    posted_at timestamptz not null,
    constraint posted_once unique (cause, rule)
);
create index journal_of_order on journal (order_id) where order_id is not null;

-- The lines of an entry, from which they have their order, cause, rule, currency and trace.
create table posting (
    entry_id     bigint   not null,
    nth          smallint not null,  -- 1, 2, 3 … within the entry
    account      text     not null,
    debit_cents  bigint   not null check (debit_cents >= 0),
    credit_cents bigint   not null check (credit_cents >= 0),
    primary key (entry_id, nth),
    constraint one_side check ((debit_cents = 0) <> (credit_cents = 0))
);

-- The lines of an entry come together, in one statement: they begin with the first, there are two or
-- more, and their debits equal their credits. So an entry balances from the moment it is there, and
-- lines that are added later meet the first one's primary key. Their entry and their accounts are
-- known. All this is seen to once a statement, for all of its lines: a deferred trigger that is
-- called for each entry costs five times as much (measured: 55 microseconds an order for 10), and
-- foreign keys would cost twice a line.
create function lines_are_sound() returns trigger language plpgsql
    set enable_seqscan = off    -- so that the plan fits a journal of any size
    set enable_hashjoin = off
    set enable_mergejoin = off
as $$
declare
    wrong record;
begin
    select entry.* into wrong
      from (
          select entry_id, count(*) as lines, min(nth) as first_line,
                 sum(debit_cents) - sum(credit_cents) as difference
            from added group by entry_id
      ) as entry
     where difference <> 0 or lines < 2 or first_line <> 1
        or not exists (select from journal where journal.entry_id = entry.entry_id)
     limit 1;
    if found then
        raise exception 'entry % is not sound: % lines from the %. on, debits less credits are %',
            wrong.entry_id, wrong.lines, wrong.first_line, wrong.difference
            using errcode = 'check_violation', constraint = 'entry_balances';
    end if;
    select account into wrong from added where account not in (select code from account) limit 1;
    if found then
        raise exception 'the chart has no account %', wrong.account
            using errcode = 'foreign_key_violation', constraint = 'account_is_known';
    end if;
    return null;
end $$;

create trigger lines_are_sound after insert on posting
    referencing new table as added
    for each statement execute function lines_are_sound();

-- What is in the journal stays there; it is put right by another entry. The role of the service
-- gives up the rights, and the triggers also stop whoever has them all the same.
create function journal_is_for_good() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name
        using errcode = 'insufficient_privilege', constraint = 'journal_is_for_good';
end $$;

create trigger journal_is_for_good before update or delete or truncate on journal
    for each statement execute function journal_is_for_good();
create trigger journal_is_for_good before update or delete or truncate on posting
    for each statement execute function journal_is_for_good();

revoke update, delete, truncate on journal, posting from public, current_user;

-- The sums of the postings, so that a trial balance need not read the whole journal. One row for
-- each partition, so that no two workers wait for each other; written beside the postings that it
-- sums, and compared with them in the tests.
create table balance (
    partition    integer not null,
    currency     text    not null,
    account      text    not null references account,
    debit_cents  bigint  not null,
    credit_cents bigint  not null,
    primary key (partition, currency, account)
) with (fillfactor = 50);

-- And once more over all: at commit, what a partition has posted in a currency balances.
create function books_balance() returns trigger language plpgsql
    set enable_seqscan = off
as $$
declare
    difference numeric;
begin
    select sum(debit_cents) - sum(credit_cents) into difference
      from balance where partition = new.partition and currency = new.currency;
    if difference <> 0 then
        raise exception 'debits less credits in % are %', new.currency, difference
            using errcode = 'check_violation', constraint = 'books_balance';
    end if;
    return null;
end $$;

create constraint trigger books_balance after insert or update on balance
    deferrable initially deferred
    for each row execute function books_balance();

-- ---- Orders, as finance sees them --------------------------------------------------------------

-- One narrow row an order, written by the order's own partition. It is changed two or three times
-- in its life, and none of its indexed columns are: hence the room in the pages.
create table sale (
    order_id      uuid    primary key,
    customer_id   text    not null,
    terms         text    not null check (terms in ('prepaid', 'on_account')),
    currency      text    not null,
    total_cents   bigint  not null,
    freight_cents bigint  not null,
    state         text    not null
                  check (state in ('open', 'cancelled', 'expired', 'completed')),
    captured      boolean not null,  -- that it is paid in full was said
    payment_days  integer not null,  -- within how many days invoices are due, on account
    lines         json    not null   -- [[line, quantity, net, tax, unit cost, delivered], …]
) with (fillfactor = 70);

-- What left for an order in one shipment, and the invoice for it once it is delivered.
create table parcel (
    order_id    uuid   not null,
    shipment_id uuid   not null,
    state       text   not null
                check (state in ('dispatched', 'delivered', 'invoiced', 'returned')),
    cost_cents  bigint not null,
    net_cents   bigint not null,     -- what is billed, freight included; 0 until delivered
    tax_cents   bigint not null,
    paid_cents  bigint not null check (paid_cents >= 0),
    number      text,
    issued_on   date,
    due_on      date,
    primary key (order_id, shipment_id),
    constraint never_overpaid check (paid_cents <= net_cents + tax_cents),
    check ((state = 'invoiced') = (number is not null)),
    check ((number is null) = (issued_on is null) and (number is null) = (due_on is null))
) with (fillfactor = 70);

-- Money that came for an order, written by the order's own partition.
create table deposit (
    order_id        uuid        not null,
    provider        text        not null,
    payment_id      text        not null,
    amount_cents    bigint      not null check (amount_cents > 0),
    currency        text        not null,
    -- waiting: there is no such order yet; foreign: the order is in another currency.
    state           text        not null check (state in ('waiting', 'foreign', 'booked')),
    unapplied_cents bigint      not null
                    check (unapplied_cents between 0 and amount_cents),
    value_date      date        not null,
    noted_at        timestamptz not null,
    primary key (order_id, provider, payment_id),
    check (state = 'booked' or unapplied_cents = 0)
);

create index deposit_to_clarify on deposit (noted_at) where state <> 'booked';

-- The closing account of an order.
create table settlement (
    order_id       uuid        primary key,
    ordered_cents  bigint      not null,
    invoiced_cents bigint      not null,
    paid_cents     bigint      not null,
    open_cents     bigint      not null,
    cost_cents     bigint      not null,
    margin_cents   bigint      not null,
    settled_at     timestamptz not null
);

-- ---- What providers report ---------------------------------------------------------------------

-- What counts of a payment, written by the partition of its key: provider and payment. A failed
-- payment may still be captured; nothing else about it ever changes.
create table payment (
    provider     text   not null,
    payment_id   text   not null,
    order_id     uuid   not null,
    amount_cents bigint not null,
    currency     text   not null,
    status       text   not null check (status in ('captured', 'failed')),
    primary key (provider, payment_id)
);
create index payment_to_clarify on payment (provider) where status = 'failed';

-- Reports that were not followed, for a person to look at. The id is made of all that they say, so
-- that a repetition adds nothing.
create table odd_report (
    id         uuid        primary key,
    provider   text        not null,
    payment_id text        not null,
    -- differs: another report of the same payment counts; implausible: an amount or a date that
    -- cannot be; unreadable: not a report.
    reason     text        not null check (reason in ('differs', 'implausible', 'unreadable')),
    report     text        not null,  -- not jsonb: that refuses some of what may stand in JSON
    heard_at   timestamptz not null
);

-- All that somebody should look at, with the reason.
create view to_clarify as
    select provider, payment_id, reason, report, heard_at from odd_report
    union all
    select provider, payment_id, 'failed', order_id::text, null from payment
     where status = 'failed'
    union all
    select provider, payment_id, case state when 'waiting' then 'unknown order' else 'currency' end,
           order_id::text, noted_at
      from deposit
     where state <> 'booked';

-- ---- Invoice numbers ---------------------------------------------------------------------------

-- The last number of each series and year. It is locked while numbers are given, and its change
-- comes and goes with theirs, so that there are no gaps, not even after a failure.
create table series (
    series text    not null,
    year   smallint not null,
    last   bigint  not null default 0 check (last >= 0),
    primary key (series, year)
) with (fillfactor = 50);

-- Which invoice has which number, for good.
create table invoice_number (
    invoice_id uuid    primary key,
    order_id   uuid    not null,
    series     text    not null,
    year       smallint not null,
    number     bigint  not null check (number > 0),
    constraint given_once unique (series, year, number)
);
