use std::collections::BTreeMap;

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
    let (partition, at, said) = (0, contracts::Timestamp::UNIX_EPOCH, vec![]);
    let page =
        Page { speaker: "a".to_owned(), partition, number: 1, at, heard: Heard::new(), said };
    ear.page(page.into());
    assert_eq!(ear.take(1, 0).len(), 1);
    assert!(ear.answer(&asked[0], &head(0), vec![], 0).is_ok());
}

fn head(number: i64) -> Head {
    Head { speaker: "a".to_owned(), number }
}
