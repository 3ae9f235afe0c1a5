//! Everything, from the bottom up.

use chassis::House;

use super::check::Check;
use super::{books, servers};
use crate::cli::at::{Door, Here, Servers};
use crate::{Configuration, house};

/// Looks at everything.
pub(super) async fn examine(
    door: &Door,
    servers: &Servers,
    here: &Here,
) -> anyhow::Result<Vec<Check>> {
    let house = house::plain();
    let mut checks = Vec::new();
    match configuration(servers, here, &house) {
        Ok((read, from)) => {
            checks.push(Check::ok("configuration", from));
            checks.extend(servers::examine_nats(&read, &house).await);
            checks.extend(books::examine(&read, &house).await?);
        }
        Err(error) => {
            let remedy = "start `kontor up` in this directory, or name a file with --config: \
                          deploy/kontor.toml explains every setting";
            checks.push(Check::wrong("configuration", format!("{error:#}"), remedy));
            let rest =
                ["nats", "streams", "databases"].map(|it| Check::open(it, "not known where"));
            checks.extend(rest);
        }
    }
    checks.push(servers::examine_disk(&here.home)?);
    let gateway = door.open(here)?;
    checks.push(match gateway.is_ready().await {
        Ok(()) => Check::ok("gateway", format!("ready at {}", gateway.base())),
        Err(error) => {
            let remedy =
                "`kontor run gateway` starts one; --gateway or KONTOR_GATEWAY names another";
            Check::wrong("gateway", format!("{error:#}"), remedy)
        }
    });
    Ok(checks)
}

/// What is configured, if all services are.
fn configuration(
    servers: &Servers,
    here: &Here,
    house: &House,
) -> anyhow::Result<(Configuration, String)> {
    let (read, from) = servers.configuration(here)?;
    read.accounts(house.names())?;
    Ok((read, from))
}
