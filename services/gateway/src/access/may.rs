//! Permits, as handlers take them.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::policy::act::Act;
use super::policy::{Action, Denied, Permit, Resource, Scope, Sight, authorize};
use super::principal::{Kind, Principal};
use super::secret::Hashed;
use crate::http::problem::Problem;

/// Who asks, for what, as the guard has found out.
#[derive(Debug, Clone)]
pub(crate) struct Asks {
    pub(crate) who: Arc<Principal>,
    pub(crate) action: Action,
    /// The session by which they are known, if it is a person.
    pub(crate) session: Option<Hashed>,
}

/// Leave to do `A`. Only the guard's word makes one.
#[derive(Debug, Clone)]
pub(crate) struct May<A> {
    asks: Asks,
    permit: Permit,
    of: PhantomData<A>,
}

impl<S: Send + Sync, A: Act> FromRequestParts<S> for May<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asks = parts.extensions.get::<Asks>().filter(|it| it.action == A::ACTION);
        let Some(asks) = asks else {
            tracing::error!(action = %A::ACTION, "the operation is not listed as what it is");
            return Err(Problem::internal());
        };
        Self::of(asks.clone())
    }
}

impl<A: Act> May<A> {
    fn of(asks: Asks) -> Result<Self, Problem> {
        match authorize(&asks.who, A::ACTION, &Resource::Some) {
            Ok(permit) => Ok(Self { asks, permit, of: PhantomData }),
            Err(denied) => Err(refused(&asks.who, A::ACTION, denied, "There is no such thing")),
        }
    }

    /// Leave to do something else as well.
    pub(crate) fn also<B: Act>(&self) -> Result<May<B>, Problem> {
        May::of(self.asks.clone())
    }

    /// Whether something else would be allowed as well.
    pub(crate) fn would(&self, action: Action) -> bool {
        authorize(&self.asks.who, action, &Resource::Some).is_ok()
    }

    /// Makes sure that this is theirs. What is not is answered as what is not there: by this title.
    pub(crate) fn on(&self, what: &Resource<'_>, missing: &'static str) -> Result<(), Problem> {
        let who = &self.asks.who;
        match authorize(who, A::ACTION, what) {
            Ok(_) => Ok(()),
            Err(denied) => Err(refused(who, A::ACTION, denied, missing)),
        }
    }

    pub(crate) fn who(&self) -> &Principal {
        &self.asks.who
    }

    pub(crate) fn session(&self) -> Option<&Hashed> {
        self.asks.session.as_ref()
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.permit.scope
    }

    pub(crate) fn sight(&self) -> Sight {
        self.permit.sight
    }
}

/// Logs that something was refused, and says so. Of people no name is logged.
pub(super) fn refused(
    who: &Principal,
    action: Action,
    denied: Denied,
    missing: &'static str,
) -> Problem {
    let key = if who.kind == Kind::Key { &*who.id } else { "" };
    let roles: Vec<&str> = who.roles.iter().map(|it| it.name()).collect();
    let roles = roles.join(",");
    tracing::warn!(target: "kontor::access", %action, key, roles, ?denied, "refused");
    match denied {
        Denied::Never => Problem::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this")
            .saying(action.name()),
        Denied::Foreign => Problem::not_found(missing),
    }
}
