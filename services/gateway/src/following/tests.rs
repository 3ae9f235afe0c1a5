//! Following on paper: a stream in memory, whose servers may lag, and clients that are cut off, are
//! slow, and come again.

mod paper;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contracts::{ChannelId, ExternalId};
use futures::FutureExt;
use proptest::prelude::*;
use tokio::sync::watch;
use tokio::task::unconstrained;

use super::*;
pub(crate) use paper::Paper;

/// A stream, and whoever follows it.
struct Desk {
    paper: Arc<Paper>,
    following: Following,
    tail: Option<Tail>,
    close: watch::Sender<bool>,
}

impl Desk {
    fn open(settings: &GatewaySettings) -> Self {
        let (paper, (close, closing)) = (Arc::new(Paper::default()), watch::channel(false));
        let following = Following::new(paper.clone(), closing, settings);
        Self { paper, following, tail: None, close }
    }

    async fn look(&mut self) -> bool {
        unconstrained(self.following.look(&mut self.tail)).await.unwrap()
    }

    /// Has the one reader show all that there is.
    async fn look_at_all(&mut self) {
        while self.look().await {}
        self.look().await;
    }

    async fn follow(&self, from: Begin) -> Viewer {
        self.following.follow(all_of("web"), from).await.unwrap()
    }
}

fn all_of(channel: &str) -> Wanted {
    Wanted::of(&ChannelId::new(channel).unwrap(), None)
}

/// What is shown next, if anything is there already. Nothing within: it is over.
#[expect(clippy::option_option, reason = "nothing yet, and nothing any more")]
fn shown(viewer: &mut Viewer) -> Option<Option<Shown>> {
    unconstrained(viewer.next()).now_or_never()
}

/// One who follows a channel, is cut off, and comes again.
struct Client {
    viewer: Option<Viewer>,
    from: Begin,
    /// The last sequence before the first that they are to see.
    since: u64,
    seen: Vec<u64>,
}

impl Client {
    async fn take(&mut self, desk: &Desk, most: usize) {
        if self.viewer.is_none() {
            self.viewer = Some(desk.follow(self.from).await);
        }
        let viewer = self.viewer.as_mut().unwrap();
        for _ in 0..most {
            let place = match shown(viewer) {
                None => break,
                Some(None) => panic!("sent away"),
                Some(Some(Shown::Reset(..))) => panic!("reset"),
                Some(Some(Shown::From(place) | Shown::Alive(place))) => place,
                Some(Some(Shown::Status(place, it))) => {
                    assert_eq!(place.at, it.sequence);
                    self.seen.push(it.sequence);
                    place
                }
            };
            // What a client remembers travels as text.
            self.from = Begin::After(place.to_string().parse().unwrap());
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write { web: bool, times: u64 },
    Look,
    Take { client: usize, most: usize },
    Cut { client: usize },
    Lag(u64),
    Together(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (any::<bool>(), 1..20_u64).prop_map(|(web, times)| Step::Write { web, times }),
        6 => Just(Step::Look),
        4 => (0..4_usize, 0..30_usize).prop_map(|(client, most)| Step::Take { client, most }),
        1 => (0..4_usize).prop_map(|client| Step::Cut { client }),
        1 => (0..10_u64).prop_map(Step::Lag),
        1 => (1..8_usize).prop_map(Step::Together),
    ];
    prop::collection::vec(step, 1..250)
}

async fn follow_through(steps: Vec<Step>) {
    let mut desk = Desk::open(&GatewaySettings::default());
    let mut clients = Vec::new();
    for from in [Begin::Now, Begin::Start, Begin::Now, Begin::Start] {
        clients.push(Client { viewer: None, from, since: 0, seen: vec![] });
    }
    for step in steps {
        match step {
            Step::Write { web, times } => {
                for _ in 0..times {
                    desk.paper.write(if web { "web" } else { "web2" }, "W-1");
                }
            }
            Step::Look => drop(desk.look().await),
            Step::Take { client, most } => {
                let client = &mut clients[client];
                if client.from == Begin::Now && client.viewer.is_none() {
                    client.since = desk.paper.state().await.unwrap().last;
                }
                client.take(&desk, most.max(1)).await;
            }
            Step::Cut { client } => clients[client].viewer = None,
            Step::Lag(lag) => desk.paper.inner.lock().unwrap().lag = lag,
            Step::Together(most) => desk.paper.inner.lock().unwrap().together = most,
        }
    }
    desk.paper.inner.lock().unwrap().lag = 0;
    for client in &mut clients {
        if client.from == Begin::Now {
            client.since = desk.paper.state().await.unwrap().last;
        }
        client.take(&desk, 1).await;
    }
    desk.look_at_all().await;
    let written = desk.paper.inner.lock().unwrap().written.clone();
    for client in &mut clients {
        client.take(&desk, usize::MAX).await;
        let web = (1..).zip(&written).filter(|it| it.1.0 == "web").map(|it| it.0);
        let expected: Vec<u64> = web.filter(|it| *it > client.since).collect();
        assert_eq!(client.seen, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// However they are cut off, however slow they are, however far the servers lag behind each
    /// other: who follows sees each status of their channel once, in order.
    #[test]
    fn each_status_is_seen_once_and_in_order(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(follow_through(steps));
    }

    #[test]
    fn a_place_is_read_as_it_was_written(made: u64, at: u64) {
        let place = Place { made, at };
        prop_assert_eq!(place.to_string().parse(), Ok(place));
    }
}

#[test]
fn what_is_no_place_is_refused() {
    for text in ["", "-", "1", "1-", "-1", "g-1", "1-a", "+1-1", "1-+1", "1-1-1", "1 -1", "0x1-1"] {
        assert_eq!(text.parse::<Place>(), Err(()), "{text:?}");
    }
}

#[test]
fn a_filter_lets_through_one_channel_or_one_order() {
    let channel = ChannelId::new("{external_id}").unwrap();
    let order = ExternalId::new("W-1").unwrap();
    let one = Wanted::of(&channel, Some(&order));
    assert_eq!(one.filter, "orders.status.{external_id}.W-1.*");
    assert_eq!(one.prefix, "orders.status.{external_id}.W-1.");
    let all = all_of("web");
    assert_eq!((&*all.filter, &*all.prefix), ("orders.status.web.*.*", "orders.status.web."));
}

/// Its sequences are given out again: nobody takes them for what they were.
#[tokio::test]
async fn a_stream_that_is_made_anew_sends_everyone_away_and_begins_again() {
    let mut desk = Desk::open(&GatewaySettings::default());
    desk.paper.write("web", "W-1");
    let mut viewer = desk.follow(Begin::Now).await;
    let Some(Some(Shown::From(place))) = shown(&mut viewer) else { panic!() };
    desk.look_at_all().await;
    desk.paper.lose();
    for order in ["W-2", "W-3", "W-4"] {
        desk.paper.write("web", order);
    }
    desk.look_at_all().await;
    assert_eq!(shown(&mut viewer), Some(None));

    let mut again = desk.follow(Begin::After(place)).await;
    let from = Place { made: 0xA2, at: 0 };
    assert_eq!(shown(&mut again), Some(Some(Shown::From(from))));
    assert_eq!(shown(&mut again), Some(Some(Shown::Reset(from, Reset::Lost))));
    for expected in 1..=3 {
        let Some(Some(Shown::Status(_, it))) = shown(&mut again) else { panic!() };
        assert_eq!(it.sequence, expected);
    }
    assert_eq!(shown(&mut again), None);
}

#[tokio::test]
async fn what_is_no_longer_kept_is_told() {
    let desk = Desk::open(&GatewaySettings::default());
    for _ in 0..9 {
        desk.paper.write("web", "W-1");
    }
    desk.paper.expire(6);
    let after = |at| Begin::After(Place { made: 0xA1, at });
    let start = Place { made: 0xA1, at: 5 };
    for (at, reset) in [
        (4, Some(Shown::Reset(start, Reset::Expired))),
        (5, None),
        (9, None),
        (10, Some(Shown::Reset(start, Reset::Lost))),
    ] {
        let mut viewer = desk.follow(after(at)).await;
        let _from = shown(&mut viewer);
        let then = shown(&mut viewer).flatten();
        assert_eq!(then.filter(|it| matches!(it, Shown::Reset(..))), reset, "after {at}");
    }
}

/// A hundred clients that read nothing while thousands of statuses pass: no more is held than
/// what is kept for everyone, and one reading of each.
#[tokio::test]
async fn who_does_not_read_holds_no_more_than_one_reading() {
    const CLIENTS: usize = 100;
    let mut desk = Desk::open(&GatewaySettings::default());
    for _ in 0..1_000 {
        desk.paper.write("web", "W-1");
    }
    let mut viewers = Vec::new();
    for nth in 0..CLIENTS {
        let from = if nth % 2 == 0 { Begin::Start } else { Begin::Now };
        let mut viewer = desk.follow(from).await;
        desk.look_at_all().await;
        shown(&mut viewer);
        desk.paper.write("web", "W-1");
        desk.look_at_all().await;
        // It takes one status, and then no more.
        assert!(matches!(shown(&mut viewer), Some(Some(Shown::Status(..)))), "{nth}");
        viewers.push(viewer);
    }
    let mut most = 0;
    for _ in 0..60 {
        for _ in 0..150 {
            desk.paper.write("web", "W-1");
        }
        desk.look_at_all().await;
        most = most.max(desk.paper.held.load(Ordering::Relaxed));
    }
    assert!(most <= (READINGS + CLIENTS) * TOGETHER, "{most} are held");
    // Those who began with what comes hold nothing; the others, what they read of the past.
    let past = CLIENTS / 2 * TOGETHER;
    assert!(most <= READINGS * TOGETHER + past, "{most} are held");

    drop(viewers);
    desk.look_at_all().await;
    drop(desk.following);
    assert_eq!(desk.paper.held.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn there_are_as_many_seats_as_are_set_and_they_are_given_back() {
    let desk = Desk::open(&GatewaySettings { followers: 2, ..GatewaySettings::default() });
    let first = desk.follow(Begin::Now).await;
    let _second = desk.follow(Begin::Now).await;
    let third = desk.following.follow(all_of("web"), Begin::Now).await;
    assert!(matches!(third, Err(Unseen::Full)));
    drop(first);
    desk.follow(Begin::Now).await;
}

#[tokio::test]
async fn a_seat_is_not_lost_when_the_stream_cannot_be_read() {
    let desk = Desk::open(&GatewaySettings { followers: 1, ..GatewaySettings::default() });
    desk.paper.set_gone(true);
    let refused = desk.following.follow(all_of("web"), Begin::Now).await;
    assert!(matches!(refused, Err(Unseen::Unreadable(_))));
    desk.paper.set_gone(false);
    desk.follow(Begin::Now).await;
}

/// Also when much happens elsewhere, and with the place at which they are by then.
#[tokio::test(start_paused = true)]
async fn who_hears_nothing_is_told_that_we_are_there() {
    let settings = GatewaySettings { heartbeat_ms: 15_000, ..GatewaySettings::default() };
    let mut desk = Desk::open(&settings);
    let mut viewer = desk.follow(Begin::Now).await;
    assert!(matches!(viewer.next().await, Some(Shown::From(_))));
    let reader = desk.following.clone();
    let paper = desk.paper.clone();
    let watch = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! {
            () = reader.read_on() => None,
            () = async {
                loop {
                    paper.write("market", "M-1");
                    tokio::time::sleep(Duration::from_millis(400)).await;
                }
            } => None,
            alive = viewer.next() => alive,
        }
    });
    let Some(Shown::Alive(place)) = watch.await.unwrap() else { panic!() };
    assert!(place.at > 30, "{place}");
    desk.look().await;
}

#[tokio::test(start_paused = true)]
async fn all_are_sent_away_at_the_end() {
    let desk = Desk::open(&GatewaySettings::default());
    let mut viewer = desk.follow(Begin::Now).await;
    assert!(matches!(viewer.next().await, Some(Shown::From(_))));
    let end = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        desk.close.send_replace(true);
    };
    let (shown, ()) = tokio::join!(viewer.next(), end);
    assert_eq!(shown, None);
}
