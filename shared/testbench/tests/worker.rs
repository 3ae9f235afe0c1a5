//! What the worker promises, told with a service that only echoes.

mod echo;

use std::sync::Arc;

use chassis::{Input, Missing, Worker};
use echo::{Echo, NOW, ONLY, page};
use testbench::Bench;

#[tokio::test]
async fn a_second_owner_stops() {
    let bench = Bench::of(Echo).await;
    let mut one = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();
    let mut other = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();

    let first = one.transact(NOW, &[page(1, 1)]).await.unwrap();
    let second = other.transact(NOW, &[page(1, 1)]).await;

    assert_eq!(first.page.unwrap().page.number, 1);
    assert_eq!(second.unwrap_err().to_string(), "partition 0 has another owner");
}

#[tokio::test]
async fn an_error_leaves_nothing_behind() {
    let bench = Bench::of(Echo).await;
    let mut worker = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();

    assert!(worker.transact(NOW, &[page(1, 1), page(2, 0)]).await.is_err());
    let again = worker.transact(NOW, &[page(1, 1), page(2, 2)]).await.unwrap();

    let said = again.page.unwrap().page;
    assert_eq!((said.number, said.said.len(), &said.heard["mountaineer"]), (1, 2, &2));
}

#[tokio::test]
async fn a_gap_is_asked_for_and_causes_come_first() {
    let bench = Bench::of(Echo).await;
    let mut worker = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();
    let missing = |speaker: &str, from| Missing { speaker: speaker.to_owned(), from };

    let gap = worker.transact(NOW, &[page(2, 1)]).await.unwrap();
    assert_eq!(gap.missing, [missing("mountaineer", 1)]);

    let Input::Page(effect) = page(1, 1) else { unreachable!() };
    let mut effect = (*effect).clone();
    effect.heard.insert("valley".to_owned(), 3);
    effect.heard.insert("someone nobody here listens to".to_owned(), 3);
    let early = worker.transact(NOW, &[Input::Page(Arc::new(effect))]).await.unwrap();
    assert_eq!(early.missing, [missing("valley", 1)]);
    assert!(early.page.is_none());
}
