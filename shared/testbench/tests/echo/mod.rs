//! A service that only echoes, and what it hears.

use std::collections::BTreeMap;
use std::sync::Arc;

use chassis::{Batch, Decided, Envelope, Input, MessageId, Migration, Page, Partition, Service};
use contracts::{Message, MessageSet, Silence, Timestamp, Uuid, message, message_set};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Called {
    pub(crate) text: Uuid,
}
message!(Called, "mountaineer.called.v1", keyed by text);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Returned {
    pub(crate) text: Uuid,
}
message!(Returned, "valley.returned.v1", keyed by text);

message_set! { pub(crate) enum Heard { Called, Returned } }
message_set! { pub(crate) enum Said { Returned } }

/// Returns what is called; fails if it is one of these.
pub(crate) struct Echo;
const TOO_LOUD: [Uuid; 2] = [Uuid::nil(), Uuid::from_u128(9)];

impl Service for Echo {
    const NAME: &'static str = "echo";
    const MIGRATIONS: &'static [Migration] = &[];
    type Inbound = Heard;
    type Outbound = Said;
    type Questions = Silence;

    async fn handle(
        &self,
        db: &mut PgConnection,
        batch: Batch<Heard>,
    ) -> anyhow::Result<Decided<Said>> {
        sqlx::query("select 1").execute(db).await?;
        let loud = TOO_LOUD.map(|it| it.to_string());
        anyhow::ensure!(batch.messages().all(|it| !loud.contains(&it.key().0)), "too loud");
        Ok(batch.decide(|_, message| match message {
            Heard::Called(it) => Some(Said::from(Returned { text: it.text })),
            Heard::Returned(_) => None,
        }))
    }
}

pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;
pub(crate) const ONLY: Partition = Partition { number: 0, of: 1 };

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) fn page(number: i64, text: u128) -> Input {
    let id = MessageId(Uuid::from_u128(text));
    let digit = text.to_string();
    let trace = serde_json::from_value(serde_json::json!({
        "traceparent": format!("00-{}-{}-01", digit.repeat(32), digit.repeat(16)),
    }))
    .unwrap();
    let called = Called { text: Uuid::from_u128(text) };
    let (key, body) = (called.key(), contracts::encode(&called));
    let subject = Called::SUBJECT.to_owned();
    let said = vec![Envelope { id, cause: None, subject, key, address: None, trace, body }];
    let (speaker, heard) = ("mountaineer".to_owned(), BTreeMap::new());
    Input::Page(Arc::new(Page { speaker, partition: 0, number, at: NOW, heard, said }))
}
