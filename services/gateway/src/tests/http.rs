//! The API on the bench: the real router, a database of its own, and in the place of the house
//! something that remembers what it was told and says what it was told to say.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chassis::{PageRef, ParkedInput, Told, Unanswered};
use contracts::intake::Problem;
use contracts::{Command, Key, MessageSet, Question, RawValue};
use serde_json::Value;
use sqlx::PgPool;
use testbench::Bench;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;
use uuid::Uuid;

use super::crew;
use super::handler::gateway;
use crate::commands::{Asking, Asks, Commands, Parking, Telling, Tells, Tends};
use crate::console::Live;
use crate::following::Following;
use crate::following::tests::Paper;
use crate::http::{Api, router};
use crate::{Gateway, GatewaySettings};

/// A storefront: the channel `webshop`.
pub(super) const WEBSHOP: (&str, &str) = ("authorization", "Bearer kontor_webshop_1");
/// Another one: the channel `market`.
pub(super) const MARKET: (&str, &str) = ("authorization", "Bearer kontor_market_1");
/// Wang Fang, who signed in, and may do everything. Who says nothing else is she.
pub(super) const WANG: (&str, &str) = ("cookie", "kontor-session=wang");
/// On whose behalf she asks.
pub(super) const FOR_WEBSHOP: (&str, &str) = ("kontor-channel", "webshop");

/// In the place of the house.
pub(super) struct Fake {
    told: Mutex<Vec<(Uuid, String)>>,
    script: Mutex<VecDeque<Scripted>>,
    known: Mutex<BTreeMap<&'static str, Value>>,
    /// How long it thinks about questions of a subject.
    slow: Mutex<BTreeMap<&'static str, Duration>>,
    /// What it says and answers where nobody told it.
    habit: Mutex<Habit>,
    aside: Mutex<BTreeMap<&'static str, Vec<ParkedInput>>>,
    /// How many commands may pass.
    pub(super) gate: Semaphore,
}

/// What is said, by its subject.
type Said = (&'static str, Value);

/// What somebody says to this subject and body.
type Habit = fn(&str, &Value) -> Option<Said>;

type Scripted = Result<Vec<(&'static str, Box<RawValue>)>, Unanswered>;

impl Fake {
    fn new() -> Self {
        Self {
            told: Mutex::default(),
            script: Mutex::default(),
            known: Mutex::default(),
            slow: Mutex::default(),
            habit: Mutex::new(|_, _| None),
            aside: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// What it says to the next command.
    pub(super) fn will_say<A: MessageSet>(&self, said: impl Into<A>) {
        let said: A = said.into();
        self.script.lock().unwrap().push_back(Ok(vec![(said.contract().subject, said.encode())]));
    }

    /// Does not answer the next command.
    pub(super) fn will_not_answer(&self, why: Unanswered) {
        self.script.lock().unwrap().push_back(Err(why));
    }

    /// What it answers to questions of this subject.
    pub(super) fn knows(&self, subject: &'static str, answer: Value) {
        self.known.lock().unwrap().insert(subject, answer);
    }

    /// How long it takes to answer questions of this subject.
    pub(super) fn is_slow(&self, subject: &'static str, pause: Duration) {
        self.slow.lock().unwrap().insert(subject, pause);
    }

    /// What it says to commands, and answers to questions, where nothing else is agreed on: the
    /// subject of what it says, and that.
    pub(super) fn is_used_to(&self, habit: Habit) {
        *self.habit.lock().unwrap() = habit;
    }

    fn by_habit(&self, subject: &str, asked: &impl serde::Serialize) -> Option<Said> {
        let habit = *self.habit.lock().unwrap();
        habit(subject, &serde_json::to_value(asked).unwrap())
    }

    /// What it was told so far: the ids, and each command.
    pub(super) fn told(&self) -> (Vec<Uuid>, String) {
        let told = self.told.lock().unwrap().clone();
        (told.iter().map(|it| it.0).collect(), told.iter().map(|it| &*it.1).collect())
    }
}

impl Commands for Fake {}

impl<C: Command> Tells<C> for Fake {
    fn tell(&self, id: Uuid, command: C) -> Telling<'_, C> {
        Box::pin(async move {
            self.gate.acquire().await.unwrap().forget();
            let text = format!("{} {}\n", C::SUBJECT, contracts::encode(&command));
            self.told.lock().unwrap().push((id, text));
            let scripted = self.script.lock().unwrap().pop_front();
            let by_habit = || {
                let said = self.by_habit(C::SUBJECT, &command);
                let raw = |it: &Value| RawValue::from_string(it.to_string()).unwrap();
                Ok(said.iter().map(|(subject, it)| (*subject, raw(it))).collect())
            };
            let said = scripted.unwrap_or_else(by_habit)?;
            let read = |it: (&str, Box<RawValue>)| C::Answer::decode(it.0, &it.1).unwrap();
            let page = Some(PageRef { partition: 3, number: 17 });
            Ok(Told { said: said.into_iter().map(read).collect(), page })
        })
    }
}

impl Fake {
    /// What a service set aside: its name, and what it will say.
    pub(super) fn has_parked(&self, service: &'static str, inputs: Vec<ParkedInput>) {
        self.aside.lock().unwrap().insert(service, inputs);
    }

    fn parking(&self, service: &str, note: Option<String>) -> Result<Vec<ParkedInput>, Unanswered> {
        if let Some(note) = note {
            self.told.lock().unwrap().push((Uuid::nil(), note));
        }
        let found = self.aside.lock().unwrap().get(service).cloned();
        found.ok_or_else(|| Unanswered::NobodyThere(service.to_owned()))
    }
}

impl Tends for Fake {
    fn parked<'a>(&'a self, service: &'a str) -> Parking<'a> {
        Box::pin(async move { self.parking(service, None) })
    }

    fn replay<'a>(&'a self, service: &'a str, key: &'a Key) -> Parking<'a> {
        let note = format!("replay {service} {}\n", key.0);
        Box::pin(async move { self.parking(service, Some(note)) })
    }

    fn discard<'a>(&'a self, service: &'a str, id: Uuid, reason: &'a str) -> Parking<'a> {
        let note = format!("discard {service} {id} {reason}\n");
        Box::pin(async move { self.parking(service, Some(note)) })
    }
}

impl<Q: Question> Asks<Q> for Fake {
    fn ask(&self, question: Q) -> Asking<'_, Q> {
        Box::pin(async move {
            let pause = self.slow.lock().unwrap().get(Q::SUBJECT).copied();
            tokio::time::sleep(pause.unwrap_or_default()).await;
            let known = self.known.lock().unwrap().get(Q::SUBJECT).cloned();
            let known = known.or_else(|| self.by_habit(Q::SUBJECT, &question).map(|it| it.1));
            let known = known.ok_or_else(|| Unanswered::NobodyThere(Q::SUBJECT.to_owned()))?;
            Ok(serde_json::from_value(known).unwrap())
        })
    }
}

/// The API, and what it stands on.
pub(super) struct Shop {
    pub(super) bench: Bench<Gateway>,
    pub(super) house: Arc<Fake>,
    pub(super) router: Router,
    pub(super) beat: watch::Sender<()>,
    pub(super) live: Arc<Live>,
    /// In the place of the stream of statuses.
    pub(super) paper: Arc<Paper>,
    pub(super) following: Following,
    pub(super) close: watch::Sender<bool>,
}

impl Shop {
    pub(super) async fn open() -> Self {
        Self::with(GatewaySettings::default()).await
    }

    pub(super) async fn with(settings: GatewaySettings) -> Self {
        let bench = Bench::of(gateway()).await;
        crew::moves_in(&bench.db).await;
        Self::on(bench, settings)
    }

    fn on(bench: Bench<Gateway>, settings: GatewaySettings) -> Self {
        let (house, (beat, pulse)) = (Arc::new(Fake::new()), watch::channel(()));
        let db: PgPool = bench.db.clone();
        let (paper, (close, closing)) = (Arc::new(Paper::default()), watch::channel(false));
        let following = Following::new(paper.clone(), closing, &settings);
        let api = Api::new(db, house.clone(), pulse, following.clone(), settings);
        let live = api.live.clone();
        Self { bench, house, router: router(api), beat, live, paper, following, close }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends JSON, with these headers.
    pub(super) async fn send(&self, what: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.call(request(what, headers, body)).await
    }

    /// As whoever it bears the credential of; as Wang Fang, if it bears none.
    pub(super) async fn call(&self, request: Request<Body>) -> Reply {
        self.call_as_it_is(crew::known(request)).await
    }

    pub(super) async fn call_as_it_is(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        // What is no text is not looked into.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    /// Hears a story.
    pub(super) async fn hear(&mut self, story: &str) {
        let inputs = self.bench.post(super::story::story(story));
        self.bench.hear(&inputs).await;
    }
}

/// A fault that a service finds there.
pub(super) fn problem(pointer: &str) -> Problem {
    let text = |it: &str| it.to_owned();
    Problem {
        code: text("required"),
        pointer: text(pointer),
        found: String::new(),
        expected: text("a value"),
    }
}

/// `POST /v1/orders`, with JSON.
pub(super) fn request(what: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let (method, path) = what.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json");
    let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
    request.body(Body::from(body.to_owned())).unwrap()
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// The status and the body, as a story shows them.
    pub(super) fn shown(&self) -> String {
        let fields = self.json().as_object().unwrap().clone();
        let fields = fields.iter().map(|(name, it)| format!("{name} {it}\n"));
        format!("{}\n{}", self.status, fields.collect::<String>())
    }

    /// The last word of a problem's type, and its faults.
    pub(super) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        let code = body["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let faults = body["errors"].as_array().cloned().unwrap_or_default();
        let word = |it: &Value, name| it[name].as_str().unwrap().to_owned();
        let faults: Vec<String> = faults
            .iter()
            .map(|it| {
                let (code, found) = (word(it, "code"), word(it, "found"));
                format!("{} {code}: {found:?}, not {}", word(it, "pointer"), word(it, "expected"))
            })
            .collect();
        let detail = body["detail"].as_str().unwrap_or_default();
        format!("{} {code}: {detail}\n{}", self.status.as_u16(), faults.join("\n"))
    }
}

#[tokio::test]
async fn what_there_is_not_is_a_problem_too() {
    let shop = Shop::open().await;
    let nowhere = shop.get("/v1/nothing").await;
    assert_eq!(nowhere.problem(), "404 not-found: \n");

    let request = Request::delete("/v1/orders").body(Body::empty()).unwrap();
    let not_done = shop.call(request).await;
    assert_eq!(not_done.problem(), "405 method-not-allowed: \n");
    assert!(not_done.header("allow").contains("POST") && not_done.header("allow").contains("GET"));
}

#[tokio::test]
async fn it_lives_and_is_ready_until_the_database_is_gone() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/livez").await.text, "alive\n");
    assert_eq!(shop.get("/readyz").await.text, "ready\n");

    shop.bench.db.close().await;
    assert_eq!(shop.get("/livez").await.text, "alive\n");
    assert_eq!(shop.get("/readyz").await.problem(), "503 unavailable: \n");
    assert_eq!(shop.get("/v1/orders").await.problem(), "503 unavailable: \n");
}

#[tokio::test]
async fn a_problem_bears_the_trace_of_its_request() {
    let shop = Shop::open().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let known = Request::get("/v1/orders/K-0").header("traceparent", parent);
    let known = shop.call(known.body(Body::empty()).unwrap()).await;
    assert_eq!(known.json()["trace_id"], trace);
    assert_eq!(shop.get("/v1/orders/K-0").await.json()["trace_id"], Value::Null);
}

#[tokio::test]
async fn too_many_at_once_are_told_so_at_once() {
    let shop = Shop::with(GatewaySettings { at_once: 0, ..GatewaySettings::default() }).await;
    let refused = shop.get("/v1/orders").await;
    assert_eq!(refused.problem(), "503 busy: \n");
    assert_eq!(refused.header("retry-after"), "1");
}

#[test]
fn settings_are_read_and_unknown_ones_refused() {
    let read = serde_json::from_str::<GatewaySettings>;
    let some = read(r#"{"listen": "0.0.0.0:8080", "at_once": 5}"#).unwrap();
    assert_eq!((some.listen.port(), some.at_once, some.order_bytes), (8080, 5, 65_536));
    assert!(read(r#"{"listn": "0.0.0.0:8080"}"#).is_err());
}
