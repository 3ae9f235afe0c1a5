//! Tasks with names, which end with whoever started them.

use tokio::task::{AbortHandle, JoinHandle};

/// Starts a task. What it logs bears its name.
#[expect(clippy::disallowed_methods, reason = "the one place where tasks are started")]
pub fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    use tracing::Instrument;
    let span = tracing::debug_span!("task", name = name.into());
    tokio::spawn(task.instrument(span))
}

/// Tasks that are ended when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Helpers(Vec<AbortHandle>);

impl Helpers {
    pub(crate) fn spawn(
        &mut self,
        name: impl Into<String>,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.0.push(spawn(name, task).abort_handle());
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        for helper in &self.0 {
            helper.abort();
        }
    }
}
