use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Ear, Head, Heard, Missing, Page, Portion, Read};

#[test]
fn a_portion_survives_the_wire() {
    let piece = |number, bytes: &[u8]| super::wire::Piece { number, of: 9, bytes: bytes.to_vec() };
    let portion = Portion { head: 7, pieces: vec![piece(3, b"abc"), piece(4, b"")] };
    let bytes = portion.to_bytes();
    assert_eq!(Portion::from_bytes(&bytes).unwrap(), portion);
    assert!(Portion::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let read = serde_json::from_str::<Read>(r#"{"partition": 1, "from": 2}"#).unwrap();
    assert_eq!((read.partition, read.from, read.offset), (1, 2, 0));
}

#[test]
fn a_speaker_that_was_put_back_in_time_is_refused() {
    let mut ear = Ear::new(BTreeMap::from([("a".to_owned(), 5)]));
    ear.head(&head(4), 0); // May be an old announcement: it is asked, not believed.
    let asked = ear.asks(20);
    assert_eq!(asked, [Missing { speaker: "a".to_owned(), from: 6 }]);
    assert!(ear.answer(&asked[0], &head(5), vec![], 0).is_ok());
    let refused = ear.answer(&asked[0], &head(4), vec![], 0).unwrap_err();
    assert!(refused.to_string().contains("was put back"));
}

/// Found by the simulation: the answer was on its way while the speaker said its next page.
#[test]
fn an_answer_that_a_page_has_overtaken_is_no_sign_of_it() {
    let mut ear = Ear::new(BTreeMap::from([("a".to_owned(), 0)]));
    ear.connected(0);
    let asked = ear.asks(0);
    ear.page(page("a", 1, &[]));
    assert_eq!(ear.take(1, 0).len(), 1);
    assert!(ear.answer(&asked[0], &head(0), vec![], 0).is_ok());
}

/// Found by chaos, seed 11: whoever is not answered asks ever more seldom.
#[test]
fn who_is_not_answered_asks_more_and_more_seldom() {
    let mut ear = Ear::new(BTreeMap::from([("a".to_owned(), 0)]));
    ear.connected(0);
    let mut asked_at = Vec::new();
    for now in 0..20_000 {
        if !ear.asks(now).is_empty() {
            asked_at.push(now);
        }
    }
    assert_eq!(asked_at, [0, 250, 750, 1_750, 3_750, 7_750, 11_750, 15_750, 19_750]);
    // Half of what is missing comes, and the other half is asked for as if nothing had been.
    ear.head(&head(2), 20_000);
    ear.page(page("a", 1, &[]));
    assert_eq!(ear.take(9, 20_000).len(), 1);
    assert_eq!(ear.asks(20_000).len(), 1);
    assert_eq!(ear.next_ask(), Some(20_500));
}

/// Else each of them would go on asking beside the others.
#[test]
fn several_answers_to_one_ask_lead_to_one_ask_for_the_next_portion() {
    let mut ear = Ear::new(BTreeMap::from([("a".to_owned(), 0)]));
    ear.connected(0);
    let (first, again) = (ear.asks(0), ear.asks(250));
    assert_eq!(first, again);
    let portion = || (1..=64).map(|it| page("a", it, &[])).collect::<Vec<_>>();
    ear.answer(&first[0], &head(100), portion(), 300).unwrap();
    assert_eq!(ear.asks(300), [Missing { speaker: "a".to_owned(), from: 65 }]);
    ear.answer(&again[0], &head(100), portion(), 310).unwrap();
    assert_eq!(ear.take(512, 310).len(), 64);
    assert_eq!(ear.asks(311), []);
    let rest = (65..=100).map(|it| page("a", it, &[])).collect();
    ear.answer(&Missing { speaker: "a".to_owned(), from: 65 }, &head(100), rest, 320).unwrap();
    ear.answer(&again[0], &head(100), portion(), 330).unwrap();
    assert_eq!(ear.take(512, 330).len(), 36);
    assert_eq!(ear.next_ask(), None);
}

/// What it has no place for it would ask for, and drop, as fast as the speaker answers.
#[test]
fn who_waits_for_a_cause_asks_for_no_more_than_there_is_a_place_for() {
    let mut ear = Ear::new(BTreeMap::from([("a".to_owned(), 0), ("b".to_owned(), 0)]));
    ear.head(&head(1_000), 0);
    ear.take(512, 0);
    let mut asked = 0;
    for now in 20..220 {
        for ask in ear.asks(now).into_iter().filter(|it| it.speaker == "a") {
            asked += 1;
            let pages = (ask.from..ask.from + 64).map(|it| page("a", it, &[("b", 1)])).collect();
            ear.answer(&ask, &head(1_000), pages, now).unwrap();
        }
        assert_eq!(ear.take(512, now).len(), 0);
    }
    assert_eq!(asked, 4, "256 pages have a place");
    ear.page(page("b", 1, &[]));
    assert_eq!(ear.take(512, 220).len(), 257);
    let next = ear.asks(240);
    assert_eq!(next.iter().find(|it| it.speaker == "a").map(|it| it.from), Some(257));
}

fn page(speaker: &str, number: i64, heard: &[(&str, i64)]) -> Arc<Page> {
    let heard: Heard = heard.iter().map(|(it, number)| ((*it).to_owned(), *number)).collect();
    let at = contracts::Timestamp::UNIX_EPOCH;
    Arc::new(Page { speaker: speaker.to_owned(), partition: 0, number, at, heard, said: vec![] })
}

fn head(number: i64) -> Head {
    Head { speaker: "a".to_owned(), number }
}
