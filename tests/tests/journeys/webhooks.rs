//! A channel is called: from making a webhook over HTTP to the delivered order, with a receiver that
//! fails, a secret that changes, and everything sent once more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contracts::Status;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use whole_house::{Draft, PATIENCE, SHANGHAI, Shop, eventually};

/// A call, as it came: its id, what was signed, the signatures, the body.
#[derive(Debug, Clone)]
struct Heard {
    id: String,
    signed: String,
    signatures: String,
    body: Value,
}

/// The channel's own web server. It fails the first two calls.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Heard>>>);

impl Receiver {
    async fn open(self) -> anyhow::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/kontor", axum::routing::post(hear)).with_state(self);
        chassis::task::spawn("receiver", async move {
            axum::serve(listener, router).await.ok(); // Ends with the test.
        });
        Ok(address)
    }

    fn heard(&self) -> Vec<Heard> {
        self.0.lock().map(|it| it.clone()).unwrap_or_default()
    }

    /// The ids of what was heard of this order, in its order, each once.
    fn ids(&self, external_id: &str) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for it in self.heard() {
            if it.body["data"]["external_id"] == external_id && !ids.contains(&it.id) {
                ids.push(it.id);
            }
        }
        ids
    }
}

async fn hear(State(it): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let (id, at) = (header("webhook-id").to_owned(), header("webhook-timestamp"));
    let signed = format!("{id}.{at}.{body}");
    let signatures = header("webhook-signature").to_owned();
    let body = serde_json::from_str(&body).unwrap_or_default();
    let Ok(mut heard) = it.0.lock() else { return StatusCode::INTERNAL_SERVER_ERROR };
    heard.push(Heard { id, signed, signatures, body });
    if heard.len() <= 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

/// Whether one of the signatures is made with this secret.
fn is_signed(heard: &Heard, secret: &str) -> anyhow::Result<bool> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").context("no secret")?)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
    mac.update(heard.signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    Ok(heard.signatures.split(' ').any(|it| it == expected))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_called_for_its_orders() -> anyhow::Result<()> {
    let receiver = Receiver::default();
    let address = receiver.clone().open().await?;
    let allow = |mut it: kontor::Configuration| {
        it.webhook.allow = vec![address];
        it
    };
    let shop = Box::pin(Shop::open_with("webhooks", &[], allow)).await?;
    let hooks = "/v1/channels/web/webhooks";
    let wanted = ["order.status", "order.shipped", "order.delivered", "order.invoiced"];

    let private = json!({ "url": "https://169.254.169.254/latest", "events": ["order.status"] });
    let (status, refused) = shop.clerk.decides(hooks, 1, private).await?;
    ensure!(status == 422 && refused["errors"][0]["pointer"] == "/url", "{refused}");

    let url = format!("http://{address}/kontor");
    let (status, made) =
        shop.clerk.decides(hooks, 1, json!({ "url": url, "events": wanted })).await?;
    ensure!(status == 201, "{made}");
    let first = made["secret"].as_str().context("no secret")?.to_owned();
    let hook = format!("{hooks}/{}", made["webhook"].as_str().context("no webhook")?);
    let (status, test) = shop.clerk.decides(&format!("{hook}/test"), 1, json!({})).await?;
    ensure!(status == 202, "{test}");

    // It fails. A test is not made again; it shows what came of it.
    eventually(PATIENCE, || async {
        let calls = shop.clerk.reads(&format!("{hook}/calls")).await?;
        ensure!(calls[0]["status"] == 503 && calls[0]["delivery"] == test["delivery"], "{calls}");
        Ok(())
    })
    .await?;

    let (status, rotated) = shop.clerk.decides(&format!("{hook}/secret"), 1, json!({})).await?;
    ensure!(status == 200, "{rotated}");
    let second = rotated["secret"].as_str().context("no secret")?;

    let item = shop.sells("HOOKED", 9_900, &[("WH-A", 10)]).await?;
    shop.knows("C-HOOK", 100_000_000, 98).await?;
    let draft = Draft::on_account("HOOK-1", "C-HOOK")?.to(SHANGHAI).line(&item, 2);
    let order = shop.web.place(&draft.order()).await?;
    let foreign = Draft::on_account("HOOK-2", "C-HOOK")?.to(SHANGHAI).line(&item, 1);
    shop.market.place(&foreign.order()).await?;
    shop.reaches(order, Status::Released).await?;
    eventually(PATIENCE, || async {
        let told = receiver.ids("HOOK-1").len();
        ensure!(told == shop.web.told("HOOK-1").len() && told > 2, "it was told of {told}");
        Ok(())
    })
    .await?;
    let told = receiver.ids("HOOK-1");
    // The order's first call failed: it was made again, before all others of the order.
    let calls = shop.clerk.reads(&format!("{hook}/calls")).await?;
    let calls = calls.as_array().into_iter().flatten();
    let first_two = calls.filter(|it| it["delivery"] == told[0].as_str());
    let made: Vec<_> =
        first_two.map(|it| (it["attempt"].as_i64(), it["status"].as_i64())).collect();
    ensure!(made == [(Some(2), Some(204)), (Some(1), Some(503))], "{made:?}");
    for it in receiver.heard().iter().filter(|it| told.contains(&it.id)) {
        ensure!(is_signed(it, &first)? && is_signed(it, second)?, "{it:?}");
    }
    ensure!(receiver.ids("HOOK-2").is_empty(), "another channel's order was told");

    // All of it once more, under the same ids.
    let before = receiver.heard().len();
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    let (status, replayed) = shop.clerk.decides(&format!("{hook}/replay"), 1, since).await?;
    ensure!(status == 202, "{replayed}");
    let again = usize::try_from(replayed["deliveries"].as_u64().context("no number")?)?;
    ensure!(again > told.len(), "the test is among them: {replayed}");
    eventually(PATIENCE, || async {
        let heard = receiver.heard().len();
        ensure!(heard >= before + again, "{heard}, not {} calls", before + again);
        Ok(())
    })
    .await?;
    ensure!(receiver.ids("HOOK-1") == told, "a replay has other ids");
    Box::pin(shop.close()).await
}
