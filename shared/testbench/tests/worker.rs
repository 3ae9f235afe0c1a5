//! What the worker promises, told with a service that only echoes.

mod echo;

use std::sync::Arc;

use chassis::{Input, MessageId, Missing, Worker};
use contracts::Uuid;
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
async fn those_that_cannot_be_decided_are_found_among_those_that_can() {
    let bench = Bench::of(Echo).await;
    let mut worker = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();
    let texts = [1, 2, 9, 3, 4, 5, 0, 6, 7];
    let inputs: Vec<Input> = (1..).zip(texts).map(|(number, text)| page(number, text)).collect();

    let mut found = worker.rehearse(NOW, &inputs).await.unwrap();
    found.sort();
    let loud = [0, 9].map(|it| (MessageId(Uuid::from_u128(it)), "too loud".to_owned()));
    assert_eq!(found, loud);

    let committed = worker.transact_without(NOW, &inputs, found).await.unwrap();
    assert_eq!((committed.decided, committed.parked), (7, 2));
    assert_eq!(worker.rehearse(NOW, &[page(10, 8)]).await.unwrap(), []);
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

#[tokio::test]
async fn a_page_that_holds_nothing_moves_the_position_in_memory() {
    let bench = Bench::of(Echo).await;
    let open = || Worker::open(Arc::new(Echo), bench.db.clone(), ONLY);
    let silent = |number| {
        let Input::Page(page) = page(number, 9) else { unreachable!() };
        let mut page = (*page).clone();
        page.said[0].subject = "mountaineer.sang.v1".to_owned();
        [Input::Page(Arc::new(page))]
    };
    let mut worker = open().await.unwrap();
    worker.transact(NOW, &[page(1, 1)]).await.unwrap();

    let nothing = worker.transact(NOW, &silent(2)).await.unwrap();
    assert_eq!((nothing.decided, nothing.missing.len()), (0, 0));
    assert_eq!((worker.heard()["mountaineer"], worker.is_unsaved()), (2, true));
    let mut restarted = open().await.unwrap();
    assert_eq!(restarted.heard()["mountaineer"], 1, "after a crash it is heard again");

    let next = worker.transact(NOW, &[page(3, 3)]).await.unwrap();
    assert_eq!(next.page.unwrap().page.heard["mountaineer"], 3, "written down with what follows");
    assert!(!worker.is_unsaved());

    worker.transact(NOW, &silent(4)).await.unwrap();
    worker.save(NOW).await.unwrap();
    assert_eq!(open().await.unwrap().heard()["mountaineer"], 4, "or by itself");
    assert!(restarted.save(NOW).await.is_err(), "behind the same fence");
}

#[tokio::test]
async fn whom_an_earlier_release_listened_to_is_not_waited_for() {
    let bench = Bench::of(Echo).await;
    let mut earlier = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();
    earlier.transact(NOW, &[page(1, 1)]).await.unwrap();
    sqlx::query("update position set heard = (heard::jsonb || '{\"the forest\": 3}')")
        .execute(&bench.db)
        .await
        .unwrap();

    let mut worker = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();
    let Input::Page(effect) = page(2, 2) else { unreachable!() };
    let mut effect = (*effect).clone();
    effect.heard.insert("the forest".to_owned(), 5);
    let next = worker.transact(NOW, &[Input::Page(Arc::new(effect))]).await.unwrap();

    assert_eq!((next.missing, next.decided), (vec![], 1));
    assert!(!worker.heard().contains_key("the forest"));
}
