//! The catalogue: items and customers.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Cents, Currency, CustomerId, Language, Sku, Tier};
use sqlx::PgConnection;

use crate::catalogue::{Catalogue, Customer, Item};

const LOAD_ITEMS: &str = "
    select sku, name, category, unit_price_cents, currency, unit_cost_cents, tax_rate, weight_g,
           pack, max_quantity, active
      from item
     where sku = any($1::text[])";

const LOAD_CUSTOMERS: &str = "
    select customer, name, tier, on_account, language
      from customer
     where customer = any($1::text[])";

const SAVE_ITEMS: &str = "
    insert into item (sku, name, category, unit_price_cents, currency, unit_cost_cents, tax_rate,
                      weight_g, pack, max_quantity, active)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],
                         $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
                         $11::boolean[])
        on conflict (sku) do update
       set name = excluded.name, category = excluded.category,
           unit_price_cents = excluded.unit_price_cents, currency = excluded.currency,
           unit_cost_cents = excluded.unit_cost_cents, tax_rate = excluded.tax_rate,
           weight_g = excluded.weight_g, pack = excluded.pack,
           max_quantity = excluded.max_quantity, active = excluded.active";

const SAVE_CUSTOMERS: &str = "
    insert into customer (customer, name, tier, on_account, language)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[])
        on conflict (customer) do update
       set name = excluded.name, tier = excluded.tier, on_account = excluded.on_account,
           language = excluded.language";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[LOAD_ITEMS, LOAD_CUSTOMERS, SAVE_ITEMS, SAVE_CUSTOMERS];

type ItemRow = (String, String, String, i64, String, i64, i64, i64, i64, i64, bool);

type CustomerRow = (String, String, String, bool, String);

/// What the catalogue says of these items and customers, as it stands now.
pub(super) async fn load(
    db: &mut PgConnection,
    items: &BTreeSet<Sku>,
    customers: &BTreeSet<CustomerId>,
) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    if !items.is_empty() {
        let skus: Vec<&str> = items.iter().map(Sku::as_str).collect();
        let rows: Vec<ItemRow> = sqlx::query_as(LOAD_ITEMS).bind(skus).fetch_all(&mut *db).await?;
        catalogue.items = rows.into_iter().map(item).collect::<anyhow::Result<_>>()?;
    }
    if !customers.is_empty() {
        let names: Vec<&str> = customers.iter().map(CustomerId::as_str).collect();
        let rows: Vec<CustomerRow> =
            sqlx::query_as(LOAD_CUSTOMERS).bind(names).fetch_all(db).await?;
        catalogue.customers = rows.into_iter().map(customer).collect::<anyhow::Result<_>>()?;
    }
    Ok(catalogue)
}

/// Writes what was listed and who was registered.
pub(super) async fn save(db: &mut PgConnection, catalogue: &Catalogue) -> anyhow::Result<()> {
    let Catalogue { listed, registered, .. } = catalogue;
    if !listed.is_empty() {
        save_items(db, listed).await?;
    }
    if !registered.is_empty() {
        sqlx::query(SAVE_CUSTOMERS)
            .bind(registered.keys().map(CustomerId::as_str).collect::<Vec<_>>())
            .bind(registered.values().map(|it| it.name.as_str()).collect::<Vec<_>>())
            .bind(registered.values().map(|it| tier_name(it.tier)).collect::<Vec<_>>())
            .bind(registered.values().map(|it| it.on_account).collect::<Vec<_>>())
            .bind(registered.values().map(|it| it.language.tag()).collect::<Vec<_>>())
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn save_items(db: &mut PgConnection, items: &BTreeMap<Sku, Item>) -> anyhow::Result<()> {
    sqlx::query(SAVE_ITEMS)
        .bind(items.keys().map(Sku::as_str).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.name.as_str()).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.category.as_str()).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.unit_price.0).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.currency.code()).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.unit_cost.0).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.tax_rate).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.weight_g).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.pack).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.max_quantity).collect::<Vec<_>>())
        .bind(items.values().map(|it| it.active).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

fn item(row: ItemRow) -> anyhow::Result<(Sku, Item)> {
    let (sku, name, category, unit_price, currency, unit_cost, tax_rate, ..) = row;
    let (.., weight_g, pack, max_quantity, active) = row;
    let item = Item {
        name,
        category,
        unit_price: Cents(unit_price),
        currency: Currency::new(&currency)?,
        unit_cost: Cents(unit_cost),
        tax_rate,
        weight_g,
        pack,
        max_quantity,
        active,
    };
    Ok((Sku::new(sku)?, item))
}

fn customer(
    (id, name, tier, on_account, tag): CustomerRow,
) -> anyhow::Result<(CustomerId, Customer)> {
    let (tier, language) = (tier_named(&tier)?, language(&tag)?);
    Ok((CustomerId::new(id)?, Customer { name, tier, on_account, language }))
}

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Regular => "regular",
        Tier::Silver => "silver",
        Tier::Gold => "gold",
        Tier::Key => "key",
    }
}

fn tier_named(name: &str) -> anyhow::Result<Tier> {
    let all = [Tier::Regular, Tier::Silver, Tier::Gold, Tier::Key];
    let named = all.into_iter().find(|it| tier_name(*it) == name);
    named.ok_or_else(|| anyhow::anyhow!("no customer is {name}"))
}

/// The language of this tag.
pub(super) fn language(tag: &str) -> anyhow::Result<Language> {
    let named = [Language::Chinese, Language::English].into_iter().find(|it| it.tag() == tag);
    named.ok_or_else(|| anyhow::anyhow!("nobody is written to in {tag}"))
}
