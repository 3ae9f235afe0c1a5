//! Points at which a process can be told to die, to see that nothing is lost there. They exist in
//! debug builds only.
//!
//! `KONTOR_ABORT_AT=inventory:before-commit:7` aborts the process when inventory reaches that point
//! for the seventh time.

#[cfg(debug_assertions)]
pub(crate) fn point(service: &str, point: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Plan {
        service: String,
        point: String,
        left: AtomicU64,
    }

    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

    #[expect(clippy::disallowed_methods, reason = "a fault is planned from outside, in tests only")]
    let plan = PLAN.get_or_init(|| {
        let plan = std::env::var("KONTOR_ABORT_AT").ok()?;
        let [service, point, nth] = plan.splitn(3, ':').collect::<Vec<_>>()[..] else {
            return None;
        };
        let left = AtomicU64::new(nth.parse().ok()?);
        Some(Plan { service: service.to_owned(), point: point.to_owned(), left })
    });
    if let Some(plan) = plan
        && plan.service == service
        && plan.point == point
        && plan.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        tracing::error!(service, point, "dying here, as told");
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
#[inline]
pub(crate) fn point(_: &str, _: &str) {}
