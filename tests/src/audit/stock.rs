//! Stock: the levels are the sums of the ledger, claims are what the levels say, and whatever is
//! claimed is claimed for a living order, which thinks so too.

use std::collections::BTreeMap;

use contracts::Uuid;

use super::{Faults, Order, Orders, Premises, Promise};

/// By the numbers that the domain gives them. I9 is about rows that take others back, of which this
/// ledger has none; that the tokens of leases grow (I11) shows in no book.
const INVENTORY: &[Promise] = &[
    (
        "I1: nothing is negative",
        "select format('%s in %s is', sku, warehouse_id) from stock_level
          where least(good, quarantine, damaged, reserved, allocated, protected) < 0",
    ),
    (
        "I2: no more is claimed than there is",
        "select format('of %s in %s %s + %s of %s are', sku, warehouse_id, reserved, allocated, good)
           from stock_level where reserved + allocated > good",
    ),
    (
        "I3: levels are the sums of their moves",
        "select format('%s in %s is not', sku, warehouse_id)
           from stock_level
           full join (
               select sku, warehouse_id, sum(good) as good, sum(quarantine) as quarantine,
                      sum(damaged) as damaged, sum(reserved) as reserved,
                      sum(allocated) as allocated
                 from stock_move group by sku, warehouse_id
           ) as moved using (sku, warehouse_id)
          where (coalesce(stock_level.good, 0), coalesce(stock_level.quarantine, 0),
                 coalesce(stock_level.damaged, 0), coalesce(stock_level.reserved, 0),
                 coalesce(stock_level.allocated, 0))
             <> (coalesce(moved.good, 0), coalesce(moved.quarantine, 0),
                 coalesce(moved.damaged, 0), coalesce(moved.reserved, 0),
                 coalesce(moved.allocated, 0))",
    ),
    (
        "I4: claims are what is reserved and allocated",
        "select format('of %s in %s %s are claimed softly, %s firmly; the level says %s and %s',
                       sku, warehouse_id, soft, firm, reserved, allocated)
           from stock_level
           full join (
               select sku, warehouse_id, sum(soft) as soft, sum(firm) as firm
                 from claim group by sku, warehouse_id
           ) as claimed using (sku, warehouse_id)
          where coalesce(soft, 0) <> coalesce(reserved, 0)
             or coalesce(firm, 0) <> coalesce(allocated, 0)",
    ),
    (
        "I7: only receipts, shipments, returns, counts, damage and short picks change what is there",
        "select format('%s in %s did by move %s, %s', sku, warehouse_id, number, kind)
           from stock_move
          where kind not in ('RECEIPT', 'COUNT_ADJUST', 'DAMAGE', 'RETURN_IN', 'SHIP', 'SHORT_PICK')
            and (good <> 0 or quarantine <> 0 or damaged <> 0)",
    ),
    (
        "I8: nothing is posted twice",
        "select format('%s by %s is, for %s in %s', cause, rule, sku, warehouse_id)
           from stock_move group by cause, rule, sku, warehouse_id having count(*) > 1",
    ),
    (
        "I10: moves are numbered 1, 2, 3 …",
        "select format('%s in %s has %s moves, the last is %s, the level says %s',
                       sku, warehouse_id, moves, last, ledger_pos)
           from stock_level
           join (
               select sku, warehouse_id, count(*) as moves, max(number) as last
                 from stock_move group by sku, warehouse_id
           ) as counted using (sku, warehouse_id)
          where moves <> last or last <> ledger_pos",
    ),
    (
        "I11: no claim is soft without a lease that lasts",
        "select format('order %s has one', order_id)
           from claim join demand using (order_id)
          where soft > 0 and (lease_until is null or lease_until <= now())",
    ),
    (
        "an item knows how many units of it are waited for",
        "select format('%s does not', sku)
           from item
           left join (
               select sku, sum(quantity) as quantity from backorder group by sku
           ) as waiting using (sku)
          where item.backordered <> coalesce(waiting.quantity, 0)",
    ),
    (
        "whatever others gave or took is told",
        "select format('order %s has claims of which it is not', order_id) from claim
          where fresh > 0 or taken > 0",
    ),
    (
        "changed levels are told",
        "select format('%s in %s is not', sku, warehouse_id) from stock_level
          where untold is not null",
    ),
];

const CLAIMS: &str = "
    select order_id, line, sum(soft + firm)::bigint from claim group by order_id, line
    having sum(soft + firm) > 0";
const BACKORDERS: &str =
    "select order_id, line, sum(quantity)::bigint from backorder group by order_id, line";

/// On a shelf, and kept for the line.
const KEPT: &[&str] = &["reserved", "released", "picked", "packed"];

type ByLine = BTreeMap<(Uuid, i32), i64>;

pub(super) async fn audit(
    house: &Premises<'_>,
    orders: &Orders,
    faults: &mut Faults,
) -> anyhow::Result<()> {
    faults.look(house.ledgers, "inventory", INVENTORY).await?;
    let claims = by_line(house, CLAIMS).await?;
    let backorders = by_line(house, BACKORDERS).await?;
    for (order, line) in claims.keys().chain(backorders.keys()) {
        let it = orders.get(order);
        if it.is_none_or(Order::is_ended) {
            faults.add(format!("I5: line {line} of {order} keeps stock, but is no living order"));
        }
    }
    for (id, order) in orders {
        for (line, _) in (1_i32..).zip(&order.lines) {
            let at = usize::try_from(line)?;
            let kept = |of: &ByLine| of.get(&(*id, line)).copied().unwrap_or_default();
            let what = format!("line {line} of {id}, {}", order.shown);
            let (units, claimed) = (order.units(at, KEPT), kept(&claims));
            faults.compare(format!("I6: {what}: units kept, claims"), units, claimed);
            let (units, waiting) = (order.units(at, &["backordered"]), kept(&backorders));
            faults.compare(format!("I6: {what}: units that wait, backorders"), units, waiting);
        }
    }
    Ok(())
}

async fn by_line(house: &Premises<'_>, sql: &'static str) -> anyhow::Result<ByLine> {
    let rows: Vec<(Uuid, i32, i64)> = house.ledgers.rows("inventory", sql).await?;
    Ok(rows.into_iter().map(|(order, line, units)| ((order, line), units)).collect())
}
