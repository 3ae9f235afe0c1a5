//! Damages in what those outside saw: then they saw something else than what is in the books.

use serde_json::{Value, json};

use crate::Damage;
use crate::Harm::Outside;
use crate::outside::Outside as Seen;

/// An order that nobody has.
const NOBODY: &str = "0199c0de-0000-7000-8000-000000000001";

pub(crate) const DAMAGES: &[Damage] = &[
    Damage {
        what: "an order was accepted, and is not there",
        harm: Outside(|seen| {
            let mut lost = seen.journal[0].clone();
            (lost["external_id"], lost["order"]) = (json!("lost-1"), json!(NOBODY));
            seen.journal.push(lost);
        }),
        found: &["V1 accepted"],
    },
    Damage {
        what: "a stream took an order in, and nothing came of it",
        harm: Outside(|seen| {
            let mut lost = seen.journal[0].clone();
            lost["external_id"] = json!("lost-1");
            (lost["op"], lost["order"]) = (json!("submit"), Value::Null);
            seen.journal.push(lost);
        }),
        found: &["V1 accepted"],
    },
    Damage {
        what: "an order is there that nobody handed in",
        harm: Outside(|seen| {
            let name = seen.journal[0]["external_id"].clone();
            seen.journal.retain(|it| it["external_id"] != name);
        }),
        found: &["V1 nobody's"],
    },
    Damage {
        what: "an order was rejected, and is there",
        harm: Outside(|seen| {
            let name = seen.journal[0]["external_id"].clone();
            for it in seen.journal.iter_mut().filter(|it| it["external_id"] == name) {
                it["outcome"] = json!("rejected");
            }
        }),
        found: &["V1 rejected"],
    },
    Damage {
        what: "an order was answered as cancelled, and goes on",
        harm: Outside(|seen| {
            let order = order(&seen.journal, "wait-pick");
            seen.journal.push(json!({ "client": "web-1", "op": "cancel", "channel": "web",
                "external_id": "wait-pick", "outcome": "cancelled", "order": order }));
        }),
        found: &["V1 cancelled"],
    },
    Damage {
        what: "the same order was answered with two ids",
        harm: Outside(|seen| {
            let other = order(&seen.journal, "wait-pick");
            seen.journal[1]["order"] = other;
        }),
        found: &["V2 one id"],
    },
    Damage {
        what: "other content under the same name was taken for the same",
        harm: Outside(|seen| seen.journal[1]["body"] = json!("b")),
        found: &["V2 conflict"],
    },
    Damage {
        what: "a conflict was with an order that is nowhere",
        harm: Outside(|seen| {
            let conflict = seen.journal.iter_mut().find(|it| it["outcome"] == "conflict");
            if let Some(it) = conflict {
                it["order"] = json!(NOBODY);
            }
        }),
        found: &["V2 held"],
    },
    Damage {
        what: "a warehouse was told of one pick under two ids",
        harm: Outside(|seen| {
            let mut again = seen.picks[0].clone();
            again["id"] = json!("another");
            seen.picks.push(again);
        }),
        found: &["V10 told"],
    },
    Damage {
        what: "a warehouse was never told of a pick",
        harm: Outside(|seen| {
            let shipment = seen.picks[0]["shipment"].clone();
            seen.picks.retain(|it| it["shipment"] != shipment || it["what"].is_null());
        }),
        found: &["V10 told"],
    },
    Damage {
        what: "a warehouse reported a parcel, and nobody knows",
        harm: Outside(|seen| {
            let pick = order(&seen.journal, "wait-pick");
            let pick = seen.picks.iter().find(|it| it["order"] == pick).cloned();
            let mut pick = pick.unwrap_or_default();
            (pick["what"], pick["report"], pick["acked"]) =
                (Value::Null, json!("shipped"), json!(true));
            seen.picks.push(pick);
        }),
        found: &["V10 reported"],
    },
    Damage {
        what: "a parcel arrived that no warehouse ever began",
        harm: Outside(|seen| {
            let at = seen.picks.iter().position(|it| it["report"] == "delivered");
            seen.picks.remove(at.unwrap_or_default());
        }),
        found: &["V10 reported"],
    },
    Damage {
        what: "a letter came in twice, under two ids",
        harm: Outside(|seen| {
            let mut again = seen.mails[0].clone();
            again["id"] = json!(format!("<{NOBODY}@kontor.example>"));
            seen.mails.push(again);
        }),
        found: &["V12 mails", "V12 one mail"],
    },
    Damage {
        what: "two orders' letters read alike",
        harm: Outside(|seen| {
            let (says, to) = (seen.mails[0]["says"].clone(), seen.mails[0]["to_hash"].clone());
            let other = seen.mails.iter_mut().find(|it| it["to_hash"] != to);
            let Some(other) = other else { return };
            (other["says"], other["to_hash"]) = (says, to);
        }),
        found: &["V12 one mail"],
    },
    Damage {
        what: "a letter went to two recipients",
        harm: Outside(|seen| {
            let mut again = seen.mails[0].clone();
            again["to_hash"] = json!("somebody else");
            seen.mails.push(again);
        }),
        found: &["V12 mails"],
    },
    Damage {
        what: "a client's order was placed in another trace",
        harm: Outside(|seen| {
            let traced = seen.journal.iter_mut().find(|it| it["trace"].is_string());
            if let Some(it) = traced {
                it["trace"] = json!("4bf92f3577b34da6a3ce929d0e0e4736");
            }
        }),
        found: &["V16 begun"],
    },
    Damage {
        what: "a webhook came in that was never written",
        harm: Outside(|seen| seen.webhooks[0]["id"] = json!(NOBODY)),
        found: &["V12 webhooks"],
    },
    Damage {
        what: "a follower missed a status",
        harm: Outside(|seen| {
            let at = seen.status.iter().position(|it| it["number"] == 2);
            seen.status.remove(at.unwrap_or_default());
        }),
        found: &["V13 numbers"],
    },
    Damage {
        what: "a stream is lost, and the next one is told in order what the first one kept",
        harm: Outside(|seen| anew(seen, &[2, 3, 4])),
        found: &[],
    },
    Damage {
        what: "a stream is lost, and the next one is told in another order",
        harm: Outside(|seen| anew(seen, &[3, 2, 4])),
        found: &["V13 numbers"],
    },
    Damage {
        what: "a browser was told something twice after it came back",
        harm: Outside(|seen| {
            let last = seen.status.last().cloned();
            seen.status.extend(last);
        }),
        found: &["V13 numbers"],
    },
    Damage {
        what: "a follower was told another status",
        harm: Outside(|seen| seen.status[0]["status"] = json!("packed")),
        found: &["V13 same"],
    },
    Damage {
        what: "a follower never heard the end",
        harm: Outside(|seen| {
            let at = seen.status.iter().rposition(|it| it["status"] == "completed");
            seen.status.remove(at.unwrap_or_default());
        }),
        found: &["V13 last"],
    },
    Damage {
        what: "a table changed when all was heard again",
        harm: Outside(|seen| seen.hashes["after"]["credit"]["book"] = json!("0 0-0")),
        found: &["V17 tables"],
    },
];

/// A stream is lost before a follower saw the second status of the first order on it; then these
/// statuses stand on the stream that is made anew.
fn anew(seen: &mut Seen, numbers: &[i64]) {
    let first = seen.status.iter().find(|it| it["client"] == "nats-1").cloned().unwrap_or_default();
    let of_it =
        |it: &&Value| it["client"] == first["client"] && it["external_id"] == first["external_id"];
    let statuses: Vec<Value> = seen.status.iter().filter(of_it).cloned().collect();
    seen.status.retain(|it| !of_it(&it) || it["number"] != 2);
    seen.lost_at = vec![1];
    for (stood, number) in (2..).zip(numbers) {
        let again = statuses.iter().find(|it| it["number"] == *number);
        seen.status.extend(again.cloned().map(|mut it| {
            it["stood"] = json!(stood);
            it
        }));
    }
}

/// The order of this name.
fn order(journal: &[Value], name: &str) -> Value {
    let found = journal.iter().find(|it| it["external_id"] == name && !it["order"].is_null());
    found.map(|it| it["order"].clone()).unwrap_or_default()
}
