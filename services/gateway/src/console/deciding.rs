//! What is decided on a page: by the same handlers, and so by the same rules, as over the API.

use axum::Form;
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Said, wrong};
use super::language::Reader;
use super::order;
use crate::access::May;
use crate::access::act::{self, Act};
use crate::access::guard::is_from_here;
use crate::http::Api;
use crate::http::checked::{Checked, Faults};
use crate::http::deciding::{self, Decision, Outcome, Reason};
use crate::http::extract::{Caller, Instruction, Which};
use crate::http::problem::Problem;

/// What a form says.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    reason: String,
    /// Names the form: sent twice, it is carried out once.
    key: Uuid,
}

type Sent = Result<Form<Filled>, FormRejection>;

pub(super) async fn cancel(
    State(api): State<Api>,
    may: May<act::CancelOrder>,
    (reader, which): (Reader, Which),
    (by, headers): (Caller, HeaderMap),
    form: Sent,
) -> Response {
    let desk = Desk { api, reader, which };
    let told = match instruction("cancel", &headers, by, form) {
        Ok(it) => {
            let told = deciding::cancel_order(
                State(desk.api.clone()),
                may.clone(),
                desk.which.clone(),
                it,
            );
            told.await.map(|(_, Json(it))| it)
        }
        Err(problem) => Err(problem),
    };
    desk.answer(&may, told).await
}

/// Releases or refuses the credit of an order.
pub(super) async fn credit(
    State(api): State<Api>,
    may: May<act::DecideCredit>,
    (reader, Path((id, verdict))): (Reader, Path<(String, String)>),
    (by, headers): (Caller, HeaderMap),
    form: Sent,
) -> Response {
    let desk = Desk { api, reader, which: Which::named(id) };
    let (state, leave, which) = (State(desk.api.clone()), may.clone(), desk.which.clone());
    let told = match (instruction(&verdict, &headers, by, form), &*verdict) {
        (Err(problem), _) => Err(problem),
        (Ok(it), "release") => deciding::release_credit(state, leave, which, it).await,
        (Ok(it), "refuse") => deciding::refuse_credit(state, leave, which, it).await,
        _ => Err(Problem::not_found("There is no such decision")),
    };
    desk.answer(&may, told.map(|Json(it)| it)).await
}

/// Where something is decided: who reads, and about which order.
struct Desk {
    api: Api,
    reader: Reader,
    which: Which,
}

impl Desk {
    /// Shows the order as it is then, with what came of it.
    async fn answer<A: Act>(self, may: &May<A>, told: Result<Decision, Problem>) -> Response {
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
        let read = match may.also::<act::ReadOrder>() {
            Ok(may) => order::read(&api, &may, which).await.map(|it| (may, it)),
            Err(problem) => Err(problem),
        };
        match read {
            Ok((may, it)) => order::page_of((&api, &may), frame, it, status, Some(said)).await,
            Err(problem) => wrong(frame, &problem),
        }
    }
}

/// What a form asks for; or everything that is wrong with it.
fn instruction(
    what: &str,
    headers: &HeaderMap,
    by: Caller,
    form: Sent,
) -> Result<Instruction<Reason>, Problem> {
    if !is_from_here(headers) {
        return Err(Problem::elsewhere());
    }
    let Form(form) = form.map_err(|it| Problem::malformed(it.body_text()))?;
    let Filled { reason, key } = form;
    let body = Reason { reason: reason.trim().to_owned() };
    let mut faults = Faults::default();
    body.check(&mut faults);
    if !faults.0.is_empty() {
        return Err(Problem::invalid(faults.0));
    }
    // Sent again with other words it is another decision.
    let name = format!("{what}\n{}\n{}", by.actor, body.reason);
    let id = Uuid::new_v5(&key, name.as_bytes());
    Ok(Instruction { id, by, body })
}
