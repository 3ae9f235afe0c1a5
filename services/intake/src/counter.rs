//! Where storefronts ask over NATS and wait for the answer. What they send becomes the same command
//! as over HTTP; the channel is taken from the subject, never from the body.

use chassis::{Client, Counter, Request};
use contracts::intake::{
    CancelOrder, Cancellation, Cancelled, PlaceOrder, Placement, Problem, Submission,
};
use contracts::{Actor, ChannelId, ExternalId, schema_of};
use serde::Serialize;
use serde_json::Value;

/// The public subjects on which intake is asked.
pub(crate) fn all() -> Vec<Counter> {
    vec![
        Counter::new(
            "orders.place.{channel}",
            "A storefront hands in an order. The answer is durable: accepted, duplicate, conflict, or \
             rejected for every reason at once.",
            (schema_of::<Submission>, schema_of::<Placement>),
            |client, request| async move { written(&place(client, request).await) },
        ),
        Counter::new(
            "orders.cancel.{channel}",
            "A storefront ends one of its own orders, as far as it can still be ended.",
            (schema_of::<Cancellation>, schema_of::<Cancelled>),
            |client, request| async move { written(&cancel(client, request).await) },
        ),
    ]
}

async fn place(client: Client, request: Request) -> Placement {
    let command = match command(&request) {
        Ok(command) => command,
        Err(unknown) => return unknown,
    };
    match client.tell_within(request.trace, request.id, &command).await {
        Ok(told) => match told.said.into_iter().next() {
            Some(answer) => answer.into(),
            None => Placement::Unknown { reason: "intake said nothing to it".to_owned() },
        },
        Err(error) => Placement::Unknown { reason: error.to_string() },
    }
}

fn command(request: &Request) -> Result<PlaceOrder, Placement> {
    let channel = channel(request).map_err(|reason| Placement::Unknown { reason })?;
    let order: Value = serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&request.body).into_owned()));
    let external_id = match order.get("external_id") {
        Some(Value::String(text)) => ExternalId::new(text.clone()).map_err(|it| it.to_string()),
        Some(_) => Err("not a text".to_owned()),
        None => Err("nothing".to_owned()),
    };
    match external_id {
        Ok(external_id) => {
            let entered_by = Actor(format!("channel:{channel}"));
            Ok(PlaceOrder { channel, external_id, idempotency_key: None, entered_by, order })
        }
        // Without a name of its own an order can be told of nowhere, and repeated for ever.
        Err(found) => Err(Placement::Rejected { problems: vec![nameless(&found)] }),
    }
}

fn nameless(found: &str) -> Problem {
    Problem {
        code: "required".to_owned(),
        pointer: "/external_id".to_owned(),
        found: found.chars().take(100).collect(),
        expected: "1 to 64 printable ASCII characters without space . * > \" % < or \\".to_owned(),
    }
}

async fn cancel(client: Client, request: Request) -> Cancelled {
    let channel = match channel(&request) {
        Ok(channel) => channel,
        Err(reason) => return Cancelled::Unknown { reason },
    };
    let Cancellation { order, reason } = match serde_json::from_slice(&request.body) {
        Ok(read) => read,
        Err(error) => {
            let problem = Problem {
                code: "body".to_owned(),
                pointer: String::new(),
                found: String::from_utf8_lossy(&request.body).chars().take(100).collect(),
                expected: format!("an order and a reason: {error}"),
            };
            return Cancelled::Rejected { problems: vec![problem] };
        }
    };
    let by = Actor(format!("channel:{channel}"));
    let command = CancelOrder { order, channel: Some(channel), by, reason };
    match client.tell_within(request.trace, request.id, &command).await {
        Ok(told) => match told.said.into_iter().next() {
            Some(answer) => answer.into(),
            None => Cancelled::Unknown { reason: "intake said nothing to it".to_owned() },
        },
        Err(error) => Cancelled::Unknown { reason: error.to_string() },
    }
}

fn channel(request: &Request) -> Result<ChannelId, String> {
    let token = request.tokens.get("channel").cloned().unwrap_or_default();
    ChannelId::new(token).map_err(|it| it.to_string())
}

fn written(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).unwrap_or_default() // Plain structs always serialise.
}
