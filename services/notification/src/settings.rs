//! What can be set, each setting beside its default.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::tz::{Offset, TimeZone};
use lettre::Address;
use lettre::address::AddressError;
use lettre::message::Mailbox;
use serde::Deserialize;

/// How letters look, and how they leave.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// The mail server that takes letters. None by default: letters are written, and wait.
    pub smtp: Option<Smtp>,
    /// Whom letters are from. `Kontor <orders@localhost>` by default.
    pub from: Sender,
    /// How the shop calls itself in letters. `Kontor` by default.
    pub shop_name: String,
    /// Where the days in letters are counted: `Europe/Berlin`, or an offset. `+08:00` by default.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub time_zone: TimeZone,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            smtp: None,
            from: Sender::default(),
            shop_name: "Kontor".to_owned(),
            time_zone: TimeZone::fixed(Offset::constant(8)),
        }
    }
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name, which is also the name that its certificate must bear.
    pub host: String,
    /// Its port. By default what is usual: 587 for STARTTLS, 465 for TLS, 25 for none.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is secured. `starttls` by default.
    #[serde(default)]
    pub security: Security,
    /// A file with a certificate (PEM) to trust besides the public authorities: that of a company's
    /// own server, or of whoever signed it. None by default.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Who we are, if the server wants to know. Nobody by default.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's password. Empty by default.
    #[serde(default)]
    pub password: Password,
}

impl Smtp {
    /// The port that is set, or else the usual one.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::None => 25,
            Security::Starttls => 587,
            Security::Tls => 465,
        })
    }
}

/// How the connection to a mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Not at all: for a server on the same machine.
    None,
    /// In clear at first, and encrypted before anything of value is said; never without.
    #[default]
    Starttls,
    /// Encrypted from the first byte.
    Tls,
}

/// A password, which no log gets to see.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whom letters are from, as mail programs show it: `Kontor <orders@localhost>`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sender(pub(crate) Mailbox);

impl Default for Sender {
    fn default() -> Self {
        let address = Address::new_dangerous("orders", "localhost");
        Self(Mailbox::new(Some("Kontor".to_owned()), address))
    }
}

impl FromStr for Sender {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for Sender {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}
