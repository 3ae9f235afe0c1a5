//! Tables as files: CSV, XLSX and JSON. A table is read in one statement, or page by page where rows are
//! numbered and never change, so all its rows are of one moment; and written to a temporary file row by row, so that it holds no memory and no connection
//! while somebody downloads it, and whatever goes wrong is answered as such, not as half a table.

mod cell;
mod csv;
mod json;
mod orders;
mod stock;
#[cfg(test)]
mod tests;
mod xlsx;

use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use anyhow::Context;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Language;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use utoipa::ToSchema;

#[cfg(test)]
use cell::Column;
use cell::{Cell, Line, Table, Totals};
pub(crate) use orders::{holds, orders};
pub(crate) use stock::{movements, stock};

use crate::http::Api;
use crate::http::problem::Problem;

/// How many rows go to the writer at a time, and how much of a file to the client.
const ROWS: usize = 256;
const CHUNK: usize = 64 * 1024;

/// As what a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Csv,
    Xlsx,
    Json,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
        }
    }

    /// What writes such a file, having written its head.
    fn open(self, table: Table, language: Language) -> anyhow::Result<Box<dyn Paper>> {
        let file = BufWriter::new(tempfile::tempfile().context("no temporary file")?);
        Ok(match self {
            Self::Csv => Box::new(csv::Csv::open(file, table, language)?),
            Self::Xlsx => Box::new(xlsx::Xlsx::open(file, table, language)?),
            Self::Json => Box::new(json::Json::open(file, table)?),
        })
    }
}

/// What a table is written on.
trait Paper {
    fn line(&mut self, cells: &[Cell]) -> anyhow::Result<()>;
    fn end(self: Box<Self>, totals: &Totals) -> anyhow::Result<BufWriter<File>>;
}

/// Writes a table down and answers with it, or says why not.
pub(crate) async fn answer(
    api: &Api,
    language: Language,
    format: Format,
    table: Table,
    rows: impl Stream<Item = Result<Line, Problem>> + Send,
) -> Result<Response, Problem> {
    let Ok(_permit) = api.exports.try_acquire() else { return Err(Problem::busy()) };
    let most = api.settings.export_rows;
    let file = write(language, format, table, rows, most).await?;
    let name = format!("{}.{}", table.name, format.ending());
    sent(file, format, &name).map_err(|it| broken(&it))
}

async fn write(
    language: Language,
    format: Format,
    table: Table,
    rows: impl Stream<Item = Result<Line, Problem>> + Send,
    most: usize,
) -> Result<File, Problem> {
    let (send, mut receive) = mpsc::channel::<Vec<Line>>(2);
    let writer = tokio::task::spawn_blocking(move || {
        let mut paper = format.open(table, language)?;
        let mut totals = Totals::default();
        while let Some(lines) = receive.blocking_recv() {
            for line in lines {
                paper.line(&line.cells)?;
                totals.add(line);
            }
        }
        finished(paper.end(&totals)?)
    });
    let mut rows = std::pin::pin!(rows.try_chunks(ROWS).map_err(|it| it.1));
    let mut count = 0;
    while let Some(lines) = rows.try_next().await? {
        count += lines.len();
        if count > most {
            let title = "There are more rows than one file may have";
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too-many", title);
            return Err(problem.saying(format!("more than {most}: ask for fewer, by a filter")));
        }
        if send.send(lines).await.is_err() {
            break; // The writer says why it ended.
        }
    }
    drop(send);
    writer.await.map_err(|it| broken(&it.into()))?.map_err(|it| broken(&it))
}

fn finished(mut paper: BufWriter<File>) -> anyhow::Result<File> {
    paper.flush()?;
    let mut file = paper.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn sent(file: File, format: Format, name: &str) -> anyhow::Result<Response> {
    let length = file.metadata()?.len();
    let file = tokio::fs::File::from_std(file);
    let chunks = stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        std::io::Result::Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    });
    let mut response = Body::from_stream(chunks.boxed()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CONTENT_LENGTH, length.into());
    let disposition = format!("attachment; filename=\"{name}\"");
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn broken(error: &anyhow::Error) -> Problem {
    tracing::error!(%error, "a table cannot be written: {error:#}");
    Problem::internal()
}
