//! Orders whose credit waits for a person.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chassis::clock;
use contracts::Status;
use uuid::Uuid;

use super::format::{Moment, age, money};
use super::frame::{Frame, page, wrong};
use super::language::Reader;
use super::row::Row;
use super::words;
use crate::access::{Action, May, act};
use crate::http::Api;
use crate::http::extract::fresh_id;
use crate::http::list;
use crate::http::problem::Problem;
use crate::order::OrderView;
use crate::store::{self, Filter, Sort};

/// How many are shown: what is held longest comes first.
const HOLDS: u16 = 200;

/// An order that is held.
struct Hold {
    row: Row,
    since: Moment,
    age: String,
    amount: String,
    class: String,
    why: String,
    /// Names its forms.
    key: String,
}

#[derive(Template)]
#[template(path = "console/holds.html")]
struct HoldsPage {
    frame: Frame,
    holds: Vec<Hold>,
    has_more: bool,
    /// Whether the reader may release and refuse.
    can_decide: bool,
}

pub(super) async fn show(
    State(api): State<Api>,
    may: May<act::ReadHolds>,
    reader: Reader,
) -> Response {
    let mut frame = Frame::of(reader, "holds");
    let can_decide = may.would(Action::DecideCredit);
    match read(&api, &may, &frame).await {
        Ok((holds, has_more)) => {
            let shown = holds.iter().map(|it| format!("{}.{}", it.row.id, it.row.version));
            frame.watch = shown.collect::<Vec<_>>().join(",");
            page(StatusCode::OK, &HoldsPage { frame, holds, has_more, can_decide })
        }
        Err(problem) => wrong(frame, &problem),
    }
}

async fn read(
    api: &Api,
    may: &May<act::ReadHolds>,
    frame: &Frame,
) -> Result<(Vec<Hold>, bool), Problem> {
    let filter = Filter { status: Some(vec![Status::CreditHold.name()]), ..Filter::default() };
    let found = list::page((&api.db, may.scope()), filter, Sort::Waiting, None, HOLDS).await?;
    let orders = found.orders;
    let ids: Vec<Uuid> = orders.iter().map(|it| it.order).collect();
    let lines = store::lines_of(&api.db, &ids).await?;
    let now = clock::now();
    let shown = |it: &OrderView| {
        let credit = it.summary.credit.as_ref();
        let stop = credit.and_then(|it| it.stop.as_deref()).unwrap_or_default();
        Hold {
            row: Row::of(
                (frame.language, may.sight()),
                it,
                lines.get(&it.order).map_or(&[][..], Vec::as_slice),
            ),
            since: it.status_at.into(),
            age: age(frame.language, it.status_at, now),
            amount: money(&it.currency, credit.map_or(it.total, |it| it.amount.0)),
            class: credit.map(|it| it.class.clone()).unwrap_or_default(),
            why: words::reason(frame.language, stop).unwrap_or(stop).to_owned(),
            key: fresh_id().to_string(),
        }
    };
    Ok((orders.iter().map(shown).collect(), found.next.is_some()))
}
