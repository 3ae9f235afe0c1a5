//! Follows orders live, over NATS.

use std::pin::Pin;

use anyhow::Context;
use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use clap::Args;
use contracts::intake::OrderStatus;
use contracts::{ChannelId, Timestamp};
use futures::{Stream, StreamExt};
use serde::Serialize;

use super::at::{self, Here, Servers};
use super::{End, Misused, paper};
use crate::Configuration;

/// The stream on which statuses are told.
const STREAM: &str = "ORDERS_STATUS";

/// Follows the statuses of orders, one a line, until Ctrl-C.
///
/// A line tells its number on the stream (where --from goes on), when, the channel, how the channel
/// calls the order, the number of the status within the order, the status, the order, and why.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kontor tail --channel web --from 1",
    after_long_help = "Example:\n  kontor tail --channel web --from 1\n\nWith --json: \
        {\"sequence\": 7, \"channel\": …, \"external_id\": …, \"number\": …, \"status\": …, \
        \"order\": …, \"order_no\": …, \"at\": …, \"reason\": …, \"by\": …} a line, the fields of \
        an order status in shared/contracts/asyncapi.json."
)]
pub(super) struct Tail {
    /// Only orders of this channel.
    #[arg(long)]
    channel: Option<String>,
    /// Begin with this number on the stream; 1 is the oldest that is kept. Default: what comes now.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    /// End after so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Who to be to NATS: `channel-web` may follow its own orders, live. Default: the admin.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The password of that user; better in the environment, where nobody else sees it.
    #[arg(long, env = "KONTOR_NATS_PASSWORD", hide_env_values = true, default_value = "")]
    password: String,
    #[command(flatten)]
    servers: Servers,
    #[command(flatten)]
    here: Here,
    /// Write each status as JSON.
    #[arg(long)]
    json: bool,
}

/// A status, and its number on the stream, if that is known.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(flatten)]
    status: OrderStatus,
}

type Statuses = Pin<Box<dyn Stream<Item = anyhow::Result<Told>> + Send>>;

impl Tail {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        let channel = self.channel.clone().map(ChannelId::new).transpose();
        let channel = channel.map_err(|error| Misused(format!("--channel: {error}")))?;
        let (configuration, _) = self.servers.configuration(&self.here)?;
        let statuses = match &self.user {
            Some(user) => self.as_client(&configuration, user, channel).await?,
            None => self.as_admin(&configuration, channel).await?,
        };
        paper::say("following the statuses of orders; Ctrl-C ends it");
        let mut statuses = statuses.take(self.limit.unwrap_or(usize::MAX));
        loop {
            let told = tokio::select! {
                told = statuses.next() => told,
                ended = tokio::signal::ctrl_c() => {
                    ended?;
                    None
                }
            };
            let Some(told) = told else { return Ok(End::Fine) };
            let told = told?;
            if self.json {
                paper::json(&told)?;
            } else {
                paper::line(&in_columns(&told))?;
            }
        }
    }

    /// From the stream, with a consumer that is gone when we are.
    async fn as_admin(
        &self,
        configuration: &Configuration,
        channel: Option<ChannelId>,
    ) -> anyhow::Result<Statuses> {
        let nats = at::admin(configuration).await?;
        let stream = jetstream::new(nats).get_stream(STREAM).await;
        let stream = stream.with_context(|| format!("{STREAM}: `kontor doctor` tells more"))?;
        let begin = |start_sequence| DeliverPolicy::ByStartSequence { start_sequence };
        let consumer = pull::OrderedConfig {
            filter_subject: filter(channel.as_ref()),
            deliver_policy: self.from.map_or(DeliverPolicy::New, begin),
            ..pull::OrderedConfig::default()
        };
        let messages = stream.create_consumer(consumer).await?.messages().await?;
        Ok(Box::pin(messages.map(|message| {
            let message = message?;
            let info = message.info().map_err(anyhow::Error::from_boxed)?;
            read(&message.payload, Some(info.stream_sequence))
        })))
    }

    /// Live, as somebody outside. Their own consumer is left alone: what it gives is theirs.
    async fn as_client(
        &self,
        configuration: &Configuration,
        user: &str,
        channel: Option<ChannelId>,
    ) -> anyhow::Result<Statuses> {
        if self.from.is_some() {
            let why = "--from reads the stream, which only the admin may: leave out --user";
            return Err(Misused(why.to_owned()).into());
        }
        let own = user.strip_prefix("channel-").map(ChannelId::new).transpose().ok().flatten();
        let channel = channel.or(own);
        let nats = at::connect(&configuration.nats.url, Some((user, &self.password))).await?;
        let messages = nats.subscribe(filter(channel.as_ref())).await?;
        nats.flush().await?;
        Ok(Box::pin(messages.map(move |message| {
            let _connected = &nats; // As long as it is listened to.
            read(&message.payload, None)
        })))
    }
}

fn filter(channel: Option<&ChannelId>) -> String {
    let channel = channel.map_or("*", |it| it.as_str());
    format!("orders.status.{channel}.*.*")
}

fn read(body: &[u8], sequence: Option<u64>) -> anyhow::Result<Told> {
    let status = serde_json::from_slice(body).context("what is on the stream is no status")?;
    Ok(Told { sequence, status })
}

fn in_columns(Told { sequence, status }: &Told) -> String {
    let OrderStatus { channel, external_id, number, status, order_no, at, reason, .. } = status;
    let sequence = sequence.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let (at, status): (Timestamp, &str) = (*at, status.name());
    let (channel, name) = (channel.as_str(), external_id.as_str());
    let order = order_no.as_deref().unwrap_or("-");
    let line = format!(
        "{sequence:>7}  {}  {channel:<10}  {name:<16}  {number:>2}  {status:<19}  {order:<10}  {reason}",
        paper::moment(at),
    );
    paper::paint(paper::status_colour(status), &paper::plain(line.trim_end()))
}
