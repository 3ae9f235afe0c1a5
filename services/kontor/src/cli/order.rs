//! Orders, over the gateway.

mod cancel;
mod list;
mod place;
mod show;

use clap::{Args, Subcommand};
use contracts::{Cents, Currency};
use serde_json::Value;

use super::at::{Door, Here};
use super::{End, paper};

/// Places, shows, lists and cancels orders.
#[derive(Debug, Args)]
pub(super) struct Order {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Subcommand)]
enum What {
    Place(place::Place),
    Show(show::Show),
    List(list::List),
    Cancel(cancel::Cancel),
}

/// Where to ask, and how to tell.
#[derive(Debug, Args)]
struct How {
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    here: Here,
    /// Write what the gateway answers, as JSON.
    #[arg(long, global = true)]
    json: bool,
}

impl Order {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        let gateway = self.how.door.open(&self.how.here)?;
        let json = self.how.json;
        match self.what {
            What::Place(it) => it.carry_out(&gateway, json).await,
            What::Show(it) => it.carry_out(&gateway, json).await,
            What::List(it) => it.carry_out(&gateway, json).await,
            What::Cancel(it) => it.carry_out(&gateway, json).await,
        }
    }
}

/// A text of the gateway's answer, as it may be shown; empty if there is none.
pub(super) fn text(it: &Value) -> String {
    paper::plain(it.as_str().unwrap_or_default())
}

/// A moment of the gateway's answer; empty if there is none.
pub(super) fn moment(it: &Value) -> String {
    let at = it.as_str().and_then(|it| it.parse().ok());
    at.map(paper::moment).unwrap_or_default()
}

/// An amount of the gateway's answer: `301.28 CNY`.
fn amount(cents: &Value, currency: &Value) -> String {
    let cents = Cents(cents.as_i64().unwrap_or_default());
    let code = currency.as_str().unwrap_or_default();
    match Currency::new(code) {
        Ok(currency) => format!("{} {code}", currency.format(cents)),
        Err(_) => format!("{} {}", cents.0, paper::plain(code)), // In its minor unit.
    }
}
