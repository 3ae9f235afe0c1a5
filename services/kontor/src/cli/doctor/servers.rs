//! NATS and its streams; the disk.

use std::path::Path;

use async_nats::jetstream;
use chassis::{House, streams};
use servers::Home;

use super::check::Check;
use crate::Configuration;
use crate::cli::at;

/// The oldest NATS that does, as `kontor up` has it.
const OLDEST: (u64, u64) = (2, 14);

/// So many bytes have to be free on the disk. A full disk makes publishes hang.
const FREE: u64 = 1 << 30;

/// A stream that is fuller than this, in a hundred, soon refuses.
const FULL: u64 = 80;

const PROVISION: &str = "`kontor provision` makes and mends streams";

/// Whether NATS is there, new enough, and holds what it has to.
pub(super) async fn examine_nats(configuration: &Configuration, house: &House) -> Vec<Check> {
    let url = &configuration.nats.url;
    let nats = match at::admin(configuration).await {
        Ok(nats) => nats,
        Err(error) => {
            let remedy = "start NATS there, or set nats.url; if it wants to know who asks, \
                          nats.admin_user and nats.admin_password";
            let open = Check::open("streams", "NATS cannot be asked");
            return vec![Check::wrong("nats", format!("{error:#}"), remedy), open];
        }
    };
    let version = nats.server_info().version;
    let mut checks = vec![if is_new_enough(&version) {
        Check::ok("nats", format!("{version} at {url}"))
    } else {
        let found = format!("{version} at {url} is too old: it loses streams");
        Check::wrong("nats", found, format!("NATS {}.{} or newer", OLDEST.0, OLDEST.1))
    }];
    let jetstream = jetstream::new(nats);
    if let Err(error) = jetstream.query_account().await {
        let found = format!("JetStream does not answer: {error}");
        let remedy = "set `jetstream { store_dir: … }` in the configuration of NATS";
        checks.push(Check::wrong("streams", found, remedy));
        return checks;
    }
    checks.push(examine_streams(&jetstream, configuration.partitions, house).await);
    checks
}

async fn examine_streams(jetstream: &jetstream::Context, partitions: u32, house: &House) -> Check {
    let contracts = house.contracts();
    let mut faults = streams::faults(jetstream, &contracts, partitions).await;
    let rooms = streams::rooms(jetstream, &contracts, partitions).await;
    for room in &rooms {
        if room.used.saturating_mul(100) / room.quota.max(1) >= FULL {
            let [used, quota] = [room.used, room.quota].map(|it| it >> 20);
            faults.push(format!("stream {} holds {used} of {quota} MiB", room.stream));
        }
        if !room.unread.is_empty() {
            let unread = room.unread.join(", ");
            faults.push(format!("stream {} has no consumer {unread}", room.stream));
        }
    }
    Check::of("streams", &format!("{} as provisioned", rooms.len()), &faults, PROVISION)
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|it| it.parse().unwrap_or_default());
    let number = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    number >= OLDEST
}

/// Whether there is room on the disk of this home, or of this directory if there is no home.
pub(super) fn examine_disk(home: &Path) -> anyhow::Result<Check> {
    let home = Home::locate(home)?;
    let place = if home.exists() { home } else { ".".into() };
    let disk = rustix::fs::statvfs(&place)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} MiB free at {}", free >> 20, place.display());
    let remedy = "make room; NATS and Postgres on other machines have disks of their own";
    Ok(if free < FREE { Check::wrong("disk", found, remedy) } else { Check::ok("disk", found) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for (version, enough) in [
            ("2.14.0", true),
            ("2.9.25", false),
            ("2.14.1-RC.1", true),
            ("3.0.0", true),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), enough, "{version}");
        }
    }
}
