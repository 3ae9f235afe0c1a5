//! Makes what the NATS server must hold: the public streams, and the consumers of those who read
//! them. Only who may manage streams can do so.

use anyhow::Context;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use chassis::{House, streams};

use crate::clients::Outsider;

/// Connects as the one who may manage streams.
pub async fn admin(url: &str, user: Option<(&str, &str)>) -> anyhow::Result<async_nats::Client> {
    let mut options = async_nats::ConnectOptions::new().name("kontor provision");
    if let Some((user, password)) = user {
        options = options.user_and_password(user.to_owned(), password.to_owned());
    }
    options.connect(url).await.with_context(|| format!("NATS at {url}"))
}

/// Makes every stream, and every consumer of these clients. What is there already stays.
pub async fn provision(
    nats: &async_nats::Client,
    house: &House,
    outsiders: &[Outsider],
    partitions: u32,
    replicas: usize,
) -> anyhow::Result<()> {
    let jetstream = async_nats::jetstream::new(nats.clone());
    let contracts = house.contracts();
    streams::provision(&jetstream, &contracts, partitions, replicas).await?;
    for outsider in outsiders {
        for reading in outsider.reads(&contracts) {
            let consumer = pull::Config {
                durable_name: Some(reading.consumer.clone()),
                ack_policy: AckPolicy::Explicit,
                ack_wait: std::time::Duration::from_secs(30),
                max_ack_pending: 10_000,
                filter_subject: reading.filter,
                ..pull::Config::default()
            };
            jetstream
                .create_consumer_on_stream(consumer, reading.stream)
                .await
                .with_context(|| format!("{} reads {}", reading.consumer, reading.stream))?;
        }
    }
    Ok(())
}

/// Refuses a single server that acknowledges what it has not written to disk: a power cut would take
/// orders that were promised to storefronts. `monitor` is where the server tells of itself.
pub async fn check_durability(monitor: Option<&str>) -> anyhow::Result<()> {
    let Some(monitor) = monitor else {
        tracing::warn!("nats.monitor is not set: nobody checks that streams are written to disk");
        return Ok(());
    };
    let jsz: serde_json::Value = reqwest::get(format!("{monitor}/jsz?config=true"))
        .await
        .with_context(|| format!("nats.monitor is {monitor:?}, where nobody answers"))?
        .json()
        .await?;
    let config = &jsz["config"];
    let clustered = !jsz["meta_cluster"].is_null();
    anyhow::ensure!(
        clustered || config["sync_always"].as_bool() == Some(true),
        "this NATS server acknowledges what it has not written to disk: set \
         jetstream {{ sync_interval: always }}, or run a cluster of three"
    );
    Ok(())
}
