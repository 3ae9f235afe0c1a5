//! Handing mail to a mail server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use futures::future::join_all;
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use crate::settings::{Security, Smtp};

/// How long to wait until a connection is open and we are let in; and then, for one mail.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a mail was not handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// The server is away, or does not want it now, or does not like *us*: try again.
    Deferred(String),
    /// The server will never take this mail.
    Refused(String),
}

/// A mail server, and the connections to it that nobody uses just now.
///
/// lettre has a pool of its own. It takes a connection back in whatever state it was left: when a
/// mail is given up for taking too long, the answer that comes late would be taken for the answer
/// to the next mail. Here a connection comes back only when its mail was taken, and is closed by
/// being dropped otherwise.
pub(crate) struct MailServer {
    smtp: Smtp,
    hello: ClientId,
    tls: Option<TlsParameters>,
    pub(crate) patience: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl MailServer {
    /// The server of these settings, to which we are a machine of that domain. Connects nowhere yet.
    pub(crate) fn new(smtp: Smtp, domain: &str) -> anyhow::Result<Self> {
        let tls = match smtp.security {
            Security::None => None,
            Security::Starttls | Security::Tls => Some(tls(&smtp)?),
        };
        let hello = ClientId::Domain(domain.to_owned());
        Ok(Self { smtp, hello, tls, patience: PATIENCE, idle: Mutex::default() })
    }

    /// Hands a mail over. Done means that the server took it, and answers for it from now on.
    pub(crate) async fn send(&self, mail: &Message) -> Result<(), Undelivered> {
        // Whatever goes wrong before the mail is spoken of is not the mail's fault: a wrong
        // password must not fail every letter in the queue.
        let mut connection = self.in_time(self.connection()).await?.map_err(deferred)?;
        let bytes = mail.formatted();
        let sent = self.in_time(connection.send(mail.envelope(), &bytes)).await?;
        sent.map_err(|it| if is_final(&it) { refused(&it) } else { deferred(it) })?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(())
    }

    /// Hangs up where nothing is said: a server's connections are for whoever has mail.
    pub(crate) async fn hang_up(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        let goodbyes = idle.into_iter().map(async |mut connection| {
            // It is closed in any case; a server that does not answer to that changes nothing.
            let _in_time = timeout(Duration::from_secs(1), connection.abort()).await;
        });
        join_all(goodbyes).await;
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut connection) = idle else { return self.connect().await };
            if connection.test_connected().await {
                return Ok(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.smtp.host.as_str(), self.smtp.port());
        let at_once = self.tls.clone().filter(|_| self.smtp.security == Security::Tls);
        let patience = Some(self.patience);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, patience, &self.hello, at_once, None)
                .await?;
        if let (Security::Starttls, Some(tls)) = (self.smtp.security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?; // Fails if it is not offered.
        }
        if let Some(user) = &self.smtp.user {
            let password = self.smtp.password.0.clone();
            let credentials = Credentials::new(user.clone(), password);
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    /// lettre keeps to a time limit while it connects, and to none afterwards.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Undelivered> {
        let late = || Undelivered::Deferred("the mail server did not answer in time".to_owned());
        timeout(self.patience, work).await.map_err(|_| late())
    }
}

/// Whom to trust, and whom we expect.
fn tls(smtp: &Smtp) -> anyhow::Result<TlsParameters> {
    let mut tls = TlsParameters::builder(smtp.host.clone());
    if let Some(file) = &smtp.ca_file {
        let bad = || format!("{} does not tell whom to trust", file.display());
        let pem = std::fs::read(file).with_context(bad)?;
        tls = tls.add_root_certificate(Certificate::from_pem(&pem).with_context(bad)?);
    }
    tls.build().with_context(|| format!("{} cannot be a server's name", smtp.host))
}

/// Whether the server will never take this mail. Of its final refusals some are about how we talk
/// to it, or who we are: those are put right by people, and not by giving up letters.
fn is_final(error: &Error) -> bool {
    let about_us = |code: u16| matches!(code, 500 | 502..=504 | 530..=539);
    error.is_permanent() && !error.status().is_some_and(|it| about_us(it.into()))
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can be mapped over an error")]
fn deferred(error: Error) -> Undelivered {
    Undelivered::Deferred(error.to_string())
}

fn refused(error: &Error) -> Undelivered {
    Undelivered::Refused(error.to_string())
}
