//! What leaves here is judged by the public libraries of two other languages, as merchants use them.
//! They are fetched once, in these versions, into the directory of the build.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use contracts::Status;
use contracts::webhook::{HookSecret, RotateSecret};
use serde_json::{Value, json};

use super::home::Home;
use super::receiver::Receiver;
use super::words::{OTHER_SECRET, SECRET, endpoint, status};

const PYTHON: &str = r#"
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
it = json.load(sys.stdin)
try:
    print(json.dumps(Webhook(it["secret"]).verify(it["body"], it["headers"])))
except WebhookVerificationError:
    print("refused")
"#;

const JAVASCRIPT: &str = r#"
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
const it = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
    console.log(JSON.stringify(new Webhook(it.secret).verify(it.body, it.headers)));
} catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log("refused");
}
"#;

#[tokio::test]
async fn python_takes_our_signatures_and_refuses_all_others() {
    if missing("python3") {
        return;
    }
    let library = fetched("python-standardwebhooks-1.1.0", |into| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--only-binary=:all:", "standardwebhooks==1.1.0", "--target"])
            .arg(into);
        pip
    });
    judge(|| {
        let mut python = Command::new("python3");
        python.args(["-c", PYTHON]).env("PYTHONPATH", &library);
        python
    })
    .await;
}

#[tokio::test]
async fn javascript_takes_our_signatures_and_refuses_all_others() {
    if missing("node") || missing("npm") {
        return;
    }
    let library = fetched("javascript-standardwebhooks-1.1.1", |into| {
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
        ])
        .arg(into)
        .arg("standardwebhooks@1.1.1");
        npm
    });
    judge(|| {
        let mut node = Command::new("node");
        node.args(["-e", JAVASCRIPT]).env("NODE_PATH", library.join("node_modules"));
        node
    })
    .await;
}

/// Sends a webhook whose secret was just rotated, and has the library judge it with either secret;
/// then with everything that must not pass.
async fn judge(library: impl Fn() -> Command) {
    let receiver = Receiver::open([]).await;
    let home = Home::with(&receiver).await;
    let secret = HookSecret(OTHER_SECRET.to_owned());
    home.tell("rotate", &RotateSecret { endpoint: endpoint("erp"), secret }).await;
    home.hear([status(1, 1, Status::Confirmed).into()]).await;
    home.deliver_all(&mut home.courier()).await;
    let heard = receiver.heard().remove(0);
    let headers = |name: &str| heard.header(name).to_owned();
    let webhook = |secret: &str, id: &str, timestamp: &str, body: &str| {
        let signature = headers("webhook-signature");
        let headers = json!({
            "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature
        });
        json!({ "secret": secret, "body": body, "headers": headers })
    };
    let (id, timestamp) = (headers("webhook-id"), headers("webhook-timestamp"));

    for secret in [OTHER_SECRET, SECRET] {
        let told = ask(library(), &webhook(secret, &id, &timestamp, &heard.body));
        let told: Value = serde_json::from_str(&told).expect("what was said");
        assert_eq!(told, serde_json::from_str::<Value>(&heard.body).unwrap());
        assert_eq!(told["data"]["status"], "confirmed");
    }
    let tampered = heard.body.replace("confirmed", "cancelled");
    let later = (timestamp.parse::<i64>().unwrap() + 1).to_string();
    let stranger = "whsec_c3RyYW5nZXIgc3RyYW5nZXIgc3RyYW5nZXI=";
    for wrong in [
        webhook(SECRET, &id, &timestamp, &tampered),
        webhook(SECRET, "another", &timestamp, &heard.body),
        webhook(SECRET, &id, &later, &heard.body),
        webhook(stranger, &id, &timestamp, &heard.body),
    ] {
        assert_eq!(ask(library(), &wrong), "refused", "{wrong}");
    }
}

/// Hands the library a webhook, and reads what it makes of it.
fn ask(mut library: Command, webhook: &Value) -> String {
    use std::io::Write;
    let mut child =
        library.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().unwrap();
    input.write_all(webhook.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the library failed");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Where the library is. It appears there in one step, complete, or not at all.
fn fetched(name: &str, fetch: impl Fn(&Path) -> Command) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().unwrap().join("libraries");
    let place = target.join(name);
    if !place.exists() {
        let half = target.join(format!("{name}.{}", std::process::id()));
        std::fs::create_dir_all(&half).unwrap();
        let status = fetch(&half).status().expect("the package manager starts");
        assert!(status.success(), "{name} cannot be fetched");
        if std::fs::rename(&half, &place).is_err() {
            std::fs::remove_dir_all(&half).unwrap(); // Another was quicker.
        }
    }
    place
}

/// Whether the tests have to do without this tool, as they may on a machine that is not CI's.
#[expect(clippy::disallowed_methods, reason = "CI tells so by a variable")]
fn missing(tool: &str) -> bool {
    let there = Command::new(tool).arg("--version").stdout(Stdio::null()).status().is_ok();
    let in_ci = std::env::var("CI").is_ok_and(|it| it == "true");
    assert!(there || !in_ci, "{tool} is not here, and CI does not do without");
    !there
}
