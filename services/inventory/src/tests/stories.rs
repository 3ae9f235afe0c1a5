//! What inventory says, told as stories. `wait 35m` lets time pass and rings what is due; what is
//! noted for at once rings with `ring`.

use contracts::Timestamp;
use expect_test::{Expect, expect};
use jiff::SignedDuration;

use super::{START, read, tell};
use crate::books::Books;
use crate::{Inbound, Outbound};

/// Tells the books a story, one message per line, and compares all that they say.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
pub(super) fn check(story: &str, expected: Expect) {
    let (mut books, mut now) = (Books::default(), START);
    let mut timers: Vec<(Timestamp, Inbound)> = Vec::new();
    let mut told = String::new();
    for line in story.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let messages = if let Some(time) = line.strip_prefix("wait ") {
            now += time.parse::<SignedDuration>().unwrap();
            due(&mut timers, now)
        } else if line == "ring" {
            due(&mut timers, now)
        } else {
            vec![read(line)]
        };
        for message in messages {
            for said in books.decide(now, &message) {
                told += &tell(&said);
                timers.extend(timer(&said));
            }
        }
        books.noted.clear(); // Each line is a batch.
    }
    expected.assert_eq(&told);
}

fn due(timers: &mut Vec<(Timestamp, Inbound)>, now: Timestamp) -> Vec<Inbound> {
    let (mut due, later): (Vec<_>, Vec<_>) = timers.drain(..).partition(|(at, _)| *at <= now);
    *timers = later;
    due.sort_by_key(|(at, _)| *at);
    due.into_iter().map(|(_, it)| it).collect()
}

/// A timer comes back to whoever set it.
pub(super) fn timer(said: &Outbound) -> Option<(Timestamp, Inbound)> {
    Some(match said {
        Outbound::LeaseEnds(it) => (it.at, it.clone().into()),
        Outbound::LevelsDue(it) => (it.at, it.clone().into()),
        Outbound::BackorderServed(it) => (it.at, it.clone().into()),
        Outbound::ClaimsTaken(it) => (it.at, it.clone().into()),
        Outbound::BackordersDue(it) => (it.at, it.clone().into()),
        _ => return None,
    })
}

#[test]
fn the_first_plan_that_fits_is_claimed_whole() {
    check(
        "receive S E 3 d1
         receive S W 5 d2
         plan a: E 1S4 | W 1S4
         plan b: E 1S2 + W 1S1
         plan c: E 1S2",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            S received 5@W
            booked S@W: good 5, reserved 0, allocated 0
            a claimed 1S4@W
            b claimed 1S2@E 1S1@W
            c refused; there is S@E 1
        "#]],
    );
}

#[test]
fn what_is_named_twice_is_taken_twice() {
    check(
        "receive S E 3 d1
         plan a: E 1S2 2S2
         plan b: E 1S2 1S1",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a refused; there is S@E 3
            b claimed 1S3@E
        "#]],
    );
}

#[test]
fn a_plan_that_brings_less_than_is_wanted_does_not_fit() {
    check(
        "receive S E 9 d1
         plan a want 1S3: E 1S2",
        expect![[r#"
            S received 9@E
            booked S@E: good 9, reserved 0, allocated 0
            (levels to tell)
            a refused; there is S@E 9
        "#]],
    );
}

#[test]
fn what_is_lacking_waits_for_supply() {
    check(
        "receive S E 3 d1
         receive S W 1 d2
         plan a want 1S6: / E W
         receive S N 5 d3
         receive S W 1 d4
         ring
         report S E received 9 d5
         ring",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            S received 1@W
            booked S@W: good 1, reserved 0, allocated 0
            a claimed 1S3@E 1S1@W; lacks 1S2
            S received 5@N
            booked S@N: good 5, reserved 0, allocated 0
            S received 1@W
            (note to a: 1S1@W)
            booked S@W: good 2, reserved 0, allocated 2
            a filled 1S1@W
            S received 9@E
            (note to a: 1S1@E)
            a filled 1S1@E
        "#]],
    );
}

#[test]
fn a_plan_counts_once_and_a_later_one_supersedes_it() {
    check(
        "receive S E 3 d1
         plan a round 2: E 1S1
         plan a round 2: E 1S1
         plan a round 1: E 1S1
         plan a attempt 2: E 1S2",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S1@E
            a claimed 1S2@E
        "#]],
    );
}

#[test]
fn an_order_that_ends_keeps_nothing() {
    check(
        "receive S E 3 d1
         plan a lease want 1S4: / E
         cancel a
         ring
         receive S E 1 d2
         plan a attempt 2: E 1S1
         promote a
         hold a
         expire b
         plan b: E 1S1
         plan c: E 1S4",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E until 35m; lacks 1S1
            (a's lease 1 ends 35m)
            a released 1S3@E
            S received 1@E
            booked S@E: good 4, reserved 0, allocated 0
            c claimed 1S4@E
        "#]],
    );
}

/// A count took the claim, the picker found the goods all the same (simulation, seed 1004): what was
/// claimed in their place is free when the order is complete, and nothing is claimed for it any more.
#[test]
fn an_order_that_is_complete_keeps_nothing() {
    check(
        "receive S E 3 d1
         receive S W 3 d2
         plan a: E 1S3
         count S E 0 d3
         ring
         plan a attempt 2: W 1S3
         complete a
         plan a attempt 3: W 1S3
         plan b: W 1S3",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            S received 3@W
            booked S@W: good 3, reserved 0, allocated 0
            a claimed 1S3@E
            (note to a: lost 1S3@E)
            booked S@E: good 0, reserved 0, allocated 0
            a lost 1S3@E
            a claimed 1S3@W
            a released 1S3@W
            b claimed 1S3@W
        "#]],
    );
}

#[test]
fn what_is_given_back_goes_to_those_who_wait() {
    check(
        "receive S E 3 d1
         plan a: E 1S3
         plan b want 1S2: / E
         plan c want 1S2: / E
         cancel a
         ring",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E
            b claimed nothing; lacks 1S2
            c claimed nothing; lacks 1S2
            a released 1S3@E
            (S to serve)
            (note to b: 1S2@E)
            (note to c: 1S1@E)
        "#]],
    );
}

#[test]
fn who_waits_longer_or_matters_more_is_served_first() {
    check(
        "plan a priority 0 want 1S1: / E
         wait 1h
         plan b priority 40 want 1S1: / E
         plan c priority 60 want 1S1: / E
         receive S E 1 d1
         receive S E 1 d2
         receive S E 1 d3",
        expect![[r#"
            a claimed nothing; lacks 1S1
            b claimed nothing; lacks 1S1
            c claimed nothing; lacks 1S1
            S received 1@E
            (note to c: 1S1@E)
            booked S@E: good 1, reserved 0, allocated 1
            (levels to tell)
            S received 1@E
            (note to a: 1S1@E)
            booked S@E: good 2, reserved 0, allocated 2
            S received 1@E
            (note to b: 1S1@E)
            booked S@E: good 3, reserved 0, allocated 3
        "#]],
    );
}

#[test]
fn goods_leave_and_come_back() {
    check(
        "receive S E 5 d1
         plan a: E 1S3 2S2
         pick a E x: 1S2 2S2 short 1S1
         ship a E x: 1S2 2S2
         ship a E x: 1S2 2S2
         return a E x: 1S2 2S2
         return a E x: 1S2 2S2
         count S E 0 d2",
        expect![[r#"
            S received 5@E
            booked S@E: good 5, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E 2S2@E
            booked S@E: good 0, reserved 0, allocated 0
        "#]],
    );
}

#[test]
fn a_count_below_the_claims_takes_from_the_least_urgent() {
    check(
        "receive S E 6 d1
         plan a priority 1000: E 1S2
         plan b: E 1S2
         plan c lease: E 1S2
         count S E 3 d2
         ring
         count S E 3 d2
         report S E damaged 2 d3
         ring",
        expect![[r#"
            S received 6@E
            booked S@E: good 6, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S2@E
            b claimed 1S2@E
            c claimed 1S2@E until 35m
            (c's lease 1 ends 35m)
            (note to c: lost 1S2@E)
            (note to b: lost 1S1@E)
            booked S@E: good 3, reserved 0, allocated 3
            c lost 1S2@E
            b lost 1S1@E
            booked S@E: good 3, reserved 0, allocated 3
            (note to b: lost 1S1@E)
            (note to a: lost 1S1@E)
            b lost 1S1@E
            a lost 1S1@E
        "#]],
    );
}

#[test]
fn what_was_counted_away_is_not_short_again() {
    check(
        "receive S E 3 d1
         plan a: E 1S3
         count S E 2 d2
         pick a E x: 1S2 short 1S1
         ship a E x: 1S2
         count S E 0 d3",
        expect![[r#"
            S received 3@E
            booked S@E: good 3, reserved 0, allocated 0
            (levels to tell)
            a claimed 1S3@E
            (note to a: lost 1S1@E)
            booked S@E: good 2, reserved 0, allocated 2
            booked S@E: good 0, reserved 0, allocated 0
        "#]],
    );
}

#[test]
fn documents_that_make_no_sense_are_not_booked() {
    check(
        "receive S E 0 d1
         receive S E 1000000001 d1
         count S E -1 d1
         report S E received 0 d1
         report S E stolen 1 d1
         receive S E 1 d1
         receive S E 2 d1",
        expect![[r#"
            S@E not booked: /quantity range
            S@E not booked: /quantity range
            S@E not booked: /counted range
            S received 1@E
            booked S@E: good 1, reserved 0, allocated 0
            (levels to tell)
            booked S@E: good 1, reserved 0, allocated 0
        "#]],
    );
}
