//! The published machine and the rules: nothing happens that is not published (that is a property),
//! and nothing is published that does not happen.

use std::collections::BTreeSet;

use contracts::Status;

use super::telling::{START, books, read};
use crate::{Outbound, machine};

/// Begun on account, and claimed: confirmed.
const CLAIMED: &str = "place a on_account; approve a; claim a 1:2 2:12; ";

/// The same, and one line of it gone.
const PARTLY_SHIPPED: &str = "place a on_account; approve a; claim a 1:2 2:12; pick a s1 1:2; \
    picked a s1 1:2; packed a s1 1:2; shipped a s1 1:2; ";

/// Every step of the machine is taken by one of these.
pub(super) const WAYS: &[(&str, &str)] = &[
    ("", "place a on_account; cancel a"),
    ("", "place a on_account; approve a; claim a - 1:2 2:12; fill a 2:12"),
    ("", "place a on_account; approve a; claim a - 1:2 2:12; cancel a; withdrawn a -"),
    ("", "place a on_account; hold a; release a"),
    ("", "place a on_account; hold a; refuse a"),
    ("", "place a on_account; hold a; claim a 1:2 2:12; release a; promote a 1:2 2:12"),
    ("", "place a on_account; hold a; claim a - 1:2 2:12; release a; promote a"),
    ("", "place a prepaid; hold a; claim a 1:2 2:12 soft; release a; payment-overdue a"),
    ("", "place a prepaid; approve a; claim a 1:2 2:12 soft; pay a; promote a 1:2 2:12"),
    ("", "place a prepaid; approve a; claim a - 1:2 2:12 soft; pay a; promote a"),
    ("", "place a prepaid; approve a; claim a 1:2 2:12 soft; cancel a"),
    (CLAIMED, "cancel a; withdrawn a -"),
    // A pick of what is kept elsewhere had begun before the rest was picked.
    (CLAIMED, "pick a s1 1:2 @W2; start a s1; pick a s2 2:12"),
    (CLAIMED, "unclaim a 1:2; unclaim a 2:12; claim#2 a - 1:2"),
    (CLAIMED, "unclaim a 1:2 2:12; claim#2 a - 1:2 2:12; pick a s1 1:2 2:12; picked a s1 1:2 2:12"),
    (CLAIMED, "pick a s1 1:2; cancel a; withdrawn a -"),
    (CLAIMED, "pick a s1 1:2; start a s1; picked a s1 - 1:2"),
    (CLAIMED, "pick a s1 1:2; pick a s2 2:12; start a s1; picked a s1 - 1:2"),
    (
        "place a on_account; approve a; claim a 1:2 - 2:12; ",
        "pick a s1 1:2; start a s1; picked a s1 - 1:2",
    ),
    (
        CLAIMED,
        "pick a s1 1:2 2:12; picked a s1 1:2 2:12; packed a s1 1:2 2:12; shipped a s1 1:2 2:12; \
         delivered a s1 1:2 2:12; invoice a s1",
    ),
    (
        CLAIMED,
        "pick a s1 1:2 2:12; picked a s1 1:2 2:12; packed a s1 1:2 2:12; shipped a s1 1:2 2:12; \
         door a s1 1:2 2:12; returned a s1 1:2 2:12",
    ),
    (
        CLAIMED,
        "pick a s1 1:2; pick a s2 2:12; picked a s1 1:2; picked a s2 2:12; packed a s1 1:2; \
         packed a s2 2:12; shipped a s1 1:2; shipped a s2 2:12; delivered a s2 2:12; \
         delivered a s1 1:2",
    ),
    (PARTLY_SHIPPED, "door a s1 1:2; returned a s1 1:2"),
    (PARTLY_SHIPPED, "door a s1 1:2; pick a s2 2:12; returned a s1 1:2"),
    (PARTLY_SHIPPED, "door a s1 1:2; pick a s2 2:12; start a s2; returned a s1 1:2"),
    (
        PARTLY_SHIPPED,
        "door a s1 1:2; pick a s2 2:12; picked a s2 2:12; packed a s2 2:12; returned a s1 1:2",
    ),
    (PARTLY_SHIPPED, "unclaim a 2:12; claim#2 a - 2:12; door a s1 1:2; returned a s1 1:2"),
    (PARTLY_SHIPPED, "pick a s2 2:12; picked a s2 2:12; packed a s2 2:12; shipped a s2 2:12"),
    (
        PARTLY_SHIPPED,
        "delivered a s1 1:2; pick a s2 2:12; picked a s2 2:12; packed a s2 2:12; shipped a s2 2:12",
    ),
    (PARTLY_SHIPPED, "delivered a s1 1:2; unclaim a 2:12; fail#2 a 2:12"),
];

#[test]
fn nothing_is_published_that_does_not_happen() {
    let mut seen = BTreeSet::new();
    for (begin, end) in WAYS {
        let (mut books, mut before) = (books(), None);
        let story = format!("{begin}{end}");
        for said in story.split(';').flat_map(|it| books.decide(START, read(it))) {
            if let Outbound::OrderStatus(it) = said {
                seen.insert((before, it.status));
                before = Some(it.status);
            }
        }
    }
    // What is refused is no order.
    let orders = machine::AFTER.iter().filter(|it| it.0 != Some(Status::Rejected));
    let published = orders.flat_map(|(after, next)| next.iter().map(|it| (*after, *it)));
    let never: Vec<_> = published.filter(|it| !seen.contains(it)).collect();
    assert_eq!(never, [(None, Status::Rejected)]);
}
