//! The postman's round, against a real server and the real worker.

use std::path::Path;
use std::time::Duration;

use contracts::Language;
use expect_test::expect;
use mail_parser::{HeaderValue, Message, MessageParser};

use super::home::{Home, recipient};
use super::letters::order_called;
use super::sink::{Mood, Sink};
use crate::{Security, Smtp};

#[tokio::test]
async fn a_letter_is_a_mail_that_any_program_can_read() {
    let home = Home::of("place a; confirm a").await;
    let sink = Sink::open([]).await;

    home.round(&mut home.postman(&sink)).await;

    let mails = sink.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let mail = parse(mail);
    assert_eq!(mail.subject(), Some("【Kontor】订单 K-2026-000123 已确认"));
    assert_eq!(address(mail.to()), "王伟 <wang.wei@example.cn>");
    assert_eq!(address(mail.from()), "Kontor <orders@localhost>");
    assert_eq!(mail.date().unwrap().to_timestamp(), 0); // When it was written.
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    let letter = header(&mail, "X-Kontor-Letter");
    assert_eq!(mail.message_id(), Some(format!("{letter}@localhost").as_str()));
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("- 球阀 <DN25> × 1000：¥11,300.00"), "{text}");
    let html = mail.body_html(0).unwrap();
    assert!(html.contains("球阀 &#60;DN25&#62;"), "{html}");
    assert!(mails[0].is_ascii() && mails[0].lines().all(|it| it.len() <= 998));
}

#[tokio::test]
async fn a_letter_is_sent_once_and_said_to_be() {
    let home = Home::of("place a; confirm a; place c; confirm c").await;
    let sink = Sink::open([]).await;
    let mut postman = home.postman(&sink);

    home.round(&mut postman).await;
    home.round(&mut postman).await;

    assert_eq!(sink.mails().len(), 2);
    let mut told: Vec<String> = home.told().await.lines().map(str::to_owned).collect();
    told.sort();
    assert_eq!(told, ["a confirmed sent in zh-CN", "c confirmed sent in en"]);
}

#[tokio::test]
async fn what_a_server_took_without_saying_so_comes_again_as_the_same_mail() {
    let home = Home::of("place a; confirm a").await;
    let sink = Sink::open([Mood::HangUp]).await;
    let mut postman = home.postman(&sink);

    home.round(&mut postman).await;
    let after_the_first = home.letters().await;
    home.round(&mut postman).await;

    assert!(after_the_first.starts_with("confirmed queued 1 "), "{after_the_first}");
    assert_eq!(home.letters().await, "confirmed sent 2\n");
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(parse(&mails[0]).message_id(), parse(&mails[1]).message_id());
    assert_eq!(mails[0], mails[1]); // To the last byte.
}

/// A crash between sending and telling: the next postman knows nothing of it.
#[tokio::test]
async fn a_mail_that_nobody_could_be_told_of_is_repeated_after_a_crash_and_only_then() {
    let home = Home::of("place a; confirm a").await;
    let sink = Sink::open([]).await;
    let mut postman = home.postman(&sink);

    home.send_worker_away(true);
    assert!(!home.round(&mut postman).await);
    assert!(!home.round(&mut postman).await);
    assert_eq!(sink.mails().len(), 1);

    home.round(&mut home.postman(&sink)).await; // After a crash.
    assert_eq!(sink.mails().len(), 2);
    assert_eq!(sink.mails()[0], sink.mails()[1]);

    home.send_worker_away(false);
    home.round(&mut postman).await; // Tells what it knows.
    assert_eq!(home.letters().await, "confirmed sent 1\n");
    assert_eq!(sink.mails().len(), 2);
    assert_eq!(home.ids().await.len(), 1); // Told under one id: decided once, whoever tells it.
}

/// What the worker does not know is repeated after a crash: so it must not become much.
#[tokio::test]
async fn while_nobody_can_be_told_no_more_than_64_mails_leave() {
    let parcels: Vec<String> = (0..80).map(|it| format!("ship c {it}")).collect();
    let home = Home::of(&format!("place c; {}", parcels.join("; "))).await;
    let sink = Sink::open([]).await;
    let mut postman = home.postman(&sink);

    home.send_worker_away(true);
    for _ in 0..3 {
        home.round(&mut postman).await;
    }
    assert_eq!(sink.mails().len(), 64);

    home.send_worker_away(false);
    for _ in 0..2 {
        home.round(&mut postman).await;
    }
    assert_eq!(sink.mails().len(), 80);
    assert_eq!(home.letters().await, "shipped sent 1\n".repeat(80));
}

/// As after a newer release wrote it, which is still being rolled out.
#[tokio::test]
async fn a_letter_that_cannot_be_read_is_set_aside_and_stops_nobody() {
    let home = Home::of("place a; confirm a; place c; confirm c").await;
    let sink = Sink::open([]).await;
    let newer = "update letter set facts = '{\"about\": \"recalled\"}' where order_id = $1";
    let unread = order_called(0);
    sqlx::query(newer).bind(unread.0).execute(home.db()).await.unwrap();
    let mut postman = home.postman(&sink);

    assert!(!home.round(&mut postman).await);
    home.round(&mut postman).await;

    assert_eq!(home.letters().await, "confirmed queued 0\nconfirmed sent 1\n");
}

#[tokio::test]
async fn a_final_refusal_ends_the_letter_and_the_reason_names_nobody() {
    let home = Home::of("place c; confirm c").await;
    let answer = "550 5.1.1 <BOB@example.com>: user bob unknown, sorry";
    let sink = Sink::open([Mood::Say(answer)]).await;
    let mut postman = home.postman(&sink);

    home.round(&mut postman).await;
    home.round(&mut postman).await;

    expect![[r#"
        c confirmed failed: permanent error (550): 5.1.1 (address) user (address) unknown, sorry
    "#]]
    .assert_eq(&home.told().await);
    assert_eq!(sink.mails().len(), 0);
}

#[tokio::test]
async fn a_server_that_is_busy_gets_the_letter_later() {
    let home = Home::of("place c; confirm c").await;
    let sink = Sink::open([Mood::Say("451 4.7.1 bob@example.com is greylisted")]).await;
    let mut postman = home.postman(&sink);

    home.round(&mut postman).await;
    expect![[r#"
        confirmed queued 1 transient error (451): 4.7.1 (address) is greylisted
    "#]]
    .assert_eq(&home.letters().await);

    home.round(&mut postman).await;
    assert_eq!(home.letters().await, "confirmed sent 2\n");
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn without_an_address_there_is_nothing_to_send() {
    let home = Home::of("place b; confirm b; place z; confirm z").await;
    let sink = Sink::open([]).await;

    home.round(&mut home.postman(&sink)).await;

    assert_eq!(home.letters().await, "confirmed failed 1 no address\n".repeat(2));
    assert_eq!(sink.connections(), 0);
}

#[tokio::test]
async fn what_is_no_address_is_not_tried() {
    let home = Home::of_recipient(recipient("Eve", Some("eve at home"), Language::English)).await;
    let sink = Sink::open([]).await;

    home.round(&mut home.postman(&sink)).await;

    assert_eq!(home.letters().await, "confirmed failed 1 not an address\n");
    assert_eq!(sink.connections(), 0);
}

#[tokio::test]
async fn a_name_cannot_smuggle_a_header_in() {
    let name = "Eve\r\nBcc: all@example.com\r\n\r\nHello";
    let home =
        Home::of_recipient(recipient(name, Some("eve@example.com"), Language::English)).await;
    let sink = Sink::open([]).await;

    home.round(&mut home.postman(&sink)).await;

    let mails = sink.mails();
    let mail = parse(&mails[0]);
    assert!(mail.bcc().is_none());
    assert_eq!(address(mail.to()), "Eve Bcc: all@example.com Hello <eve@example.com>");
}

#[tokio::test]
async fn while_intake_is_away_letters_wait_and_no_attempt_is_counted() {
    let home = Home::of("place a; confirm a").await;
    let sink = Sink::open([]).await;
    let mut postman = home.postman(&sink);

    home.send_intake_away(true);
    assert!(!home.round(&mut postman).await);
    assert_eq!(home.letters().await, "confirmed queued 0\n");

    home.send_intake_away(false);
    home.round(&mut postman).await;
    assert_eq!(home.letters().await, "confirmed sent 1\n");
}

#[tokio::test]
async fn a_wrong_password_fails_no_letter() {
    let home = Home::of("place a; confirm a").await;
    let sink = Sink::with_login("535 5.7.8 authentication failed").await;

    home.round(&mut home.postman(&sink)).await;

    let letters = home.letters().await;
    assert!(letters.starts_with("confirmed queued 1 permanent error (535)"), "{letters}");
}

#[tokio::test]
async fn a_right_password_lets_us_in() {
    let home = Home::of("place a; confirm a").await;
    let sink = Sink::with_login("235 2.7.0 welcome").await;

    home.round(&mut home.postman(&sink)).await;

    assert_eq!(home.letters().await, "confirmed sent 1\n");
}

#[tokio::test]
async fn nothing_of_value_is_said_in_clear_where_encryption_is_demanded() {
    for security in [Security::Starttls, Security::Tls] {
        let home = Home::of("place a; confirm a").await;
        let sink = Sink::with_login("235 2.7.0 welcome").await; // Offers no encryption.
        let smtp = Smtp { security, ..sink.smtp() };
        home.round(&mut home.hasty_postman(smtp, Duration::from_millis(500))).await;

        let letters = home.letters().await;
        assert!(letters.starts_with("confirmed queued 1 "), "{letters}");
        assert!(sink.mails().is_empty());
    }
}

#[tokio::test]
async fn letters_leave_encrypted_to_a_server_that_is_trusted_and_to_no_other() {
    for security in [Security::Starttls, Security::Tls] {
        let home = Home::of("place a; confirm a").await;
        let sink = Sink::encrypted(security).await;
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/sink.cert.pem");
        let trusting = Smtp { ca_file: Some(file), ..sink.smtp() };

        home.round(&mut home.postman(&sink)).await;
        let letters = home.letters().await;
        assert!(letters.starts_with("confirmed queued 1 "), "{letters}");

        let patience = Duration::from_secs(5);
        home.round(&mut home.hasty_postman(trusting, patience)).await;
        assert_eq!(home.letters().await, "confirmed sent 2\n");
        assert_eq!(sink.mails().len(), 1);
    }
}

/// The late answer to a mail that was given up must not be taken for the answer to the next.
#[tokio::test]
async fn a_server_that_dawdles_is_left_and_its_late_answer_is_heard_by_nobody() {
    let home = Home::of("place a; confirm a; ship a 1").await;
    let dawdle = Mood::Dawdle(Duration::from_millis(1500));
    let sink = Sink::open([dawdle, Mood::Say("550 5.7.1 no")]).await;
    home.round(&mut home.hasty_postman(sink.smtp(), Duration::from_secs(1))).await;

    expect![[r#"
        confirmed queued 1 the mail server did not answer in time
        shipped failed 1 permanent error (550): 5.7.1 no
    "#]]
    .assert_eq(&home.letters().await);
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn eight_orders_are_written_to_at_once_and_the_letters_of_one_in_turn() {
    let orders = "cdefghijklmnopqrstuvwx".chars();
    let lines: Vec<String> =
        orders.map(|it| format!("place {it}; ship {it} 1; confirm {it}")).collect();
    let home = Home::of(&lines.join("; ")).await;
    let sink = Sink::open([Mood::Dawdle(Duration::from_millis(20)); 44]).await;

    home.round(&mut home.postman(&sink)).await;

    assert_eq!(sink.mails().len(), 44);
    assert_eq!((sink.busiest(), sink.connections()), (8, 8));
    let told = home.told().await;
    for order in "cdefghijklmnopqrstuvwx".chars() {
        let lines: Vec<&str> = told.lines().filter(|it| it.starts_with(order)).collect();
        let [confirmed, shipped] = lines[..] else { panic!("{lines:?}") };
        assert!(confirmed.contains("confirmed sent") && shipped.contains("shipped sent"));
    }
}

#[tokio::test]
async fn when_the_office_closes_no_mail_is_begun_and_none_is_left_half_sent() {
    let orders = "cdefghijklmnopqrstuvwx".chars();
    let lines: Vec<String> = orders.map(|it| format!("place {it}; confirm {it}")).collect();
    let home = Home::of(&lines.join("; ")).await;
    let sink = Sink::open([Mood::Dawdle(Duration::from_millis(20)); 22]).await;

    home.round_until(&mut home.postman(&sink), std::future::ready(())).await;

    let (mails, letters) = (sink.mails().len(), home.letters().await);
    let in_state = |state| letters.lines().filter(|it| it.contains(state)).count();
    assert!(mails <= 8, "{mails}");
    assert_eq!((in_state("sent"), in_state("queued")), (mails, 22 - mails));

    home.round(&mut home.postman(&sink)).await;
    assert_eq!(sink.mails().len(), 22, "the next office sends the rest");
}

fn parse(mail: &str) -> Message<'_> {
    MessageParser::default().parse(mail.as_bytes()).expect("a mail")
}

fn address(header: Option<&mail_parser::Address<'_>>) -> String {
    let address = header.and_then(|it| it.first()).expect("an address");
    format!("{} <{}>", address.name().unwrap_or_default(), address.address().unwrap_or_default())
}

fn header(mail: &Message<'_>, name: &str) -> String {
    match mail.header(name) {
        Some(HeaderValue::Text(text)) => text.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}
