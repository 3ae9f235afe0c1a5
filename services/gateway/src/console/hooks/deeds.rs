//! What is done to a webhook on its page: by the same handlers, and so by the same rules, as over
//! the API.

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Form, Json};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use super::super::frame::{Frame, Said, wrong};
use super::super::language::Reader;
use super::texts::texts;
use super::{find, page_of};
use crate::access::guard::is_from_here;
use crate::access::{May, act};
use crate::http::Api;
use crate::http::extract::{Caller, Instruction};
use crate::http::hooks::calls::{Nothing, Since, replay_webhook, test_webhook};
use crate::http::hooks::{At, NewSecret, Webhook, put_webhook, rotate_secret};
use crate::http::problem::{Problem, fault};

/// What a form says.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    /// Names the form: sent twice, it is carried out once.
    key: Uuid,
    /// Since when, in the shop's zone: `2026-11-22T08:30`.
    #[serde(default)]
    since: String,
    /// `yes` or `no`.
    #[serde(default)]
    active: String,
}

type Sent = Result<Form<Filled>, FormRejection>;

/// A form that was sent: who reads, about which webhook, and what it says.
pub(super) struct Desk {
    api: Api,
    may: May<act::ManageWebhooks>,
    at: At,
    by: Caller,
    filled: Filled,
}

impl Desk {
    /// Something to be done: the same form, filled in alike, is the same instruction.
    fn to_do<T>(&self, deed: &str, body: T) -> Instruction<T> {
        let (by, Filled { key, since, active }) = (self.by.clone(), &self.filled);
        let name = format!("{deed}\n{}\n{}\n{since}\n{active}", self.at.endpoint, by.actor);
        Instruction { id: Uuid::new_v5(key, name.as_bytes()), by, body }
    }

    /// For the handlers.
    fn with<T>(
        &self,
        deed: &str,
        body: T,
    ) -> (State<Api>, May<act::ManageWebhooks>, At, Instruction<T>) {
        (State(self.api.clone()), self.may.clone(), self.at.clone(), self.to_do(deed, body))
    }

    /// The moment that was filled in.
    fn since(&self) -> Result<Timestamp, Problem> {
        let text = self.filled.since.trim();
        let day = text.parse::<DateTime>().ok();
        let at = day.and_then(|it| it.to_zoned(self.api.settings.zone.zone()).ok());
        let wrong = || fault("type", "/since", text, "a day and a time: 2026-11-22T08:30");
        at.map(|it| it.timestamp()).ok_or_else(|| Problem::invalid(vec![wrong()]))
    }
}

/// What came of it: a title, and details.
type Done = Result<(String, String), Problem>;

/// Does what a form asks for, and shows the webhook as it is then.
async fn carry_out<F>(
    (api, may): (Api, May<act::ManageWebhooks>),
    mut reader: Reader,
    (at, by): (Result<At, Problem>, Caller),
    (headers, form): (HeaderMap, Sent),
    deed: impl FnOnce(Desk) -> F,
) -> Response
where
    F: Future<Output = Done>,
{
    let at = match at {
        Ok(at) => at,
        Err(problem) => return wrong(Frame::of(reader, "webhooks"), &problem),
    };
    // A form's own address shows nothing: whoever changes the language comes back to the webhook.
    if let Some((page, _)) = reader.here.rsplit_once('/') {
        reader.here = page.to_owned();
    }
    let filled = match form {
        _ if !is_from_here(&headers) => Err(Problem::elsewhere()),
        Ok(Form(filled)) => Ok(filled),
        Err(it) => Err(Problem::malformed(it.body_text())),
    };
    let told = match filled {
        Ok(filled) => {
            let (api, may, at) = (api.clone(), may.clone(), at.clone());
            deed(Desk { api, may, at, by, filled }).await
        }
        Err(problem) => Err(problem),
    };
    let (status, said) = match told {
        Ok((title, detail)) => (StatusCode::OK, Said { is_good: true, title, detail }),
        Err(problem) => (problem.status(), Said::wrong(reader.language, &problem)),
    };
    page_of((&api, &may), reader, &at, status, Some(said)).await
}

macro_rules! deed {
    ($(#[$doc:meta])* $name:ident, |$desk:ident, $t:ident| $done:expr) => {
        $(#[$doc])*
        pub(super) async fn $name(
            State(api): State<Api>,
            may: May<act::ManageWebhooks>,
            (reader, by, headers): (Reader, Caller, HeaderMap),
            at: Result<At, Problem>,
            form: Sent,
        ) -> Response {
            let $t = texts(reader.language);
            let deed = async move |$desk: Desk| -> Done { $done };
            carry_out((api, may), reader, (at, by), (headers, form), deed).await
        }
    };
}

deed!(
    /// Sends a test.
    test,
    |desk, t| {
        let (state, may, at, it) = desk.with("test", Nothing {});
        let _written = test_webhook(state, may, at, it).await?;
        Ok((t.tested.to_owned(), String::new()))
    }
);

deed!(
    /// Sends again what was written since then.
    replay,
    |desk, t| {
        let (state, may, at, it) = desk.with("replay", Since { since: desk.since()? });
        let (_, Json(it)) = replay_webhook(state, may, at, it).await?;
        Ok((format!("{}: {}", t.replayed, it.deliveries), String::new()))
    }
);

deed!(
    /// Draws another secret, and shows it this once.
    rotate,
    |desk, t| {
        let (state, may, at, it) = desk.with("secret", NewSecret { secret: None });
        let Json(it) = rotate_secret(state, may, at, it).await?;
        let secret = it.secret.map_or_else(|| t.shown_before.to_owned(), |it| it.0);
        Ok((t.rotated.to_owned(), secret))
    }
);

deed!(
    /// Turns it on or off.
    set,
    |desk, t| {
        let active = match &*desk.filled.active {
            "yes" => true,
            "no" => false,
            other => {
                let wrong = fault("type", "/active", other, "yes or no");
                return Err(Problem::invalid(vec![wrong]));
            }
        };
        let now = find(&desk.api, &desk.may, &desk.at).await?;
        let whole = Webhook { url: now.url, events: now.events, active };
        let (state, may, at, it) = desk.with("active", whole);
        put_webhook(state, may, at, it).await?;
        let done = if active { t.turned_on } else { t.turned_off };
        Ok((done.to_owned(), String::new()))
    }
);
