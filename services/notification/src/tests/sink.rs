//! A small mail server: it takes what it is sent, or does what servers do on bad days.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::settings::{Security, Smtp};

/// What the server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mood {
    Take,
    /// Answers this to the recipient's name.
    Say(&'static str),
    /// Takes the mail, and hangs up before it says so.
    HangUp,
    /// Takes the mail, and says so after this time.
    Dawdle(Duration),
}

#[derive(Debug, Default)]
struct Book {
    /// What it does with the next mails; it takes those that come after.
    moods: VecDeque<Mood>,
    mails: Vec<String>,
    connections: usize,
    /// How many mails are being spoken of just now, and were at most.
    busy: usize,
    busiest: usize,
}

/// What a conversation goes over.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}
type Line = BufReader<Box<dyn Wire>>;

#[derive(Clone)]
pub(super) struct Sink {
    port: u16,
    security: Security,
    /// What it answers to a login, if it wants one.
    login: Option<&'static str>,
    book: Arc<Mutex<Book>>,
}

impl Sink {
    pub(super) async fn open(moods: impl IntoIterator<Item = Mood>) -> Self {
        Self::start(moods, None, Security::None).await
    }

    /// One that encrypts, with a certificate that nobody trusts who is not told to.
    pub(super) async fn encrypted(security: Security) -> Self {
        Self::start([], None, security).await
    }

    /// One that wants a password, and answers this to it.
    pub(super) async fn with_login(answer: &'static str) -> Self {
        Self::start([], Some(answer), Security::None).await
    }

    #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
    async fn start(
        moods: impl IntoIterator<Item = Mood>,
        login: Option<&'static str>,
        security: Security,
    ) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = door.local_addr().unwrap().port();
        let moods = moods.into_iter().collect();
        let book = Arc::new(Mutex::new(Book { moods, ..Book::default() }));
        let sink = Self { port, security, login, book };
        let this = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = door.accept().await {
                this.book.lock().unwrap().connections += 1;
                let this = this.clone();
                tokio::spawn(async move { this.welcome(Box::new(stream)).await });
            }
        });
        sink
    }

    /// The settings by which it is reached.
    pub(super) fn smtp(&self) -> Smtp {
        let (user, password) = match self.login {
            Some(_) => (Some("kontor".to_owned()), "secret".to_owned()),
            None => (None, String::new()),
        };
        Smtp {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            security: self.security,
            ca_file: None,
            user,
            password: crate::Password(password),
        }
    }

    pub(super) fn mails(&self) -> Vec<String> {
        self.book.lock().unwrap().mails.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.book.lock().unwrap().connections
    }

    /// How many mails were spoken of at the same time, at most.
    pub(super) fn busiest(&self) -> usize {
        self.book.lock().unwrap().busiest
    }

    async fn welcome(&self, mut wire: Box<dyn Wire>) -> Option<()> {
        if self.security == Security::Tls {
            wire = encrypt(wire).await?;
        }
        let mut line = BufReader::new(wire);
        say(&mut line, "220 sink ESMTP").await?;
        self.talk(line, self.security == Security::Starttls).await
    }

    /// Speaks SMTP until the other side leaves, or a mood says so.
    async fn talk(&self, mut line: Line, in_clear: bool) -> Option<()> {
        let mut mood = Mood::Take;
        loop {
            let said = read(&mut line).await?;
            let answer = match said.split([' ', ':']).next().unwrap() {
                "EHLO" if in_clear => "250-sink\r\n250 STARTTLS",
                "EHLO" if self.login.is_some() => "250-sink\r\n250 AUTH PLAIN",
                "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8",
                "STARTTLS" => {
                    say(&mut line, "220 go on").await?;
                    let line = BufReader::new(encrypt(line.into_inner()).await?);
                    return Box::pin(self.talk(line, false)).await;
                }
                "AUTH" => self.login.unwrap(),
                "MAIL" if in_clear => "530 5.7.0 not in clear",
                "MAIL" | "NOOP" => "250 ok",
                "RCPT" => {
                    mood = self.book.lock().unwrap().moods.pop_front().unwrap_or(Mood::Take);
                    if let Mood::Say(answer) = mood { answer } else { "250 ok" }
                }
                "DATA" => {
                    say(&mut line, "354 go on").await?;
                    self.take(&mut line, mood).await?
                }
                "QUIT" => return None,
                other => panic!("what does {other} mean?"),
            };
            say(&mut line, answer).await?;
        }
    }

    async fn take(&self, line: &mut Line, mood: Mood) -> Option<&'static str> {
        {
            let mut book = self.book.lock().unwrap();
            book.busy += 1;
            book.busiest = book.busiest.max(book.busy);
        }
        let mut mail = String::new();
        loop {
            let said = read(line).await?;
            if said == "." {
                break;
            }
            mail.push_str(said.strip_prefix('.').unwrap_or(&said));
            mail.push_str("\r\n");
        }
        if let Mood::Dawdle(time) = mood {
            tokio::time::sleep(time).await;
        }
        let mut book = self.book.lock().unwrap();
        book.busy -= 1;
        book.mails.push(mail);
        (mood != Mood::HangUp).then_some("250 taken")
    }
}

async fn encrypt(wire: Box<dyn Wire>) -> Option<Box<dyn Wire>> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("sink.cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("sink.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Some(Box::new(TlsAcceptor::from(Arc::new(config)).accept(wire).await.ok()?))
}

async fn read(line: &mut Line) -> Option<String> {
    let mut said = String::new();
    let length = line.read_line(&mut said).await.ok()?;
    (length > 0).then(|| said.trim_end_matches(['\r', '\n']).to_owned())
}

async fn say(line: &mut Line, answer: &str) -> Option<()> {
    line.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    line.flush().await.ok()
}
