//! Plays the world around the demo shop: storefronts that place orders, customers who pay, warehouses
//! that pick and ship, carriers that deliver. Each is connected as it would be in earnest, with its
//! own rights and no others.

use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::{self, consumer::PullConsumer};
use chassis::{clock, task};
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::fulfilment::{PickRequested, PickWithdrawn, WarehouseReport};
use contracts::intake::{OrderStatus, Placement, ShipTo, Submission, SubmissionLine};
use contracts::{
    CarrierId, Cents, Currency, CustomerId, Language, OrderKind, Sku, Status, Terms, TrackingNo,
};
use futures::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::AbortHandle;
use tracing::warn;

use crate::Suite;
use crate::seed::{CUSTOMERS, ITEMS};

/// How fast the world turns.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Orders a minute.
    pub a_minute: u32,
}

/// The world, until it is dropped.
pub struct World(Vec<AbortHandle>);

impl Drop for World {
    fn drop(&mut self) {
        for part in &self.0 {
            part.abort();
        }
    }
}

/// Sets the world going.
pub async fn play(suite: &Suite, pace: Pace) -> anyhow::Result<World> {
    let mut world = World(vec![]);
    let web = suite.connect("channel", "web").await?;
    let payer = suite.connect("provider", "bank").await?;
    world.begin("storefront", storefront(web.clone(), pace));
    world.begin("customers", customers(web, payer));
    for warehouse in suite.outsiders.iter().filter(|it| it.kind == "warehouse") {
        let nats = suite.connect("warehouse", &warehouse.name).await?;
        world.begin("warehouse", self::warehouse(nats, warehouse.name.clone()));
    }
    Ok(world)
}

impl World {
    fn begin(
        &mut self,
        name: &'static str,
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let logged = async move {
            if let Err(error) = part.await {
                warn!(%error, "the demo's {name} stopped: {error:#}");
            }
        };
        self.0.push(task::spawn(name, logged).abort_handle());
    }
}

/// Places orders, one after the other, as a web shop would.
async fn storefront(nats: async_nats::Client, pace: Pace) -> anyhow::Result<()> {
    let mut pause = tokio::time::interval(Duration::from_mins(1) / pace.a_minute.clamp(1, 60_000));
    let began = clock::now().as_second();
    for nth in 1.. {
        pause.tick().await;
        let submission = order(&format!("W{began}-{nth}"), nth)?;
        let request = serde_json::to_vec(&submission)?.into();
        match nats.request("orders.place.web", request).await {
            Ok(reply) => match serde_json::from_slice(&reply.payload)? {
                Placement::Accepted(it) => say(&format!("placed    {} {}", it.order_no, it.order)),
                refused @ (Placement::Duplicate(_)
                | Placement::Conflict(_)
                | Placement::Rejected { .. }
                | Placement::Unknown { .. }) => {
                    warn!("the demo's order was not accepted: {refused:?}");
                }
            },
            Err(error) => warn!(%error, "nobody takes orders just now: {error}"),
        }
    }
    Ok(())
}

/// An order of the demo shop, a different one for each number.
pub fn order(external_id: &str, nth: u64) -> anyhow::Result<Submission> {
    const PLACES: [(&str, &str, &str, &str, &str); 5] = [
        ("上海", "上海", "浦东新区", "世纪大道 100 号", "200120"),
        ("江苏", "南京", "鼓楼区", "中山北路 8 号", "210008"),
        ("广东", "深圳", "南山区", "科技园路 6 号", "518057"),
        ("北京", "北京", "海淀区", "中关村大街 27 号", "100080"),
        ("四川", "成都", "武侯区", "人民南路 11 号", "610041"),
    ];
    let pick = |of: usize, salt: u64| {
        usize::try_from((nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17).wrapping_add(salt * 7))
            .unwrap_or_default()
            % of
    };
    let count = 1 + pick(3, 1);
    let first = pick(ITEMS.len(), 2);
    let chosen = (0..count).map(|it| ITEMS[(first + it * 5) % ITEMS.len()]);
    let mut lines = Vec::new();
    let (mut net, mut tax) = (Cents::ZERO, Cents::ZERO);
    for (item, salt) in chosen.zip(3..) {
        let quantity = i64::try_from(1 + pick(4, salt))?;
        let amount = Cents(item.3).times(quantity);
        net += amount;
        tax += amount.ratio(item.5, 10_000);
        lines.push(SubmissionLine { sku: Sku::new(item.0)?, quantity, unit_price: Cents(item.3) });
    }
    let on_account = nth.is_multiple_of(3);
    let customer = if on_account {
        CUSTOMERS[pick(CUSTOMERS.len(), 9)].0.to_owned()
    } else {
        format!("guest-{nth}")
    };
    let (province, city, district, street, postcode) = PLACES[pick(PLACES.len(), 4)];
    let freight = Cents(1_200);
    Ok(Submission {
        external_id: Some(external_id.parse()?),
        customer: CustomerId::new(customer)?,
        terms: if on_account { Terms::OnAccount } else { Terms::Prepaid },
        currency: Currency::CNY,
        po_number: None,
        kind: OrderKind::Standard,
        urgent: nth.is_multiple_of(11),
        language: Some(if nth.is_multiple_of(2) { Language::Chinese } else { Language::English }),
        remark: String::new(),
        lines,
        tax,
        freight,
        discount: Cents::ZERO,
        total: net + tax + freight,
        ship_to: ShipTo {
            name: "王小明".to_owned(),
            phone: "13812345678".to_owned(),
            email: Some(format!("customer{nth}@example.com")),
            country: "CN".to_owned(),
            province: province.to_owned(),
            city: city.to_owned(),
            district: district.to_owned(),
            street: street.to_owned(),
            postcode: postcode.to_owned(),
        },
    })
}

/// Pays for prepaid orders, but for one in ten, and tells how orders fare.
async fn customers(shop: async_nats::Client, bank: async_nats::Client) -> anyhow::Result<()> {
    let bank = jetstream::new(bank);
    let statuses: PullConsumer = consumer(&shop, "ORDERS_STATUS", "channel-web").await?;
    let mut statuses = statuses.messages().await?;
    while let Some(message) = statuses.next().await {
        let message = message?;
        let status: OrderStatus = read(&message.payload)?;
        let no = status.order_no.clone().unwrap_or_default();
        say(&format!("{:<18} {no}", status.status.name()));
        let order = status.order.filter(|_| status.status == Status::AwaitingPayment);
        if let (Some(order), Some(nth)) = (order, number(status.external_id.as_str()))
            && !nth.is_multiple_of(10)
        {
            let placed = self::order(status.external_id.as_str(), nth)?;
            let report = PaymentReport {
                order,
                amount: placed.total,
                currency: placed.currency,
                status: PaymentStatus::Captured,
                value_date: None,
            };
            send(&bank, format!("payments.bank.{order}"), &report).await?;
        }
        message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))?;
    }
    Ok(())
}

/// The number in an external id of this storefront.
fn number(external_id: &str) -> Option<u64> {
    external_id.rsplit('-').next()?.parse().ok()
}

/// Picks, packs, ships and delivers what is asked of it.
async fn warehouse(nats: async_nats::Client, name: String) -> anyhow::Result<()> {
    let picks: PullConsumer = consumer(&nats, "PICKS", &format!("warehouse-{name}")).await?;
    let streams = jetstream::new(nats);
    let mut picks = picks.messages().await?;
    let mut nth = 0_u64;
    while let Some(message) = picks.next().await {
        let message = message?;
        nth += 1;
        if message.subject.ends_with(".cancelled") {
            let withdrawn: PickWithdrawn = read(&message.payload)?;
            let report = WarehouseReport { pick: Some(withdrawn.pick), ..Default::default() };
            let subject = format!("warehouse.{name}.report.{}.unreleased", withdrawn.order);
            send(&streams, subject, &report).await?;
        } else {
            let pick: PickRequested = read(&message.payload)?;
            drop(task::spawn("pick", work(streams.clone(), pick, nth)));
        }
        message.ack().await.map_err(|it| anyhow::anyhow!("{it}"))?;
    }
    Ok(())
}

/// One pick, from the shelf to the door. One in twenty-five is refused there.
async fn work(streams: jetstream::Context, pick: PickRequested, nth: u64) {
    let refused = nth.is_multiple_of(25);
    let last = if refused { ["refused", "returned"].as_slice() } else { &["delivered"] };
    for what in ["started", "picked", "packed", "shipped"].iter().chain(last) {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let mut report = WarehouseReport { pick: Some(pick.pick), ..Default::default() };
        if *what == "shipped" {
            report.carrier = CarrierId::new("swift").ok();
            report.tracking_no = TrackingNo::new(format!("SW{}", pick.shipment.0.simple())).ok();
        }
        let subject = format!("warehouse.{}.report.{}.{what}", pick.warehouse, pick.order);
        if let Err(error) = send(&streams, subject, &report).await {
            warn!(%error, "a report was not taken: {error:#}");
        }
    }
}

async fn consumer(
    nats: &async_nats::Client,
    stream: &str,
    name: &str,
) -> anyhow::Result<PullConsumer> {
    let streams = jetstream::new(nats.clone());
    let consumer = streams.get_consumer_from_stream(name, stream).await;
    consumer.map_err(|it| anyhow::anyhow!("{name} on {stream}: {it}"))
}

fn read<T: DeserializeOwned>(payload: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(payload).context("a public message is as it is declared")
}

async fn send(
    streams: &jetstream::Context,
    subject: String,
    body: &impl Serialize,
) -> anyhow::Result<()> {
    let payload = serde_json::to_vec(body)?.into();
    let ack = streams.publish(subject.clone(), payload).await?;
    ack.await.with_context(|| format!("{subject} was not taken"))?;
    Ok(())
}

fn say(line: &str) {
    use std::io::Write;
    writeln!(std::io::stdout(), "  {line}").ok(); // Nobody looks any more.
}
