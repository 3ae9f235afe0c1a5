//! In which language somebody reads: as they chose, else as their browser asks.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Form;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use contracts::Language;
use serde::Deserialize;

use crate::access::{Asks, Principal};

/// The cookie in which the choice is kept, for a year.
const COOKIE: &str = "kontor-language";

/// Who reads: in which language, and where they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reader {
    pub(crate) language: Language,
    /// The path and query of the page.
    pub(crate) here: String,
    /// Who they are, if that is known.
    pub(crate) who: Option<Arc<Principal>>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let who = parts.extensions.get::<Asks>().map(|it| it.who.clone());
        Ok(reader_of(&parts.headers, &parts.uri, who))
    }
}

/// Who reads what is asked for there.
pub(super) fn reader_of(headers: &HeaderMap, uri: &Uri, who: Option<Arc<Principal>>) -> Reader {
    let here = uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
    Reader { language: language(headers), here, who }
}

/// This place, if it is one of this gateway's: `//elsewhere` would be another's.
pub(super) fn own_place(place: &str) -> HeaderValue {
    let is_own = place.starts_with('/') && !place[1..].starts_with(['/', '\\']);
    let own = if is_own { HeaderValue::from_str(place).ok() } else { None };
    own.unwrap_or(HeaderValue::from_static("/"))
}

fn language(headers: &HeaderMap) -> Language {
    let text = |name| headers.get_all(name).iter().filter_map(|it| it.to_str().ok());
    let cookies = text(header::COOKIE).flat_map(|it| it.split(';'));
    let mut chosen = cookies.filter_map(|it| it.trim().split_once('='));
    let chosen = chosen.find(|it| it.0 == COOKIE).and_then(|it| named(it.1));
    chosen.unwrap_or_else(|| wanted(&text(header::ACCEPT_LANGUAGE).collect::<Vec<_>>().join(",")))
}

fn named(tag: &str) -> Option<Language> {
    [Language::Chinese, Language::English].into_iter().find(|it| it.tag() == tag)
}

/// The best of the languages that a browser asks for (RFC 9110), English if we have none of them.
fn wanted(accepted: &str) -> Language {
    let mut best = (0, Language::English);
    for range in accepted.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|it| it.strip_prefix("q=")).map_or(1000, thousandths);
        let language = match tag.split('-').next() {
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

/// `0.85` is 850.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: u32 = whole.parse().unwrap_or(0);
    (whole * 1000).saturating_add(digits.parse().unwrap_or(0)).min(1000)
}

/// A choice of language, and the page on which it was made.
#[derive(Deserialize)]
pub(super) struct Choice {
    language: String,
    back: String,
}

pub(super) async fn choose(Form(choice): Form<Choice>) -> Response {
    let Some(language) = named(&choice.language) else {
        return (StatusCode::BAD_REQUEST, "language: zh-CN or en\n").into_response();
    };
    let year = 365 * 24 * 60 * 60;
    let tag = language.tag();
    let cookie = format!("{COOKIE}={tag}; Path=/; Max-Age={year}; SameSite=Lax; HttpOnly");
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, own_place(&choice.back));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_given_the_best_that_we_have() {
        for (accepted, best) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,zh;q=0.9", Language::English),
            ("de, zh-Hant;q=0.4, en;q=0.3", Language::Chinese),
            ("de,fr;q=0.5", Language::English),
            ("zh;q=0, en;q=0.001", Language::English),
            ("zh;q=nonsense", Language::English),
        ] {
            assert_eq!(wanted(accepted), best, "{accepted}");
        }
    }
}
