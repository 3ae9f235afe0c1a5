//! People who sign in, over the gateway.

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::at::{Door, Here};
use super::http::{Answered, Gateway, refused};
use super::key::{all, of, roles};
use super::order::text;
use super::{End, Misused, paper};

/// Adds, lists and disables the people who sign in to the console.
#[derive(Debug, Args)]
pub(super) struct Person {
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
    Add(Add),
    /// Lists people.
    #[command(after_help = "Example:\n  kontor person list")]
    List,
    /// Signs a person out, and lets them in no more.
    #[command(after_help = "Example:\n  kontor person disable wang.fang")]
    Disable {
        /// By which they sign in.
        name: String,
    },
}

/// Adds a person, or changes one. The password is read from standard input.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kontor person add wang.fang --role clerk --role credit --tier 2 < password"
)]
struct Add {
    /// By which they sign in, and in whose name they act.
    name: String,
    /// What they may do; again for another role. `storefront` and `warehouse` stand alone.
    #[arg(long = "role", required = true, value_name = "ROLE")]
    roles: Vec<String>,
    /// Which channel a storefront is.
    #[arg(long)]
    channel: Option<String>,
    /// Which warehouse a warehouse is.
    #[arg(long)]
    warehouse: Option<String>,
    /// What they may decide: 1 clerk, 2 manager, 3 finance director.
    #[arg(long, default_value_t = 1)]
    tier: u8,
    /// Leave the password as it is.
    #[arg(long)]
    keep_password: bool,
}

impl Person {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        let gateway = self.door.open(&self.here)?;
        let answered = match &self.what {
            What::Add(it) => gateway.put(&["v1", "people", &it.name], &it.body()?).await?,
            What::List => return list(&gateway, self.json).await,
            What::Disable { name } => match disabled(&gateway, name).await? {
                Ok(body) => gateway.put(&["v1", "people", name], &body).await?,
                Err(problem) => Answered::Refused(problem),
            },
        };
        match answered {
            Answered::Refused(problem) => return refused(&problem, self.json),
            Answered::Done(_, person) if self.json => paper::json(&person)?,
            Answered::Done(_, person) => show(&[person])?,
        }
        Ok(End::Fine)
    }
}

impl Add {
    fn body(&self) -> anyhow::Result<Value> {
        let mut body = json!({ "roles": self.roles, "tier": self.tier });
        for (field, given) in [("channel", &self.channel), ("warehouse", &self.warehouse)] {
            if let Some(given) = given {
                body[field] = json!(given);
            }
        }
        if !self.keep_password {
            body["password"] = json!(password()?);
        }
        Ok(body)
    }
}

/// The password, on standard input; not as an argument, which others see.
fn password() -> anyhow::Result<String> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        let how = "the password is read from standard input: kontor person add … < password";
        return Err(Misused(how.to_owned()).into());
    }
    let mut password = String::new();
    input.read_to_string(&mut password)?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}

/// The person as they are, but disabled; or why not.
async fn disabled(gateway: &Gateway, name: &str) -> anyhow::Result<Result<Value, Value>> {
    let people = match all(gateway, "people").await? {
        Ok(people) => people,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(found) = people.into_iter().find(|it| it["name"] == name) else {
        return Ok(Err(json!({ "title": "There is nobody of this name", "status": 404 })));
    };
    let fields = ["roles", "channel", "warehouse", "tier"].iter();
    let kept = fields.filter(|it| !found[**it].is_null());
    let mut body: Value = kept.map(|it| ((*it).to_owned(), found[*it].clone())).collect();
    body["disabled"] = json!(true);
    Ok(Ok(body))
}

async fn list(gateway: &Gateway, json: bool) -> anyhow::Result<End> {
    match all(gateway, "people").await? {
        Ok(people) if json => paper::json(&json!({ "people": people }))?,
        Ok(people) => show(&people)?,
        Err(problem) => return refused(&problem, json),
    }
    Ok(End::Fine)
}

fn show(people: &[Value]) -> anyhow::Result<()> {
    let mut rows = vec![["NAME", "ROLES", "OF", "TIER", "STATE"].map(str::to_owned).to_vec()];
    rows.extend(people.iter().map(|it| {
        let state = if it["disabled"] == true { "disabled" } else { "may sign in" };
        vec![text(&it["name"]), roles(it), of(it), it["tier"].to_string(), state.to_owned()]
    }));
    paper::table(&rows).iter().try_for_each(|it| paper::line(it))
}
