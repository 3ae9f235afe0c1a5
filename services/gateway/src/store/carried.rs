//! Orders that another system kept: rows like any other's, as far as that system told.

use chassis::Partition;
use contracts::Uuid;
use contracts::intake::OrderCarriedOver;
use jiff_sqlx::{Timestamp, ToSqlx};
use sqlx::PgConnection;

use super::SAVE_HEADS;
use crate::order::LineView;

/// What such an order is as a kind of order.
const KIND: &str = "carried_over";

/// ISO 4217 for "no currency": of such an order no money is known.
const NO_CURRENCY: &str = "XXX";

pub(super) async fn save_heads(
    db: &mut PgConnection,
    partition: Partition,
    carried: &[OrderCarriedOver],
) -> anyhow::Result<()> {
    let all = || carried.iter();
    let each = |text: &'static str| vec![text; carried.len()];
    let nothing = || vec![0_i64; carried.len()];
    let names = || all().map(|it| it.external_id.as_str()).collect::<Vec<_>>();
    let lines = all().map(LineView::carried).collect::<Result<Vec<String>, _>>()?;
    sqlx::query(SAVE_HEADS)
        .bind(partition.number.cast_signed())
        .bind(all().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(names())
        .bind(all().map(|it| it.channel.as_str()).collect::<Vec<_>>())
        .bind(names())
        .bind(all().map(|it| it.carried.customer.as_str()).collect::<Vec<_>>())
        .bind(each(""))
        .bind(each(KIND))
        .bind(vec![false; carried.len()])
        .bind(each(""))
        .bind(each(NO_CURRENCY))
        .bind(nothing())
        .bind(nothing())
        .bind(nothing())
        .bind(nothing())
        .bind(all().map(|it| it.entered_by.0.as_str()).collect::<Vec<_>>())
        .bind(all().map(|it| it.at.to_sqlx()).collect::<Vec<Timestamp>>())
        .bind(lines)
        .execute(db)
        .await?;
    Ok(())
}
