//! Whether the process is alive, whether it can do its work, and what it counts: for whoever runs
//! it. `/livez` looks at nothing else, `/readyz` at every service of the process.

use std::net::SocketAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use prometheus::Registry;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::Standing;
use crate::telemetry::exposition;

#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) services: Vec<watch::Receiver<Standing>>,
    pub(crate) registry: Option<Registry>,
}

/// Binds and serves; returns the address that was bound.
pub(crate) async fn serve(health: Health, listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health);
    crate::task::spawn("health", async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "health is not served any more: {error}");
        }
    });
    Ok(address)
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let services: Vec<Standing> = health.services.iter().map(|it| it.borrow().clone()).collect();
    let ready = services.iter().all(|it| it.ready);
    let shown: Vec<Value> = services
        .iter()
        .map(|it| {
            json!({
                "service": it.service, "ready": it.ready, "connected": it.connected,
                "owned": it.owned, "replicas": it.replicas,
            })
        })
        .collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "services": shown })))
}

async fn metrics(State(health): State<Health>) -> Result<String, StatusCode> {
    let registry = health.registry.ok_or(StatusCode::NOT_FOUND)?;
    exposition(&registry).map_err(|error| {
        tracing::error!(%error, "metrics cannot be written: {error:#}");
        StatusCode::INTERNAL_SERVER_ERROR
    })
}
