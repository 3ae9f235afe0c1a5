//! The way in over HTTP: what may be asked, by whom, and how it is answered.

pub(crate) mod checked;
pub(crate) mod deciding;
mod door;
mod exact;
pub(crate) mod exporting;
pub(crate) mod extract;
pub(crate) mod hooks;
mod importing;
mod keys;
pub(crate) mod list;
mod masters;
pub(crate) mod movements;
mod myself;
pub(crate) mod orders;
mod patient;
pub(crate) mod people;
mod placing;
pub(crate) mod problem;
pub(crate) mod schema;
mod statuses;
pub(crate) mod stock;
pub(crate) mod units;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::serve::{Listener, ListenerExt};
use chassis::{Office, PageRef};
use contracts::intake::OrderStatus;
use serde_json::Value;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::GatewaySettings;
use crate::access::guard::{Peer, guard};
use crate::access::{self, Access};
use crate::commands::Commands;
use crate::console::{self, Live};
use crate::following::Following;
use crate::store;
use patient::Patient;
use problem::{Problem, ProblemDetails};

pub(crate) use axum::Json;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Api {
    /// The views, to read.
    pub(crate) db: PgPool,
    /// Whoever decides.
    pub(crate) house: Arc<dyn Commands>,
    /// Beats whenever the views have changed in this process.
    pub(crate) pulse: watch::Receiver<()>,
    /// The statuses as they come.
    pub(crate) following: Following,
    pub(crate) settings: Arc<GatewaySettings>,
    /// Who looks at the console, and what they are shown of what changes.
    pub(crate) live: Arc<Live>,
    /// Who gets in.
    pub(crate) access: Arc<Access>,
    /// How many tables may be written at a time.
    pub(crate) exports: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

impl Api {
    pub(crate) fn new(
        db: PgPool,
        house: Arc<dyn Commands>,
        pulse: watch::Receiver<()>,
        following: Following,
        settings: GatewaySettings,
    ) -> Self {
        let at_once = Arc::new(Semaphore::new(settings.at_once));
        let exports = Arc::new(Semaphore::new(settings.exports));
        let (live, access) = (Arc::default(), Arc::new(Access::new(settings.access.clone())));
        let settings = Arc::new(settings);
        Self { db, house, pulse, following, settings, live, access, exports, at_once }
    }

    /// Waits until every request that is under way is answered.
    async fn rests(&self) {
        while self.at_once.available_permits() < self.settings.at_once {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Serves until the office closes. Requests that are under way then are served to their end.
pub(crate) async fn serve(
    mut office: Office,
    settings: GatewaySettings,
    address: watch::Sender<Option<SocketAddr>>,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(settings.listen).await?;
    let bound = listener.local_addr()?;
    let listener = listener.tap_io(|connection| {
        // Answers are small: none of them shall wait for the next one. It is only slower without.
        let _at_once = connection.set_nodelay(true);
    });
    let listener = patiently(listener, settings.stall());
    tracing::info!(address = %bound, "the API is at http://{bound}");
    address.send_replace(Some(bound));

    let (beat, pulse) = watch::channel(());
    let house = Arc::new(office.client.clone());
    let (close, closing) = watch::channel(false);
    let statuses = office.stream::<OrderStatus>().context("statuses are on no stream")?;
    let following = Following::new(Arc::new(statuses), closing.clone(), &settings);
    let api = Api::new(office.db.clone(), house, pulse, following.clone(), settings);
    let live = api.live.clone();
    let router = router(api.clone()).into_make_service_with_connect_info::<Peer>();
    let heart = {
        let office = office.clone();
        async move {
            loop {
                office.committed().await;
                beat.send_replace(());
            }
        }
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        office.closing().await;
        live.close(); // What never ends by itself would keep the server open.
        close.send_replace(true);
    });
    tokio::select! {
        end = server.into_future() => end?,
        () = heart => {}
        () = following.read_on() => {}
        () = written(closing, &api) => {}
    }
    Ok(())
}

/// Listens so, and hangs up on who takes nothing for so long.
pub(crate) fn patiently<L: Listener>(listener: L, stall: Duration) -> Patient<L> {
    Patient { listener, stall }
}

/// After the office has closed: waits until all is answered, and a moment for it to be written. Who
/// does not take it is not waited for.
async fn written(mut closing: watch::Receiver<bool>, api: &Api) {
    closing.wait_for(|it| *it).await.map(drop).ok(); // An error: nobody is there to say so.
    api.rests().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Everything that is served.
pub(crate) fn router(api: Api) -> Router {
    let (router, _) = documented(&api.settings).split_for_parts();
    router
        .route("/openapi.json", axum::routing::get(document))
        .merge(console::routes())
        .fallback(async || Problem::not_found("There is no such path"))
        .method_not_allowed_fallback(async || Problem::not_done_here())
        .layer(axum::middleware::from_fn_with_state(api.clone(), guard))
        .layer(axum::middleware::from_fn_with_state(api.clone(), door::enter))
        .with_state(api)
}

/// Everything that is in the document.
fn documented(settings: &GatewaySettings) -> OpenApiRouter<Api> {
    let orders = OpenApiRouter::new()
        .routes(routes!(placing::place_order))
        .layer(DefaultBodyLimit::max(settings.order_bytes));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(list::list_orders))
        .routes(routes!(exporting::export_orders))
        .routes(routes!(exporting::export_holds))
        .routes(routes!(exporting::export_stock))
        .routes(routes!(exporting::export_movements))
        .routes(routes!(importing::preview_import))
        .routes(routes!(importing::import_table))
        .routes(routes!(orders::get_order))
        .routes(routes!(orders::get_timeline))
        .routes(routes!(orders::explain_order))
        .routes(routes!(units::get_units))
        .routes(routes!(orders::get_books))
        .routes(routes!(statuses::follow_statuses))
        .routes(routes!(deciding::cancel_order))
        .routes(routes!(deciding::release_credit))
        .routes(routes!(deciding::refuse_credit))
        .routes(routes!(stock::get_stock))
        .routes(routes!(movements::list_movements))
        .routes(routes!(stock::receive_stock))
        .routes(routes!(stock::count_stock))
        .routes(routes!(masters::get_account))
        .routes(routes!(masters::put_credit_limit))
        .routes(routes!(masters::put_item))
        .routes(routes!(masters::put_customer))
        .routes(routes!(masters::put_warehouse))
        .routes(routes!(masters::put_ruleset))
        .routes(routes!(myself::get_self))
        .routes(routes!(myself::put_password))
        .routes(routes!(keys::list_keys))
        .routes(routes!(keys::create_key))
        .routes(routes!(keys::rotate_key))
        .routes(routes!(keys::revoke_key))
        .routes(routes!(people::list_people))
        .routes(routes!(people::put_person))
        .routes(routes!(people::get_access_log))
        .routes(routes!(hooks::list_webhooks, hooks::create_webhook))
        .routes(routes!(hooks::put_webhook))
        .routes(routes!(hooks::rotate_secret))
        .routes(routes!(hooks::calls::test_webhook))
        .routes(routes!(hooks::calls::replay_webhook))
        .routes(routes!(hooks::calls::list_calls))
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .layer(DefaultBodyLimit::max(settings.body_bytes))
        .merge(orders)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kontor",
        version = "1",
        description = "Orders from the storefront to the invoice. Amounts are whole minor units of \
            the currency beside them. Problems are answered as RFC 9457 has it, every fault at once.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This gateway.")),
    components(schemas(ProblemDetails)),
    tags(
        (name = "Orders", description = "Placing orders, following and cancelling them."),
        (name = "Credit", description = "What customers may owe, and orders that wait for credit."),
        (name = "Stock", description = "What there is of each item."),
        (name = "Master data", description = "Items, customers, warehouses and rules."),
        (name = "Access", description = "Keys of machines, people, and who changed them."),
        (name = "Webhooks", description = "Where channels are called when something happens to their \
            orders, by Standard Webhooks."),
        (name = "Health", description = "For whoever runs the gateway."),
    ),
)]
struct Document;

/// The `OpenAPI` document of all that is served.
pub fn openapi() -> String {
    let (_, document) = documented(&GatewaySettings::default()).split_for_parts();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.values_mut().for_each(exact::texts_are_printable);
        schema::enter(schemas);
    }
    if let Some(Value::Object(paths)) = document.pointer_mut("/paths") {
        let items = paths.values_mut().filter_map(Value::as_object_mut);
        items.flat_map(|it| it.values_mut()).for_each(exact::parameters_are_as_read);
    }
    access::document::enter(&mut document);
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text + "\n"
}

async fn document() -> impl IntoResponse {
    static DOCUMENT: LazyLock<String> = LazyLock::new(openapi);
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

/// Whether the gateway lives
///
/// Asks nobody.
#[utoipa::path(
    get, path = "/livez", tag = "Health", operation_id = "livez",
    responses((status = 200, description = "It lives.", body = String, content_type = "text/plain",
        example = "alive")),
)]
async fn livez() -> &'static str {
    "alive\n"
}

/// Whether the gateway can answer
///
/// Looks whether the views can be read.
#[utoipa::path(
    get, path = "/readyz", tag = "Health", operation_id = "readyz",
    responses(
        (status = 200, description = "It can.", body = String, content_type = "text/plain",
            example = "ready"),
        (status = 503, description = "Orders cannot be read.", body = ProblemDetails,
            content_type = "application/problem+json"),
    ),
)]
async fn readyz(State(api): State<Api>) -> Result<&'static str, Problem> {
    if store::is_awake(&api.db).await { Ok("ready\n") } else { Err(Problem::unreadable()) }
}

/// A page as clients name it.
pub(crate) fn page_name(service: &str, page: Option<PageRef>) -> Option<String> {
    page.map(|PageRef { partition, number }| format!("{service}:{partition}:{number}"))
}
