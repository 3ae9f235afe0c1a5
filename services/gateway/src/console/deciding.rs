//! What is decided on a page: by the same handlers, and so by the same rules, as over the API.

use axum::Form;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use contracts::Actor;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Said, wrong};
use super::language::Reader;
use super::order;
use crate::http::Api;
use crate::http::checked::{Checked, Faults};
use crate::http::deciding::{self, Decision, Outcome, Reason};
use crate::http::extract::{Caller, Instruction, LONGEST_NAME, Which, is_name};
use crate::http::problem::{Problem, fault};

/// What a form says.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    reason: String,
    by: String,
    #[serde(default)]
    tier: String,
    /// Names the form: sent twice, it is carried out once.
    key: Uuid,
}

type Sent = Result<Form<Filled>, FormRejection>;

pub(super) async fn cancel(
    State(api): State<Api>,
    reader: Reader,
    which: Which,
    headers: HeaderMap,
    form: Sent,
) -> Response {
    let desk = Desk { api, reader, which };
    let told = match instruction("cancel", &headers, form) {
        Ok(it) => {
            let told = deciding::cancel_order(State(desk.api.clone()), desk.which.clone(), it);
            told.await.map(|(_, Json(it))| it)
        }
        Err(problem) => Err(problem),
    };
    desk.answer(told).await
}

pub(super) async fn release(
    State(api): State<Api>,
    reader: Reader,
    which: Which,
    headers: HeaderMap,
    form: Sent,
) -> Response {
    let desk = Desk { api, reader, which };
    let told = match instruction("release", &headers, form) {
        Ok(it) => {
            let told = deciding::release_credit(State(desk.api.clone()), desk.which.clone(), it);
            told.await.map(|Json(it)| it)
        }
        Err(problem) => Err(problem),
    };
    desk.answer(told).await
}

pub(super) async fn refuse(
    State(api): State<Api>,
    reader: Reader,
    which: Which,
    headers: HeaderMap,
    form: Sent,
) -> Response {
    let desk = Desk { api, reader, which };
    let told = match instruction("refuse", &headers, form) {
        Ok(it) => {
            let told = deciding::refuse_credit(State(desk.api.clone()), desk.which.clone(), it);
            told.await.map(|Json(it)| it)
        }
        Err(problem) => Err(problem),
    };
    desk.answer(told).await
}

/// Where something is decided: who reads, and about which order.
struct Desk {
    api: Api,
    reader: Reader,
    which: Which,
}

impl Desk {
    /// Shows the order as it is then, with what came of it.
    async fn answer(self, told: Result<Decision, Problem>) -> Response {
        let Self { api, mut reader, which } = self;
        let language = reader.language;
        // The form's own address shows nothing: whoever changes the language comes back to the order.
        reader.here = format!("/orders/{}", which.shown());
        let frame = Frame::of(reader, "orders");
        let (status, said) = match told {
            Ok(decision) => {
                let mut said = Said::done(match decision.outcome {
                    Outcome::Cancelled => frame.t.cancelled,
                    Outcome::CancellationRequested => frame.t.asked_back,
                    Outcome::Released => frame.t.released,
                    Outcome::Refused => frame.t.refused,
                });
                if api.wait_for(decision.page.as_deref()).await.is_err() {
                    frame.t.not_shown_yet.clone_into(&mut said.detail);
                }
                (StatusCode::OK, said)
            }
            Err(problem) => (problem.status(), Said::wrong(language, &problem)),
        };
        match order::read(&api, which).await {
            Ok(read) => order::page_of(&api, frame, read, status, Some(said)).await,
            Err(problem) => wrong(frame, &problem),
        }
    }
}

/// What a form asks for; or everything that is wrong with it.
fn instruction(
    what: &str,
    headers: &HeaderMap,
    form: Sent,
) -> Result<Instruction<Reason>, Problem> {
    if !is_from_here(headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "elsewhere",
            "This did not come from a page of this console",
        ));
    }
    let Form(form) = form.map_err(|it| Problem::malformed(it.body_text()))?;
    let Filled { reason, by, tier, key } = form;
    let (reason, by) = (reason.trim().to_owned(), by.trim().to_owned());
    let body = Reason { reason };
    let mut faults = Faults::default();
    body.check(&mut faults);
    if !is_name(&by) {
        let expected = format!("1 to {LONGEST_NAME} printable characters");
        faults.0.push(fault("text", "/by", &by, &expected));
    }
    let tier = match &*tier {
        "" | "1" => 1,
        "2" => 2,
        "3" => 3,
        other => {
            faults.0.push(fault("range", "/tier", other, "1, 2 or 3"));
            1
        }
    };
    if !faults.0.is_empty() {
        return Err(Problem::invalid(faults.0));
    }
    // Sent again with other words it is another decision.
    let name = format!("{what}\n{by}\n{tier}\n{}", body.reason);
    let id = Uuid::new_v5(&key, name.as_bytes());
    Ok(Instruction { id, by: Caller { channel: None, actor: Actor(by), tier }, body })
}

/// Whether a page of ours sent it. A browser says so by itself, and no other site can make it say
/// so: `Sec-Fetch-Site` where the address is trustworthy, `Origin` everywhere.
pub(super) fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|it| it.1 == host),
        _ => false,
    }
}
