//! The row of an order as it was placed, or as another system kept it: written once.

use chassis::Partition;
use contracts::intake::{OrderCarriedOver, OrderPlaced};
use contracts::{Cents, OrderId, OrderKind, Terms, Tier, Uuid};
use jiff_sqlx::{Timestamp, ToSqlx};
use sqlx::PgConnection;

use crate::order::LineView;
use crate::views::Views;

/// What an order that another system kept is as a kind of order.
const CARRIED_OVER: &str = "carried_over";

/// ISO 4217 for "no currency": of such an order no money is known.
const NO_CURRENCY: &str = "XXX";

pub(super) const SAVE_HEADS: &str = "
    insert into order_head (order_id, partition, order_no, channel, external_id, customer, tier,
           kind, urgent, terms, currency, net_cents, tax_cents, freight_cents, total_cents,
           entered_by, placed_at, lines)
    select order_id, $1, order_no, channel, external_id, customer, tier, kind, urgent, terms,
           currency, net, tax, freight, total, entered_by, placed_at, lines::json
      from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                  $8::text[], $9::boolean[], $10::text[], $11::text[], $12::bigint[],
                  $13::bigint[], $14::bigint[], $15::bigint[], $16::text[], $17::timestamptz[],
                  $18::text[])
        as new (order_id, order_no, channel, external_id, customer, tier, kind, urgent, terms,
                currency, net, tax, freight, total, entered_by, placed_at, lines)";

/// A row of the table, but for the partition in which it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) order: OrderId,
    pub(crate) order_no: String,
    pub(crate) channel: String,
    pub(crate) external_id: String,
    pub(crate) customer: String,
    pub(crate) tier: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) urgent: bool,
    pub(crate) terms: &'static str,
    pub(crate) currency: String,
    pub(crate) net: Cents,
    pub(crate) tax: Cents,
    pub(crate) freight: Cents,
    pub(crate) total: Cents,
    pub(crate) entered_by: String,
    pub(crate) placed_at: contracts::Timestamp,
    /// JSON.
    pub(crate) lines: String,
}

impl Head {
    /// Those of the orders that are new.
    pub(crate) fn all_of(views: &Views) -> serde_json::Result<Vec<Self>> {
        let placed = views.placed.iter().map(Self::placed);
        placed.chain(views.carried.iter().map(Self::carried)).collect()
    }

    fn placed(it: &OrderPlaced) -> serde_json::Result<Self> {
        Ok(Self {
            order: it.order,
            order_no: it.order_no.clone(),
            channel: it.channel.as_str().to_owned(),
            external_id: it.external_id.as_str().to_owned(),
            customer: it.customer.as_str().to_owned(),
            tier: tier(it.tier),
            kind: kind(it.kind),
            urgent: it.urgent,
            terms: terms(it.terms),
            currency: it.currency.code().to_owned(),
            net: it.net,
            tax: it.tax,
            freight: it.freight,
            total: it.total,
            entered_by: it.entered_by.0.clone(),
            placed_at: it.placed_at,
            lines: LineView::all_of(it)?,
        })
    }

    /// As far as the other system told.
    fn carried(it: &OrderCarriedOver) -> serde_json::Result<Self> {
        let nothing = Cents::ZERO;
        Ok(Self {
            order: it.order,
            order_no: it.external_id.as_str().to_owned(),
            channel: it.channel.as_str().to_owned(),
            external_id: it.external_id.as_str().to_owned(),
            customer: it.carried.customer.as_str().to_owned(),
            tier: "",
            kind: CARRIED_OVER,
            urgent: false,
            terms: "",
            currency: NO_CURRENCY.to_owned(),
            net: nothing,
            tax: nothing,
            freight: nothing,
            total: nothing,
            entered_by: it.entered_by.0.clone(),
            placed_at: it.at,
            lines: LineView::carried(it)?,
        })
    }
}

pub(super) async fn save(
    db: &mut PgConnection,
    partition: Partition,
    heads: &[Head],
) -> sqlx::Result<()> {
    let text = |of: fn(&Head) -> &str| heads.iter().map(of).collect::<Vec<&str>>();
    let cents = |of: fn(&Head) -> Cents| heads.iter().map(|it| of(it).0).collect::<Vec<i64>>();
    sqlx::query(SAVE_HEADS)
        .bind(partition.number.cast_signed())
        .bind(heads.iter().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(text(|it| &it.order_no))
        .bind(text(|it| &it.channel))
        .bind(text(|it| &it.external_id))
        .bind(text(|it| &it.customer))
        .bind(text(|it| it.tier))
        .bind(text(|it| it.kind))
        .bind(heads.iter().map(|it| it.urgent).collect::<Vec<bool>>())
        .bind(text(|it| it.terms))
        .bind(text(|it| &it.currency))
        .bind(cents(|it| it.net))
        .bind(cents(|it| it.tax))
        .bind(cents(|it| it.freight))
        .bind(cents(|it| it.total))
        .bind(text(|it| &it.entered_by))
        .bind(heads.iter().map(|it| it.placed_at.to_sqlx()).collect::<Vec<Timestamp>>())
        .bind(text(|it| &it.lines))
        .execute(db)
        .await?;
    Ok(())
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Regular => "regular",
        Tier::Silver => "silver",
        Tier::Gold => "gold",
        Tier::Key => "key",
    }
}

fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Standard => "standard",
        OrderKind::Bulk => "bulk",
    }
}

/// How terms of payment are called in the table and in a filter.
pub(crate) fn terms(terms: Terms) -> &'static str {
    match terms {
        Terms::Prepaid => "prepaid",
        Terms::OnAccount => "on_account",
    }
}
