//! Tables that programs bring.

use axum::body::Bytes;
use axum::extract::State;
use contracts::intake::{CarriedFlag, Problem as Fault};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Caller, CallerHeaders};
use super::problem::{Always, IfSent, Problem};
use super::{Api, Json, schema};
use crate::access::{May, act};
use crate::import::{self, Became, Kind, Plan};

/// What a table was understood as. Nothing was done about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportPreview {
    /// `orders`, to be placed; or `carried_over`, which another system kept.
    #[schema(example = "carried_over")]
    kind: &'static str,
    /// How many orders it would be.
    orders: usize,
    /// Every bad cell: its row and column stand in the pointer. As long as there is one, nothing is
    /// imported.
    #[schema(value_type = Vec<schema::Problem>)]
    faults: Vec<Fault>,
    /// What does not fit together, and is imported all the same.
    warnings: Vec<ImportWarning>,
}

/// What does not fit together in a row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportWarning {
    /// As a spreadsheet numbers it.
    #[schema(example = 2)]
    row: usize,
    /// `late`, `completed_too_early`, `no_completion`.
    #[schema(value_type = Vec<String>, example = json!(["late"]))]
    flags: Vec<CarriedFlag>,
}

/// What became of every order of a table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    entries: Vec<Became>,
}

fn preview(plan: Plan) -> ImportPreview {
    let kind = match plan.kind {
        Kind::Orders => "orders",
        Kind::CarriedOver => "carried_over",
    };
    let flagged = plan.rows.into_iter().filter(|it| !it.flags.is_empty());
    let warnings = flagged.map(|it| ImportWarning { row: it.number, flags: it.flags }).collect();
    ImportPreview { kind, orders: plan.entries.len(), faults: plan.faults, warnings }
}

/// Look at a table before it is imported
///
/// Takes CSV (UTF-8 or GB18030; comma, semicolon or tab) or XLSX, and tells every bad cell and what
/// does not fit together. Nothing is kept of it.
#[utoipa::path(
    post, path = "/v1/imports/preview", tag = "Orders", operation_id = "preview_import",
    request_body(content = Vec<u8>, description = "The file.",
        content_type = "application/octet-stream"),
    responses((status = 200, description = "What it was understood as.", body = ImportPreview),
        Always, IfSent),
)]
pub(crate) async fn preview_import(
    _: May<act::ImportOrders>,
    bytes: Bytes,
) -> Result<Json<ImportPreview>, Problem> {
    Ok(Json(preview(import::read(bytes.to_vec()).await?)))
}

/// Import a table
///
/// Places new orders, or takes those into the register that another system kept, for the channel of
/// the header; and tells of each what became of it. The same file again for the same channel changes
/// nothing.
#[utoipa::path(
    post, path = "/v1/imports", tag = "Orders", operation_id = "import_table",
    params(CallerHeaders),
    request_body(content = Vec<u8>, description = "The file.",
        content_type = "application/octet-stream"),
    responses((status = 200, description = "What became of each order.", body = Imported),
        Always, IfSent),
)]
pub(crate) async fn import_table(
    State(api): State<Api>,
    _: May<act::ImportOrders>,
    by: Caller,
    bytes: Bytes,
) -> Result<Json<Imported>, Problem> {
    let Some(channel) = by.channel.clone() else {
        return Err(Problem::malformed("The header Kontor-Channel: for which channel?"));
    };
    let plan = import::read(bytes.to_vec()).await?;
    Ok(Json(Imported { entries: plan.carry_out(&api, &channel, &by).await? }))
}
