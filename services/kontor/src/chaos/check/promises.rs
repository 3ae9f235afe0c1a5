//! What must hold in the books of each service at any time: each query finds where it does not, one
//! text a row.

/// The service, the promise, the query.
pub(super) const PROMISES: [(&str, &str, &str); 9] = [
    (
        "inventory",
        "no unit is sold twice",
        "select format('%s in %s: %s reserved and %s allocated of %s', sku, warehouse_id, reserved,
                       allocated, good)
           from stock_level
          where least(good, quarantine, damaged, reserved, allocated) < 0
             or reserved + allocated > good",
    ),
    (
        "inventory",
        "stock is the sum of its moves",
        "select format('%s in %s', sku, warehouse_id)
           from stock_level
           full join (
               select sku, warehouse_id, sum(good) as good, sum(reserved) as reserved,
                      sum(allocated) as allocated
                 from stock_move group by sku, warehouse_id
           ) as moved using (sku, warehouse_id)
          where (coalesce(stock_level.good, 0), coalesce(stock_level.reserved, 0),
                 coalesce(stock_level.allocated, 0))
             <> (coalesce(moved.good, 0), coalesce(moved.reserved, 0), coalesce(moved.allocated, 0))",
    ),
    (
        "inventory",
        "claims are what is reserved and allocated",
        "select format('%s in %s: %s and %s claimed, %s and %s kept', sku, warehouse_id, soft, firm,
                       reserved, allocated)
           from stock_level
           full join (
               select sku, warehouse_id, sum(soft) as soft, sum(firm) as firm
                 from claim group by sku, warehouse_id
           ) as claimed using (sku, warehouse_id)
          where coalesce(soft, 0) <> coalesce(reserved, 0)
             or coalesce(firm, 0) <> coalesce(allocated, 0)",
    ),
    (
        "inventory",
        "no move is booked twice",
        "select format('%s by %s, for %s in %s', cause, rule, sku, warehouse_id)
           from stock_move group by cause, rule, sku, warehouse_id having count(*) > 1",
    ),
    (
        "finance",
        "each entry balances",
        "select format('entry %s (%s of %s)', entry_id, rule, order_id)
           from journal left join posting using (entry_id)
          group by entry_id, rule, order_id
         having coalesce(sum(debit_cents) - sum(credit_cents), 1) <> 0",
    ),
    (
        "finance",
        "what was delivered is billed",
        "select format('shipment %s of %s', shipment_id, order_id) from parcel
          where state = 'delivered'",
    ),
    (
        "finance",
        "no order is billed for more than it costs",
        "select format('%s: %s of %s', order_id, billed, total_cents)
           from sale
           join (select order_id, sum(net_cents + tax_cents) as billed from parcel
                  where state = 'invoiced' group by order_id) as invoices using (order_id)
          where billed > total_cents",
    ),
    (
        "credit",
        "a customer owes the sum of their orders",
        "select format('%s in %s', customer_id, currency)
           from book
           full join (
               select customer_id, currency, sum(entry.authorised_cents) as authorised,
                      sum(entry.billed_cents) as billed
                 from entry join commitment using (order_id) group by customer_id, currency
           ) as entered using (customer_id, currency)
          where (coalesce(authorised_cents, 0), coalesce(billed_cents, 0))
             <> (coalesce(authorised, 0), coalesce(billed, 0))",
    ),
    (
        "gateway",
        "timelines are 1, 2, 3 …",
        "select format('%s has %s entries up to %s, at version %s', order_id, entries, last, version)
           from order_state
           left join (
               select order_id, count(*) as entries, max(number) as last
                 from timeline group by order_id
           ) as told using (order_id)
          where (entries, last) is distinct from (version, version)",
    ),
];
