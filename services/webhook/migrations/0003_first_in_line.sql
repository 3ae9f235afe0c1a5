-- The courier takes the first of what waits: with the index in his order he stops at the last that he
-- takes, and reads no further, however much waits for an endpoint that does not answer.
create index delivery_due on delivery (endpoint_id, next_attempt_at, delivery_id) where state = 'waiting';
drop index delivery_waiting;
