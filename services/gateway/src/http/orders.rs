//! Reading orders.

use std::time::Duration;

use axum::extract::State;
use contracts::allocation::{SourcingRecord, WhySource};
use contracts::credit::{CreditDecision, WhyCredit};
use contracts::finance::{BooksOf, JournalEntry};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{Asked, NO_ORDER, Which};
use super::list::seen;
use super::problem::{Always, IfMissing, Problem};
use super::{Api, Json, schema};
use crate::access::{May, act};
use crate::order::{EntryView, OrderDetail};
use crate::store;

/// How often a reader who waits looks again, if nobody wakes them.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How many entries of a timeline are given at once, if it is not said.
const ENTRIES: u16 = 200;

/// How many there are at most.
const MOST_ENTRIES: u16 = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Answer only when this page was heard: the `page` that a write was answered with, as
    /// `partition:number` for one of intake's, or `service:partition:number`.
    #[param(example = "intake:3:1204", pattern = "^([a-z]+:)?[0-9]{1,9}:[0-9]{1,18}$")]
    min_page: Option<String>,
}

/// One order
///
/// All that is known of an order: where it is, its lines, what credit, sourcing, the warehouses and
/// finance said of it, and how current this is.
#[utoipa::path(
    get, path = "/v1/orders/{id}", tag = "Orders", operation_id = "get_order",
    params(
        ("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042"),
        PageQuery,
    ),
    responses((status = 200, description = "The order.", body = OrderDetail), Always, IfMissing),
)]
pub(crate) async fn get_order(
    State(api): State<Api>,
    may: May<act::ReadOrder>,
    which: Which,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Value>, Problem> {
    api.wait_for(query.min_page.as_deref()).await?;
    let order = which.find(&api.db, may.scope()).await?;
    let found = store::order_of(&api.db, may.scope(), order).await?;
    seen(&may, &found.ok_or_else(|| Problem::not_found(NO_ORDER))?)
}

/// No timeline has more entries.
const LAST_ENTRY: u32 = i32::MAX as u32;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineQuery {
    /// Only entries after this one: the highest that is known already.
    #[param(minimum = 0, maximum = 2_147_483_647, example = 3)]
    after: Option<u32>,
    /// So many at most. 200, if nothing is said.
    #[param(minimum = 1, maximum = 1000, example = 200)]
    limit: Option<u16>,
    /// Answer only when this page was heard.
    #[param(example = "intake:3:1204", pattern = "^([a-z]+:)?[0-9]{1,9}:[0-9]{1,18}$")]
    min_page: Option<String>,
}

/// What happened to an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    order: Uuid,
    /// 1, 2, 3 … without gaps.
    entries: Vec<EntryView>,
    /// Where to go on: the `after` of the next request, if there may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 200)]
    next: Option<i64>,
}

/// The timeline of an order
///
/// Everything that happened to an order, as it was heard: when, which service says so, what, who did
/// it, and why. Entries are never changed, so a reader that knows some asks for what comes after.
#[utoipa::path(
    get, path = "/v1/orders/{id}/timeline", tag = "Orders", operation_id = "get_timeline",
    params(
        ("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042"),
        TimelineQuery,
    ),
    responses((status = 200, description = "What happened.", body = Timeline), Always, IfMissing),
)]
pub(crate) async fn get_timeline(
    State(api): State<Api>,
    may: May<act::ReadOrder>,
    which: Which,
    Asked(query): Asked<TimelineQuery>,
) -> Result<Json<Value>, Problem> {
    let limit = query.limit.unwrap_or(ENTRIES);
    if !(1..=MOST_ENTRIES).contains(&limit) {
        return Err(Problem::malformed(format!("limit: 1 to {MOST_ENTRIES}")));
    }
    if query.after.is_some_and(|it| it > LAST_ENTRY) {
        return Err(Problem::malformed(format!("after: 0 to {LAST_ENTRY}")));
    }
    api.wait_for(query.min_page.as_deref()).await?;
    let order = which.find(&api.db, may.scope()).await?;
    let after = query.after.unwrap_or_default().into();
    let entries = store::timeline_of(&api.db, may.scope(), order, (after, limit.into())).await?;
    let entries = entries.ok_or_else(|| Problem::not_found(NO_ORDER))?;
    let is_full = entries.len() == usize::from(limit);
    let next = entries.last().filter(|_| is_full).map(|it| it.number);
    seen(&may, &Timeline { order: order.0, entries, next })
}

/// Why an order was decided as it was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explanation {
    order: Uuid,
    /// Credit's decisions, with the figures as they stood.
    #[schema(value_type = Vec<schema::CreditDecision>)]
    pub(crate) credit: Vec<CreditDecision>,
    /// Where the goods come from, round by round, with all that was weighed.
    #[schema(value_type = Vec<schema::SourcingRecord>)]
    pub(crate) sourcing: Vec<SourcingRecord>,
}

/// Why an order was decided so
///
/// Asks credit and allocation for the records of their decisions.
#[utoipa::path(
    get, path = "/v1/orders/{id}/explanation", tag = "Orders", operation_id = "explain_order",
    params(("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042")),
    responses(
        (status = 200, description = "The records of both decisions.", body = Explanation),
        Always, IfMissing,
    ),
)]
pub(crate) async fn explain_order(
    State(api): State<Api>,
    may: May<act::ExplainOrder>,
    which: Which,
) -> Result<Json<Explanation>, Problem> {
    let order = which.find(&api.db, may.scope()).await?;
    let asked =
        tokio::join!(api.house.ask(WhyCredit { order }), api.house.ask(WhySource { order }),);
    let (credit, sourcing): (Vec<CreditDecision>, Vec<SourcingRecord>) = (asked.0?, asked.1?);
    if credit.is_empty() && sourcing.is_empty() {
        return Err(Problem::not_found("Nothing was decided about such an order"));
    }
    Ok(Json(Explanation { order: order.0, credit, sourcing }))
}

/// What the books say of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Books {
    order: Uuid,
    /// The journal's entries, the oldest first; the debits of each equal its credits.
    #[schema(value_type = Vec<schema::JournalEntry>)]
    entries: Vec<JournalEntry>,
}

/// The books of an order
///
/// Asks finance for every journal entry of the order.
#[utoipa::path(
    get, path = "/v1/orders/{id}/books", tag = "Orders", operation_id = "get_books",
    params(("id" = String, Path, description = "Its id, or what people call it.", example = "K-000042")),
    responses(
        (status = 200, description = "Its entries; none before anything left.", body = Books),
        Always, IfMissing,
    ),
)]
pub(crate) async fn get_books(
    State(api): State<Api>,
    may: May<act::ReadBooks>,
    which: Which,
) -> Result<Json<Books>, Problem> {
    let order = which.find(&api.db, may.scope()).await?;
    let entries: Vec<JournalEntry> = api.house.ask(BooksOf { order }).await?;
    Ok(Json(Books { order: order.0, entries }))
}

/// A page of a service, as clients name it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageName<'a> {
    pub(super) service: &'a str,
    pub(super) partition: i32,
    pub(super) number: i64,
}

impl<'a> PageName<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (rest, number) = text.rsplit_once(':')?;
        let (service, partition) = rest.rsplit_once(':').unwrap_or(("intake", rest));
        let partition = partition.parse().ok()?;
        if service.is_empty() || !service.bytes().all(|it| it.is_ascii_lowercase()) {
            return None;
        }
        Some(Self { service, partition, number: number.parse().ok()? })
    }
}

impl Api {
    /// Waits until the view has heard the page, but not for ever.
    pub(crate) async fn wait_for(&self, page: Option<&str>) -> Result<(), Problem> {
        let Some(page) = page else { return Ok(()) };
        let Some(page) = PageName::read(page) else {
            return Err(Problem::malformed("min_page: partition:number"));
        };
        let heard = tokio::time::timeout(self.settings.page_wait(), self.until_heard(&page)).await;
        heard.unwrap_or_else(|_| {
            let problem = Problem::new(
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                "behind",
                "The view has not heard of it yet",
            );
            Err(problem.retry(1))
        })
    }

    async fn until_heard(&self, page: &PageName<'_>) -> Result<(), Problem> {
        let mut pulse = self.pulse.clone();
        while store::heard(&self.db, page.partition, page.service).await? < page.number {
            // Whoever commits in this process wakes us; others are found out by looking again.
            let _woken = tokio::time::timeout(LOOK_AGAIN, pulse.changed()).await;
        }
        Ok(())
    }
}
