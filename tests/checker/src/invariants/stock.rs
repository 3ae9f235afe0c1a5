//! V6: the eleven invariants of stock. What holds at every committed moment is asked of inventory
//! alone, and can be watched while it works; what spans several services holds when they are at rest.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Claim, Facts, known};
use crate::report::{Missing, Report};

const SHELVES: &str = "select count(*) from stock_level";
const MOVES: &str = "select count(*) from stock_move";
const DEMANDS: &str = "select count(*) from demand";
const CLAIMED: &str = "select count(*) from claim where soft + firm > 0";

/// What holds at every committed moment, of the rows as they stand.
pub(crate) const AT_ANY_MOMENT: &[Promise] = &[
    Promise {
        about: ("V6", "I1", "nothing is negative"),
        service: "inventory",
        looked: SHELVES,
        wrong: "
            select format('%s in %s: good %s, quarantine %s, damaged %s, reserved %s, allocated %s, '
                          'protected %s', sku, warehouse_id, good, quarantine, damaged, reserved,
                          allocated, protected)
              from stock_level
             where least(good, quarantine, damaged, reserved, allocated, protected) < 0
            union all
            select format('the claim of line %s of %s on %s in %s: soft %s, firm %s',
                          line, order_id, sku, warehouse_id, soft, firm)
              from claim where least(soft, firm, lapsed, fresh, taken) < 0",
    },
    Promise {
        about: ("V6", "I2", "no more is claimed than is there: nothing is oversold"),
        service: "inventory",
        looked: SHELVES,
        wrong: "
            select format('%s in %s: reserved %s + allocated %s, and good %s',
                          sku, warehouse_id, reserved, allocated, good)
              from stock_level where reserved + allocated > good",
    },
    Promise {
        about: ("V6", "I4", "claims are what is reserved and allocated"),
        service: "inventory",
        looked: SHELVES,
        wrong: "
            select format('%s in %s: claims are %s soft and %s firm, the level says %s and %s',
                          sku, warehouse_id, coalesce(soft, 0), coalesce(firm, 0),
                          coalesce(reserved, 0), coalesce(allocated, 0))
              from stock_level
              full join (select sku, warehouse_id, sum(soft) as soft, sum(firm) as firm
                           from claim group by sku, warehouse_id) as claimed
             using (sku, warehouse_id)
             where (coalesce(soft, 0), coalesce(firm, 0))
                <> (coalesce(reserved, 0), coalesce(allocated, 0))",
    },
    Promise {
        about: ("V6", "I5 ended", "an order that inventory knows to be over keeps nothing"),
        service: "inventory",
        looked: DEMANDS,
        wrong: "
            select format('line %s of %s keeps %s of %s in %s, and is %s', line, order_id,
                          soft + firm, sku, warehouse_id, coalesce(standing, 'unknown'))
              from claim left join demand using (order_id)
             where soft + firm > 0 and coalesce(standing, 'ended') = 'ended'
            union all
            select format('line %s of %s waits for %s of %s, and is %s', line, order_id, quantity,
                          sku, coalesce(standing, 'unknown'))
              from backorder left join demand using (order_id)
             where coalesce(standing, 'ended') = 'ended'",
    },
    Promise {
        about: ("V6", "I11 lease", "what is claimed softly has a lease that has not ended"),
        service: "inventory",
        looked: CLAIMED,
        // The time of inventory is that of its last decision; a timer may be a minute late.
        wrong: "
            select format('line %s of %s keeps %s of %s in %s softly; its lease: %s', line, order_id,
                          soft, sku, warehouse_id, coalesce(lease_until::text, 'none'))
              from claim left join demand using (order_id)
             where soft > 0
               and (lease_until is null
                    or lease_until < (select max(at) from position) - interval '1 minute')",
    },
];

/// The ledger as a whole. A watcher follows it move by move instead.
const LEDGER: &[Promise] = &[
    Promise {
        about: ("V6", "I3", "levels are the sums of their moves"),
        service: "inventory",
        looked: SHELVES,
        wrong: "
            with moved as (
                select sku, warehouse_id, sum(good) as good, sum(quarantine) as quarantine,
                       sum(damaged) as damaged, sum(reserved) as reserved,
                       sum(allocated) as allocated
                  from stock_move group by sku, warehouse_id)
            select format('%s in %s: level %s, moves %s', sku, warehouse_id,
                          (level.good, level.quarantine, level.damaged, level.reserved,
                           level.allocated),
                          (moved.good, moved.quarantine, moved.damaged, moved.reserved,
                           moved.allocated))
              from stock_level as level full join moved using (sku, warehouse_id)
             where (coalesce(level.good, 0), coalesce(level.quarantine, 0),
                    coalesce(level.damaged, 0), coalesce(level.reserved, 0),
                    coalesce(level.allocated, 0))
                <> (coalesce(moved.good, 0), coalesce(moved.quarantine, 0),
                    coalesce(moved.damaged, 0), coalesce(moved.reserved, 0),
                    coalesce(moved.allocated, 0))",
    },
    Promise {
        about: ("V6", "I7", "only what comes, leaves, is counted or spoilt changes what is there"),
        service: "inventory",
        looked: MOVES,
        // By kind: which columns may change, and which way.
        wrong: "
            select format('move %s of %s in %s, a %s, changes good by %s, quarantine by %s, '
                          'damaged by %s', number, sku, warehouse_id, kind, good, quarantine, damaged)
              from stock_move
             where not case kind
                   when 'RECEIPT' then good > 0 and quarantine = 0 and damaged = 0
                   when 'COUNT_ADJUST' then quarantine = 0 and damaged = 0
                   when 'DAMAGE' then good = -damaged and damaged >= 0 and quarantine = 0
                   when 'RETURN_IN' then good = 0 and quarantine > 0 and damaged = 0
                   when 'SHIP' then good <= 0 and quarantine = 0 and damaged = 0
                   when 'SHORT_PICK' then good <= 0 and quarantine = 0 and damaged = 0
                   else good = 0 and quarantine = 0 and damaged = 0 end",
    },
    Promise {
        about: ("V6", "I8", "nothing is posted twice: a cause and a rule, one move a shelf"),
        service: "inventory",
        looked: MOVES,
        wrong: "
            select format('%s was posted %s times for %s in %s by %s', cause, count(*), sku,
                          warehouse_id, rule)
              from stock_move group by cause, rule, sku, warehouse_id having count(*) > 1",
    },
    Promise {
        about: ("V6", "I9", "an order gives back, at each position, no more than it was given"),
        service: "inventory",
        looked: MOVES,
        // No row of this ledger takes another one back: what is given back is a move of its own.
        wrong: "
            with held as (
                select *, sum(reserved) over course as soft, sum(allocated) over course as firm
                  from stock_move where order_id is not null
                window course as (partition by order_id, sku, warehouse_id order by number))
            select format('after move %s of %s in %s, a %s, %s holds %s softly and %s firmly',
                          number, sku, warehouse_id, kind, order_id, soft, firm)
              from held where soft < 0 or firm < 0",
    },
    Promise {
        about: ("V6", "I10", "moves of a shelf are 1, 2, 3 … up to the level's position"),
        service: "inventory",
        looked: SHELVES,
        wrong: "
            with moved as (
                select sku, warehouse_id, count(*) as moves, max(number) as last
                  from stock_move group by sku, warehouse_id)
            select format('%s in %s: %s moves up to %s, the level is at %s', sku, warehouse_id,
                          coalesce(moves, 0), coalesce(last, 0), coalesce(ledger_pos, 0))
              from stock_level full join moved using (sku, warehouse_id)
             where coalesce(moves, 0) <> coalesce(last, 0)
                or coalesce(last, 0) <> coalesce(ledger_pos, 0)",
    },
    Promise {
        about: ("V6", "I11 token", "tokens of an order's leases never go back"),
        service: "inventory",
        looked: DEMANDS,
        wrong: r"
            with fenced as (
                select order_id, sku, warehouse_id, number, rule,
                       substring(rule from '^(?:demote|promote|anew|refuse|expire) (\d+)$')::bigint
                           as fence
                  from stock_move where order_id is not null),
            course as (
                select *, lag(fence) over (partition by order_id, sku, warehouse_id order by number)
                           as before
                  from fenced where fence is not null)
            select format('%s of %s in %s: move %s by %s, after token %s; the order is at %s',
                          order_id, sku, warehouse_id, number, rule, before, token)
              from course left join demand using (order_id)
             where fence < before or fence > coalesce(token, 0)",
    },
];

/// Looks at all of it.
pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, AT_ANY_MOMENT).await?;
    books.look(report, LEDGER).await?;
    report.check(("V6", "I5", "each claim belongs to one line of a living order"), |it| {
        let orders = known(&facts.orders)?;
        for claim in known(&facts.goods.claims)? {
            let Claim { order_id, line, sku, units, warehouse_id } = claim;
            let order = orders.all.get(order_id);
            let living = order.filter(|it| !it.is_over());
            let own = living.and_then(|it| it.lines.iter().find(|it| it.number == *line));
            it.holds(own.is_some_and(|it| it.sku == *sku), || {
                let is = order.map_or("no order", |it| it.process.as_str());
                format!(
                    "{units} of {sku} in {warehouse_id} are kept for line {line} of {order_id}, \
                     which is {is}"
                )
            });
        }
        Ok(())
    });
    report.check(
        ("V6", "I6", "what lines think they keep, and wait for, is what inventory keeps"),
        |it| {
            let orders = known(&facts.orders)?;
            let mut claimed: BTreeMap<(Uuid, i32), i64> = BTreeMap::new();
            for claim in known(&facts.goods.claims)? {
                *claimed.entry((claim.order_id, claim.line)).or_default() += claim.units;
            }
            let waiting = known(&facts.goods.backorders)?;
            for (id, order) in &orders.all {
                if facts.is_parked("intake", *id) || facts.is_parked("inventory", *id) {
                    continue;
                }
                for line in &order.lines {
                    let at = (*id, line.number);
                    let what = format!("line {} of {id}, {}", line.number, order.shown);
                    let kept =
                        order.units(line.number, &["reserved", "released", "picked", "packed"]);
                    let claims = claimed.get(&at).copied().unwrap_or_default();
                    it.same(format!("{what}: units kept, and claimed"), kept, claims);
                    let waits = order.units(line.number, &["backordered"]);
                    let backorders = waiting.get(&at).copied().unwrap_or_default();
                    it.same(format!("{what}: units that wait, and backorders"), waits, backorders);
                }
            }
            Ok(())
        },
    );
    leases(books, facts, report).await
}

/// A lease that runs has one timer that ends it.
async fn leases(books: &mut Books, facts: &Facts, report: &mut Report) -> anyhow::Result<()> {
    type Row = (Uuid, i64);
    const RUNNING: &str = "select order_id, token from demand where lease_until is not null";
    let running = books.rows_if::<Row>("inventory", RUNNING).await?;
    report.check(("V6", "I11 timer", "a lease that runs has a timer that ends it"), |it| {
        let running: BTreeSet<Row> = running?.into_iter().collect();
        for (order, token) in running {
            let ends = facts.log.leases.contains(&(order, token));
            it.holds(ends || facts.is_parked("inventory", order), || {
                format!("lease {token} of {order} runs for ever: no timer ends it")
            });
        }
        Ok::<(), Missing>(())
    });
    Ok(())
}
