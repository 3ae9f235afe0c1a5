//! What services could not decide, over NATS.

use anyhow::Context;
use async_nats::RequestErrorKind;
use chassis::ParkedInput;
use clap::{Args, Subcommand};
use contracts::{Timestamp, Uuid};
use serde::Serialize;
use serde_json::{Value, json};

use super::at::{self, Here, Servers};
use super::{End, Misused, paper};
use crate::house;

/// Shows what services could not decide, has it decided again, or puts it away.
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --json: {\"parked\": [{\"service\": …, \"id\": …, \"partition\": 0, \"key\": …, \"subject\": …,
\"cause\": …, \"parked_at\": …}]}, of `replay` and `discard` what is parked about the key since. What
was said is not shown: it may name people.")]
pub(super) struct Parked {
    #[command(subcommand)]
    what: What,
    /// Only this service.
    #[arg(long, global = true)]
    service: Option<String>,
    #[command(flatten)]
    servers: Servers,
    #[command(flatten)]
    here: Here,
    /// Write JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists what is parked, and why, in the order in which it will be decided.
    #[command(after_help = "Example:\n  kontor parked list --service credit")]
    List,
    /// Has everything about a key decided again, in order.
    #[command(after_help = "Example:\n  kontor parked replay 0199c5f6-7a2b-7cde-8f01-23456789abcd")]
    Replay {
        /// What it is about, as `list` shows it: an order's id, mostly.
        key: String,
    },
    /// Puts one input away for good, and has what stands behind it decided.
    #[command(
        after_help = "Example:\n  kontor parked discard 0199c5f6-7a2b-7cde-8f01-23456789abcd --reason 'a test'"
    )]
    Discard {
        /// Its id, as `list` shows it.
        id: Uuid,
        /// Why: it is kept with what was put away.
        #[arg(long)]
        reason: String,
    },
}

/// One input that is parked, without what it says.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Shown {
    pub(crate) service: String,
    pub(crate) id: Uuid,
    pub(crate) partition: u32,
    pub(crate) key: String,
    pub(crate) subject: String,
    pub(crate) cause: String,
    pub(crate) parked_at: Timestamp,
}

impl Parked {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        let house = house::plain();
        let known = self.service.as_deref().map(|it| house.desk(it)).transpose();
        let known = known.map_err(|error| Misused(format!("--service: {error}")))?;
        let services: Vec<&str> = match &known {
            Some(one) => vec![one.name()],
            None => house.names().collect(),
        };
        let (configuration, _) = self.servers.configuration(&self.here)?;
        let nats = at::admin(&configuration).await?;
        let all = list(&nats, &services).await?;
        let parked = match self.what {
            What::List => all,
            What::Replay { key } => {
                let concerned: Vec<Shown> = all.into_iter().filter(|it| it.key == key).collect();
                if concerned.is_empty() {
                    return nothing(&format!("nothing is parked about {key}"), self.json);
                }
                replay(&nats, concerned, &key).await?
            }
            What::Discard { id, reason } => {
                let Some(found) = all.into_iter().find(|it| it.id == id) else {
                    return nothing(&format!("nothing of the id {id} is parked"), self.json);
                };
                discard(&nats, found, &reason).await?
            }
        };
        show(&parked, self.json)?;
        Ok(End::Fine)
    }
}

/// What is parked at these services.
pub(crate) async fn list(
    nats: &async_nats::Client,
    services: &[&str],
) -> anyhow::Result<Vec<Shown>> {
    let ask = |service: &str| {
        let (subject, service) = (format!("parked.list.{service}"), service.to_owned());
        async move { ask(nats, &subject, &Value::Null).await.map(|it| shown(&service, it)) }
    };
    let all = futures::future::try_join_all(services.iter().map(|it| ask(it))).await?;
    Ok(all.into_iter().flatten().collect())
}

/// Has what is parked about a key decided again, wherever it is. Returns what is parked about it then.
pub(crate) async fn replay(
    nats: &async_nats::Client,
    concerned: Vec<Shown>,
    key: &str,
) -> anyhow::Result<Vec<Shown>> {
    let mut services: Vec<String> = concerned.into_iter().map(|it| it.service).collect();
    services.dedup();
    let mut left = Vec::new();
    for service in services {
        let parked = ask(nats, &format!("parked.replay.{service}"), &json!(key)).await?;
        left.extend(shown(&service, parked).into_iter().filter(|it| it.key == key));
    }
    Ok(left)
}

/// Puts one away. Returns what is parked about its key then.
pub(crate) async fn discard(
    nats: &async_nats::Client,
    found: Shown,
    reason: &str,
) -> anyhow::Result<Vec<Shown>> {
    let body = json!({ "id": found.id, "reason": reason });
    let parked = ask(nats, &format!("parked.discard.{}", found.service), &body).await?;
    let left = shown(&found.service, parked).into_iter().filter(|it| it.key == found.key);
    Ok(left.collect())
}

fn shown(service: &str, parked: Vec<ParkedInput>) -> Vec<Shown> {
    let of = |it: ParkedInput| {
        let ParkedInput { id, partition, key, subject, cause, parked_at, envelope: _ } = it;
        Shown { service: service.to_owned(), id, partition, key: key.0, subject, cause, parked_at }
    };
    parked.into_iter().map(of).collect()
}

async fn ask(
    nats: &async_nats::Client,
    subject: &str,
    body: &Value,
) -> anyhow::Result<Vec<ParkedInput>> {
    let reply = nats.request(subject.to_owned(), serde_json::to_vec(body)?.into()).await;
    let reply = reply.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => {
            anyhow::anyhow!("nobody answers {subject}: that service does not run")
        }
        RequestErrorKind::TimedOut
        | RequestErrorKind::InvalidSubject
        | RequestErrorKind::MaxPayloadExceeded
        | RequestErrorKind::Other => anyhow::anyhow!("{subject}: {error}"),
    })?;
    if let Some(fault) = reply.headers.as_ref().and_then(|it| it.get("Nats-Service-Error")) {
        anyhow::bail!("{subject}: {fault}");
    }
    serde_json::from_slice(&reply.payload).context(subject.to_owned())
}

/// There is no such thing.
fn nothing(why: &str, as_json: bool) -> anyhow::Result<End> {
    if as_json {
        let kind = "/problems/not-found";
        paper::json(&json!({ "problem": { "type": kind, "title": why, "status": 404 } }))?;
    }
    paper::complain(&anyhow::anyhow!("{}", paper::plain(why)));
    Ok(End::Wrong)
}

fn show(parked: &[Shown], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return paper::json(&json!({ "parked": parked }));
    }
    if parked.is_empty() {
        return paper::line("nothing is parked");
    }
    let heads = ["SERVICE", "PARKED", "ID", "KEY", "SUBJECT", "CAUSE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(parked.iter().map(|it| {
        let texts = [&it.key, &it.subject, &it.cause].map(|it| paper::plain(it));
        let [key, subject, cause] = texts;
        vec![
            it.service.clone(),
            paper::moment(it.parked_at),
            it.id.to_string(),
            key,
            subject,
            cause,
        ]
    }));
    paper::table(&rows).iter().try_for_each(|it| paper::line(it))
}
