-- An order is completing while its closing account waits for the number of an invoice.
alter table sale
    drop constraint sale_state_check,
    add constraint sale_state_check
        check (state in ('open', 'cancelled', 'expired', 'completing', 'completed'));
