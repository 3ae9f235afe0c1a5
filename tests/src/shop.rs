use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, ensure};
use chassis::{Client, clock};
use contracts::allocation::SetNode;
use contracts::credit::{RecordHistory, SetCreditLimit};
use contracts::intake::{ListItem, RegisterCustomer};
use contracts::{
    Actor, Cents, Command, Currency, CustomerId, Language, OrderId, Sku, Status, Tier, Uuid,
    WarehouseId,
};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use kontor::seed::{OUTSIDERS, WAREHOUSES};
use kontor::{Configuration, Options, Suite};
use servers::Home;

use crate::ledgers::{self, Ledgers};
use crate::{Bank, Carrier, Clerk, Item, PATIENCE, Storefront, Warehouse, eventually};

/// The house with everyone who deals with it: servers and services of its own, in a home of its own.
/// It has the demo shop's warehouses, and sells nothing yet.
pub struct Shop {
    pub suite: Suite,
    /// Two channels.
    pub web: Storefront,
    pub market: Storefront,
    pub bank: Bank,
    pub carrier: Carrier,
    pub clerk: Clerk,
    pub(crate) ledgers: Ledgers,
    warehouses: Vec<Warehouse>,
    client: Client,
    told: AtomicU64,
    home: PathBuf,
}

/// Into how many partitions the work is divided: more than a small house has, for what meets there.
pub(crate) const PARTITIONS: u32 = 4;

impl Shop {
    /// Opens a shop for a test of this name.
    pub async fn open(name: &str) -> anyhow::Result<Self> {
        Self::open_to(name, &[]).await
    }

    /// Opens a shop that lets in these as well: kind and name. What they are told waits for them.
    pub async fn open_to(
        name: &str,
        outsiders: &[(&'static str, &'static str)],
    ) -> anyhow::Result<Self> {
        Self::open_with(name, outsiders, |it| it).await
    }

    /// The same, with settings that somebody has changed.
    pub async fn open_with(
        name: &str,
        outsiders: &[(&'static str, &'static str)],
        change: impl FnOnce(Configuration) -> Configuration,
    ) -> anyhow::Result<Self> {
        let plain = Configuration { partitions: PARTITIONS, ..Configuration::default() };
        let outsiders = OUTSIDERS.iter().chain(outsiders).copied().collect();
        let (home, configuration) = (home(name)?, change(in_haste(plain)));
        Self::open_as(Options { home, durable: false, configuration, outsiders, speed: 1 }).await
    }

    /// Opens a shop whose time runs so many times as fast as the machine's.
    pub async fn open_at(name: &str, speed: u32) -> anyhow::Result<Self> {
        let plain = Configuration { partitions: PARTITIONS, ..Configuration::default() };
        let (home, outsiders, configuration) = (home(name)?, OUTSIDERS.to_vec(), in_haste(plain));
        Self::open_as(Options { home, durable: false, configuration, outsiders, speed }).await
    }

    async fn open_as(options: Options) -> anyhow::Result<Self> {
        let home = options.home.clone();
        let suite = Suite::start(options, None, &|_| ()).await?;
        let gateway = suite.gateway().context("the gateway listens nowhere")?;
        let clerk = Clerk::new(&gateway, suite.operator().context("there is no operator")?);
        let open = async |channel: &str| {
            let key = clerk.makes_key("storefront", channel).await?;
            let nats = suite.connect("channel", channel).await?;
            Storefront::open(nats, channel, &gateway, key).await
        };
        let (web, market) = (open("web").await?, open("market").await?);
        let mut warehouses = Vec::new();
        for (kind, name) in OUTSIDERS.iter().filter(|it| it.0 == "warehouse") {
            warehouses.push(Warehouse::open(suite.connect(kind, name).await?, name).await?);
        }
        let shop = Self {
            web,
            market,
            bank: Bank::new(suite.connect("provider", "bank").await?, "bank"),
            carrier: Carrier::new(suite.connect("carrier", "swift").await?, "swift"),
            clerk,
            ledgers: ledgers::open(&suite),
            warehouses,
            client: suite.client().await?,
            told: AtomicU64::new(0),
            home,
            suite,
        };
        shop.set_warehouses().await?;
        Ok(shop)
    }

    /// Ends everything, and forgets it.
    pub async fn close(self) -> anyhow::Result<()> {
        let Self { suite, home, .. } = self;
        suite.close().await?;
        std::fs::remove_dir_all(&home).with_context(|| format!("removing {}", home.display()))
    }

    /// Where everything is kept, for whoever looks after a test that failed.
    pub fn home(&self) -> &Path {
        &self.home
    }

    pub fn warehouse(&self, name: &str) -> anyhow::Result<&Warehouse> {
        let found = self.warehouses.iter().find(|it| it.name == name);
        found.with_context(|| format!("there is no warehouse {name}"))
    }

    // ---- What the shop sells, where it keeps it, who buys it -----------------------------------

    async fn set_warehouses(&self) -> anyhow::Result<()> {
        for (warehouse, name, kind, province, city, lines_per_hour, _) in WAREHOUSES {
            self.tell(SetNode {
                warehouse: WarehouseId::new(warehouse)?,
                name: name.to_owned(),
                kind,
                province: province.to_owned(),
                city: city.to_owned(),
                serves: vec![],
                lines_per_hour,
                active: true,
            })
            .await?;
        }
        Ok(())
    }

    /// Lists an item at this net price in fen, with so many units in each of these warehouses; and
    /// waits until everyone knows what can be sold of it.
    pub async fn sells(
        &self,
        sku: &str,
        price: i64,
        stock: &[(&str, i64)],
    ) -> anyhow::Result<Item> {
        let item = Item {
            sku: Sku::new(sku)?,
            price: Cents(price),
            cost: Cents(price / 2),
            tax_rate: 1_300,
        };
        self.lists(&item, |it| it).await?;
        for (warehouse, quantity) in stock {
            self.receives(&item, warehouse, *quantity).await?;
        }
        self.is_quiet().await?;
        Ok(item)
    }

    /// Lists an item, as somebody has changed the entry.
    pub async fn lists(
        &self,
        item: &Item,
        change: impl FnOnce(ListItem) -> ListItem,
    ) -> anyhow::Result<()> {
        let entry = ListItem {
            sku: item.sku.clone(),
            name: format!("货 {}", item.sku),
            category: "ware".to_owned(),
            unit_price: item.price,
            currency: Currency::CNY,
            unit_cost: item.cost,
            tax_rate: item.tax_rate,
            weight_g: 250,
            pack: 1,
            max_quantity: 10_000,
            active: true,
        };
        self.tell(change(entry)).await
    }

    /// Puts goods on a shelf.
    pub async fn receives(
        &self,
        item: &Item,
        warehouse: &str,
        quantity: i64,
    ) -> anyhow::Result<()> {
        let nth = self.told.fetch_add(1, Ordering::Relaxed);
        let receipt = contracts::inventory::ReceiveStock {
            sku: item.sku.clone(),
            warehouse: WarehouseId::new(warehouse)?,
            quantity,
            unit_cost: item.cost,
            document: format!("delivery-{nth}"),
            by: Actor("test".to_owned()),
        };
        self.tell(receipt).await
    }

    /// Registers a customer who may owe so much, and who paid so much in a hundred of what was due.
    pub async fn knows(&self, customer: &str, limit: i64, paid: i64) -> anyhow::Result<()> {
        let customer = CustomerId::new(customer)?;
        let registered = RegisterCustomer {
            customer: customer.clone(),
            name: format!("客户 {customer}"),
            tier: Tier::Silver,
            on_account: true,
            language: Language::Chinese,
        };
        self.tell(registered).await?;
        let agreed = SetCreditLimit {
            customer: customer.clone(),
            limit: Cents(limit),
            currency: Currency::CNY,
            until: None,
            payment_days: 30,
            by: Actor("test".to_owned()),
        };
        self.tell(agreed).await?;
        let today = clock::now().to_zoned(TimeZone::UTC).date();
        let history = RecordHistory {
            customer,
            document: "opening".to_owned(),
            due: today.checked_sub(50.days())?,
            amount: Cents(1_000_000),
            paid: Cents(10_000 * paid),
        };
        self.tell(history).await
    }

    /// Gives a command that was not given before.
    pub async fn tell<C: Command>(&self, command: C) -> anyhow::Result<()> {
        self.answer(command).await.map(drop)
    }

    /// Gives a command that was not given before, for its answer.
    pub async fn answer<C: Command>(&self, command: C) -> anyhow::Result<Vec<C::Answer>> {
        let nth = self.told.fetch_add(1, Ordering::Relaxed);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("test {nth}").as_bytes());
        // On a busy machine nobody may answer in time. The same id is decided once.
        eventually(PATIENCE, || async { Ok(self.client.tell(id, &command).await?.said) }).await
    }

    // ---- How it stands -------------------------------------------------------------------------

    /// Waits until the order shows this status, at the gateway.
    pub async fn reaches(&self, order: OrderId, status: Status) -> anyhow::Result<()> {
        eventually(PATIENCE, || async {
            let seen = self.clerk.order(order).await?;
            ensure!(seen["status"] == status.name(), "{order} is {}", seen["status"]);
            Ok(())
        })
        .await
        .with_context(|| format!("{order} is not {status}"))
    }

    /// How many units of the item wait for supply, wherever it may come.
    pub async fn waiting(&self, item: &Item) -> anyhow::Result<i64> {
        let stock = self.clerk.reads(&format!("/v1/stock/{}", item.sku)).await?;
        let shelves = stock["warehouses"].as_array().into_iter().flatten();
        Ok(shelves.filter_map(|it| it["backordered"].as_i64()).sum())
    }

    /// How an item stands in a warehouse: good, reserved, allocated.
    pub async fn shelf(&self, item: &Item, warehouse: &str) -> anyhow::Result<[i64; 3]> {
        let stock = self.clerk.reads(&format!("/v1/stock/{}", item.sku)).await?;
        let mut shelves = stock["warehouses"].as_array().into_iter().flatten();
        let found = shelves.find(|it| it["warehouse"] == warehouse);
        let found = found.with_context(|| format!("{warehouse} never had {}", item.sku))?;
        let figure = |it: &str| found[it].as_i64().unwrap_or_default();
        Ok(["good", "reserved", "allocated"].map(figure))
    }
}

/// Who tests asks, and signs in, more often than anybody would.
fn in_haste(mut it: Configuration) -> Configuration {
    let access = &mut it.gateway.access;
    (access.requests, access.burst, access.sign_ins) = (100_000, 100_000, 1_000);
    it
}

/// A new home for a test, below the directory for temporary files. What an earlier run left there is
/// removed, unless that run still lives.
pub(crate) fn home(name: &str) -> anyhow::Result<PathBuf> {
    let homes = std::env::temp_dir().join("kontor-journeys");
    std::fs::create_dir_all(&homes)?;
    for entry in std::fs::read_dir(&homes)? {
        let path = entry?.path();
        let left = path.file_name().and_then(|it| it.to_str()).and_then(|it| it.rsplit_once('-'));
        if let Some((of, process)) = left
            && of == name
            && !Path::new("/proc").join(process).exists()
        {
            std::fs::remove_dir_all(&path).ok(); // Another run was faster.
        }
    }
    let home = homes.join(format!("{name}-{}", std::process::id()));
    Ok(Home::open(&home, &|_| ())?.path().to_owned())
}
