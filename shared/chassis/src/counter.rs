use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use contracts::{SchemaOf, Uuid};

use crate::{Client, TraceContext};

/// A public subject on which the outside asks for something and waits for the answer.
#[derive(Clone)]
pub struct Counter {
    /// The subject, its variable tokens in braces: `orders.place.{channel}`.
    pub pattern: &'static str,
    /// What it is for, in a sentence.
    pub purpose: &'static str,
    /// What is sent, and what is answered.
    pub request: SchemaOf,
    pub answer: SchemaOf,
    serve: Arc<dyn Fn(Client, Request) -> Serving + Send + Sync>,
}

type Serving = Pin<Box<dyn Future<Output = Vec<u8>> + Send>>;

/// What somebody outside asks.
#[derive(Debug, Clone)]
pub struct Request {
    /// Names this request, and no other: for the command that it becomes.
    pub id: Uuid,
    /// The variable tokens of the subject.
    pub tokens: BTreeMap<&'static str, String>,
    pub body: bytes::Bytes,
    pub trace: TraceContext,
}

impl Counter {
    /// Serves requests on this subject. Whatever comes, something is answered.
    pub fn new<F, R>(
        pattern: &'static str,
        purpose: &'static str,
        (request, answer): (SchemaOf, SchemaOf),
        serve: F,
    ) -> Self
    where
        F: Fn(Client, Request) -> R + Send + Sync + 'static,
        R: Future<Output = Vec<u8>> + Send + 'static,
    {
        let serve =
            Arc::new(move |client, request| -> Serving { Box::pin(serve(client, request)) });
        Self { pattern, purpose, request, answer, serve }
    }

    /// The subject with a `*` for each variable token.
    pub fn filter(&self) -> String {
        let token = |it: &'static str| if it.starts_with('{') { "*" } else { it };
        self.pattern.split('.').map(token).collect::<Vec<_>>().join(".")
    }

    pub(crate) async fn serve(
        &self,
        client: Client,
        id: Uuid,
        message: &async_nats::Message,
    ) -> Vec<u8> {
        let (subject, body) = (&message.subject, message.payload.clone());
        let trace = crate::front::trace(message.headers.as_ref());
        let named = self.pattern.split('.').zip(subject.split('.'));
        let variable = |(name, token): (&'static str, &str)| {
            Some((name.strip_prefix('{')?.strip_suffix('}')?, token.to_owned()))
        };
        let tokens = named.filter_map(variable).collect();
        (self.serve)(client, Request { id, tokens, body, trace }).await
    }
}
