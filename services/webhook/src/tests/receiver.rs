//! A merchant's web server: real HTTP, over a real socket, in whatever mood it is told to be.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What it does with the next request. When it runs out of moods, it says 200.
#[derive(Debug, Clone)]
pub(super) enum Mood {
    Say(u16),
    Redirect(String),
    Dawdle(Duration),
    HangUp,
    /// A body as long as this, all of the letter x.
    Ramble(usize),
}

/// A request, as it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|it| it.0 == name);
        found.map(|it| it.1.as_str()).expect("the header")
    }
}

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    moods: Arc<Mutex<Vec<Mood>>>,
    connections: Arc<Mutex<usize>>,
}

impl Receiver {
    pub(super) async fn open(moods: impl IntoIterator<Item = Mood>) -> Self {
        Self::listen(moods.into_iter().collect(), None).await
    }

    /// One that speaks TLS, and whose certificate is `receiver.cert.pem`.
    pub(super) async fn encrypted() -> Self {
        let certificate =
            CertificateDer::from_pem_slice(include_bytes!("receiver.cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("receiver.key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self::listen(vec![], Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(mut moods: Vec<Mood>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        moods.reverse();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::default(),
            moods: Arc::new(Mutex::new(moods)),
            connections: Arc::default(),
        };
        let serving = receiver.clone();
        chassis::task::spawn("receiver", async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.connections.lock().unwrap() += 1;
                let (serving, tls) = (serving.clone(), tls.clone());
                chassis::task::spawn("request", async move {
                    let Some(tls) = tls else { return serving.serve(stream).await };
                    if let Ok(stream) = tls.accept(stream).await {
                        serving.serve(stream).await;
                    }
                });
            }
        });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hooks?from=kontor", self.address)
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// The types and order numbers of what was heard: `order.status 2`.
    pub(super) fn told(&self) -> Vec<String> {
        let told = |it: Heard| {
            let body: serde_json::Value = serde_json::from_str(&it.body).unwrap();
            let number =
                body["data"]["number"].as_i64().map_or_else(String::new, |it| format!(" {it}"));
            format!("{}{number}", body["type"].as_str().unwrap())
        };
        self.heard().into_iter().map(told).collect()
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Some(heard) = read(&mut stream).await else { return };
        self.heard.lock().unwrap().push(heard);
        let mood = self.moods.lock().unwrap().pop().unwrap_or(Mood::Say(200));
        let answer = match mood {
            Mood::HangUp => return,
            Mood::Say(status) => {
                format!("HTTP/1.1 {status} X\r\ncontent-length: 9\r\n\r\nas\u{0}it is\n")
            }
            Mood::Redirect(to) => {
                format!("HTTP/1.1 307 X\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
            }
            Mood::Dawdle(time) => {
                tokio::time::sleep(time).await;
                "HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            Mood::Ramble(length) => {
                format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length))
            }
        };
        // Whoever called may have hung up.
        let _sent = stream.write_all(answer.as_bytes()).await;
        let _ended = stream.shutdown().await;
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await.ok().filter(|it| *it > 0)?;
        bytes.extend_from_slice(&some[..count]);
        let text = String::from_utf8(bytes.clone()).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|it| it.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers.iter().find(|it| it.0 == "content-length")?.1.parse().ok()?;
        if body.len() == length {
            return Some(Heard { path, headers, body: body.to_owned() });
        }
    }
}
