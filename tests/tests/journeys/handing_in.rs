//! Handing in orders: over NATS, over the stream, over HTTP; twice, wrongly, and all at once.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};
use contracts::Status::{AwaitingPayment, Checking, Rejected};
use contracts::intake::{OrderStatus, Placement};
use contracts::{Currency, OrderId, Status};
use serde_json::{Value, json};
use whole_house::{Draft, PATIENCE, Shop, eventually};

use crate::visit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handing_in() -> anyhow::Result<()> {
    visit("handing-in", async |shop| {
        the_same_again_is_the_same_order(shop).await?;
        the_same_name_for_another_order_is_a_conflict(shop).await?;
        a_customers_number_names_one_order(shop).await?;
        a_transports_key_names_one_request(shop).await?;
        what_is_refused_may_be_put_right(shop).await?;
        everything_wrong_is_told_at_once(shop).await
    })
    .await
}

/// Each order five times at once, over every way there is: it is one order, whoever asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_times_at_once() -> anyhow::Result<()> {
    visit("five-times", async |shop| {
        let tea = shop.sells("TEA", 12_800, &[("WH-A", 100)]).await?;
        for nth in 0..20 {
            let name = format!("FIVE-{nth}");
            let order = serde_json::to_value(Draft::prepaid(&name)?.line(&tea, 1).order())?;
            let web = &shop.web;
            let (one, two, three, ..) = tokio::try_join!(
                web.ask(&order),
                web.ask(&order),
                web.post(&order, None),
                web.submit(&name, &order),
                web.submit(&name, &order),
            )?;
            let told = first_status(shop, &name).await?;
            let answered = [
                order_of(&one),
                order_of(&two),
                three.1["order"].as_str().and_then(|it| it.parse().ok()).map(OrderId),
                told.order,
            ];
            let orders: BTreeSet<Option<OrderId>> = answered.into_iter().collect();
            ensure!(orders.len() == 1 && !orders.contains(&None), "{name}: {answered:?}");
            let taken_in = |it: &Placement| usize::from(matches!(it, Placement::Accepted(_)));
            let accepted = taken_in(&one) + taken_in(&two) + usize::from(three.0 == 201);
            ensure!(accepted <= 1, "{name} was taken in {accepted} times");
        }
        shop.audit().await?;
        assert_eq!(shop.shelf(&tea, "WH-A").await?, [100, 20, 0], "one unit an order");
        let listed = shop.clerk.reads("/v1/orders?limit=100").await?;
        let listed = listed["orders"].as_array().context("no list")?.len();
        assert_eq!(listed, 20);
        Ok(())
    })
    .await
}

/// Over NATS, HTTP and the stream, and with its fields in another order.
async fn the_same_again_is_the_same_order(shop: &Shop) -> anyhow::Result<()> {
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 10)]).await?;
    let order = serde_json::to_value(Draft::prepaid("D-1")?.line(&tea, 1).order())?;
    let first = shop.web.ask(&order).await?;
    let id = order_of(&first).context("not accepted")?;
    ensure!(matches!(first, Placement::Accepted(_)), "{first:?}");
    shop.reaches(id, AwaitingPayment).await?;

    let again = shop.web.ask(&order).await?;
    let Placement::Duplicate(it) = again else { bail!("{again:?}") };
    assert_eq!((it.order, it.status, &*it.by), (id, AwaitingPayment, "external_id"));
    let (status, answer) = shop.web.post(&order, None).await?;
    assert_eq!((status, &answer["order"]), (200, &json!(id)), "{answer}");
    shop.web.submit("D-1", &order).await?;
    shop.audit().await?;
    shop.web.is_told("D-1", &[Checking, AwaitingPayment]).await?;

    // Names are a channel's own.
    let other = shop.market.ask(&order).await?;
    ensure!(matches!(&other, Placement::Accepted(it) if it.order != id), "{other:?}");
    shop.audit().await
}

async fn the_same_name_for_another_order_is_a_conflict(shop: &Shop) -> anyhow::Result<()> {
    let cup = shop.sells("CUP", 3_900, &[("WH-A", 10)]).await?;
    let id = shop.web.place(&Draft::prepaid("D-2")?.line(&cup, 1).order()).await?;
    shop.reaches(id, AwaitingPayment).await?;
    let other = serde_json::to_value(Draft::prepaid("D-2")?.line(&cup, 2).order())?;
    let answer = shop.web.ask(&other).await?;
    let Placement::Conflict(it) = answer else { bail!("{answer:?}") };
    assert_eq!((it.order, &*it.by), (id, "external_id"));
    let (status, answer) = shop.web.post(&other, None).await?;
    assert_eq!((status, &answer["order"]), (409, &json!(id)), "{answer}");
    shop.web.submit("D-2", &other).await?;
    let refused = refusal(shop, "D-2").await?;
    assert_eq!(
        codes(&serde_json::to_value(&refused.problems)?),
        BTreeSet::from(["conflict".into()])
    );
    shop.audit().await?;
    assert_eq!(shop.shelf(&cup, "WH-A").await?, [10, 1, 0], "nothing changed");
    // The order goes on, and its next status has the next number.
    shop.web.cancel(id, "enough").await?;
    shop.web.is_told("D-2", &[Checking, AwaitingPayment, Rejected, Status::Cancelled]).await?;
    shop.audit().await
}

/// A customer's own number names one order of theirs, whatever the storefront calls it.
async fn a_customers_number_names_one_order(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-PO", 100_000_000, 98).await?;
    let pot = shop.sells("POT", 28_800, &[("WH-A", 10)]).await?;
    let order = |name, units| -> anyhow::Result<Value> {
        let draft = Draft::on_account(name, "C-PO")?.line(&pot, units).po_number("PO-1");
        Ok(serde_json::to_value(draft.order())?)
    };
    let id = order_of(&shop.web.ask(&order("D-3A", 1)?).await?).context("not accepted")?;
    let again = shop.market.ask(&order("D-3B", 1)?).await?;
    let Placement::Duplicate(it) = again else { bail!("{again:?}") };
    assert_eq!((it.order, &*it.by), (id, "po_number"));
    let (status, answer) = shop.web.post(&order("D-3C", 2)?, None).await?;
    assert_eq!((status, &answer["order"]), (409, &json!(id)), "{answer}");
    shop.web.submit("D-3D", &order("D-3D", 2)?).await?;
    let refused = refusal(shop, "D-3D").await?;
    assert_eq!(refused.problems[0].pointer, "/po_number", "{refused:?}");
    shop.audit().await
}

async fn a_transports_key_names_one_request(shop: &Shop) -> anyhow::Result<()> {
    let tray = shop.sells("TRAY", 15_900, &[("WH-A", 10)]).await?;
    let order = |name| -> anyhow::Result<Value> {
        Ok(serde_json::to_value(Draft::prepaid("D-4")?.line(&tray, 1).order()).map(|mut it| {
            it["external_id"] = json!(name);
            it
        })?)
    };
    let (status, first) = shop.web.post(&order("D-4")?, Some("KEY-4")).await?;
    assert_eq!(status, 201, "{first}");
    let (status, again) = shop.web.post(&order("D-4")?, Some("KEY-4")).await?;
    assert_eq!((status, &again["order"]), (200, &first["order"]), "{again}");
    let (status, again) = shop.web.post(&order("D-4B")?, Some("KEY-4")).await?;
    assert_eq!((status, &again["order"]), (200, &first["order"]), "{again}");
    let mut other = order("D-4C")?;
    other["urgent"] = json!(true);
    let (status, answer) = shop.web.post(&other, Some("KEY-4")).await?;
    assert_eq!(status, 422, "{answer}");
    shop.audit().await
}

/// What was refused on the stream is refused once; put right, it is taken in under the same name.
async fn what_is_refused_may_be_put_right(shop: &Shop) -> anyhow::Result<()> {
    let cake = shop.sells("CAKE", 18_800, &[("WH-A", 10)]).await?;
    let right = serde_json::to_value(Draft::prepaid("D-5")?.line(&cake, 1).order())?;
    let mut wrong = right.clone();
    wrong["total"] = json!(1);
    shop.web.submit("D-5", &wrong).await?;
    shop.web.is_told("D-5", &[Rejected]).await?;
    shop.web.submit("D-5", &wrong).await?;
    shop.audit().await?;
    shop.web.is_told("D-5", &[Rejected]).await?;
    shop.web.submit("D-5", &right).await?;
    shop.web.is_told("D-5", &[Rejected, Checking, AwaitingPayment]).await?;
    shop.audit().await
}

/// Everything that can be wrong with an order, in as few orders as hold it; and each is told the
/// same over all three ways.
async fn everything_wrong_is_told_at_once(shop: &Shop) -> anyhow::Result<()> {
    let nuts = shop.sells("NUTS", 8_800, &[]).await?;
    shop.lists(&nuts, |it| contracts::intake::ListItem { pack: 6, max_quantity: 60, ..it }).await?;
    let gone = shop.sells("GONE", 100, &[]).await?;
    shop.lists(&gone, |it| contracts::intake::ListItem { active: false, ..it }).await?;
    let dollars = shop.sells("DOLLARS", 100, &[]).await?;
    let usd = Currency::new("USD")?;
    shop.lists(&dollars, |it| contracts::intake::ListItem { currency: usd, ..it }).await?;
    shop.is_quiet().await?;

    let mut found = BTreeSet::new();
    let sound = serde_json::to_value(Draft::prepaid("D-6")?.line(&nuts, 6).order())?;
    let spoilt = spoilt().into_iter().map(|change| {
        let mut order = sound.clone();
        for (field, value) in change.as_object().into_iter().flatten() {
            order[field] = value.clone();
        }
        order
    });
    let spoilt = spoilt.chain([json!([])]);
    for (nth, mut order) in spoilt.into_iter().enumerate() {
        let name = format!("D-6-{nth}");
        if let Some(fields) = order.as_object_mut() {
            fields.insert("external_id".to_owned(), json!(name));
        }
        found.extend(told_the_same(shop, &name, &order).await?);
    }
    shop.audit().await?;
    let expected = [
        "characters",
        "country",
        "currency",
        "discount.range",
        "email",
        "length",
        "phone.format",
        "postcode.format",
        "postcode.province",
        "price.currency",
        "price.list",
        "province",
        "quantity.max",
        "quantity.pack",
        "range",
        "required",
        "sku.inactive",
        "sku.unknown",
        "sum.total",
        "terms.on_account",
        "token",
        "type",
        "unknown",
        "value",
    ];
    assert_eq!(found, expected.map(str::to_owned).into_iter().collect());
    Ok(())
}

/// What is changed in a sound order, so that it is wrong.
fn spoilt() -> Vec<Value> {
    vec![
        // The catalogue, the sums, the terms.
        json!({
            "terms": "on_account", "discount": 100_000_000, "total": 5,
            "lines": [
                { "sku": "NEVER", "quantity": 1, "unit_price": 1 },
                { "sku": "GONE", "quantity": 1, "unit_price": 100 },
                { "sku": "NUTS", "quantity": 66, "unit_price": 8_800 },
                { "sku": "NUTS", "quantity": 5, "unit_price": 8_799 },
                { "sku": "DOLLARS", "quantity": 1, "unit_price": 100 },
            ],
        }),
        // How it is written.
        json!({
            "customer": "nobody at all", "currency": "YUAN", "kind": "special", "urgent": "yes",
            "po_number": "x".repeat(65), "remark": "bell \u{7}", "colour": "red", "tax": -1,
            "lines": [{ "sku": "NUTS", "quantity": 6.5, "unit_price": 8_800 }, {}],
            "ship_to": {
                "name": "王", "phone": "12345", "email": "nowhere", "province": "Jiangsu",
                "city": "南京", "district": "玄武", "street": "中山路", "postcode": "21001",
            },
        }),
        // Where it goes.
        json!({ "ship_to": {
            "name": "王", "phone": "13812345678", "country": "CN", "province": "江苏", "city": "南京",
            "district": "玄武", "street": "中山路", "postcode": "100000",
        } }),
        json!({ "ship_to": {
            "name": "Wang", "phone": "+8613812345678", "country": "China", "city": "南京",
            "street": "中山路",
        } }),
    ]
}

/// Hands in an order that is wrong over all three ways; the codes of its problems.
async fn told_the_same(shop: &Shop, name: &str, order: &Value) -> anyhow::Result<BTreeSet<String>> {
    shop.web.submit(name, order).await?;
    let streamed = serde_json::to_value(first_status(shop, name).await?.problems)?;
    ensure!(!codes(&streamed).is_empty(), "{name} was told of no problem");
    if order.is_object() {
        // What is no object has no name but on the stream.
        let answer = shop.web.ask(order).await?;
        let Placement::Rejected { problems } = answer else { bail!("{name}: {answer:?}") };
        let asked = serde_json::to_value(problems)?;
        assert_eq!(asked, streamed, "{name} over NATS, and over the stream");
        let (status, posted) = shop.web.post(order, None).await?;
        assert_eq!((status, &posted["errors"]), (422, &streamed), "{name} over HTTP");
    }
    Ok(codes(&streamed))
}

fn codes(problems: &Value) -> BTreeSet<String> {
    let problems = problems.as_array().into_iter().flatten();
    problems.filter_map(|it| it["code"].as_str()).map(str::to_owned).collect()
}

/// The first status told under the name.
async fn first_status(shop: &Shop, name: &str) -> anyhow::Result<OrderStatus> {
    eventually(PATIENCE, || async {
        shop.web.told(name).into_iter().next().with_context(|| format!("{name} was told nothing"))
    })
    .await
}

/// The first refusal told under the name.
async fn refusal(shop: &Shop, name: &str) -> anyhow::Result<OrderStatus> {
    eventually(PATIENCE, || async {
        let refused = shop.web.told(name).into_iter().find(|it| it.status == Rejected);
        refused.with_context(|| format!("{name} was not refused"))
    })
    .await
}

fn order_of(answer: &Placement) -> Option<OrderId> {
    match answer {
        Placement::Accepted(it) => Some(it.order),
        Placement::Duplicate(it) => Some(it.order),
        Placement::Conflict(it) => Some(it.order),
        Placement::Rejected { .. } | Placement::Unknown { .. } => None,
    }
}
