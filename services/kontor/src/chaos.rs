//! Real processes under a seeded plan of faults: is anything lost, doubled, or left lying? Servers,
//! every service twice, and everybody outside, all of one machine and on its loopback; what everybody
//! outside saw is written down, and compared with the books in the end.

mod again;
mod audit;
mod check;
mod faults;
mod journal;
mod outside;
mod plan;
mod premises;
mod probe;
mod proxy;
mod report;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::Stopwatch;
use clap::{Args, value_parser};
use contracts::Timestamp;
use serde_json::json;
use servers::Progress;

use self::audit::Auditor;
use self::check::Check;
use self::faults::Pages;
use self::journal::{Done, Journal, now};
use self::outside::{Outside, Receivers};
use self::plan::{Kind, Plan};
use self::premises::Premises;
use self::probe::Probe;
use self::report::{Report, Summary};
use crate::house;

/// What is tried.
#[derive(Debug, Clone, Args)]
pub struct Chaos {
    /// The first run's chance: the same number, the same orders and the same faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many runs, each on fresh servers with the next seed.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(1..=1_000))]
    runs: u64,
    /// How many orders are handed in, in all runs together.
    #[arg(long, default_value_t = 2_000, value_parser = value_parser!(u64).range(1..=1_000_000))]
    orders: u64,
    /// How many faults, in all runs together.
    #[arg(long, default_value_t = 14, value_parser = value_parser!(u64).range(0..=10_000))]
    faults: u64,
    /// Over how many seconds each run spreads its orders and its faults. A fault waits until the
    /// house has recovered from the one before.
    #[arg(long, default_value_t = 60, value_parser = value_parser!(u64).range(1..=7_200))]
    seconds: u64,
    /// Do what this plan says, in place of one that is drawn.
    #[arg(long)]
    plan: Option<PathBuf>,
    /// What is run before every merge: 10,000 orders and 60 faults in 3 runs.
    #[arg(long)]
    gate: bool,
    /// Where the records of each run are kept, and the servers' data while it lasts.
    #[arg(long, default_value = ".kontor/chaos")]
    dir: PathBuf,
}

/// Orders before the first fault: the house is warm, and nothing is wrong yet.
const WARM_UP: Duration = Duration::from_secs(5);

impl Chaos {
    /// What is tried, the gate's figures filled in.
    fn settled(self) -> anyhow::Result<Self> {
        ensure!(self.plan.is_none() || self.runs == 1, "--plan is for one run");
        if self.gate {
            return Ok(Self { runs: 3, orders: 10_000, faults: 60, seconds: 60, ..self });
        }
        Ok(self)
    }

    /// What is tried in the run of this number.
    fn of_run(&self, nth: u64) -> anyhow::Result<Run> {
        let seed = self.seed + nth;
        let share = |all: u64| all / self.runs + u64::from(nth < all % self.runs);
        let services: Vec<&str> = house::plain().names().collect();
        let plan = if let Some(file) = &self.plan {
            Plan::read(file)?
        } else {
            let faults = usize::try_from(share(self.faults))?;
            Plan::draw(seed, faults, &services, self.seconds)
        };
        let dir = std::path::absolute(&self.dir)?;
        let records = dir.join(format!("seed-{seed}"));
        Ok(Run {
            seed,
            orders: share(self.orders),
            seconds: self.seconds,
            plan,
            records,
            home: dir.join("servers"),
        })
    }
}

/// One run: servers, orders and faults.
struct Run {
    seed: u64,
    orders: u64,
    seconds: u64,
    plan: Plan,
    records: PathBuf,
    home: PathBuf,
}

/// When a run began, and when each of its phases ended.
struct Phases {
    started: Timestamp,
    ends: Vec<(&'static str, Timestamp)>,
}

impl Phases {
    fn end(&mut self, phase: &'static str) {
        self.ends.push((phase, now()));
    }

    /// How long each of them took, in milliseconds.
    fn lasted(&self) -> Vec<(&'static str, u64)> {
        let begins = std::iter::once(self.started).chain(self.ends.iter().map(|it| it.1));
        let lasted = self.ends.iter().zip(begins).map(|((phase, end), begin)| {
            let millis = end.as_millisecond() - begin.as_millisecond();
            (*phase, u64::try_from(millis).unwrap_or_default())
        });
        lasted.collect()
    }
}

/// Tries it. Returns the reports of all runs for people, and whether all is well.
pub async fn run(chaos: Chaos, progress: Progress<'_>) -> anyhow::Result<(String, bool)> {
    let chaos = chaos.settled()?;
    let (mut told, mut summary) = (String::new(), Summary::default());
    for nth in 0..chaos.runs {
        let run = chaos.of_run(nth)?;
        progress(&format!("seed {}: {} orders, {} faults", run.seed, run.orders, run.plan.0.len()));
        let report = Box::pin(run.carry_out(progress)).await?;
        summary.add(&report);
        writeln!(told, "{report}")?;
    }
    if chaos.runs > 1 {
        write!(told, "{summary}")?;
    }
    Ok((told, summary.is_well()))
}

impl Run {
    async fn carry_out(&self, progress: Progress<'_>) -> anyhow::Result<Report> {
        let watch = Stopwatch::start();
        let auditor = Auditor::find()?;
        if self.records.exists() {
            std::fs::remove_dir_all(&self.records).context("the records of an earlier run")?;
        }
        forget(&self.home)?;
        let logs = self.records.join("logs");
        std::fs::create_dir_all(&logs)?;
        self.plan.write(&self.records.join("plan.json"))?;
        let journal = Arc::new(Journal::open(&self.records)?);
        let receivers = Receivers::open(journal.clone()).await?;
        let mut house = Premises::open(&self.home, &logs, &receivers, progress).await?;
        progress("filling the shop");
        house.fill().await?;
        let market = house.key("market").await?;
        let web = house.key("web").await?;
        let events = ["order.shipped", "order.invoiced"];
        let hook = json!({ "url": format!("http://{}/kontor", receivers.hook), "events": events });
        let made = house.operates(Some(&web), "/v1/channels/web/webhooks", &hook).await?;
        receivers.is_endpoint(made["webhook"].as_str().context("a webhook has a name")?);
        let opened = (self.seed, journal.clone());
        let outside = Outside::open(&house.suite, opened, house.gateways.clone(), market).await?;

        let mut report = Report {
            seed: self.seed,
            orders: self.orders,
            records: self.records.display().to_string(),
            ..Report::default()
        };
        let tried = async {
            let started = watch.millis();
            let mut phases = self.disturbs(&mut house, &outside, &mut report, progress).await?;
            self.looks(&house, &outside, &mut report, (&mut phases, progress)).await?;
            let tried = (&mut house, &outside, &auditor);
            self.is_audited(tried, &mut report, (&mut phases, progress)).await?;
            report.phases = [("start", started)].into_iter().chain(phases.lasted()).collect();
            anyhow::Ok(())
        };
        let tried = tried.await;
        outside.close().await;
        let closed = house.close().await;
        report.seconds = watch.millis() / 1_000;
        report.write(&self.records)?; // Also what was seen until something failed.
        tried?;
        closed.context("ending the house")?;
        forget(&self.home).ok(); // Left behind, it is removed by the next run.
        Ok(report)
    }

    /// Warm-up, faults, heal: until the last order was answered.
    async fn disturbs(
        &self,
        house: &mut Premises,
        outside: &Outside,
        report: &mut Report,
        progress: Progress<'_>,
    ) -> anyhow::Result<Phases> {
        let mut phases = Phases { started: now(), ends: vec![] };
        let pages = Pages::follow(house.suite.admin().await?).await?;
        let mut probe = Probe::new(house.client().await?);
        let ledgers = house.ledgers()?;
        let watch = Stopwatch::start();
        let selling = outside.sells(self.orders, self.orders.div_ceil(self.seconds));
        let breaking = async {
            tokio::time::sleep(WARM_UP).await;
            probe.recovers(outside, &pages).await?.context("nothing works before any fault")?;
            phases.end("warm_up");
            for fault in &self.plan.0 {
                let begins = WARM_UP + Duration::from_millis(fault.at_ms);
                tokio::time::sleep(begins.saturating_sub(watch.elapsed())).await;
                let at = now();
                let healed = fault.happens(house, &pages).await;
                let healed = healed.with_context(|| format!("{} {}", fault.kind, fault.target))?;
                let recovered_at = probe.recovers(outside, &pages).await?;
                let (fault, healed_at, remark) = (fault.clone(), healed.at, healed.remark);
                let done = Done { at, fault, healed_at, recovered_at, remark };
                tell(&done, progress);
                outside.common.journal.fault(&done);
                report.recovered(&done);
                house.revive().await?;
                if done.fault.kind == Kind::NatsWipe {
                    let check =
                        Check { house, outside, ledgers: &ledgers, streams_were_lost: true };
                    report.insisted += check.streams_are_missed().await.unwrap_or_default();
                }
            }
            phases.end("faults");
            anyhow::Ok(())
        };
        let (sold, broken) = tokio::join!(selling, breaking);
        broken?;
        progress("all faults are over: what is left to be done?");
        let answers = futures::future::join_all(sold);
        tokio::time::timeout(check::DRAIN, answers).await.ok(); // Whoever has none is found below.
        phases.end("heal");
        Ok(phases)
    }

    /// Drain, check, replay of what is parked, check.
    async fn looks(
        &self,
        house: &Premises,
        outside: &Outside,
        report: &mut Report,
        (phases, progress): (&mut Phases, Progress<'_>),
    ) -> anyhow::Result<()> {
        let ledgers = house.ledgers()?;
        let streams_were_lost = self.plan.loses_streams();
        let check = Check { house, outside, ledgers: &ledgers, streams_were_lost };
        report.rested(&check.rests(progress).await?);
        if streams_were_lost {
            report.insisted += outside.asks_after_orders(house).await?;
        }
        phases.end("drain");
        self.writes(house, phases)?;
        report.violations.extend(check.finds(&outside.common.journal.attempts()?).await?);
        phases.end("check");
        let (parked, put_away) = check.unpark().await?;
        report.parked(&parked, &put_away);
        if !parked.is_empty() {
            report.rested(&check.rests(progress).await?);
            phases.end("replay");
            self.writes(house, phases)?;
            report.violations.extend(check.finds(&outside.common.journal.attempts()?).await?);
        }
        self.judges(&check, phases.started, report).await
    }

    /// Hear all again, show all anew, and the long audit.
    async fn is_audited(
        &self,
        (house, outside, auditor): (&mut Premises, &Outside, &Auditor),
        report: &mut Report,
        (phases, progress): (&mut Phases, Progress<'_>),
    ) -> anyhow::Result<()> {
        let ledgers = house.ledgers()?;
        progress("hearing every page again");
        report.said_again = again::all((house, &ledgers), auditor, &self.records, progress).await?;
        phases.end("again");
        progress("what the gateway shows is made anew");
        again::shown(house).await?;
        let check = Check { house, outside, ledgers: &ledgers, streams_were_lost: false };
        report.left(&check.rests(progress).await?);
        phases.end("anew");
        progress("the checker looks at what is left");
        let audit = auditor.looks(&self.records).await?;
        report.violations.extend(audit.wrong.iter().cloned());
        report.audit = audit;
        phases.end("audit");
        self.writes(house, phases)
    }

    /// What is told besides: how many orders there are, and whether anybody died of itself.
    async fn judges(
        &self,
        check: &Check<'_>,
        started: Timestamp,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let counted = "select count(*) from sales_order";
        let counted: Vec<(i64,)> = check.ledgers.rows("intake", counted).await?;
        report.kept = counted.first().map_or(0, |it| it.0.unsigned_abs());
        report.attempted(&check.outside.common.journal.attempts()?, started);
        if check.outside.answered() < self.orders {
            let found = format!("{} of {} were", check.outside.answered(), self.orders);
            let promise = "every good order is answered".to_owned();
            report.violations.push(check::Violation { promise, found });
        }
        for panic in check.house.panics()? {
            let promise = "nothing panics".to_owned();
            report.violations.push(check::Violation { promise, found: panic });
        }
        let mut seen = std::collections::BTreeSet::new();
        report.violations.retain(|it| seen.insert((it.promise.clone(), it.found.clone())));
        Ok(())
    }

    /// Writes `run.json`, for whoever checks further: where the databases are, so only its owner can
    /// read it.
    fn writes(&self, house: &Premises, phases: &Phases) -> anyhow::Result<()> {
        let run = json!({
            "seed": self.seed,
            "orders": self.orders,
            "started_at": phases.started,
            "ended_at": now(),
            "phase_ends": phases.ends.iter().copied().collect::<BTreeMap<_, _>>(),
            "streams_lost_at": house.streams_lost_at,
            "databases": house.databases,
        });
        write_private(&self.records.join("run.json"), &(serde_json::to_string_pretty(&run)? + "\n"))
    }
}

/// Removes what an earlier run left in a home, but for the servers that it fetched.
fn forget(home: &Path) -> anyhow::Result<()> {
    for data in ["nats", "postgres", "run"] {
        let data = servers::Home::locate(home)?.join(data);
        if data.exists() {
            std::fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
        }
    }
    Ok(())
}

fn tell(done: &Done, progress: Progress<'_>) {
    let Done { fault, healed_at, recovered_at, remark, .. } = done;
    let recovered = recovered_at.map_or_else(
        || "the house did not recover".to_owned(),
        |it| format!("recovered after {} ms", it.as_millisecond() - healed_at.as_millisecond()),
    );
    let remark = if remark.is_empty() { String::new() } else { format!(" ({remark})") };
    progress(&format!("{} {}{remark}: {recovered}", fault.kind, fault.target));
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(path);
    Ok(file.with_context(|| path.display().to_string())?.write_all(text.as_bytes())?)
}
