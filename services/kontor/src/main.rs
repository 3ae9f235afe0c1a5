//! The command line.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use chassis::{Telemetry, clock};
use clap::{Args, Parser, Subcommand};
use gateway::Gateway;
use jiff::tz::TimeZone;
use kontor::bench::{self, Bench};
use kontor::clients::Outsider;
use kontor::demo::{self, Pace};
use kontor::{Configuration, Options, Suite, documents, house, permissions, provision, seed};

/// Messages are many small allocations that one thread makes and another frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Orders from a storefront to a warehouse and into the books: none lost, none doubled, none
/// oversold.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything on this machine: NATS, Postgres, every service, and a demo shop.
    Up(Up),
    /// Starts services, all or the named ones, where servers exist already.
    Run(Run),
    /// Makes the public streams on a NATS server, and what its clients read from.
    Provision(Provision),
    /// Writes who may say and hear what, as a part of the NATS server's configuration.
    Permissions(Permissions),
    /// Measures how fast orders go from the storefront to the warehouse, on servers of its own.
    Bench(Bench),
    /// Writes the documents that are generated from the contracts.
    Documents {
        /// The repository.
        #[arg(default_value = ".")]
        repository: PathBuf,
        /// Write nothing; fail if a document is not what is generated.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Args)]
struct Up {
    /// Also play a storefront, a payer and the warehouses, so that orders move.
    #[arg(long)]
    demo: bool,
    /// How many orders the demo's storefronts place, a minute.
    #[arg(long, default_value_t = 30)]
    pace: u32,
    /// Where all data is kept.
    #[arg(long, default_value = ".kontor")]
    home: PathBuf,
    /// Where the gateway listens; on any free port, if this one is taken.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// Stop after so many seconds: for a trial.
    #[arg(long)]
    seconds: Option<u64>,
}

#[derive(Args)]
struct Run {
    /// Which services; all, if none is named.
    services: Vec<String>,
    /// A configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct Provision {
    /// A configuration file (TOML).
    #[arg(long)]
    config: Option<PathBuf>,
    /// Who connects from outside, one a line: `channel-web`, a space, the password.
    #[arg(long)]
    clients: Option<PathBuf>,
}

#[derive(Args)]
struct Permissions {
    #[command(flatten)]
    of: Provision,
    /// Where to write it, if not to standard output.
    #[arg(long)]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.context("no runtime").and_then(|it| it.block_on(run(cli.command)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody can be told if this fails, too.
            writeln!(io::stderr(), "kontor: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up(it) => up(it).await,
        Command::Run(it) => serve(it).await,
        Command::Provision(it) => make_streams(it).await,
        Command::Permissions(it) => write_permissions(it),
        Command::Bench(it) => {
            let report = bench::run(it, &say).await?;
            writeln!(io::stdout(), "{report}").map_err(Into::into)
        }
        Command::Documents { repository, check: true } => documents::check(&repository),
        Command::Documents { repository, check: false } => documents::write(&repository),
    }
}

/// Tells what is being done, on standard error: standard output is for results.
fn say(line: &str) {
    let dim = if io::stderr().is_terminal() { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    writeln!(io::stderr(), "{}… {line}{}", dim.0, dim.1).ok(); // A closed pipe wants no progress.
}

async fn up(it: Up) -> anyhow::Result<()> {
    let mut configuration = Configuration::read(it.config.as_deref())?;
    configuration.gateway.listen = free(it.listen);
    if it.demo && it.config.is_none() {
        "warn".clone_into(&mut configuration.telemetry.log); // The demo's own lines are enough.
    }
    let telemetry = Telemetry::start(&configuration.telemetry)?;
    let options = Options {
        home: it.home,
        durable: true,
        configuration,
        outsiders: seed::OUTSIDERS.to_vec(),
    };
    let suite = Suite::start(options, Some(&telemetry), &say).await?;
    say("filling the demo shop");
    let today = clock::now().to_zoned(TimeZone::UTC).date();
    seed::shop(&suite.client().await?, today).await?;
    show(&suite)?;
    let demo =
        if it.demo { Some(demo::play(&suite, Pace { a_minute: it.pace }).await?) } else { None };
    finish(it.seconds).await?;
    say("stopping");
    drop(demo);
    suite.close().await?;
    telemetry.close();
    Ok(())
}

/// The address, or one with a free port beside it.
fn free(address: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}

/// Waits for Ctrl-C, for whoever else wants an end, or for the end of the trial.
async fn finish(seconds: Option<u64>) -> anyhow::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let trial = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(std::time::Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
        () = trial => {}
    }
    Ok(())
}

/// Prints where to look.
fn show(suite: &Suite) -> anyhow::Result<()> {
    let mut out = io::stdout();
    let gateway = suite.gateway().unwrap_or_default();
    let health = suite.health().unwrap_or_default();
    writeln!(out, "\nKontor is up.\n")?;
    writeln!(out, "  orders    {gateway}/v1/orders")?;
    writeln!(out, "  the API   {gateway}/openapi.json")?;
    writeln!(out, "  health    {health}/readyz   {health}/metrics")?;
    writeln!(out, "  NATS      {}", suite.nats.url())?;
    for outsider in &suite.outsiders {
        writeln!(out, "            {:<20} {}", outsider.user(), outsider.password)?;
    }
    writeln!(out, "\nCtrl-C stops it; it goes on with its data at the next start.\n")?;
    Ok(out.flush()?)
}

async fn serve(it: Run) -> anyhow::Result<()> {
    let configuration = Configuration::read(it.config.as_deref())?;
    let telemetry = Telemetry::start(&configuration.telemetry)?;
    let gateway = Gateway::new(configuration.gateway.clone());
    let house = house(gateway, configuration.notification.clone(), configuration.webhook.clone());
    let known = it.services.iter().map(|it| anyhow::Ok(house.desk(it)?.name()));
    let mut names = known.collect::<anyhow::Result<Vec<&'static str>>>()?;
    if names.is_empty() {
        names = house.names().collect();
    }
    provision::check_durability(configuration.nats.monitor.as_deref()).await?;
    let accounts = configuration.accounts(names)?;
    let mut running = house.start(accounts, configuration.partitions)?;
    let health = running.serve_health(configuration.health, Some(&telemetry)).await?;
    say(&format!("health at http://{health}"));
    running.ready().await?;
    say("ready");
    finish(None).await?;
    running.close().await?;
    telemetry.close();
    Ok(())
}

async fn make_streams(it: Provision) -> anyhow::Result<()> {
    let (configuration, clients) = it.read()?;
    let nats = &configuration.nats;
    let user = nats.admin_user.as_deref().map(|it| (it, nats.admin_password.as_str()));
    let admin = provision::admin(&nats.url, user).await?;
    let partitions = configuration.partitions;
    provision::provision(&admin, &house::plain(), &clients, partitions, nats.replicas).await
}

fn write_permissions(it: Permissions) -> anyhow::Result<()> {
    let (configuration, clients) = it.of.read()?;
    let block = permissions::of_deployment(&configuration, &clients)?;
    match it.output {
        Some(file) => std::fs::write(&file, block).with_context(|| file.display().to_string()),
        None => io::stdout().write_all(block.as_bytes()).map_err(Into::into),
    }
}

impl Provision {
    fn read(&self) -> anyhow::Result<(Configuration, Vec<Outsider>)> {
        let clients = self.clients.as_deref().map(Outsider::read_all).transpose()?;
        Ok((Configuration::read(self.config.as_deref())?, clients.unwrap_or_default()))
    }
}
