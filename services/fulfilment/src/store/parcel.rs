//! Where parcels are kept.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{CarrierId, TrackingNo};
use sqlx::PgConnection;

use super::json;
use crate::books::ParcelKey;
use crate::parcel::Parcel;

// Parcels are shared by partitions. A row that is not there cannot be locked.
pub(super) const OPEN: &str = "
    insert into parcel (carrier, tracking_no)
    select carrier, tracking_no
      from unnest($1::text[], $2::text[]) as new (carrier, tracking_no)
     order by carrier, tracking_no
        on conflict do nothing";

pub(super) const LOAD: &str = "
    select parcel.carrier, parcel.tracking_no, shipments, said
      from parcel
      join unnest($1::text[], $2::text[]) as named (carrier, tracking_no)
     using (carrier, tracking_no)
     order by parcel.carrier, parcel.tracking_no   -- everyone locks in the same order
       for update of parcel";

pub(super) const SAVE: &str = "
    update parcel
       set shipments = new.shipments, said = new.said
      from unnest($1::text[], $2::text[], $3::text[], $4::text[])
        as new (carrier, tracking_no, shipments, said)
     where parcel.carrier = new.carrier and parcel.tracking_no = new.tracking_no";

type ParcelRow = (String, String, String, Option<String>);

/// Reads and locks parcels, and opens those that nobody has named before.
pub(super) async fn load(
    db: &mut PgConnection,
    parcels: BTreeSet<ParcelKey>,
) -> anyhow::Result<BTreeMap<ParcelKey, Parcel>> {
    let (carriers, numbers): (Vec<String>, Vec<String>) =
        parcels.into_iter().map(|(carrier, no)| (carrier.into(), no.into())).unzip();
    sqlx::query(OPEN).bind(&carriers).bind(&numbers).execute(&mut *db).await?;
    let rows: Vec<ParcelRow> =
        sqlx::query_as(LOAD).bind(carriers).bind(numbers).fetch_all(db).await?;
    let read = |(carrier, no, shipments, said): ParcelRow| {
        let key = (CarrierId::new(carrier)?, TrackingNo::new(no)?);
        let said = said.map(|it| json(&it)).transpose()?;
        Ok((key, Parcel { shipments: json(&shipments)?, said, changed: false }))
    };
    rows.into_iter().map(read).collect()
}

/// Writes back what changed.
pub(super) async fn save(
    db: &mut PgConnection,
    parcels: &BTreeMap<ParcelKey, Parcel>,
) -> anyhow::Result<()> {
    let changed: Vec<(&ParcelKey, &Parcel)> = parcels.iter().filter(|(_, it)| it.changed).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let shipments: Vec<String> = changed
        .iter()
        .map(|(_, it)| serde_json::to_string(&it.shipments))
        .collect::<Result<_, _>>()?;
    let said: Vec<Option<String>> = changed
        .iter()
        .map(|(_, it)| it.said.as_ref().map(serde_json::to_string).transpose())
        .collect::<Result<_, _>>()?;
    sqlx::query(SAVE)
        .bind(changed.iter().map(|((carrier, _), _)| carrier.as_str()).collect::<Vec<&str>>())
        .bind(changed.iter().map(|((_, no), _)| no.as_str()).collect::<Vec<&str>>())
        .bind(shipments)
        .bind(said)
        .execute(db)
        .await?;
    Ok(())
}
