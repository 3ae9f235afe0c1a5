-- Why an endpoint is disabled and why a call had no answer, as a code and its figures: sentences are
-- English, and those who read them are not all. What was written before has none. Beside `state` there
-- is no constraint: who does not know of the column yet turns endpoints on without a look at it.
alter table endpoint add column because jsonb;
alter table call add column fault jsonb;
