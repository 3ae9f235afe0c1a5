//! The gateway, tried by its own document: Schemathesis sends every operation what the document allows
//! and what it forbids, and looks whether each answer is one that the document tells of.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use contracts::Status;
use serde_json::{Value, json};
use tokio::process::Command;
use whole_house::{Draft, SHANGHAI, Shop, fetched, pip};

use crate::{JUDGES, OPENAPI, cache, of_repository};

/// How long all operations may take, on a busy machine.
const LIMIT: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_does_what_the_document_says() -> anyhow::Result<()> {
    let python = fetched(&cache(), "python", Path::new(JUDGES), &["requirements.txt"], pip)?;
    let shop = Box::pin(Shop::open_with("operations", &[], |mut it| {
        // Whoever asks for a page that nobody will ever say shall not wait for it.
        it.gateway.page_wait_ms = 50;
        it
    }))
    .await?;
    let judge = Judge::of(&shop, python).await?;

    let document = of_repository(OPENAPI);
    let (report, said) = judge.tries(&document, &[]).await?;
    ensure!(report["exit_code"] == 0, "{said}");
    let tried = report["operations"]["tested"].as_u64().context("no operations")?;
    assert_eq!(tried, operations(&document)?, "operations were left out:\n{said}");

    judge.finds_a_wrong_answer(&shop, &document).await?;
    Box::pin(shop.close()).await
}

/// How many operations the document has.
fn operations(document: &Path) -> anyhow::Result<u64> {
    let document: Value = serde_json::from_slice(&std::fs::read(document)?)?;
    let paths = document["paths"].as_object().context("no paths")?;
    let methods = ["get", "put", "post", "delete", "patch", "head", "options"];
    let of = |path: &Value| methods.iter().filter(|it| path.get(it).is_some()).count();
    Ok(u64::try_from(paths.values().map(of).sum::<usize>())?)
}

/// Schemathesis, with a key that may do everything, and what it is to know.
struct Judge {
    python: PathBuf,
    /// Where it works: it writes down what it found, and would begin with that the next time.
    place: PathBuf,
    gateway: String,
    key: String,
    known: Value,
}

impl Judge {
    /// Sells something, places an order, opens a webhook, and makes a key: what operations are about.
    async fn of(shop: &Shop, python: PathBuf) -> anyhow::Result<Self> {
        let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
        let operator = shop.suite.operator().context("there is no operator")?;
        shop.knows("C-1", 500_000_000, 98).await?;
        let tea = shop.sells("TEA-GREEN", 12_800, &[("WH-A", 20)]).await?;
        let order = Draft::on_account("W-1", "C-1")?.to(SHANGHAI).line(&tea, 2).order();
        let order = shop.web.place(&order).await?;
        shop.reaches(order, Status::Released).await?;

        let key = json!({ "name": "judge", "roles": ["ops", "clerk", "credit", "finance"] });
        let key = made(&gateway, operator, "/v1/keys", &key).await?;
        let other = json!({ "name": "onlooker", "roles": ["viewer"] });
        let other = made(&gateway, operator, "/v1/keys", &other).await?;
        let webhook = json!({ "url": "https://shop.example.com/", "events": ["order.status"] });
        let webhook = made(&gateway, operator, "/v1/channels/web/webhooks", &webhook).await?;
        let known = json!({
            "/v1/orders/{id}": order,
            "/v1/stock/{sku}": tea.sku,
            "/v1/keys/{id}": other["id"],
            "/v1/customers/{id}/credit": "C-1",
            "channel": "web",
            "webhook": webhook["webhook"],
        });
        let key = key["key"].as_str().context("no key")?.to_owned();
        let place = shop.home().join("judge");
        std::fs::create_dir(&place)?;
        for file in ["schemathesis.toml", "hooks.py"] {
            std::fs::copy(Path::new(JUDGES).join(file), place.join(file))?;
        }
        Ok(Self { python, place, gateway, key, known })
    }

    /// Tries the operations of the document. Its report, and what it printed.
    async fn tries(&self, document: &Path, more: &[&str]) -> anyhow::Result<(Value, String)> {
        let report = self.place.join("report.json");
        let mut judge = Command::new("python3");
        judge.args(["-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"]);
        judge.arg(document).args(["--url", &self.gateway, "--no-color"]).args(more);
        judge.args(["--report", "json", "--report-json-path"]).arg(&report);
        judge.env("PYTHONPATH", &self.python).env("PYTHONDONTWRITEBYTECODE", "1");
        judge.env("KONTOR_KEY", &self.key).env("KONTOR_KNOWN", self.known.to_string());
        judge.current_dir(&self.place).kill_on_drop(true);
        let output = tokio::time::timeout(LIMIT, judge.output()).await;
        let output = output.with_context(|| format!("it took more than {LIMIT:?}"))??;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let read = std::fs::read(&report).with_context(|| format!("no report: {said}"))?;
        Ok((serde_json::from_slice(&read)?, said))
    }

    /// Against a document that promises something else it fails, and says what it found.
    async fn finds_a_wrong_answer(&self, shop: &Shop, document: &Path) -> anyhow::Result<()> {
        let mut wrong: Value = serde_json::from_slice(&std::fs::read(document)?)?;
        let answer = "/paths/~1v1~1self/get/responses/200/content/application~1json/schema";
        *wrong.pointer_mut(answer).context("nobody is told who they are")? =
            json!({ "type": "object", "required": ["shoe_size"] });
        let place = shop.home().join("wrong.json");
        std::fs::write(&place, wrong.to_string())?;
        let (report, said) = self.tries(&place, &["--include-operation-id", "get_self"]).await?;
        ensure!(report["exit_code"] == 1, "a wrong answer was not found: {said}");
        ensure!(said.contains("\"shoe_size\" is a required property"), "{said}");
        Ok(())
    }
}

/// Makes something, as the operator; what is answered.
async fn made(gateway: &str, key: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = reqwest::Client::new().post(format!("{gateway}{path}"));
    let answer = request.bearer_auth(key).json(body).send().await?;
    ensure!(answer.status() == 201, "{path}: {} {}", answer.status(), answer.text().await?);
    Ok(answer.json().await?)
}
