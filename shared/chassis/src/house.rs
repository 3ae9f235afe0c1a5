use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use contracts::{Contract, Kind};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::health::{self, Health};
use crate::replica::{self, Account, Common, Standing};
use crate::switchboard::Switchboard;
use crate::task::spawn;
use crate::{Desk, Service, Telemetry};

/// Every service there is.
#[derive(Default)]
pub struct House(Vec<Arc<dyn Desk>>);

/// Services of this process, at work.
pub struct Running {
    close: watch::Sender<bool>,
    services: Vec<AtWork>,
}

/// A service at work: its name, how it stands, and its end.
type AtWork = (&'static str, watch::Receiver<Standing>, JoinHandle<anyhow::Result<()>>);

impl House {
    #[must_use]
    pub fn with(mut self, service: impl Service) -> Self {
        self.0.push(Arc::new(service));
        self
    }

    /// The service of this name.
    pub fn desk(&self, name: &str) -> anyhow::Result<Arc<dyn Desk>> {
        self.0.iter().find(|it| it.name() == name).cloned().with_context(|| {
            let known: Vec<&str> = self.0.iter().map(|it| it.name()).collect();
            format!("there is no service {name}; there are {}", known.join(", "))
        })
    }

    /// Every service.
    pub fn desks(&self) -> impl Iterator<Item = &dyn Desk> {
        self.0.iter().map(|it| &**it)
    }

    /// The names of all services.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|it| it.name())
    }

    /// Everything that is heard, said or asked in the house, once.
    pub fn contracts(&self) -> Vec<Contract> {
        let mut all = BTreeMap::new();
        for desk in &self.0 {
            let own = desk.hears().iter().chain(desk.says()).chain(desk.is_asked());
            all.extend(own.map(|it| (it.subject, *it)));
        }
        all.into_values().collect()
    }

    /// Every public counter, with the name of its service.
    pub fn counters(&self) -> Vec<(&'static str, crate::Counter)> {
        let of = |desk: &Arc<dyn Desk>| {
            let name = desk.name();
            desk.counters().into_iter().map(move |it| (name, it))
        };
        self.0.iter().flat_map(of).collect()
    }

    /// Sets the services of these names to work, each with its account.
    pub fn start(
        &self,
        accounts: BTreeMap<String, Account>,
        partitions: u32,
    ) -> anyhow::Result<Running> {
        let (close, closing) = watch::channel(false);
        let (mut services, switchboard) = (Vec::new(), Switchboard::default());
        let common = Common { partitions, switchboard, closing };
        for (name, account) in accounts {
            let desk = self.desk(&name)?;
            let (standing, shown) = watch::channel(Standing::default());
            let name = desk.name();
            let replica = replica::run(desk, account, common.clone(), standing);
            services.push((name, shown, spawn(name, replica)));
        }
        Ok(Running { close, services })
    }

    /// Says what is wrong with who hears and who says what, one line each: everything that is heard
    /// is said by exactly one service, whose name it bears; every timer comes back to whoever set
    /// it; every answer that a client may expect can be given.
    pub fn miswired(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut speakers = BTreeMap::new();
        for desk in &self.0 {
            for said in desk.says() {
                if speakers.insert(said.subject, desk.name()).is_some() {
                    wrong.push(format!("{} is said by two", said.subject));
                }
                if !may_say(&**desk, said) {
                    wrong.push(format!("{} has no reason to say {}", desk.name(), said.subject));
                }
            }
        }
        for desk in &self.0 {
            for heard in desk.hears() {
                let right = match heard.kind {
                    Kind::Event | Kind::Public => speakers.contains_key(heard.subject),
                    Kind::Report => is_named_after(&**desk, heard) && heard.door.is_some(),
                    Kind::Timer => desk.says().contains(heard),
                    Kind::Command => is_named_after(&**desk, heard) && can_answer(&**desk, heard),
                    // Replies go to clients; questions are asked, not heard.
                    Kind::Reply | Kind::Question => false,
                };
                if !right {
                    wrong.push(format!("{} cannot hear {}", desk.name(), heard.subject));
                }
            }
        }
        wrong
    }
}

impl Running {
    /// Waits until every service can do its work. An error if one of them ends instead.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        for (name, standing, task) in &mut self.services {
            tokio::select! {
                ready = standing.wait_for(|it| it.ready) => drop(ready.context(*name)?),
                ended = task => {
                    ended??;
                    anyhow::bail!("{name} ended before it was ready");
                }
            }
        }
        Ok(())
    }

    /// How each service stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.services.iter().map(|it| it.1.borrow().clone()).collect()
    }

    /// Serves `/livez`, `/readyz` and `/metrics`; returns where.
    pub async fn serve_health(
        &self,
        listen: SocketAddr,
        telemetry: Option<&Telemetry>,
    ) -> anyhow::Result<SocketAddr> {
        let services = self.services.iter().map(|it| it.1.clone()).collect();
        let registry = telemetry.map(Telemetry::registry);
        health::serve(Health { services, registry }, listen)
            .await
            .with_context(|| format!("health at {listen}"))
    }

    /// Has every service finish what it began. Returns the first error of any.
    pub async fn close(self) -> anyhow::Result<()> {
        self.close.send_replace(true);
        let mut result = Ok(());
        for (name, _, task) in self.services {
            let ended = task.await.map_err(anyhow::Error::from).and_then(|it| it);
            if let Err(error) = ended.context(name) {
                result = result.and(Err(error));
            }
        }
        result
    }
}

fn may_say(desk: &dyn Desk, said: &Contract) -> bool {
    is_named_after(desk, said)
        && match said.kind {
            Kind::Event | Kind::Public => true,
            // Services say what is so, not what others shall do.
            Kind::Command | Kind::Question | Kind::Report => false,
            Kind::Reply => desk.hears().iter().any(|it| it.answers.contains(said)),
            Kind::Timer => desk.hears().contains(said),
        }
}

fn can_answer(desk: &dyn Desk, command: &Contract) -> bool {
    command.answers.iter().all(|it| desk.says().contains(it))
}

fn is_named_after(desk: &dyn Desk, message: &Contract) -> bool {
    message.subject.split('.').next() == Some(desk.name())
}
