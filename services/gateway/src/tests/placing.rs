//! Placing orders, and what is said of it.

use contracts::Status;
use contracts::intake::{
    PlaceOrderAnswer, PlacementAccepted, PlacementConflict, PlacementDuplicate, PlacementRejected,
};
use expect_test::expect;
use serde_json::json;

use super::http::{FOR_WEBSHOP, Shop, WANG, WEBSHOP, problem, request};
use super::story::order;

const PLACE: &str = "POST /v1/orders";
const BODY: &str = r#"{"external_id": "W-1001", "customer": "C-7", "no": "such field"}"#;

fn accepted() -> PlacementAccepted {
    PlacementAccepted {
        order: order("a"),
        order_no: "K-a".to_owned(),
        external_id: "W-1001".parse().unwrap(),
        status: Status::Checking,
    }
}

#[tokio::test]
async fn an_order_is_handed_on_as_it_came() {
    let shop = Shop::open().await;
    shop.house.will_say::<PlaceOrderAnswer>(accepted());

    let reply = shop.send(PLACE, &[WANG, FOR_WEBSHOP, ("idempotency-key", "k1")], BODY).await;

    assert_eq!(reply.header("location"), format!("/v1/orders/{}", order("a")));
    expect![[r#"
        201 Created
        external_id "W-1001"
        order "00000000-0000-0000-0000-000000000061"
        order_no "K-a"
        page "intake:3:17"
        status "checking"
    "#]]
    .assert_eq(&reply.shown());
    expect![[r#"
        intake.place.v1 {"channel":"webshop","external_id":"W-1001","idempotency_key":"k1","entered_by":"wang.fang","order":{"customer":"C-7","external_id":"W-1001","no":"such field"}}
    "#]].assert_eq(&shop.house.told().1);
}

#[tokio::test]
async fn a_duplicate_is_answered_with_the_first_one() {
    let shop = Shop::open().await;
    let PlacementAccepted { order, order_no, external_id, .. } = accepted();
    let (status, by) = (Status::Shipped, "external_id".to_owned());
    shop.house.will_say::<PlaceOrderAnswer>(PlacementDuplicate {
        order,
        order_no,
        external_id,
        status,
        by,
    });

    let reply = shop.send(PLACE, &[WEBSHOP], BODY).await;

    assert_eq!((reply.status.as_u16(), reply.header("idempotency-replayed")), (200, "true"));
    assert_eq!(reply.json()["status"], "shipped");
}

#[tokio::test]
async fn a_name_that_stands_for_another_order_is_a_conflict() {
    let shop = Shop::open().await;
    for (by, status) in [("external_id", 409), ("po_number", 409), ("idempotency_key", 422)] {
        let PlacementAccepted { order, order_no, external_id, .. } = accepted();
        let by = by.to_owned();
        shop.house.will_say::<PlaceOrderAnswer>(PlacementConflict {
            order,
            order_no,
            external_id,
            by: by.clone(),
        });
        let reply = shop.send(PLACE, &[WEBSHOP], BODY).await;
        assert_eq!(reply.problem(), format!("{status} conflict: by {by}: K-a\n"));
        assert_eq!(reply.json()["order"], json!(order));
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_order_is_told_at_once() {
    let shop = Shop::open().await;
    shop.house.will_say::<PlaceOrderAnswer>(PlacementRejected {
        channel: "webshop".parse().unwrap(),
        external_id: "W-1001".parse().unwrap(),
        problems: vec![problem("/lines"), problem("/ship_to/name")],
    });
    let reply = shop.send(PLACE, &[WEBSHOP], BODY).await;
    expect![[r#"
        422 Unprocessable Entity
        detail "2 faults"
        errors [{"code":"required","expected":"a value","found":"","pointer":"/lines"},{"code":"required","expected":"a value","found":"","pointer":"/ship_to/name"}]
        status 422
        title "The order was not taken in"
        type "/problems/rejected"
    "#]].assert_eq(&reply.shown());
}

#[tokio::test]
async fn what_cannot_be_an_order_is_not_handed_on() {
    let shop = Shop::open().await;
    let mut told = String::new();
    for (headers, body) in [
        (&[][..], BODY),
        (&[("kontor-channel", "web shop")], BODY),
        (&[WEBSHOP, ("kontor-channel", "market")], BODY),
        (&[WEBSHOP, ("idempotency-key", "")], BODY),
        (&[WEBSHOP], "{"),
        (&[WEBSHOP], "[1]"),
        (&[WEBSHOP], "{} {}"),
        (&[WEBSHOP], r#"{"customer": "C-7"}"#),
        (&[WEBSHOP], r#"{"external_id": 7}"#),
        (&[WEBSHOP], r#"{"external_id": "W 1001"}"#),
        (&[WEBSHOP], &format!("{}1{}", "[".repeat(500), "]".repeat(500))),
        (&[WEBSHOP], &format!("\"{}\"", "x".repeat(64 * 1024))),
    ] {
        told += &(shop.send(PLACE, headers, body).await.problem().trim_end().to_owned() + "\n");
    }
    let mut text = request(PLACE, &[WEBSHOP], BODY);
    text.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    told += &shop.call(text).await.problem();

    assert_eq!(shop.house.told().1, "");
    expect![[r#"
        400 malformed: The header Kontor-Channel: for which channel?
        400 malformed: The header Kontor-Channel: "web shop" is not 1 to 64 printable ASCII characters without space . * > " % < or \
        403 channel:
        400 malformed: The header Idempotency-Key: 1 to 255 visible ASCII characters
        400 malformed: EOF while parsing an object at line 1 column 1
        422 invalid: 1 fault
        /external_id required: "", not how the channel calls the order
        400 malformed: trailing characters at line 1 column 4
        422 invalid: 1 fault
        /external_id required: "", not how the channel calls the order
        422 invalid: 1 fault
        /external_id type: "7", not a text of 1 to 64 printable ASCII characters
        422 invalid: 1 fault
        /external_id format: "W 1001", not "W 1001" is not 1 to 64 printable ASCII characters without space . * > " % < or \
        400 malformed: recursion limit exceeded at line 1 column 128
        413 too-large:
        415 media-type: Content-Type: application/json
    "#]].assert_eq(&told);
}
