//! The process table: every order that is asked for, and where it is.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use contracts::{Language, Status, Terms, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use super::frame::{Frame, page, wrong};
use super::language::Reader;
use super::row::Row;
use super::saved::{Offered, offered};
use super::texts::Texts;
use super::words;
use crate::ShopZone;
use crate::access::{Action, May, Sight, act};
use crate::http::Api;
use crate::http::list;
use crate::http::problem::Problem;
use crate::order::OrderView;
use crate::store::{self, Filter, Place, Sort};

/// How many orders a page has.
pub(super) const ORDERS: u16 = 50;

/// What is asked for. A browser sends every field of a form: an empty one asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Asking {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) q: String,
    /// Names of statuses, parted by commas, or `open`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) customer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) terms: String,
    /// A day, or an instant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) sort: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) after: String,
    /// Columns beside the usual ones, parted by commas; as the browser keeps them, if nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) columns: String,
    /// The saved view that is shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) view: String,
}

/// Finds how something is called.
type Called = fn(&Texts) -> &'static str;

/// The columns that can be chosen, and how they are called.
const COLUMNS: [(&str, Called); 7] = [
    ("channel", |t| t.channel),
    ("external", |t| t.external_id),
    ("reason", |t| t.remark),
    ("node", |t| t.node),
    ("warehouse", |t| t.warehouse),
    ("priority", |t| t.priority),
    ("total", |t| t.total),
];

pub(super) fn is_column(name: &str) -> bool {
    COLUMNS.iter().any(|it| it.0 == name)
}

impl Asking {
    pub(crate) fn filter(&self, zone: &ShopZone) -> Result<Filter, Problem> {
        let all = [&self.q, &self.channel, &self.customer];
        if all.iter().any(|it| it.contains('\0')) {
            return Err(Problem::malformed("no text has a zero byte"));
        }
        let some = |it: &String| Some(it.trim().to_owned()).filter(|it| !it.is_empty());
        let terms = match &*self.terms {
            "" => None,
            "prepaid" => Some(store::terms(Terms::Prepaid)),
            "on_account" => Some(store::terms(Terms::OnAccount)),
            other => {
                let expected = "expected prepaid or on_account";
                return Err(Problem::malformed(format!("terms: found {other:?}, {expected}")));
            }
        };
        let status = match &*self.status {
            "" => None,
            "open" => Some(open_names()),
            names => Some(list::statuses(names)?),
        };
        Ok(Filter {
            status,
            channel: some(&self.channel),
            customer: some(&self.customer),
            terms,
            placed_from: instant("from", &self.from, zone)?,
            placed_to: instant("to", &self.to, zone)?,
            order_no: None,
            search: some(&self.q),
        })
    }

    pub(crate) fn sorted(&self) -> Result<Sort, Problem> {
        Ok(match &*self.sort {
            "" | "newest" => Sort::Newest,
            "oldest" => Sort::Oldest,
            "largest" => Sort::Largest,
            "smallest" => Sort::Smallest,
            other => {
                let expected = "expected newest, oldest, largest or smallest";
                return Err(Problem::malformed(format!("sort: found {other:?}, {expected}")));
            }
        })
    }

    fn place(&self, sort: Sort) -> Result<Option<Place>, Problem> {
        let after = Some(&*self.after).filter(|it| !it.is_empty());
        after.map(|it| list::place(sort, it)).transpose()
    }

    /// The same, as a link has it.
    pub(super) fn query(&self) -> String {
        serde_urlencoded::to_string(self).unwrap_or_default()
    }

    fn link(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut changed = self.clone();
        change(&mut changed);
        format!("/?{}", changed.query())
    }
}

/// The statuses of orders that are not over.
fn open() -> impl Iterator<Item = Status> {
    Status::ALL.into_iter().filter(|it| !it.is_final() && *it != Status::Completed)
}

/// The names of those statuses.
pub(super) fn open_names() -> Vec<&'static str> {
    open().map(Status::name).collect()
}

/// The beginning of a day in the shop's zone, or an instant.
fn instant(name: &str, text: &str, zone: &ShopZone) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = || text.parse::<Date>().ok()?.to_zoned(zone.zone()).ok().map(|it| it.timestamp());
    let at = text.parse::<Timestamp>().ok().or_else(day).map(Some);
    at.ok_or_else(|| {
        let expected = "expected a day as in 2026-11-22, or an instant";
        Problem::malformed(format!("{name}: found {text:?}, {expected}"))
    })
}

/// A status that can be asked for.
struct Choice {
    value: &'static str,
    words: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "console/table.html")]
struct TablePage {
    frame: Frame,
    /// What of orders its reader sees.
    sight: Sight,
    saves: bool,
    imports: bool,
    rows: Vec<Row>,
    asking: Asking,
    statuses: Vec<Choice>,
    /// Columns that can be chosen: their name, what they are called, whether the view shows them.
    columns: Vec<(&'static str, &'static str, bool)>,
    /// Saved views.
    views: Vec<Offered>,
    /// How the days of the filter are counted.
    zone: String,
    /// Filters and sort, to be saved.
    query: String,
    /// Whether anything keeps orders out.
    is_filtered: bool,
    next: Option<String>,
    first: Option<String>,
    /// Links that sort by placement and by total the other way, and how they sort now.
    by_placed: (String, &'static str),
    by_total: (String, &'static str),
    limit: u16,
    /// Where the same orders are handed out as a file.
    export: String,
}

pub(super) async fn show(
    State(api): State<Api>,
    may: May<act::ListOrders>,
    reader: Reader,
    query: Result<Query<Asking>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let frame = Frame::of(reader, "orders");
    let asking = match query {
        Ok(Query(asking)) => asking,
        Err(bad) => return wrong(frame, &Problem::malformed(bad.body_text())),
    };
    match read(&api, &may, frame.language, &asking).await {
        Ok(found) => page(StatusCode::OK, &table((&api, &may), frame, asking, found)),
        Err(problem) => wrong(frame, &problem),
    }
}

/// What is shown.
struct Found {
    rows: Vec<Row>,
    next: Option<String>,
    views: Vec<Offered>,
}

async fn read(
    api: &Api,
    may: &May<act::ListOrders>,
    language: Language,
    asking: &Asking,
) -> Result<Found, Problem> {
    let sort = list::sorted(asking.sorted()?, may)?;
    let (filter, after) = (asking.filter(&api.settings.zone)?, asking.place(sort)?);
    let within = (&api.db, may.scope());
    let list::OrderPage { orders, next } = list::page(within, filter, sort, after, ORDERS).await?;
    let rows = rows(&api.db, (language, may.sight()), &orders).await?;
    let views = offered(api, may, &asking.view).await?;
    Ok(Found { rows, next, views })
}

async fn rows(
    db: &PgPool,
    (language, sight): (Language, Sight),
    orders: &[OrderView],
) -> sqlx::Result<Vec<Row>> {
    let ids: Vec<Uuid> = orders.iter().map(|it| it.order).collect();
    let lines = store::lines_of(db, &ids).await?;
    let lines = |it: &OrderView| lines.get(&it.order).map_or(&[][..], Vec::as_slice);
    Ok(orders.iter().map(|it| Row::of((language, sight), it, lines(it))).collect())
}

fn table(
    (api, may): (&Api, &May<act::ListOrders>),
    mut frame: Frame,
    asking: Asking,
    found: Found,
) -> TablePage {
    let (Found { rows, next, views }, sight) = (found, may.sight());
    frame.watch = watch(&rows);
    let turn = |one: &str, other: &str| {
        let to = if asking.sort == one { other } else { one };
        asking.link(|it| (it.sort, it.after) = (to.to_owned(), String::new()))
    };
    let (placed, total) = match &*asking.sort {
        "oldest" => ("ascending", "none"),
        "largest" => ("none", "descending"),
        "smallest" => ("none", "ascending"),
        _ => ("descending", "none"),
    };
    let Asking { sort, after, columns, view, .. } = asking.clone();
    let plain = Asking { sort, after, columns, view, ..Asking::default() };
    let shown = |name: &str| asking.columns.split(',').any(|it| it == name);
    let columns = COLUMNS.iter().filter(|it| it.0 != "total" || sight.prices);
    let columns = columns.map(|(name, words)| (*name, words(frame.t), shown(name))).collect();
    let query = Asking { after: String::new(), ..asking.clone() }.query();
    let by_placed = match &*asking.sort {
        "" => turn("oldest", "newest"),
        _ => turn("newest", "oldest"),
    };
    TablePage {
        is_filtered: asking != plain,
        next: next.map(|next| asking.link(|it| it.after = next)),
        first: (!asking.after.is_empty()).then(|| asking.link(|it| it.after.clear())),
        by_placed: (by_placed, placed),
        by_total: (turn("largest", "smallest"), total),
        limit: ORDERS,
        statuses: choices(&frame, &asking),
        zone: api.settings.zone.to_string(),
        export: if may.would(Action::ExportOrders) {
            format!("/export/orders?{query}&")
        } else {
            String::new()
        },
        saves: may.would(Action::SaveViews),
        imports: may.would(Action::ImportOrders),
        sight,
        columns,
        query,
        views,
        frame,
        rows,
        asking,
    }
}

/// The statuses that can be asked for.
fn choices(frame: &Frame, asking: &Asking) -> Vec<Choice> {
    let chosen = |value: &str| asking.status == value;
    let (t, language) = (frame.t, frame.language);
    let mut statuses = vec![
        Choice { value: "", words: t.all, chosen: chosen("") },
        Choice { value: "open", words: t.all_open, chosen: chosen("open") },
    ];
    // What was rejected never became an order.
    let named = Status::ALL.into_iter().filter(|it| *it != Status::Rejected);
    statuses.extend(named.map(|it| Choice {
        value: it.name(),
        words: words::status(language, it),
        chosen: chosen(it.name()),
    }));
    statuses
}

/// Names rows as they are shown, so that what is newer is sent.
pub(super) fn watch(rows: &[Row]) -> String {
    let each: Vec<String> = rows.iter().map(|it| format!("{}.{}", it.id, it.version)).collect();
    each.join(",")
}
