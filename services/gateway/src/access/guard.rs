//! Stands before every operation: nobody gets past whom the policy does not let.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::directory::Unknown;
use super::may::{Asks, refused};
use super::operations::{Takes, methods, takes};
use super::policy::{Action, Resource, authorize};
use super::principal::Principal;
use crate::console;
use crate::http::Api;
use crate::http::problem::Problem;

/// Lets a request through, or answers it.
pub(crate) async fn guard(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|it| it.as_str().to_owned());
    let Some(path) = path else { return next.run(request).await }; // There is no such path.
    let action = match takes(request.method(), &path) {
        Some(Takes::Leave(action)) => action,
        Some(Takes::Nothing) => {
            // A page for everybody shows who reads it, if that is known.
            if is_page(&path)
                && let Ok((who, session)) = api.access.who(&api.db, request.headers()).await
            {
                let (who, action) = (Arc::new(who), Action::ReadSelf);
                request.extensions_mut().insert(Asks { who, action, session });
            }
            return next.run(request).await;
        }
        None => return not_listed(request.method(), &path),
    };
    let (who, session) = match api.access.who(&api.db, request.headers()).await {
        Ok(known) => known,
        Err(unknown) => return not_known(unknown, &path, &request),
    };
    let left = match api.access.count(&who) {
        Ok(left) => left,
        Err(problem) => return problem.into_response(),
    };
    let who = Arc::new(who);
    let mut response = match allow(&who, action, session.is_some(), &request) {
        Ok(()) => {
            request.extensions_mut().insert(Asks { who, action, session });
            next.run(request).await
        }
        Err(problem) if is_page(&path) => console::denied(&request, &who, &problem),
        Err(problem) => problem.into_response(),
    };
    left.say(&mut response);
    response
}

fn allow(
    who: &Principal,
    action: Action,
    by_cookie: bool,
    request: &Request,
) -> Result<(), Problem> {
    // A browser sends the cookie whoever made it ask; a key it does not.
    if by_cookie && !request.method().is_safe() && !is_from_here(request.headers()) {
        return Err(Problem::elsewhere());
    }
    let allowed = authorize(who, action, &Resource::Some);
    allowed.map(drop).map_err(|it| refused(who, action, it, "There is no such thing"))
}

/// By this method there is nothing here; or there is, and nobody said what it takes.
fn not_listed(method: &Method, path: &str) -> Response {
    let known = methods(path);
    if known.is_empty() {
        tracing::error!(%method, path, "an operation is not listed: nobody may do it");
        let title = "You may not do this";
        return Problem::new(StatusCode::FORBIDDEN, "forbidden", title).into_response();
    }
    let mut response = Problem::not_done_here().into_response();
    if let Ok(allow) = HeaderValue::try_from(known.join(",")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn not_known(unknown: Unknown, path: &str, request: &Request) -> Response {
    let challenge = match unknown {
        Unknown::Unreadable(error) => return Problem::from(error).into_response(),
        // A person's session has ended, or there was none.
        _ if is_page(path) && !request.headers().contains_key(header::AUTHORIZATION) => {
            return console::to_sign_in(request);
        }
        Unknown::Silent => r#"Bearer realm="kontor""#,
        Unknown::Unproved => r#"Bearer realm="kontor", error="invalid_token""#,
    };
    tracing::warn!(target: "kontor::access", path, "who asks is not known");
    let mut response = Problem::not_known().into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Whether people look at it.
fn is_page(path: &str) -> bool {
    !path.starts_with("/v1/") && !path.starts_with("/console/")
}

/// Whether a page of ours sent it. A browser says so by itself, and no other site can make it say
/// so: `Sec-Fetch-Site` where the address is trustworthy, `Origin` everywhere.
pub(crate) fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|it| it.1 == host),
        _ => false,
    }
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// From which address somebody asks, as far as that is known.
pub(crate) fn peer_of(
    headers: &HeaderMap,
    extensions: &Extensions,
    forwarded: bool,
) -> Option<IpAddr> {
    let said = || {
        let said = headers.get_all("x-forwarded-for").iter().next_back()?;
        said.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    };
    let seen = || Some(extensions.get::<ConnectInfo<Peer>>()?.0.0.ip());
    if forwarded { said() } else { seen() }
}
