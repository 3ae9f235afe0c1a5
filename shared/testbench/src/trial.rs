use chassis::{InMemory, Input, Partition};
use contracts::MessageSet;
use fastrand::Rng;
use jiff::SignedDuration;

use crate::{Twins, read};

/// A long, random life of a service's twins: what comes, comes in batches of any size, now and then a
/// second time; time passes, commits fail, workers begin again.
pub struct Trial<S: InMemory> {
    pub twins: Twins<S>,
    /// What chance decides. The same seed is the same life.
    pub dice: Rng,
    /// What each partition heard before.
    heard: [Vec<Input>; 2],
    /// What of the rows cannot be equal: see [`Twins::compare_rows`].
    except: &'static [&'static str],
}

impl<S: InMemory> Trial<S> {
    pub async fn of(service: S, seed: u64, except: &'static [&'static str]) -> Self {
        let (twins, dice) = (Twins::of(service).await, Rng::with_seed(seed));
        Self { twins, dice, heard: [vec![], vec![]], except }
    }

    /// Has each partition hear what is about its keys, in one transaction, and what it has to ring
    /// and to repeat. Returns what is said to everyone.
    pub async fn batch(&mut self, messages: Vec<S::Inbound>) -> Vec<S::Outbound> {
        let mut inputs = [vec![], vec![]];
        for message in messages {
            let at = usize::from(Partition::about(&message.key(), 2).number == 1);
            inputs[at].push(self.twins.posts[at].post(self.twins.now, &message));
        }
        let mut said = vec![];
        for (at, mut inputs) in inputs.into_iter().enumerate() {
            let many = self.any(&[0, 0, 1, 2]);
            let again: Vec<Input> = (0..many).filter_map(|_| self.heard_before(at)).collect();
            self.heard[at].extend(inputs.iter().cloned());
            for it in again {
                inputs.insert(self.dice.usize(..=inputs.len()), it);
            }
            if inputs.is_empty() && !self.one_in(3) {
                continue; // Its timers ring later.
            }
            if self.one_in(12) {
                self.twins.fail(at, &inputs).await;
            }
            let committed = self.twins.hear(at, &inputs).await;
            said.extend(read(committed.page.iter().flat_map(|it| &it.page.said)));
        }
        if self.one_in(20) {
            self.twins.reopen().await;
        }
        if self.one_in(15) {
            self.compare().await;
        }
        said
    }

    /// Lets some time pass.
    pub fn pass(&mut self, time: SignedDuration) {
        self.twins.now += time;
    }

    /// Holds the rows of both against each other.
    pub async fn compare(&self) {
        self.twins.compare_rows(self.except).await;
    }

    pub fn one_in(&mut self, many: u32) -> bool {
        self.dice.u32(..many) == 0
    }

    /// One of these.
    pub fn any<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.dice.usize(..of.len())]
    }

    fn heard_before(&mut self, at: usize) -> Option<Input> {
        let heard = &self.heard[at];
        let nth = self.dice.usize(..heard.len().max(1));
        heard.get(nth).cloned()
    }
}

/// How many random lives a service's test tries: 60, or as many as `KONTOR_SEQUENCES` says.
#[expect(clippy::disallowed_methods, reason = "tests are told here how long to try")]
pub fn lives() -> u64 {
    std::env::var("KONTOR_SEQUENCES").ok().and_then(|it| it.parse().ok()).unwrap_or(60)
}
