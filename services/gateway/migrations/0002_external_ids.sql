-- People look an order up by what its channel calls it, or by how that begins.
create index order_head_external on order_head (external_id text_pattern_ops);
