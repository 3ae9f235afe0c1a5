//! A real nats-server: found or fetched, started, stopped, killed, changed and lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use servers::{Home, Nats, NatsOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Binaries are fetched once for all tests; every test has a home of its own.
async fn start(name: &str, options: NatsOptions) -> anyhow::Result<Nats> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let binary = servers::nats_binary(&Home::open(&root.join("shared"), &|_| ())?, &|_| ()).await?;
    Nats::start(&binary, &home(name)?, options).await
}

fn home(name: &str) -> anyhow::Result<Home> {
    Home::open(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), &|_| ())
}

fn clear(name: &str) {
    drop(fs::remove_dir_all(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)));
}

/// Says hello with this password. Returns what the server said first, and whether we are let in.
async fn knock(url: &str, password: &str) -> anyhow::Result<(String, bool)> {
    let mut stream = BufReader::new(TcpStream::connect(url.trim_start_matches("nats://")).await?);
    let (mut info, mut answer) = (String::new(), String::new());
    stream.read_line(&mut info).await?;
    let hello = format!(r#"CONNECT {{"verbose":false,"user":"kontor","pass":"{password}"}}"#);
    stream.write_all(format!("{hello}\r\nPING\r\n").as_bytes()).await?;
    stream.read_line(&mut answer).await?;
    Ok((info, answer.starts_with("PONG")))
}

fn only(password: &str) -> String {
    format!("authorization {{ user: kontor, password: {password} }}")
}

#[tokio::test]
async fn it_comes_back_where_it_was() -> anyhow::Result<()> {
    clear("back");
    let mut nats = start("back", NatsOptions { durable: true, ..NatsOptions::default() }).await?;
    let url = nats.url();
    let (info, _) = knock(&url, "").await?;
    assert!(info.contains(r#""jetstream":true"#), "{info}");
    nats.stop().await?;
    assert!(knock(&url, "").await.is_err(), "it is down");
    nats.restart().await?;
    knock(&url, "").await?;
    nats.kill9().await?;
    nats.wipe_store()?;
    nats.restart().await?;
    assert!(nats.wipe_store().is_err(), "not while it runs");
    drop(nats);
    assert_eq!(start("back", NatsOptions::default()).await?.url(), url);
    Ok(())
}

#[tokio::test]
async fn who_may_do_what_changes_without_a_stop() -> anyhow::Result<()> {
    clear("reload");
    let options = NatsOptions { authorization: Some(only("before")), ..NatsOptions::default() };
    let mut nats = start("reload", options).await?;
    let url = nats.url();
    assert_eq!((knock(&url, "before").await?.1, knock(&url, "after").await?.1), (true, false));
    nats.reload(Some(only("after"))).await?;
    assert_eq!((knock(&url, "before").await?.1, knock(&url, "after").await?.1), (false, true));
    nats.reload(Some("authorization { nonsense".to_owned())).await.unwrap_err();
    nats.restart().await?;
    assert_eq!((knock(&url, "before").await?.1, knock(&url, "after").await?.1), (false, true));
    Ok(())
}

#[tokio::test]
async fn a_home_serves_one_at_a_time() -> anyhow::Result<()> {
    clear("twice");
    let mut first = start("twice", NatsOptions::default()).await?;
    let error = start("twice", NatsOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    first.stop().await
}

#[tokio::test]
async fn what_an_earlier_run_left_is_stopped() -> anyhow::Result<()> {
    clear("left");
    let mut nats = start("left", NatsOptions::default()).await?;
    nats.stop().await?;
    let url = nats.url();
    drop(nats);
    let home = home("left")?;
    let shared = Home::open(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared"), &|_| ())?;
    let mut left = Command::new(servers::nats_binary(&shared, &|_| ()).await?)
        .arg("--config")
        .arg(home.path().join("run/nats.conf"))
        .stderr(Stdio::null())
        .spawn()?;
    fs::write(home.path().join("run/nats.pid"), left.id().to_string())?;
    while knock(&url, "").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut nats = start("left", NatsOptions::default()).await?;
    assert!(left.try_wait()?.is_some(), "it was stopped first");
    nats.stop().await
}

#[tokio::test]
async fn it_does_not_outlive_a_killed_owner() -> anyhow::Result<()> {
    clear("owner");
    let mut owner = Command::new(std::env::current_exe()?)
        .args(["--exact", "an_owner", "--ignored"])
        .stdout(Stdio::null())
        .spawn()?;
    let port = Path::new(env!("CARGO_TARGET_TMPDIR")).join("owner/run/nats.port");
    let answers = async || {
        let url = format!("127.0.0.1:{}", fs::read_to_string(&port)?);
        knock(&url, "").await
    };
    while answers().await.is_err() {
        assert!(owner.try_wait()?.is_none(), "the owner lives");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    owner.kill()?;
    owner.wait()?;
    while answers().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "is run, and killed, by the test above"]
async fn an_owner() -> anyhow::Result<()> {
    let _nats = start("owner", NatsOptions::default()).await?;
    std::future::pending().await
}
