//! One order: where it is, what happened to it and why, and what can be decided about it.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::Status;
use contracts::intake::LineBuckets;

use super::frame::{Frame, Said, page, wrong};
use super::language::Reader;
use super::order_parts::ShipmentShown;
use super::order_parts::{
    CreditShown, Event, Figure, LineShown, MoneyShown, SourcingShown, Step, credit, events,
    letters, lines, money_of, shipments, sourcing, steps,
};
use super::row::Row;
use super::units::{UnitsShown, units as units_shown};
use super::why::Why;
use crate::access::{Action, May, Sight, act};
use crate::http::Api;
use crate::http::extract::{NO_ORDER, Which, fresh_id};
use crate::http::orders::{Explanation, explain_order};
use crate::http::problem::Problem;
use crate::http::units::get_units;
use crate::order::{EntryView, OrderDetail, status_named};
use crate::store;
use crate::summary::CreditState;

/// How many entries of a timeline are shown: an order has some twenty.
const ENTRIES: i64 = 1_000;

/// How long the page waits for intake to tell where the units are.
const PATIENCE: Duration = Duration::from_secs(1);

/// Units may move without the order's status: the page looks again so often, in seconds.
const LOOK_AGAIN: u8 = 10;

/// An order as it was read.
pub(super) struct Read {
    which: Which,
    order: OrderDetail,
    timeline: Vec<EntryView>,
}

#[derive(Template)]
#[template(path = "console/order.html")]
struct OrderPage {
    frame: Frame,
    said: Option<Said>,
    row: Row,
    since: super::format::Moment,
    terms: &'static str,
    steps: Vec<Step>,
    lines: Vec<LineShown>,
    /// Net, tax and freight of the whole order.
    sums: (String, String, String),
    sourcing: Option<SourcingShown>,
    credit: Option<CreditShown>,
    shipments: Vec<ShipmentShown>,
    money: Vec<MoneyShown>,
    letters: Vec<Event>,
    timeline: Vec<Event>,
    /// Missing if whoever knows did not answer.
    why: Option<Why>,
    /// Missing if intake did not answer in time.
    units: Option<UnitsShown>,
    /// After how many seconds it is looked at anew, if units of it may still move.
    every: Option<u8>,
    /// What of it its reader sees.
    sight: Sight,
    explains: bool,
    can_cancel: bool,
    can_decide: bool,
    /// Names the forms.
    key: String,
}

#[derive(Template)]
#[template(path = "console/missing.html")]
struct MissingPage {
    frame: Frame,
}

pub(super) async fn show(
    State(api): State<Api>,
    may: May<act::ReadOrder>,
    reader: Reader,
    which: Which,
) -> Response {
    let frame = Frame::of(reader, "orders");
    match read(&api, &may, which).await {
        Ok(read) => page_of((&api, &may), frame, read, StatusCode::OK, None).await,
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            page(StatusCode::NOT_FOUND, &MissingPage { frame })
        }
        Err(problem) => wrong(frame, &problem),
    }
}

/// Reads the order and its timeline.
pub(super) async fn read(
    api: &Api,
    may: &May<act::ReadOrder>,
    which: Which,
) -> Result<Read, Problem> {
    let id = which.clone().find(&api.db, may.scope()).await?;
    let order = store::order_of(&api.db, may.scope(), id).await?;
    let order = order.ok_or_else(|| Problem::not_found(NO_ORDER))?;
    let timeline = store::timeline_of(&api.db, may.scope(), id, (0, ENTRIES)).await?;
    let mut timeline = timeline.unwrap_or_default();
    may.sight().timeline(&mut timeline);
    Ok(Read { which, order, timeline })
}

/// The page of the order, with what was said to a decision.
pub(super) async fn page_of(
    (api, may): (&Api, &May<act::ReadOrder>),
    mut frame: Frame,
    read: Read,
    status: StatusCode,
    said: Option<Said>,
) -> Response {
    let Read { which, order: OrderDetail { order, lines: lines_read, .. }, timeline } = read;
    let explains = may.would(Action::ExplainOrder);
    let (why, units) = tokio::join!(ask_why(api, may, which.clone()), ask_units(api, may, which));
    let why = match why {
        Ok(it) => Some(it.map_or_else(Why::default, |it| Why::of(&frame, &order, &it))),
        Err(_) => None,
    };
    let language = frame.language;
    let row = Row::of((language, may.sight()), &order, &lines_read);
    frame.watch = format!("{}.{}", row.id, row.version);
    let is = status_named(&order.status);
    let is_held = order.summary.credit.as_ref().is_some_and(|it| it.state == CreditState::Held);
    // What another system leads is cancelled and decided there: its owner here refuses both.
    let is_ours = order.summary.carried_over.is_none();
    let is_over = is.is_final() || is == Status::Completed;
    let money = |amount| super::format::money(&order.currency, amount);
    let shown = OrderPage {
        said,
        since: order.status_at.into(),
        terms: if order.terms == "prepaid" { frame.t.prepaid } else { frame.t.on_account },
        steps: steps(frame.t, &order),
        lines: lines(&order.currency, &lines_read),
        sums: (money(order.net), money(order.tax), money(order.freight)),
        sourcing: order.summary.sourcing.as_ref().map(|it| sourcing(language, it)),
        credit: order.summary.credit.as_ref().map(|it| credit(language, &order.currency, it)),
        shipments: shipments(language, &order.summary.shipments),
        money: money_of(frame.t, &order),
        letters: letters(language, &order.currency, &timeline),
        timeline: events(language, &order.currency, &timeline),
        why,
        units: units.map(|it| units_shown(language, &lines_read, &it)),
        every: (!is_over).then_some(LOOK_AGAIN),
        can_cancel: is_ours && may_be_cancelled(is) && may.would(Action::CancelOrder),
        can_decide: is_ours && is_held && !is_over && may.would(Action::DecideCredit),
        sight: may.sight(),
        explains,
        key: fresh_id().to_string(),
        frame,
        row,
    };
    page(status, &shown)
}

/// Why it was decided so, as far as anything was, and as far as the reader may know.
async fn ask_why(
    api: &Api,
    may: &May<act::ReadOrder>,
    which: Which,
) -> Result<Option<Explanation>, Problem> {
    if !may.would(Action::ExplainOrder) {
        return Ok(None);
    }
    match explain_order(State(api.clone()), may.also::<act::ExplainOrder>()?, which).await {
        Ok(axum::Json(it)) => Ok(Some(it)),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Where the units are; nothing, if intake does not say so in time. The page shows without it.
async fn ask_units(api: &Api, may: &May<act::ReadOrder>, which: Which) -> Option<Vec<LineBuckets>> {
    let asked = get_units(State(api.clone()), may.clone(), which);
    let answer = tokio::time::timeout(PATIENCE, asked).await.ok()?;
    answer.ok().map(|axum::Json(it)| it.lines)
}

/// Whether it is worth asking: intake decides.
fn may_be_cancelled(status: Status) -> bool {
    match status {
        Status::Checking
        | Status::CreditHold
        | Status::AwaitingPayment
        | Status::Confirmed
        | Status::Backordered
        | Status::Released => true,
        Status::Picking
        | Status::Packed
        | Status::PartiallyShipped
        | Status::Shipped
        | Status::PartiallyDelivered
        | Status::Delivered
        | Status::Completed
        | Status::Cancelled
        | Status::Expired
        | Status::Rejected => false,
    }
}
