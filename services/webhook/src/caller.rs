//! Makes one call, and only to an address that may be called: the name is looked up here, what it
//! resolves to is judged, and that very address is connected to. There is no pool, no proxy and no
//! redirect that could lead elsewhere.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use contracts::webhook::CallFault;
use futures::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::{Host, Position, Url};

use crate::guard::may_call;
use crate::settings::WebhookSettings;

/// How long a call may take, from the look-up to the end of what is read of the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// As much as is read of an answer, in bytes, and as much as is kept, in characters.
const READ: usize = 2048;
const KEPT: usize = 200;

/// What is sent with a webhook, beside what it says.
pub(crate) struct Signed {
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
}

/// An answer: its HTTP status, and how it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) start: String,
}

pub(crate) struct Caller {
    tls: TlsConnector,
    allow: Vec<SocketAddr>,
    pub(crate) patience: Duration,
}

impl Caller {
    pub(crate) fn new(settings: &WebhookSettings) -> anyhow::Result<Self> {
        let mut roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
        if let Some(file) = &settings.ca_file {
            for certificate in CertificateDer::pem_file_iter(file).context("webhook.ca_file")? {
                roots.add(certificate.context("webhook.ca_file")?).context("webhook.ca_file")?;
            }
        }
        let config =
            ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
        let (tls, allow) = (TlsConnector::from(Arc::new(config)), settings.allow.clone());
        Ok(Self { tls, allow, patience: PATIENCE })
    }

    /// Posts the body there. An error says why there was no answer.
    pub(crate) async fn call(
        &self,
        url: &str,
        signed: &Signed,
        body: String,
    ) -> Result<Answer, CallFault> {
        let call = self.call_at_leisure(url, signed, body);
        tokio::time::timeout(self.patience, call).await.unwrap_or(Err(CallFault::TooSlow))
    }

    async fn call_at_leisure(
        &self,
        url: &str,
        signed: &Signed,
        body: String,
    ) -> Result<Answer, CallFault> {
        let url = Url::parse(url).map_err(|it| unusable(format!("the URL is none: {it}")))?;
        let host = url.host().ok_or_else(|| unusable("the URL has no host"))?;
        let addresses = self.addresses(&url).await?;
        let stream = connect(&addresses).await?;
        let request = request(&url, signed, body).map_err(|it| unusable(it.to_string()))?;
        if url.scheme() == "http" {
            return exchange(stream, request).await;
        }
        let name = match host {
            Host::Domain(it) => {
                ServerName::try_from(it.to_owned()).map_err(|it| unusable(it.to_string()))?
            }
            Host::Ipv4(it) => ServerName::from(std::net::IpAddr::from(it)),
            Host::Ipv6(it) => ServerName::from(std::net::IpAddr::from(it)),
        };
        let stream = self.tls.connect(name, stream).await;
        let insecure = |it: std::io::Error| CallFault::NotSecure { detail: it.to_string() };
        exchange(stream.map_err(insecure)?, request).await
    }

    /// Where the URL leads, if all of that may be called: a name that leads to the public and to the
    /// house is somebody's trick.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, CallFault> {
        let port = url.port_or_known_default().ok_or_else(|| unusable("the URL has no port"))?;
        let found: Vec<SocketAddr> =
            match url.host().ok_or_else(|| unusable("the URL has no host"))? {
                Host::Ipv4(it) => vec![(it, port).into()],
                Host::Ipv6(it) => vec![(it, port).into()],
                Host::Domain(name) => tokio::net::lookup_host((name, port))
                    .await
                    .map_err(|_| CallFault::UnknownName { name: name.to_owned() })?
                    .collect(),
            };
        let plain = url.scheme() != "https";
        for it in &found {
            let allowed = self.allow.contains(it);
            if !allowed && !may_call(it.ip()) {
                return Err(CallFault::NotPublic { address: it.ip().to_string() });
            }
            if !allowed && plain {
                return Err(CallFault::NotEncrypted);
            }
        }
        Ok(found)
    }
}

fn unusable(detail: impl Into<String>) -> CallFault {
    CallFault::Unusable { detail: detail.into() }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, CallFault> {
    let mut why = CallFault::NoAddress;
    for it in addresses {
        match TcpStream::connect(it).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                why = CallFault::ConnectionRefused;
            }
            Err(error) => why = CallFault::NoConnection { detail: error.to_string() },
        }
    }
    Err(why)
}

fn request(url: &Url, signed: &Signed, body: String) -> anyhow::Result<Request<Full<Bytes>>> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    Ok(Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header("host", host)
        .header("user-agent", "Kontor")
        .header("content-type", "application/json")
        .header("webhook-id", &signed.id)
        .header("webhook-timestamp", &signed.timestamp)
        .header("webhook-signature", &signed.signature)
        .body(Full::from(body))?)
}

/// Sends the request over the connection, and hangs up when enough of the answer was read.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, CallFault> {
    let broken = |it: hyper::Error| CallFault::Broken { detail: it.to_string() };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let talk = pin!(async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        Ok(read(answer).await)
    });
    // The connection is what moves the bytes; when it ends, what came over it is still to be read.
    match select(talk, pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, talk)) => talk.await,
    }
}

/// The status counts, whatever becomes of the rest.
async fn read(answer: Response<Incoming>) -> Answer {
    let status = answer.status().as_u16();
    let (mut body, mut bytes) = (answer.into_body(), Vec::new());
    while bytes.len() < READ {
        let Some(Ok(frame)) = body.frame().await else { break };
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Answer { status, start: start(&bytes) }
}

/// How the answer begins, as text that can be kept and shown.
fn start(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = |it: char| if it.is_control() { ' ' } else { it };
    text.chars().take(KEPT).map(shown).collect()
}
