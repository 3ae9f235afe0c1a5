//! Signing in and out, and changing one's password.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::frame::{Frame, Said, page, wrong};
use super::language::{Reader, own_place, reader_of};
use crate::access::guard::{is_from_here, peer_of};
use crate::access::{May, Principal, act};
use crate::http::Api;
use crate::http::checked::Faults;
use crate::http::people::check_password;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    frame: Frame,
    said: Option<Said>,
    name: String,
    /// Where they wanted to go.
    back: String,
}

#[derive(Template)]
#[template(path = "console/password.html")]
struct PasswordPage {
    frame: Frame,
    said: Option<Said>,
}

/// Where somebody wanted to go.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Back {
    back: String,
}

pub(super) async fn show(reader: Reader, back: Result<Query<Back>, QueryRejection>) -> Response {
    let back = back.map(|it| it.0.back).unwrap_or_default();
    let frame = Frame::of(reader, "sign-in");
    page(StatusCode::OK, &SignInPage { frame, said: None, name: String::new(), back })
}

/// Who signs in.
#[derive(Deserialize)]
pub(super) struct Filled {
    name: String,
    password: String,
    #[serde(default)]
    back: String,
}

/// From where somebody asks.
pub(super) struct From(Option<std::net::IpAddr>);

impl FromRequestParts<Api> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        Ok(Self(peer_of(&parts.headers, &parts.extensions, api.access.settings.forwarded)))
    }
}

pub(super) async fn sign_in(
    State(api): State<Api>,
    mut reader: Reader,
    From(peer): From,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    let Filled { name, password, back } = filled;
    let name: String = name.trim().chars().filter(|it| !it.is_control()).take(64).collect();
    let signed_in = if is_from_here(&headers) {
        api.access.sign_in(&api.db, &name, password, peer).await
    } else {
        Err(Problem::elsewhere())
    };
    match signed_in {
        Ok(secret) => {
            let age = u64::from(api.access.settings.session_minutes) * 60;
            to(own_place(&back), Some(cookie(&api, secret.reveal(), age)))
        }
        Err(problem) => {
            "/sign-in".clone_into(&mut reader.here);
            let said = Some(Said::wrong(reader.language, &problem));
            let (frame, status) = (Frame::of(reader, "sign-in"), problem.status());
            let mut response = page(status, &SignInPage { frame, said, name, back });
            problem.advise(&mut response);
            response
        }
    }
}

pub(super) async fn sign_out(
    State(api): State<Api>,
    reader: Reader,
    headers: HeaderMap,
) -> Response {
    if !is_from_here(&headers) {
        return wrong(Frame::of(reader, "sign-in"), &Problem::elsewhere());
    }
    match api.access.sign_out(&api.db, &headers).await {
        Ok(()) => to(HeaderValue::from_static("/sign-in"), Some(cookie(&api, "", 0))),
        Err(error) => wrong(Frame::of(reader, "sign-in"), &error.into()),
    }
}

pub(super) async fn show_password(_: May<act::ChangePassword>, reader: Reader) -> Response {
    let frame = Frame::of(reader, "password");
    page(StatusCode::OK, &PasswordPage { frame, said: None })
}

/// Another password.
#[derive(Deserialize)]
pub(super) struct Changed {
    old: String,
    new: String,
}

pub(super) async fn change_password(
    State(api): State<Api>,
    may: May<act::ChangePassword>,
    reader: Reader,
    Form(Changed { old, new }): Form<Changed>,
) -> Response {
    let frame = Frame::of(reader, "password");
    let mut faults = Faults::default();
    check_password("/new", &new, &mut faults);
    let done = if faults.0.is_empty() {
        api.access.change_password(&api.db, &may, old, new).await
    } else {
        Err(Problem::invalid(faults.0))
    };
    let (status, said) = match &done {
        Ok(()) => (StatusCode::OK, Said::done(frame.t.password_changed)),
        Err(problem) => (problem.status(), Said::wrong(frame.language, problem)),
    };
    let mut response = page(status, &PasswordPage { frame, said: Some(said) });
    if let Err(problem) = done {
        problem.advise(&mut response);
    }
    response
}

/// Sends somebody to sign in, and back to where they were.
pub(crate) fn to_sign_in(request: &Request) -> Response {
    let here = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let back = if request.method().is_safe() { here } else { "/" };
    let query = serde_urlencoded::to_string([("back", back)]).unwrap_or_default();
    let place = HeaderValue::try_from(format!("/sign-in?{query}"));
    to(place.unwrap_or(HeaderValue::from_static("/sign-in")), None)
}

/// Says to somebody who is known that they may not do this.
pub(crate) fn denied(request: &Request, who: &Arc<Principal>, problem: &Problem) -> Response {
    let reader = reader_of(request.headers(), request.uri(), Some(who.clone()));
    wrong(Frame::of(reader, ""), problem)
}

/// Kept by the browser for so many seconds, shown to no script, and sent by no other site.
fn cookie(api: &Api, value: &str, seconds: u64) -> String {
    let (name, secure) = (api.access.cookie(), api.access.settings.https);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

fn to(place: HeaderValue, cookie: Option<String>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, place);
    if let Some(Ok(cookie)) = cookie.map(HeaderValue::try_from) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
