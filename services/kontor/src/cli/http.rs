//! The gateway's HTTP API, from the client's side.

use std::time::Duration;

use anyhow::Context;
use chassis::clock;
use contracts::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use super::{End, Misused, paper};

/// How long the gateway may take: it gives up before.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway.
pub(super) struct Gateway {
    http: reqwest::Client,
    base: String,
}

/// What time it is for a suite, and how many times as fast as the machine's it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SuiteTime {
    pub(super) now: Timestamp,
    pub(super) speed: u32,
}

impl SuiteTime {
    fn of_this_machine() -> Self {
        Self { now: clock::now(), speed: 1 }
    }

    /// As a gateway says it: `2026-11-22T08:30:00Z;speed=1000`.
    fn read(text: &str) -> Option<Self> {
        let (now, speed) = text.split_once(";speed=")?;
        Some(Self { now: now.parse().ok()?, speed: speed.parse().ok()? })
    }
}

/// What it answered.
pub(super) enum Answered {
    /// It was done: the status, and what came of it.
    Done(u16, Value),
    /// It was not: the problem, as RFC 9457 has it.
    Refused(Value),
}

impl Gateway {
    /// The gateway at this address, asked with this key. Nobody is asked yet.
    pub(super) fn at(base: String, key: Option<&str>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let bearer = HeaderValue::try_from(format!("Bearer {key}"));
            let mut bearer = bearer.map_err(|_| Misused("the key is none".to_owned()))?;
            bearer.set_sensitive(true); // It stands in no log.
            headers.insert(AUTHORIZATION, bearer);
        }
        let http = reqwest::Client::builder().timeout(PATIENCE).default_headers(headers).build()?;
        Ok(Self { http, base })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Whether it can answer. An error tells why not.
    pub(super) async fn is_ready(&self) -> anyhow::Result<()> {
        let base = &self.base;
        let asked = self.http.get(self.url(&["readyz"])?).send().await;
        let status = asked.with_context(|| format!("nobody answers at {base}"))?.status();
        anyhow::ensure!(status.is_success(), "the gateway at {base} is not ready: {status}");
        Ok(())
    }

    /// What time it is for the suite behind it.
    pub(super) async fn time(&self) -> anyhow::Result<SuiteTime> {
        let asked = self.http.get(self.url(&["livez"])?).send().await;
        let response = asked.with_context(|| format!("nobody answers at {}", self.base))?;
        let told = response.headers().get("kontor-time").and_then(|it| it.to_str().ok());
        Ok(told.and_then(SuiteTime::read).unwrap_or_else(SuiteTime::of_this_machine))
    }

    /// Waits until readers see what was just written: the `page` that it was answered with. If that
    /// takes longer than the gateway waits, so it is.
    pub(super) async fn settles(&self, answer: &Value) {
        if let (Some(order), Some(page)) = (answer["order"].as_str(), answer["page"].as_str()) {
            self.get(&["v1", "orders", order], &[("min_page", page.to_owned())]).await.ok();
        }
    }

    /// Reads what is at this path, each piece of it a segment.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> anyhow::Result<Answered> {
        self.send(self.http.get(self.url(path)?).query(query)).await
    }

    /// Sends something there.
    pub(super) async fn post(
        &self,
        path: &[&str],
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> anyhow::Result<Answered> {
        let request = self.http.post(self.url(path)?).header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        self.send(request.body(body)).await
    }

    /// Puts something there, whole.
    pub(super) async fn put(&self, path: &[&str], body: &Value) -> anyhow::Result<Answered> {
        self.send(self.http.put(self.url(path)?).json(body)).await
    }

    fn url(&self, path: &[&str]) -> anyhow::Result<Url> {
        let bad = || format!("{:?} is no address: http://host:port", self.base);
        let mut url = Url::parse(&self.base).with_context(bad)?;
        let mut segments = url.path_segments_mut().ok().with_context(bad)?;
        segments.pop_if_empty().extend(path);
        drop(segments);
        Ok(url)
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Answered> {
        let base = &self.base;
        let response = request.send().await.with_context(|| {
            format!(
                "nobody answers at {base} (`kontor up` starts a gateway; --gateway names another)"
            )
        })?;
        let status = response.status();
        let body = response.bytes().await.with_context(|| format!("{base} broke off"))?;
        if body.is_empty() && status.is_success() {
            return Ok(Answered::Done(status.as_u16(), Value::Null)); // There is nothing to say.
        }
        let read = serde_json::from_slice(&body);
        let body: Value = read.with_context(|| format!("{base} is no Kontor gateway: {status}"))?;
        if status.is_success() {
            Ok(Answered::Done(status.as_u16(), body))
        } else {
            Ok(Answered::Refused(body))
        }
    }
}

/// Tells why something was refused: on standard error for people, on standard output for programs.
pub(super) fn refused(problem: &Value, as_json: bool) -> anyhow::Result<End> {
    if as_json {
        paper::json(&json!({ "problem": problem }))?;
    }
    paper::complain(&anyhow::anyhow!("{}", in_words(problem)));
    Ok(End::Wrong)
}

/// The problem, and every fault on a line of its own.
pub(super) fn in_words(problem: &Value) -> String {
    let text = |it: &Value| paper::plain(it.as_str().unwrap_or_default());
    let (title, mut detail) = (text(&problem["title"]), text(&problem["detail"]));
    if problem["status"] == 401 {
        "--key or KONTOR_KEY says with which key to ask".clone_into(&mut detail);
    }
    let first = if detail.is_empty() { title } else { format!("{title}: {detail}") };
    let mut lines = vec![first];
    for fault in problem["errors"].as_array().into_iter().flatten() {
        let [place, code, found, expected] =
            ["pointer", "code", "found", "expected"].map(|it| text(&fault[it]));
        lines.push(format!("  {place} ({code}): found {found:?}, expected {expected}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        let url = |base: &str| Gateway::at(base.to_owned(), None).unwrap().url(&["v1", "a/../b c"]);
        assert_eq!(url("http://x:1").unwrap().as_str(), "http://x:1/v1/a%2F..%2Fb%20c");
        assert_eq!(url("http://x:1/k/").unwrap().as_str(), "http://x:1/k/v1/a%2F..%2Fb%20c");
        let error = url("localhost 8080").unwrap_err().to_string();
        assert_eq!(error, "\"localhost 8080\" is no address: http://host:port");
    }

    #[test]
    fn a_problem_is_told_with_all_its_faults() {
        let problem = json!({
            "title": "The order was not taken in", "detail": "1 fault",
            "errors": [{ "pointer": "/total", "code": "sum.total", "found": "1",
                         "expected": "30128" }],
        });
        let expected = "The order was not taken in: 1 fault\n  \
                        /total (sum.total): found \"1\", expected 30128";
        assert_eq!(in_words(&problem), expected);
    }

    #[test]
    fn a_gateway_says_what_time_it_is_for_its_suite() {
        let read = SuiteTime::read("2031-01-01T00:00:05Z;speed=1000").unwrap();
        assert_eq!((read.now.to_string(), read.speed), ("2031-01-01T00:00:05Z".to_owned(), 1000));
        for bad in ["", "2031-01-01T00:00:05Z", "soon;speed=2", "2031-01-01T00:00:05Z;speed=x"] {
            assert_eq!(SuiteTime::read(bad), None, "{bad}");
        }
    }
}
