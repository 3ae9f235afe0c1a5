-- Orders as far as fulfilment knows them, one row each, for good: reports may come again at any
-- time. Only the order's own partition writes it. It is looked up by its key alone, and changes
-- three or four times, so pages keep room for the new version beside the old one.
create table dispatch (
    order_id  uuid    primary key,

    -- What was ordered, by whom: JSON, written once and never changed, and therefore in front.
    placed    text    not null,

    -- Placed and not confirmed; confirmed: goods go as they come; withdrawing: the warehouses are
    -- asked to leave it alone; withdrawn: they do; ended: nothing is released any more.
    course    text    not null
        check (course in ('placed', 'confirmed', 'withdrawing', 'withdrawn', 'ended')),

    -- How many picks there are: where there are none, nobody looks for them.
    picks     integer not null check (picks >= 0),

    -- What changes with sourcing: priority, claims that wait for release, units without a source.
    standing  text    not null,

    -- Who receives the goods, as JSON: personal data, in a column of its own so that forgetting it
    -- is plain to see. Null before the order is confirmed, and when nothing is left to be picked.
    consignee text
        check (course <> 'ended' or consignee is null)
) with (fillfactor = 70);

-- What leaves one warehouse for one order at one time. Its public id derives from order and pick,
-- and is not stored. One worker writes both rows in one transaction, so there is no foreign key: it
-- would look up and lock the order once more for each pick.
create table shipment (
    order_id    uuid    not null,
    pick        integer not null check (pick > 0),
    warehouse   text    not null,
    state       text    not null check (state in (
        'open', 'withdrawing', 'withdrawn', 'picking', 'empty', 'picked', 'packed', 'shipped',
        'delivered', 'refused', 'returned')),

    -- Units by line, as JSON: what was asked for, and once it is picked, what was there.
    units       text    not null,

    carrier     text,
    tracking_no text,
    primary key (order_id, pick)
) with (fillfactor = 60);   -- its state changes five times

-- Whose goods a carrier's parcel holds, and what the carrier said of it. Carriers know nothing of
-- orders: their reports are heard in other partitions than the order's own, so this row is shared,
-- opened if missing and locked. Either side may come first, and leaves what it knows. A row that
-- stays empty is a number that some refused report named.
create table parcel (
    carrier     text not null,
    tracking_no text not null,

    -- Orders and picks, as JSON: several may travel together.
    shipments   text not null default '[]',

    -- The first outcome that the carrier reported, as JSON, with the time at which it was heard.
    said        text,
    primary key (carrier, tracking_no)
);

-- Reports that changed nothing, for a person to see. The same report again is counted, so that a
-- stream that is read twice does not fill this table.
create table refused_report (
    about    text        not null,   -- the key of the report, so that one partition owns the row
    reporter text        not null,   -- a warehouse or a carrier
    pick     integer     not null,   -- 0 if it could not be told
    what     text        not null,
    reason   text        not null,
    times    bigint      not null check (times > 0),
    first_at timestamptz not null,
    last_at  timestamptz not null,
    body     text        not null,   -- as it came last, cut
    primary key (about, reporter, pick, what, reason)
);
create index refused_report_reporter on refused_report (reporter, last_at desc);
