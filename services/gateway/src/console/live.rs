//! What changes, for everybody who looks. However many pages are open, the views are asked once: for
//! the versions of all orders that are shown anywhere, and for the newest. Nobody looks, nobody asks.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contracts::{Language, Timestamp};
use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::counts::Counts;
use super::row::Row;
use crate::access::{Scope, Sight};
use crate::http::Api;
use crate::order::OrderView;
use crate::store::{self, Filter, Sort};

/// How many changes are kept for a page that is slow to read. One that missed some is loaded anew.
const KEPT: usize = 64;

/// How many rows a page has room for.
const ROWS: usize = super::table::ORDERS as usize;

/// How many of the newest orders are looked at, for those that no page shows yet.
const NEWEST: i64 = 100;

/// For so long nothing is asked after it was.
const PAUSE: Duration = Duration::from_millis(500);

/// What all pages together are told a second, in bytes: after more than that the next is told later.
/// In a rush a page shows it in fewer, larger steps, and orders have the machine.
const TOLD_A_SECOND: usize = 4_000_000;

/// The longest that a page waits for what has changed.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// After so long it is asked though nothing was committed here: another process may have.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Who looks, and what they are told.
#[derive(Debug)]
pub(crate) struct Live {
    books: Mutex<Books>,
    said: broadcast::Sender<Arc<Vec<Changed>>>,
    closed: watch::Sender<bool>,
    /// How much waits on the work lists.
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
struct Books {
    viewers: usize,
    is_asking: bool,
    watched: HashMap<Uuid, Watched>,
    /// The newest orders and their versions, as they were told.
    newest: HashMap<Uuid, i64>,
}

/// An order that pages show: how many, and the oldest version on any of them.
#[derive(Debug)]
struct Watched {
    viewers: usize,
    version: i64,
}

/// An order that changed, and its row in each language, with prices and without.
#[derive(Debug)]
pub(super) struct Changed {
    order: OrderView,
    rows: Vec<((Language, bool), String)>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            books: Mutex::default(),
            said: broadcast::Sender::new(KEPT),
            closed: watch::Sender::new(false),
            counts: Counts::default(),
        }
    }
}

impl Live {
    /// Ends all that is followed.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// How many orders are looked at.
    #[cfg(test)]
    pub(crate) fn watched(&self) -> usize {
        self.books().watched.len()
    }

    /// How many look.
    pub(crate) fn viewers(&self) -> usize {
        self.books().viewers
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of the orders that changed since they were told of. Returns about how many bytes that
    /// were, for all who look.
    async fn ask(&self, db: &PgPool) -> sqlx::Result<usize> {
        let watched: HashMap<Uuid, i64> =
            self.books().watched.iter().map(|it| (*it.0, it.1.version)).collect();
        let ids: Vec<Uuid> = watched.keys().copied().collect();
        let versions = store::versions_of(db, &ids).await?;
        let newest =
            store::list((db, &Scope::All), Filter::default(), Sort::Newest, None, NEWEST).await?;

        let is_stale = |it: &(Uuid, i64)| watched.get(&it.0).is_some_and(|known| it.1 > *known);
        let stale: Vec<Uuid> = versions.into_iter().filter(is_stale).map(|it| it.0).collect();
        let mut changed: BTreeMap<Uuid, OrderView> = BTreeMap::new();
        for order in store::orders_of(db, &stale).await? {
            changed.insert(order.order, order);
        }
        let known = std::mem::take(&mut self.books().newest);
        let told = newest.iter().map(|it| (it.order, it.version)).collect();
        self.books().newest = told;
        let is_new = |it: &OrderView| known.get(&it.order).is_none_or(|known| it.version > *known);
        for order in newest.into_iter().filter(is_new) {
            changed.insert(order.order, order);
        }
        if changed.is_empty() {
            return Ok(0);
        }
        let ids: Vec<Uuid> = changed.keys().copied().collect();
        let lines = store::lines_of(db, &ids).await?;
        let told = changed.into_values().filter_map(|order| {
            let lines = lines.get(&order.order)?;
            let row = |(language, prices)| {
                let sight = Sight { prices, credit: false };
                let html = Row::of((language, sight), &order, lines).html(language).ok()?;
                Some(((language, prices), html))
            };
            let each = [Language::Chinese, Language::English].into_iter();
            let rows = each.flat_map(|it| [(it, true), (it, false)]).map(row);
            Some(Changed { rows: rows.collect::<Option<_>>()?, order })
        });
        let told: Vec<Changed> = told.collect();
        let bytes: usize = told.iter().filter_map(|it| Some(it.rows.first()?.1.len())).sum();
        self.tell(told);
        Ok(bytes.saturating_mul(self.viewers()))
    }

    fn tell(&self, changed: Vec<Changed>) {
        let mut books = self.books();
        for it in &changed {
            if let Some(watched) = books.watched.get_mut(&it.order.order) {
                watched.version = watched.version.max(it.order.version);
            }
        }
        // Under the lock: whoever comes just now is told of what they do not show yet.
        let _nobody = self.said.send(Arc::new(changed));
    }
}

/// Asks again and again, until nobody looks.
async fn keep_asking(live: Arc<Live>, db: PgPool, mut pulse: watch::Receiver<()>) {
    loop {
        {
            let mut books = live.books();
            if books.viewers == 0 {
                books.is_asking = false;
                books.newest.clear();
                return;
            }
        }
        let told = live.ask(&db).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the console cannot be told what changed: {error}");
            0
        });
        tokio::time::sleep(pause(told)).await;
        let _woken = tokio::time::timeout(LOOK_AGAIN, pulse.changed()).await;
    }
}

/// How long nothing is asked after so many bytes were told.
fn pause(told: usize) -> Duration {
    let millis = told.saturating_mul(1_000) / TOLD_A_SECOND;
    Duration::from_millis(millis.try_into().unwrap_or(u64::MAX)).clamp(PAUSE, LONGEST_PAUSE)
}

/// What a page shows, and what else it would.
#[derive(Debug)]
pub(super) struct Watching {
    pub(super) language: Language,
    /// Which orders its reader may see, and what of them.
    pub(super) scope: Scope,
    pub(super) sight: Sight,
    /// The orders on it, and their versions.
    pub(super) seen: HashMap<Uuid, i64>,
    /// What other orders belong on it.
    pub(super) also: Option<Also>,
    /// The orders that came to it, the oldest first, and when each was placed.
    pub(super) came: VecDeque<(Uuid, Timestamp)>,
}

/// Orders that belong on a page though it does not show them yet.
#[derive(Debug)]
pub(super) struct Also {
    pub(super) filter: Filter,
    /// Orders that were placed before belong on a later page.
    pub(super) since: Option<Timestamp>,
}

/// One page that is followed.
pub(super) struct Seat {
    live: Arc<Live>,
    heard: broadcast::Receiver<Arc<Vec<Changed>>>,
    closed: watch::Receiver<bool>,
    watching: Watching,
}

/// What a page is told.
#[derive(Debug)]
pub(super) enum Told {
    /// Orders that changed, or are new: JSON.
    Rows(String),
    /// More changed than could be told: it is to be loaded anew.
    Missed,
}

/// A row as a page is told of it.
#[derive(Serialize)]
struct RowTold<'a> {
    id: String,
    version: i64,
    html: &'a str,
}

impl Seat {
    pub(super) fn take(api: &Api, watching: Watching) -> Self {
        let live = api.live.clone();
        let mut books = live.books();
        books.viewers += 1;
        for (order, version) in &watching.seen {
            books.watch(*order, *version);
        }
        let heard = live.said.subscribe();
        let starts = !std::mem::replace(&mut books.is_asking, true);
        drop(books);
        if starts {
            let asking = keep_asking(live.clone(), api.db.clone(), api.pulse.clone());
            drop(chassis::task::spawn("console", asking));
        }
        let closed = live.closed.subscribe();
        Self { live, heard, closed, watching }
    }

    /// Waits for what this page is to be told. Nothing, when the gateway closes.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            let changed = tokio::select! {
                _ = self.closed.wait_for(|it| *it) => return None,
                changed = self.heard.recv() => changed,
            };
            match changed {
                Ok(changed) => {
                    if let Some(rows) = self.rows(&changed) {
                        return Some(Told::Rows(rows));
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Told::Missed),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    fn rows(&mut self, changed: &[Changed]) -> Option<String> {
        let wanted = (self.watching.language, self.watching.sight.prices);
        let mut rows = Vec::new();
        for it in self.watching.newest(changed) {
            let (order, version) = (it.order.order, it.order.version);
            if self.watching.seen.insert(order, version).is_none() {
                self.watching.came.push_back((order, it.order.placed_at));
                self.live.books().watch(order, version);
            }
            let Some((_, html)) = it.rows.iter().find(|row| row.0 == wanted) else { continue };
            rows.push(RowTold { id: order.simple().to_string(), version, html });
        }
        self.forget();
        if rows.is_empty() { None } else { serde_json::to_string(&rows).ok() }
    }

    /// Lets go of the oldest of those that came, as the page does when it is full.
    fn forget(&mut self) {
        let beyond = self.watching.came.len().saturating_sub(ROWS);
        for (order, _) in self.watching.came.drain(..beyond) {
            self.watching.seen.remove(&order);
            self.live.books().let_go(order);
        }
        // The page is full: what was placed before the oldest of them belongs on a later one.
        if self.watching.came.len() == ROWS
            && let (Some(also), Some(left)) = (&mut self.watching.also, self.watching.came.front())
        {
            also.since = also.since.max(Some(left.1));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut books = self.live.books();
        books.viewers -= 1;
        for order in self.watching.seen.keys() {
            books.let_go(*order);
        }
    }
}

impl Watching {
    /// What of this the page is told, the oldest first: no more new orders than it has room for.
    fn newest<'a>(&self, changed: &'a [Changed]) -> Vec<&'a Changed> {
        let wanted = changed.iter().filter(|it| self.wants(&it.order));
        let (known, mut new): (Vec<_>, Vec<_>) =
            wanted.partition(|it| self.seen.contains_key(&it.order.order));
        new.sort_by_key(|it| it.order.placed_at);
        let beyond = new.len().saturating_sub(ROWS);
        known.into_iter().chain(new.into_iter().skip(beyond)).collect()
    }

    fn wants(&self, order: &OrderView) -> bool {
        if !self.scope.holds(order) {
            return false; // Whatever the page says that it shows.
        }
        match (self.seen.get(&order.order), &self.also) {
            (Some(seen), _) => order.version > *seen,
            (None, None) => false,
            (None, Some(also)) => {
                also.since.is_none_or(|it| order.placed_at >= it) && also.filter.lets(order)
            }
        }
    }
}

impl Books {
    fn watch(&mut self, order: Uuid, version: i64) {
        let watched = self.watched.entry(order).or_insert(Watched { viewers: 0, version });
        watched.viewers += 1;
        watched.version = watched.version.min(version);
    }

    fn let_go(&mut self, order: Uuid) {
        if let Some(watched) = self.watched.get_mut(&order) {
            watched.viewers -= 1;
            if watched.viewers == 0 {
                self.watched.remove(&order);
            }
        }
    }
}
