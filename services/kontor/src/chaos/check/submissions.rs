//! The journal against the books: nothing that was accepted is lost, nothing is doubled, nothing that
//! was refused is there.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{OrderId, Uuid};

use super::{Violation, violation};
use crate::chaos::journal::{Attempt, Op, Outcome};
use crate::ledgers::Ledgers;

const PLACED: &str = "select channel, external_id, order_id from placement";

/// A channel, and how it calls an order.
type Name = (String, String);

/// All that was seen of a name.
#[derive(Debug, Default)]
struct Seen {
    /// In answers that say that there is such an order.
    orders: BTreeSet<OrderId>,
    /// It was handed in as a good order.
    is_good: bool,
    is_rejected: bool,
}

pub(super) async fn look(
    ledgers: &Ledgers,
    attempts: &[Attempt],
) -> anyhow::Result<Vec<Violation>> {
    let placed: Vec<(String, String, Uuid)> = ledgers.rows("intake", PLACED).await?;
    let placed: Vec<(Name, OrderId)> =
        placed.into_iter().map(|it| ((it.0, it.1), OrderId(it.2))).collect();
    Ok(compare(&placed, attempts))
}

fn compare(placed: &[(Name, OrderId)], attempts: &[Attempt]) -> Vec<Violation> {
    let mut seen: BTreeMap<Name, Seen> = BTreeMap::new();
    for it in attempts.iter().filter(|it| !it.external_id.is_empty()) {
        let seen = seen.entry((it.channel.clone(), it.external_id.clone())).or_default();
        match it.outcome {
            Outcome::Accepted | Outcome::Duplicate | Outcome::Conflict => {
                seen.orders.extend(it.order);
            }
            Outcome::Rejected if it.op != Op::Cancel => seen.is_rejected = true,
            Outcome::Rejected | Outcome::Cancelled | Outcome::Refused | Outcome::Unknown => {}
        }
        seen.is_good |= matches!(it.op, Op::Place | Op::Submit | Op::HttpPlace | Op::Poison);
    }
    let mut found = Vec::new();
    let mut books: BTreeMap<&Name, Vec<OrderId>> = BTreeMap::new();
    for (name, order) in placed {
        books.entry(name).or_default().push(*order);
    }
    for ((channel, name), orders) in &books {
        let what = format!("{channel} {name}: {orders:?}");
        if orders.len() > 1 {
            found.push(violation("no order is doubled", what.clone()));
        }
        match seen.get(&(channel.clone(), name.clone())) {
            Some(it) if it.is_good => {}
            _ => found.push(violation("no order comes from nowhere", what)),
        }
    }
    for (name, seen) in &seen {
        let of = books.get(name).map_or(&[][..], Vec::as_slice);
        let what = format!("{} {}: answered {:?}, kept {of:?}", name.0, name.1, seen.orders);
        if seen.orders.len() > 1 {
            found.push(violation("an order has one id", what));
        } else if seen.orders.iter().any(|it| !of.contains(it)) {
            found.push(violation("no order is lost", what));
        } else if seen.is_rejected && !of.is_empty() && seen.orders.is_empty() {
            found.push(violation("what was refused is not there", what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use contracts::Timestamp;

    use super::*;

    fn order(nth: u128) -> OrderId {
        OrderId(Uuid::from_u128(nth))
    }

    fn attempt(op: Op, external_id: &str, outcome: Outcome, nth: Option<u128>) -> Attempt {
        Attempt {
            at: Timestamp::UNIX_EPOCH,
            client: "channel-web".to_owned(),
            op,
            channel: "web".to_owned(),
            external_id: external_id.to_owned(),
            key: None,
            body: String::new(),
            outcome,
            order: nth.map(order),
            codes: vec![],
            trace: None,
        }
    }

    fn kept(external_id: &str, nth: u128) -> (Name, OrderId) {
        (("web".to_owned(), external_id.to_owned()), order(nth))
    }

    /// The promises that are broken.
    fn broken(placed: &[(Name, OrderId)], attempts: &[Attempt]) -> Vec<String> {
        compare(placed, attempts).into_iter().map(|it| it.promise).collect()
    }

    #[test]
    fn what_was_answered_is_what_is_kept() {
        let attempts = [
            attempt(Op::Place, "a", Outcome::Unknown, None),
            attempt(Op::Place, "a", Outcome::Accepted, Some(1)),
            attempt(Op::Place, "a", Outcome::Duplicate, Some(1)),
            attempt(Op::Garbage, "a", Outcome::Conflict, Some(1)),
            attempt(Op::Garbage, "x", Outcome::Rejected, None),
            attempt(Op::Garbage, "", Outcome::Rejected, None),
            attempt(Op::Cancel, "a", Outcome::Rejected, Some(1)),
            attempt(Op::Submit, "b", Outcome::Unknown, None),
            attempt(Op::Submit, "c", Outcome::Unknown, None),
        ];
        assert_eq!(broken(&[kept("a", 1), kept("b", 2)], &attempts), [""; 0]);
    }

    #[test]
    fn whatever_is_lost_doubled_or_invented_is_found() {
        let accepted = attempt(Op::Place, "a", Outcome::Accepted, Some(1));
        let again = attempt(Op::Place, "a", Outcome::Accepted, Some(2));
        let rejected = attempt(Op::HttpPlace, "a", Outcome::Rejected, None);
        let garbage = attempt(Op::Garbage, "a", Outcome::Unknown, None);
        assert_eq!(broken(&[], std::slice::from_ref(&accepted)), ["no order is lost"]);
        assert_eq!(broken(&[kept("a", 2)], std::slice::from_ref(&accepted)), ["no order is lost"]);
        let twice = [kept("a", 1), kept("a", 2)];
        assert_eq!(broken(&twice, std::slice::from_ref(&accepted)), ["no order is doubled"]);
        assert_eq!(broken(&[kept("a", 1)], &[accepted, again]), ["an order has one id"]);
        assert_eq!(broken(&[kept("a", 1)], &[rejected]), ["what was refused is not there"]);
        assert_eq!(broken(&[kept("a", 1)], &[garbage]), ["no order comes from nowhere"]);
        assert_eq!(broken(&[kept("a", 1)], &[]), ["no order comes from nowhere"]);
    }
}
