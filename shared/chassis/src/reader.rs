//! Answers asks for pages out of the page table: any replica does, of any partition.

use anyhow::Context;
use async_nats::{Client, Message};
use futures::StreamExt;
use sqlx::PgPool;

use crate::log::{Piece, Portion, Read, read_subject};
use crate::unreadable;

/// How many pages one portion holds at most.
const PAGES: i64 = 64;

/// How many asks are answered at once.
const AT_ONCE: usize = 4;

/// Answers until the connection is closed.
pub(crate) async fn serve(nats: Client, db: PgPool, service: &'static str) -> anyhow::Result<()> {
    let asks = nats.queue_subscribe(read_subject(service), service.to_owned()).await?;
    asks.for_each_concurrent(AT_ONCE, |ask| {
        let (nats, db) = (nats.clone(), db.clone());
        async move {
            if let Err(error) = answer(&nats, &db, service, ask).await {
                tracing::warn!(%error, "an ask for pages of {service} was not answered: {error:#}");
            }
        }
    })
    .await;
    Ok(())
}

async fn answer(
    nats: &Client,
    db: &PgPool,
    service: &'static str,
    ask: Message,
) -> anyhow::Result<()> {
    let read: Result<Read, _> = serde_json::from_slice(&ask.payload);
    let read = read.inspect_err(|_| unreadable(service, "ask")).context("an ask for pages")?;
    let Some(reply) = ask.reply else { return Ok(()) };
    let bytes = nats.server_info().max_payload / 2;
    let portion = portion(db, &read, bytes).await?;
    nats.publish(reply, portion.to_bytes().into()).await?;
    Ok(())
}

async fn portion(db: &PgPool, read: &Read, most: usize) -> anyhow::Result<Portion> {
    let partition = read.partition.cast_signed();
    let pages: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "select number, body from page where partition = $1 and number >= $2
          order by number limit $3",
    )
    .bind(partition)
    .bind(read.from)
    .bind(PAGES)
    .fetch_all(db)
    .await?;
    // After the pages: a head that is too high is asked again, one too low would look like a loss.
    let head: Option<i64> = sqlx::query_scalar("select max(number) from page where partition = $1")
        .bind(partition)
        .fetch_one(db)
        .await?;
    let mut portion = Portion { head: head.unwrap_or_default(), pieces: vec![] };
    let mut room = most;
    for (number, body) in pages {
        let offset = if number == read.from { read.offset.min(body.len()) } else { 0 };
        let rest = &body[offset..];
        if rest.len() > room && !portion.pieces.is_empty() {
            break;
        }
        let bytes = rest[..rest.len().min(room)].to_vec();
        room -= bytes.len();
        let cut = bytes.len() < rest.len();
        portion.pieces.push(Piece { number, of: body.len(), bytes });
        if cut {
            break;
        }
    }
    Ok(portion)
}
