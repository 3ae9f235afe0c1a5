//! The postman at work, round after round, beside others.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Notify, oneshot};

use super::home::Home;
use super::sink::{Mood, Sink};
use crate::store::Round;

#[tokio::test]
async fn of_several_postmen_one_makes_the_round() {
    let home = Home::of("place a").await;

    let first = Round::take(home.db()).await.unwrap();
    let second = Round::take(home.db()).await.unwrap();
    assert!(first.is_some() && second.is_none());

    first.unwrap().end().await.unwrap();
    assert!(Round::take(home.db()).await.unwrap().is_some());
}

#[tokio::test]
async fn two_replicas_send_every_letter_once_and_one_goes_on_when_the_other_ends() {
    let home = Home::of(&confirmed("cdefghijkl")).await;
    let sink = Sink::open([]).await;
    let (mut left, mut right) = (home.postman(&sink), home.postman(&sink));
    let ((close_left, left_closing), (close_right, right_closing)) = (door(), door());
    let never = || std::future::pending::<()>();

    let story = async {
        until(|| sink.mails().len() == 10).await;
        close_left.send(()).unwrap();
        home.hear(&confirmed("mn")).await;
        until(|| sink.mails().len() == 12).await;
        close_right.send(()).unwrap();
    };
    let (one, two, ()) = tokio::join!(
        left.serve(home.db(), never, left_closing),
        right.serve(home.db(), never, right_closing),
        story
    );

    one.and(two).unwrap();
    assert_eq!(home.letters().await, "confirmed sent 1\n".repeat(12));
}

#[tokio::test]
async fn news_from_the_worker_wakes_the_postman() {
    let home = Home::of("place c").await;
    let sink = Sink::open([]).await;
    let mut postman = home.postman(&sink);
    let (close, closing) = door();
    let bell = Notify::new();

    let story = async {
        // Long enough for him to have looked, and short against his rest.
        tokio::time::sleep(Duration::from_millis(300)).await;
        home.hear("confirm c").await;
        bell.notify_one();
        let soon =
            tokio::time::timeout(Duration::from_millis(2500), until(|| sink.mails().len() == 1));
        soon.await.expect("in less than his rest");
        close.send(()).unwrap();
    };
    let (served, ()) = tokio::join!(postman.serve(home.db(), || bell.notified(), closing), story);

    served.unwrap();
}

#[tokio::test]
async fn what_is_on_its_way_when_the_office_closes_is_brought_to_its_end() {
    let home = Home::of(&confirmed("cdefghijklmnopqrstuvwx")).await;
    let sink = Sink::open([Mood::Dawdle(Duration::from_millis(300)); 22]).await;
    let mut postman = home.postman(&sink);
    let (close, closing) = door();

    let story = async {
        until(|| sink.busiest() == 8).await;
        close.send(()).unwrap();
    };
    let (served, ()) =
        tokio::join!(postman.serve(home.db(), std::future::pending::<()>, closing), story);

    served.unwrap();
    assert_eq!(sink.mails().len(), 8);
    let letters = home.letters().await;
    assert_eq!(letters.matches("sent 1").count(), 8);
    assert_eq!(letters.matches("queued 0").count(), 14);
}

fn confirmed(orders: &str) -> String {
    let lines: Vec<String> = orders.chars().map(|it| format!("place {it}; confirm {it}")).collect();
    lines.join("; ")
}

/// The office's door: send to close it.
fn door() -> (oneshot::Sender<()>, Shared<BoxFuture<'static, ()>>) {
    let (close, closed) = oneshot::channel();
    let closing = async move {
        let _whoever_closed_it_is_gone = closed.await;
    };
    (close, closing.boxed().shared())
}

/// Waits for a state, and not for ever.
async fn until(reached: impl Fn() -> bool) {
    let wait = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it comes to that");
}
