//! How many requests there may be in a second.

use std::time::Duration;

/// How many synchronous requests a second each unit of concurrency is good for.
pub(super) const PER_UNIT: u64 = 10;

/// The requests of the last second.
///
/// AWS does not say how a second is measured: here as many as the rate go through at once, and each
/// of them comes back after its share of a second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Requests {
    /// When all of them will have come back.
    full: Duration,
}

impl Requests {
    /// Whether there may be one more, where so many units are behind it.
    pub(super) fn allow(&self, units: usize, now: Duration) -> bool {
        self.after(units, now) <= now + Duration::from_secs(1)
    }

    /// Counts one.
    pub(super) fn count(&mut self, units: usize, now: Duration) {
        self.full = self.after(units, now);
    }

    fn after(&self, units: usize, now: Duration) -> Duration {
        let rate = u64::try_from(units).unwrap_or(u64::MAX);
        let rate = rate.saturating_mul(PER_UNIT).max(1);
        self.full.max(now) + Duration::from_nanos(1_000_000_000 / rate)
    }
}
