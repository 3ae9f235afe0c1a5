//! Plays the world around a shop: storefronts that place orders, customers who pay (or do not),
//! warehouses that pick and ship, carriers that deliver, a clerk who decides about credit, a buyer
//! who buys. Each is connected as it would be in earnest, with its own rights and no others.

mod catalogue;
mod desk;
mod furnish;
mod order;
mod people;
mod stage;
mod storefront;
mod tally;
mod warehouse;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use chassis::clock;
use clap::ValueEnum;
use tokio::sync::mpsc;

use crate::Suite;
use desk::Desk;
use stage::{Curtain, Stage};
use storefront::Storefront;
use warehouse::{Mishaps, Warehouse};

pub use furnish::{furnish, outsiders};

/// How often the demo tells what has happened.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// How many orders may wait for a storefront that is slow.
const BASKETS: usize = 64;

/// How much goes wrong in the demo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Troubles {
    /// Everybody pays and takes what they ordered, and everything is there.
    None,
    /// As in a good month.
    #[default]
    Some,
    /// As in a bad one.
    Many,
}

impl Troubles {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some => "some",
            Self::Many => "many",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::None, Self::Some, Self::Many].into_iter().find(|it| it.name() == name)
    }
}

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    /// Orders a minute. Beyond 30, everybody works faster.
    pub pace: u32,
    pub troubles: Troubles,
    /// The same number, the same orders and troubles.
    pub seed: u64,
}

/// The world, until it is closed.
pub struct World(Curtain);

impl World {
    /// Has everybody stop where they are. To be called before the suite closes.
    pub async fn close(self) {
        self.0.fall().await;
    }
}

/// Sets the world going.
pub async fn play(suite: &Suite, play: Play) -> anyhow::Result<World> {
    let (stage, curtain) = Stage::open(play);
    let mut baskets = Vec::new();
    for (name, provider) in
        [("web", "bank"), ("mini", "wallet"), ("market", "wallet"), ("wholesale", "bank")]
    {
        let nats = suite.connect("channel", name).await?;
        let bank = jetstream::new(suite.connect("provider", provider).await?);
        let storefront = Storefront { stage: stage.clone(), name, nats, bank, provider };
        let (basket, orders) = mpsc::channel(BASKETS);
        baskets.push((name, basket));
        stage.begin("storefront", storefront.clone().sells(orders));
        stage.begin("channel", storefront.follows());
    }
    let run = clock::now().as_second();
    stage.begin("customers", storefront::customers(stage.clone(), run, baskets));

    let mut carriers = Vec::new();
    for name in ["swift", "turtle"] {
        carriers.push((name, jetstream::new(suite.connect("carrier", name).await?)));
    }
    let (carriers, mishaps) = (Arc::from(carriers), Arc::new(Mishaps::default()));
    for outsider in suite.outsiders.iter().filter(|it| it.kind == "warehouse") {
        let warehouse = Warehouse {
            stage: stage.clone(),
            name: outsider.name.clone(),
            nats: suite.connect("warehouse", &outsider.name).await?,
            carriers: Arc::clone(&carriers),
            mishaps: Arc::clone(&mishaps),
            floor: Arc::default(),
        };
        stage.begin("warehouse", warehouse.works());
    }

    stage.begin("clerk", Desk::of(stage.clone(), suite, "lin.anran")?.decides());
    stage.begin("buyer", Desk::of(stage.clone(), suite, "he.jiashu")?.buys());
    stage.begin("tally", tells(stage.clone()));
    Ok(World(curtain))
}

async fn tells(stage: Stage) -> anyhow::Result<()> {
    loop {
        tokio::time::sleep(TOLD_EVERY).await;
        stage.tally.tell();
    }
}
