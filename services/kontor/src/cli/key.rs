//! Keys of machines, over the gateway.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::at::{Door, Here};
use super::http::{Answered, Gateway, refused};
use super::order::{moment, text};
use super::{End, paper};

/// Makes, lists, rotates and revokes the keys with which machines ask the gateway.
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    here: Here,
    /// Write what the gateway answers, as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    Create(Create),
    /// Lists keys. Their secrets nobody knows.
    #[command(after_help = "Example:\n  kontor key list")]
    List,
    /// Gives a key another secret, and prints it, this once. The old one stays valid for a while.
    #[command(after_help = "Example:\n  kontor key rotate 5f0c1d2e3a4b5c6d")]
    Rotate {
        /// Its id.
        id: String,
    },
    /// Ends a key for good, within seconds.
    #[command(after_help = "Example:\n  kontor key revoke 5f0c1d2e3a4b5c6d")]
    Revoke {
        /// Its id.
        id: String,
    },
}

/// Makes a key, and prints it, this once.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor key create webshop --role storefront --channel web")]
struct Create {
    /// In whose name it acts.
    name: String,
    /// What it may do; again for another role. `storefront` and `warehouse` stand alone.
    #[arg(long = "role", required = true, value_name = "ROLE")]
    roles: Vec<String>,
    /// Which channel a storefront is.
    #[arg(long)]
    channel: Option<String>,
    /// Which warehouse a warehouse is.
    #[arg(long)]
    warehouse: Option<String>,
    /// Narrows it to this action; again for another one.
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// Until when it is valid: 2027-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
}

impl Key {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        let gateway = self.door.open(&self.here)?;
        let nothing = || b"{}".to_vec();
        let answered = match &self.what {
            What::Create(it) => gateway.post(&["v1", "keys"], &[], it.body()?).await?,
            What::List => return list(&gateway, self.json).await,
            What::Rotate { id } => {
                gateway.post(&["v1", "keys", id, "rotate"], &[], nothing()).await?
            }
            What::Revoke { id } => {
                gateway.post(&["v1", "keys", id, "revoke"], &[], nothing()).await?
            }
        };
        match answered {
            Answered::Refused(problem) => return refused(&problem, self.json),
            Answered::Done(_, made) if self.json => paper::json(&made)?,
            Answered::Done(_, made) if made["key"].is_string() => {
                paper::line(&text(&made["key"]))?;
            }
            Answered::Done(..) => paper::line("It is revoked.")?,
        }
        Ok(End::Fine)
    }
}

impl Create {
    fn body(&self) -> anyhow::Result<Vec<u8>> {
        let Self { name, roles, channel, warehouse, actions, expires } = self;
        let mut body = json!({ "name": name, "roles": roles });
        if !actions.is_empty() {
            body["actions"] = json!(actions);
        }
        for (field, given) in
            [("channel", channel), ("warehouse", warehouse), ("expires_at", expires)]
        {
            if let Some(given) = given {
                body[field] = json!(given);
            }
        }
        Ok(serde_json::to_vec(&body)?)
    }
}

async fn list(gateway: &Gateway, json: bool) -> anyhow::Result<End> {
    let keys = match all(gateway, "keys").await? {
        Ok(keys) => keys,
        Err(problem) => return refused(&problem, json),
    };
    if json {
        paper::json(&json!({ "keys": keys }))?;
        return Ok(End::Fine);
    }
    let heads = ["ID", "NAME", "ROLES", "OF", "USED", "STATE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(keys.iter().map(|it| {
        let state = if it["revoked_at"].is_string() {
            "revoked".to_owned()
        } else if it["expires_at"].is_string() {
            format!("until {}", moment(&it["expires_at"]))
        } else {
            "valid".to_owned()
        };
        vec![text(&it["id"]), text(&it["name"]), roles(it), of(it), moment(&it["used_at"]), state]
    }));
    paper::table(&rows).iter().try_for_each(|it| paper::line(it))?;
    Ok(End::Fine)
}

/// Everything of this name, page by page; or why not.
pub(super) async fn all(
    gateway: &Gateway,
    what: &str,
) -> anyhow::Result<Result<Vec<Value>, Value>> {
    let (mut all, mut query) = (Vec::new(), vec![]);
    loop {
        match gateway.get(&["v1", what], &query).await? {
            Answered::Refused(problem) => return Ok(Err(problem)),
            Answered::Done(_, mut page) => {
                all.extend(page[what].as_array_mut().map(std::mem::take).unwrap_or_default());
                let Some(next) = page["next"].as_str() else { return Ok(Ok(all)) };
                query = vec![("after", next.to_owned())];
            }
        }
    }
}

pub(super) fn roles(it: &Value) -> String {
    let roles: Vec<String> = it["roles"].as_array().into_iter().flatten().map(text).collect();
    roles.join(", ")
}

/// The channel or the warehouse that somebody is bound to.
pub(super) fn of(it: &Value) -> String {
    text(&it["channel"]) + &text(&it["warehouse"])
}
