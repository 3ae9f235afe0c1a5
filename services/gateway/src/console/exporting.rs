//! Buttons that hand a table out as a file: what is shown, all pages of it.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use contracts::Sku;
use contracts::inventory::{StockOf, StockView};
use serde::Deserialize;

use super::frame::{Frame, wrong};
use super::language::Reader;
use super::table::Asking;
use crate::export::{self, Format};
use crate::http::Api;
use crate::http::extract::{Caller, Named};
use crate::http::problem::Problem;

/// As what; whatever else is asked for is read beside it.
#[derive(Debug, Deserialize)]
pub(super) struct As {
    format: Format,
    #[serde(default)]
    q: String,
}

type Read<T> = Result<Query<T>, QueryRejection>;

fn read<T>(query: Read<T>) -> Result<T, Problem> {
    query.map(|it| it.0).map_err(|it| Problem::malformed(it.body_text()))
}

pub(super) async fn orders(
    State(api): State<Api>,
    by: Result<Caller, Problem>,
    reader: Reader,
    form: Read<As>,
    asking: Read<Asking>,
) -> Response {
    let language = reader.language;
    let written = async {
        by?;
        let (format, asking) = (read(form)?.format, read(asking)?);
        let what = (asking.filter(&api.settings.zone)?, asking.sorted()?);
        export::orders(&api, language, format, what).await
    };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "orders"), &it))
}

pub(super) async fn holds(
    State(api): State<Api>,
    by: Result<Caller, Problem>,
    reader: Reader,
    form: Read<As>,
) -> Response {
    let language = reader.language;
    let written = async {
        by?;
        export::holds(&api, language, read(form)?.format).await
    };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "holds"), &it))
}

pub(super) async fn stock(
    State(api): State<Api>,
    by: Result<Caller, Problem>,
    reader: Reader,
    form: Read<As>,
) -> Response {
    let language = reader.language;
    let written = async {
        by?;
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
    by: Result<Caller, Problem>,
    reader: Reader,
    named: Result<Named<Sku>, Problem>,
    form: Read<As>,
) -> Response {
    let language = reader.language;
    let written = async {
        by?;
        let (Named(sku), format) = (named?, read(form)?.format);
        let warehouses: Vec<StockView> = api.house.ask(StockOf { sku }).await?;
        export::movements(&api, language, format, warehouses).await
    };
    written.await.unwrap_or_else(|it| wrong(Frame::of(reader, "stock"), &it))
}
