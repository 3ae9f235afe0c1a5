-- Whether intake knows a mail address: letters to nobody are not queued. Of orders that were placed
-- before it was said the postman asks, as he did.
alter table placed_order add has_email boolean not null default true;
alter table placed_order alter has_email drop default;
