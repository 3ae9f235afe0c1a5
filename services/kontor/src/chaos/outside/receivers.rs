//! Who is told: a mail server that takes letters, and a channel's own server that is called. Both are
//! unwell at times.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chassis::task;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::chaos::journal::{Call, Journal, Mail, digest, now};

/// Where the suite's letters and calls go.
pub(in crate::chaos) struct Receivers {
    pub(in crate::chaos) mail: SocketAddr,
    pub(in crate::chaos) hook: SocketAddr,
    /// How the suite calls the channel's server.
    endpoint: Arc<OnceLock<String>>,
    parts: [JoinHandle<()>; 2],
}

#[derive(Clone)]
struct Ears {
    journal: Arc<Journal>,
    endpoint: Arc<OnceLock<String>>,
    calls: Arc<AtomicU64>,
    /// Calls that were answered badly, by their ids.
    refused: Arc<Mutex<BTreeSet<String>>>,
}

impl Receivers {
    pub(in crate::chaos) async fn open(journal: Arc<Journal>) -> anyhow::Result<Self> {
        let door = TcpListener::bind("127.0.0.1:0").await?;
        let mail = door.local_addr()?;
        let endpoint: Arc<OnceLock<String>> = Arc::default();
        let ears = Ears {
            journal: journal.clone(),
            endpoint: endpoint.clone(),
            calls: Arc::default(),
            refused: Arc::default(),
        };
        let letters = task::spawn("mail server", async move {
            while let Ok((caller, _)) = door.accept().await {
                let journal = journal.clone();
                // A conversation that breaks off is begun again by the other side.
                drop(task::spawn("mail", async move { converse(caller, &journal).await.ok() }));
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let hook = listener.local_addr()?;
        let router = Router::new().route("/kontor", post(hear)).with_state(ears);
        let calls = task::spawn("channel's server", async move {
            axum::serve(listener, router).await.ok(); // Ends with the run.
        });
        Ok(Self { mail, hook, endpoint, parts: [letters, calls] })
    }

    /// The suite calls the channel's server so, from now on.
    pub(in crate::chaos) fn is_endpoint(&self, name: &str) {
        self.endpoint.get_or_init(|| name.to_owned());
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        self.parts.iter().for_each(JoinHandle::abort);
    }
}

/// Every fiftieth call is answered badly, the first time that it comes: it comes again.
async fn hear(State(ears): State<Ears>, headers: HeaderMap, _body: Bytes) -> StatusCode {
    let nth = ears.calls.fetch_add(1, Ordering::Relaxed);
    let id = headers.get("webhook-id").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let mut refused = ears.refused.lock().unwrap_or_else(PoisonError::into_inner);
    let is_refused = nth % 50 == 49 && refused.insert(id.to_owned());
    drop(refused);
    let status = if is_refused { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    let answered = status.as_u16();
    let endpoint = ears.endpoint.get().map_or("", String::as_str);
    ears.journal.call(&Call { at: now(), id, endpoint, answered });
    status
}

/// SMTP, as little of it as it takes to be given letters.
async fn converse(caller: TcpStream, journal: &Journal) -> std::io::Result<()> {
    let mut wire = BufReader::new(caller);
    wire.write_all(b"220 chaos ESMTP\r\n").await?;
    let (mut line, mut to) = (String::new(), String::new());
    loop {
        line.clear();
        if wire.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let word = line.split([' ', ':', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match word.as_str() {
            "EHLO" => b"250-chaos\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "RCPT" => {
                line.trim().clone_into(&mut to);
                b"250 ok\r\n"
            }
            "DATA" => {
                wire.write_all(b"354 go on\r\n").await?;
                let (id, says) = letter(&mut wire).await?;
                let address = to.split(['<', '>']).nth(1).unwrap_or_default();
                let to_hash = digest(address.as_bytes());
                journal.mail(&Mail { at: now(), id: &id, says, to_hash });
                b"250 taken\r\n"
            }
            "QUIT" => {
                wire.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        wire.write_all(answer).await?;
    }
}

/// Reads a letter to its end. Its `Message-ID`, and the SHA-256 of its subject and its parts, without
/// the seams between them: those are named after the letter, and nobody sees them.
async fn letter(wire: &mut BufReader<TcpStream>) -> std::io::Result<(String, String)> {
    let (mut line, mut id, mut seen) = (Vec::new(), String::new(), Vec::new());
    let (mut in_head, mut in_subject) = (true, false);
    loop {
        line.clear();
        if wire.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim_end() == "." {
            return Ok((id, digest(&seen)));
        }
        if in_head {
            // A header goes on in lines that begin with a space.
            in_subject = text.starts_with("Subject:") || (in_subject && text.starts_with(' '));
            in_head = !text.trim_end().is_empty();
            if let Some(said) = text.strip_prefix("Message-ID:") {
                said.trim().trim_matches(['<', '>']).clone_into(&mut id);
            }
        }
        if in_subject || !(in_head || text.starts_with("--")) {
            seen.extend_from_slice(&line);
        }
    }
}
