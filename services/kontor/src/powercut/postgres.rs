//! Power cuts of Postgres: transactions that move a position on and write a page.

use anyhow::Context;
use chassis::clock::Stopwatch;
use chassis::task;
use servers::{Home, Postgres, PostgresOptions, Progress};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::watch;

use super::report::Report;
use super::{Powercut, WRITERS, a_while, body, store};

pub(super) async fn run(
    powercut: &Powercut,
    home: &Home,
    progress: Progress<'_>,
) -> anyhow::Result<Report> {
    let binaries = servers::postgres_binaries(home, progress).await?;
    let options = PostgresOptions { durable: !powercut.forgetful, port: None };
    let mut postgres = Postgres::start(&binaries, home, options).await?;
    let mut disk = postgres.onto_disk().await?;
    store::set_up(&postgres.superuser(), WRITERS).await?;
    if powercut.forgetful {
        disk.settle().await?; // Else the very tables would be gone.
    }

    let mut report = Report::of(powercut);
    let mut heads = vec![0; WRITERS as usize];
    for round in 0..powercut.times {
        let writers = write_on(&postgres, powercut.seed, &heads).await?;
        a_while(powercut.seed, round).await;
        let watch = Stopwatch::start();
        postgres.cut_power(&mut disk).await?;
        let acknowledged: Vec<i64> = writers.into_iter().map(Writer::end).collect();
        postgres.restart().await.context("after a power cut")?;
        let mut written = 0;
        for (partition, head) in (0_u32..).zip(&mut heads) {
            let promised = acknowledged[partition as usize];
            written += u64::try_from(promised - *head)?;
            let found = look(&postgres, powercut.seed, partition, (*head, promised)).await?;
            report.lost.extend(found.wrong);
            *head = found.head;
        }
        report.acknowledged += written;
        report.took.push(watch.millis());
        progress(&format!("cut {} of {}: {written} acknowledged", round + 1, powercut.times));
    }
    if report.lost.is_empty() {
        progress("looking at all of them once more");
        for (partition, head) in (0_u32..).zip(heads) {
            report.lost.extend(look(&postgres, powercut.seed, partition, (0, head)).await?.wrong);
        }
    }
    postgres.stop().await?;
    drop(disk);
    Ok(report)
}

/// One who writes the pages of a partition, and the last that was acknowledged.
struct Writer {
    task: tokio::task::JoinHandle<()>,
    last: watch::Receiver<i64>,
}

impl Writer {
    /// Ends it; tells the last that was acknowledged.
    fn end(self) -> i64 {
        self.task.abort();
        *self.last.borrow()
    }
}

/// Has one write in each partition, after what is there.
async fn write_on(postgres: &Postgres, seed: u64, heads: &[i64]) -> anyhow::Result<Vec<Writer>> {
    let mut writers = Vec::new();
    for (partition, head) in (0_u32..).zip(heads.iter().copied()) {
        let mut db = PgConnection::connect_with(&postgres.superuser()).await?;
        let (told, last) = watch::channel(head);
        let task = task::spawn("power cut: a writer", async move {
            for number in head + 1.. {
                let body = page(seed, partition, number);
                let place = i32::try_from(partition).unwrap_or_default();
                match store::write(&mut db, place, number, &body).await {
                    Ok(true) => drop(told.send(number)),
                    Ok(false) | Err(_) => return,
                }
            }
        });
        writers.push(Writer { task, last });
    }
    Ok(writers)
}

/// What is there of a partition.
struct Found {
    /// Its position.
    head: i64,
    /// What is not as it has to be, a line each.
    wrong: Vec<String>,
}

/// Looks at the pages of a partition from the one after `from`, which are to go on at least to
/// `promised` without a gap, as they were written, and end with the position.
async fn look(
    postgres: &Postgres,
    seed: u64,
    partition: u32,
    (from, promised): (i64, i64),
) -> anyhow::Result<Found> {
    let place = i32::try_from(partition)?;
    let mut db = PgConnection::connect_with(&postgres.superuser()).await?;
    let head = store::position(&mut db, place).await?;
    let pages = store::pages(&mut db, place, from + 1).await?;
    db.close().await?;
    let mut wrong: Vec<String> = (head + 1..=promised)
        .map(|number| {
            format!("page {number} of partition {partition} was acknowledged and is gone")
        })
        .collect();
    let last = pages.last().map_or(from, |it| it.0);
    if last != head {
        wrong.push(format!("partition {partition} is at {head}, and its last page is {last}"));
    }
    for (expected, (number, body)) in (from + 1..).zip(pages) {
        if number != expected || body != page(seed, partition, number) {
            wrong.push(format!(
                "partition {partition} has another page {expected} than was written"
            ));
            break;
        }
    }
    Ok(Found { head, wrong })
}

fn page(seed: u64, partition: u32, number: i64) -> Vec<u8> {
    body(seed, partition, number.unsigned_abs())
}
