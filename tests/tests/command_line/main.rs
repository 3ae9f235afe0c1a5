//! The command line, as a process of its own, against a whole house: what it shows and changes, how
//! it ends, and that programs can read it.

mod doctor;
mod orders;
mod parked;
mod tail;

use std::process::Stdio;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::process::Command;
use whole_house::process::binary;
use whole_house::{PATIENCE, Shop, eventually};

/// How a command ended, and what it wrote.
#[derive(Debug)]
struct Ran {
    status: i32,
    out: String,
    err: String,
}

/// The binary, in the shop's home: it finds the shop by itself.
fn kontor(shop: &Shop, arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(binary()?);
    command.args(arguments).arg("--home").arg(shop.home());
    command.env_remove("KONTOR_GATEWAY").env("USER", "wang.fang").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// Runs it to its end. What is piped has no colours.
async fn ran(shop: &Shop, arguments: &[&str]) -> anyhow::Result<Ran> {
    ended(kontor(shop, arguments)?).await
}

async fn ended(mut command: Command) -> anyhow::Result<Ran> {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.context("it hangs")??;
    let status = output.status.code().context("it was killed")?;
    let (out, err) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(!out.contains('\x1b') && !err.contains('\x1b'), "colours for nobody: {out}{err}");
    Ok(Ran { status, out, err })
}

/// Runs it, to end well, and reads what it wrote as JSON.
async fn read(shop: &Shop, arguments: &[&str]) -> anyhow::Result<Value> {
    let ran = ran(shop, &[arguments, &["--json"]].concat()).await?;
    ensure!(ran.status == 0, "{arguments:?}: {ran:?}");
    serde_json::from_str(&ran.out).with_context(|| format!("{arguments:?}: {ran:?}"))
}

/// Opens a shop that sells tea to a customer who may owe much, and to one who may not.
async fn opened(name: &str) -> anyhow::Result<Shop> {
    let shop = Box::pin(Shop::open(name)).await?;
    shop.knows("C-GOOD", 10_000_000, 98).await?;
    shop.knows("C-SLOW", 50_000, 30).await?;
    shop.sells("TEA", 12_800, &[("WH-A", 1_000)]).await?;
    Ok(shop)
}

/// Writes an order for tea into the shop's home; returns the file.
fn written(shop: &Shop, name: &str, customer: &str, quantity: i64) -> anyhow::Result<String> {
    let tea = whole_house::Item {
        sku: "TEA".parse()?,
        price: contracts::Cents(12_800),
        cost: contracts::Cents(6_400),
        tax_rate: 1_300,
    };
    let order = whole_house::Draft::on_account(name, customer)?.line(&tea, quantity).order();
    let file = shop.home().join(format!("{name}.json"));
    std::fs::write(&file, serde_json::to_vec(&order)?)?;
    Ok(file.to_string_lossy().into_owned())
}

/// Waits until the order shows this status; returns how it is shown.
async fn shows(shop: &Shop, order: &str, status: &str) -> anyhow::Result<Value> {
    eventually(PATIENCE, || async {
        let shown = read(shop, &["order", "show", order]).await?;
        ensure!(shown["order"]["status"] == status, "{order} is {}", shown["order"]["status"]);
        Ok(shown)
    })
    .await
}
