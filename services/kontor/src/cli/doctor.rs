//! Why does it not run, and why does an order not move?

mod books;
mod check;
mod house;
mod order;
mod servers;

use clap::Args;

use super::End;
use super::at::{Door, Here, Servers};

/// Tells why it does not run, or why an order does not move.
///
/// Without an order, it looks from the bottom up: the configuration, NATS, its streams, each
/// service's database, schema and partitions, who owns them, who hears and publishes how far, what
/// is parked, and the room on the disk. What cannot be looked at because something before it is
/// wrong is left open.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kontor doctor\n  kontor doctor K-000042",
    after_long_help = "Example:\n  kontor doctor\n  kontor doctor K-000042\n\n\
        With --json: {\"healthy\": true, \"checks\": [{\"check\": …, \"state\": \"ok\" | \"wrong\" | \
        \"open\", \"found\": …, \"remedy\": …}]}; of an order {\"order\": …, \"order_no\": …, \
        \"status\": …, \"state\": \"done\" | \"waiting\" | \"parked\" | \"late\", \"waits_for\": …, \
        \"since\": …, \"words\": […], \"parked\": […]}.\n\n\
        It ends with 1 if something is wrong, an order is parked, or a service is late with it."
)]
pub(super) struct Doctor {
    /// An order, by its id or its number.
    order: Option<String>,
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    servers: Servers,
    #[command(flatten)]
    here: Here,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        let Some(order) = &self.order else {
            let checks = house::examine(&self.door, &self.servers, &self.here).await?;
            return check::show(&checks, self.json);
        };
        let gateway = self.door.open(&self.here)?;
        let configuration = self.servers.configuration(&self.here);
        order::examine(order, &gateway, configuration, self.json).await
    }
}
