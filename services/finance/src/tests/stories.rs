use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::{read, tell, write, write_entry};
use crate::books::Books;

#[test]
fn a_prepaid_order_is_paid_shipped_delivered_invoiced_and_settled() {
    check(
        "place a prepaid 1x100000+13000@60000; pay p1 a 113000; ship a 1 1:1; deliver a 1 1:1; \
         complete a",
        expect![[r#"
            place a prepaid 1x100000+13000@60000
            pay p1 a 113000
              E1: 1012 113000 / 2204 113000
              a captured 113000
            ship a 1 1:1
              E3: 1406 60000 / 1405 60000
            deliver a 1 1:1
              E4: 1122.9 113000 / 6001 100000; 2221.P 13000
              E5: 6401 60000 / 1406 60000
              E6: 1122 113000; 2221.P 13000 / 1122.9 113000; 2221.O 13000
              E7: 2204 113000 / 1122 113000
              a invoice 1970-000001 for parcel 1: 100000 + 13000 = 113000, prepaid 113000, issued 1970-01-01, due 1970-01-01
            complete a
              a settled: ordered 113000, invoiced 113000, paid 113000, open 0, cost 60000, margin 40000
        "#]],
    );
}

#[test]
fn an_order_on_account_is_invoiced_and_then_paid_in_parts() {
    check(
        "place a account 1x100000+13000@60000; ship a 1 1:1; deliver a 1 1:1; complete a; \
         pay p1 a 100000; pay p2 a 13000",
        expect![[r#"
            place a account 1x100000+13000@60000
            ship a 1 1:1
              E3: 1406 60000 / 1405 60000
            deliver a 1 1:1
              E4: 1122.9 113000 / 6001 100000; 2221.P 13000
              E5: 6401 60000 / 1406 60000
              E6: 1122 113000; 2221.P 13000 / 1122.9 113000; 2221.O 13000
              a invoice 1970-000001 for parcel 1: 100000 + 13000 = 113000, prepaid 0, issued 1970-01-01, due 1970-01-31
            complete a
              a settled: ordered 113000, invoiced 113000, paid 0, open 113000, cost 60000, margin 40000
            pay p1 a 100000
              E8: 1012 100000 / 1122 100000
              a received 100000 of p1 for parcel 1
            pay p2 a 13000
              E8: 1012 13000 / 1122 13000
              a received 13000 of p2 for parcel 1
        "#]],
    );
}

#[test]
fn an_invoice_is_due_when_credit_has_agreed_that_it_is() {
    check(
        "place a account 1x1000+130@600; agree a 60; deliver a 1 1:1",
        expect![[r#"
        place a account 1x1000+130@600
        agree a 60
        deliver a 1 1:1
          E3: 1406 600 / 1405 600
          E4: 1122.9 1130 / 6001 1000; 2221.P 130
          E5: 6401 600 / 1406 600
          E6: 1122 1130; 2221.P 130 / 1122.9 1130; 2221.O 130
          a invoice 1970-000001 for parcel 1: 1000 + 130 = 1130, prepaid 0, issued 1970-01-01, due 1970-03-02
    "#]],
    );
}

#[test]
fn parcels_share_a_line_and_freight_goes_with_the_first() {
    check(
        "place a account 3x5074+660@600 freight1000; ship a 1 1:1; ship a 2 1:2; deliver a 2 1:2; \
         deliver a 1 1:1; complete a",
        expect![[r#"
            place a account 3x5074+660@600 freight1000
            ship a 1 1:1
              E3: 1406 600 / 1405 600
            ship a 2 1:2
              E3: 1406 1200 / 1405 1200
            deliver a 2 1:2
              E4: 1122.9 4823 / 6001 4383; 2221.P 440
              E5: 6401 1200 / 1406 1200
              E6: 1122 4823; 2221.P 440 / 1122.9 4823; 2221.O 440
              a invoice 1970-000001 for parcel 2: 4383 + 440 = 4823, prepaid 0, issued 1970-01-01, due 1970-01-31
            deliver a 1 1:1
              E4: 1122.9 1911 / 6001 1691; 2221.P 220
              E5: 6401 600 / 1406 600
              E6: 1122 1911; 2221.P 220 / 1122.9 1911; 2221.O 220
              a invoice 1970-000002 for parcel 1: 1691 + 220 = 1911, prepaid 0, issued 1970-01-01, due 1970-01-31
            complete a
              a settled: ordered 6734, invoiced 6734, paid 0, open 6734, cost 1800, margin 4274
        "#]],
    );
}

#[test]
fn a_payment_pays_the_oldest_invoice_first_and_the_rest_stays_in_hand() {
    check(
        "place a account 3x3000+0@0; deliver a 1 1:1; deliver a 2 1:1; pay p1 a 1500; pay p2 a 1000; \
         deliver a 3 1:1; complete a",
        expect![[r#"
            place a account 3x3000+0@0
            deliver a 1 1:1
              E4: 1122.9 1000 / 6001 1000
              E6: 1122 1000 / 1122.9 1000
              a invoice 1970-000001 for parcel 1: 1000 + 0 = 1000, prepaid 0, issued 1970-01-01, due 1970-01-31
            deliver a 2 1:1
              E4: 1122.9 1000 / 6001 1000
              E6: 1122 1000 / 1122.9 1000
              a invoice 1970-000002 for parcel 2: 1000 + 0 = 1000, prepaid 0, issued 1970-01-01, due 1970-01-31
            pay p1 a 1500
              E8: 1012 1500 / 1122 1500
              a received 1000 of p1 for parcel 1
              a received 500 of p1 for parcel 2
            pay p2 a 1000
              E8: 1012 500 / 1122 500
              E1: 1012 500 / 2204 500
              a received 500 of p2 for parcel 2
            deliver a 3 1:1
              E4: 1122.9 1000 / 6001 1000
              E6: 1122 1000 / 1122.9 1000
              E7: 2204 500 / 1122 500
              a invoice 1970-000003 for parcel 3: 1000 + 0 = 1000, prepaid 0, issued 1970-01-01, due 1970-01-31
              a received 500 of p2 for parcel 3
            complete a
              a settled: ordered 3000, invoiced 3000, paid 2500, open 500, cost 0, margin 3000
        "#]],
    );
}

#[test]
fn what_is_paid_before_the_invoice_pays_it_when_it_comes() {
    check(
        "place a account 1x1000+0@0; pay p1 a 700; pay p2 a 400; deliver a 1 1:1; complete a",
        expect![[r#"
            place a account 1x1000+0@0
            pay p1 a 700
              E1: 1012 700 / 2204 700
            pay p2 a 400
              E1: 1012 400 / 2204 400
            deliver a 1 1:1
              E4: 1122.9 1000 / 6001 1000
              E6: 1122 1000 / 1122.9 1000
              E7: 2204 1000 / 1122 1000
              a invoice 1970-000001 for parcel 1: 1000 + 0 = 1000, prepaid 0, issued 1970-01-01, due 1970-01-31
              a received 700 of p1 for parcel 1
              a received 300 of p2 for parcel 1
            complete a
              E12: 2204 100 / 2241 100
              a settled: ordered 1000, invoiced 1000, paid 1000, open 0, cost 0, margin 1000
              a refund 100
        "#]],
    );
}

#[test]
fn a_prepaid_order_is_captured_once_when_it_is_paid_in_full() {
    check(
        "place a prepaid 1x1000+130@600; pay p1 a 1000; pay p2 a 130; pay p3 a 50; cancel a",
        expect![[r#"
            place a prepaid 1x1000+130@600
            pay p1 a 1000
              E1: 1012 1000 / 2204 1000
            pay p2 a 130
              E1: 1012 130 / 2204 130
              a captured 1130
            pay p3 a 50
              E1: 1012 50 / 2204 50
            cancel a
              E12: 2204 1180 / 2241 1180
              a refund 1180
        "#]],
    );
}

#[test]
fn what_was_paid_goes_back_when_the_order_expires_and_so_does_what_comes_later() {
    check(
        "place a prepaid 1x1000+130@600; pay p1 a 500; expire a; pay p2 a 630; expire a; cancel a",
        expect![[r#"
            place a prepaid 1x1000+130@600
            pay p1 a 500
              E1: 1012 500 / 2204 500
            expire a
              E12: 2204 500 / 2241 500
              a refund 500
            pay p2 a 630
              E1: 1012 630 / 2204 630
              E12: 2204 630 / 2241 630
              a refund 630
            expire a
            cancel a
        "#]],
    );
}

#[test]
fn a_refused_parcel_comes_back_and_its_money_goes_back_when_the_order_completes() {
    check(
        "place a prepaid 2x2000+260@600; pay p1 a 2260; ship a 1 1:1; ship a 2 1:1; return a 1 1:1; \
         deliver a 2 1:1; complete a; return a 2 1:1; deliver a 1 1:1",
        expect![[r#"
            place a prepaid 2x2000+260@600
            pay p1 a 2260
              E1: 1012 2260 / 2204 2260
              a captured 2260
            ship a 1 1:1
              E3: 1406 600 / 1405 600
            ship a 2 1:1
              E3: 1406 600 / 1405 600
            return a 1 1:1
              E15: 1405.Q 600 / 1406 600
            deliver a 2 1:1
              E4: 1122.9 1130 / 6001 1000; 2221.P 130
              E5: 6401 600 / 1406 600
              E6: 1122 1130; 2221.P 130 / 1122.9 1130; 2221.O 130
              E7: 2204 1130 / 1122 1130
              a invoice 1970-000001 for parcel 2: 1000 + 130 = 1130, prepaid 1130, issued 1970-01-01, due 1970-01-01
            complete a
              E12: 2204 1130 / 2241 1130
              a settled: ordered 2260, invoiced 1130, paid 1130, open 0, cost 600, margin 400
              a refund 1130
            return a 2 1:1
            deliver a 1 1:1
        "#]],
    );
}

#[test]
fn money_waits_for_its_order() {
    check(
        "pay p1 a 1130; pay p2 a 5 USD; place a prepaid 1x1000+130@600",
        expect![[r#"
        pay p1 a 1130
        pay p2 a 5 USD
        place a prepaid 1x1000+130@600
          E1: 1012 1130 / 2204 1130
          a captured 1130
    "#]],
    );
}

#[test]
fn money_in_a_foreign_currency_is_not_booked() {
    check(
        "place a prepaid 1x1000+130@600; pay p1 a 1130 USD; complete a",
        expect![[r#"
        place a prepaid 1x1000+130@600
        pay p1 a 1130 USD
        complete a
          a settled: ordered 1130, invoiced 0, paid 0, open 0, cost 0, margin 0
    "#]],
    );
}

#[test]
fn a_payment_may_fail_and_then_go_through_but_never_change() {
    check(
        "place a prepaid 1x1000+130@600; fail p1 a 1130; fail p1 a 1130; pay p1 a 1130; \
         pay p1 a 1130; pay p1 a 1131; fail p1 a 1130; garble p1; pay p2 a 0; pay p3 a -5; cancel a",
        expect![[r#"
            place a prepaid 1x1000+130@600
            fail p1 a 1130
            fail p1 a 1130
            pay p1 a 1130
              E1: 1012 1130 / 2204 1130
              a captured 1130
            pay p1 a 1130
            pay p1 a 1131
            fail p1 a 1130
            garble p1
            pay p2 a 0
            pay p3 a -5
            cancel a
              E12: 2204 1130 / 2241 1130
              a refund 1130
            to clarify: p1, differs
            to clarify: p1, differs
            to clarify: p1, unreadable
            to clarify: p3, implausible
            to clarify: p2, implausible
        "#]],
    );
}

#[test]
fn goods_are_received_once_a_document() {
    check(
        "receive S-1 10@600 D-1; receive S-1 10@600 D-1; receive S-1 10@600 D-2; receive S-2 5@0 D-1; \
         receive S-2 9223372036854775807@2 D-2",
        expect![[r#"
            receive S-1 10@600 D-1
              E18: 1405 6000 / 2202.G 6000
            receive S-1 10@600 D-1
            receive S-1 10@600 D-2
              E18: 1405 6000 / 2202.G 6000
            receive S-2 5@0 D-1
            receive S-2 9223372036854775807@2 D-2
        "#]],
    );
}

#[test]
fn what_nobody_placed_is_not_booked() {
    check(
        "ship a 1 1:1; deliver a 1 1:1; return a 1 1:1; cancel a; complete a",
        expect![[r#"
        ship a 1 1:1
        deliver a 1 1:1
        return a 1 1:1
        cancel a
        complete a
    "#]],
    );
}

#[test]
fn nothing_is_billed_beyond_what_was_ordered() {
    check(
        "place a account 2x1000+0@10; deliver a 1 1:3 2:5; deliver a 2 1:1",
        expect![[r#"
        place a account 2x1000+0@10
        deliver a 1 1:3 2:5
          E3: 1406 30 / 1405 30
          E4: 1122.9 1000 / 6001 1000
          E5: 6401 30 / 1406 30
          E6: 1122 1000 / 1122.9 1000
          a invoice 1970-000001 for parcel 1: 1000 + 0 = 1000, prepaid 0, issued 1970-01-01, due 1970-01-31
        deliver a 2 1:1
          E3: 1406 10 / 1405 10
          E5: 6401 10 / 1406 10
          a invoice 1970-000002 for parcel 2: 0 + 0 = 0, prepaid 0, issued 1970-01-01, due 1970-01-31
    "#]],
    );
}

#[test]
fn an_order_that_costs_nothing_is_invoiced_all_the_same() {
    check(
        "place a account 1x0+0@0; deliver a 1 1:1; complete a",
        expect![[r#"
        place a account 1x0+0@0
        deliver a 1 1:1
          a invoice 1970-000001 for parcel 1: 0 + 0 = 0, prepaid 0, issued 1970-01-01, due 1970-01-31
        complete a
          a settled: ordered 0, invoiced 0, paid 0, open 0, cost 0, margin 0
    "#]],
    );
}

/// Tells the books a story, and compares all that is said and entered because of each line. The
/// notes between are passed on.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(story: &str, expected: Expect) {
    let mut books = Books::default();
    let mut written = String::new();
    for line in story.split(';') {
        writeln!(written, "{}", line.trim()).unwrap();
        let before = books.journal.entries().len();
        let said = tell(&mut books, read(line));
        let entered = &books.journal.entries()[before..];
        for it in entered.iter().map(write_entry).chain(said.iter().map(write)) {
            write!(written, "  {it}").unwrap();
        }
    }
    for odd in books.odd_reports.values() {
        writeln!(written, "to clarify: {}, {}", odd.payment.1, odd.oddity.name()).unwrap();
    }
    expected.assert_eq(&written);
}
