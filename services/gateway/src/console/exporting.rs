//! Buttons that hand a table out as a file: what is shown, all pages of it.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use contracts::{Sku, WarehouseId};
use serde::Deserialize;

use super::frame::{Frame, wrong};
use super::language::Reader;
use super::table::Asking;
use crate::access::{May, act};
use crate::export::{self, Format};
use crate::http::Api;
use crate::http::exporting::shelves;
use crate::http::extract::Named;
use crate::http::problem::Problem;

/// As what; whatever else is asked for is read beside it.
#[derive(Debug, Deserialize)]
pub(super) struct As {
    format: Format,
    #[serde(default)]
    q: String,
}

/// As what, and of which warehouse; of all, if nothing is said.
#[derive(Debug, Deserialize)]
pub(super) struct Moves {
    format: Format,
    warehouse: Option<WarehouseId>,
}

type Read<T> = Result<Query<T>, QueryRejection>;

fn read<T>(query: Read<T>) -> Result<T, Problem> {
    query.map(|it| it.0).map_err(|it| Problem::malformed(it.body_text()))
}

pub(super) async fn orders(
    State(api): State<Api>,
    may: May<act::ExportOrders>,
    reader: Reader,
    form: Read<As>,
    asking: Read<Asking>,
) -> Response {
    let language = reader.language;
    let written = async {
        let (format, asking) = (read(form)?.format, read(asking)?);
        let what = (asking.filter(&api.settings.zone)?, asking.sorted()?);
        export::orders((&api, may.scope()), language, format, what).await
    };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "orders"), &it))
}

pub(super) async fn holds(
    State(api): State<Api>,
    may: May<act::ReadHolds>,
    reader: Reader,
    form: Read<As>,
) -> Response {
    let language = reader.language;
    let written = async { export::holds((&api, may.scope()), language, read(form)?.format).await };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "holds"), &it))
}

pub(super) async fn stock(
    State(api): State<Api>,
    _: May<act::ExportStock>,
    reader: Reader,
    form: Read<As>,
) -> Response {
    let language = reader.language;
    let written = async {
        let As { format, q } = read(form)?;
        if q.contains('\0') {
            return Err(Problem::malformed("no text has a zero byte"));
        }
        let begins = Some(q.trim().to_owned()).filter(|it| !it.is_empty());
        export::stock(&api, language, format, begins).await
    };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "stock"), &it))
}

pub(super) async fn movements(
    State(api): State<Api>,
    _: May<act::ExportStock>,
    reader: Reader,
    named: Result<Named<Sku>, Problem>,
    form: Read<Moves>,
) -> Response {
    let language = reader.language;
    let written = async {
        let (Named(sku), Moves { format, warehouse }) = (named?, read(form)?);
        let shelves = shelves(&api, sku, warehouse.as_ref()).await?;
        export::movements(&api, language, format, shelves).await
    };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "stock"), &it))
}
