//! Bringing a table: it is shown with everything that is wrong with it, and carried out when a person
//! says so. The page itself carries the file to its confirmation, so that nothing is kept meanwhile.

use askama::Template;
use axum::Form;
use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::FormRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::ChannelId;
use serde::Deserialize;

use super::frame::{Frame, page, wrong};
use super::language::Reader;
use super::words;
use crate::access::guard::is_from_here;
use crate::access::{May, act};
use crate::http::Api;
use crate::http::extract::Caller;
use crate::http::problem::{Problem, fault};
use crate::import::{self, Became, Outcome, Plan};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Template)]
#[template(path = "console/import.html")]
struct ImportPage {
    frame: Frame,
    channel: String,
    /// The table as it was understood.
    shown: Option<Shown>,
    /// What became of it.
    became: Vec<Done>,
}

struct Shown {
    headings: Vec<String>,
    /// Number, cells, and words for what does not fit together.
    rows: Vec<(usize, Vec<String>, Vec<&'static str>)>,
    /// Row, column, found, expected.
    faults: Vec<[String; 4]>,
    orders: usize,
    /// The file, to be sent again.
    file: String,
}

struct Done {
    rows: String,
    name: String,
    order: Option<String>,
    words: &'static str,
    is_good: bool,
    why: String,
}

pub(super) async fn show(_: May<act::ImportOrders>, reader: Reader) -> Response {
    let channel = "import".to_owned();
    let frame = Frame::of(reader, "orders");
    page(StatusCode::OK, &ImportPage { frame, channel, shown: None, became: vec![] })
}

pub(super) async fn template(
    _: May<act::ImportOrders>,
    reader: Reader,
    Path(format): Path<String>,
) -> Response {
    let (kind, bytes) = match &*format {
        "template.csv" => ("text/csv; charset=utf-8", import::as_csv().into_bytes()),
        "template.xlsx" => match import::as_xlsx() {
            Ok(bytes) => (XLSX, bytes),
            Err(error) => {
                tracing::error!(%error, "the template cannot be written: {error}");
                return wrong(Frame::of(reader, "orders"), &Problem::internal());
            }
        },
        _ => {
            return wrong(
                Frame::of(reader, "orders"),
                &Problem::not_found("There is no such thing"),
            );
        }
    };
    let name = format!("attachment; filename=\"{}\"", format.replace("template", "orders"));
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response()
}

/// What is sent: for which channel, and the file.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Brought {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    file: String,
}

pub(super) async fn preview(
    _: May<act::ImportOrders>,
    mut reader: Reader,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    "/import".clone_into(&mut reader.here);
    let frame = Frame::of(reader, "orders");
    let read = async {
        from_here(&headers)?;
        let brought = parts(form.map_err(|it| Problem::malformed(it.body_text()))?).await?;
        channel_of(&brought)?;
        let bytes = bytes(&brought)?;
        Ok((import::read(bytes).await?, brought))
    };
    match read.await {
        Ok((plan, brought)) => {
            let Brought { channel, file } = brought;
            let shown = Some(shown(&frame, plan, file));
            page(StatusCode::OK, &ImportPage { frame, channel, shown, became: vec![] })
        }
        Err(problem) => wrong(frame, &problem),
    }
}

pub(super) async fn confirm(
    State(api): State<Api>,
    may: May<act::ImportOrders>,
    mut reader: Reader,
    headers: HeaderMap,
    form: Result<Form<Brought>, FormRejection>,
) -> Response {
    "/import".clone_into(&mut reader.here);
    let frame = Frame::of(reader, "orders");
    let done = async {
        from_here(&headers)?;
        let Form(brought) = form.map_err(|it| Problem::malformed(it.body_text()))?;
        let channel = channel_of(&brought)?;
        let (actor, tier) = (may.who().actor(), may.who().tier);
        let by = Caller { channel: Some(channel.clone()), actor, tier };
        let plan = import::read(bytes(&brought)?).await?;
        Ok((plan.carry_out(&api, &channel, &by).await?, brought))
    };
    match done.await {
        Ok((became, Brought { channel, .. })) => {
            let became = became.iter().map(|it| told(&frame, it)).collect();
            page(StatusCode::OK, &ImportPage { frame, channel, shown: None, became })
        }
        Err(problem) => wrong(frame, &problem),
    }
}

fn from_here(headers: &HeaderMap) -> Result<(), Problem> {
    if is_from_here(headers) { Ok(()) } else { Err(Problem::elsewhere()) }
}

async fn parts(mut form: Multipart) -> Result<Brought, Problem> {
    let mut brought = Brought::default();
    let bad = |it: axum::extract::multipart::MultipartError| Problem::malformed(it.body_text());
    while let Some(field) = form.next_field().await.map_err(bad)? {
        match field.name() {
            Some("channel") => brought.channel = field.text().await.map_err(bad)?,
            Some("file") => {
                brought.file = URL_SAFE_NO_PAD.encode(field.bytes().await.map_err(bad)?);
            }
            _ => {}
        }
    }
    Ok(brought)
}

fn bytes(brought: &Brought) -> Result<Vec<u8>, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(&brought.file);
    bytes.map_err(|_| Problem::malformed("file: expected what the page had sent"))
}

/// For which channel it is brought.
fn channel_of(brought: &Brought) -> Result<ChannelId, Problem> {
    let channel = ChannelId::new(brought.channel.trim());
    channel.map_err(|error| {
        let fault = fault("format", "/channel", &brought.channel, &error.to_string());
        Problem::invalid(vec![fault])
    })
}

fn shown(frame: &Frame, plan: Plan, file: String) -> Shown {
    let fault = |it: &contracts::intake::Problem| {
        let mut place = it.pointer.splitn(3, '/').skip(1).map(str::to_owned);
        let (row, column) = (place.next().unwrap_or_default(), place.next().unwrap_or_default());
        [row, column, it.found.clone(), it.expected.clone()]
    };
    let flags = |it: &import::Row| -> Vec<&'static str> {
        it.flags.iter().map(|it| words::flag(frame.language, *it)).collect()
    };
    Shown {
        faults: plan.faults.iter().map(fault).collect(),
        orders: plan.entries.len(),
        rows: plan.rows.into_iter().map(|it| (it.number, it.cells.clone(), flags(&it))).collect(),
        headings: plan.headings,
        file,
    }
}

fn told(frame: &Frame, it: &Became) -> Done {
    let (words, is_good) = match it.outcome {
        Outcome::Accepted => (frame.t.accepted, true),
        Outcome::Duplicate => (frame.t.was_there, true),
        Outcome::Conflict => (frame.t.conflicted, false),
        Outcome::Rejected => (frame.t.not_taken, false),
        Outcome::Unanswered => (frame.t.not_known, false),
    };
    let rows = it.rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let why =
        it.problems.iter().map(|it| format!("{}: {:?}, {}", it.pointer, it.found, it.expected));
    Done {
        rows,
        name: it.external_id.to_string(),
        order: it.order.map(|it| it.to_string()),
        words,
        is_good,
        why: why.collect::<Vec<_>>().join("; "),
    }
}
