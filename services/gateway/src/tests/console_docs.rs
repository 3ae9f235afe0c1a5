//! The documentation: all there, in both languages, from this gateway alone.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::http::Shop;
use crate::console::{self, words};
use crate::documents;

const PAGES: [&str; 9] = [
    "/docs",
    "/docs/first-hour",
    "/docs/events",
    "/docs/events/intake.status.v1",
    "/docs/events/fulfilment.warehouse-reported.v1",
    "/docs/http",
    "/docs/messages",
    "/problems",
    "/problems/not-found",
];

#[tokio::test]
async fn every_page_is_there_in_both_languages_and_loads_nothing_from_elsewhere() {
    let shop = Shop::open().await;
    for path in PAGES {
        let english = shop.page(path, &[]).await;
        let chinese = shop.page(path, &[("accept-language", "zh-CN")]).await;
        for page in [&english, &chinese] {
            assert_eq!(page.status, 200, "{path}");
            for what in ["src=\"http", "src=\"//", "url(", "@import", "href=\"//"] {
                assert!(!page.text.contains(what), "{path} has {what}");
            }
            let links = page.text.split("href=\"http").skip(1);
            assert_eq!(links.count(), 0, "{path} leads elsewhere");
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}");
            let is_rendered = ["/docs/http", "/docs/messages"].contains(&path);
            assert_eq!(policy.contains("unsafe-inline"), is_rendered, "{path}: {policy}");
        }
        assert!(english.text.contains("<html lang=\"en\">"), "{path}");
        assert!(chinese.text.contains("<html lang=\"zh-CN\">"), "{path}");
        assert!(chinese.text.contains("文档"), "{path}");
    }
    for path in ["/docs/events/nobody.says.v1", "/problems/nothing", "/docs/nothing"] {
        assert_eq!(shop.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn every_message_has_its_page_with_its_fields_and_its_example() {
    let shop = Shop::open().await;
    let all: Value = serde_json::from_str(documents::MESSAGES).unwrap();
    let list = shop.get("/docs/events").await.text;
    for (subject, message) in all["messages"].as_object().unwrap() {
        assert!(list.contains(&format!("href=\"/docs/events/{subject}\"")), "{subject}");
        let page = shop.get(&format!("/docs/events/{subject}")).await;
        assert_eq!(page.status, 200, "{subject}");
        let shown = if message["body"].is_null() {
            &message["example"]
        } else {
            &message["example"]["body"]
        };
        for field in shown.as_object().unwrap().keys() {
            assert!(page.text.contains(&format!("<code>{field}</code>")), "{subject} {field}");
        }
        // Code is marked up as such, and no link of the contracts' own documentation is left.
        let words = page.text.split("<pre>").next().unwrap();
        for raw in ["`", "](", "[<code>"] {
            assert!(!words.contains(raw) && !list.contains(raw), "{subject}: {raw}");
        }
        for hearer in message["heard_by"].as_array().unwrap() {
            assert!(page.text.contains(hearer.as_str().unwrap()), "{subject} {hearer}");
        }
    }
}

#[tokio::test]
async fn code_in_descriptions_is_marked_up() {
    let shop = Shop::open().await;
    let list = shop.get("/docs/events").await.text;
    assert!(list.contains("pick: <code>started</code>, <code>picked</code>, "), "{list}");
    let page = shop.get("/docs/events/webhook.set-endpoint.v1").await.text;
    assert!(page.contains("is replaced by <code>RotateSecret</code>."), "{page}");
}

/// The documents that are shown are those that are committed, and a browser keeps the renderer.
#[tokio::test]
async fn the_documents_and_their_renderer_are_served() {
    let shop = Shop::open().await;
    let asyncapi = shop.get("/asyncapi.json").await;
    assert_eq!(asyncapi.header("content-type"), "application/json");
    assert_eq!(asyncapi.text, documents::ASYNCAPI);
    let renderer = shop.get("/docs/assets/redoc.js").await;
    assert_eq!(renderer.header("content-encoding"), "gzip");
    let tag = renderer.header("etag").to_owned();
    let again = shop.page("/docs/assets/redoc.js", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.text.len()), (304, 0));
    let changed = shop.page("/docs/assets/redoc.js", &[("if-none-match", "\"other\"")]).await;
    assert_eq!(changed.status, 200);
}

/// Where the `type` of a problem leads, there is something to read.
#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_page() {
    let shop = Shop::open().await;
    let problem: Value = serde_json::from_str(&shop.get("/v1/nothing").await.text).unwrap();
    let kind = problem["type"].as_str().unwrap();
    assert_eq!(kind, "/problems/not-found");
    let page = shop.page(kind, &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("There is no such thing"), "{}", page.text);
}

/// Every code that stands in the code of this crate is explained, and nothing else is.
#[test]
fn every_problem_that_can_be_answered_is_explained() {
    let mut answered = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut answered);
    for code in &answered {
        assert!(console::is_explained(code), "nothing explains {code}");
        assert!(words::PROBLEMS.iter().any(|it| it.0 == code), "{code} has no title");
    }
    for (code, ..) in words::PROBLEMS {
        assert!(console::is_explained(code), "{code} has a title, and nothing explains it");
        assert!(answered.contains(*code), "{code} is explained, and never answered");
    }
    assert!(!console::is_explained("nothing"));
}

/// Finds what is said to be a problem's code: the first text after `Problem::new(`, and whatever
/// stands in a row with a title, `("picked", "The order is picked")`, or with a status before it.
fn read(folder: &Path, answered: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if name != "tests" {
                read(&path, answered);
            }
            continue;
        }
        // Elsewhere other texts stand in rows.
        let is_of_the_api = path.to_str().unwrap().contains("/http/")
            || name.starts_with("deciding")
            || name == "http.rs";
        let calls = if is_of_the_api { 3 } else { 1 };
        let text = std::fs::read_to_string(&path).unwrap();
        for call in ["Problem::new(", "Self::new(", "(\""].iter().take(calls).flat_map(|it| {
            let length = it.len() - usize::from(it.ends_with('"'));
            text.match_indices(it).map(move |(at, _)| at + length)
        }) {
            answered.extend(code(&text[call..]));
        }
        for (at, _) in text.match_indices("(50") {
            answered.extend(code(&text[at + 1..]));
        }
    }
}

/// `status, "code", title` or `"code", "A title"`.
fn code(text: &str) -> Option<String> {
    let text = text.trim_start();
    let (before, rest) = text.split_once('"')?;
    let (code, after) = rest.split_once('"')?;
    let is_code = !code.is_empty() && code.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
    let after = after.trim_start().strip_prefix(',')?.trim_start();
    // A title stands there, or what is called one.
    let is_text = after.strip_prefix('"').is_some_and(|it| it.starts_with(char::is_uppercase));
    let is_constant = after.chars().take(2).all(|it| it.is_ascii_uppercase());
    let is_named = after.starts_with("title") || after.starts_with("what");
    let is_titled = is_text || is_constant || is_named;
    let is_near = before.len() < 120 && !before.contains([';', '{', ')']);
    (is_code && is_titled && is_near).then(|| code.to_owned())
}
