use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use crate::{kontor, opened, ran, read, shows, written};

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_placed_shown_listed_and_cancelled() -> anyhow::Result<()> {
    let shop = opened("cli-orders").await?;
    let file = written(&shop, "L-1", "C-GOOD", 2)?;
    let placed = read(&shop, &["order", "place", &file]).await?;
    assert_eq!(placed["external_id"], "L-1");
    let number = placed["order_no"].as_str().unwrap_or_default().to_owned();

    // Once more, from standard input: it is the same order.
    let mut child = kontor(&shop, &["order", "place", "-"])?.stdin(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(&std::fs::read(&file)?).await?;
    drop(input);
    let again = String::from_utf8(child.wait_with_output().await?.stdout)?;
    assert!(again.starts_with(&format!("L-1 was placed before: {number}")), "{again}");

    let shown = shows(&shop, &number, "released").await?;
    assert_eq!(shown["order"]["entered_by"], "ops");
    assert_eq!(shown["timeline"][0]["what"], "placed");
    let shown = ran(&shop, &["order", "show", &number]).await?;
    let id = placed["order"].as_str().unwrap_or_default();
    for told in [id, "released", "289.28 CNY", "2  TEA", "intake placed", "WH-A requested"] {
        assert!(shown.out.contains(told), "{told} is not in\n{}", shown.out);
    }

    // Somebody has to look at this one, so it can be ended at once.
    let held = read(&shop, &["order", "place", &written(&shop, "L-2", "C-SLOW", 9)?]).await?;
    let held = held["order_no"].as_str().unwrap_or_default().to_owned();
    shows(&shop, &held, "credit_hold").await?;
    let listed = read(&shop, &["order", "list", "--status", "credit_hold,rejected"]).await?;
    assert_eq!(listed["orders"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed["orders"][0]["customer"], "C-SLOW");
    let both = ran(&shop, &["order", "list", "--channel", "web", "--limit", "2"]).await?;
    let lines: Vec<&str> = both.out.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("ORDER "), "{}", both.out);
    let column = |line: &str, word| line.find(word);
    assert_eq!(column(lines[0], "STATUS"), column(lines[1], "credit_hold"), "{}", both.out);
    assert_eq!(column(lines[0], "STATUS"), column(lines[2], "released"), "{}", both.out);

    let ended = read(&shop, &["order", "cancel", &held, "--reason", "ordered twice"]).await?;
    assert_eq!(ended["outcome"], "cancelled");
    shows(&shop, &held, "cancelled").await?;
    let again = ran(&shop, &["order", "cancel", &held, "--reason", "again", "--json"]).await?;
    let problem: serde_json::Value = serde_json::from_str(&again.out)?;
    assert_eq!((again.status, &problem["problem"]["status"]), (1, &409.into()), "{again:?}");
    shop.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_and_ends_with_its_status() -> anyhow::Result<()> {
    let shop = opened("cli-refusals").await?;
    let file = written(&shop, "L-3", "C-GOOD", 1)?;
    let spoilt = std::fs::read_to_string(&file)?.replace("\"CNY\"", "\"USD\"");
    let spoilt = spoilt.replace("\"quantity\":1", "\"quantity\":0");
    std::fs::write(&file, spoilt)?;
    let refused = ran(&shop, &["order", "place", &file]).await?;
    assert_eq!((refused.status, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("/lines/0/quantity"), "{}", refused.err);

    let missing = ran(&shop, &["order", "show", "K-999999"]).await?;
    assert_eq!(missing.status, 1);
    assert!(missing.err.starts_with("kontor: "), "{}", missing.err);

    // Nobody is there.
    let nowhere = ["order", "list", "--gateway", "http://127.0.0.1:9"];
    let nowhere = ran(&shop, &nowhere).await?;
    assert_eq!(nowhere.status, 1);
    assert!(nowhere.err.contains("nobody answers at http://127.0.0.1:9"), "{}", nowhere.err);

    // Called wrongly.
    for wrong in [
        &["order", "place", "/nonexistent.json"][..],
        &["order", "frobnicate"],
        &["order", "cancel", "K-000001"],
        &["tail", "--from", "0"],
        &["tail", "--channel", "a.b"],
        &["parked", "list", "--service", "kredit"],
        &["completions", "tcsh"],
    ] {
        let ran = ran(&shop, wrong).await?;
        assert_eq!(ran.status, 2, "{wrong:?}: {ran:?}");
        assert!(!ran.err.is_empty(), "{wrong:?}");
    }
    shop.close().await
}

/// The scripts are written, and name the commands.
#[tokio::test]
async fn shells_complete_the_commands() -> anyhow::Result<()> {
    for shell in ["bash", "zsh", "fish"] {
        let mut command = tokio::process::Command::new(whole_house::process::binary()?);
        let script = crate::ended({
            command.args(["completions", shell]).stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        })
        .await?;
        assert_eq!(script.status, 0, "{script:?}");
        for word in ["doctor", "parked", "cancel"] {
            assert!(script.out.contains(word), "{shell} does not know {word}");
        }
    }
    Ok(())
}
