//! Finds out who asks: by their key, or by the cookie of a session.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use chassis::clock;
use contracts::Timestamp;
use jiff::SignedDuration;
use sqlx::PgPool;

use super::limits::{Left, Limits};
use super::policy::Action;
use super::policy::act;
use super::secret::{self, Hashed};
use super::{AccessSettings, Kind, May, Principal, Role, Secret, password};
use crate::http::problem::{Problem, fault};
use crate::store::access::keys::{self, KeyRow};
use crate::store::access::people::{self, PersonRow, SessionRow};
use crate::store::access::{By, Rights};

/// When a key or a session was used is noted to the minute.
const COARSE: SignedDuration = SignedDuration::from_mins(1);

/// So many keys and sessions are remembered before all are forgotten.
const REMEMBERED: usize = 10_000;

/// Everyone who gets in.
pub(crate) struct Access {
    pub(crate) settings: AccessSettings,
    operator: Option<Hashed>,
    keys: Memory<String, KeyRow>,
    sessions: Memory<Hashed, SessionRow>,
    limits: Limits,
}

/// Why nobody knows who asks.
#[derive(Debug)]
pub(crate) enum Unknown {
    /// They did not say.
    Silent,
    /// What they said proves nothing, or nothing any more.
    Unproved,
    /// It cannot be looked up.
    Unreadable(sqlx::Error),
}

impl From<sqlx::Error> for Unknown {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// What proves who asks.
enum Credential {
    Operator,
    Key(KeyRow),
    Session(Hashed, SessionRow),
}

/// Who asks, and the session that says so.
pub(crate) type Known = (Principal, Option<Hashed>);

impl Access {
    pub(crate) fn new(settings: AccessSettings) -> Self {
        let operator = Hashed::from_hex(&settings.ops_key_hash);
        if operator.is_none() && !settings.ops_key_hash.is_empty() {
            tracing::error!("ops_key_hash: found something else, expected 64 hexadecimal digits");
        }
        let limits = Limits::new(&settings);
        Self { settings, operator, keys: Memory::default(), sessions: Memory::default(), limits }
    }

    /// Finds out who asks, and notes that they did.
    pub(crate) async fn who(&self, db: &PgPool, headers: &HeaderMap) -> Result<Known, Unknown> {
        let now = clock::real();
        match self.known(db, headers).await? {
            Credential::Operator => Ok((operator(), None)),
            Credential::Key(row) => {
                if row.used_at.is_none_or(|it| now.duration_since(it) > COARSE) {
                    keys::used(db, &row.id, now).await?;
                    let used = KeyRow { used_at: Some(now), ..row.clone() };
                    self.keys.note(row.id.clone(), Some(used), now);
                }
                Ok((of_key(row), None))
            }
            Credential::Session(token, row) => {
                if now.duration_since(row.used_at) > COARSE {
                    people::used(db, &token, now).await?;
                    let used = SessionRow { used_at: now, ..row.clone() };
                    self.sessions.note(token.clone(), Some(used), now);
                }
                Ok((of_person(row.person), Some(token)))
            }
        }
    }

    /// Whether whoever asked with these headers may still do what they did then. If that cannot be
    /// looked up, they may. It does not count as a request: nobody stays signed in by it.
    pub(crate) async fn still(&self, db: &PgPool, headers: &HeaderMap, who: &Principal) -> bool {
        let now = match self.known(db, headers).await {
            Ok(Credential::Operator) => operator(),
            Ok(Credential::Key(row)) => of_key(row),
            Ok(Credential::Session(_, row)) => of_person(row.person),
            Err(Unknown::Unreadable(_)) => return true,
            Err(Unknown::Silent | Unknown::Unproved) => return false,
        };
        now == *who
    }

    /// What was shown, if it proves anything at the moment.
    async fn known(&self, db: &PgPool, headers: &HeaderMap) -> Result<Credential, Unknown> {
        if let Some(said) = headers.get(header::AUTHORIZATION) {
            let said = said.to_str().ok().and_then(|it| it.split_once(' '));
            let is_bearer = |it: &(&str, &str)| it.0.eq_ignore_ascii_case("bearer");
            let key = said.filter(is_bearer).ok_or(Unknown::Unproved)?.1.trim();
            return self.by_key(db, key).await;
        }
        let token = self.token(headers).ok_or(Unknown::Silent)?;
        self.by_session(db, token).await
    }

    async fn by_key(&self, db: &PgPool, key: &str) -> Result<Credential, Unknown> {
        let (id, hashed) = (secret::id_of(key).ok_or(Unknown::Unproved)?, Hashed::of(key));
        if id == secret::OPERATOR {
            let is_operator = self.operator.as_ref().is_some_and(|it| it.is(&hashed));
            return if is_operator { Ok(Credential::Operator) } else { Err(Unknown::Unproved) };
        }
        let now = clock::real();
        let found = if let Some(found) = self.keys.recall(id, now, &self.settings) {
            found
        } else {
            let found = keys::key(db, id).await?;
            self.keys.note(id.to_owned(), found.clone(), now);
            found
        };
        let row = found.filter(|it| is_valid(it, &hashed, now)).ok_or(Unknown::Unproved)?;
        Ok(Credential::Key(row))
    }

    async fn by_session(&self, db: &PgPool, token: Hashed) -> Result<Credential, Unknown> {
        let now = clock::real();
        let found = if let Some(found) = self.sessions.recall(&token, now, &self.settings) {
            found
        } else {
            let found = people::signed_in(db, &token).await?;
            self.sessions.note(token.clone(), found.clone(), now);
            found
        };
        let session = found.filter(|it| self.lasts(it, now)).ok_or(Unknown::Unproved)?;
        Ok(Credential::Session(token, session))
    }

    fn lasts(&self, it: &SessionRow, now: Timestamp) -> bool {
        let idle = span(self.settings.idle());
        !it.person.disabled && now < it.ends_at && now.duration_since(it.used_at) < idle
    }

    /// Signs somebody in: gives the secret of their session.
    ///
    /// # Errors
    ///
    /// They are not known so, whichever of name and password is wrong; or tried too often.
    pub(crate) async fn sign_in(
        &self,
        db: &PgPool,
        name: &str,
        password: String,
        peer: Option<IpAddr>,
    ) -> Result<Secret, Problem> {
        self.limits.sign_in(name, peer)?;
        let person = people::person(db, name).await?.filter(|it| !it.disabled);
        let kept = person.as_ref().map(|it| it.password.clone());
        let is_right = password::is(password, kept).await.map_err(|error| broken(&error))?;
        if !is_right || person.is_none() {
            tracing::warn!(target: "kontor::access", "somebody could not sign in");
            return Err(Problem::not_signed_in());
        }
        let secret = Secret::fresh().map_err(|error| broken(&error.into()))?;
        let now = clock::real();
        let (until, idle) = (now + span(self.settings.session()), now - span(self.settings.idle()));
        people::sign_in(db, &secret.hashed(), &By { who: name, at: now }, until, idle).await?;
        Ok(secret)
    }

    /// Gives a person who signed in another password.
    ///
    /// # Errors
    ///
    /// The old one is another; or they tried too often.
    pub(crate) async fn change_password(
        &self,
        db: &PgPool,
        may: &May<act::ChangePassword>,
        old: String,
        new: String,
    ) -> Result<(), Problem> {
        let (name, Some(here)) = (&*may.who().name, may.session()) else {
            return Err(Problem::internal()); // The policy lets nobody else.
        };
        self.limits.sign_in(name, None)?;
        let kept = people::person(db, name).await?.map(|it| it.password);
        if !password::is(old, kept).await.map_err(|error| broken(&error))? {
            return Err(Problem::invalid(vec![fault(
                "password",
                "/old",
                "another",
                "the old one",
            )]));
        }
        let hash = password::hash(new).await.map_err(|error| broken(&error))?;
        people::set_password(db, &hash, here, &By { who: name, at: clock::real() }).await?;
        self.changed();
        Ok(())
    }

    /// Signs out whoever bears this cookie.
    pub(crate) async fn sign_out(&self, db: &PgPool, headers: &HeaderMap) -> sqlx::Result<()> {
        if let Some(token) = self.token(headers) {
            people::sign_out(db, &token).await?;
            self.sessions.forget(&token);
        }
        Ok(())
    }

    /// Forgets what is remembered of keys and people: it was changed.
    pub(crate) fn changed(&self) {
        self.keys.clear();
        self.sessions.clear();
    }

    /// Counts a request of somebody.
    pub(super) fn count(&self, who: &Principal) -> Result<Left, Problem> {
        self.limits.request(who)
    }

    /// The session that is in the cookie.
    fn token(&self, headers: &HeaderMap) -> Option<Hashed> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
        let mut each =
            cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
        each.find(|it| it.0 == self.cookie()).map(|it| Hashed::of(it.1))
    }

    /// What the cookie of a session is called. A browser takes one with this prefix only by HTTPS,
    /// and for this host alone.
    pub(crate) fn cookie(&self) -> &'static str {
        if self.settings.https { "__Host-kontor-session" } else { "kontor-session" }
    }
}

fn operator() -> Principal {
    Principal {
        kind: Kind::Key,
        id: secret::OPERATOR.to_owned(),
        name: secret::OPERATOR.to_owned(),
        roles: vec![Role::Ops],
        channel: None,
        warehouse: None,
        tier: 1,
        only: None,
    }
}

fn is_valid(key: &KeyRow, hashed: &Hashed, now: Timestamp) -> bool {
    let old = key.old.as_ref().filter(|it| now < it.1);
    let is_one = key.secret.is(hashed) | old.is_some_and(|it| it.0.is(hashed));
    is_one && key.revoked_at.is_none() && key.expires_at.is_none_or(|it| now < it)
}

fn of_key(KeyRow { id, name, rights, only, .. }: KeyRow) -> Principal {
    let Rights { roles, channel, warehouse } = rights;
    Principal { kind: Kind::Key, id, name, roles, channel, warehouse, tier: 1, only }
}

fn of_person(PersonRow { name, rights, tier, .. }: PersonRow) -> Principal {
    let Rights { roles, channel, warehouse } = rights;
    let (id, only) = (name.clone(), None::<Vec<Action>>);
    Principal { kind: Kind::Person, id, name, roles, channel, warehouse, tier, only }
}

fn span(it: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(it).unwrap_or(SignedDuration::MAX)
}

fn broken(error: &anyhow::Error) -> Problem {
    tracing::error!(%error, "nobody can sign in: {error:#}");
    Problem::internal()
}

/// What was looked up a short while ago, also that it is not there.
struct Memory<K, V>(Mutex<HashMap<K, (Timestamp, Option<V>)>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Memory<K, V> {
    #[expect(clippy::option_option, reason = "whether it is remembered, and whether it is there")]
    fn recall<Q: Hash + Eq + ?Sized>(
        &self,
        key: &Q,
        now: Timestamp,
        settings: &AccessSettings,
    ) -> Option<Option<V>>
    where
        K: std::borrow::Borrow<Q>,
    {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = known.get(key)?;
        let age = now.duration_since(*at);
        (age < span(settings.remember())).then(|| found.clone())
    }

    fn note(&self, key: K, found: Option<V>, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, (now, found));
    }

    fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
