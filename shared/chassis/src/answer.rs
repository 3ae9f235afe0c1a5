use std::collections::{BTreeMap, BTreeSet};

use contracts::{Kind, Timestamp, Uuid};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::desk::Sealed;
use crate::{Envelope, MessageId, Page, Partition};

/// What was said because of a command.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The page that tells everyone, if any. A reader who has heard it sees the effect.
    pub page: Option<i64>,
    pub said: Vec<Envelope>,
}

/// What goes over the wire in answer to a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered(Answer),
    /// Something about the same thing is parked, and comes first.
    Parked {
        cause: String,
    },
    /// It cannot be decided.
    Refused {
        cause: String,
    },
    /// Too much is waiting; try again.
    Busy,
}

/// The answer to each command, by its id.
pub(crate) type Answers = BTreeMap<MessageId, Answer>;

/// Which of the commands were answered before, and how.
pub(crate) async fn given(
    db: &mut PgConnection,
    partition: Partition,
    commands: &BTreeSet<MessageId>,
) -> anyhow::Result<Answers> {
    if commands.is_empty() {
        return Ok(Answers::new());
    }
    let ids: Vec<Uuid> = commands.iter().map(|it| it.0).collect();
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select command_id, body from answer where partition = $1 and command_id = any($2)",
    )
    .bind(partition.column())
    .bind(ids)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|(id, body)| Ok((MessageId(id), serde_json::from_slice(&body)?))).collect()
}

/// A command is answered with what was said because of it.
pub(crate) fn compose(
    decided: impl Iterator<Item = MessageId>,
    page: Option<&Page>,
    said: Vec<Sealed>,
) -> Answers {
    let mut answers: Answers = decided.map(|it| (it, Answer::default())).collect();
    if answers.is_empty() {
        return answers;
    }
    for it in said {
        let cause = it.envelope.cause.and_then(|cause| answers.get_mut(&cause));
        match (it.contract.kind, cause) {
            (Kind::Event | Kind::Public, Some(answer)) => {
                answer.page = page.map(|it| it.number);
                answer.said.push(it.envelope);
            }
            (Kind::Reply, Some(answer)) => answer.said.push(it.envelope),
            (Kind::Timer | Kind::Command | Kind::Report | Kind::Question, _) | (_, None) => {}
        }
    }
    answers
}

pub(crate) async fn keep(
    db: &mut PgConnection,
    partition: Partition,
    now: Timestamp,
    answers: &Answers,
) -> anyhow::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = answers.keys().map(|it| it.0).collect();
    let bodies: Vec<Vec<u8>> =
        answers.values().map(serde_json::to_vec).collect::<Result<_, _>>()?;
    sqlx::query(
        "insert into answer (partition, command_id, answered_at, body)
         select $1, id, $2, body from unnest($3::uuid[], $4::bytea[]) as new (id, body)",
    )
    .bind(partition.column())
    .bind(now.to_sqlx())
    .bind(ids)
    .bind(bodies)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets answers that no client can still be waiting for.
pub(crate) async fn forget(db: &sqlx::PgPool, before: Timestamp) -> sqlx::Result<u64> {
    let gone = sqlx::query(
        "delete from answer where (partition, command_id) in
            (select partition, command_id from answer where answered_at < $1 limit 10000)",
    )
    .bind(before.to_sqlx())
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}
