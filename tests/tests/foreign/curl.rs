//! The curl commands of our documentation, sent as they stand there.

use anyhow::{Context, bail, ensure};
use reqwest::{Client, RequestBuilder, Response};
use whole_house::Shop;

/// What stands in the place of each name.
pub struct Asked<'a> {
    pub shop: &'a Shop,
    /// What `@order.json` holds.
    pub order: &'a str,
    /// Each as it is written, `<key>`, and what it stands for.
    pub names: Vec<(&'static str, String)>,
}

impl Asked<'_> {
    /// Sends a command; what is answered, which is to be good.
    pub async fn send(&self, command: &str) -> anyhow::Result<Response> {
        let mut filled = command.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(name, value);
        }
        let answer = self.request(&filled).with_context(|| filled.clone())?.send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{filled}: {status} {}", answer.text().await?);
        Ok(answer)
    }

    /// As curl would: with a body it is a POST.
    fn request(&self, command: &str) -> anyhow::Result<RequestBuilder> {
        let (mut url, mut headers, mut body) = (None, vec![], None);
        let mut words = words(command).into_iter().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("nothing after {word}"));
            match word.as_str() {
                "-i" | "-N" => {}
                "-H" => headers.push(value()?),
                "-d" => body = Some(value()?),
                _ if word.starts_with('-') => bail!("{word} is not known here"),
                _ => url = word.strip_prefix("localhost:8080").map(str::to_owned),
            }
        }
        let gateway = self.shop.suite.gateway().context("the gateway listens nowhere")?;
        let url = gateway + &url.context("it does not ask localhost:8080")?;
        let mut request = match body.as_deref() {
            None => Client::new().get(url),
            Some("@order.json") => Client::new().post(url).body(self.order.to_owned()),
            Some(body) => Client::new().post(url).body(body.to_owned()),
        };
        for header in headers {
            let (name, value) = header.split_once(": ").context("a header without a value")?;
            request = request.header(name, value);
        }
        Ok(request)
    }
}

/// As a shell parts them; what stands between `'` is one.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (nth, part) in command.split('\'').enumerate() {
        let is_quoted = nth % 2 == 1;
        for (nth, word) in part.split(|it| !is_quoted && it == ' ').enumerate() {
            if nth > 0 {
                words.push(String::new());
            }
            words.last_mut().into_iter().for_each(|it| it.push_str(word));
        }
    }
    words.retain(|it| !it.is_empty());
    words
}
