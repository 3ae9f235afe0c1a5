//! Work lists about orders: picks of which something was not there, and orders that wait for supply
//! or for a person.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chassis::clock;
use contracts::{Language, Status, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

use super::format::{Moment, age, number};
use super::frame::{Frame, page, wrong};
use super::language::Reader;
use super::row::Row;
use super::table::{open_names, watch};
use super::texts::Texts;
use super::words;
use crate::access::{May, Sight, act};
use crate::http::Api;
use crate::order::{OrderView, status_named};
use crate::store;
use crate::summary::SourcingState;

/// How many are shown: what has waited longest comes first.
const SHOWN: i64 = 200;

/// How long something may wait on each list before it is red.
const SHORT_SLA: SignedDuration = SignedDuration::from_hours(4);
const REVIEW_SLA: SignedDuration = SignedDuration::from_hours(24);

/// Something that waits.
struct Item {
    row: Row,
    /// Why it is on the list.
    why: String,
    /// What came of it since; empty on the list of reviews.
    became: String,
    age: String,
    /// `red` if it waits too long.
    colour: &'static str,
    meaning: &'static str,
    since: Moment,
}

#[derive(Template)]
#[template(path = "console/work.html")]
struct WorkPage {
    frame: Frame,
    title: &'static str,
    caption: &'static str,
    nothing: &'static str,
    /// Whether it is told what came of each.
    tells_outcome: bool,
    items: Vec<Item>,
    has_more: bool,
}

/// Orders by their id.
struct Known {
    language: Language,
    orders: BTreeMap<Uuid, OrderView>,
    rows: BTreeMap<Uuid, Row>,
}

impl Known {
    async fn read(
        api: &Api,
        (language, sight): (Language, Sight),
        ids: &[Uuid],
    ) -> sqlx::Result<Self> {
        let orders = store::orders_of(&api.db, ids).await?;
        let lines = store::lines_of(&api.db, ids).await?;
        let lines = |it: &OrderView| lines.get(&it.order).map_or(&[][..], Vec::as_slice);
        let rows =
            orders.iter().map(|it| (it.order, Row::of((language, sight), it, lines(it)))).collect();
        let orders = orders.into_iter().map(|it| (it.order, it)).collect();
        Ok(Self { language, orders, rows })
    }

    /// The order as an item that waits since then, and may for so long. `is_over`: it waits no more.
    fn item(&self, id: Uuid, since: Timestamp, sla: Option<SignedDuration>) -> Option<Item> {
        let (row, now) = (self.rows.get(&id)?.clone(), clock::now());
        let is_late = sla.is_some_and(|it| now.duration_since(since) > it);
        let colour = match sla {
            None => crate::views::Colour::Green,
            Some(_) if is_late => crate::views::Colour::Red,
            Some(_) => crate::views::Colour::Yellow,
        };
        Some(Item {
            row,
            why: String::new(),
            became: String::new(),
            age: age(self.language, since, now),
            colour: super::row::colour(colour),
            meaning: words::colour(self.language, colour),
            since: since.into(),
        })
    }
}

pub(super) async fn reviews(
    State(api): State<Api>,
    may: May<act::ReadWork>,
    reader: Reader,
) -> Response {
    let frame = Frame::of(reader, "reviews");
    match read_reviews(&api, &frame, may.sight()).await {
        Ok((items, has_more)) => {
            let t = frame.t;
            let (title, caption, nothing) = (t.reviews, t.reviews_caption, t.no_reviews);
            show(WorkPage { frame, title, caption, nothing, tells_outcome: false, items, has_more })
        }
        Err(error) => wrong(frame, &error.into()),
    }
}

async fn read_reviews(api: &Api, frame: &Frame, sight: Sight) -> sqlx::Result<(Vec<Item>, bool)> {
    let now = clock::now();
    let mut ids = store::reviews(&api.db, &open_names(), now, SHOWN + 1).await?;
    let has_more = truncate(&mut ids);
    let known = Known::read(api, (frame.language, sight), &ids).await?;
    let item = |id: &Uuid| {
        let order = known.orders.get(id)?;
        let why = reasons(frame.t, order, now).join("; ");
        Some(Item { why, ..known.item(*id, order.status_at, Some(REVIEW_SLA))? })
    };
    Ok((ids.iter().filter_map(item).collect(), has_more))
}

/// Everything for which an order waits: as the list's own statement has it.
fn reasons(t: &'static Texts, it: &OrderView, now: Timestamp) -> Vec<String> {
    let mut all = Vec::new();
    if it.summary.cancelling {
        all.push(t.review_cancelling.to_owned());
    }
    let sourcing = it.summary.sourcing.as_ref();
    match sourcing.map(|it| it.state) {
        Some(SourcingState::Failed) => all.push(t.review_failed.to_owned()),
        Some(SourcingState::Short) => all.push(t.review_short.to_owned()),
        Some(SourcingState::Lapsed) => all.push(t.review_lapsed.to_owned()),
        Some(SourcingState::Backordered) => {
            let units = sourcing.map_or(0, |it| it.backordered);
            all.push(format!("{}: {}", t.backordered, number(units)));
        }
        _ if it.status == Status::Backordered.name() => all.push(t.backordered.to_owned()),
        _ => {}
    }
    if sourcing.and_then(|it| it.estimate).is_some_and(|it| it < now) {
        all.push(t.review_overdue.to_owned());
    }
    all
}

pub(super) async fn shorts(
    State(api): State<Api>,
    may: May<act::ReadWork>,
    reader: Reader,
) -> Response {
    let frame = Frame::of(reader, "shorts");
    match read_shorts(&api, &frame, may.sight()).await {
        Ok((items, has_more)) => {
            let t = frame.t;
            let (title, caption, nothing) = (t.shorts, t.shorts_caption, t.no_shorts);
            show(WorkPage { frame, title, caption, nothing, tells_outcome: true, items, has_more })
        }
        Err(error) => wrong(frame, &error.into()),
    }
}

async fn read_shorts(api: &Api, frame: &Frame, sight: Sight) -> sqlx::Result<(Vec<Item>, bool)> {
    let mut shorts = store::shorts(&api.db, &open_names(), SHOWN + 1).await?;
    let has_more = truncate(&mut shorts);
    let ids: Vec<Uuid> = shorts.iter().map(|it| it.0.order.0).collect();
    let known = Known::read(api, (frame.language, sight), &ids).await?;
    let item = |(short, lacks): &(crate::views::ShortPick, bool)| {
        let order = known.orders.get(&short.order.0)?;
        let item = known.item(short.order.0, short.at, lacks.then_some(SHORT_SLA))?;
        let (pick, warehouse, units) = (short.pick, &short.warehouse, number(short.units));
        Some(Item {
            why: format!("{warehouse} · {} {pick} · {} {units}", frame.t.pick, frame.t.short),
            became: became(frame, order, *lacks).to_owned(),
            ..item
        })
    };
    Ok((shorts.iter().filter_map(item).collect(), has_more))
}

/// What came of a short pick.
fn became(frame: &Frame, it: &OrderView, lacks: bool) -> &'static str {
    let t = frame.t;
    let is = status_named(&it.status);
    if is.is_final() {
        return words::status(frame.language, is);
    }
    match it.summary.sourcing.as_ref().map(|it| it.state) {
        _ if !lacks => t.short_sourced,
        Some(SourcingState::Backordered) => t.backordered,
        Some(SourcingState::Failed) => t.review_failed,
        _ => t.short_searching,
    }
}

fn truncate<T>(all: &mut Vec<T>) -> bool {
    let most = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let has_more = all.len() > most;
    all.truncate(most);
    has_more
}

fn show(mut shown: WorkPage) -> Response {
    let mut rows: Vec<Row> = shown.items.iter().map(|it| it.row.clone()).collect();
    rows.dedup_by(|one, other| one.id == other.id);
    shown.frame.watch = watch(&rows);
    page(StatusCode::OK, &shown)
}
