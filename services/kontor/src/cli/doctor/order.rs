//! One order: for whom it waits, and since when.

use contracts::Timestamp;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

use super::super::at;
use super::super::http::{Answered, Gateway, SuiteTime, refused};
use super::super::order::{moment, text};
use super::super::parked::{self, Shown};
use crate::cli::End;
use crate::cli::paper::{self, Colour};
use crate::{Configuration, house};

/// How long a service of the house may take for its part, before it is late: of the machine's time,
/// in which it works, however fast the suite's runs.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// How an order stands.
#[derive(Debug, Serialize)]
struct Diagnosis {
    order: String,
    order_no: String,
    status: String,
    state: State,
    /// `credit`, `payment`, `allocation`, `inventory`, `warehouse`, `carrier`, `finance` …; missing
    /// when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    /// Since when it is as it is.
    since: Value,
    words: Vec<String>,
    parked: Vec<Shown>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Done,
    Waiting,
    /// A service could not decide something about it.
    Parked,
    /// A service of the house should have answered by now.
    Late,
}

/// For whom an order waits, and what there is to say of it.
struct Wait {
    whom: Option<&'static str>,
    /// Whether it is one of the house, who answers at once.
    ours: bool,
    words: String,
}

/// Tells how the order stands.
pub(super) async fn examine(
    order: &str,
    gateway: &Gateway,
    configuration: anyhow::Result<(Configuration, String)>,
    as_json: bool,
) -> anyhow::Result<End> {
    let view = match gateway.get(&["v1", "orders", order], &[]).await? {
        Answered::Done(_, view) => view,
        Answered::Refused(problem) => return refused(&problem, as_json),
    };
    let read = async |what: &str| {
        let path = ["v1", "orders", order, what];
        Ok::<_, anyhow::Error>(match gateway.get(&path, &[]).await? {
            Answered::Done(_, it) => it,
            Answered::Refused(_) => Value::Null, // Nothing was decided yet, or nobody is there.
        })
    };
    let (timeline, explanation) = (read("timeline").await?, read("explanation").await?);
    let (parked, unknown) = match parked_about(&view, configuration).await {
        Ok(parked) => (parked, None),
        Err(error) => {
            (vec![], Some(format!("whether something is parked is not known: {error:#}")))
        }
    };
    let mut diagnosis = diagnose(&view, parked, gateway.time().await?);
    diagnosis.words.extend(credits_reason(&diagnosis, &explanation));
    diagnosis.words.extend(last_of(&timeline));
    diagnosis.words.extend(unknown);
    show(&diagnosis, as_json)
}

/// What is parked about the order.
async fn parked_about(
    view: &Value,
    configuration: anyhow::Result<(Configuration, String)>,
) -> anyhow::Result<Vec<Shown>> {
    let nats = at::admin(&configuration?.0).await?;
    let names: Vec<&str> = house::plain().names().collect();
    let all = parked::list(&nats, &names).await?;
    // Keys of more than one word are joined without anything between.
    let name = format!("{}{}", text(&view["channel"]), text(&view["external_id"]));
    let keys = [text(&view["order"]), name];
    Ok(all.into_iter().filter(|it| keys.contains(&it.key)).collect())
}

fn diagnose(view: &Value, parked: Vec<Shown>, time: SuiteTime) -> Diagnosis {
    let wait = wait(view);
    let since: Option<Timestamp> = view["status_at"].as_str().and_then(|it| it.parse().ok());
    let took = since.map(|it| time.now.duration_since(it)).unwrap_or_default();
    let late = LATE * i32::try_from(time.speed).unwrap_or(i32::MAX);
    let mut words = vec![wait.words];
    let state = if let Some(first) = parked.first() {
        let (service, cause) = (&first.service, paper::plain(&first.cause));
        words.insert(0, format!("{service} set {} aside: {cause}", paper::plain(&first.subject)));
        words.push("`kontor parked list` shows it; `replay` decides again".to_owned());
        State::Parked
    } else if wait.whom.is_none() {
        State::Done
    } else if wait.ours && took > late {
        words.push("it should have answered by now: `kontor doctor` tells more".to_owned());
        State::Late
    } else {
        State::Waiting
    };
    Diagnosis {
        order: text(&view["order"]),
        order_no: text(&view["order_no"]),
        status: text(&view["status"]),
        state,
        waits_for: wait.whom,
        since: view["status_at"].clone(),
        words,
        parked,
    }
}

/// For whom the order waits, by its status and by what the services said of it.
fn wait(view: &Value) -> Wait {
    let on = |whom, words: String| Wait { whom: Some(whom), ours: false, words };
    let at_work =
        |whom, words: &str| Wait { whom: Some(whom), ours: true, words: words.to_owned() };
    let done = |words: &str| Wait { whom: None, ours: false, words: words.to_owned() };
    let sourcing = &view["sourcing"];
    match view["status"].as_str().unwrap_or_default() {
        "checking" if view["credit"].is_null() => at_work("credit", "credit has not answered yet"),
        "checking" => match sourcing["state"].as_str().unwrap_or_default() {
            "claimed" | "backordered" | "failed" => {
                at_work("intake", "all have answered; intake has not confirmed yet")
            }
            "planned" => at_work("inventory", "inventory has not claimed its goods yet"),
            _ => at_work("allocation", "allocation has not planned where its goods come from"),
        },
        "credit_hold" => {
            let class = text(&view["credit"]["class"]);
            on(
                "credit",
                format!("credit holds it: somebody has to release or refuse it (class {class})"),
            )
        }
        "awaiting_payment" => {
            let until = moment(&view["money"]["pay_until"]);
            on("payment", format!("it waits for the customer's payment, until {until}"))
        }
        "backordered" => {
            let units = &sourcing["backordered"];
            on("inventory", format!("{units} units wait for supply"))
        }
        "confirmed" => at_work("fulfilment", "fulfilment has not told a warehouse yet"),
        "released" => {
            on("warehouse", format!("told to pick, and has not begun: {}", parcels(view)))
        }
        "picking" | "packed" => on("warehouse", format!("being prepared: {}", parcels(view))),
        "partially_shipped" => on("warehouse", format!("the rest has not left: {}", parcels(view))),
        "shipped" | "partially_delivered" => {
            on("carrier", format!("on its way: {}", parcels(view)))
        }
        "delivered" => at_work("finance", "it is delivered; finance has not invoiced it yet"),
        "completed" => done("it is delivered and invoiced"),
        "cancelled" => done(&format!("it was cancelled: {}", text(&view["reason"]))),
        "expired" => done("it was not paid in time"),
        "rejected" => done("it never became an order"),
        other => {
            done(&format!("{} is a status that this version does not know", paper::plain(other)))
        }
    }
}

/// The shipments, each with its warehouse and its state.
fn parcels(view: &Value) -> String {
    let one = |it: &Value| {
        let of = ["warehouse", "carrier", "tracking_no", "state"].map(|name| text(&it[name]));
        of.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let all: Vec<String> = view["shipments"].as_array().into_iter().flatten().map(one).collect();
    if all.is_empty() { "no shipment is known".to_owned() } else { all.join(", ") }
}

/// Why credit decided so, if that is what the order waits for.
fn credits_reason(diagnosis: &Diagnosis, explanation: &Value) -> Option<String> {
    let decision = explanation["credit"].as_array()?.last()?;
    if diagnosis.waits_for != Some("credit") {
        return None;
    }
    let rule = text(&decision["rule"]);
    let figure = |it: &str| decision[it].as_i64().unwrap_or_default();
    let stop = text(&decision["stop"]);
    let stop = if stop.is_empty() { stop } else { format!(", stopped by {stop}") };
    Some(format!(
        "by its rule {rule}{stop}: with this order the customer would owe {} of a limit of {}, in \
         minor units",
        figure("exposure_after"),
        figure("limit"),
    ))
}

fn last_of(timeline: &Value) -> Option<String> {
    let last = timeline["entries"].as_array()?.last()?;
    let [service, what] = ["service", "what"].map(|it| text(&last[it]));
    Some(format!("the last that happened: {service} {what}, {}", moment(&last["at"])))
}

fn show(it: &Diagnosis, as_json: bool) -> anyhow::Result<End> {
    if as_json {
        paper::json(it)?;
    } else {
        let (word, colour) = match it.state {
            State::Done => ("done".to_owned(), Colour::Green),
            State::Waiting => {
                ("waits for ".to_owned() + it.waits_for.unwrap_or_default(), Colour::Yellow)
            }
            State::Parked => ("something about it is parked".to_owned(), Colour::Red),
            State::Late => (it.waits_for.unwrap_or_default().to_owned() + " is late", Colour::Red),
        };
        let first = format!("{} is {} since {}: {word}", it.order_no, it.status, moment(&it.since));
        paper::line(&paper::paint(Some(colour), &first))?;
        it.words.iter().try_for_each(|word| paper::line(&format!("  {word}")))?;
    }
    let well = matches!(it.state, State::Done | State::Waiting);
    Ok(if well { End::Fine } else { End::Wrong })
}

#[cfg(test)]
mod tests {
    use contracts::Status;
    use serde_json::json;

    use super::*;

    fn state_of(view: &Value, seconds: i64) -> (State, Option<&'static str>) {
        state_at(view, seconds, 1)
    }

    fn state_at(view: &Value, seconds: i64, speed: u32) -> (State, Option<&'static str>) {
        let since: Timestamp = view["status_at"].as_str().unwrap().parse().unwrap();
        let now = since + SignedDuration::from_secs(seconds);
        let found = diagnose(view, vec![], SuiteTime { now, speed });
        (found.state, found.waits_for)
    }

    #[test]
    fn every_status_is_known() {
        for status in Status::ALL {
            let view = json!({ "status": status.name(), "status_at": "2026-01-01T00:00:00Z" });
            assert!(!wait(&view).words.contains("does not know"), "{status}");
            let over = status.is_final() || status == Status::Completed;
            assert_eq!(wait(&view).whom.is_none(), over, "{status}");
        }
    }

    /// Who is outside may take their time; who is of the house may not.
    #[test]
    fn the_house_is_late_and_the_customer_is_waited_for() {
        let at = "2026-01-01T00:00:00Z";
        let paying = json!({ "status": "awaiting_payment", "status_at": at });
        assert_eq!(state_of(&paying, 9_999), (State::Waiting, Some("payment")));
        let checking = json!({ "status": "checking", "status_at": at });
        assert_eq!(state_of(&checking, 5), (State::Waiting, Some("credit")));
        assert_eq!(state_of(&checking, 61), (State::Late, Some("credit")));
        // Where a minute of the suite's is a moment, nobody is late after one.
        assert_eq!(state_at(&checking, 61, 1000), (State::Waiting, Some("credit")));
        assert_eq!(state_at(&checking, 60_001, 1000), (State::Late, Some("credit")));
        let credit = json!({ "state": "approved" });
        for (sourcing, whom) in [
            (json!(null), "allocation"),
            (json!({ "state": "planned" }), "inventory"),
            (json!({ "state": "claimed" }), "intake"),
        ] {
            let view = json!({ "status": "checking", "status_at": at, "credit": credit,
                               "sourcing": sourcing });
            assert_eq!(state_of(&view, 61), (State::Late, Some(whom)));
        }
        let done = json!({ "status": "completed", "status_at": at });
        assert_eq!(state_of(&done, 9_999), (State::Done, None));
    }
}
