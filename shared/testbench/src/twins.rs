//! A service twice: over Postgres, and over its tables in memory. Both hear the same, and have to say
//! the same and to hold the same rows: what the simulation shows of the one is true of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chassis::{Committed, Database, Fate, InMemory, Input, Memory, Partition, Worker};
use contracts::Timestamp;
use sqlx::PgPool;

use crate::{Post, database};

/// Two partitions of a service, over a database of its own and over memory.
pub struct Twins<S: InMemory> {
    pub db: PgPool,
    pub memory: Database,
    workers: Vec<(Worker, Worker<Memory>)>,
    service: Arc<S>,
    /// Puts messages on their way, in each partition.
    pub posts: Vec<Post<S>>,
    pub now: Timestamp,
}

impl<S: InMemory> Twins<S> {
    /// Fresh books, of two partitions.
    pub async fn of(service: S) -> Self {
        let db = database::fresh(S::NAME, S::MIGRATIONS).await.expect("a database");
        let service = Arc::new(service);
        let memory = Database::of(service.clone());
        let now = Timestamp::UNIX_EPOCH;
        let posts = (0..2).map(|number| Post::of(Partition { number, of: 2 })).collect();
        let mut twins = Self { db, memory, workers: vec![], service, posts, now };
        twins.reopen().await;
        twins
    }

    /// Begins again from the books, as after a crash.
    pub async fn reopen(&mut self) {
        self.workers.clear();
        for number in 0..2 {
            let partition = Partition { number, of: 2 };
            let desk = self.service.clone();
            let real = Worker::open(desk.clone(), self.db.clone(), partition).await;
            let memory = Worker::open_in_memory(desk, self.memory.clone(), partition).await;
            self.workers.push((real.expect("a worker"), memory.expect("a worker")));
        }
    }

    /// Has both decide all this in one transaction of one partition, and compares what they say:
    /// pages, answers, notes, what is parked. Returns it.
    pub async fn hear(&mut self, partition: usize, inputs: &[Input]) -> Committed {
        let (real, memory) = &mut self.workers[partition];
        real.wake();
        memory.wake();
        let said = real.transact(self.now, inputs).await.expect("a commit");
        let twin = memory.transact(self.now, inputs).await.expect("a commit");
        let (said_json, twin_json) = (story(&said), story(&twin));
        compare(&said_json, &twin_json, "what is said");
        said
    }

    /// A commit that fails in memory leaves nothing behind.
    pub async fn fail(&mut self, partition: usize, inputs: &[Input]) {
        self.memory.doom(Fate::Fails);
        let memory = &mut self.workers[partition].1;
        memory.wake();
        memory.transact(self.now, inputs).await.expect_err("told to fail");
    }

    /// Compares the rows of the service's tables, all columns but those of `except`: a table, or
    /// `table.column`, each for a reason.
    pub async fn compare_rows(&self, except: &[&'static str]) {
        let memory = self.memory.look::<S, _>(S::rows);
        let known = database::tables(&self.db).await.expect("tables");
        let known: BTreeSet<&str> =
            known.iter().map(String::as_str).filter(|it| !except.contains(it)).collect();
        assert_eq!(known, memory.keys().copied().collect(), "every table is in memory too");
        for (table, rows) in memory {
            let column = |it: &&'static str| it.strip_prefix(table)?.strip_prefix('.');
            let without: Vec<&str> = except.iter().filter_map(column).collect();
            let real = database::rows(&self.db, table, &without).await.expect("rows");
            let mut twin: Vec<String> =
                rows.into_iter().map(|it| database::normal(it, &without)).collect();
            twin.sort();
            compare(&real.join("\n"), &twin.join("\n"), table);
        }
    }
}

fn story(it: &Committed) -> String {
    let page = it.page.as_ref().map(|it| &*it.page);
    let outcomes: BTreeMap<String, _> =
        it.outcomes.iter().map(|(id, it)| (id.0.to_string(), it)).collect();
    let told = serde_json::json!({
        "page": page, "outcomes": outcomes, "wake": it.wake, "decided": it.decided, "parked": it.parked,
    });
    serde_json::to_string_pretty(&told).expect("plain")
}

/// Shows the first lines in which they differ.
fn compare(real: &str, memory: &str, what: &str) {
    if real == memory {
        return;
    }
    let real_lines: BTreeSet<&str> = real.lines().collect();
    let memory_lines: BTreeSet<&str> = memory.lines().collect();
    let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
        one.difference(other).take(5).copied().collect::<Vec<_>>().join("\n")
    };
    panic!(
        "{what} differs\nonly Postgres:\n{}\nonly memory:\n{}",
        only(&real_lines, &memory_lines),
        only(&memory_lines, &real_lines)
    );
}
