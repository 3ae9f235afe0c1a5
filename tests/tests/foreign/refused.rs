//! Who is outside does what is its own, and is refused the same for anybody else. That it is refused
//! is seen twice: the server says so, and an administrator who hears everything heard nothing of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::Client;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use whole_house::{BEIJING, Draft, GUANGZHOU, Intruder, PATIENCE, Shop, eventually};

use crate::{OUTSIDERS, open_trades};

/// Each of ours, whom it might be taken for, and what it may say: `{}` is a name. Said with its own
/// name it is let through, and with the other's it is not.
const SPEAKERS: [(&str, &str, &str, &[&str]); 2] = [
    (
        "channel",
        "kiosk",
        "bazaar",
        &[
            "orders.submit.{}.X-1",
            "orders.place.{}",
            "orders.cancel.{}",
            "$JS.API.CONSUMER.INFO.ORDERS_STATUS.channel-{}",
            "$JS.API.CONSUMER.MSG.NEXT.ORDERS_STATUS.channel-{}",
            "$JS.API.CONSUMER.MSG.NEXT.STOCK_LEVEL.channel-{}",
            "$JS.ACK.ORDERS_STATUS.channel-{}.1.1.1.1.0",
        ],
    ),
    (
        "warehouse",
        "NORTH",
        "SOUTH",
        &[
            "warehouse.{}.report.00000000-0000-7000-8000-000000000000.started",
            "warehouse.{}.report.00000000-0000-7000-8000-000000000000.delivered",
            "stock.report.{}.NONE.counted",
            "$JS.API.CONSUMER.INFO.PICKS.warehouse-{}",
            "$JS.API.CONSUMER.MSG.NEXT.PICKS.warehouse-{}",
            "$JS.ACK.PICKS.warehouse-{}.1.1.1.1.0",
        ],
    ),
];

/// What nobody outside may say, whatever their name.
const FORBIDDEN: [&str; 20] = [
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.PICKS",
    "$JS.API.STREAM.DELETE.ORDERS_SUBMIT",
    "$JS.API.STREAM.PURGE.ORDERS_STATUS",
    "$JS.API.STREAM.MSG.DELETE.ORDERS_STATUS",
    "$JS.API.STREAM.MSG.GET.ORDERS_STATUS",
    "$JS.API.STREAM.MSG.GET.PICKS",
    "$JS.API.DIRECT.GET.ORDERS_STATUS",
    "$JS.API.DIRECT.GET.PICKS",
    "$JS.API.CONSUMER.CREATE.ORDERS_STATUS",
    "$JS.API.CONSUMER.CREATE.PICKS.mine.warehouse.SOUTH.pick.x.requested",
    "$JS.API.CONSUMER.DURABLE.CREATE.ORDERS_STATUS.mine",
    "$JS.API.CONSUMER.DELETE.ORDERS_STATUS.channel-bazaar",
    "$JS.API.CONSUMER.DELETE.PICKS.warehouse-SOUTH",
    "orders.status.bazaar.X-1.completed",
    "warehouse.SOUTH.pick.x.requested",
    "log.0.intake",
    "own.0.credit",
    "parked.list.intake",
    "_INBOX_channel-bazaar.x",
];

/// What nobody outside may listen to.
const SECRET: [&str; 9] = [
    ">",
    "log.>",
    "own.>",
    "$JS.API.>",
    "_INBOX.>",
    "_INBOX_channel-bazaar.>",
    "_INBOX_warehouse-SOUTH.>",
    "orders.status.bazaar.*.*",
    "warehouse.SOUTH.pick.*.*",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_their_own_is_refused() -> anyhow::Result<()> {
    let shop = Box::pin(Shop::open_to("refused", &OUTSIDERS)).await?;
    let home = shop.home().to_owned();
    let tried = async {
        they_speak_for_themselves(&shop).await?;
        they_hear_what_is_theirs(&shop).await?;
        they_read_what_is_theirs(&shop).await?;
        shop.audit().await
    };
    Box::pin(tried).await.with_context(|| format!("its home is {}", home.display()))?;
    Box::pin(shop.close()).await
}

async fn they_speak_for_themselves(shop: &Shop) -> anyhow::Result<()> {
    let all = Ear::open(&shop.suite.admin().await?, &[">"]).await?;
    for (kind, name, other, subjects) in SPEAKERS {
        let intruder = Intruder::connect(shop, kind, name).await?;
        let said =
            |name: &str| subjects.iter().map(|it| it.replace("{}", name)).collect::<Vec<_>>();
        let (own, others) = (said(name), said(other));
        let others: Vec<&str> = others.iter().map(|it| &**it).chain(FORBIDDEN).collect();
        intruder.may_not_say(&others).await?;
        // Its own comes after that on the same connection: once that is heard, all else would be.
        for subject in &own {
            intruder.nats.publish(subject.clone(), "{}".into()).await?;
        }
        eventually(PATIENCE, || async {
            let heard = all.heard();
            let missing: Vec<_> = own.iter().filter(|it| !heard.contains(it)).collect();
            ensure!(missing.is_empty(), "{name} was not heard on {missing:?}");
            Ok(())
        })
        .await?;
        let mut heard = all.heard();
        heard.retain(|it| others.contains(&&**it) && !of_the_house(it));
        ensure!(heard.is_empty(), "{name} was heard on {heard:?}");
        let refused = intruder.refused();
        ensure!(refused.is_empty(), "{name} was refused what is its own: {refused:?}");
    }
    Ok(())
}

/// What the house itself says all the time.
fn of_the_house(subject: &str) -> bool {
    ["log.", "own."].iter().any(|it| subject.starts_with(it))
}

/// They listen to what is theirs and to what is not, while both storefronts trade with both warehouses.
async fn they_hear_what_is_theirs(shop: &Shop) -> anyhow::Result<()> {
    let mut ears = Vec::new();
    for (kind, name, own) in [
        ("channel", "kiosk", "orders.status.kiosk."),
        ("warehouse", "NORTH", "warehouse.NORTH.pick."),
    ] {
        let intruder = Intruder::connect(shop, kind, name).await?;
        let ear =
            Ear::open(&intruder.nats, &[&SECRET[..], &[&format!("{own}*.*")]].concat()).await?;
        intruder.may_not_hear(&SECRET).await?;
        ears.push((intruder, ear, own));
    }
    let all = Ear::open(&shop.suite.admin().await?, &[">"]).await?;
    let [kiosk, bazaar] = open_trades(shop).await?;
    for (trade, name, address) in [(&kiosk, "K-1", BEIJING), (&bazaar, "B-1", GUANGZHOU)] {
        let order = Draft::on_account(name, "C-1")?.to(address).line(&trade.goods, 1).order();
        let nats = shop.suite.connect("channel", trade.channel).await?;
        let subject = format!("orders.submit.{}.{name}", trade.channel);
        let streams = jetstream::new(nats);
        streams.publish(subject, serde_json::to_vec(&order)?.into()).await?.await?;
    }
    let public = [
        "orders.status.kiosk.",
        "orders.status.bazaar.",
        "warehouse.NORTH.pick.",
        "warehouse.SOUTH.pick.",
    ];
    eventually(PATIENCE, || async {
        let heard = all.heard();
        for start in public {
            ensure!(heard.iter().any(|it| it.starts_with(start)), "nobody said {start}");
        }
        for (_, ear, own) in &ears {
            ensure!(!ear.heard().is_empty(), "{own} was not heard");
        }
        Ok(())
    })
    .await?;
    for (intruder, ear, own) in &ears {
        intruder.nats.flush().await?;
        let strange: Vec<_> = ear.heard().into_iter().filter(|it| !it.starts_with(own)).collect();
        ensure!(strange.is_empty(), "who may hear {own} heard {strange:?}");
    }
    Ok(())
}

/// They read streams through consumers of their own, and manage neither streams nor consumers, asked
/// for as a client library does.
async fn they_read_what_is_theirs(shop: &Shop) -> anyhow::Result<()> {
    let admin = jetstream::new(shop.suite.admin().await?);
    shop.is_quiet().await?;
    let before = inventory(&admin).await?;
    for (kind, name, other, stream) in
        [("channel", "kiosk", "bazaar", "ORDERS_STATUS"), ("warehouse", "NORTH", "SOUTH", "PICKS")]
    {
        let mut streams = jetstream::new(shop.suite.connect(kind, name).await?);
        streams.set_timeout(Duration::from_secs(2)); // Nobody answers what is refused.
        let own = streams.get_consumer_from_stream(format!("{kind}-{name}"), stream).await;
        let own: PullConsumer = own.map_err(|it| anyhow::anyhow!("{name}'s own: {it}"))?;
        let mut messages = own.fetch().max_messages(1).messages().await?;
        let first = messages.next().await.with_context(|| format!("{name} was told nothing"))?;
        let first = first.map_err(|it| anyhow::anyhow!("{it}"))?;
        ensure!(first.subject.contains(name), "{name} read {}", first.subject);

        let others = format!("{kind}-{other}");
        let read: Result<PullConsumer, _> = streams.get_consumer_from_stream(&others, stream).await;
        ensure!(read.is_err(), "{name} reads as {other}");
        ensure!(streams.get_stream(stream).await.is_err(), "{name} looks at {stream}");
        ensure!(streams.delete_stream(stream).await.is_err(), "{name} deletes {stream}");
        let mine = stream::Config {
            name: "MINE".to_owned(),
            subjects: vec!["mine".to_owned()],
            ..Default::default()
        };
        ensure!(streams.create_stream(mine).await.is_err(), "{name} makes a stream");
        let mine =
            pull::Config { durable_name: Some("mine".to_owned()), ..pull::Config::default() };
        let made = streams.create_consumer_on_stream(mine, stream).await;
        ensure!(made.is_err(), "{name} makes a consumer");
        let deleted = streams.delete_consumer_from_stream(&others, stream).await;
        ensure!(deleted.is_err(), "{name} deletes the consumer of {other}");
    }
    let after = inventory(&admin).await?;
    ensure!(before == after, "there was {before:?}, and is {after:?}");

    // The same is done for who may.
    let mine = pull::Config { durable_name: Some("mine".to_owned()), ..pull::Config::default() };
    admin.create_consumer_on_stream(mine, "PICKS").await?;
    ensure!(before != inventory(&admin).await?, "a new consumer is not seen");
    admin.delete_consumer_from_stream("mine", "PICKS").await?;
    Ok(())
}

/// Every stream, how much was said on it, and who reads it.
async fn inventory(admin: &jetstream::Context) -> anyhow::Result<Vec<(String, u64, usize)>> {
    use futures::TryStreamExt;
    let streams = admin.streams();
    let known = streams.map_ok(|it| (it.config.name, it.state.messages, it.state.consumer_count));
    let mut known: Vec<_> = known.try_collect().await?;
    known.sort();
    Ok(known)
}

/// Keeps the subjects of all that it hears.
struct Ear(Arc<Mutex<Vec<String>>>);

impl Ear {
    async fn open(nats: &Client, subjects: &[&str]) -> anyhow::Result<Self> {
        let heard = Arc::new(Mutex::new(vec![]));
        for subject in subjects {
            let (kept, mut ear) =
                (Arc::clone(&heard), nats.subscribe((*subject).to_owned()).await?);
            let listening = async move {
                while let Some(message) = ear.next().await {
                    kept.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(message.subject.to_string());
                }
            };
            drop(chassis::task::spawn("ear", listening));
        }
        nats.flush().await?;
        Ok(Self(heard))
    }

    fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
