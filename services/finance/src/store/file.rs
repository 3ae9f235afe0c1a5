//! Orders, their parcels, and the money that came for them.

use std::collections::{BTreeMap, BTreeSet};

use contracts::finance::OrderSettled;
use contracts::{
    Cents, Currency, CustomerId, OrderId, PaymentId, ProviderId, ShipmentId, Timestamp, Uuid,
};
use jiff_sqlx::{Date as SqlDate, Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::names::{
    deposit_state_name, deposit_state_named, stage_name, state_name, state_named, terms_name,
    terms_named,
};
use super::{Change, Needs, read};
use crate::sale::{Deposit, File, Invoice, Parcel, PaymentKey, Sale, SaleLine, Stage};

const LOAD_SALES: &str = "
    select order_id, customer_id, terms, currency, total_cents, freight_cents, state, captured,
           payment_days, lines
      from sale
     where order_id = any($1::uuid[])";

const LOAD_PARCELS: &str = "
    select order_id, shipment_id, state, cost_cents, net_cents, tax_cents, paid_cents,
           number, issued_on, due_on
      from parcel
     where order_id = any($1::uuid[])";

const LOAD_DEPOSITS: &str = "
    select order_id, provider, payment_id, amount_cents, currency, state, unapplied_cents,
           value_date, noted_at
      from deposit
     where order_id = any($1::uuid[])";

const SAVE_SALES: &str = "
    insert into sale (order_id, customer_id, terms, currency, total_cents, freight_cents,
                      state, captured, payment_days, lines)
    select order_id, customer_id, terms, currency, total, freight, state, captured, payment_days,
           lines::json
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
                  $7::text[], $8::boolean[], $9::integer[], $10::text[])
        as new (order_id, customer_id, terms, currency, total, freight, state, captured,
                payment_days, lines)
        on conflict (order_id) do update
       set state = excluded.state, captured = excluded.captured,
           payment_days = excluded.payment_days, lines = excluded.lines";

const SAVE_PARCELS: &str = "
    insert into parcel (order_id, shipment_id, state, cost_cents, net_cents, tax_cents, paid_cents,
                        number, issued_on, due_on)
    select *
      from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                  $7::bigint[], $8::text[], $9::date[], $10::date[])
        on conflict (order_id, shipment_id) do update
       set state = excluded.state, net_cents = excluded.net_cents, tax_cents = excluded.tax_cents,
           paid_cents = excluded.paid_cents, number = excluded.number,
           issued_on = excluded.issued_on, due_on = excluded.due_on";

const SAVE_DEPOSITS: &str = "
    insert into deposit (order_id, provider, payment_id, amount_cents, currency, state,
                         unapplied_cents, value_date, noted_at)
    select *
      from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                  $7::bigint[], $8::date[], $9::timestamptz[])
        on conflict (order_id, provider, payment_id) do update
       set state = excluded.state, unapplied_cents = excluded.unapplied_cents";

const SAVE_SETTLEMENTS: &str = "
    insert into settlement (order_id, ordered_cents, invoiced_cents, paid_cents, open_cents,
                            cost_cents, margin_cents, settled_at)
    select *
      from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                  $6::bigint[], $7::bigint[], $8::timestamptz[])";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    LOAD_SALES,
    LOAD_PARCELS,
    LOAD_DEPOSITS,
    SAVE_SALES,
    SAVE_PARCELS,
    SAVE_DEPOSITS,
    SAVE_SETTLEMENTS,
];

/// A line of an order, as it is kept.
pub(crate) type LineRow = (u16, i64, Cents, Cents, Cents, i64);
type SaleRow = (Uuid, String, String, String, i64, i64, String, bool, i32, Json<Vec<LineRow>>);
type ParcelRow =
    (Uuid, Uuid, String, i64, i64, i64, i64, Option<String>, Option<SqlDate>, Option<SqlDate>);
type DepositRow = (Uuid, String, String, i64, String, String, i64, SqlDate, SqlTimestamp);

pub(super) async fn load(
    db: &mut PgConnection,
    needs: &Needs,
) -> sqlx::Result<BTreeMap<OrderId, File>> {
    let mut files: BTreeMap<OrderId, File> = BTreeMap::new();
    if !needs.sales.is_empty() {
        let rows: Vec<SaleRow> =
            sqlx::query_as(LOAD_SALES).bind(list(&needs.sales)).fetch_all(&mut *db).await?;
        for row in rows {
            let order = OrderId(row.0);
            files.entry(order).or_default().sale = Some(sale(row)?);
        }
    }
    if !needs.parcels.is_empty() {
        let rows: Vec<ParcelRow> =
            sqlx::query_as(LOAD_PARCELS).bind(list(&needs.parcels)).fetch_all(&mut *db).await?;
        for row in rows {
            let file = files.entry(OrderId(row.0)).or_default();
            file.parcels.insert(ShipmentId(row.1), parcel(row));
        }
    }
    if !needs.deposits.is_empty() {
        let rows: Vec<DepositRow> =
            sqlx::query_as(LOAD_DEPOSITS).bind(list(&needs.deposits)).fetch_all(&mut *db).await?;
        for row in rows {
            let (key, deposit) = deposit(&row)?;
            files.entry(OrderId(row.0)).or_default().deposits.insert(key, deposit);
        }
    }
    Ok(files)
}

pub(super) async fn save(db: &mut PgConnection, change: &Change) -> sqlx::Result<()> {
    save_sales(db, &change.sales).await?;
    save_parcels(db, &change.parcels).await?;
    save_deposits(db, &change.deposits).await?;
    save_settlements(db, &change.settlements).await
}

async fn save_sales(db: &mut PgConnection, sales: &[(OrderId, Sale)]) -> sqlx::Result<()> {
    if sales.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        sales.iter().map(|it| lines_column(&it.1.lines)).collect::<sqlx::Result<_>>()?;
    sqlx::query(SAVE_SALES)
        .bind(column(sales, |it| it.0.0))
        .bind(column(sales, |it| it.1.customer.as_str()))
        .bind(column(sales, |it| terms_name(it.1.terms)))
        .bind(column(sales, |it| it.1.currency.code()))
        .bind(column(sales, |it| it.1.total.0))
        .bind(column(sales, |it| it.1.freight.0))
        .bind(column(sales, |it| state_name(it.1.state)))
        .bind(column(sales, |it| it.1.captured))
        .bind(column(sales, |it| it.1.payment_days))
        .bind(lines)
        .execute(db)
        .await?;
    Ok(())
}

async fn save_parcels(
    db: &mut PgConnection,
    parcels: &[(OrderId, ShipmentId, Parcel)],
) -> sqlx::Result<()> {
    if parcels.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_PARCELS)
        .bind(column(parcels, |it| it.0.0))
        .bind(column(parcels, |it| it.1.0))
        .bind(column(parcels, |it| stage_name(&it.2.stage)))
        .bind(column(parcels, |it| it.2.cost.0))
        .bind(column(parcels, |it| it.2.net.0))
        .bind(column(parcels, |it| it.2.tax.0))
        .bind(column(parcels, |it| it.2.paid.0))
        .bind(column(parcels, |it| invoice(&it.2).map(|it| it.number.as_str())))
        .bind(column(parcels, |it| invoice(&it.2).map(|it| it.issued_on.to_sqlx())))
        .bind(column(parcels, |it| invoice(&it.2).map(|it| it.due_on.to_sqlx())))
        .execute(db)
        .await?;
    Ok(())
}

async fn save_deposits(
    db: &mut PgConnection,
    deposits: &[(OrderId, PaymentKey, Deposit)],
) -> sqlx::Result<()> {
    if deposits.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_DEPOSITS)
        .bind(column(deposits, |it| it.0.0))
        .bind(column(deposits, |it| it.1.0.as_str()))
        .bind(column(deposits, |it| it.1.1.as_str()))
        .bind(column(deposits, |it| it.2.amount.0))
        .bind(column(deposits, |it| it.2.currency.code()))
        .bind(column(deposits, |it| deposit_state_name(it.2.state)))
        .bind(column(deposits, |it| it.2.unapplied.0))
        .bind(column(deposits, |it| it.2.value_date.to_sqlx()))
        .bind(column(deposits, |it| it.2.noted_at.to_sqlx()))
        .execute(db)
        .await?;
    Ok(())
}

async fn save_settlements(
    db: &mut PgConnection,
    settlements: &[(Timestamp, OrderSettled)],
) -> sqlx::Result<()> {
    if settlements.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_SETTLEMENTS)
        .bind(column(settlements, |it| it.1.order.0))
        .bind(column(settlements, |it| it.1.ordered.0))
        .bind(column(settlements, |it| it.1.invoiced.0))
        .bind(column(settlements, |it| it.1.paid.0))
        .bind(column(settlements, |it| it.1.open.0))
        .bind(column(settlements, |it| it.1.cost.0))
        .bind(column(settlements, |it| it.1.margin.0))
        .bind(column(settlements, |it| it.0.to_sqlx()))
        .execute(db)
        .await?;
    Ok(())
}

/// One column of some rows.
fn column<'a, R, C>(rows: &'a [R], of: impl Fn(&'a R) -> C) -> Vec<C> {
    rows.iter().map(of).collect()
}

fn list(orders: &BTreeSet<OrderId>) -> Vec<Uuid> {
    orders.iter().map(|it| it.0).collect()
}

pub(crate) fn invoice(parcel: &Parcel) -> Option<&Invoice> {
    match &parcel.stage {
        Stage::Invoiced(invoice) => Some(invoice),
        Stage::Dispatched | Stage::Delivered | Stage::Returned => None,
    }
}

// ---- Rows --------------------------------------------------------------------------------------

fn sale(row: SaleRow) -> sqlx::Result<Sale> {
    let (_, customer, terms, currency, total, freight, state, captured, payment_days, lines) = row;
    let Json(lines) = lines;
    let line = |(line, quantity, net, tax, unit_cost, delivered): LineRow| SaleLine {
        line,
        quantity,
        net,
        tax,
        unit_cost,
        delivered,
    };
    Ok(Sale {
        customer: read(CustomerId::new(customer))?,
        terms: terms_named(&terms),
        currency: read(Currency::new(&currency))?,
        total: Cents(total),
        freight: Cents(freight),
        state: state_named(&state),
        captured,
        payment_days,
        lines: lines.into_iter().map(line).collect(),
    })
}

fn lines_column(lines: &[SaleLine]) -> sqlx::Result<String> {
    serde_json::to_string(&line_rows(lines)).map_err(|it| sqlx::Error::Encode(it.into()))
}

/// The lines of an order, as they are kept.
pub(crate) fn line_rows(lines: &[SaleLine]) -> Vec<LineRow> {
    let row = |it: &SaleLine| (it.line, it.quantity, it.net, it.tax, it.unit_cost, it.delivered);
    lines.iter().map(row).collect()
}

fn parcel(row: ParcelRow) -> Parcel {
    let (_, _, name, cost, net, tax, paid, number, issued_on, due_on) = row;
    let stage = match (name.as_str(), number, issued_on, due_on) {
        ("dispatched", ..) => Stage::Dispatched,
        ("delivered", ..) => Stage::Delivered,
        ("returned", ..) => Stage::Returned,
        ("invoiced", Some(number), Some(issued_on), Some(due_on)) => Stage::Invoiced(Invoice {
            number,
            issued_on: issued_on.to_jiff(),
            due_on: due_on.to_jiff(),
        }),
        (other, ..) => unreachable!("the schema forbids a parcel that is {other}"),
    };
    let [cost, net, tax, paid] = [cost, net, tax, paid].map(Cents);
    Parcel { stage, cost, net, tax, paid }
}

fn deposit(row: &DepositRow) -> sqlx::Result<(PaymentKey, Deposit)> {
    let (_, provider, payment, amount, currency, state, unapplied, value_date, noted_at) = row;
    let key = (read(ProviderId::new(provider))?, read(PaymentId::new(payment))?);
    let deposit = Deposit {
        amount: Cents(*amount),
        currency: read(Currency::new(currency))?,
        state: deposit_state_named(state),
        unapplied: Cents(*unapplied),
        value_date: value_date.to_jiff(),
        noted_at: noted_at.to_jiff(),
    };
    Ok((key, deposit))
}
