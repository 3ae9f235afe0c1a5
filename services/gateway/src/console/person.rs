//! Who reads, by name: whose saved views are shown. The name is believed, as the API believes its
//! headers: it opens nothing that is closed to others.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::http::extract::{header_text, is_name};

/// The cookie in which a name is kept, for a year, once it was given.
const COOKIE: &str = "kontor-name";

/// The reader's name, if they ever gave one.
pub(super) fn person(headers: &HeaderMap) -> Option<String> {
    let named = header_text(headers, "kontor-actor").ok().flatten().map(str::to_owned);
    named.or_else(|| kept(headers)).filter(|it| is_name(it))
}

fn kept(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut all = all.flat_map(|it| it.split(';')).map(str::trim);
    let ours = all.find(|it| it.split('=').next() == Some(COOKIE))?;
    let read: Vec<(String, String)> = serde_urlencoded::from_str(ours).ok()?;
    read.into_iter().next().map(|it| it.1)
}

/// The header that has a browser keep the name.
pub(super) fn keep(name: &str) -> Option<HeaderValue> {
    let pair = serde_urlencoded::to_string([(COOKIE, name)]).ok()?;
    let year = 365 * 24 * 60 * 60;
    HeaderValue::from_str(&format!("{pair}; Path=/; Max-Age={year}; SameSite=Lax; HttpOnly")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_kept() {
        let mut headers = HeaderMap::new();
        assert_eq!(person(&headers), None);
        let cookie = keep("王 芳; a=b").unwrap();
        let cookie = cookie.to_str().unwrap().split("; ").next().unwrap();
        headers.insert(header::COOKIE, format!("x=y; {cookie}").parse().unwrap());
        assert_eq!(person(&headers).as_deref(), Some("王 芳; a=b"));
        headers.insert("kontor-actor", HeaderValue::from_static("li"));
        assert_eq!(person(&headers).as_deref(), Some("li"));
    }
}
