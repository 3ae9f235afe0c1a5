//! Two partitions over one stock, at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chassis::{Input, MessageId, Partition};
use contracts::allocation::{Plan, PlanPart};
use contracts::{ItemUnits, MessageSet, OrderId, Sku, Uuid};
use jiff::SignedDuration;
use sqlx::PgPool;
use testbench::Bench;

use super::world::Dice;
use super::{Planned, START, cancelled, count, planned, receipt, sku, tell, warehouse};
use crate::{Inbound, Inventory, Outbound};

/// The race that every shop has lost: two partitions sell the last twenty units of an item that
/// nobody has seen before, in many small batches at once.
#[tokio::test]
async fn the_last_twenty_units_are_sold_once() {
    let (mut left, mut right) = Bench::two_of(Inventory).await;
    for round in 0..50 {
        let item = sku(&format!("S{round}"));
        let mut batches = [vec![], vec![]];
        for (side, bench) in [&mut left, &mut right].into_iter().enumerate() {
            for batch in 0..4 {
                let buyers = (0..8).map(|nth| {
                    let order = buyer(side, &format!("{round} {batch} {nth}"));
                    one_of(order, &item, batch % 2 == 0)
                });
                batches[side].push(post(bench, side, buyers));
            }
        }
        batches[round % 2].insert(1, {
            let bench = if round % 2 == 0 { &mut left } else { &mut right };
            post(bench, round % 2, [receipt(item, warehouse("E"), 20, "d1")])
        });
        let [ours, theirs] = &batches;
        let (ours, theirs) = tokio::join!(hear_all(&mut left, ours), hear_all(&mut right, theirs));
        let mut claims = Claims::default();
        claims.add(&[ours, theirs].concat());
        for bench in [&mut left, &mut right] {
            claims.add(&bench.wait(SignedDuration::from_millis(1)).await);
            claims.add(&bench.wait(SignedDuration::from_millis(1)).await);
        }
        assert_eq!(claims.units, 20, "round {round}");
        assert_eq!(claims.orders.values().copied().max(), Some(1), "round {round}");
    }
    assert_eq!(violations(&left.db).await, Vec::<String>::new());
}

/// Claims, cancellations, receipts and counts over the same items, in whatever order they are named:
/// nobody waits for ever, and the books hold.
#[tokio::test]
async fn nobody_waits_for_ever() {
    let (mut left, mut right) = Bench::two_of(Inventory).await;
    let mut dice = Dice(7);
    let mut placed: [Vec<OrderId>; 2] = [vec![], vec![]];
    for round in 0..40 {
        let mut batches = [vec![], vec![]];
        for (side, bench) in [&mut left, &mut right].into_iter().enumerate() {
            for batch in 0..3 {
                let what = (0..12).map(|nth| {
                    let name = format!("{side} {round} {batch} {nth}");
                    something(&mut dice, &mut placed[side], side, &name)
                });
                let what: Vec<Inbound> = what.collect();
                batches[side].push(post(bench, side, what));
            }
        }
        let [ours, theirs] = &batches;
        tokio::join!(hear_all(&mut left, ours), hear_all(&mut right, theirs));
        let pause = SignedDuration::from_secs(1);
        tokio::join!(left.wait(pause), right.wait(pause));
    }
    for _ in 0..5 {
        tokio::join!(left.wait(SignedDuration::ZERO), right.wait(SignedDuration::ZERO));
    }
    assert_eq!(violations(&left.db).await, Vec::<String>::new());
    let moves: i64 = sqlx::query_scalar("select count(distinct kind) from stock_move")
        .fetch_one(&left.db)
        .await
        .unwrap();
    assert!(moves >= 6, "{moves}");
}

/// Two batches over the same items are stopped while they take their latches, or open them: each
/// would have some of them in its hands if there were no order among these. Both go on, and end.
#[tokio::test]
async fn latches_are_taken_in_one_order() {
    const HELD: &str = "select from item where sku = $1 for update";
    const OPENED: &str = "insert into item (sku) values ($1)";
    let (mut left, mut right) = Bench::two_of(Inventory).await;
    for round in 0..10 {
        // Every other round is about the items of the round before.
        let item = |letter: char| sku(&format!("{letter}{}", round / 2));
        let blocks = if round % 2 == 0 { OPENED } else { HELD };
        let mut batches = [vec![], vec![]];
        for (side, bench) in [&mut left, &mut right].into_iter().enumerate() {
            let buyer = |it| one_of(buyer(side, &format!("{round}{it}")), &item(it), true);
            batches[side] = post(bench, side, ('A'..='Z').map(buyer));
        }
        let mut blocker = left.db.begin().await.unwrap();
        sqlx::query(blocks).bind(item('M').as_str()).execute(&mut *blocker).await.unwrap();
        let db = left.db.clone();
        let unblock = async {
            let waiting = "select count(*) from pg_stat_activity
                            where datname = current_database() and wait_event_type = 'Lock'";
            while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&db).await.unwrap() < 2 {}
            blocker.rollback().await.unwrap();
        };
        let [ours, theirs] = &batches;
        tokio::join!(left.hear(ours), right.hear(theirs), unblock);
    }
    assert_eq!(violations(&left.db).await, Vec::<String>::new());
}

/// Orders of both partitions wait; one receipt serves them by priority, whose worker ever books it,
/// and each order's own worker says so.
#[tokio::test]
async fn who_waits_is_served_by_priority_across_partitions() {
    let (mut left, mut right) = Bench::two_of(Inventory).await;
    for (nth, priority) in [3, 1, 4, 2].into_iter().enumerate() {
        let (side, bench) = if nth % 2 == 0 { (0, &mut left) } else { (1, &mut right) };
        let waits = waiting(buyer(side, &nth.to_string()), priority);
        let inputs = post(bench, side, [waits]);
        bench.hear(&inputs).await;
    }
    let served = |said: &[Outbound]| -> BTreeSet<usize> {
        let filled = said.iter().filter_map(|it| {
            if let Outbound::BackorderFilled(it) = it { Some(it.order) } else { None }
        });
        let nth = |it| (0..4).find(|nth| buyer(nth % 2, &nth.to_string()) == it);
        filled.filter_map(nth).collect()
    };

    let receipts = post(&mut right, 1, [receipt(sku("S"), warehouse("E"), 3, "d1")]);
    let booked = right.hear(&receipts).await;
    let (ours, theirs) =
        (left.wait(SignedDuration::ZERO).await, right.wait(SignedDuration::ZERO).await);

    assert_eq!(booked.iter().map(tell).collect::<String>(), "S received 3@E\n");
    assert_eq!((served(&ours), served(&theirs)), (BTreeSet::from([0, 2]), BTreeSet::from([3])));
    let receipts = post(&mut left, 0, [receipt(sku("S"), warehouse("E"), 3, "d2")]);
    left.hear(&receipts).await;
    let last = right.wait(SignedDuration::ZERO).await;
    assert_eq!(served(&last), BTreeSet::from([1]));
    assert_eq!(violations(&left.db).await, Vec::<String>::new());
}

/// Two partitions change and tell the same items: no number is told twice, and the highest is how
/// it stands in the end.
#[tokio::test]
async fn levels_are_numbered_and_the_last_is_the_latest() {
    let (mut left, mut right) = Bench::two_of(Inventory).await;
    let (mut told, mut rung) = (Vec::<Outbound>::new(), 0);
    let mut dice = Dice(11);
    let mut placed: [Vec<OrderId>; 2] = [vec![], vec![]];
    for round in 0..40 {
        // Each message goes to the worker of its key, as the broker has it.
        let mut posted = [vec![], vec![]];
        for nth in 0..12 {
            let side = nth % 2;
            let it = something(&mut dice, &mut placed[side], side, &format!("{round} {nth}"));
            posted[usize::try_from(Partition::about(&it.key(), 2).number).unwrap()].push(it);
        }
        let [ours, theirs] = posted;
        let batches = [vec![post(&mut left, 0, ours)], vec![post(&mut right, 1, theirs)]];
        let [ours, theirs] = &batches;
        let (ours, theirs) = tokio::join!(hear_all(&mut left, ours), hear_all(&mut right, theirs));
        told.extend([ours, theirs].concat());
        let bells: i64 = sqlx::query_scalar(BELLS).fetch_one(&left.db).await.unwrap();
        assert!(bells <= 1, "{bells} bells in one partition");
        rung += bells;
        let pause = SignedDuration::from_millis(120);
        let (ours, theirs) = tokio::join!(left.wait(pause), right.wait(pause));
        told.extend([ours, theirs].concat());
    }
    for _ in 0..5 {
        let pause = SignedDuration::from_secs(1);
        told.extend(left.wait(pause).await);
        told.extend(right.wait(pause).await);
    }

    assert!(rung > 10, "{rung} bells in all");
    let mut levels = BTreeMap::<Sku, BTreeMap<i64, i64>>::new();
    for it in &told {
        if let Outbound::StockLevel(it) = it {
            let before = levels.entry(it.sku.clone()).or_default().insert(it.number, it.sellable);
            assert_eq!(before, None, "{} {} is told twice", it.sku, it.number);
        }
    }
    for (sku, told) in levels {
        let sellable: i64 =
            sqlx::query_scalar(SELLABLE).bind(sku.as_str()).fetch_one(&left.db).await.unwrap();
        let (number, last) = told.last_key_value().unwrap();
        assert_eq!((*last, *number), (sellable, i64::try_from(told.len()).unwrap()), "{sku}");
    }
}

const BELLS: &str = "
    select coalesce(max(bells), 0) from (
        select count(*) as bells from timer
         where position('inventory.levels-due'::bytea in envelope) > 0 group by partition) as each";

const SELLABLE: &str = "
    select sum(good - reserved - allocated - protected)::bigint from stock_level where sku = $1";

#[derive(Default)]
struct Claims {
    units: i64,
    orders: BTreeMap<OrderId, i64>,
}

impl Claims {
    fn add(&mut self, said: &[Outbound]) {
        for it in said {
            let (order, claims) = match it {
                Outbound::StockClaimed(it) => (it.order, &it.claims),
                Outbound::BackorderFilled(it) => (it.order, &it.claims),
                _ => continue, // Nothing is claimed.
            };
            let units: i64 = claims.iter().map(|it| it.quantity).sum();
            self.units += units;
            *self.orders.entry(order).or_default() += units;
        }
    }
}

/// Puts messages on their way. Their ids differ from those on the other side, as they do in life.
fn post(
    bench: &mut Bench<Inventory>,
    side: usize,
    messages: impl IntoIterator<Item = Inbound>,
) -> Vec<Input> {
    let mut inputs = bench.post(messages);
    let rename = |id: &mut MessageId| id.0 = Uuid::new_v5(&id.0, &side.to_be_bytes());
    for it in &mut inputs {
        if let Input::Page(it) = it {
            Arc::make_mut(it).said.iter_mut().for_each(|it| rename(&mut it.id));
        } else if let Input::Command(it) | Input::Report(it) = it {
            rename(&mut it.id);
        }
    }
    inputs
}

async fn hear_all(bench: &mut Bench<Inventory>, batches: &[Vec<Input>]) -> Vec<Outbound> {
    let mut said = Vec::new();
    for it in batches {
        said.extend(bench.hear(it).await);
    }
    said
}

/// An order that belongs to this partition.
fn buyer(side: usize, seed: &str) -> OrderId {
    let partition = Partition { number: u32::try_from(side).unwrap(), of: 2 };
    OrderId(partition.mint(START, seed))
}

fn one_of(order: OrderId, item: &Sku, waits: bool) -> Inbound {
    let wanted = vec![ItemUnits { line: 1, sku: item.clone(), quantity: 1 }];
    let part = PlanPart { warehouse: warehouse("E"), units: wanted.clone() };
    let plans = vec![Plan { cost: 1, parts: vec![part] }];
    let eligible = waits.then(|| vec![warehouse("E")]);
    let (attempt, round, lease, priority) = (1, 1, false, 0);
    planned(Planned { order, attempt, round, wanted, plans, eligible, lease, priority })
}

fn waiting(order: OrderId, priority: i64) -> Inbound {
    let wanted = vec![ItemUnits { line: 1, sku: sku("S"), quantity: 1 }];
    let eligible = Some(vec![warehouse("W"), warehouse("E")]);
    let (attempt, round, lease, plans) = (1, 1, false, vec![]);
    planned(Planned { order, attempt, round, wanted, plans, eligible, lease, priority })
}

/// A claim over several items in any order, its end, a receipt or a count.
fn something(dice: &mut Dice, placed: &mut Vec<OrderId>, side: usize, name: &str) -> Inbound {
    let [what, item, place, much, ..] = dice.step();
    let item = |nth: u8| sku(&char::from(b'A' + item.wrapping_add(nth) % 5).to_string());
    let at = |nth: u8| warehouse(if place.wrapping_add(nth) % 2 == 0 { "E" } else { "W" });
    match what % 10 {
        0 | 1 => receipt(item(0), at(0), i64::from(much % 9) + 1, name),
        2 => count(item(0), at(0), i64::from(much % 9), name),
        3 | 4 if !placed.is_empty() => {
            cancelled(placed.swap_remove(usize::from(much) % placed.len()))
        }
        _ => {
            let order = buyer(side, name);
            placed.push(order);
            let unit = |line: u8| ItemUnits {
                line: line.into(),
                sku: item(line.wrapping_mul(much)),
                quantity: i64::from(much % 3) + 1,
            };
            let wanted: Vec<ItemUnits> = (1..=3).map(unit).collect();
            let part = PlanPart { warehouse: at(1), units: wanted.clone() };
            let plans = vec![Plan { cost: 1, parts: vec![part] }];
            let eligible = Some(vec![at(0), at(1)]);
            let (attempt, round, priority) = (1, 1, i64::from(much));
            let lease = what % 3 == 0;
            planned(Planned { order, attempt, round, wanted, plans, eligible, lease, priority })
        }
    }
}

/// What is wrong in the database, in words. Counted from the ledger and the claims alone.
async fn violations(db: &PgPool) -> Vec<String> {
    let looks = "
        select 'the ledger of ' || sku || '@' || warehouse_id || ' is not the level'
          from stock_level
          left join (
               select sku, warehouse_id, max(number) as last, count(*) as rows, sum(good) as good,
                      sum(quarantine) as quarantine, sum(damaged) as damaged,
                      sum(reserved) as reserved, sum(allocated) as allocated
                 from stock_move group by sku, warehouse_id) as ledger using (sku, warehouse_id)
         where (ledger_pos, ledger_pos, stock_level.good, stock_level.quarantine,
                stock_level.damaged, stock_level.reserved, stock_level.allocated)
               is distinct from (last, rows, ledger.good, ledger.quarantine, ledger.damaged,
                                 ledger.reserved, ledger.allocated)
         union all
        select sku || '@' || warehouse_id || ' was oversold at ' || number
          from (select sku, warehouse_id, number, sum(good) over shelf as good,
                       sum(reserved + allocated) over shelf as claimed
                  from stock_move
                window shelf as (partition by sku, warehouse_id order by number)) as replay
         where claimed > good or good < 0
         union all
        select 'the claims on ' || sku || '@' || warehouse_id || ' are not what is claimed'
          from stock_level
          left join (select sku, warehouse_id, sum(soft) as soft, sum(firm) as firm
                       from claim group by sku, warehouse_id) as kept using (sku, warehouse_id)
         where (reserved, allocated) <> (coalesce(soft, 0), coalesce(firm, 0))
         union all
        select order_id || ' ended and keeps something'
          from claim join demand using (order_id) where standing = 'ended'
         union all
        select order_id || ' was not told' from claim where fresh > 0 or taken > 0
         union all
        select 'the backorders of ' || sku || ' do not add up'
          from item left join (select sku, sum(quantity) as waiting from backorder group by sku)
               as rows using (sku)
         where backordered <> coalesce(waiting, 0)
         union all
        select order_id || ' waits beside free goods'
          from backorder join stock_level
               on stock_level.sku = backorder.sku and warehouse_id = any(eligible)
         where good > reserved + allocated and lease_until is null";
    sqlx::query_scalar(looks).fetch_all(db).await.unwrap()
}
