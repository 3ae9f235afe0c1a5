//! Lists of orders, page by page. A page goes on from the last order of the one before, not from a
//! count, so that orders that come in meanwhile neither repeat nor hide any.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::{Status, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::Asked;
use super::problem::{Always, Problem};
use super::{Api, Json};
use crate::access::act::{self, Act};
use crate::access::{May, Scope};
use crate::order::OrderView;
use crate::store::{self, Filter, Place, Sort};

/// How many orders a page has, if it is not said.
const ORDERS: u16 = 50;

/// How many it has at most.
const MOST_ORDERS: u16 = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only orders that are there; several statuses are parted by commas.
    #[param(example = "credit_hold,backordered")]
    pub(super) status: Option<String>,
    /// Only orders that came in this way.
    #[param(example = "webshop")]
    pub(super) channel: Option<String>,
    /// Only orders of this customer.
    #[param(example = "C-7")]
    pub(super) customer: Option<String>,
    /// Only orders that are paid so.
    #[param(inline, example = "on_account")]
    pub(super) terms: Option<TermsFilter>,
    /// Only orders that were placed then or later.
    #[param(example = "2026-11-01T00:00:00Z")]
    pub(super) placed_from: Option<Timestamp>,
    /// Only orders that were placed before.
    #[param(example = "2026-12-01T00:00:00Z")]
    pub(super) placed_to: Option<Timestamp>,
    /// Only orders whose number begins so.
    #[param(example = "K-0000")]
    pub(super) order_no: Option<String>,
    /// Which come first. The newest, if nothing is said.
    #[param(inline, example = "oldest")]
    pub(super) sort: Option<SortName>,
    /// So many at most. 50, if nothing is said.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub(super) limit: Option<u16>,
    /// Where to go on: the `next` of the page before, with the same `sort`.
    #[param(
        example = "n1795000000000000-018f3c1e7a2b7cde8f0123456789abcd",
        pattern = "^[nols][0-9]{1,16}-[0-9a-f]{32}$"
    )]
    pub(super) after: Option<String>,
}

/// How an order is paid.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TermsFilter {
    Prepaid,
    OnAccount,
}

/// Which orders come first.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SortName {
    Newest,
    Oldest,
    Largest,
    Smallest,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<OrderView>,
    /// Where to go on: the `after` of the next request. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "n1795000000000000-018f3c1e7a2b7cde8f0123456789abcd")]
    pub(crate) next: Option<String>,
}

/// Orders
///
/// All orders that every filter lets through, page by page, of those that the caller sees. Whoever follows `next` to the end sees
/// each order once that was there at the beginning, whatever comes in meanwhile.
#[utoipa::path(
    get, path = "/v1/orders", tag = "Orders", operation_id = "list_orders",
    params(ListQuery),
    responses((status = 200, description = "A page of orders.", body = OrderPage), Always),
)]
pub(crate) async fn list_orders(
    State(api): State<Api>,
    may: May<act::ListOrders>,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<Value>, Problem> {
    let limit = query.limit.unwrap_or(ORDERS);
    if !(1..=MOST_ORDERS).contains(&limit) {
        return Err(Problem::malformed(format!("limit: 1 to {MOST_ORDERS}")));
    }
    let sort = query.sort.map_or(Sort::Newest, Sort::from);
    let after = query.after.as_deref().map(|it| place(sort, it)).transpose()?;
    let sort = sorted(sort, &may)?;
    let page = page((&api.db, may.scope()), filter(query)?, sort, after, limit).await?;
    seen(&may, &page)
}

/// A page of orders, and where the next one begins.
pub(crate) async fn page(
    (db, scope): (&PgPool, &Scope),
    filter: Filter,
    sort: Sort,
    after: Option<Place>,
    limit: u16,
) -> sqlx::Result<OrderPage> {
    // One more than asked for tells whether there is a next page.
    let mut orders = store::list((db, scope), filter, sort, after, i64::from(limit) + 1).await?;
    let has_more = orders.len() > usize::from(limit);
    orders.truncate(limit.into());
    let next = orders.last().filter(|_| has_more).map(|it| cursor(sort, it));
    Ok(OrderPage { orders, next })
}

/// Who does not see what orders cost is not told which cost more either.
pub(crate) fn sorted<A: Act>(sort: Sort, may: &May<A>) -> Result<Sort, Problem> {
    let by_total = matches!(sort, Sort::Largest | Sort::Smallest);
    if by_total && !may.sight().prices {
        let title = "You do not see what orders cost";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", title));
    }
    Ok(sort)
}

/// Answers with as much of something as may be seen.
pub(crate) fn seen<A: Act>(may: &May<A>, it: &impl Serialize) -> Result<Json<Value>, Problem> {
    may.sight().of(it).map(Json).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written: {error}");
        Problem::internal()
    })
}

/// The statuses that are named, parted by commas.
pub(crate) fn statuses(names: &str) -> Result<Vec<&'static str>, Problem> {
    let one = |name: &str| {
        let unknown = || Problem::malformed(format!("status: there is no {name}"));
        Status::named(name.trim()).map(Status::name).ok_or_else(unknown)
    };
    names.split(',').map(one).collect()
}

pub(super) fn filter(query: ListQuery) -> Result<Filter, Problem> {
    let status = query.status.as_deref().map(statuses).transpose()?;
    let texts = [&query.channel, &query.customer, &query.order_no];
    if texts.into_iter().flatten().any(|it| it.contains('\0')) {
        return Err(Problem::malformed("no text has a zero byte"));
    }
    Ok(Filter {
        status,
        channel: query.channel,
        customer: query.customer,
        terms: query.terms.map(TermsFilter::name),
        placed_from: query.placed_from,
        placed_to: query.placed_to,
        order_no: query.order_no,
        search: None,
    })
}

impl TermsFilter {
    fn name(self) -> &'static str {
        store::terms(match self {
            Self::Prepaid => contracts::Terms::Prepaid,
            Self::OnAccount => contracts::Terms::OnAccount,
        })
    }
}

impl From<SortName> for Sort {
    fn from(name: SortName) -> Self {
        match name {
            SortName::Newest => Self::Newest,
            SortName::Oldest => Self::Oldest,
            SortName::Largest => Self::Largest,
            SortName::Smallest => Self::Smallest,
        }
    }
}

/// The letter by which a cursor tells to which sort it belongs.
fn letter(sort: Sort) -> char {
    match sort {
        Sort::Newest => 'n',
        Sort::Oldest => 'o',
        Sort::Largest => 'l',
        Sort::Smallest => 's',
        Sort::Waiting => 'w',
    }
}

/// Names the last order of a page: what it is sorted by, and its id.
fn cursor(sort: Sort, last: &OrderView) -> String {
    let key = match sort {
        Sort::Newest | Sort::Oldest => last.placed_at.as_microsecond(),
        Sort::Waiting => last.status_at.as_microsecond(),
        Sort::Largest | Sort::Smallest => last.total,
    };
    format!("{}{key}-{}", letter(sort), last.order.simple())
}

/// What a cursor names.
pub(crate) fn place(sort: Sort, cursor: &str) -> Result<Place, Problem> {
    let read = || {
        let (key, order) = cursor.strip_prefix(letter(sort))?.rsplit_once('-')?;
        let (key, order) = (key.parse().ok()?, Uuid::try_parse(order).ok()?);
        if matches!(sort, Sort::Newest | Sort::Oldest | Sort::Waiting) {
            Timestamp::from_microsecond(key).ok()?;
        }
        Some(Place { key, order })
    };
    read().ok_or_else(|| Problem::malformed("after: the `next` of a page with the same `sort`"))
}
