use contracts::intake::{ShipTo, Submission, SubmissionLine};
use contracts::{Cents, Currency, CustomerId, OrderKind, Sku, Terms};

/// Something that the shop sells.
#[derive(Debug, Clone)]
pub struct Item {
    pub sku: Sku,
    /// Net.
    pub price: Cents,
    pub cost: Cents,
    /// In 1/10,000.
    pub tax_rate: i64,
}

/// Province, city, district, street, postcode.
pub type Address = [&'static str; 5];

/// Where customers live.
pub const SHANGHAI: Address = ["上海市", "上海", "浦东新区", "世纪大道 100 号", "200120"];
pub const NANJING: Address = ["江苏省", "南京", "鼓楼区", "中山北路 8 号", "210008"];
pub const GUANGZHOU: Address = ["广东省", "广州", "天河区", "天河路 1 号", "510620"];
pub const BEIJING: Address = ["北京市", "北京", "海淀区", "中关村大街 27 号", "100080"];

/// An order that is being written: its sums are right at every step. To hand in one that is wrong,
/// take the [`Submission`] and spoil it.
#[derive(Debug, Clone)]
pub struct Draft {
    order: Submission,
    net: Cents,
}

impl Draft {
    /// An order of a guest, who pays before anything leaves.
    pub fn prepaid(external_id: &str) -> anyhow::Result<Self> {
        Self::of(external_id, &format!("guest-{external_id}"), Terms::Prepaid)
    }

    /// An order of a customer who pays by invoice.
    pub fn on_account(external_id: &str, customer: &str) -> anyhow::Result<Self> {
        Self::of(external_id, customer, Terms::OnAccount)
    }

    fn of(external_id: &str, customer: &str, terms: Terms) -> anyhow::Result<Self> {
        let order = Submission {
            external_id: Some(external_id.parse()?),
            customer: CustomerId::new(customer)?,
            terms,
            currency: Currency::CNY,
            po_number: None,
            kind: OrderKind::Standard,
            urgent: false,
            language: None,
            remark: String::new(),
            lines: vec![],
            tax: Cents::ZERO,
            freight: Cents::ZERO,
            discount: Cents::ZERO,
            total: Cents::ZERO,
            ship_to: ship_to(SHANGHAI),
        };
        Ok(Self { order, net: Cents::ZERO })
    }

    #[must_use]
    pub fn line(mut self, item: &Item, quantity: i64) -> Self {
        let amount = item.price.times(quantity);
        self.net += amount;
        self.order.tax += amount.ratio(item.tax_rate, 10_000);
        let (sku, unit_price) = (item.sku.clone(), item.price);
        self.order.lines.push(SubmissionLine { sku, quantity, unit_price });
        self
    }

    #[must_use]
    pub fn to(mut self, address: Address) -> Self {
        self.order.ship_to = ship_to(address);
        self
    }

    #[must_use]
    pub fn freight(mut self, freight: Cents) -> Self {
        self.order.freight = freight;
        self
    }

    #[must_use]
    pub fn po_number(mut self, number: &str) -> Self {
        self.order.po_number = Some(number.to_owned());
        self
    }

    /// As it is handed in.
    pub fn order(self) -> Submission {
        let Self { mut order, net } = self;
        order.total = net + order.tax + order.freight - order.discount;
        order
    }
}

fn ship_to([province, city, district, street, postcode]: Address) -> ShipTo {
    ShipTo {
        name: "王小明".to_owned(),
        phone: "138 1234 5678".to_owned(),
        email: Some("wang@example.com".to_owned()),
        country: "CN".to_owned(),
        province: province.to_owned(),
        city: city.to_owned(),
        district: district.to_owned(),
        street: street.to_owned(),
        postcode: postcode.to_owned(),
    }
}
