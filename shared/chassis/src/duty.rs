use std::pin::Pin;
use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::{Notify, watch};

use contracts::Message;

use crate::{Client, PublicStream};

/// What a service does beside its worker. It ends when the office closes, or is started again
/// after an error.
pub struct Duty {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn(Office) -> Running + Send + Sync>,
}

type Running = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

impl Duty {
    /// A duty of this name, which is what its log lines and metrics bear.
    pub fn new<F, R>(name: &'static str, run: F) -> Self
    where
        F: Fn(Office) -> R + Send + Sync + 'static,
        R: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self { name, run: Box::new(move |office| Box::pin(run(office))) }
    }
}

/// What a duty works with.
#[derive(Clone)]
pub struct Office {
    /// The books of the service. To read; what changes them is said to the worker.
    pub db: PgPool,
    /// To say something to a service, the own one included, and to ask one.
    pub client: Client,
    pub(crate) nats: async_nats::Client,
    pub(crate) committed: Arc<Notify>,
    pub(crate) closing: watch::Receiver<bool>,
}

impl Office {
    /// Waits until a worker of this service has committed something in this process. May wake too
    /// often, and says nothing of other processes: look at the books, and look again at times.
    pub async fn committed(&self) {
        self.committed.notified().await;
    }

    /// The public stream that keeps these messages, to read; none, if they are on no stream. NATS
    /// lets it read what the service declares ([`crate::Service::follows`]).
    pub fn stream<M: Message>(&self) -> Option<PublicStream> {
        M::DOOR.map(|door| PublicStream::new(self.nats.clone(), door))
    }

    /// Waits until the process is about to end.
    pub async fn closing(&mut self) {
        // An error means that whoever would tell us is gone.
        let _closed = self.closing.wait_for(|it| *it).await;
    }
}
