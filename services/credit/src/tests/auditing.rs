//! What the audit of the tables in memory finds.

use contracts::credit::Verdict;
use contracts::{Cents, Currency};

use super::{START, customer, order, story, told};
use crate::commitment::State;
use crate::memory::{Tables, audit};

/// An order that is partly delivered, one that a person let through, and one that is held.
fn tables() -> Tables {
    let mut tables = Tables::default();
    let lines = "limit A 1000; place a A 500; deliver a s1 1:2; place b A 600; release b bob 3; \
        place c A 700";
    tables.open([customer("A")].into(), START);
    tables.keep(START, told(story(lines)));
    tables
}

fn found(wrong: impl FnOnce(&mut Tables)) -> Vec<String> {
    let mut tables = tables();
    wrong(&mut tables);
    let mut faults = audit(&tables);
    for name in ["a", "b", "c"] {
        for it in &mut faults {
            *it = it.replace(&order(name).to_string(), name);
        }
    }
    faults
        .into_iter()
        .map(|it| it.split(" Exposure").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn what_the_rules_wrote_is_whole() {
    assert_eq!(found(|_| {}), [""; 0]);
}

#[test]
fn a_cent_that_no_entry_moved_is_found() {
    assert_eq!(
        found(|it| it.commitments.get_mut(&order("a")).unwrap().stages.authorised += Cents(1)),
        ["order a stands at", "A stands at"]
    );
    assert_eq!(
        found(|it| {
            let books = it.books.get_mut(&customer("A")).unwrap();
            books.get_mut(&Currency::CNY).unwrap().book.exposure.pending += Cents(1);
        }),
        ["A stands at", "A in CNY stands at"]
    );
}

#[test]
fn an_entry_that_is_changed_is_found() {
    let faults = found(|it| {
        it.entries.get_mut(&order("a")).unwrap()[0].1.change.authorised += Cents(600);
    });
    for begin in ["order a stands at", "order a asks for 500, and begins", "order b was judged by"]
    {
        assert!(faults.iter().any(|it| it.starts_with(begin)), "{begin}: {faults:?}");
    }
}

#[test]
fn an_approval_beyond_the_limit_is_found() {
    let by_rule = |it: &mut Tables| {
        it.decisions.get_mut(&order("b")).unwrap().body.verdict = Verdict::Approve;
    };
    let faults = found(by_rule);
    for fault in
        ["order b was approved at 1100, of 1000", "A was let through for 1100 by rule, of 1000"]
    {
        assert!(faults.iter().any(|it| it == fault), "{fault}: {faults:?}");
    }
}

#[test]
fn a_release_that_nobody_signed_is_found() {
    let unsigned = |it: &mut Tables| {
        let entries = it.entries.get_mut(&order("b")).unwrap();
        entries.last_mut().unwrap().1.remark = None;
    };
    assert_eq!(found(unsigned), ["order b was held, and authorised without anybody's word"]);
}

#[test]
fn an_order_that_is_over_and_still_authorised_is_found() {
    assert_eq!(
        found(|it| it.commitments.get_mut(&order("b")).unwrap().state = State::Ended),
        ["order b is ended, and 600 of it authorised"]
    );
}

#[test]
#[should_panic(expected = "counted twice")]
fn an_entry_is_written_once() {
    tables().keep(START, told(story("limit A 1000; place a A 500")));
}
