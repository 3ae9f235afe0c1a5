//! Every code that a page may come upon has words, in both languages.

use contracts::{Language, MessageSet, Status};

use crate::Inbound;
use crate::console::words;

const BOTH: [Language; 2] = [Language::Chinese, Language::English];

#[test]
fn everything_that_is_heard_of_an_order_has_words() {
    let of_orders = Inbound::CONTRACTS.iter().filter(|it| it.subject != "inventory.level.v1");
    let mut counted = 0;
    for contract in of_orders {
        let (service, what) = contract.subject.split_once('.').unwrap();
        let what = what.split('.').next().unwrap();
        for language in BOTH {
            assert!(words::service(language, service).is_some(), "{service}");
            assert!(words::what(language, service, what).is_some(), "{service}.{what}");
        }
        counted += 1;
    }
    assert_eq!(counted, words::EVENTS.len(), "and there are no words for what is never heard");
}

/// What stands in `credit`'s table of verdicts, and why intake holds an order.
#[test]
fn credit_says_nothing_without_words() {
    let rooms = ["within", "slightly_over", "beyond"];
    let classes =
        ["A", "C", "D"].into_iter().flat_map(|it| rooms.map(|room| format!("{it}.{room}")));
    let b = ["within_90", "above_90", "slightly_over", "beyond"].map(|room| format!("B.{room}"));
    let others = ["stop", "prepaid", "free", "no_limit", "credit_refused", "credit_review"];
    let all: Vec<String> = classes.chain(b).chain(others.map(str::to_owned)).collect();
    assert_eq!(all.len(), 19);
    for code in all {
        for language in BOTH {
            assert!(words::reason(language, &code).is_some(), "{code}");
        }
    }
}

#[test]
fn words_differ_by_language_and_by_code() {
    let tables = [
        words::SERVICES,
        words::EVENTS,
        words::REASONS,
        words::MOVEMENTS,
        words::PROBLEMS,
        words::FIGURES,
    ];
    for table in tables {
        for (nth, (code, english, chinese)) in table.iter().enumerate() {
            assert!(english.is_ascii() && !english.is_empty(), "{code}: {english}");
            assert!(!chinese.is_ascii(), "{code}: {chinese}");
            assert!(table[..nth].iter().all(|it| it.0 != *code), "{code} stands twice");
        }
    }
    let names: std::collections::BTreeSet<&str> = Status::ALL
        .into_iter()
        .flat_map(|it| BOTH.map(|language| words::status(language, it)))
        .collect();
    assert_eq!(names.len(), 2 * Status::ALL.len());
}

#[test]
fn a_storefront_is_called_by_its_channel() {
    assert_eq!(words::who(Language::English, "channel:web"), "Channel web");
    assert_eq!(words::who(Language::Chinese, "channel:web"), "渠道 web");
    assert_eq!(words::who(Language::Chinese, "wang.fang"), "wang.fang");
}
