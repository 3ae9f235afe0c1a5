//! The postman: reads which letters are due, asks whom they are to, hands them to the mail server,
//! and tells the worker what came of it. He writes nothing into the books himself.
//!
//! One postman makes his round at a time, however many replicas there are: he holds an advisory
//! lock on a connection of his own, over which he also reads. Rows that are locked while they are
//! read (`for update skip locked`) would not do: the transaction would stay open for as long as
//! mail servers take, and the worker, who is to write down what came of the letter, would wait for
//! the very lock that waits for him. Correctness does not rest on the lock. If two postmen ever
//! send the same letter, it is the same mail with the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use anyhow::Context;
use chassis::clock::Stopwatch;
use chassis::{Client, Office, Unanswered};
use contracts::intake::{Recipient, WhoOrdered};
use contracts::notification::{Attempt, RecordAttempt};
use contracts::{LetterId, OrderId, Uuid};
use futures::FutureExt;
use futures::future::{Shared, join_all};
use lettre::Address;
use lettre::message::Mailbox;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::{debug, error, info, warn};

use crate::letter::{Facts, NO_ADDRESS};
use crate::mail::{anonymous, mail, one_line};
use crate::settings::NotificationSettings;
use crate::smtp::{MailServer, Undelivered};
use crate::store::{Due, Round};
use crate::wording::{Shop, words};

/// How many mails are handed over at the same time. Mail servers count connections; the house does
/// not: whom letters are to and what came of them is asked and told for a whole round at once, in few
/// transactions.
const MAILS_AT_ONCE: usize = 8;

/// How many letters are read at once; also, how many may have been sent without the worker knowing.
/// That is how many mails at most are repeated after a crash.
const LETTERS_A_ROUND: usize = 64;

/// How long to wait, if nobody wakes us, before looking for what is due, or taking over from a
/// postman of another replica.
const REST: Duration = Duration::from_secs(3);

/// How long to wait after being woken: under load one look serves many commits.
const BREATH: Duration = Duration::from_millis(100);

/// Those whom the postman talks to in the house.
pub(crate) trait Peers: Send + Sync {
    /// Whom do we write to about this order?
    fn who_ordered(
        &self,
        order: OrderId,
    ) -> impl Future<Output = Result<Option<Recipient>, Unanswered>> + Send;

    /// Tells the own worker what came of an attempt. The same id is counted once.
    fn record(
        &self,
        id: Uuid,
        attempt: &RecordAttempt,
    ) -> impl Future<Output = Result<(), Unanswered>> + Send;
}

impl Peers for Client {
    async fn who_ordered(&self, order: OrderId) -> Result<Option<Recipient>, Unanswered> {
        self.ask(&WhoOrdered { order }).await
    }

    async fn record(&self, id: Uuid, attempt: &RecordAttempt) -> Result<(), Unanswered> {
        self.tell(id, attempt).await.map(drop)
    }
}

/// The duty. Without a mail server there is nothing to do but to say so.
pub(crate) async fn run(office: Office, settings: NotificationSettings) -> anyhow::Result<()> {
    let mut door = office.clone();
    let closing = async move { door.closing().await };
    let Some(smtp) = settings.smtp.clone() else {
        warn!("no mail server is set (notification.smtp): letters are written, and wait");
        closing.await;
        return Ok(());
    };
    let server = MailServer::new(smtp, settings.from.0.email.domain())?;
    let mut postman = Postman::new(office.client.clone(), server, settings);
    let woken = || {
        let office = office.clone();
        async move { office.committed().await }
    };
    postman.serve(&office.db, woken, closing.boxed().shared()).await
}

/// The postman, and what he must not forget between two rounds.
pub(crate) struct Postman<P> {
    peers: P,
    server: MailServer,
    settings: NotificationSettings,
    /// Who may hand a mail over now. Closed, when no more is to be handed over.
    turns: Semaphore,
    /// What the worker could not be told yet. These letters are not sent again meanwhile.
    untold: BTreeMap<LetterId, RecordAttempt>,
    /// Letters that are not for this process to send: somebody has to look at them.
    set_aside: BTreeSet<LetterId>,
}

/// One thing to do on a round.
enum Errand {
    /// Send the letters of one order, one after the other.
    Send(Vec<Due>),
    /// Tell the worker what it could not be told before.
    Tell(RecordAttempt),
}

/// What became of a letter on a round.
enum Done {
    /// The worker knows.
    Told(LetterId),
    /// The worker does not know yet.
    Untold(RecordAttempt),
    SetAside(LetterId),
    /// Nothing was tried: intake does not answer.
    Left,
    /// Nothing was tried: the office closes.
    Closing,
}

impl<P: Peers> Postman<P> {
    pub(crate) fn new(peers: P, server: MailServer, settings: NotificationSettings) -> Self {
        let (untold, set_aside) = (BTreeMap::new(), BTreeSet::new());
        let turns = Semaphore::new(MAILS_AT_ONCE);
        Self { peers, server, settings, turns, untold, set_aside }
    }

    /// Makes one round after the other until the office closes. What is on its way by then is
    /// brought to its end.
    pub(crate) async fn serve<W, C>(
        &mut self,
        db: &PgPool,
        woken: impl Fn() -> W,
        closing: Shared<C>,
    ) -> anyhow::Result<()>
    where
        W: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        while closing.peek().is_none() {
            if let Some(mut round) = Round::take(db).await? {
                let served = self.serve_alone(&mut round, &woken, &closing).await;
                self.server.hang_up().await;
                served?;
                round.end().await?;
            }
            or_closed(sleep(REST), &closing).await;
        }
        Ok(())
    }

    async fn serve_alone<W, C>(
        &mut self,
        round: &mut Round,
        woken: &impl Fn() -> W,
        closing: &Shared<C>,
    ) -> anyhow::Result<()>
    where
        W: Future<Output = ()> + Send,
        C: Future<Output = ()> + Send,
    {
        while closing.peek().is_none() {
            let watch = Stopwatch::start();
            if self.make_round(round, closing.clone()).await? {
                // There is more. Letters can wait, and orders that come in meanwhile cannot.
                or_closed(sleep(watch.elapsed()), closing).await;
                continue;
            }
            let rest = async {
                tokio::select! {
                    () = woken() => sleep(BREATH).await,
                    () = sleep(REST) => self.server.hang_up().await, // It is quiet.
                }
            };
            or_closed(rest, closing).await;
        }
        Ok(())
    }

    /// Sends what is due, and tells what is untold. Returns whether it makes sense to go on at once.
    pub(crate) async fn make_round(
        &mut self,
        round: &mut Round,
        closing: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<bool> {
        let room = LETTERS_A_ROUND.saturating_sub(self.untold.len());
        let without = self.untold.keys().chain(&self.set_aside).map(|it| it.0).collect();
        let due = if room > 0 { round.due(without, room).await? } else { vec![] };
        let full = room > 0 && due.len() == room;
        let tell = self.untold.values().cloned().map(Errand::Tell);
        let errands: Vec<Errand> =
            by_order(due).into_iter().map(Errand::Send).chain(tell).collect();

        let this = &*self;
        let all = join_all(errands.into_iter().map(|it| this.do_errand(it)));
        let closes = async {
            closing.await;
            this.turns.close();
            pending::<Infallible>().await
        };
        let done = tokio::select! { done = all => done, never = closes => match never {} };
        Ok(self.note(done.into_iter().flatten()) && full)
    }

    /// Remembers what came of a round. Returns whether all went as it should.
    fn note(&mut self, done: impl Iterator<Item = Done>) -> bool {
        let (mut untold, mut left) = (0, 0);
        for done in done {
            match done {
                Done::Told(letter) => drop(self.untold.remove(&letter)),
                Done::Untold(attempt) => {
                    untold += 1;
                    self.untold.insert(attempt.letter, attempt);
                }
                Done::SetAside(letter) => {
                    self.untold.remove(&letter);
                    self.set_aside.insert(letter);
                }
                Done::Left => left += 1,
                Done::Closing => {}
            }
        }
        if untold > 0 {
            warn!("the worker could not be told of {untold} letters; they are not sent again");
        }
        if left > 0 {
            warn!("intake does not say whom {left} letters are to; they wait");
        }
        untold + left == 0
    }

    async fn do_errand(&self, errand: Errand) -> Vec<Done> {
        match errand {
            Errand::Tell(attempt) => vec![self.tell(attempt).await],
            Errand::Send(letters) => {
                let mut done = Vec::new();
                for due in letters {
                    done.push(self.deliver(due).await);
                }
                done
            }
        }
    }

    async fn deliver(&self, due: Due) -> Done {
        let letter = due.letter;
        let facts: Facts = match serde_json::from_value(due.facts.clone()) {
            Ok(it) => it,
            Err(problem) => {
                error!(%letter, "letter {letter} is not written as this release reads: {problem}");
                return Done::SetAside(letter);
            }
        };
        let recipient = match self.peers.who_ordered(due.order).await {
            Ok(it) => it,
            Err(Unanswered::NobodyThere(_) | Unanswered::TimedOut(_)) => return Done::Left,
            Err(Unanswered::Refused { cause, .. } | Unanswered::Parked { cause, .. }) => {
                // About this order only; others go on.
                let reason = format!("intake does not say whom it is to: {cause}");
                return self.tell(attempt(&due, Attempt::Deferred { reason })).await;
            }
        };
        match self.send(&due, &facts, recipient).await {
            Some(outcome) => self.tell(attempt(&due, outcome)).await,
            None => Done::Closing,
        }
    }

    /// Nothing, if the office closes before it is this mail's turn.
    async fn send(
        &self,
        due: &Due,
        facts: &Facts,
        recipient: Option<Recipient>,
    ) -> Option<Attempt> {
        let letter = due.letter;
        let refused = |reason: &str| Some(Attempt::Refused { reason: reason.to_owned() });
        let Some((recipient, address)) = recipient.and_then(|mut it| {
            let address = it.email.take().filter(|it| !it.trim().is_empty())?;
            Some((it, address))
        }) else {
            info!(%letter, "letter {letter} has nowhere to go: no address is known");
            return refused(NO_ADDRESS);
        };
        let Ok(address) = address.trim().parse::<Address>() else {
            info!(%letter, "letter {letter} has nowhere to go: the address is not one");
            return refused("not an address");
        };
        let mail = match self.wrap(due, facts, &recipient, address.clone()) {
            Ok(it) => it,
            Err(problem) => {
                error!(%letter, "letter {letter} cannot be put into words: {problem:#}");
                return refused("cannot be put into words");
            }
        };
        let _turn = self.turns.acquire().await.ok()?;
        Some(match self.server.send(&mail).await {
            Ok(()) => Attempt::Sent { language: recipient.language },
            Err(Undelivered::Deferred(reason)) => {
                let reason = anonymous(&reason, &address);
                debug!(%letter, "letter {letter} was not taken, and will be tried again: {reason}");
                Attempt::Deferred { reason }
            }
            Err(Undelivered::Refused(reason)) => {
                let reason = anonymous(&reason, &address);
                info!(%letter, "letter {letter} was refused for good: {reason}");
                Attempt::Refused { reason }
            }
        })
    }

    fn wrap(
        &self,
        due: &Due,
        facts: &Facts,
        recipient: &Recipient,
        address: Address,
    ) -> anyhow::Result<lettre::Message> {
        let NotificationSettings { shop_name, time_zone, from, .. } = &self.settings;
        let shop = Shop { name: shop_name, time_zone };
        let name = one_line(&recipient.name);
        let words = words(shop, &name, recipient.language, &due.about, facts).context("words")?;
        let to = Mailbox::new(Some(name).filter(|it| !it.is_empty()), address);
        mail(due.letter, due.written_at, &from.0, to, words).context("envelope")
    }

    async fn tell(&self, attempt: RecordAttempt) -> Done {
        let letter = attempt.letter;
        match self.peers.record(attempt_id(&attempt), &attempt).await {
            Ok(()) => Done::Told(letter),
            Err(Unanswered::NobodyThere(_) | Unanswered::TimedOut(_)) => Done::Untold(attempt),
            Err(problem @ (Unanswered::Parked { .. } | Unanswered::Refused { .. })) => {
                error!(%letter, "what came of letter {letter} cannot be recorded: {problem}");
                Done::SetAside(letter)
            }
        }
    }
}

/// What the worker is told of the attempt that just was made.
fn attempt(due: &Due, outcome: Attempt) -> RecordAttempt {
    let Due { letter, order, attempts, .. } = *due;
    RecordAttempt { letter, order, attempt: attempts.saturating_add(1), outcome }
}

/// The id of that command: the same attempt is counted once, however often it is told.
fn attempt_id(attempt: &RecordAttempt) -> Uuid {
    Uuid::new_v5(&attempt.letter.0, format!("attempt {}", attempt.attempt).as_bytes())
}

/// Puts letters of the same order together, in the order in which they read best: nobody wants to
/// hear that it arrived before they hear that it left.
fn by_order(due: Vec<Due>) -> Vec<Vec<Due>> {
    let mut orders: Vec<Vec<Due>> = Vec::new();
    let mut places: BTreeMap<OrderId, usize> = BTreeMap::new();
    for it in due {
        let place = *places.entry(it.order).or_insert(orders.len());
        match orders.get_mut(place) {
            Some(letters) => letters.push(it),
            None => orders.push(vec![it]),
        }
    }
    for letters in &mut orders {
        letters.sort_by_key(|it| it.kind);
    }
    orders
}

async fn or_closed<C>(work: impl Future<Output = ()>, closing: &Shared<C>)
where
    C: Future<Output = ()>,
{
    tokio::select! { () = work => {}, () = closing.clone() => {} }
}
