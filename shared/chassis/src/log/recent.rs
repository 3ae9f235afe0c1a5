//! Pages that passed through this process lately, with their bytes. Most hearers of a page live in
//! the process that said it, or beside one another: it is read once for all of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{Page, unpack};

/// How many pages are kept: a page is heard by all within milliseconds.
const KEPT: usize = 64;

/// Known by all their bytes, so that no page is ever taken for another.
static RECENT: Mutex<VecDeque<(Bytes, Arc<Page>)>> = Mutex::new(VecDeque::new());

/// Keeps a page that others in this process are about to hear.
pub(crate) fn remember(packed: Bytes, page: Arc<Page>) {
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.len() >= KEPT {
        recent.pop_front();
    }
    recent.push_back((packed, page));
}

/// Reads a page, unless it was read before.
pub(crate) fn read(packed: &Bytes) -> anyhow::Result<Arc<Page>> {
    let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, page)) = recent.iter().rev().find(|it| it.0 == packed) {
        return Ok(page.clone());
    }
    drop(recent);
    let page = Arc::new(unpack(packed)?);
    remember(packed.clone(), page.clone());
    Ok(page)
}
