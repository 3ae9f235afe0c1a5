//! Tables as files, for programs.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use contracts::inventory::{StockOf, StockView};
use contracts::{Sku, Timestamp, WarehouseId};
use serde::Deserialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{self, Content, ContentBuilder, RefOr, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};

use super::extract::{Asked, Named};
use super::list::{ListQuery, SortName, TermsFilter, filter};
use super::problem::{Always, Problem, ProblemDetails};
use super::{Api, schema};
use crate::access::{May, act};
use crate::console::language::Reader;
use crate::export::{self, Format};
use crate::store::Sort;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrdersQuery {
    /// As what.
    #[param(inline, example = "csv")]
    format: Format,
    /// Only orders that are there; several statuses are parted by commas.
    #[param(example = "credit_hold,backordered")]
    status: Option<String>,
    /// Only orders that came in this way.
    #[param(example = "webshop")]
    channel: Option<String>,
    /// Only orders of this customer.
    #[param(example = "C-7")]
    customer: Option<String>,
    /// Only orders that are paid so.
    #[param(inline, example = "on_account")]
    terms: Option<TermsFilter>,
    /// Only orders that were placed then or later.
    #[param(example = "2026-11-01T00:00:00Z")]
    placed_from: Option<Timestamp>,
    /// Only orders that were placed before.
    #[param(example = "2026-12-01T00:00:00Z")]
    placed_to: Option<Timestamp>,
    /// Only orders whose number begins so.
    #[param(example = "K-0000")]
    order_no: Option<String>,
    /// Which come first. The newest, if nothing is said.
    #[param(inline, example = "oldest")]
    sort: Option<SortName>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StockQuery {
    /// As what.
    #[param(inline, example = "xlsx")]
    format: Format,
    /// Only items whose name begins so.
    #[param(example = "KB-")]
    q: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FormatQuery {
    /// As what.
    #[param(inline, example = "json")]
    format: Format,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MovementsQuery {
    /// As what.
    #[param(inline, example = "json")]
    format: Format,
    /// Only those in this warehouse.
    #[param(value_type = Option<schema::WarehouseId>, example = "SH1")]
    warehouse: Option<WarehouseId>,
}

/// A file, of the format that was asked for.
pub(crate) struct AsFile;

impl IntoResponses for AsFile {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let csv = ContentBuilder::new().schema(Some(text)).build();
        let table = ObjectBuilder::new()
            .property("rows", ArrayBuilder::new().items(ObjectBuilder::new()))
            .property("totals", ObjectBuilder::new())
            .required("rows")
            .required("totals");
        let json = ContentBuilder::new().schema(Some(table)).build();
        let response = ResponseBuilder::new()
            .description(FILE)
            .content("text/csv", csv)
            .content("application/json", json)
            .content(XLSX, Content::default());
        [("200".to_owned(), RefOr::T(response.build()))].into()
    }
}

const FILE: &str = "The table as a file, all of one moment, with the totals of all its rows. Headings and \
    words are in the language that is asked for (`Accept-Language`). CSV is UTF-8 with its mark, and \
    texts that a spreadsheet would take for a formula bear an apostrophe. JSON is \
    `{\"rows\": […], \"totals\": {…}}`, with codes in the place of words.";

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Orders as a file
///
/// All orders that every filter lets through, as CSV, XLSX or JSON. The totals are the number of
/// orders, their units, and their amounts in minor units, by currency.
#[utoipa::path(
    get, path = "/v1/orders/export", tag = "Orders", operation_id = "export_orders",
    params(OrdersQuery),
    responses(AsFile, Always,
        (status = 422, description = "There are more rows than one file may have: ask for fewer.",
            body = ProblemDetails, content_type = "application/problem+json")),
)]
pub(crate) async fn export_orders(
    State(api): State<Api>,
    may: May<act::ExportOrders>,
    reader: Reader,
    Asked(query): Asked<OrdersQuery>,
) -> Result<Response, Problem> {
    let sort = query.sort.map_or(Sort::Newest, Sort::from);
    let (format, list) = (query.format, ListQuery::from(query));
    export::orders((&api, may.scope()), reader.language, format, (filter(list)?, sort)).await
}

/// Credit holds as a file
///
/// The orders whose credit waits for a person, those first that are held longest.
#[utoipa::path(
    get,
    path = "/v1/holds/export",
    tag = "Credit",
    operation_id = "export_holds",
    params(FormatQuery),
    responses(AsFile, Always)
)]
pub(crate) async fn export_holds(
    State(api): State<Api>,
    may: May<act::ReadHolds>,
    reader: Reader,
    Asked(query): Asked<FormatQuery>,
) -> Result<Response, Problem> {
    export::holds((&api, may.scope()), reader.language, query.format).await
}

/// Stock as a file
///
/// What can be sold of each item in each warehouse, as it was heard last.
#[utoipa::path(
    get,
    path = "/v1/stock-levels/export",
    tag = "Stock",
    operation_id = "export_stock",
    params(StockQuery),
    responses(AsFile, Always)
)]
pub(crate) async fn export_stock(
    State(api): State<Api>,
    _: May<act::ExportStock>,
    reader: Reader,
    Asked(query): Asked<StockQuery>,
) -> Result<Response, Problem> {
    if query.q.as_deref().is_some_and(|it| it.contains('\0')) {
        return Err(Problem::malformed("no text has a zero byte"));
    }
    export::stock(&api, reader.language, query.format, query.q).await
}

/// An item's movements as a file
///
/// All movements of the item in every warehouse, or in one, back to the first; the latest first.
#[utoipa::path(
    get, path = "/v1/stock/{sku}/movements/export", tag = "Stock",
    operation_id = "export_movements",
    params(
        ("sku" = schema::Sku, Path, description = "Which item.", example = "KB-87"),
        MovementsQuery,
    ),
    responses(AsFile, Always,
        (status = 422, description = "There are more rows than one file may have.",
            body = ProblemDetails, content_type = "application/problem+json")),
)]
pub(crate) async fn export_movements(
    State(api): State<Api>,
    _: May<act::ExportStock>,
    reader: Reader,
    Named(sku): Named<Sku>,
    Asked(query): Asked<MovementsQuery>,
) -> Result<Response, Problem> {
    let shelves = shelves(&api, sku, query.warehouse.as_ref()).await?;
    export::movements(&api, reader.language, query.format, shelves).await
}

/// How the item stands in every warehouse, or in this one.
pub(crate) async fn shelves(
    api: &Api,
    sku: Sku,
    warehouse: Option<&WarehouseId>,
) -> Result<Vec<StockView>, Problem> {
    let mut shelves: Vec<StockView> = api.house.ask(StockOf { sku }).await?;
    shelves.retain(|it| warehouse.is_none_or(|warehouse| it.warehouse == *warehouse));
    Ok(shelves)
}

impl From<OrdersQuery> for ListQuery {
    fn from(query: OrdersQuery) -> Self {
        let OrdersQuery { status, channel, customer, terms, placed_from, placed_to, .. } = query;
        let (order_no, sort, limit, after) = (query.order_no, query.sort, None, None);
        Self {
            status,
            channel,
            customer,
            terms,
            placed_from,
            placed_to,
            order_no,
            sort,
            limit,
            after,
        }
    }
}
