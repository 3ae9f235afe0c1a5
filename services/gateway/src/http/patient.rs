//! Connections that are hung up on when the client takes nothing of what is written to it: one who
//! reads nothing would keep what waits for them for ever.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio_io_timeout::TimeoutStream;

use crate::access::guard::Peer;

/// Listens as another does, and hangs up on who takes nothing for so long.
pub(crate) struct Patient<L> {
    pub(super) listener: L,
    pub(super) stall: Duration,
}

impl<L: Listener> Listener for Patient<L> {
    type Io = Pin<Box<TimeoutStream<L::Io>>>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (io, address) = self.listener.accept().await;
        let mut io = TimeoutStream::new(io);
        io.set_write_timeout(Some(self.stall));
        (Box::pin(io), address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl<L: Listener<Addr = SocketAddr>> Connected<IncomingStream<'_, Patient<L>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Patient<L>>) -> Self {
        Self(*stream.remote_addr())
    }
}
