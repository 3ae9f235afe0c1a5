//! Handing orders in: what is refused, and what is the same.

use contracts::Timestamp;
use contracts::intake::PlaceOrder;
use expect_test::{Expect, expect};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::goods::catalogue;
use super::telling::{START, books, but, cancel, order_called, place, submission, submit, tell};
use crate::books::Books;
use crate::{Inbound, Outbound};

/// Hands these in, one after the other, and compares all that is said.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(handed: Vec<Inbound>, expected: Expect) {
    let mut books = books();
    let said: String = handed.into_iter().map(|it| hear(&mut books, START, it)).collect();
    expected.assert_eq(&said);
}

fn hear(books: &mut Books, now: Timestamp, message: Inbound) -> String {
    books.decide(now, message).iter().map(tell).collect()
}

fn order() -> Value {
    submission("on_account")
}

// ---- What is refused ---------------------------------------------------------------------------

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let order = json!({
        "external_id": "b", "customer": "no good", "terms": "on_account", "currency": "cny",
        "po_number": "", "kind": "huge", "urgent": "yes", "language": "fr", "remark": "a\u{0}b",
        "gift/wrap": true,
        "lines": [
            { "sku": "OLD", "quantity": 1.5, "unit_price": 100 },
            { "sku": "TEAPOT", "quantity": 0, "unit_price": -1, "colour": "red" },
            { "sku": "BOX", "quantity": 1201, "unit_price": 99 },
            "MUG",
        ],
        "tax": "13", "freight": null, "discount": 9_223_372_036_854_775_807_u64, "total": 1,
        "ship_to": {
            "name": " ", "phone": "+86 12345", "email": "wang@", "province": "江苏", "city": "南京",
            "street": 1, "postcode": "100000",
        },
    });
    check(
        vec![place("a", order).into()],
        expect![[r#"
            rejected
              unknown at "/gift~1wrap": "true", expected one of external_id, customer, terms, currency, po_number, kind, urgent, language, remark, lines, tax, freight, discount, total, ship_to
              external_id.other at "/external_id": "b", expected the subject's, a
              token at "/customer": "no good", expected 1 to 64 printable ASCII characters without space . * > " % < \
              currency at "/currency": "cny", expected an ISO 4217 code: CNY
              length at "/po_number": "", expected 1 to 64 characters
              value at "/kind": "huge", expected one of standard, bulk
              type at "/urgent": "yes", expected true or false
              value at "/language": "fr", expected one of zh-CN, en
              characters at "/remark": "a\0b", expected a text without control characters
              type at "/lines/0/quantity": "1.5", expected a whole number
              unknown at "/lines/1/colour": "red", expected one of sku, quantity, unit_price
              range at "/lines/1/quantity": "0", expected 1 to 1000000
              range at "/lines/1/unit_price": "-1", expected 0 to 100000000000000
              type at "/lines/3": "MUG", expected an object
              type at "/tax": "13", expected a whole number
              required at "/freight": "", expected a value
              range at "/discount": "9223372036854775807", expected 0 to 100000000000000
              length at "/ship_to/name": " ", expected 1 to 100 characters
              phone.format at "/ship_to/phone": "+86 12345", expected a mobile number of mainland China, or a number in E.164
              email at "/ship_to/email": "wang@", expected a mail address
              required at "/ship_to/district": "", expected a value
              postcode.province at "/ship_to/postcode": "100000", expected a postcode of 江苏, which begins with 21 or 22
              type at "/ship_to/street": "1", expected a text
              sku.inactive at "/lines/0/sku": "OLD", expected an active item of the catalogue
              sku.unknown at "/lines/1/sku": "TEAPOT", expected an active item of the catalogue
              quantity.max at "/lines/2/quantity": "1201", expected no more than 1200
              quantity.pack at "/lines/2/quantity": "1201", expected a multiple of 12
              price.list at "/lines/2/unit_price": "99", expected the list price, 100 (CNY 1.00)
              terms.on_account at "/terms": "on_account", expected prepaid: only a registered customer that may orders on account
        "#]],
    );
}

#[test]
fn what_is_no_order_at_all_is_refused() {
    let handed = [json!(null), json!([1]), json!({}), json!({ "lines": [] })];
    check(
        handed.map(|it| place("a", it).into()).into(),
        expect![[r#"
            rejected
              type at "": "null", expected an object
            rejected
              type at "": "[1]", expected an object
            rejected
              required at "/customer": "", expected a value
              required at "/terms": "", expected a value
              required at "/currency": "", expected a value
              required at "/lines": "", expected a value
              required at "/tax": "", expected a value
              required at "/freight": "", expected a value
              required at "/discount": "", expected a value
              required at "/total": "", expected a value
              required at "/ship_to": "", expected a value
            rejected
              required at "/customer": "", expected a value
              required at "/terms": "", expected a value
              required at "/currency": "", expected a value
              length at "/lines": "0", expected 1 to 500 lines
              required at "/tax": "", expected a value
              required at "/freight": "", expected a value
              required at "/discount": "", expected a value
              required at "/total": "", expected a value
              required at "/ship_to": "", expected a value
        "#]],
    );
}

#[test]
fn the_sum_has_to_be_exact() {
    check(
        vec![
            place("a", but(order(), "/total", json!(7805))).into(),
            place("a", but(order(), "/discount", json!(6201))).into(),
            place("a", but(order(), "/lines/0/unit_price", json!(100_000_000_000_000_i64))).into(),
        ],
        expect![[r#"
            rejected
              sum.total at "/total": "7805", expected lines + tax + freight - discount = 7806
            rejected
              discount.range at "/discount": "6201", expected no more than the lines, 6200
              sum.total at "/total": "7806", expected lines + tax + freight - discount = 1805
            rejected
              range at "/lines/0/unit_price": "100000000000000", expected a line of no more than 100000000000000
              price.list at "/lines/0/unit_price": "100000000000000", expected the list price, 2500 (CNY 25.00)
        "#]],
    );
}

#[test]
fn only_who_may_orders_on_account_and_only_in_the_currency_of_the_list() {
    check(
        vec![
            place("a", but(order(), "/customer", json!("WALK-IN"))).into(),
            place("b", but(order(), "/currency", json!("USD"))).into(),
            place("c", but(submission("prepaid"), "/customer", json!("WALK-IN"))).into(),
        ],
        expect![[r#"
            rejected
              terms.on_account at "/terms": "on_account", expected prepaid: only a registered customer that may orders on account
            rejected
              price.currency at "/lines/0/unit_price": "USD", expected the list price, 2500 (CNY 25.00)
              price.currency at "/lines/1/unit_price": "USD", expected the list price, 100 (CNY 1.00)
            placed K00-000001, CNY 7806
            c 1 checking by clerk
            accepted as K00-000001, checking
        "#]],
    );
}

#[test]
fn an_order_has_500_lines_at_most_and_no_answer_is_endless() {
    let line = json!({ "sku": "MUG", "quantity": 1, "unit_price": 2500, "x": 1 });
    let order = but(order(), "/lines", vec![line; 501].into());
    let mut books = books();
    let said = books.decide(START, place("a", order).into());
    let [Outbound::PlacementRejected(it)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(it.problems.len(), 500);
    assert_eq!(it.problems[0].code, "length");
    assert!(it.problems.iter().all(|it| it.code != "sum.total"));
}

#[test]
fn an_order_to_another_country_needs_no_province() {
    let to = json!({
        "name": "Ann", "phone": "+44 20 7946 0018", "country": "GB", "city": "London",
        "street": "1 Strand",
    });
    check(
        vec![
            place("a", but(order(), "/ship_to", to.clone())).into(),
            place("b", but(order(), "/ship_to", but(to.clone(), "/phone", json!("138001380"))))
                .into(),
            place("c", but(order(), "/ship_to", but(to, "/country", json!("England")))).into(),
        ],
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            rejected
              phone.format at "/ship_to/phone": "138001380", expected a mobile number of mainland China, or a number in E.164
            rejected
              country at "/ship_to/country": "England", expected two capital letters of ISO 3166-1: CN
        "#]],
    );
}

// ---- What is the same --------------------------------------------------------------------------

#[test]
fn the_same_order_five_times_is_one_order() {
    let five = (0..5).map(|_| place("a", order()).into());
    check(
        five.collect(),
        expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        duplicate of K00-000001 (checking) by external_id
        duplicate of K00-000001 (checking) by external_id
        duplicate of K00-000001 (checking) by external_id
        duplicate of K00-000001 (checking) by external_id
    "#]],
    );
}

#[test]
fn the_same_name_for_another_order_is_a_conflict() {
    check(
        vec![
            place("a", order()).into(),
            place("a", but(order(), "/remark", json!("please"))).into(),
            place("a", but(order(), "/external_id", json!("a"))).into(),
        ],
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            conflict with K00-000001 by external_id
            duplicate of K00-000001 (checking) by external_id
        "#]],
    );
}

#[test]
fn an_idempotency_key_stands_for_30_days() {
    let keyed = |external_id: &str, order| PlaceOrder {
        idempotency_key: Some("request 1".to_owned()),
        ..place(external_id, order)
    };
    let mut books = books();
    let late = START + SignedDuration::from_hours(30 * 24);
    let said = [
        hear(&mut books, START, keyed("a", order()).into()),
        hear(&mut books, START, keyed("b", order()).into()),
        hear(&mut books, START, keyed("c", but(order(), "/urgent", json!(true))).into()),
        hear(&mut books, late, keyed("d", order()).into()),
        hear(&mut books, late, keyed("e", order()).into()),
    ];
    expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        duplicate of K00-000001 (checking) by idempotency_key
        conflict with K00-000001 by idempotency_key
        placed K00-000002, CNY 7806
        d 1 checking by clerk
        accepted as K00-000002, checking
        duplicate of K00-000002 (checking) by idempotency_key
    "#]]
    .assert_eq(&said.concat());
}

#[test]
fn a_customers_order_number_stands_for_twelve_months() {
    let numbered = |text: &str| but(order(), "/po_number", json!(text));
    let mut books = books();
    let late = START + SignedDuration::from_hours(365 * 24);
    let said = [
        hear(&mut books, START, place("a", numbered("PO 1")).into()),
        hear(&mut books, START, place("b", numbered(" PO 1")).into()),
        hear(&mut books, START, place("b", numbered("PO 1")).into()),
        hear(&mut books, START, submit("c", numbered("PO 1")).into()),
        hear(&mut books, START, submit("c", but(numbered("PO 1"), "/urgent", json!(true))).into()),
        hear(&mut books, START, place("d", numbered("PO 2")).into()),
        hear(&mut books, late, place("e", numbered("PO 1")).into()),
    ];
    expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        accepted as K00-000001, checking
        conflict with K00-000001 by po_number
        duplicate of K00-000001 (checking) by po_number
        c 1 rejected by kontor
          duplicate at "/po_number": "PO 1", expected a name that order K00-000001 (a) does not bear
        c 2 rejected by kontor
          conflict at "/po_number": "PO 1", expected a name that order K00-000001 (a) does not bear
        placed K00-000002, CNY 7806
        d 1 checking by clerk
        accepted as K00-000002, checking
        placed K00-000003, CNY 7806
        e 1 checking by clerk
        accepted as K00-000003, checking
    "#]]
    .assert_eq(&said.concat());
}

#[test]
fn the_stream_is_answered_with_statuses_and_may_come_again() {
    let wrong = || but(order(), "/total", json!(1));
    let other = || but(order(), "/urgent", json!(true));
    let once = || -> Vec<Inbound> {
        vec![submit("a", wrong()).into(), submit("a", order()).into(), submit("a", other()).into()]
    };
    let cancelled = cancel(order_called("a"), Some("shop"));
    let all = [once(), once(), vec![cancelled.into()], once()].concat();
    check(
        all,
        expect![[r#"
            a 1 rejected by kontor
              sum.total at "/total": "1", expected lines + tax + freight - discount = 7806
            placed K00-000001, CNY 7806
            a 2 checking by channel:shop
            a 3 rejected by kontor
              conflict at "/external_id": "a", expected a name that order K00-000001 (a) does not bear
            cancelled: Asked by clerk (changed)
            a 4 cancelled, asked by clerk
        "#]],
    );
}

#[test]
fn a_refused_order_may_be_handed_in_again_when_it_is_right() {
    let order = || but(order(), "/lines/0/sku", json!("TEAPOT"));
    let mut said = vec![];
    let mut books = books();
    said.push(hear(&mut books, START, place("a", order()).into()));
    said.push(hear(&mut books, START, submit("a", order()).into()));
    let mut listed = catalogue().remove(0);
    if let Inbound::ListItem(it) = &mut listed {
        it.sku = "TEAPOT".parse().unwrap();
    }
    said.push(hear(&mut books, START, listed));
    said.push(hear(&mut books, START, submit("a", order()).into()));
    said.push(hear(&mut books, START, place("a", order()).into()));
    expect![[r#"
        rejected
          sku.unknown at "/lines/0/sku": "TEAPOT", expected an active item of the catalogue
        a 1 rejected by kontor
          sku.unknown at "/lines/0/sku": "TEAPOT", expected an active item of the catalogue
        placed K00-000001, CNY 7806
        a 2 checking by clerk
        accepted as K00-000001, checking
    "#]]
    .assert_eq(&said.concat());
}

#[test]
fn a_channel_takes_back_its_own_orders_only() {
    let order_id = order_called("a");
    check(
        vec![
            place("a", order()).into(),
            cancel(order_id, Some("market")).into(),
            cancel(order_id, Some("shop")).into(),
        ],
        expect![[r#"
            placed K00-000001, CNY 7806
            a 1 checking by clerk
            accepted as K00-000001, checking
            not cancelled: Unknown, None
            cancelled: Asked by clerk (changed)
            a 2 cancelled, asked by clerk
        "#]],
    );
}
