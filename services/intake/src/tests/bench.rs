//! The store and the handler: with a database, and in one transaction a batch.

use contracts::intake::{
    LineBuckets, ListItem, PlaceOrder, PlacementAccepted, PlacementDuplicate, Problem, UnitsOf,
    WhoOrdered,
};
use contracts::{Cents, Command, Key, Kind, Language, Message, OrderId};
use expect_test::expect;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use testbench::Bench;

use super::goods::catalogue;
use super::telling::{but, order_called, place, read, submission, submit, tell};
use crate::{Inbound, Intake, Outbound, store};

type Desk = Bench<Intake>;

async fn stocked() -> Desk {
    let mut bench = Bench::of(Intake).await;
    hear(&mut bench, catalogue()).await;
    bench
}

async fn hear(bench: &mut Desk, messages: Vec<Inbound>) -> Vec<Outbound> {
    let inputs = bench.post(messages);
    bench.hear(&inputs).await
}

fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

fn told(said: &[Outbound]) -> String {
    said.iter().map(tell).collect()
}

/// [`PlaceOrder`], read with all that is said because of it, to everyone too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct HandIn(PlaceOrder);

impl Message for HandIn {
    const SUBJECT: &'static str = PlaceOrder::SUBJECT;
    const KIND: Kind = PlaceOrder::KIND;

    fn key(&self) -> Key {
        self.0.key()
    }
}

impl Command for HandIn {
    type Answer = Outbound;
}

/// Hands an order in, and waits for the answer.
async fn ask(bench: &mut Desk, call: &str, order: PlaceOrder) -> Outbound {
    bench.ask(call, &HandIn(order)).await.pop().unwrap()
}

fn accepted(answer: &Outbound) -> &PlacementAccepted {
    if let Outbound::PlacementAccepted(it) = answer { it } else { panic!("{answer:?}") }
}

fn duplicate(answer: &Outbound) -> &PlacementDuplicate {
    if let Outbound::PlacementDuplicate(it) = answer { it } else { panic!("{answer:?}") }
}

fn problems(answer: &Outbound) -> &[Problem] {
    if let Outbound::PlacementRejected(it) = answer { &it.problems } else { panic!("{answer:?}") }
}

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Intake).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, order_no text, channel text, external_id text, customer text, terms text, currency text, total_cents int8, process text, shown text, number int8, course json
        (uuid[]) -> order_id uuid, consignee json, place json, email text, language text
        (uuid[]) -> order_id uuid, order_no text, external_id text, shown text
        (uuid[], text[], text[], text[], text[], text[], text[], int8[], text[], text[], int8[], text[]) -> nothing
        (uuid[], text[], text[], bytea[], timestamptz[], text[]) -> nothing
        (uuid[], text[], text[], text[], text[]) -> nothing
        (uuid[], text[], text[], int8[], text[]) -> nothing
        (text[], text[]) -> channel text, external_id text, order_id uuid, digest bytea, told int8, digests bytea
        (text[], text[], int8[], bytea[]) -> nothing
        (text[], text[], text[]) -> nothing
        (text[], text[], text[]) -> kind text, owner text, key text, order_id uuid, digest bytea, since timestamptz
        (text[], text[], text[], uuid[], bytea[], timestamptz[]) -> nothing
        (int4, int8) -> last int8
        (text[]) -> sku text, name text, category text, unit_price_cents int8, currency text, unit_cost_cents int8, tax_rate int8, weight_g int8, pack int8, max_quantity int8, active bool
        (text[]) -> customer text, name text, tier text, on_account bool, language text
        (text[], text[], text[], int8[], text[], int8[], int8[], int8[], int8[], int8[], bool[]) -> nothing
        (text[], text[], text[], bool[], text[]) -> nothing
    "#]].assert_eq(&bench.signatures(&store::statements()).await);
}

#[tokio::test]
async fn the_same_order_five_times_at_once_is_one_order() {
    let mut bench = stocked().await;
    let five = (0..5).map(|_| place("a", submission("on_account")).into());
    let said = hear(&mut bench, five.collect()).await;
    expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
    "#]]
    .assert_eq(&told(&said));

    let again = ask(&mut bench, "later", place("a", submission("on_account"))).await;
    assert_eq!(duplicate(&again).order_no, "K00-000001");
    let orders: i64 =
        sqlx::query_scalar("select count(*) from sales_order").fetch_one(&bench.db).await.unwrap();
    assert_eq!(orders, 1);
}

#[tokio::test]
async fn the_same_command_gets_the_same_answer() {
    let mut bench = stocked().await;
    let first = ask(&mut bench, "call 1", place("a", submission("prepaid"))).await;
    let repeated = ask(&mut bench, "call 1", place("a", submission("prepaid"))).await;
    let another = ask(&mut bench, "call 2", place("a", submission("prepaid"))).await;

    assert_eq!(first, repeated);
    assert_eq!(accepted(&first).order, duplicate(&another).order);
    let other = but(submission("prepaid"), "/urgent", json!(true));
    let conflict = ask(&mut bench, "call 3", place("a", other)).await;
    assert!(matches!(conflict, Outbound::PlacementConflict(_)));
}

/// An order number, or an idempotency key, may come up in two partitions at once; one of them wins.
#[tokio::test]
async fn a_key_is_taken_once_in_all_partitions() {
    let (mut left, mut right) = Bench::two_of(Intake).await;
    hear(&mut left, catalogue()).await;
    for nth in 0..5 {
        let order = but(submission("prepaid"), "/po_number", json!(format!("PO {nth}")));
        // With the key of the request, or by the customer's number alone.
        let key = (nth % 2 == 0).then(|| format!("request {nth}"));
        let [one, two] = ["l", "r"].map(|it| PlaceOrder {
            idempotency_key: key.clone(),
            ..place(&format!("{it}{nth}"), order.clone())
        });
        let [left_call, right_call] = ["l", "r"].map(|it| format!("{it}{nth}"));
        let (one, two) =
            tokio::join!(ask(&mut left, &left_call, one), ask(&mut right, &right_call, two));
        let in_time = matches!(one, Outbound::PlacementAccepted(_));
        let (first, second) = if in_time { (one, two) } else { (two, one) };
        let (first, second) = (accepted(&first), duplicate(&second));
        assert_eq!((first.order, &first.order_no), (second.order, &second.order_no));
        assert_eq!(first.external_id, second.external_id);
        assert_eq!(second.by, if key.is_some() { "idempotency_key" } else { "po_number" });
    }
}

#[tokio::test]
async fn what_was_refused_on_the_stream_is_remembered() {
    let mut bench = stocked().await;
    let wrong = || submit("a", but(submission("prepaid"), "/total", json!(1))).into();
    let other = || submit("a", but(submission("prepaid"), "/urgent", json!(true))).into();
    let right = || submit("a", submission("prepaid")).into();
    let mut said = vec![];
    for message in [wrong(), right(), other(), wrong(), right(), other()] {
        said.extend(hear(&mut bench, vec![message]).await);
    }
    said.extend(hear(&mut bench, story("approve a; claim a 1:2 2:12 soft")).await);
    expect![[r#"
        a 1 rejected by kontor
          sum.total at "/total": "1", expected lines + tax + freight - discount = 7806
        placed K00-000002, CNY 7806
        a 2 checking by channel:shop
        a 3 rejected by kontor
          conflict at "/external_id": "a", expected a name that order K00-000002 (a) does not bear
        payment of CNY 7806 until 1970-01-01T00:30:00Z
        a 4 awaiting_payment by kontor
    "#]]
    .assert_eq(&told(&said));
}

/// Ends with every kind of thing that is stored of an order.
const LONG: &str = "place a on_account; place b prepaid; hold a; claim a 1:2 - 2:12; approve b; \
    claim b 1:2 2:12 soft; unclaim b 2:12; release a; promote a 1:2; pick a s1 1:2; cancel a; \
    pay b; promote b 1:2; fill a 2:6; pick a s2 2:6; claim#2 b 2:12 soft; promote b 1:2 2:12; \
    unclaim b 1:1; not-withdrawn a -; picked a s1 1:1 - 1:1; packed a s1 1:1; shipped a s1 1:1; \
    pick b s1 1:1 2:12; start b s1; picked b s1 1:1 2:12; packed b s1 1:1 2:12; door a s1 1:1; \
    shipped b s1 1:1 2:12; delivered b s1 1:1 2:12; fail#3 b 1:1; returned a s1 1:1; invoice b s1";

/// What is stored is what is remembered, wherever the batches end.
#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let (mut together, mut apart) = (stocked().await, stocked().await);
    let at_once = hear(&mut together, story(LONG)).await;
    let mut in_turn = Vec::new();
    for message in story(LONG) {
        in_turn.extend(hear(&mut apart, vec![message]).await);
    }
    assert_eq!(at_once, in_turn);
    expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        placed K00-000002, CNY 7806
        b 1 checking by clerk
        held
        a 2 credit_hold, credit_review by kontor
        payment of CNY 7806 until 1970-01-01T00:30:00Z
        b 2 awaiting_payment by kontor
        source#2 2:12, not from ["W1"], ClaimWithdrawn
        promote
        consignee 王小明 +8613800138000 江苏
        confirmed
        a 3 confirmed, credit_released by kontor
        a 4 released by kontor
        cancellation asked by clerk
        promote
        consignee 王小明 +8613800138000 江苏
        confirmed
        b 3 confirmed, paid by kontor
        promote
        source#3 1:1, not from ["W1"], ClaimWithdrawn
        a 5 picking by W1
        source#2 1:1, not from ["W1"], ShortPick
        a 6 partially_shipped by W1
        b 4 released by kontor
        b 5 picking by W1
        b 6 partially_shipped by W1
        b 7 delivered, no_supply by kontor
        a 7 released, returned by W1
        completed
        b 8 completed by kontor
    "#]]
    .assert_eq(&told(&at_once));
}

/// What an order waits for outlasts a batch, too.
#[tokio::test]
async fn what_is_waited_for_is_stored() {
    let mut bench = stocked().await;
    let mut said = vec![];
    let lines = "place a on_account; approve a; claim a 1:2 2:12; unclaim a 1:1; unclaim a 2:12; \
        claim#2 a 1:1; claim#3 a 2:12 @W2; pick a s1 1:2; cancel a; withdrawn a -";
    for message in story(lines) {
        said.extend(hear(&mut bench, vec![message]).await);
    }
    expect![[r#"
        placed K00-000001, CNY 7806
        a 1 checking by clerk
        consignee 王小明 +8613800138000 江苏
        confirmed
        a 2 confirmed by kontor
        source#2 1:1, not from ["W1"], ClaimWithdrawn
        source#3 2:12, not from ["W1"], ClaimWithdrawn
        a 3 released by kontor
        cancellation asked by clerk
        cancelled: Asked by clerk (changed)
        a 4 cancelled, asked by clerk
    "#]]
    .assert_eq(&told(&said));
}

#[tokio::test]
async fn what_is_heard_twice_is_decided_once() {
    let mut bench = stocked().await;
    let inputs = bench.post(story(LONG));
    let first = bench.hear(&inputs).await;
    assert!(!first.is_empty());
    assert!(bench.hear(&inputs).await.is_empty());
}

#[tokio::test]
async fn an_order_that_is_not_paid_expires_by_itself() {
    let mut bench = stocked().await;
    hear(&mut bench, story("place a prepaid; approve a; claim a 1:2 2:12 soft")).await;

    let early = bench.wait(SignedDuration::from_mins(29)).await;
    let due = bench.wait(SignedDuration::from_mins(1)).await;
    let late = bench.wait(SignedDuration::from_hours(1)).await;

    assert!(early.is_empty());
    assert_eq!(told(&due), "expired\na 3 expired, payment_overdue by kontor\n");
    assert!(late.is_empty());
}

#[tokio::test]
async fn a_hold_that_nobody_decides_ends_by_itself() {
    let mut bench = stocked().await;
    hear(&mut bench, story("place a on_account; place b on_account; hold a; hold b; release b"))
        .await;
    let due = bench.wait(SignedDuration::from_hours(7 * 24)).await;
    let expected = "cancelled: HoldOverdue by kontor ()\na 3 cancelled, hold_overdue by kontor\n";
    assert_eq!(told(&due), expected);
}

#[tokio::test]
async fn who_ordered_is_told_to_who_asks() {
    let mut bench = stocked().await;
    hear(&mut bench, story("place a prepaid")).await;
    let known = bench.question(&WhoOrdered { order: order_called("a") }).await.unwrap();
    assert_eq!((known.name.as_str(), known.language), ("王小明", Language::English));
    assert_eq!(known.email.as_deref(), Some("wang@example.cn"));
    let unknown = WhoOrdered { order: OrderId(contracts::Uuid::nil()) };
    assert_eq!(bench.question(&unknown).await, None);
}

#[tokio::test]
async fn where_the_units_of_an_order_are_is_told_line_by_line() {
    let mut bench = stocked().await;
    let mut shown = String::new();
    let steps = "place a on_account; approve a; claim a 1:2 - 2:12; pick a s1 1:2; \
        picked a s1 1:1 - 1:1; packed a s1 1:1; shipped a s1 1:1";
    for message in story(steps) {
        hear(&mut bench, vec![message]).await;
        let lines = bench.question(&UnitsOf { order: order_called("a") }).await;
        let told = |it: &LineBuckets| serde_json::to_string(&it.buckets).unwrap();
        shown += &(lines.iter().map(told).collect::<Vec<_>>().join(" ") + "\n");
        assert!(lines.iter().map(|it| it.line).eq([1, 2]));
    }
    expect![[r#"
        {"unsourced":2} {"unsourced":12}
        {"unsourced":2} {"unsourced":12}
        {"reserved":2} {"backordered":12}
        {"released":2} {"backordered":12}
        {"unsourced":1,"picked":1} {"backordered":12}
        {"unsourced":1,"packed":1} {"backordered":12}
        {"unsourced":1,"shipped":1} {"backordered":12}
    "#]]
    .assert_eq(&shown);
    let unknown = UnitsOf { order: OrderId(contracts::Uuid::nil()) };
    assert_eq!(bench.question(&unknown).await, []);
}

/// Later orders follow the catalogue, earlier ones do not; and what cannot be sold is not.
#[tokio::test]
async fn the_catalogue_is_followed_from_the_next_order_on() {
    let mut bench = stocked().await;
    hear(&mut bench, story("place a prepaid")).await;
    let mut dearer = catalogue().remove(0);
    if let Inbound::ListItem(it) = &mut dearer {
        it.unit_price.0 += 1;
        it.name = "a\u{0}mug".to_owned();
    }
    hear(&mut bench, vec![dearer]).await;
    let answer = ask(&mut bench, "b", place("b", submission("prepaid"))).await;
    assert_eq!(problems(&answer)[0].code, "price.list");
    let answer = ask(&mut bench, "a", place("a", submission("prepaid"))).await;
    assert_eq!(duplicate(&answer).by, "external_id");

    // A pack of nothing; a line that no ledger could hold, at 1,200 for the most.
    let change: [fn(&mut ListItem); 2] =
        [|it| it.pack = 0, |it| it.unit_cost = Cents(100_000_000_000)];
    for (change, name) in change.into_iter().zip(["c", "d"]) {
        let mut unsellable = catalogue().remove(1);
        if let Inbound::ListItem(it) = &mut unsellable {
            change(it);
        }
        hear(&mut bench, vec![unsellable]).await;
        let answer = ask(&mut bench, name, place(name, submission("prepaid"))).await;
        assert_eq!(problems(&answer)[1].code, "sku.inactive");
    }
}

/// Numbers are never given twice, whatever the batches.
#[tokio::test]
async fn order_numbers_are_unique() {
    let mut bench = stocked().await;
    let mut numbers = std::collections::BTreeSet::new();
    for round in 0..3 {
        let batch =
            (0..4).map(|nth| place(&format!("{round}-{nth}"), submission("prepaid")).into());
        for it in hear(&mut bench, batch.collect()).await {
            if let Outbound::OrderPlaced(it) = it {
                assert!(numbers.insert(it.order_no));
            }
        }
    }
    assert_eq!(numbers.len(), 12);
}
