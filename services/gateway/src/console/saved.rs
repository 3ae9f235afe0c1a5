//! Saved views of the process table: a name for a choice of orders, their sort and the columns. Each
//! is its keeper's, and may be shared with all.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::clock;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, wrong};
use super::language::Reader;
use super::table::{Asking, is_column};
use crate::access::guard::is_from_here;
use crate::access::{Action, May, act};
use crate::http::Api;
use crate::http::checked::Faults;
use crate::http::extract::fresh_id;
use crate::http::problem::{Problem, fault};
use crate::store::{self, SavedView};

/// A view as the table offers it.
pub(super) struct Offered {
    pub(super) id: String,
    pub(super) name: String,
    /// Who shares it; empty if it is the reader's own.
    pub(super) owner: String,
    pub(super) link: String,
    pub(super) is_shown: bool,
}

/// The reader's own views, then those that others share.
pub(super) async fn offered(
    api: &Api,
    may: &May<act::ListOrders>,
    shown: &str,
) -> Result<Vec<Offered>, Problem> {
    if !may.would(Action::SaveViews) {
        return Ok(vec![]);
    }
    let person = &may.who().name;
    let views = store::views_of(&api.db, person).await?;
    let offer = |it: SavedView| Offered {
        link: link(&it),
        is_shown: it.id.to_string() == shown,
        id: it.id.to_string(),
        owner: if it.owner == *person { String::new() } else { it.owner },
        name: it.name,
    };
    Ok(views.into_iter().map(offer).collect())
}

/// The table's address for a view.
fn link(it: &SavedView) -> String {
    let mut asking: Asking = serde_urlencoded::from_str(&it.query).unwrap_or_default();
    asking.columns.clone_from(&it.columns);
    asking.view = it.id.to_string();
    format!("/?{}", asking.query())
}

/// What the form says.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    name: String,
    /// Anything, if the box is ticked.
    #[serde(default)]
    shared: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    columns: String,
}

/// Keeps a view, and shows it.
pub(super) async fn save(
    State(api): State<Api>,
    may: May<act::SaveViews>,
    reader: Reader,
    headers: HeaderMap,
    form: Result<Form<Filled>, FormRejection>,
) -> Response {
    match keep_view((&api, &may), &headers, form).await {
        Ok(it) => see(&link(&it)),
        Err(problem) => wrong(Frame::of(reader, "orders"), &problem),
    }
}

async fn keep_view(
    (api, may): (&Api, &May<act::SaveViews>),
    headers: &HeaderMap,
    form: Result<Form<Filled>, FormRejection>,
) -> Result<SavedView, Problem> {
    if !is_from_here(headers) {
        return Err(Problem::elsewhere());
    }
    let Form(form) = form.map_err(|it| Problem::malformed(it.body_text()))?;
    let (name, mut faults) = (form.name.trim().to_owned(), Faults::default());
    let owner = may.who().name.clone();
    faults.text("/name", &name, 1..=60);
    let named = || form.columns.split(',').filter(|it| !it.is_empty());
    for it in named().filter(|it| !is_column(it)) {
        faults.0.push(fault("unknown", "/columns", it, "a column of the table"));
    }
    let asking: Asking = serde_urlencoded::from_str(&form.query)
        .map_err(|it| Problem::malformed(format!("query: {it}")))?;
    asking.filter(&api.settings.zone)?; // What cannot be shown is not kept.
    asking.sorted()?;
    if !faults.0.is_empty() {
        return Err(Problem::invalid(faults.0));
    }
    let query =
        Asking { after: String::new(), columns: String::new(), view: String::new(), ..asking };
    let columns = named().collect::<Vec<_>>().join(",");
    let (shared, query) = (!form.shared.is_empty(), query.query());
    let mut it = SavedView { id: fresh_id(), owner, name, shared, query, columns };
    if !store::save_view(&api.db, &it, clock::now()).await? {
        let title = "So many views nobody keeps: forget one first";
        return Err(Problem::new(StatusCode::CONFLICT, "too-many-views", title));
    }
    // Saved again, it keeps the id that it had.
    let kept = store::views_of(&api.db, &it.owner).await?;
    let kept = kept.into_iter().find(|kept| kept.owner == it.owner && kept.name == it.name);
    it.id = kept.map_or(it.id, |it| it.id);
    Ok(it)
}

/// Forgets a view of the reader's own, and shows the table as it is without one.
pub(super) async fn forget(
    State(api): State<Api>,
    may: May<act::SaveViews>,
    reader: Reader,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    let forgotten = async {
        if !is_from_here(&headers) {
            return Err(Problem::elsewhere());
        }
        let forgotten = store::forget_view(&api.db, id, &may.who().name).await?;
        forgotten.then_some(()).ok_or_else(|| Problem::not_found("There is no such view of yours"))
    };
    match forgotten.await {
        Ok(()) => see("/"),
        Err(problem) => wrong(Frame::of(reader, "orders"), &problem),
    }
}

/// Leads to a page.
fn see(link: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let link = HeaderValue::from_str(link).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, link);
    response
}
