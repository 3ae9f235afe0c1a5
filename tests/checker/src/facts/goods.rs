//! Where goods are: claims and backorders of inventory, moves by shipments, shipments of fulfilment.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::Found;
use crate::books::Books;

/// Goods, as inventory and fulfilment have them.
pub(crate) struct Goods {
    pub(crate) claims: Found<Vec<Claim>>,
    /// Units that wait for supply, by order and line.
    pub(crate) backorders: Found<BTreeMap<(Uuid, i32), i64>>,
    /// How each order stands in inventory: `open`, `held`, `promoted`, `ended`.
    pub(crate) demands: Found<BTreeMap<Uuid, String>>,
    pub(crate) parcelled: Found<Vec<Parcelled>>,
    /// By order.
    pub(crate) shipments: Found<BTreeMap<Uuid, Vec<Shipment>>>,
    /// Where each order is in fulfilment: `placed`, `confirmed` … and whether it leaves whole only.
    pub(crate) dispatches: Found<BTreeMap<Uuid, (String, bool)>>,
    /// Shelves that a count or damage took from: there a warehouse may have had less than the books.
    pub(crate) corrected: Found<Vec<(String, String)>>,
    /// Orders that allocation knows.
    pub(crate) sourced: Found<Vec<(Uuid,)>>,
}

/// Units that are kept for a line.
#[derive(Debug, Deserialize)]
pub(crate) struct Claim {
    pub(crate) order_id: Uuid,
    pub(crate) line: i32,
    pub(crate) sku: String,
    pub(crate) warehouse_id: String,
    /// Softly and firmly.
    pub(crate) units: i64,
}

/// A move that a shipment brought about.
#[derive(Debug, Deserialize)]
pub(crate) struct Parcelled {
    pub(crate) order_id: Uuid,
    pub(crate) shipment: Uuid,
    /// `SHIP`, `RETURN_IN`, `SHORT_PICK`.
    pub(crate) kind: String,
    pub(crate) sku: String,
    pub(crate) warehouse_id: String,
    pub(crate) good: i64,
    pub(crate) quarantine: i64,
}

/// What leaves one warehouse for one order at one time.
#[derive(Debug)]
pub(crate) struct Shipment {
    /// Its public id, which follows from order and pick.
    pub(crate) id: Uuid,
    pub(crate) order: Uuid,
    pub(crate) pick: i32,
    pub(crate) warehouse: String,
    pub(crate) state: String,
    /// Units by line: what was asked for; once it is picked, what was there.
    pub(crate) units: BTreeMap<i32, i64>,
}

const CLAIMS: &str = "
    select order_id, line, sku, warehouse_id, soft + firm as units from claim where soft + firm > 0";
const BACKORDERS: &str =
    "select order_id, line, sum(quantity)::bigint from backorder group by order_id, line";
const DEMANDS: &str = "select order_id, standing from demand";
const PARCELLED: &str = "
    select order_id, cause as shipment, kind, sku, warehouse_id, good, quarantine
      from stock_move
     where kind in ('SHIP', 'RETURN_IN', 'SHORT_PICK') and order_id is not null";
const CORRECTED: &str = "
    select distinct sku, warehouse_id from stock_move
     where kind in ('COUNT_ADJUST', 'DAMAGE') and good < 0";
const SHIPMENTS: &str = "select order_id, pick, warehouse, state, units from shipment";
const DISPATCHES: &str = "
    select order_id, course, coalesce((standing::json ->> 'ship_complete')::boolean, false)
      from dispatch";
const SOURCED: &str = "select order_id from sourcing";

pub(super) async fn read(books: &mut Books) -> anyhow::Result<Goods> {
    let backorders = books.rows_if::<(Uuid, i32, i64)>("inventory", BACKORDERS).await?;
    let demands = books.rows_if::<(Uuid, String)>("inventory", DEMANDS).await?;
    let dispatches = books.rows_if::<(Uuid, String, bool)>("fulfilment", DISPATCHES).await?;
    let shipments = match books.rows_if("fulfilment", SHIPMENTS).await? {
        Ok(rows) => {
            let mut shipments: BTreeMap<Uuid, Vec<Shipment>> = BTreeMap::new();
            for row in rows {
                let it = Shipment::of(row)?;
                shipments.entry(it.order).or_default().push(it);
            }
            Ok(shipments)
        }
        Err(missing) => Err(missing),
    };
    Ok(Goods {
        claims: books.records_if("inventory", CLAIMS).await?,
        backorders: backorders.map(|it| it.into_iter().map(|it| ((it.0, it.1), it.2)).collect()),
        demands: demands.map(|it| it.into_iter().collect()),
        parcelled: books.records_if("inventory", PARCELLED).await?,
        corrected: books.rows_if("inventory", CORRECTED).await?,
        shipments,
        dispatches: dispatches.map(|it| it.into_iter().map(|it| (it.0, (it.1, it.2))).collect()),
        sourced: books.rows_if("allocation", SOURCED).await?,
    })
}

impl Shipment {
    fn of(
        (order, pick, warehouse, state, units): (Uuid, i32, String, String, String),
    ) -> serde_json::Result<Self> {
        let id = Uuid::new_v5(&order, format!("shipment {pick}").as_bytes());
        Ok(Self { id, order, pick, warehouse, state, units: serde_json::from_str(&units)? })
    }

    /// Whether its goods have left the warehouse.
    pub(crate) fn has_left(&self) -> bool {
        ["shipped", "delivered", "refused", "returned"].contains(&&*self.state)
    }

    /// Whether somebody outside has to do something about it.
    pub(crate) fn is_under_way(&self) -> bool {
        let under_way =
            ["open", "withdrawing", "picking", "picked", "packed", "shipped", "refused"];
        under_way.contains(&&*self.state)
    }

    /// In which bucket an order keeps its units.
    pub(crate) fn bucket(&self) -> Option<&'static str> {
        Some(match self.state.as_str() {
            "open" | "withdrawing" | "picking" => "released",
            "picked" => "picked",
            "packed" => "packed",
            "shipped" => "shipped",
            "refused" => "refused",
            "delivered" => "delivered",
            _ => return None,
        })
    }
}
