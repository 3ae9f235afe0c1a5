//! Scripts and styles, as they were built in.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, type and content of each.
const ALL: [(&str, &str, &str); 9] = [
    ("console.css", "text/css; charset=utf-8", include_str!("../../assets/console.css")),
    ("console.js", SCRIPT, include_str!("../../assets/console.js")),
    ("counts.js", SCRIPT, include_str!("../../assets/counts.js")),
    ("forms.js", SCRIPT, include_str!("../../assets/forms.js")),
    ("keys.js", SCRIPT, include_str!("../../assets/keys.js")),
    ("live.js", SCRIPT, include_str!("../../assets/live.js")),
    ("reference.js", SCRIPT, include_str!("../../assets/reference.js")),
    ("table.js", SCRIPT, include_str!("../../assets/table.js")),
    ("time.js", SCRIPT, include_str!("../../assets/time.js")),
];

/// Names this state of them, so that a browser asks anew when another version is served.
pub(crate) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        ALL.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    });
    &VERSION
}

pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let Some((_, kind, content)) = ALL.iter().find(|it| it.0 == name) else {
        return (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain")], "not here\n")
            .into_response();
    };
    // Scripts load each other by plain names: a browser asks whether they are still the same.
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, version_tag()),
    ];
    (headers, *content).into_response()
}

/// Names this state of a file.
pub(super) fn tag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

fn version_tag() -> &'static str {
    static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", version()));
    &TAG
}
