use std::collections::BTreeMap;

use contracts::{Contract, Timestamp, Uuid};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::desk::Sealed;
use crate::{Envelope, MessageId, Partition};

/// What was said because of a command.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The page that tells everyone, if any. A reader who has heard it sees the effect.
    pub page: Option<i64>,
    /// Whatever of it the command declares as its answer.
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

/// What each command declares as its answer, by its id.
pub(crate) type Commands = BTreeMap<MessageId, &'static [Contract]>;

/// Which of the commands were answered before, and how.
pub(crate) async fn given(
    db: &mut PgConnection,
    partition: Partition,
    commands: &Commands,
) -> anyhow::Result<Answers> {
    if commands.is_empty() {
        return Ok(Answers::new());
    }
    let ids: Vec<Uuid> = commands.keys().map(|it| it.0).collect();
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select command_id, body from answer where partition = $1 and command_id = any($2)",
    )
    .bind(partition.column())
    .bind(ids)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|(id, body)| Ok((MessageId(id), serde_json::from_slice(&body)?))).collect()
}

/// A command is answered with what was said because of it, as far as it declares that: the rest is
/// in the page, which is going to have this number.
pub(crate) fn compose(
    decided: impl Iterator<Item = (MessageId, &'static [Contract])>,
    page: i64,
    said: &[Sealed],
) -> Answers {
    let mut answers: BTreeMap<MessageId, (&[Contract], Answer)> =
        decided.map(|(id, declared)| (id, (declared, Answer::default()))).collect();
    if answers.is_empty() {
        return Answers::new();
    }
    for it in said {
        let cause = it.envelope.cause.and_then(|cause| answers.get_mut(&cause));
        let Some((declared, answer)) = cause else { continue };
        if it.is_for_everyone() {
            answer.page = Some(page);
        }
        if declared.contains(&it.contract) {
            answer.said.push(it.envelope.clone());
        }
    }
    answers.into_iter().map(|(id, (_, answer))| (id, answer)).collect()
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
