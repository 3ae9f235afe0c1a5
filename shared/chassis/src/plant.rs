//! Faults that are planted on purpose, to see that the proofs find them: a check that cannot fail is
//! not a check. They exist in builds with debug assertions only; `kontor sim --planted NAME` and
//! `KONTOR_PLANTED=NAME` switch one on.

use std::fmt;

macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $bug:ident = $name:literal),+ $(,)?) => {
        /// A fault that can be planted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug { $($(#[doc = $doc])+ $bug),+ }

        impl Bug {
            pub const ALL: &'static [Self] = &[$(Self::$bug),+];

            pub fn name(self) -> &'static str {
                match self { $(Self::$bug => $name),+ }
            }
        }
    };
}

bugs! {
    /// The position is written without a look at its version.
    NoFence = "no-fence",
    /// The position is written in a transaction of its own, after the other.
    PositionApart = "position-apart",
    /// Any later page is taken for the next one.
    AnyLaterNumber = "any-later-number",
    /// A page is taken each time that it comes.
    HeardAgain = "heard-again",
    /// A gap is noticed, and not asked for.
    NeverAsk = "never-ask",
    /// A page is taken before its causes.
    CausesIgnored = "causes-ignored",
    /// The page is kept even if the transaction comes to nothing.
    PageApart = "page-apart",
    /// A page is published and not kept.
    PageLost = "page-lost",
    /// What stands behind something that is parked is decided.
    SuccessorNotParked = "successor-not-parked",
    /// A timer that has rung rings again.
    TimerRingsAgain = "timer-rings-again",
    /// The answer to a command is not kept.
    AnswerForgotten = "answer-forgotten",
    /// What was parked is decided under another id.
    ReplayedAnew = "replayed-anew",
    /// A note to another partition is not written.
    NoteLost = "note-lost",
    /// A publisher remembers how far it is before it has published.
    OutletSkips = "outlet-skips",
    /// The time of decisions follows a clock that is put back.
    TimeGoesBack = "time-goes-back",
    /// Intake does not know an order by its external id again.
    NameForgotten = "name-forgotten",
    /// Intake cancels what was picked.
    CancelledAfterPick = "cancelled-after-pick",
    /// Inventory keeps what was claimed for an order that is over.
    ClaimKept = "claim-kept",
    /// Inventory takes any plan to fit.
    Oversold = "oversold",
    /// Inventory serves nobody who waits for goods.
    BackorderForgotten = "backorder-forgotten",
    /// Credit frees twice what an order had authorised.
    CreditFreedTwice = "credit-freed-twice",
    /// Credit approves beyond the limit.
    OverLimit = "over-limit",
    /// Finance books a payment each time that it is reported.
    PaymentTwice = "payment-twice",
    /// Finance leaves numbers of invoices out.
    NumberSkipped = "number-skipped",
    /// Finance gives money back that it keeps in hand.
    RefundTwice = "refund-twice",
    /// Fulfilment believes a report each time that it comes.
    ReportTwice = "report-twice",
    /// The gateway shows whatever level it heard last.
    OlderLevel = "older-level",
}

impl Bug {
    /// Whether it is one of the log's, which any service shows; else it is one of a service's rules.
    pub fn is_of_the_log(self) -> bool {
        self < Self::NameForgotten
    }

    /// Whether it shows only where something is parked.
    pub fn wants_poison(self) -> bool {
        matches!(self, Self::SuccessorNotParked | Self::ReplayedAnew)
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether this fault is planted, in this thread or in the whole process.
#[cfg(debug_assertions)]
#[inline]
pub fn planted(bug: Bug) -> bool {
    use std::sync::OnceLock;

    static EVERYWHERE: OnceLock<Option<Bug>> = OnceLock::new();

    HERE.get() == Some(bug)
        || *EVERYWHERE.get_or_init(|| {
            #[expect(
                clippy::disallowed_methods,
                reason = "a fault is planted from outside, in tests"
            )]
            let name = std::env::var("KONTOR_PLANTED").ok()?;
            Bug::ALL.iter().copied().find(|it| it.name() == name)
        }) == Some(bug)
}

#[cfg(not(debug_assertions))]
#[inline]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(debug_assertions)]
thread_local!(static HERE: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) });

/// Plants a fault in this thread, in place of any other. Whether it could: a release build has none.
pub fn plant(bug: Option<Bug>) -> bool {
    #[cfg(debug_assertions)]
    HERE.set(bug);
    cfg!(debug_assertions) || bug.is_none()
}
