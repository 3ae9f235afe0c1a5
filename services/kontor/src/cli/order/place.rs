use std::io::Read;

use clap::Args;

use super::text;
use crate::cli::http::{Answered, Gateway, refused};
use crate::cli::{End, Misused, paper};

/// Places an order: a JSON file, as storefronts hand it in.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor order place order.json --channel web")]
pub(super) struct Place {
    /// The order, or `-` for standard input.
    file: String,
    /// The channel by which it came in.
    #[arg(long, env = "KONTOR_CHANNEL", default_value = "web")]
    channel: String,
    /// Names the request: the same name with the same order is carried out once. The order's
    /// `external_id` does as much.
    #[arg(long, value_name = "NAME")]
    idempotency_key: Option<String>,
}

impl Place {
    pub(super) async fn carry_out(self, gateway: &Gateway, json: bool) -> anyhow::Result<End> {
        let order = read(&self.file)?;
        let mut headers = vec![("Kontor-Channel", self.channel.as_str())];
        headers.extend(self.idempotency_key.as_deref().map(|it| ("Idempotency-Key", it)));
        let (status, placed) = match gateway.post(&["v1", "orders"], &headers, order).await? {
            Answered::Done(status, placed) => (status, placed),
            Answered::Refused(problem) => return refused(&problem, json),
        };
        gateway.settles(&placed).await;
        if json {
            paper::json(&placed)?;
        } else {
            let [number, order, name, at] =
                ["order_no", "order", "external_id", "status"].map(|it| text(&placed[it]));
            let before = if status == 200 { "was placed before" } else { "is placed" };
            paper::line(&format!("{name} {before}: {number} ({order}), {at}"))?;
        }
        Ok(End::Fine)
    }
}

fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    let mut order = Vec::new();
    let read = match file {
        "-" => std::io::stdin().read_to_end(&mut order).map(drop),
        file => std::fs::read(file).map(|it| order = it),
    };
    read.map_err(|error| Misused(format!("{file} cannot be read: {error}")))?;
    Ok(order)
}
