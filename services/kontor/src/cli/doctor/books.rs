//! Each service's database, by its books.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::{Account, Desk, House, Inspection, inspect};
use contracts::Kind;

use super::check::Check;
use crate::Configuration;
use crate::cli::at::PATIENCE;

/// How often lags are looked at, how long after one another. Whoever is at work catches up by then.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// How the services stand, by their names.
type Books = BTreeMap<&'static str, Inspection>;

/// What somebody has not done yet of what there was at the first look.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Behind {
    service: &'static str,
    partition: u32,
    /// Whose pages it has not heard; nothing, if it has not published its own.
    speaker: Option<&'static str>,
    at: i64,
    of: i64,
}

/// Looks into the books of every service.
pub(super) async fn examine(
    configuration: &Configuration,
    house: &House,
) -> anyhow::Result<Vec<Check>> {
    let accounts = configuration.accounts(house.names())?;
    let (books, unreached) = look(&accounts, house).await;
    let well = format!("{} answer", books.len());
    let remedy = "start Postgres there, or set services.<name>.database";
    let databases = Check::of("databases", &well, &unreached, remedy);
    if books.is_empty() {
        let rest = ["schema", "partitions", "owners", "hearing", "outlets", "parked"];
        let open = rest.map(|it| Check::open(it, "no database can be asked"));
        return Ok([databases].into_iter().chain(open).collect());
    }
    let partitions = configuration.partitions;
    let mut checks =
        vec![databases, schema(&books), divided(&books, partitions), owners(&books, partitions)];
    let behind = still_behind(&accounts, house, &books).await;
    let (hearing, outlets): (Vec<Behind>, Vec<Behind>) =
        behind.into_iter().partition(|it| it.speaker.is_some());
    let lines = |them: &[Behind]| them.iter().map(Behind::in_words).collect::<Vec<_>>();
    checks.push(Check::of(
        "hearing",
        "everyone has heard what was said",
        &lines(&hearing),
        "see the logs of who does not hear; a database that was put back in time is refused \
         (shared/chassis/README.md)",
    ));
    checks.push(Check::of(
        "outlets",
        "all that is public is published",
        &lines(&outlets),
        "see the logs of who does not publish: a stream is full, or NATS does not acknowledge",
    ));
    let parked: Vec<String> = books
        .iter()
        .filter(|it| it.1.parked > 0)
        .map(|(name, it)| format!("{} of {name}", it.parked))
        .collect();
    let remedy = "`kontor parked list` shows why; `replay` decides again, `discard` puts away";
    checks.push(Check::of("parked", "nothing", &parked, remedy));
    Ok(checks)
}

/// Looks at all at once. Returns whom it reached, and of the others why not.
async fn look(accounts: &BTreeMap<String, Account>, house: &House) -> (Books, Vec<String>) {
    let mut looks = Vec::new();
    for desk in house.desks() {
        let Some(account) = accounts.get(desk.name()) else { continue };
        looks.push(async move {
            let name = desk.name();
            let found = tokio::time::timeout(PATIENCE, inspect(account, desk)).await;
            match found {
                Ok(Ok(found)) => Ok((name, found)),
                Ok(Err(error)) => Err(format!("{name}: {error}")),
                Err(_) => Err(format!("{name}: no answer within {} s", PATIENCE.as_secs())),
            }
        });
    }
    let (mut books, mut unreached) = (Books::new(), Vec::new());
    for looked in futures::future::join_all(looks).await {
        match looked {
            Ok((name, found)) => drop(books.insert(name, found)),
            Err(why) => unreached.push(why),
        }
    }
    (books, unreached)
}

fn schema(books: &Books) -> Check {
    let mut faults = Vec::new();
    for (name, it) in books {
        if !it.missing.is_empty() {
            faults.push(format!("{name} lacks {}", it.missing.join(", ")));
        }
        if !it.changed.is_empty() {
            faults.push(format!("{name}: {} is another now", it.changed.join(", ")));
        }
    }
    let remedy = "a service takes missing steps when it starts; a step that changed wants the \
                  binary that took it";
    Check::of("schema", "up to date", &faults, remedy)
}

fn divided(books: &Books, partitions: u32) -> Check {
    let other = books.iter().filter_map(|(name, it)| Some((name, it.partitions?)));
    let other = other.filter(|it| it.1 != partitions);
    let faults: Vec<String> =
        other.map(|(name, it)| format!("{name} was set up with {it}, not {partitions}")).collect();
    let remedy = "set `partitions` to the number of the databases: it is fixed for good";
    Check::of("partitions", &partitions.to_string(), &faults, remedy)
}

fn owners(books: &Books, partitions: u32) -> Check {
    let mut faults = Vec::new();
    for (name, it) in books {
        let is_owned = |nth: &u32| it.places.get(nth).is_some_and(|it| it.owned);
        let free: Vec<String> =
            (0..partitions).filter(|nth| !is_owned(nth)).map(|it| it.to_string()).collect();
        if !free.is_empty() {
            faults.push(format!("nobody owns {} of {name}", free.join(", ")));
        }
    }
    let remedy = "start the service: `kontor run <name>`; if it runs, its log tells what it lacks";
    Check::of("owners", "every partition is owned", &faults, remedy)
}

/// Who does not get to where all was at the first look, though given some time.
async fn still_behind(
    accounts: &BTreeMap<String, Account>,
    house: &House,
    first: &Books,
) -> Vec<Behind> {
    let mut behind = behind(house, first, first);
    for _ in 0..LOOKS {
        if behind.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let (now, _) = look(accounts, house).await;
        behind = self::behind(house, first, &now);
    }
    behind
}

/// Who is now behind what was said then.
fn behind(house: &House, then: &Books, now: &Books) -> Vec<Behind> {
    let said = |speaker: &str, partition: u32| {
        let place = then.get(speaker).and_then(|it| it.places.get(&partition));
        place.map(|it| it.said).unwrap_or_default()
    };
    let mut all = Vec::new();
    for desk in house.desks() {
        let (service, speakers) = (desk.name(), speakers(desk));
        let Some(inspected) = now.get(service) else { continue };
        for (&partition, place) in &inspected.places {
            for &speaker in &speakers {
                let at = place.heard.get(speaker).copied().unwrap_or_default();
                let of = said(speaker, partition);
                all.push(Behind { service, partition, speaker: Some(speaker), at, of });
            }
            if desk.says().iter().any(|it| it.kind == Kind::Public) {
                let (at, of) = (place.published, said(service, partition));
                all.push(Behind { service, partition, speaker: None, at, of });
            }
        }
    }
    all.retain(|it| it.at < it.of);
    all
}

/// Whom a service listens to.
fn speakers(desk: &dyn Desk) -> Vec<&'static str> {
    let heard = desk.hears().iter().filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
    let mut speakers: Vec<&str> = heard.map(contracts::Contract::owner).collect();
    speakers.sort_unstable();
    speakers.dedup();
    speakers
}

impl Behind {
    fn in_words(&self) -> String {
        let Self { service, partition, speaker, at, of } = self;
        match speaker {
            Some(speaker) => {
                format!("{service} {partition} has heard {at} of {speaker}'s {of} pages")
            }
            None => format!("{service} {partition} has published {at} of its {of} pages"),
        }
    }
}
