//! Orders that another system kept.

use contracts::intake::{CarriedFlag, CarriedOrder, CarryOver};
use contracts::{Actor, Status};
use jiff::civil::{Date, date};
use testbench::Bench;

use super::goods::catalogue;
use super::telling::{START, books, place, submission};
use crate::{Intake, Outbound};

fn carried(status: Status, estimated: Option<Date>, completed: Option<Date>) -> CarriedOrder {
    CarriedOrder {
        customer: "张三".to_owned(),
        product: "商品A".to_owned(),
        quantity: 100,
        status,
        stated: "已确认".to_owned(),
        estimated,
        completed,
        source: String::new(),
        remark: String::new(),
        step: String::new(),
        priority: String::new(),
    }
}

pub(super) fn first() -> CarryOver {
    let order = carried(Status::Confirmed, Some(date(2024, 3, 15)), Some(date(2024, 3, 17)));
    let entered_by = Actor("clerk".to_owned());
    let (channel, external_id) = ("shop".parse().unwrap(), "a".parse().unwrap());
    CarryOver { channel, external_id, entered_by, order }
}

#[test]
fn what_does_not_fit_together_is_flagged() {
    let (due, late) = (Some(date(2024, 3, 22)), Some(date(2024, 3, 24)));
    for (status, estimated, completed, flags) in [
        (Status::Confirmed, due, late, vec![CarriedFlag::Late, CarriedFlag::CompletedTooEarly]),
        (Status::Shipped, due, late, vec![CarriedFlag::Late]),
        (Status::Shipped, due, due, vec![]),
        (Status::Checking, due, None, vec![]),
        (Status::Completed, due, None, vec![CarriedFlag::NoCompletion]),
    ] {
        assert_eq!(carried(status, estimated, completed).flags(), flags, "{status}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut told = first();
    told.order.quantity = 0;
    told.order.customer = String::new();
    told.order.status = Status::Rejected;
    let said = books().carry_over(START, &told);
    let [Outbound::CarryOverRefused(it)] = &said[..] else { panic!("{said:?}") };
    let at: Vec<&str> = it.problems.iter().map(|it| &*it.pointer).collect();
    assert_eq!(at, ["/customer", "/quantity", "/status"]);
}

#[tokio::test]
async fn it_is_taken_once_and_nothing_else_takes_its_name() {
    let mut bench = Bench::of(Intake).await;
    let inputs = bench.post(catalogue());
    bench.hear(&inputs).await;
    let inputs = bench.post([first().into(), first().into()]);
    let said = bench.hear(&inputs).await;
    let [Outbound::OrderCarriedOver(it)] = &said[..] else { panic!("{said:?}") };
    assert_eq!(it.flags, [CarriedFlag::Late, CarriedFlag::CompletedTooEarly]);

    let mut other = first();
    other.order.quantity = 101;
    // Nothing is placed under its name, changed, checked or sourced.
    let inputs =
        bench.post([first().into(), other.into(), place("a", submission("prepaid")).into()]);
    assert_eq!(bench.hear(&inputs).await, []);
    for (table, rows) in [("placement", 1_i64), ("sales_order", 0), ("vault", 0)] {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&bench.db).await.unwrap();
        assert_eq!(count, rows, "{table}");
    }
}

/// One connection writes both down, each after the other.
#[tokio::test]
async fn an_order_may_be_placed_before_one_is_carried_over_and_after() {
    let mut bench = Bench::of(Intake).await;
    let inputs = bench.post(catalogue());
    bench.hear(&inputs).await;
    let mut said = vec![];
    for message in [
        place("b", submission("prepaid")).into(),
        first().into(),
        place("c", submission("prepaid")).into(),
    ] {
        let inputs = bench.post([message]);
        said.extend(bench.hear(&inputs).await);
    }
    let placed = said.iter().filter(|it| matches!(it, Outbound::OrderPlaced(_)));
    let carried = said.iter().filter(|it| matches!(it, Outbound::OrderCarriedOver(_)));
    assert_eq!((placed.count(), carried.count()), (2, 1));
}
