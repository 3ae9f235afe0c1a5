//! Whom we do not call, however they are spelt.

use std::net::IpAddr;
use std::path::Path;

use expect_test::expect;
use proptest::prelude::*;

use super::home::{Home, failure};
use super::receiver::Receiver;
use super::words::{SECRET, endpoint, set};
use crate::WebhookSettings;
use crate::caller::{Caller, Signed};
use crate::endpoint::Endpoint;
use crate::guard::may_call;
use contracts::webhook::{CallOutcome, HookSecret, SetEndpointAnswer};

#[test]
fn only_public_addresses_may_be_called() {
    let refused = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1
        127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1
        192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
        240.0.0.1 255.255.255.255
        :: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.1.2.3 ::ffff:169.254.169.254
        ::ffff:0:8.8.8.8 64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b:1::8.8.8.8 100::1 2001::1
        2001:10::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 3fff:fff::1 5f00::1 fc00::1
        fdff::1 fe80::1 febf::1 fec0::1 ff02::1 4000::1 1fff::1";
    let called = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255
        128.0.0.1 169.253.0.1 169.255.0.1 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 192.167.0.1
        192.169.0.1 198.17.0.1 198.20.0.1 223.255.255.255 2001:4860:4860::8888 2606:4700::1111
        2a00::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2001:200::1 2003::1 3fff:1000::1";
    for (addresses, expected) in [(refused, false), (called, true)] {
        for it in addresses.split_whitespace() {
            let address: IpAddr = it.parse().unwrap();
            assert_eq!(may_call(address), expected, "{it}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// Whatever a merchant calls a URL: it is taken, or refused in words that are not too many; and
    /// what is taken leads to nobody of the house.
    #[test]
    fn no_url_is_too_much(
        url in "\\PC{0,80}|https?://[\\[\\]0-9a-fx:.%@/#?]{0,40}|https://\\PC{0,40}|[a-z]{0,9}:.{0,20}",
    ) {
        match Endpoint::after(set("erp", &url), None, &[]) {
            Ok(it) => {
                let parsed = url::Url::parse(&it.url).unwrap();
                prop_assert_eq!(parsed.scheme(), "https");
                let address = parsed.host_str().map(|it| it.trim_matches(['[', ']']).parse::<IpAddr>());
                prop_assert!(!address.is_some_and(|it| it.is_ok_and(|it| !may_call(it))), "{}", it.url);
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}

/// Ways to write an address of the house, as a merchant's URL could.
const SPELLINGS: [&str; 36] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.0x1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "10.1",
    "0xa.0.0.1",
    "167772161",
    "012.0.0.1",
    "192.168.1",
    "3232235777",
    "0xc0a80101",
    "172.16.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "100.64.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "１２７.０.０.１",
    "127。0。0。1",
];

#[test]
fn however_an_address_is_spelt_no_endpoint_is_set_there() {
    for it in SPELLINGS {
        for url in [format!("https://{it}/hooks"), format!("https://{it}:8443/hooks")] {
            let problems = Endpoint::after(set("erp", &url), None, &[]).unwrap_err();
            let codes: Vec<&str> = problems.iter().map(|it| it.code.as_str()).collect();
            assert_eq!(codes, ["url.address"], "{url}");
        }
    }
}

/// As though it had come past the rule.
#[tokio::test]
async fn however_an_address_is_spelt_it_is_not_called() {
    let caller = Caller::new(&WebhookSettings::default()).unwrap();
    for it in SPELLINGS {
        for scheme in ["https", "http"] {
            let outcome = call(&caller, &format!("{scheme}://{it}/")).await;
            let CallOutcome::Failed { reason, .. } = outcome else { panic!("{it}: {outcome:?}") };
            assert!(reason.ends_with("is not called: it is not public"), "{it}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_name_that_leads_into_the_house_is_not_called() {
    let receiver = Receiver::open([]).await;
    let port = receiver.address.port();
    let caller = Caller::new(&WebhookSettings::default()).unwrap();
    for url in [format!("http://localhost:{port}/"), format!("https://LOCALHOST:{port}/")] {
        // The rule lets it pass: what a name leads to is known only when it is called.
        assert!(Endpoint::after(set("erp", &url.replace("http:", "https:")), None, &[]).is_ok());
        let outcome = call(&caller, &url).await;
        let CallOutcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
        assert!(reason.ends_with("is not called: it is not public"), "{reason}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn an_exception_is_for_one_port() {
    let (allowed, other) = (Receiver::open([]).await, Receiver::open([]).await);
    let settings = WebhookSettings { allow: vec![allowed.address], ..WebhookSettings::default() };
    let caller = Caller::new(&settings).unwrap();
    assert_eq!(
        call(&caller, &allowed.url()).await,
        CallOutcome::Answered { status: 200, answer: "as it is ".to_owned() }
    );
    assert!(matches!(call(&caller, &other.url()).await, CallOutcome::Failed { .. }));
    assert_eq!((allowed.connections(), other.connections()), (1, 0));
}

#[tokio::test]
async fn a_server_that_is_not_who_it_says_is_told_nothing() {
    let receiver = Receiver::open([]).await; // Speaks no TLS at all.
    let settings = WebhookSettings { allow: vec![receiver.address], ..WebhookSettings::default() };
    let caller = Caller::new(&settings).unwrap();
    let outcome = call(&caller, &format!("https://{}/", receiver.address)).await;
    let CallOutcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("no secure connection"), "{reason}");
    assert!(receiver.heard().is_empty());
}

#[tokio::test]
async fn a_server_is_called_over_tls_if_its_certificate_is_trusted_and_never_else() {
    let receiver = Receiver::encrypted().await;
    let strict = WebhookSettings { allow: vec![receiver.address], ..WebhookSettings::default() };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/receiver.cert.pem");
    let trusting = WebhookSettings { ca_file: Some(file), ..strict.clone() };
    let url = format!("https://{}/hooks", receiver.address);

    let outcome = call(&Caller::new(&strict).unwrap(), &url).await;
    let CallOutcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("no secure connection: invalid peer certificate"), "{reason}");
    assert!(receiver.heard().is_empty());

    let outcome = call(&Caller::new(&trusting).unwrap(), &url).await;
    assert_eq!(outcome, CallOutcome::Answered { status: 200, answer: "as it is ".to_owned() });
    assert_eq!(receiver.heard()[0].path, "/hooks");
}

#[tokio::test]
async fn all_that_is_wrong_with_an_endpoint_is_told_at_once() {
    let home = Home::beside(&[]).await;
    let mut command = set("erp", "ftp://user:password@10.0.0.1/#there");
    command.events.clear();
    command.secret = Some(HookSecret("secret".to_owned()));
    let answer = home.tell("set", &command).await;
    let [SetEndpointAnswer::EndpointRefused(it)] = &answer[..] else { panic!("{answer:?}") };
    assert_eq!(it.endpoint, endpoint("erp"));
    let problems: Vec<String> = it
        .problems
        .iter()
        .map(|it| format!("{} {} {:?}: {}\n", it.code, it.pointer, it.found, it.expected))
        .collect();
    expect![[r#"
        url.scheme /url "": https
        url.user /url "": no user and no password
        url.fragment /url "": no fragment
        url.address /url "": a public address
        events /events "": at least one event, and not webhook.test, which is sent on demand
        secret.format /secret "": whsec_ and 24 to 64 random bytes in base64
    "#]]
    .assert_eq(&problems.concat());
    assert!(!format!("{:?}", set("erp", "https://example.com")).contains(SECRET));
}

async fn call(caller: &Caller, url: &str) -> CallOutcome {
    let signed =
        Signed { id: "msg".to_owned(), timestamp: "0".to_owned(), signature: "v1,".to_owned() };
    failure(caller.call(url, &signed, "{}".to_owned()).await)
}
