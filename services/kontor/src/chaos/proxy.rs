//! A line that can be cut: TCP between one process and one server, passed on as long as nobody wants
//! anything else.

use std::io;
use std::time::Duration;

use chassis::task;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// How a line behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// It passes everything on.
    Open,
    /// Every piece takes so long.
    Slow(Duration),
    /// Everything is lost, both ways. A stream with a hole means nothing: cut it afterwards.
    Hole,
    /// What the server says waits.
    Deaf,
    /// What the client says waits.
    Mute,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

/// What becomes of a piece just now.
enum Fate {
    Passes(Duration),
    IsLost,
    Waits,
}

/// A line to one server, on a port of its own. It closes when this is dropped.
#[derive(Debug)]
pub(super) struct Line {
    port: u16,
    mood: watch::Sender<Mood>,
    /// Counts how often all connections were cut.
    cuts: watch::Sender<u64>,
    listening: AbortHandle,
}

impl Mood {
    fn fate(self, way: Way) -> Fate {
        match (self, way) {
            (Self::Slow(pause), _) => Fate::Passes(pause),
            (Self::Hole, _) => Fate::IsLost,
            (Self::Deaf, Way::ToClient) | (Self::Mute, Way::ToServer) => Fate::Waits,
            (Self::Open | Self::Deaf | Self::Mute, _) => Fate::Passes(Duration::ZERO),
        }
    }
}

impl Line {
    /// Opens a line to this port of this machine.
    pub(super) async fn open(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (mood, _) = watch::channel(Mood::Open);
        let (cuts, _) = watch::channel(0);
        let (moods, cut) = (mood.clone(), cuts.clone());
        let listening = async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mood, cut) = (moods.subscribe(), cut.subscribe());
                // It ends when either side does.
                drop(task::spawn(
                    "line",
                    async move { pass(client, server, mood, cut).await.ok() },
                ));
            }
        };
        let listening = task::spawn("lines", listening).abort_handle();
        Ok(Self { port, mood, cuts, listening })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// From now on it behaves so.
    pub(super) fn behaves(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Resets every connection.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|it| *it += 1);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut();
    }
}

/// Passes on between a client and the server, until one of them ends or the line is cut.
async fn pass(
    mut client: TcpStream,
    server: u16,
    mood: watch::Receiver<Mood>,
    mut cut: watch::Receiver<u64>,
) -> io::Result<()> {
    let connected = TcpStream::connect(("127.0.0.1", server)).await;
    let Ok(mut server) = connected else { return client.set_zero_linger() };
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (hears, says) = client.split();
    let (answers, asked) = server.split();
    tokio::select! {
        // Whoever has nothing more to say may still be answered.
        _ = async { tokio::try_join!(
            pump(hears, asked, Way::ToServer, mood.clone()),
            pump(answers, says, Way::ToClient, mood.clone()),
        ) } => {}
        _ = cut.changed() => {
            client.set_zero_linger()?;
            server.set_zero_linger()?;
        }
    }
    Ok(())
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    way: Way,
    mut mood: watch::Receiver<Mood>,
) -> io::Result<()> {
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        loop {
            let fate = mood.borrow_and_update().fate(way);
            match fate {
                Fate::Passes(pause) => {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                    to.write_all(&piece[..read]).await?;
                }
                Fate::IsLost => {}
                Fate::Waits => match mood.changed().await {
                    Ok(()) => continue,
                    Err(_) => return Ok(()), // Nobody is left who could change it.
                },
            }
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line to somebody who says everything back, and a client on it.
    async fn echo() -> (Line, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = async move {
            while let Ok((mut it, _)) = listener.accept().await {
                drop(task::spawn("echo", async move {
                    let (mut from, mut to) = it.split();
                    tokio::io::copy(&mut from, &mut to).await.ok();
                }));
            }
        };
        drop(task::spawn("echoes", answers));
        let line = Line::open(port).await.unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", line.port())).await.unwrap();
        assert_eq!(says(&mut client, "one").await.as_deref(), Some("one"));
        (line, client)
    }

    /// What comes back within a moment.
    async fn says(client: &mut TcpStream, what: &str) -> Option<String> {
        client.write_all(what.as_bytes()).await.unwrap();
        hears(client).await
    }

    async fn hears(client: &mut TcpStream) -> Option<String> {
        let mut heard = vec![0; 64];
        let read = tokio::time::timeout(Duration::from_millis(150), client.read(&mut heard));
        let read = read.await.ok()?.unwrap();
        Some(String::from_utf8_lossy(&heard[..read]).into_owned())
    }

    #[tokio::test]
    async fn what_waits_arrives_afterwards() {
        for mood in [Mood::Deaf, Mood::Mute] {
            let (line, mut client) = echo().await;
            line.behaves(mood);
            assert_eq!(says(&mut client, "two").await, None, "{mood:?}");
            line.behaves(Mood::Open);
            assert_eq!(hears(&mut client).await.as_deref(), Some("two"), "{mood:?}");
        }
    }

    #[tokio::test]
    async fn what_falls_into_the_hole_is_lost() {
        let (line, mut client) = echo().await;
        line.behaves(Mood::Hole);
        assert_eq!(says(&mut client, "two").await, None);
        line.behaves(Mood::Open);
        assert_eq!(says(&mut client, "three").await.as_deref(), Some("three"));
    }

    #[tokio::test]
    async fn a_slow_line_is_slow() {
        let (line, mut client) = echo().await;
        line.behaves(Mood::Slow(Duration::from_millis(90)));
        assert_eq!(says(&mut client, "two").await, None, "90 ms each way");
        assert_eq!(hears(&mut client).await.as_deref(), Some("two"));
    }

    #[tokio::test]
    async fn a_cut_resets_and_the_next_connection_is_passed_on() {
        let (line, mut client) = echo().await;
        line.cut();
        let read = client.read(&mut [0; 8]).await;
        assert_eq!(read.map_err(|it| it.kind()), Err(io::ErrorKind::ConnectionReset));
        let mut next = TcpStream::connect(("127.0.0.1", line.port())).await.unwrap();
        assert_eq!(says(&mut next, "two").await.as_deref(), Some("two"));
    }
}
