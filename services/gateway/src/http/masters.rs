//! Master data: items, customers, warehouses, rulesets.

use axum::extract::State;
use axum::http::StatusCode;
use chassis::Told;
use contracts::allocation::{NodeKind, SaveRuleset, SaveRulesetAnswer, SetNode};
use contracts::credit::{AccountOf, AccountView, SetCreditLimit};
use contracts::intake::{ListItem, RegisterCustomer};
use contracts::{Cents, Currency, CustomerId, Language, Silence, Sku, Tier, WarehouseId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::checked::{Checked, Faults, MOST};
use super::extract::{Instruction, KeyHeader, Named};
use super::problem::{Always, IfMissing, IfSent, Problem};
use super::{Api, Json, page_name, schema};
use crate::access::{May, act};

/// An item of the catalogue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    #[schema(min_length = 1, max_length = 200, example = "机械键盘")]
    name: String,
    #[schema(min_length = 1, max_length = 100, example = "keyboards")]
    category: String,
    /// Net, for one unit, in the minor unit of `currency`.
    #[schema(value_type = i64, minimum = 0, maximum = 100_000_000_000_000_i64, example = 50_000)]
    unit_price: Cents,
    #[schema(value_type = schema::Currency)]
    currency: Currency,
    /// What one unit costs the merchant.
    #[schema(value_type = i64, minimum = 0, maximum = 100_000_000_000_000_i64, example = 30_000)]
    unit_cost: Cents,
    /// In 1/10,000: 1300 is 13 %.
    #[schema(minimum = 0, maximum = 10_000, example = 1_300)]
    tax_rate: i64,
    /// Grams a unit.
    #[schema(minimum = 0, maximum = 100_000_000, example = 900)]
    weight_g: i64,
    /// Orders are for multiples of this.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pack: i64,
    /// The most of it that one line may order.
    #[schema(minimum = 1, maximum = 1_000_000, example = 500)]
    max_quantity: i64,
    /// Whether it can be ordered.
    active: bool,
}

impl Checked for Item {
    fn check(&self, faults: &mut Faults) {
        faults.text("/name", &self.name, 1..=200);
        faults.text("/category", &self.category, 1..=100);
        faults.number("/unit_price", self.unit_price.0, 0..=MOST);
        faults.number("/unit_cost", self.unit_cost.0, 0..=MOST);
        faults.number("/tax_rate", self.tax_rate, 0..=10_000);
        faults.number("/weight_g", self.weight_g, 0..=100_000_000);
        faults.number("/pack", self.pack, 1..=1_000_000);
        faults.number("/max_quantity", self.max_quantity, 1..=1_000_000);
    }
}

/// Put an item into the catalogue
///
/// Or change it: later orders follow it, earlier ones do not.
#[utoipa::path(
    put, path = "/v1/catalogue/{sku}", tag = "Master data", operation_id = "put_item",
    params(
        ("sku" = schema::Sku, Path, description = "Which item.", example = "KB-87"),
        KeyHeader,
    ),
    request_body(content = Item, description = "The item, whole."),
    responses((status = 204, description = "It is in the catalogue."), Always, IfSent),
)]
pub(crate) async fn put_item(
    State(api): State<Api>,
    _: May<act::PutItem>,
    Named(sku): Named<Sku>,
    it: Instruction<Item>,
) -> Result<StatusCode, Problem> {
    let Item { name, category, unit_price, currency, unit_cost, tax_rate, .. } = it.body;
    let Item { weight_g, pack, max_quantity, active, .. } = it.body;
    let item = ListItem {
        sku,
        name,
        category,
        unit_price,
        currency,
        unit_cost,
        tax_rate,
        weight_g,
        pack,
        max_quantity,
        active,
    };
    let _done: Told<Silence> = api.house.tell(it.id, item).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Customer {
    #[schema(min_length = 1, max_length = 200, example = "南京玄武商贸有限公司")]
    name: String,
    #[schema(value_type = schema::Tier)]
    tier: Tier,
    /// Whether the customer may order on account at all; how much is for credit to say.
    on_account: bool,
    /// In which the customer is written to.
    #[schema(value_type = schema::Language)]
    language: Language,
}

impl Checked for Customer {
    fn check(&self, faults: &mut Faults) {
        faults.text("/name", &self.name, 1..=200);
    }
}

/// Make a customer known
///
/// Or change what is known of them.
#[utoipa::path(
    put, path = "/v1/customers/{id}", tag = "Master data", operation_id = "put_customer",
    params(
        ("id" = schema::CustomerId, Path, description = "As the merchant numbers them.", example = "C-7"),
        KeyHeader,
    ),
    request_body(content = Customer, description = "The customer, whole."),
    responses((status = 204, description = "The customer is known."), Always, IfSent),
)]
pub(crate) async fn put_customer(
    State(api): State<Api>,
    _: May<act::PutCustomer>,
    Named(customer): Named<CustomerId>,
    it: Instruction<Customer>,
) -> Result<StatusCode, Problem> {
    let Customer { name, tier, on_account, language } = it.body;
    let known = RegisterCustomer { customer, name, tier, on_account, language };
    let _done: Told<Silence> = api.house.tell(it.id, known).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a customer may owe.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditLimit {
    /// In the minor unit of `currency`.
    #[schema(value_type = i64, minimum = 0, maximum = 100_000_000_000_000_i64, example = 5_000_000)]
    limit: Cents,
    #[schema(value_type = schema::Currency)]
    currency: Currency,
    /// The last day on which it holds; for good, if none is given.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    until: Option<Date>,
    /// Days from an invoice to when it is due.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    payment_days: i32,
}

impl Checked for CreditLimit {
    fn check(&self, faults: &mut Faults) {
        faults.number("/limit", self.limit.0, 0..=MOST);
        faults.number("/payment_days", self.payment_days.into(), 0..=365);
    }
}

/// Agree on a credit limit
///
/// What the customer may owe, from the next order on.
#[utoipa::path(
    put, path = "/v1/customers/{id}/credit-limit", tag = "Credit", operation_id = "put_credit_limit",
    params(
        ("id" = schema::CustomerId, Path, description = "As the merchant numbers them.", example = "C-7"),
        KeyHeader,
    ),
    request_body(content = CreditLimit, description = "The limit."),
    responses((status = 204, description = "The limit holds."), Always, IfSent),
)]
pub(crate) async fn put_credit_limit(
    State(api): State<Api>,
    _: May<act::SetLimit>,
    Named(customer): Named<CustomerId>,
    it: Instruction<CreditLimit>,
) -> Result<StatusCode, Problem> {
    let (CreditLimit { limit, currency, until, payment_days }, by) = (it.body, it.by.actor);
    let agreed = SetCreditLimit { customer, limit, currency, until, payment_days, by };
    let _done: Told<Silence> = api.house.tell(it.id, agreed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A customer's account
///
/// Asks credit what the customer may owe, and owes, by stage.
#[utoipa::path(
    get, path = "/v1/customers/{id}/credit", tag = "Credit", operation_id = "get_account",
    params(("id" = schema::CustomerId, Path, description = "As the merchant numbers them.", example = "C-7")),
    responses(
        (status = 200, description = "The account.", body = schema::AccountView),
        Always, IfMissing,
    ),
)]
pub(crate) async fn get_account(
    State(api): State<Api>,
    _: May<act::ReadAccount>,
    Named(customer): Named<CustomerId>,
) -> Result<Json<AccountView>, Problem> {
    let account: Option<AccountView> = api.house.ask(AccountOf { customer }).await?;
    account.map(Json).ok_or_else(|| Problem::not_found("This customer has no account"))
}

/// The name of a province.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 100, example = "江苏")]
#[expect(dead_code, reason = "only documents what stands in a list")]
pub(crate) struct Province(String);

/// A warehouse, as sourcing knows it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warehouse {
    #[schema(min_length = 1, max_length = 200, example = "上海一仓")]
    name: String,
    #[schema(value_type = schema::NodeKind)]
    kind: NodeKind,
    #[schema(min_length = 1, max_length = 100, example = "上海")]
    province: String,
    #[schema(min_length = 1, max_length = 100, example = "上海")]
    city: String,
    /// Provinces that it serves; all, if none is named.
    #[schema(value_type = Vec<Province>, max_items = 100, example = json!(["上海", "江苏", "浙江"]))]
    serves: Vec<String>,
    /// Order lines it can pick an hour.
    #[schema(minimum = 1, maximum = 1_000_000, example = 400)]
    lines_per_hour: i64,
    /// Whether orders may come from there.
    active: bool,
}

impl Checked for Warehouse {
    fn check(&self, faults: &mut Faults) {
        faults.text("/name", &self.name, 1..=200);
        faults.text("/province", &self.province, 1..=100);
        faults.text("/city", &self.city, 1..=100);
        faults.number("/lines_per_hour", self.lines_per_hour, 1..=1_000_000);
        faults.number("/serves", i64::try_from(self.serves.len()).unwrap_or(i64::MAX), 0..=100);
        for (at, province) in self.serves.iter().enumerate() {
            faults.text(&format!("/serves/{at}"), province, 1..=100);
        }
    }
}

/// Make a warehouse known
///
/// Or change what sourcing knows of it.
#[utoipa::path(
    put, path = "/v1/warehouses/{id}", tag = "Master data", operation_id = "put_warehouse",
    params(
        ("id" = schema::WarehouseId, Path, description = "Which warehouse.", example = "SH1"),
        KeyHeader,
    ),
    request_body(content = Warehouse, description = "The warehouse, whole."),
    responses((status = 204, description = "The warehouse is known."), Always, IfSent),
)]
pub(crate) async fn put_warehouse(
    State(api): State<Api>,
    _: May<act::PutWarehouse>,
    Named(warehouse): Named<WarehouseId>,
    it: Instruction<Warehouse>,
) -> Result<StatusCode, Problem> {
    let Warehouse { name, kind, province, city, serves, lines_per_hour, active } = it.body;
    let node = SetNode { warehouse, name, kind, province, city, serves, lines_per_hour, active };
    let _done: Told<Silence> = api.house.tell(it.id, node).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A ruleset that is in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedRuleset {
    #[schema(example = "cn-default")]
    ruleset: String,
    /// Counts up by one with each change.
    #[schema(example = 42)]
    version: i32,
    /// The page that tells everyone of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "allocation:0:17")]
    page: Option<String>,
}

/// Put a ruleset into force
///
/// The rules by which orders get their warehouses. They are checked first; nothing changes if they are
/// refused.
#[utoipa::path(
    put, path = "/v1/rulesets/{name}", tag = "Master data", operation_id = "put_ruleset",
    params(
        ("name" = schema::Sku, Path, description = "Which ruleset.", example = "cn-default"),
        KeyHeader,
    ),
    request_body(
        content = Object, description = "The rules, as the documentation of allocation describes them.",
    ),
    responses(
        (status = 200, description = "The rules are in force.", body = SavedRuleset),
        Always, IfSent,
    ),
)]
pub(crate) async fn put_ruleset(
    State(api): State<Api>,
    _: May<act::PutRuleset>,
    Named(name): Named<RulesetName>,
    it: Instruction<Map<String, Value>>,
) -> Result<Json<SavedRuleset>, Problem> {
    let (ruleset, rules, by) = (name.0.into(), Value::Object(it.body), it.by.actor);
    let Told { said, page } = api.house.tell(it.id, SaveRuleset { ruleset, rules, by }).await?;
    let page = page_name("allocation", page);
    match said.into_iter().next() {
        Some(SaveRulesetAnswer::RulesetSaved(it)) => {
            Ok(Json(SavedRuleset { ruleset: it.ruleset, version: it.version, page }))
        }
        Some(SaveRulesetAnswer::RulesetRefused(it)) => Err(Problem::invalid(it.problems)),
        None => Err(Problem::internal()),
    }
}

/// A ruleset is named like anything else that stands in a path.
pub(crate) struct RulesetName(Sku);

impl std::str::FromStr for RulesetName {
    type Err = contracts::BadToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
