//! What lasts longer than a request: it ends soon after whoever asked for it may ask no more.

use std::time::Duration;

use axum::http::HeaderMap;
use futures::{Stream, StreamExt};

use super::May;
use super::act::Act;
use crate::http::Api;

/// It is looked so often at most.
const SELDOM: Duration = Duration::from_millis(100);

/// The same stream, until the key or the session is revoked, expired or may less than before: some
/// two times `remember_ms` after that, at most.
pub(crate) fn as_long_as_known<S: Stream, A: Act>(
    api: &Api,
    may: &May<A>,
    headers: HeaderMap,
    stream: S,
) -> impl Stream<Item = S::Item> + use<S, A> {
    let (api, who) = (api.clone(), may.who().clone());
    let every = api.access.settings.remember().max(SELDOM);
    let is_gone = async move {
        loop {
            tokio::time::sleep(every).await;
            if !api.access.still(&api.db, &headers, &who).await {
                return;
            }
        }
    };
    stream.take_until(Box::pin(is_gone))
}
