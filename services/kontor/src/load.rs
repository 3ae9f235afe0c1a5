//! A shop to put load on: enough of everything that no order waits, and customers who may owe
//! anything.

use chassis::Client;
use contracts::credit::SetCreditLimit;
use contracts::intake::{ListItem, RegisterCustomer, ShipTo, Submission, SubmissionLine};
use contracts::{Actor, Cents, Currency, CustomerId, Language, OrderKind, Sku, Terms, Tier, Uuid};
use futures::{StreamExt, stream};

use crate::seed;

/// How many items and customers the orders are spread over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shop {
    pub(crate) items: u64,
    pub(crate) customers: u64,
}

impl Shop {
    /// Fills it. The seed's warehouses are there already.
    pub(crate) async fn fill(&self, client: &Client) -> anyhow::Result<()> {
        let items = stream::iter(0..self.items).map(|it| item(client, it));
        let customers = stream::iter(0..self.customers).map(|it| customer(client, it));
        let done: Vec<anyhow::Result<()>> = items.buffer_unordered(32).collect().await;
        done.into_iter().collect::<anyhow::Result<()>>()?;
        let done: Vec<anyhow::Result<()>> = customers.buffer_unordered(32).collect().await;
        done.into_iter().collect()
    }

    /// The order of this number, on account: with the same number of lines always the same.
    pub(crate) fn order(
        &self,
        external_id: &str,
        nth: u64,
        lines: usize,
    ) -> anyhow::Result<Submission> {
        let line = |it: usize| -> anyhow::Result<SubmissionLine> {
            let item = (nth * 7 + it as u64 * 131) % self.items;
            Ok(SubmissionLine {
                sku: Sku::new(format!("B-{item}"))?,
                quantity: 1,
                unit_price: Cents(1_000),
            })
        };
        let net = Cents(1_000).times(i64::try_from(lines)?);
        let tax = net.ratio(1_300, 10_000);
        Ok(Submission {
            external_id: Some(external_id.parse()?),
            customer: CustomerId::new(format!("B-{}", nth % self.customers))?,
            terms: Terms::OnAccount,
            currency: Currency::CNY,
            po_number: None,
            kind: OrderKind::Standard,
            urgent: false,
            language: None,
            remark: String::new(),
            lines: (0..lines).map(line).collect::<anyhow::Result<_>>()?,
            tax,
            freight: Cents::ZERO,
            discount: Cents::ZERO,
            total: net + tax,
            ship_to: ShipTo {
                name: "王小明".to_owned(),
                phone: "13812345678".to_owned(),
                email: None,
                country: "CN".to_owned(),
                province: "上海".to_owned(),
                city: "上海".to_owned(),
                district: "浦东新区".to_owned(),
                street: "世纪大道 100 号".to_owned(),
                postcode: "200120".to_owned(),
            },
        })
    }
}

async fn item(client: &Client, nth: u64) -> anyhow::Result<()> {
    let sku = format!("B-{nth}");
    let item = ListItem {
        sku: Sku::new(sku.clone())?,
        name: format!("Item {nth}"),
        category: "bench".to_owned(),
        unit_price: Cents(1_000),
        currency: Currency::CNY,
        unit_cost: Cents(600),
        tax_rate: 1_300,
        weight_g: 400,
        pack: 1,
        max_quantity: 1_000,
        active: true,
    };
    client.tell(name(&format!("item {sku}")), &item).await?;
    for warehouse in ["WH-A", "WH-B", "WH-C"] {
        seed::stock(client, warehouse, &sku, 1_000_000, 600).await?;
    }
    Ok(())
}

async fn customer(client: &Client, nth: u64) -> anyhow::Result<()> {
    let customer = CustomerId::new(format!("B-{nth}"))?;
    let registered = RegisterCustomer {
        customer: customer.clone(),
        name: format!("Customer {nth}"),
        tier: Tier::Regular,
        on_account: true,
        language: Language::English,
    };
    client.tell(name(&format!("customer {nth}")), &registered).await?;
    let agreed = SetCreditLimit {
        customer,
        limit: Cents(1_000_000_000_000),
        currency: Currency::CNY,
        until: None,
        payment_days: 30,
        by: Actor("bench".to_owned()),
    };
    client.tell(name(&format!("limit {nth}")), &agreed).await?;
    Ok(())
}

fn name(text: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("bench: {text}").as_bytes())
}
