//! The console: pages for people who work with orders. Everything that they load comes from this
//! binary, and nothing that they say is believed more than what comes over the API.

mod assets;
mod counts;
mod deciding;
mod docs;
mod exporting;
mod format;
mod frame;
mod holds;
mod hooks;
mod importing;
pub(crate) mod language;
mod live;
mod moves;
mod order;
mod order_parts;
mod parked;
pub(crate) mod row;
mod saved;
mod sign_in;
mod sourcing_words;
mod stock;
mod stream;
mod table;
pub(crate) mod texts;
mod units;
mod why;
pub(crate) mod words;
mod work;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};

use crate::http::Api;
pub(crate) use docs::is_explained;
pub(crate) use live::Live;
pub(crate) use sign_in::{denied, to_sign_in};

/// How long the body of a form may be, in bytes.
const FORM: usize = 16 * 1024;

/// How long a form with a file may be, in bytes: one that is confirmed comes back as text.
const FILE: usize = 2 * 1024 * 1024;

/// What a page may load, and from where: what this gateway serves, and no script in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// All pages, what they load, and what their forms send.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/", get(table::show))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/cancel", post(deciding::cancel))
        .route("/orders/{id}/credit/{verdict}", post(deciding::credit))
        .route("/holds", get(holds::show))
        .route("/shorts", get(work::shorts))
        .route("/reviews", get(work::reviews))
        .route("/parked", get(parked::show))
        .route("/parked/{service}/replay", post(parked::replay))
        .route("/parked/{service}/discard", post(parked::discard))
        .route("/views", post(saved::save))
        .route("/views/{id}/forget", post(saved::forget))
        .route("/console/counts", get(counts::show))
        .route("/stock", get(stock::list))
        .route("/stock/{sku}", get(stock::show))
        .route("/stock/{sku}/{warehouse}", get(moves::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/password", get(sign_in::show_password).post(sign_in::change_password))
        .route("/export/orders", get(exporting::orders))
        .route("/export/holds", get(exporting::holds))
        .route("/export/stock", get(exporting::stock))
        .route("/export/stock/{sku}", get(exporting::movements))
        .route("/import", get(importing::show))
        .route("/import/{template}", get(importing::template))
        .merge(
            Router::new()
                .route("/import/preview", post(importing::preview))
                .route("/import/confirm", post(importing::confirm))
                .layer(DefaultBodyLimit::max(FILE)),
        )
        .route("/console/language", post(language::choose))
        .route("/console/live", get(stream::follow))
        .route("/console/assets/{name}", get(assets::serve))
        .merge(docs::routes())
        .merge(hooks::routes())
        .layer(DefaultBodyLimit::max(FORM))
        .layer(from_fn(guard))
}

/// Says of every answer how far a browser may trust it.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    say(header::CONTENT_SECURITY_POLICY, POLICY);
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: forms would come with the origin `null`, and be refused.
    say(header::REFERRER_POLICY, "same-origin");
    say(header::CACHE_CONTROL, "no-store");
    say(header::VARY, "Accept-Language, Cookie");
    response
}
