//! Clients in other languages, written from the published documents alone: they trade with each other
//! through the house, and each may do what is its own, and nothing else.

mod curl;
mod first_hour;
mod readme;
mod refused;
mod tools;

use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::AckPolicy, consumer::pull};
use contracts::WarehouseId;
use contracts::allocation::{NodeKind, SetNode};
use contracts::intake::OrderStatus;
use futures::TryStreamExt;
use tokio::process::Command;
use whole_house::{Address, BEIJING, Draft, GUANGZHOU, Item, Shop};

use tools::{Language, Tools};

/// Who deals with the shop here. Nobody else has their names.
const OUTSIDERS: [(&str, &str); 5] = [
    ("channel", "kiosk"),
    ("channel", "bazaar"),
    ("channel", "counter"),
    ("warehouse", "NORTH"),
    ("warehouse", "SOUTH"),
];

/// How long a client may take for all that it has to do.
const LIMIT: Duration = Duration::from_secs(90);

/// A storefront's trade: its goods, where they are sent to, and from.
struct Trade {
    channel: &'static str,
    prefix: &'static str,
    address: Address,
    goods: Item,
    /// Of these the nearer warehouse has one less than it should, and the other sends the rest.
    rare: Item,
}

/// What the clients of a round said, line by line.
struct Said {
    storefronts: [Vec<String>; 2],
    warehouses: [Vec<String>; 2],
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_in_two_languages_trade_with_each_other() -> anyhow::Result<()> {
    let tools = Tools::open()?;
    let shop = Box::pin(Shop::open_to("foreign", &OUTSIDERS)).await?;
    let home = shop.home().to_owned();
    Box::pin(trade(&shop, &tools))
        .await
        .with_context(|| format!("its home is {}", home.display()))?;
    Box::pin(shop.close()).await
}

async fn trade(shop: &Shop, tools: &Tools) -> anyhow::Result<()> {
    let key = shop.clerk.makes_key("storefront", "counter").await?;
    readme::is_true(shop, tools, &key).await?;
    first_hour::is_true(shop, &key).await?;
    let trades = open_trades(shop).await?;
    let [one, other] = tools.languages();
    // Whoever was one language is the other in the second round, and goes on where it was.
    let first = Box::pin(round(shop, &trades, 1, [one, other])).await?;
    let second = Box::pin(round(shop, &trades, 2, [other, one])).await?;
    for (nth, trade) in trades.iter().enumerate() {
        let told = told(shop, trade.channel).await?;
        ensure!(told.len() >= 6 * 8, "{} statuses are too few", told.len());
        let lines = |it: &OrderStatus| format!("{} {} {}", it.external_id, it.number, it.status);
        let mut kept: Vec<String> = told.iter().map(lines).collect();
        let mut printed = [&first, &second].map(|it| it.storefronts[nth].clone()).concat();
        kept.sort();
        printed.sort();
        assert_eq!(printed, kept, "what {} was told", trade.channel);
        for (number, said) in [(1, &first), (2, &second)] {
            numbered(&said.storefronts[nth])?;
            picked(trade, number, &told, &said.warehouses[nth], &said.warehouses[1 - nth])?;
        }
    }
    shop.audit().await
}

/// Opens two warehouses, and what each storefront sells: common goods in the one that is near its
/// customers, rare ones in both.
async fn open_trades(shop: &Shop) -> anyhow::Result<[Trade; 2]> {
    for (name, province, city) in [("NORTH", "北京", "北京"), ("SOUTH", "广东", "广州")] {
        shop.tell(SetNode {
            warehouse: WarehouseId::new(name)?,
            name: name.to_owned(),
            kind: NodeKind::Regional,
            province: province.to_owned(),
            city: city.to_owned(),
            serves: vec![],
            lines_per_hour: 600,
            active: true,
        })
        .await?;
    }
    shop.knows("C-1", 500_000_000, 98).await?;
    let both = [("NORTH", 20), ("SOUTH", 20)];
    Ok([
        Trade {
            channel: "kiosk",
            prefix: "K",
            address: BEIJING,
            goods: shop.sells("COAT", 89_900, &[("NORTH", 50)]).await?,
            rare: shop.sells("SCARF", 12_900, &both).await?,
        },
        Trade {
            channel: "bazaar",
            prefix: "B",
            address: GUANGZHOU,
            goods: shop.sells("HAT", 6_900, &[("SOUTH", 50)]).await?,
            rare: shop.sells("GLOVES", 9_900, &both).await?,
        },
    ])
}

/// Each storefront hands in three orders and follows them to their end: the first storefront and the
/// second warehouse in one language, the others in the other.
async fn round(
    shop: &Shop,
    trades: &[Trade; 2],
    number: u8,
    [one, other]: [Language<'_>; 2],
) -> anyhow::Result<Said> {
    let [kiosk, bazaar] = trades;
    let north = warehouse(shop, other, "NORTH", &kiosk.rare, Some("swift"))?;
    let south = warehouse(shop, one, "SOUTH", &bazaar.rare, None)?;
    let (kiosk, bazaar) =
        (storefront(shop, one, kiosk, number)?, storefront(shop, other, bazaar, number)?);
    let (kiosk, bazaar, north, south) = tokio::try_join!(
        said("the kiosk", kiosk),
        said("the bazaar", bazaar),
        said("the warehouse NORTH", north),
        said("the warehouse SOUTH", south),
    )?;
    Ok(Said { storefronts: [kiosk, bazaar], warehouses: [north, south] })
}

fn storefront(
    shop: &Shop,
    language: Language<'_>,
    trade: &Trade,
    round: u8,
) -> anyhow::Result<Command> {
    let directory = shop.home().join("clients").join(trade.channel);
    let mut client = language.client("storefront", &directory)?;
    client.arg("told.json");
    for (nth, (how, item)) in
        [("place", &trade.goods), ("submit", &trade.goods), ("place", &trade.rare)]
            .iter()
            .enumerate()
    {
        let name = name(trade, round, nth);
        let order = Draft::on_account(&name, "C-1")?.to(trade.address).line(item, 3).order();
        let file = directory.join(format!("{name}.json"));
        std::fs::write(&file, serde_json::to_vec(&order)?)?;
        client.args([how.as_ref(), file.as_os_str()]);
    }
    client.env("KONTOR_CHANNEL", trade.channel);
    as_outsider(shop, &mut client, "KONTOR_PASSWORD", "channel", trade.channel)?;
    Ok(client)
}

fn name(trade: &Trade, round: u8, nth: usize) -> String {
    format!("{}{round}-{nth}", trade.prefix)
}

/// A warehouse that ends after four picks: three of the nearer storefront, and the rest of another's.
fn warehouse(
    shop: &Shop,
    language: Language<'_>,
    name: &str,
    rare: &Item,
    carrier: Option<&str>,
) -> anyhow::Result<Command> {
    let directory = shop.home().join("clients").join(name);
    let mut client = language.client("warehouse", &directory)?;
    client.args(["4", &format!("{}=1", rare.sku)]).env("KONTOR_WAREHOUSE", name);
    as_outsider(shop, &mut client, "KONTOR_PASSWORD", "warehouse", name)?;
    if let Some(carrier) = carrier {
        client.env("KONTOR_CARRIER", carrier);
        as_outsider(shop, &mut client, "KONTOR_CARRIER_PASSWORD", "carrier", carrier)?;
    }
    Ok(client)
}

fn as_outsider(
    shop: &Shop,
    client: &mut Command,
    variable: &str,
    kind: &str,
    name: &str,
) -> anyhow::Result<()> {
    let known = shop.suite.outsiders.iter().find(|it| it.kind == kind && it.name == name);
    let known = known.with_context(|| format!("there is no {kind} {name}"))?;
    client.env("NATS_URL", shop.suite.nats.url()).env(variable, &known.password);
    Ok(())
}

/// Runs a client to its end, which is to be a good one; the lines that it printed.
async fn said(who: &str, mut client: Command) -> anyhow::Result<Vec<String>> {
    let output = tokio::time::timeout(LIMIT, client.output()).await;
    let output = output.with_context(|| format!("{who} took more than {LIMIT:?}"))??;
    let (said, complained) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(
        output.status.success() && complained.is_empty(),
        "{who}: {}\n{said}\n{complained}",
        output.status
    );
    Ok(said.lines().map(str::to_owned).collect())
}

/// Every status of a channel, as the stream has it.
async fn told(shop: &Shop, channel: &str) -> anyhow::Result<Vec<OrderStatus>> {
    let streams = jetstream::new(shop.suite.admin().await?);
    let reading = pull::Config {
        filter_subject: format!("orders.status.{channel}.*.*"),
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    let stream = streams.get_stream("ORDERS_STATUS").await?;
    let reader = stream.create_consumer(reading).await?;
    let messages = reader.fetch().max_messages(10_000).messages().await?;
    let messages: Vec<_> = messages.try_collect().await.map_err(|it| anyhow::anyhow!("{it}"))?;
    messages.iter().map(|it| Ok(serde_json::from_slice(&it.payload)?)).collect()
}

/// Of each order the statuses are numbered 1, 2, 3 …, as they were printed, and the last is the end.
fn numbered(lines: &[String]) -> anyhow::Result<()> {
    let mut orders = std::collections::BTreeMap::<&str, (usize, &str)>::new();
    for line in lines {
        let [name, number, status] = line.split(' ').collect::<Vec<_>>()[..] else {
            anyhow::bail!("{line:?} is no status");
        };
        let last = orders.entry(name).or_default();
        *last = (last.0 + 1, status);
        ensure!(number == last.0.to_string(), "{line:?} is the {}. of its order", last.0);
    }
    ensure!(orders.len() == 3, "{} orders were followed", orders.len());
    ensure!(orders.values().all(|it| it.1 == "completed"), "not all were completed: {orders:?}");
    Ok(())
}

/// The orders of a round were picked by the warehouse that is near; of the rare goods it was one short,
/// and the other sent that.
fn picked(
    trade: &Trade,
    round: u8,
    told: &[OrderStatus],
    near: &[String],
    far: &[String],
) -> anyhow::Result<()> {
    for nth in 0..3 {
        let name = name(trade, round, nth);
        let order = told.iter().find(|it| it.external_id.as_str() == name);
        let order = order.and_then(|it| it.order).with_context(|| format!("{name} is no order"))?;
        let says = |lines: &[String], pick: u8, what: &str| {
            let line = format!("{order} {pick} {what}");
            ensure!(lines.contains(&line), "nobody said {line:?} of {name}, only {lines:#?}");
            Ok(())
        };
        says(near, 1, "shipped")?;
        if nth == 2 {
            says(near, 1, "short")?;
            says(far, 2, "shipped")?;
        } else {
            says(near, 1, "picked")?;
        }
    }
    Ok(())
}
