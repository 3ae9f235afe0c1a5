-- How somebody likes to see the process table: which orders, sorted how, with which columns.
create table saved_view (
    id       uuid        primary key,
    owner    text        not null,   -- who keeps it; the name of an actor
    name     text        not null,
    shared   boolean     not null,   -- whether all others see it, too
    query    text        not null,   -- filters and sort, as the table's address has them
    columns  text        not null,   -- those shown beside the usual ones, parted by commas
    saved_at timestamptz not null,
    unique (owner, name)
);
