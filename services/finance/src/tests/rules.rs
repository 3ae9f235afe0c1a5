use contracts::{Cents, Currency, Uuid};
use expect_test::expect;

use super::{START, write_entry};
use crate::journal::{self, Journal, Occasion};
use crate::sale::share;

/// The example of the textbook: net 1,000.00, tax 130.00, gross 1,130.00, cost 600.00.
#[test]
fn every_rule_posts_as_the_table_says() {
    let (net, tax, gross, cost) = (Cents(100_000), Cents(13_000), Cents(113_000), Cents(60_000));
    let bookings = [
        journal::deposit_captured(gross),
        journal::goods_issued(cost),
        journal::revenue_earned(net, tax),
        journal::cost_incurred(cost),
        journal::invoice_issued(net, tax),
        journal::deposit_applied(gross),
        journal::payment_received(gross),
        journal::deposit_returned(gross),
        journal::refused_goods_back(cost),
        journal::goods_received(cost),
    ];
    let mut entered = Journal::default();
    for booking in bookings {
        entered.enter(some_occasion(), booking);
    }
    let table: String = entered.entries().iter().map(write_entry).collect();
    expect![[r#"
          E1: 1012 113000 / 2204 113000
          E3: 1406 60000 / 1405 60000
          E4: 1122.9 113000 / 6001 100000; 2221.P 13000
          E5: 6401 60000 / 1406 60000
          E6: 1122 113000; 2221.P 13000 / 1122.9 113000; 2221.O 13000
          E7: 2204 113000 / 1122 113000
          E8: 1012 113000 / 1122 113000
          E12: 2204 113000 / 2241 113000
          E15: 1405.Q 60000 / 1406 60000
          E18: 1405 60000 / 2202.G 60000
    "#]]
    .assert_eq(&table);
}

#[test]
fn nothing_is_posted_for_nothing_nor_twice() {
    let mut entered = Journal::default();
    entered.enter(some_occasion(), journal::deposit_captured(Cents(0)));
    assert!(entered.entries().is_empty());
    entered.enter(some_occasion(), journal::deposit_captured(Cents(5)));
    entered.enter(some_occasion(), journal::deposit_captured(Cents(7)));
    assert_eq!(entered.entries().len(), 1);
}

#[test]
fn a_line_is_shared_over_its_units_to_the_last_cent() {
    let shares: Vec<i64> =
        (0..3).map(|it| (share(Cents(5074), 3, it + 1) - share(Cents(5074), 3, it)).0).collect();
    assert_eq!(shares, [1692, 1691, 1691]);
}

fn some_occasion() -> Occasion {
    Occasion { cause: Uuid::nil(), order: None, currency: Currency::CNY, at: START }
}
